//! `/compare`, the lab: two files, compared in the reader's own browser.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use leptos_meta::Title;
use std::sync::Arc;
use tidemark::render::format;
use tidemark::report::DriftReport;

use crate::charts::load_charts;
use crate::components::column_table::N_BLOCKS;
use crate::components::error_state::ErrorState;
use crate::components::icon::{Glyph, Icon};
use crate::components::moment::Moment;
use crate::components::overlay::load_overlay;
use crate::components::report_view::{ReportView, load_panel};
use crate::components::share_box::{ShareBox, links};
use crate::error::AppError;
use crate::lab::bridge::{self, Picked};
use crate::lab::{Event, Request, Step, Study};
use crate::parts::did_not_arrive;
use crate::report_summary::{ColumnSummary, ReportSummary, Whole};
use crate::watching::Shared;

mod columns;
mod exports;
mod file_drop;
pub mod job;
mod performance;
mod reading;

use columns::{ColumnChoices, Glance};
use exports::Exports;
use file_drop::FileDrop;
use job::{Done, Origin, Stage};
use performance::OnBoth;
use reading::{Piece, Reading};

/// The page.
///
/// *On the server* it explains itself; reading and comparing files takes a browser with JavaScript.
#[component]
pub fn ComparePage() -> impl IntoView {
    let reference = RwSignal::new_local(None::<Picked>);
    let current = RwSignal::new_local(None::<Picked>);
    let stage = RwSignal::new(Stage::Choosing);
    let glance = RwSignal::new(Glance::Nothing);
    let request = RwSignal::new(Request::default());
    // Files of a kept session lie where they are until someone asks for more than the kept report.
    let is_kept = StoredValue::new(false);
    let both = move || Some([reference.get()?, current.get()?]);

    let start = move || {
        let Some(files) = both() else { return };
        stage.set(Stage::Running(Step::named("starting")));
        let asked = request.get_untracked().json();
        let fields = serde_json::json!({ "request": asked }).to_string();
        bridge::ask("compare", fields, Some(files), move |event| {
            // After a cancel, or when the page has gone, the worker's last words do not count.
            if stage.try_with_untracked(Stage::is_running) != Some(true) {
                return;
            }
            if matches!(event, Event::Answer { .. }) {
                bridge::keep_answer(asked.clone());
            }
            stage.update(|stage| stage.take_in(event));
        });
    };
    // As soon as there are two files their first rows are looked at.
    Effect::new(move || {
        let Some(files) = both() else { return };
        if is_kept.get_value() {
            return is_kept.set_value(false);
        }
        glance.set(Glance::Looking);
        stage.update(|stage| {
            if !stage.is_running() {
                *stage = Stage::Choosing;
            }
        });
        bridge::ask("preview", "{}".to_owned(), Some(files), move |event| {
            let seen = match event {
                Event::Answer { text, .. } => match serde_json::from_str(&text) {
                    Ok(preview) => {
                        let _ = request.try_set(Request::suggested_by(&preview));
                        Glance::Seen(preview.into())
                    }
                    Err(error) => Glance::Failed(job::plain_error(&error)),
                },
                Event::Error(message) => Glance::Failed(message),
                Event::Progress(_) | Event::Files(_) => return,
            };
            let _ = glance.try_set(seen);
        });
    });
    let cancel = move |_| {
        bridge::cancel();
        stage.set(Stage::Choosing);
    };
    let try_example = move |_| {
        stage.set(Stage::Running(Step::named("making the example")));
        bridge::ask("example", "{}".to_owned(), None, move |event| match event {
            Event::Files([first, second]) => {
                let is_open = reference.try_set(Some(first)).is_none();
                if is_open {
                    current.set(Some(second));
                    start();
                }
            }
            Event::Error(message) => drop(stage.try_set(Stage::Failed(message))),
            _ => {}
        });
    };
    let wipe = move |_| {
        bridge::forget();
        bridge::cancel();
        is_kept.set_value(false);
        reference.set(None);
        current.set(None);
        glance.set(Glance::Nothing);
        request.set(Request::default());
        stage.set(Stage::Choosing);
    };
    on_cleanup(bridge::cancel);

    // A link may carry a report; without one the last session comes back.
    Effect::new(move || {
        bridge::prepare(load_parts);
        let carries = links::carried(move |found| {
            stage.set(found.map_or_else(Stage::Failed, |json| {
                bridge::show(&json);
                Stage::found(json, Origin::Link)
            }));
        });
        if carries {
            return;
        }
        bridge::last(move |saved, report, asked, files| {
            if stage.try_with_untracked(|stage| *stage == Stage::Choosing) != Some(true)
                || reference.with_untracked(Option::is_some)
            {
                return;
            }
            bridge::show(&report);
            request.set(serde_json::from_str(&asked).unwrap_or_default());
            if let Ok([first, second]) = <[Picked; 2]>::try_from(files) {
                is_kept.set_value(true);
                reference.set(Some(first));
                current.set(Some(second));
            }
            stage.set(Stage::found(report, Origin::Kept(saved as i64)));
        });
    });

    let is_running = move || stage.with(Stage::is_running);
    let is_done = move || stage.with(|stage| matches!(stage, Stage::Done(_)));
    view! {
        <Title text="Compare"/>
        <div class="page">
            <header class="page__head">
                <div>
                    <h1 class="page__title">"Compare two files"</h1>
                    <p class="page__subtitle">
                        "Which columns changed between two tables, how much, and whether it matters."
                    </p>
                </div>
            </header>
            <noscript>
                <section class="notice">
                    <p>
                        "This page compares files inside your browser, and that takes JavaScript. On the command line the same
                        comparison is "
                        <code>"tidemark report reference.csv current.csv"</code> "."
                    </p>
                </section>
            </noscript>
            <section class="compare needs-script" aria-label="Files">
                <div class="compare__files">
                    <FileDrop label="Reference" hint="What you know to be fine: training data, last month" file=reference other=current/>
                    <FileDrop label="Current" hint="What you want to know about: production data, this week" file=current other=reference/>
                </div>
                {move || match glance.get() {
                    Glance::Nothing => ().into_any(),
                    Glance::Looking => view! { <p class="compare__looking" role="status">"Looking at the first rows"</p> }.into_any(),
                    Glance::Seen(preview) => view! { <ColumnChoices preview request is_answered=Signal::derive(is_done)/> }.into_any(),
                    Glance::Failed(message) => {
                        view! { <ErrorState title="The files could not be read" detail=message/> }.into_any()
                    }
                }}
                <div class="compare__actions">
                    <button
                        class="button button--primary button--large"
                        r#type="button"
                        disabled=move || both().is_none() || is_running() || matches!(glance.get(), Glance::Failed(_))
                        on:click=move |_| start()
                    >
                        {move || if is_done() { "Compare again" } else { "Compare" }}
                    </button>
                    <button class="button button--large" r#type="button" disabled=is_running on:click=try_example>
                        "Try it with example data"
                    </button>
                    <p class="compare__promise">
                        <Icon glyph=Glyph::Lock/>
                        "Nothing is uploaded: while your files are open this page cannot make any request."
                    </p>
                </div>
            </section>
            <div class="compare__result">
                <div aria-live="polite">
                    {move || {
                        stage.with(|stage| match stage {
                            Stage::Choosing => view! { <GoodToKnow/> }.into_any(),
                            Stage::Running(_) => ().into_any(),
                            Stage::Failed(message) => {
                                view! { <ErrorState title="The files could not be compared" detail=message.clone()/> }
                                    .into_any()
                            }
                            Stage::Done(done) => view! { <p class="visually-hidden">{said(done)}</p> }.into_any(),
                        })
                    }}
                </div>
                <Show when=is_running>
                    <Running stage cancel=Callback::new(cancel)/>
                </Show>
                {move || {
                    let done = stage.with(|stage| match stage {
                        Stage::Done(done) => Some(done.clone()),
                        _ => None,
                    });
                    done.map(|done| {
                        let is_link = done.origin == Origin::Link;
                        // Files stay on this thread.
                        let files = StoredValue::new_local(both().filter(|_| !is_link));
                        let holds_values = matches!(done.origin, Origin::Made(_));
                        provide_context(Study {
                            holds_values: Signal::stored(holds_values),
                            time: Signal::derive(move || request.with(|request| request.time.clone())),
                        });
                        let wipe = Callback::new(wipe);
                        let fail = Callback::new(move |message| drop(stage.try_set(Stage::Failed(message))));
                        Suspend::new(async move {
                            shown(done, files, wipe, fail).await.unwrap_or_else(did_not_arrive)
                        })
                    })
                }}
            </div>
        </div>
    }
    .into_any()
}

/// What one may want to know before choosing files.
#[component]
fn GoodToKnow() -> impl IntoView {
    view! {
        <dl class="compare__notes needs-script">
            <div>
                <dt>"What it takes"</dt>
                <dd>
                    "CSV, plain or gzipped, and Parquet, up to a gigabyte each. A CSV's first line names the columns; commas,
                    semicolons, tabs and bars are told apart. Columns are matched by name."
                </dd>
            </div>
            <div>
                <dt>"What it says"</dt>
                <dd>
                    "For each column whether it drifted, by how much, and how sure that is: a verdict of our own and, beside
                    it, the one that Evidently 0.7 gives."
                </dd>
            </div>
            <div>
                <dt>"Where it happens"</dt>
                <dd>
                    "In a worker of this page, with the same code as on the server and on the command line, to the same digit. After
                    the first visit it works without a network. The last session stays in this browser until you wipe it."
                </dd>
            </div>
        </dl>
    }
}

/// How far it has come. Its own words change many times a second, so they are not read out; its stages are.
#[component]
fn Running(stage: RwSignal<Stage>, cancel: Callback<leptos::ev::MouseEvent>) -> impl IntoView {
    let of_step = move |look: fn(&Step) -> Option<String>| {
        stage.with(|stage| match stage {
            Stage::Running(step) => look(step),
            _ => None,
        })
    };
    let words = move || of_step(|step| Some(step.words()));
    let begun = Memo::new(move |_| of_step(|step| Some(Step::named(&step.stage).words())));
    view! {
        <section class="compare__running" aria-label="Progress">
            <p class="visually-hidden" role="status">{move || begun.get()}</p>
            <p class="compare__stage" aria-hidden="true">{words}</p>
            <progress class="progress" max="1000" value=move || of_step(|step| step.per_mille().map(|value| value.to_string())) aria-label="Progress"></progress>
            <p class="compare__rate">{move || of_step(Step::rate)}</p>
            <button class="button" r#type="button" on:click=move |event| cancel.run(event)>"Cancel"</button>
        </section>
    }
    .into_any()
}

fn said(done: &Done) -> String {
    match done.origin {
        Origin::Made(millis) => format!("Compared in {}.", seconds(millis)),
        Origin::Link => "Opened from a link.".to_owned(),
        Origin::Kept(_) => "The report of your last session.".to_owned(),
    }
}

/// Loads the parts of the pages' wasm that a report takes, and those that any page may come to need: while files are open none of
/// them could be loaded.
async fn load_parts() -> Result<(), SplitLoaderError> {
    load_result().await?;
    load_panel().await?;
    load_charts().await?;
    load_overlay().await
}

/// The files that a report was made of, as far as the page has them.
type Files = StoredValue<Option<[Picked; 2]>, LocalStorage>;

/// Reads a report, sums it up and draws it, all of it bit by bit: tasks of their own, so that none holds the page up for long. `fail` hears
/// why it cannot be read.
///
/// # Errors
/// The part of the page that does it did not arrive.
async fn shown(
    done: Done,
    files: Files,
    wipe: Callback<leptos::ev::MouseEvent>,
    fail: Callback<String>,
) -> Result<AnyView, AppError> {
    let mut reading = Reading::of(done.json.clone());
    let report = loop {
        bridge::next_task().await;
        match read(reading).await? {
            Ok(Piece::More(rest)) => reading = rest,
            Ok(Piece::Last(report)) => break report,
            Err(message) => {
                fail.run(message);
                return Ok(().into_any());
            }
        }
    };
    let mut columns = Vec::new();
    while columns.len() < report.columns.len() {
        bridge::next_task().await;
        columns.extend(summed_up(report.clone(), columns.len()).await?);
    }
    bridge::next_task().await;
    let summary = Arc::new(ReportSummary { columns, ..without_columns(report.clone()).await? });
    bridge::next_task().await;
    let is_whole = RwSignal::new(false);
    let view = result(report, summary, done, files, wipe, is_whole.into()).await?;
    spawn_local(async move {
        // What follows the table is drawn when the table is.
        for _ in 0..=N_BLOCKS {
            bridge::next_frame().await;
        }
        is_whole.try_set(true);
    });
    Ok(view)
}

/// A piece of the report, or why it is none. With [`result`] a part of its own in the browser.
#[wasm_split(result, wasm_split_path = ::leptos::wasm_split, preload(load_result), fallible)]
fn read(reading: Reading) -> Result<Result<Piece, String>, AppError> {
    Ok(reading.piece().map_err(|error| job::plain_error(&error)))
}

/// Some of the columns summed up, from one on.
#[wasm_split(result, wasm_split_path = ::leptos::wasm_split, fallible)]
fn summed_up(report: Arc<DriftReport>, from: usize) -> Result<Vec<ColumnSummary>, AppError> {
    const AT_ONCE: usize = 500;
    let end = report.columns.len().min(from + AT_ONCE);
    Ok(ColumnSummary::of(&report, from..end))
}

#[wasm_split(result, wasm_split_path = ::leptos::wasm_split, fallible)]
fn without_columns(report: Arc<DriftReport>) -> Result<ReportSummary, AppError> {
    Ok(ReportSummary::without_columns(&report))
}

#[wasm_split(result, wasm_split_path = ::leptos::wasm_split, fallible)]
fn result(
    report: Arc<DriftReport>,
    summary: Arc<ReportSummary>,
    done: Done,
    files: Files,
    wipe: Callback<leptos::ev::MouseEvent>,
    is_whole: Signal<bool>,
) -> Result<AnyView, AppError> {
    let names: Vec<String> = report.columns.iter().map(|column| column.name.clone()).collect();
    Ok(view! {
        <Finished report summary done wipe/>
        {move || {
            let files = files.get_value().filter(|_| is_whole.get());
            files.map(|[reference, current]| view! { <OnBoth reference current names=names.clone()/> })
        }}
    }
    .into_any())
}

#[component]
fn Finished(
    report: Arc<DriftReport>,
    summary: Arc<ReportSummary>,
    done: Done,
    wipe: Callback<leptos::ev::MouseEvent>,
) -> impl IntoView {
    let Done { json, origin } = done;
    let names = format!("{} held against {}", report.current.label, report.reference.label);
    let cells = (report.reference.rows + report.current.rows) * report.columns.len() as u64;
    let values = format::plural(cells, "value");
    let took = match origin {
        Origin::Made(millis) => view! { <span>{format!("{values} in {}", seconds(millis))}</span> }.into_any(),
        Origin::Link => view! { <span>{format!("{values}, opened from a link")}</span> }.into_any(),
        Origin::Kept(saved) => {
            view! { <span>{values} ", kept from " <Moment at=Signal::stored(saved)/></span> }.into_any()
        }
    };
    let is_own = origin != Origin::Link;
    let shared = Shared::Made(report.clone(), json.clone());
    view! {
        <ReportView
            report=summary
            gradually=true
            whole=Whole::Here(report)
            actions=move || {
                view! {
                    <Exports json/>
                    <ShareBox shared/>
                    {is_own
                        .then(|| {
                            view! {
                                <button class="button" r#type="button" title="Forgets the report and the files, here and in the browser's store" on:click=move |event| wipe.run(event)>
                                    <Icon glyph=Glyph::Close/>
                                    "Wipe"
                                </button>
                            }
                        })}
                }
            }
            meta=move || {
                view! {
                    <span>{names}</span>
                    {took}
                }
            }
        />
    }
    .into_any()
}

/// `412 ms`, `3.4 s`.
fn seconds(millis: f64) -> String {
    if millis < 1000.0 { format!("{millis:.0} ms") } else { format!("{:.1} s", millis / 1000.0) }
}
