//! A whole report on a page: verdict, figures, data quality, predictions, columns.

use leptos::prelude::*;
use leptos::wasm_split::wasm_split;
use leptos_router::hooks::use_query_map;
use std::sync::Arc;
use tidemark::render::format;
use tidemark::report::DriftReport;

use super::chart_frame::SideLegend;
use super::column_panel::ColumnPanel;
use super::column_table::ColumnTable;
use super::column_table::view::Order;
use super::error_state::{ErrorState, title_of};
use super::quality_strip::QualityStrip;
use super::report_toolbar::ReportToolbar;
use super::share_bar::ShareBar;
use super::skeleton::Skeleton;
use super::stat_tile::StatTile;
use super::verdict_banner::VerdictBanner;
use crate::error::AppError;
use crate::report_query::ReportQuery;
use crate::report_summary::{ReportSummary, Whole};

pub mod headline;

use headline::Headline;

/// The report, filtered, sorted and opened as the address says. Used for stored comparisons and for those made in the
/// browser.
#[component]
pub fn ReportView(
    /// The report, summed up.
    #[prop(into)]
    report: Arc<ReportSummary>,
    /// Where the panel of a column finds the rest of it.
    whole: Whole,
    /// Which rows, and when: a line under the verdict.
    #[prop(optional, into)]
    meta: ViewFnOnce,
    /// Buttons beside the verdict.
    #[prop(optional, into)]
    actions: ViewFnOnce,
    /// Whether even the first rows of the table of columns come block by block.
    #[prop(optional)]
    gradually: bool,
) -> impl IntoView {
    let address = use_query_map();
    let query = Memo::new(move |_| address.with(ReportQuery::parse));
    // Opening a column or turning a page sorts nothing anew.
    let of_rows = Memo::new(move |_| query.with(ReportQuery::of_rows));
    let order = Memo::new({
        let report = report.clone();
        move |_| of_rows.with(|query| Order::of(&report, query))
    });
    let headline = Memo::new({
        let report = report.clone();
        move |_| query.with(|query| report.headline(query.judge.unwrap_or(report.judge)).clone())
    });
    let open_column = Memo::new({
        let report = report.clone();
        move |_| {
            query.with(|query| query.column.clone()).and_then(|name| report.columns.iter().position(|c| c.name == name))
        }
    });
    let has_predictions = report.has_predictions();
    let (read, text) = match whole {
        Whole::Here(report) => (Some(report), None),
        Whole::Stored(text) => (None, Some(text)),
    };
    let read = StoredValue::new(read);
    let panel = {
        let report = report.clone();
        move || {
            open_column.get().map(|index| {
                let panel = Panel { summary: report.clone(), read, index, order, query };
                Suspend::new(async move {
                    let text = match text {
                        Some(text) if read.with_value(Option::is_none) => text.await,
                        _ => Ok(String::new()),
                    };
                    let shown = match text {
                        Ok(text) => column_panel(panel, text).await,
                        Err(error) => Err(error),
                    };
                    shown.unwrap_or_else(|error| view! { <NoPanel error/> }.into_any())
                })
            })
        }
    };
    view! {
        <article class="report">
            <VerdictBanner
                verdict=Signal::derive(move || headline.with(Headline::verdict))
                label=Signal::derive(move || headline.with(Headline::label).to_owned())
                sentence=Signal::derive(move || headline.with(|headline| headline.sentence.clone()))
                actions
            >
                {meta.run()}
            </VerdictBanner>
            <Tiles report=report.clone() headline/>
            <QualityStrip findings=report.problems.clone() query/>
            <div class="report__body" class:report__body--split=move || open_column.get().is_some()>
                <div class="report__tables">
                    {has_predictions
                        .then(|| {
                            view! {
                                <section class="report__section" aria-labelledby="prediction-drift">
                                    <div class="report__head">
                                        <h2 id="prediction-drift">"Prediction drift"</h2>
                                        <p class="report__hint">"What the model answers, then and now."</p>
                                        <SideLegend/>
                                    </div>
                                    <ColumnTable report=report.clone() predictions=true order query/>
                                </section>
                            }
                        })}
                    <section class="report__section" aria-labelledby="data-drift">
                        <div class="report__head">
                            <h2 id="data-drift">"Data drift"</h2>
                            <p class="report__hint">{if has_predictions { "What the model is asked, then and now." } else { "Both sides, column by column." }}</p>
                            {(!has_predictions).then(|| view! { <SideLegend/> })}
                        </div>
                        <ReportToolbar report=report.clone() query/>
                        <ColumnTable report=report.clone() order query gradually/>
                    </section>
                </div>
                <Suspense fallback=|| view! { <div class="column-panel"><Skeleton label="Loading the column"/></div> }>{panel}</Suspense>
            </div>
        </article>
    }
    .into_any()
}

/// What a column's panel is made of.
pub(crate) struct Panel {
    summary: Arc<ReportSummary>,
    /// The report, once it was read for a panel.
    read: StoredValue<Option<Arc<DriftReport>>>,
    index: usize,
    order: Memo<Order>,
    query: Memo<ReportQuery>,
}

/// The panel. `text` is the report as JSON; it is read once. A part of its own in the browser: a report is opened for its table
/// first.
#[wasm_split(column, wasm_split_path = ::leptos::wasm_split, preload(load_panel), fallible)]
pub(crate) fn column_panel(panel: Panel, text: String) -> Result<AnyView, AppError> {
    let Panel { summary, read, index, order, query } = panel;
    let report = match read.get_value() {
        Some(report) => report,
        None => {
            Arc::new(serde_json::from_str(&text).map_err(|error| AppError::Transport { reason: error.to_string() })?)
        }
    };
    read.set_value(Some(report.clone()));
    Ok(view! { <ColumnPanel report summary index order query/> }.into_any())
}

/// Stands where a column's panel does not come.
#[component]
fn NoPanel(error: AppError) -> impl IntoView {
    view! {
        <div class="column-panel">
            <ErrorState title=title_of(&error) detail=error.to_string()/>
        </div>
    }
    .into_any()
}

#[component]
fn Tiles(report: Arc<ReportSummary>, headline: Memo<Headline>) -> impl IntoView {
    let data = Memo::new(move |_| headline.with(|headline| headline.data.clone()));
    let drifted = Signal::derive(move || {
        data.with(|data| format!("{} of {}", format::count(data.n_drifted), format::count(data.n_columns)))
    });
    let share = Signal::derive(move || {
        Some(data.with(|data| {
            format!("{}, threshold {}", format::share(data.share_drifted), format::share(data.share_threshold))
        }))
    });
    let predictions = Signal::derive(move || {
        headline.with(|headline| match &headline.predictions {
            Some(group) if group.drifted => "Drifted".to_owned(),
            Some(group) if group.n_tested == 0 => "Not tested".to_owned(),
            Some(_) => "No drift".to_owned(),
            None => String::new(),
        })
    });
    let of_predictions = Signal::derive(move || {
        headline.with(|headline| {
            let group = headline.predictions.as_ref()?;
            Some(format!("{} of {} drifted", group.n_drifted, format::plural(group.n_columns, "column")))
        })
    });
    let has_predictions = report.has_predictions();
    let n_tested = report.n_tested;
    let n_differ = report.columns.iter().filter(|column| column.why_they_differ.is_some()).count() as u64;
    view! {
        <dl class="tiles">
            <StatTile label="Drifted columns" value=drifted note=share>
                <ShareBar
                    share=Signal::derive(move || data.with(|data| data.share_drifted))
                    threshold=Signal::derive(move || data.with(|data| data.share_threshold))
                    drifted=Signal::derive(move || data.with(|data| data.drifted))
                />
            </StatTile>
            {if has_predictions {
                view! { <StatTile label="Prediction drift" value=predictions note=of_predictions/> }.into_any()
            } else {
                let tested = format!("{} of {}", format::count(n_tested), format::count(report.columns.len() as u64));
                view! { <StatTile label="Columns tested" value=tested note="a row says why one was not"/> }.into_any()
            }}
            <StatTile
                label="Judges disagree"
                value=format::plural(n_differ, "column")
                note="calibrated against Evidently 0.7"
            />
            <StatTile
                label="Rows compared"
                value=format::count(report.n_current)
                note=format!("held against {} of the reference", format::count(report.n_reference))
            />
        </dl>
    }
    .into_any()
}
