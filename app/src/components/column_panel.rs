//! Everything about one column: both sides in one picture, the judges, both summaries.

use leptos::ev::KeyboardEvent;
use leptos::html::H2;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use std::sync::Arc;
use tidemark::judge::Judge;
use tidemark::render::text;
use tidemark::report::{ColumnReport, Distribution, DriftReport};

use super::column_table::view::{self, Missing, Order};
use super::icon::{Glyph, Icon};
use super::status_badge::StatusBadge;
use crate::report_query::ReportQuery;
use crate::report_summary::ReportSummary;

mod category_shares;
pub mod datetime_card;
mod distribution_chart;
mod function_charts;
mod judge_card;
mod over_time_card;
mod share_table;
mod summary_table;
mod what_if;

use category_shares::CategoryShares;
use datetime_card::DatetimeCard;
use distribution_chart::DistributionChart;
use function_charts::FunctionCharts;
use judge_card::{CalibratedCard, EvidentlyCard, NannymlCard};
use over_time_card::OverTimeCard;
use share_table::ShareTable;
use summary_table::SummaryTable;
use what_if::{Question, WhatIfBox};

/// The panel beside the table. Escape closes it, `j` and `k` (or the arrows on top) go to the next and the previous row.
///
/// *On the server* it is the same panel; its buttons are links.
#[component]
pub fn ColumnPanel(
    /// The report.
    report: Arc<DriftReport>,
    /// The same summed up.
    summary: Arc<ReportSummary>,
    /// The column's position in it.
    index: usize,
    /// The rows of the tables.
    order: Memo<Order>,
    /// What the address says.
    #[prop(into)]
    query: Signal<ReportQuery>,
) -> impl IntoView {
    let name = report.columns[index].name.clone();
    let is_replaced = Memo::new(move |_| query.with(|query| query.column.as_ref() != Some(&name)));
    let address = query;
    let query: Signal<ReportQuery> = until(is_replaced, move || address.get()).into();
    let column = &report.columns[index];
    let leading = report.settings.judge;
    let leading_q = report.settings.calibrated.q;
    let name = column.name.clone();
    let question = Question::about(&report, index, query);
    let shown = question.shown;
    let verdict = Signal::derive(move || {
        let judge = query.with(|query| query.judge).unwrap_or(leading);
        shown.with(|column| column.verdict(judge))
    });
    let neighbours = until(is_replaced, move || {
        order.with(|order| query.with(|query| Neighbours::of(&summary, index, order, query)))
    });
    let previous = Signal::derive(move || neighbours.with(|n| n.previous.clone()));
    let next = Signal::derive(move || neighbours.with(|n| n.next.clone()));
    let close = Signal::derive(move || Some(neighbours.with(|n| n.close.clone())));
    let heading = NodeRef::<H2>::new();
    let row_id = format!("row-{index}");
    follow_keys(move |key| match key {
        "j" => next.get_untracked(),
        "k" => previous.get_untracked(),
        "Escape" => close.get_untracked(),
        _ => None,
    });
    // Who opened the panel hears its heading next, and comes back to the row it belongs to.
    Effect::new(move || {
        if let Some(heading) = heading.get() {
            let _ = heading.focus();
        }
        let row_id = row_id.clone();
        on_cleanup(move || return_focus(&row_id));
    });
    view! {
        <section class="column-panel" id="column" aria-labelledby="column-name">
            <header class="column-panel__head">
                <div class="column-panel__title">
                    <h2 class="column-panel__name" id="column-name" tabindex="-1" node_ref=heading>{name}</h2>
                    <span class="column-panel__kind">{view::kind(column)}</span>
                    <StatusBadge verdict/>
                </div>
                <nav class="column-panel__nav" aria-label="Columns">
                    <NavLink href=previous glyph=Glyph::Previous label="Previous column (k)"/>
                    <NavLink href=next glyph=Glyph::Next label="Next column (j)"/>
                    <NavLink href=close glyph=Glyph::Close label="Close (Esc)"/>
                </nav>
            </header>
            <div class="column-panel__body" tabindex="0" role="group" aria-labelledby="column-name">
                {move || shown.with(|column| column.why_they_differ.clone()).map(|why| view! { <p class="column-panel__why">{why}</p> })}
                <Pictures shown/>
                <WhatIfBox report=report.clone() index question query/>
                <OverTimeCard column=column.clone()/>
                <Categories column=column.clone()/>
                <MissingShares column=column.clone()/>
                <div class="column-panel__judges">
                    {move || {
                        let q = question.asked.with(|asked| asked.q).unwrap_or(leading_q);
                        shown
                            .with(|column| {
                                view! {
                                    <CalibratedCard found=column.calibrated.clone() q/>
                                    <EvidentlyCard found=column.evidently.clone() verdict=column.verdict(Judge::Evidently)/>
                                }
                            })
                    }}
                    {column
                        .nannyml
                        .clone()
                        .map(|found| view! { <NannymlCard alerting=text::alerting_chunks(&report, &found) found/> })}
                </div>
                <SummaryTable reference=column.reference.clone() current=column.current.clone()/>
            </div>
        </section>
    }
    .into_any()
}

/// A value that stays as it is from when the panel is being replaced. What stands on the page until the next panel is there must not hear of
/// the address that asks for it: all it is made of has gone by then.
fn until<T: Clone + PartialEq + Send + Sync + 'static>(
    is_replaced: Memo<bool>,
    value: impl Fn() -> T + Send + Sync + 'static,
) -> Memo<T> {
    Memo::new(move |before: Option<&T>| match before {
        Some(before) if is_replaced.get() => before.clone(),
        _ => value(),
    })
}

/// What the values are on both sides, as pictures that fit their kind.
#[component]
fn Pictures(shown: Memo<ColumnReport>) -> impl IntoView {
    // Other settings change how many bins there are, but not what kind of picture it is.
    let column = shown.get_untracked();
    if let Some(moments) = column.datetime {
        return view! { <DatetimeCard report=*moments/> }.into_any();
    }
    match column.distribution {
        Distribution::Histogram { .. } => {
            let bins = Signal::derive(move || {
                shown.with(|column| match &column.distribution {
                    Distribution::Histogram { bins } => bins.clone(),
                    _ => Vec::new(),
                })
            });
            // The two drawings depend on the bins alone.
            let drawn = Memo::new(move |_| bins.get());
            let (reference, current) = (StoredValue::new(column.reference), StoredValue::new(column.current));
            view! {
                <DistributionChart bins/>
                {move || {
                    view! { <FunctionCharts bins=drawn.get() reference=reference.get_value() current=current.get_value()/> }
                }}
            }
            .into_any()
        }
        Distribution::Categories { categories, n_others, others } => {
            view! { <CategoryShares categories n_others others/> }.into_any()
        }
        Distribution::Empty => {
            view! { <p class="column-panel__nothing">"There is nothing to draw: no values on either side."</p> }
                .into_any()
        }
    }
}

/// How much is missing on both sides; nothing where nothing is.
#[component]
fn MissingShares(column: ColumnReport) -> impl IntoView {
    let Missing { reference, current } = Missing::of(&column);
    let row = share_table::ShareRow { name: "Missing".to_owned(), reference, current, mark: None };
    (reference > 0.0 || current > 0.0)
        .then(|| view! { <ShareTable caption="Missing values" of="Rows" rows=vec![row]/> })
}

#[component]
fn NavLink(href: Signal<Option<String>>, glyph: Glyph, label: &'static str) -> impl IntoView {
    view! {
        <a
            class="icon-button"
            class:icon-button--off=move || href.with(Option::is_none)
            href=move || href.get()
            aria-label=label
            title=label
            aria-disabled=move || href.with(Option::is_none).then_some("true")
            data-noscroll=""
        >
            <Icon glyph/>
        </a>
    }
    .into_any()
}

#[component]
fn Categories(column: ColumnReport) -> impl IntoView {
    let list = |title: &'static str, names: Vec<String>| {
        (!names.is_empty()).then(|| {
            let more = names.len().saturating_sub(MAX_NAMED);
            let names = names.into_iter().take(MAX_NAMED).map(|name| view! { <li>{name}</li> }).collect_view();
            view! {
                <div class="column-panel__categories">
                    <h3>{title}</h3>
                    <ul>{names} {(more > 0).then(|| view! { <li class="column-panel__more">{format!("and {more} more")}</li> })}</ul>
                </div>
            }
        })
    };
    view! {
        {list("New in the current data", column.calibrated.new_categories)}
        {list("No longer in the current data", column.calibrated.vanished_categories)}
    }
    .into_any()
}

/// New or vanished categories that are named; a column of identifiers could have thousands.
const MAX_NAMED: usize = 20;

/// Where the arrows lead: the rows before and after, in the order and filter of the tables; and where one is when the panel has closed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Neighbours {
    previous: Option<String>,
    next: Option<String>,
    close: String,
}

impl Neighbours {
    fn of(report: &ReportSummary, index: usize, order: &Order, query: &ReportQuery) -> Self {
        let Order { predictions, data } = order;
        let href = |at: Option<usize>| {
            let row = at.and_then(|at| predictions.iter().chain(data).nth(at))?;
            Some(query.with_column(Some(&report.columns[*row].name)).href())
        };
        let at = predictions.iter().chain(data).position(|row| *row == index);
        let page = query.page.or_else(|| Some(at?.checked_sub(predictions.len())? / view::ROWS_PER_PAGE + 1));
        let close = ReportQuery { page: page.filter(|page| *page > 1), ..query.with_column(None) }.href();
        match at {
            Some(at) => Self { previous: href(at.checked_sub(1)), next: href(Some(at + 1)), close },
            // The open column does not pass the filter: "next" is the first that does.
            None => Self { previous: None, next: href(Some(0)), close },
        }
    }
}

/// Goes to the address that `target` has for a key, unless someone is typing.
fn follow_keys(target: impl Fn(&str) -> Option<String> + Send + Sync + Clone + 'static) {
    let navigate = use_navigate();
    let path = use_location().pathname;
    Effect::new(move || {
        let (navigate, target) = (navigate.clone(), target.clone());
        let listener = window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
            let modified = event.ctrl_key() || event.alt_key() || event.meta_key();
            if modified || event.default_prevented() || is_typing() {
                return;
            }
            if let Some(query) = target(&event.key()) {
                event.prevent_default();
                let options = NavigateOptions { scroll: false, replace: true, ..NavigateOptions::default() };
                navigate(&format!("{}{query}", path.get_untracked()), options);
            }
        });
        on_cleanup(move || listener.remove());
    });
}

fn is_typing() -> bool {
    let focused = document().active_element().map(|element| element.tag_name().to_ascii_lowercase());
    focused.is_some_and(|tag| matches!(tag.as_str(), "input" | "textarea" | "select"))
}

/// Puts the focus back on the row, if it is still there.
fn return_focus(row_id: &str) {
    let row = document().get_element_by_id(row_id);
    if let Some(row) = row.and_then(|row| row.dyn_into::<HtmlElement>().ok()) {
        let _ = row.focus();
    }
}
