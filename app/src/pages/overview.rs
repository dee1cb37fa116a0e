//! `/`: how a model is doing right now. Where there are several and the address names none, it leads to all of them.

use leptos::prelude::*;
use leptos_meta::Title;
use tidemark::judge::Verdict;
use tidemark::render::format;

use crate::api::{self, CheckNow};
use crate::components::awaited::awaited;
use crate::components::drift_history::DriftHistory;
use crate::components::empty_state::EmptyState;
use crate::components::model_card::ModelCard;
use crate::components::model_switch::chosen_model;
use crate::components::moment::Moment;
use crate::components::snapshot_list::SnapshotList;
use crate::components::sparkline::Sparkline;
use crate::components::stat_tile::StatTile;
use crate::components::verdict_banner::VerdictBanner;
use crate::format::{ago, span};
use crate::live::{Link, Live, follow, held};
use crate::monitor::{Overview, SnapshotHead, Traffic};

/// Where all models are.
const ALL_MODELS: &str = "/models";
/// Comparisons in the list under the chart.
const LISTED: usize = 8;
/// Comparisons in the chart.
const CHARTED: usize = 60;

/// The page. It waits for the first overview on the server, and keeps it fresh in the browser.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let chosen = chosen_model();
    let first = Resource::new(move || chosen.get(), api::load_overview);
    view! {
        <Title text="Overview"/>
        {awaited("Overview", "Loading the overview", first, move |first| {
            let chosen = chosen.get_untracked();
            if chosen.is_none() && first.models.len() > 1 {
                to_all_models();
                return view! { <a href=ALL_MODELS>"All models"</a> }.into_any();
            }
            view! { <LiveOverview first chosen/> }.into_any()
        })}
    }
    .into_any()
}

/// Leads to all models.
///
/// *On the server* the answer is a redirection.
fn to_all_models() {
    #[cfg(feature = "ssr")]
    leptos_axum::redirect(ALL_MODELS);
    #[cfg(feature = "hydrate")]
    let _ = window().location().replace(ALL_MODELS);
}

#[component]
fn LiveOverview(first: Overview, chosen: Option<String>) -> impl IntoView {
    let (model, is_one_of_many) = (first.model.clone(), first.models.len() > 1);
    let live = follow(first, {
        let chosen = chosen.clone();
        move || api::load_overview(chosen.clone())
    });
    let overview = live.shown;
    let history = Memo::new(move |_| {
        overview.with(|overview| {
            let start = overview.history.len().saturating_sub(CHARTED);
            overview.history[start..].to_vec()
        })
    });
    let is_read = RwSignal::new(false);
    let latest = Memo::new(move |_| history.with(|history| history.last().cloned()));
    let shown = held(history, is_read);
    let listed =
        Memo::new(move |_| shown.with(|history| history.iter().rev().take(LISTED).cloned().collect::<Vec<_>>()));
    let waits = move || {
        let newer = is_read.get() && shown.with(|shown| history.with(|history| shown.last() != history.last()));
        newer.then_some("A newer one waits until you have read these.")
    };
    let threshold = Memo::new(move |_| overview.with(|overview| overview.share_threshold));
    let events = held(Memo::new(move |_| overview.with(|overview| overview.events.clone())), is_read);
    let is_empty = Memo::new(move |_| latest.with(Option::is_none));
    let has_reference = Memo::new(move |_| overview.with(has_reference));
    let (name, of_model) = (model.name.clone(), model.name.clone());
    let below = move || {
        if is_empty.get() && !has_reference.get() {
            view! { <WithoutReference/> }.into_any()
        } else if is_empty.get() {
            view! { <Awaiting overview/> }.into_any()
        } else {
            // What somebody points at does not move away.
            view! {
                <div
                    class="overview__read"
                    on:pointerenter=move |_| is_read.set(true)
                    on:pointerleave=move |_| is_read.set(false)
                    on:focusin=move |_| is_read.set(true)
                    on:focusout=move |_| is_read.set(false)
                >
                <DriftHistory history=shown threshold events model=of_model.clone()/>
                <section class="overview__latest" aria-labelledby="latest">
                    <div class="overview__head">
                        <h2 id="latest">"Latest comparisons"</h2>
                        <p class="overview__waits" role="status">{waits}</p>
                        <a href="/reports">"All reports"</a>
                    </div>
                    <SnapshotList heads=listed threshold/>
                </section>
                </div>
            }
            .into_any()
        }
    };
    let performance = format!("/performance?model={}", model.name);
    view! {
        <header class="page__head">
            <div>
                {is_one_of_many.then(|| view! { <p class="page__crumb"><a href=ALL_MODELS>"All models"</a></p> })}
                <h1 class="page__title">{name}</h1>
                <p class="page__subtitle">
                    {format!("{}, predicts {}", model.kind, model.target)} " · " <a href=performance>"How well it does"</a>
                </p>
            </div>
            <LinkState link=live.link/>
        </header>
        <Standing live latest has_reference chosen/>
        <Tiles overview latest/>
        <div class="overview__columns">
            <div class="overview__main">{below}</div>
            <aside class="overview__side"><ModelCard model/></aside>
        </div>
    }
    .into_any()
}

/// Whether what one sees is fresh. Keeps its width, whatever it says.
#[component]
pub(super) fn LinkState(link: RwSignal<Link>) -> impl IntoView {
    let text = move || match link.get() {
        Link::Fresh => "Live".to_owned(),
        Link::Stale { seconds } => format!("Stale, {} old", span(i64::from(seconds) * 1000)),
    };
    let stale = move || link.get() != Link::Fresh;
    view! {
        <p class="link-state needs-script" class:link-state--stale=stale role="status">
            <span class="link-state__dot" aria-hidden="true"></span>
            {text}
        </p>
    }
    .into_any()
}

/// Whether there is anything that what comes in can be compared with.
const fn has_reference(overview: &Overview) -> bool {
    overview.model.n_reference > 0
}

/// The verdict of the latest comparison, and the button that makes a new one where one can be made.
#[component]
fn Standing(
    live: Live<Overview>,
    latest: Memo<Option<SnapshotHead>>,
    has_reference: Memo<bool>,
    chosen: Option<String>,
) -> impl IntoView {
    let overview = live.shown;
    let check = ServerAction::<CheckNow>::new();
    // A comparison just made is shown at once, not with the next question.
    Effect::new(move || {
        if check.value().with(|answer| matches!(answer, Some(Ok(_)))) {
            live.ask_now();
        }
    });
    let standing = move || latest.with(|head| head.as_ref().map(SnapshotHead::verdict));
    // What is said as long as nothing was compared.
    let nothing_yet = move || match has_reference.get() {
        true => (Verdict::NotEnoughData, "Not enough data yet"),
        false => (Verdict::NotTested, "No reference"),
    };
    let verdict = Signal::derive(move || standing().unwrap_or_else(nothing_yet).0);
    let label = Signal::derive(move || standing().unwrap_or_else(nothing_yet).1.to_owned());
    let sentence = Signal::derive(move || {
        latest
            .with(|head| head.as_ref().map(|head| head.sentence.clone()))
            .unwrap_or_else(|| overview.with(sentence_before_the_first))
    });
    let made = move || {
        let now = overview.with(|overview| overview.now);
        latest.with(|head| {
            head.as_ref().map(|head| {
                view! {
                    <span>{format!("{} compared {}", format::plural(head.window.rows(), "row"), ago(head.created, now))}</span>
                    <a href=format!("/reports/{}", head.id)>"Open the report"</a>
                }
            })
        })
    };
    let since = Memo::new(move |_| overview.with(|overview| overview.since));
    let since = move || since.get().map(|at| view! { <span>{label} " since " <Moment at/></span> });
    let every = move || {
        let seconds = overview.with(|overview| overview.interval_seconds);
        has_reference.get().then(|| view! { <span>{format!("Compares every {}", span(seconds as i64 * 1000))}</span> })
    };
    let problem = move || {
        check.value().with(|answer| match answer {
            Some(Err(error)) => Some(error.to_string()),
            _ => None,
        })
    };
    let pending = check.pending();
    view! {
        <VerdictBanner
            verdict
            label
            sentence
            actions=move || {
                view! {
                    <ActionForm action=check>
                        {chosen.clone().map(|name| view! { <input type="hidden" name="model" value=name/> })}
                        <button
                            class="button button--primary"
                            r#type="submit"
                            hidden=move || !has_reference.get()
                            disabled=move || pending.get()
                        >
                            {move || if pending.get() { "Comparing…" } else { "Check now" }}
                        </button>
                    </ActionForm>
                    <p class="verdict-banner__problem" role="status">{problem}</p>
                }
            }
        >
            {made}
            {since}
            {every}
        </VerdictBanner>
    }
    .into_any()
}

/// What stands in for the sentence of a comparison, until there is one.
fn sentence_before_the_first(overview: &Overview) -> String {
    let total = overview.traffic.total;
    if !has_reference(overview) {
        return format!(
            "{} logged. There is nothing to compare them with: the model came without a reference.",
            format::plural(total, "prediction")
        );
    }
    let needed = format::plural(overview.min_window_rows, "row");
    format!("The first comparison needs {needed}; {} so far.", format::count(total))
}

/// Predictions in each of the last seconds but for the latest, which is still running: drawn, it would look like a drop.
pub(super) fn whole_seconds(traffic: &Traffic) -> Vec<u64> {
    let whole = traffic.last_minute.len().saturating_sub(1);
    traffic.last_minute[..whole].to_vec()
}

#[component]
fn Tiles(overview: RwSignal<Overview>, latest: Memo<Option<SnapshotHead>>) -> impl IntoView {
    let traffic = Memo::new(move |_| overview.with(|overview| overview.traffic.clone()));
    let rate = Signal::derive(move || traffic.with(|traffic| format!("{:.1}", traffic.per_second)));
    let minute = Signal::derive(move || traffic.with(whole_seconds));
    let total = Signal::derive(move || traffic.with(|traffic| format::count(traffic.total)));
    let latest_prediction = Signal::derive(move || {
        overview.with(|overview| {
            let at = overview.traffic.latest;
            Some(at.map_or_else(|| "none yet".to_owned(), |at| format!("latest {}", ago(at, overview.now))))
        })
    });
    // Models of more or fewer than two classes have none.
    let positive = Memo::new(move |_| traffic.with(|traffic| traffic.share_positive.map(format::share)));
    let positive_tile = move || {
        positive.get().map(|share| {
            view! { <StatTile label="Share of positives" value=Signal::stored(share) note="in the latest window"/> }
        })
    };
    let drifted = Signal::derive(move || {
        latest.with(|head| {
            head.as_ref().map_or_else(|| "–".to_owned(), |head| format!("{} of {}", head.n_drifted, head.n_columns))
        })
    });
    let counts_from = Signal::derive(move || {
        Some(format!("threshold {}", format::share(overview.with(|overview| overview.share_threshold))))
    });
    let figure = Signal::derive(move || overview.with(|overview| overview.performance.clone()));
    let how = Signal::derive(move || Some(overview.with(|overview| overview.performance_label.clone())));
    view! {
        <dl class="tiles">
            <StatTile label="Predictions per second" value=rate note="over ten seconds">
                <Sparkline counts=minute label="Predictions in each of the last sixty seconds"/>
            </StatTile>
            <StatTile label="Predictions" value=total note=latest_prediction/>
            {positive_tile}
            <StatTile label="Drifted columns" value=drifted note=counts_from/>
            <StatTile label="Performance" value=figure note=how/>
        </dl>
    }
    .into_any()
}

/// Before the first comparison: what is awaited.
#[component]
fn Awaiting(overview: RwSignal<Overview>) -> impl IntoView {
    let rows = move || overview.with(|overview| overview.traffic.total.min(overview.min_window_rows));
    let needed = move || overview.with(|overview| overview.min_window_rows);
    view! {
        <EmptyState title="Waiting for the first window">
            <p>
                "A comparison takes at least "
                {move || format::plural(needed(), "row")}
                " of predictions. Send them to " <code>"POST /predict"</code> " and this page fills by itself."
            </p>
            <progress class="progress" max=move || needed().to_string() value=move || rows().to_string() aria-label="Rows so far"></progress>
            <p class="empty-state__count">
                {move || format!("{} of {}", format::count(rows()), format::plural(needed(), "row"))}
            </p>
        </EmptyState>
    }
    .into_any()
}

/// Where there is nothing to compare with: what still works, and how a reference is given.
#[component]
fn WithoutReference() -> impl IntoView {
    view! {
        <EmptyState title="No reference, so no comparisons">
            <p>
                "Predictions are answered and logged. To see whether the data drift, Tidemark needs rows to hold them against, such as the ones that the model was trained on:"
            </p>
            <pre class="empty-state__command"><code>"tidemark import model.onnx --reference held_out.csv --target Class --out model.tidemark"</code></pre>
            <p>
                "A model that is served elsewhere takes its rows at "
                <code>"POST /api/v1/models/{model}/reference"</code>
                "; one from " <code>"tidemark train"</code> " has them from the start. Two files can be compared at once: "
                <a href="/compare">"Compare"</a> "."
            </p>
        </EmptyState>
    }
    .into_any()
}
