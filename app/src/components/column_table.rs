//! The table of columns: what was found about each, the most pressing first.

use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;
use tidemark::judge::{Direction, Effect, Judge};
use tidemark::render::format;

use super::effect_ruler::EffectRuler;
use super::icon::{Glyph, Icon};
use super::status_badge::{StatusBadge, css_name};
use crate::lab::bridge;
use crate::report_query::{ReportQuery, Sort};
use crate::report_summary::ReportSummary;

pub mod view;

use view::{Finding, Missing, Order, Page, ROWS_PER_PAGE, Row};

/// Rows that are drawn in one go: more would hold the page up.
const BLOCK: usize = 8;

/// Blocks of a page.
pub const N_BLOCKS: usize = ROWS_PER_PAGE.div_ceil(BLOCK);

/// One of a report's two tables: the data, or the predictions. Sorting and opening a column are links.
#[component]
pub fn ColumnTable(
    /// The report.
    report: Arc<ReportSummary>,
    /// The predictions' columns instead of the data's.
    #[prop(optional)]
    predictions: bool,
    /// The rows of both.
    order: Memo<Order>,
    /// What the address says.
    #[prop(into)]
    query: Signal<ReportQuery>,
    /// Whether the page has more to draw than this table, so that even its first rows come block by block.
    #[prop(optional)]
    gradually: bool,
) -> impl IntoView {
    let judge = report.judge;
    let page = Memo::new({
        let report = report.clone();
        move |_| {
            order.with(|order| {
                let order = if predictions { &order.predictions } else { &order.data };
                query.with(|query| view::page(&report, order, query))
            })
        }
    });
    let other = move || match query.with(|query| query.judge).unwrap_or(judge) {
        Judge::Calibrated => "Evidently",
        Judge::Evidently | Judge::Nannyml => "Calibrated",
    };
    let nothing = move || page.with(|page| page.n_rows == 0).then(|| view! { <NoRows query=query.get()/> });
    let row = StoredValue::new(move |row: Row| {
        // A picture does not depend on the address.
        let picture = report.columns[row.index as usize].picture.clone();
        view! { <TableRow row picture/> }
    });
    let body = blocks(page, gradually)
        .map(|block| move || row.with_value(|row| block.get().into_iter().map(row).collect_view()));
    view! {
        <div class="column-table">
            <table class="column-table__table">
                <caption class="visually-hidden">{if predictions { "Prediction columns" } else { "Columns" }}</caption>
                <thead>
                    <tr>
                        <SortHeader query sort=Sort::Name label="Column" class="column-table__name"/>
                        <SortHeader query sort=Sort::Urgency label="Verdict" class="column-table__verdict"/>
                        <th scope="col" class="column-table__picture">"Distribution"</th>
                        <SortHeader query sort=Sort::Score label="Test" class="column-table__finding"/>
                        <SortHeader query sort=Sort::Effect label="Effect, 95% interval" class="column-table__effect"/>
                        <SortHeader query sort=Sort::Missing label="Missing" class="column-table__missing"/>
                        <th scope="col" class="column-table__other">{other}</th>
                    </tr>
                </thead>
                <tbody>{body.collect_view()} {nothing}</tbody>
            </table>
            <Pager page query/>
        </div>
    }
    .into_any()
}

/// The rows of a page as they are drawn.
///
/// *In the browser* they follow the page: those in sight at once, the others frame by frame.
fn blocks(page: Memo<Page>, gradually: bool) -> [RwSignal<Vec<Row>>; N_BLOCKS] {
    const AT_ONCE: usize = 2;
    let content = |page: &Page, block: usize| page.rows.chunks(BLOCK).nth(block).unwrap_or_default().to_vec();
    let first = |block| if gradually { Vec::new() } else { page.with_untracked(|page| content(page, block)) };
    let blocks = std::array::from_fn(|block| RwSignal::new(first(block)));
    let latest = StoredValue::new(0_u32);
    leptos::prelude::Effect::new(move |_| {
        let page = page.get();
        latest.update_value(|latest| *latest += 1);
        let this = latest.get_value();
        spawn_local(async move {
            for (n, block) in blocks.into_iter().enumerate() {
                let rows = content(&page, n);
                if block.try_with_untracked(|drawn| *drawn == rows) != Some(false) {
                    continue;
                }
                // To take rows away costs nothing.
                if !rows.is_empty() && (n >= AT_ONCE || gradually) {
                    bridge::next_frame().await;
                }
                if latest.try_get_value() != Some(this) {
                    return;
                }
                block.set(rows);
            }
        });
    });
    blocks
}

/// Which rows of a long table these are, and links to those before and after.
#[component]
fn Pager(page: Memo<Page>, query: Signal<ReportQuery>) -> impl IntoView {
    let shown = move || {
        let (number, n_pages) = page.with(|page| (page.number(), page.n_pages()));
        let link = |rel: &'static str, words: &'static str, to: usize| {
            let is_there = (1..=n_pages).contains(&to);
            // From the table's head on.
            let href = query.with(|query| format!("{}#data-drift", query.with_page(to).href()));
            is_there.then(|| view! { <a class="button button--small" rel=rel href=href>{words}</a> })
        };
        (n_pages > 1).then(|| {
            view! {
                <nav class="column-table__pager" aria-label="Pages of columns">
                    {link("prev", "Previous", number - 1)}
                    <span role="status">{page.with(Page::words)}</span>
                    {link("next", "Next", number + 1)}
                </nav>
            }
        })
    };
    view! { {shown} }.into_any()
}

#[component]
fn SortHeader(query: Signal<ReportQuery>, sort: Sort, label: &'static str, class: &'static str) -> impl IntoView {
    let order = move || {
        query
            .with(|query| (query.sort == sort).then_some(sort.descends() != query.reversed))
            .map(|descending| if descending { "descending" } else { "ascending" })
    };
    let arrow =
        move || order().map(|order| view! { <Icon glyph=if order == "ascending" { Glyph::Up } else { Glyph::Down }/> });
    view! {
        <th scope="col" class=class aria-sort=order>
            <a class="column-table__sort" href=move || query.with(|query| query.sorted_by(sort).href()) data-noscroll="">
                {label}
                {arrow}
            </a>
        </th>
    }
    .into_any()
}

#[component]
fn TableRow(row: Row, picture: String) -> impl IntoView {
    let class = format!(
        "column-table__row column-table__row--{}{}",
        css_name(row.verdict),
        if row.is_open { " column-table__row--open" } else { "" }
    );
    let differs = row.why_they_differ.is_some();
    view! {
        <tr class=class>
            <th scope="row" class="column-table__name">
                <a
                    class="column-table__link"
                    id=format!("row-{}", row.index)
                    href=row.href
                    aria-current=row.is_open.then_some("true")
                    data-noscroll=""
                >
                    {row.name}
                </a>
                <span class="column-table__kind">{row.kind}</span>
            </th>
            <td class="column-table__verdict">
                <StatusBadge verdict=row.verdict/>
                {row.by_missing.then(|| view! { <span class="column-table__note">"by missing values"</span> })}
            </td>
            <td class="column-table__picture" inner_html=picture></td>
            <td class="column-table__finding">{finding(row.finding)}</td>
            <td class="column-table__effect">
                {row.effect.map(|effect| view! { <EffectCell effect direction=row.direction/> })}
            </td>
            <td class="column-table__missing">{missing(row.missing)}</td>
            <td class="column-table__other" class:column-table__other--differs=differs>
                <StatusBadge verdict=row.other_verdict/>
                {row.why_they_differ.map(|why| view! { <span class="column-table__why">{why}</span> })}
            </td>
        </tr>
    }
    .into_any()
}

/// Number, interval, direction and ruler of one effect.
#[component]
fn EffectCell(effect: Effect, direction: Option<Direction>) -> impl IntoView {
    let arrow = match direction {
        Some(Direction::Up) => Some(Glyph::Up),
        Some(Direction::Down) => Some(Glyph::Down),
        Some(Direction::Both) | None => None,
    };
    let words = direction.map(|direction| view::direction_words(direction, effect.kind));
    view! {
        <span class="column-table__number">{view::effect_value(&effect)}</span>
        <span class="column-table__arrow" title=words>
            {arrow.map(|glyph| view! { <Icon glyph/> })}
            {arrow.and(words).map(|words| view! { <span class="visually-hidden">{words}</span> })}
        </span>
        <span class="column-table__note">{view::effect_interval(&effect)}</span>
        <EffectRuler effect/>
    }
}

fn finding(finding: Finding) -> impl IntoView {
    match finding {
        Finding::Tested { test, score, threshold } => view! {
            <span class="column-table__test">{test}</span>
            <span class="column-table__number">{score}</span>
            <span class="column-table__note">{threshold}</span>
        }
        .into_any(),
        Finding::NotTested(reason) => view! { <span class="column-table__reason">{reason}</span> }.into_any(),
    }
}

fn missing(missing: Missing) -> impl IntoView {
    if missing.reference == 0.0 && missing.current == 0.0 {
        return view! { <span class="column-table__none">"none"</span> }.into_any();
    }
    view! {
        <span class="column-table__number">{view::points(missing.change())}</span>
        <span class="column-table__note">
            {format!("{} to {}", format::share(missing.reference), format::share(missing.current))}
        </span>
    }
    .into_any()
}

#[component]
fn NoRows(query: ReportQuery) -> impl IntoView {
    view! {
        <tr class="column-table__empty">
            <td colspan="7">
                <p>"No column fits the filter."</p>
                <a class="button button--small" href=query.unfiltered().href() data-noscroll="">"Show all columns"</a>
            </td>
        </tr>
    }
    .into_any()
}
