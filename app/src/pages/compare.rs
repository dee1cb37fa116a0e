//! `/compare`: two files, compared in the reader's own browser.

use leptos::prelude::*;
use leptos::wasm_split::wasm_split;
use leptos_meta::Title;
use std::sync::Arc;
use tidemark::judge::Settings;
use tidemark::render::{format, html};
use tidemark::report::DriftReport;

use crate::components::error_state::ErrorState;
use crate::components::icon::{Glyph, Icon};
use crate::components::report_view::ReportView;
use crate::components::share_box::{ShareBox, links};
use crate::error::AppError;
use crate::parts::did_not_arrive;
use crate::report_summary::{ReportSummary, Whole};
use crate::watching::Shared;

#[cfg_attr(not(feature = "hydrate"), path = "compare/browser_server.rs")]
mod browser;
mod file_drop;
pub mod job;
mod performance;

use browser::Picked;
use file_drop::FileDrop;
use job::{Done, Question, Stage, Step};
use performance::OnBoth;

/// The page.
///
/// *On the server* it explains itself; reading and comparing files takes a browser with JavaScript.
#[component]
pub fn ComparePage() -> impl IntoView {
    let reference = RwSignal::new_local(None::<Picked>);
    let current = RwSignal::new_local(None::<Picked>);
    let stage = RwSignal::new(Stage::Choosing);
    let job = StoredValue::new_local(None::<browser::Job>);
    let both = move || Some((reference.get()?, current.get()?));

    let start = move || {
        let Some((reference, current)) = both() else { return };
        stage.set(Stage::Running(Step::starting()));
        let settings = serde_json::to_string(&Settings::default()).expect("settings are plain data");
        let on_event = move |event| {
            // After a cancel the worker's last words do not count.
            if stage.try_with_untracked(Stage::is_running) == Some(true) {
                stage.update(|stage| stage.take_in(event));
            }
        };
        job.set_value(Some(browser::start(reference, current, Question::Drift(settings), on_event)));
    };
    let cancel = move |_| {
        // Dropping the job ends its worker at once.
        job.set_value(None);
        stage.set(Stage::Choosing);
    };
    let try_example = move |_| {
        stage.set(Stage::Running(Step::fetching()));
        browser::fetch_example(move |files| match files {
            Ok([first, second]) => {
                reference.set(Some(first));
                current.set(Some(second));
                start();
            }
            Err(message) => stage.set(Stage::Failed(message)),
        });
    };
    on_cleanup(move || {
        job.try_update_value(Option::take);
    });

    // A link may carry the report.
    Effect::new(move || {
        links::carried(move |found| stage.set(found.map_or_else(Stage::Failed, |json| Stage::found(json, None))));
    });

    let is_running = move || stage.with(Stage::is_running);
    view! {
        <Title text="Compare"/>
        <div class="page">
            <header class="page__head">
                <div>
                    <h1 class="page__title">"Compare two files"</h1>
                    <p class="page__subtitle">
                        "Which columns changed between two CSV files, how much, and whether it matters."
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
                <div class="compare__actions">
                    <button
                        class="button button--primary button--large"
                        r#type="button"
                        disabled=move || both().is_none() || is_running()
                        on:click=move |_| start()
                    >
                        "Compare"
                    </button>
                    <button class="button button--large" r#type="button" disabled=is_running on:click=try_example>
                        "Try it with example data"
                    </button>
                    <p class="compare__promise">
                        <Icon glyph=Glyph::Lock/>
                        "The files stay in this browser. Nothing is uploaded."
                    </p>
                </div>
            </section>
            <div class="compare__result">
                <div aria-live="polite">
                    {move || {
                        stage.with(|stage| match stage {
                            Stage::Choosing => view! { <GoodToKnow/> }.into_any(),
                            Stage::Running(step) => {
                                view! { <Running step=step.clone() cancel=Callback::new(cancel)/> }.into_any()
                            }
                            Stage::Failed(message) => {
                                view! { <ErrorState title="The files could not be compared" detail=message.clone()/> }
                                    .into_any()
                            }
                            Stage::Done(done) => {
                                view! {
                                    <p class="visually-hidden">{done.millis.map(|millis| format!("Compared in {}.", seconds(millis)))}</p>
                                }
                                    .into_any()
                            }
                        })
                    }}
                </div>
                {move || {
                    let done = stage.with(|stage| match stage {
                        Stage::Done(done) => Some(done.clone()),
                        _ => None,
                    });
                    done.map(|done| {
                        // Files stay on this thread.
                        let files = StoredValue::new_local(both());
                        Suspend::new(async move { result(done, files).await.unwrap_or_else(did_not_arrive) })
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
                    "CSV, plain or gzipped. The first line names the columns; commas, semicolons, tabs and bars are told
                    apart. Columns are matched by name."
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
                    "In a worker of this page, with the same code as on the server and on the command line, to the same digit."
                </dd>
            </div>
        </dl>
    }
}

#[component]
fn Running(step: Step, cancel: Callback<leptos::ev::MouseEvent>) -> impl IntoView {
    view! {
        <section class="compare__running" aria-label="Progress">
            <p class="compare__stage">{step.words()}</p>
            <progress class="progress" max="1000" value=step.per_mille().map(|value| value.to_string()) aria-label=step.words()></progress>
            <button class="button" r#type="button" on:click=move |event| cancel.run(event)>"Cancel"</button>
        </section>
    }
    .into_any()
}

/// A part of its own in the browser, loaded when there is a report to be read.
#[wasm_split(result, wasm_split_path = ::leptos::wasm_split, fallible)]
fn result(done: Done, files: StoredValue<Option<(Picked, Picked)>, LocalStorage>) -> Result<AnyView, AppError> {
    let report: Arc<DriftReport> = match serde_json::from_str(&done.json) {
        Ok(report) => Arc::new(report),
        Err(error) => {
            let title = "The report could not be read";
            return Ok(view! { <ErrorState title detail=job::plain_error(&error)/> }.into_any());
        }
    };
    let names: Vec<String> = report.columns.iter().map(|column| column.name.clone()).collect();
    Ok(view! {
        <Finished report done/>
        {files.get_value().map(|(reference, current)| view! { <OnBoth reference current names/> })}
    }
    .into_any())
}

#[component]
fn Finished(report: Arc<DriftReport>, done: Done) -> impl IntoView {
    let Done { json, millis } = done;
    let names = format!("{} held against {}", report.current.label, report.reference.label);
    let cells = (report.reference.rows + report.current.rows) * report.columns.len() as u64;
    let took = match millis {
        Some(millis) => format!("{} values in {}", format::count(cells), seconds(millis)),
        None => format!("{} values, opened from a link", format::count(cells)),
    };
    let summary = Arc::new(ReportSummary::of(&report));
    let shared = Shared::Made(report.clone(), json.clone());
    let save = {
        let page = report.clone();
        move || {
            let save_json = move |_| browser::save("tidemark-report.json", "application/json", &json);
            let save_page = move |_| browser::save("tidemark-report.html", "text/html", &html::report(&page));
            view! {
                <button class="button" r#type="button" on:click=save_page>
                    <Icon glyph=Glyph::Download/>
                    "Download HTML"
                </button>
                <button class="button" r#type="button" on:click=save_json>
                    <Icon glyph=Glyph::Download/>
                    "Download JSON"
                </button>
                <ShareBox shared/>
            }
        }
    };
    view! {
        <ReportView
            report=summary
            whole=Whole::Here(report)
            actions=save
            meta=move || {
                view! {
                    <span>{names}</span>
                    <span>{took}</span>
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
