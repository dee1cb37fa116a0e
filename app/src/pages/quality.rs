//! `/quality`: gaps, repeats, strange values; what is wrong with the data rather than with the world.

use leptos::prelude::*;
use leptos_meta::Title;
use tidemark::judge::Verdict;
use tidemark::render::format;

use crate::api;
use crate::components::awaited::awaited;
use crate::components::empty_state::EmptyState;
use crate::components::model_switch::{ModelSwitch, chosen_model};
use crate::components::moment::Moment;
use crate::components::plain_table::{Head, PlainTable};
use crate::components::sparkline::Sparkline;
use crate::components::status_badge::StatusBadge;
use crate::live::offer_news;
use crate::quality::{QualityLine, QualityPage as Found, TableLine};

/// The page.
#[component]
pub fn QualityPage() -> impl IntoView {
    let chosen = chosen_model();
    let found = Resource::new(move || chosen.get(), api::load_quality);
    offer_news(|news| news.reports, "There is a newer window.", move || found.refetch());
    view! {
        <Title text="Data quality"/>
        {awaited("Data quality", "Loading", found, |found| view! { <Shown found/> }.into_any())}
    }
    .into_any()
}

#[component]
fn Shown(found: Found) -> impl IntoView {
    let Found { model, models, latest, n_windows, table, columns, violations } = found;
    let n_wrong = columns.iter().filter(|line| !line.problems.is_empty()).count() as u64;
    let sentence = match n_wrong {
        0 => "No new gaps, no new categories, no new ranges, no column lost.".to_owned(),
        1 => "One column has a problem that the reference did not have.".to_owned(),
        n => format!("{} have problems that the reference did not have.", format::plural(n, "column")),
    };
    let id = latest.as_ref().map(|head| head.id.clone()).unwrap_or_default();
    view! {
        <ModelSwitch models shown=model.clone() page="/quality"/>
        <header class="page__head">
            <div>
                <h1 class="page__title">"Data quality"</h1>
                {match latest {
                    Some(head) => {
                        view! {
                            <p class="page__subtitle">
                                {sentence} " The latest window of " {model} " is that of "
                                <a href=format!("/reports/{}", head.id)><Moment at=head.created/></a> "."
                            </p>
                        }
                            .into_any()
                    }
                    None => ().into_any(),
                }}
            </div>
        </header>
        {if columns.is_empty() {
            view! {
                <EmptyState title="No window has been compared yet">
                    <p>"As soon as one is, its gaps, ranges and categories stand here, beside those of the reference."</p>
                </EmptyState>
            }
                .into_any()
        } else {
            view! {
                <Columns columns id n_windows/>
                <div class="quality-page__below">
                    <Table table/>
                    <Violations violations/>
                </div>
            }
                .into_any()
        }}
    }
    .into_any()
}

#[component]
fn Columns(columns: Vec<QualityLine>, id: String, n_windows: u64) -> impl IntoView {
    let over_time = format!("Missing, last {}", format::plural(n_windows, "window"));
    view! {
        <PlainTable
            caption="Columns, those with a problem first"
            heads=[
                Head::new("Column"),
                Head::new("State"),
                Head::number("Missing before").wide(),
                Head::number("Missing now"),
                Head::new(over_time).wide(),
                Head::number("Unknown to the reference").wide(),
                Head::number("Distinct values").wide(),
            ]
        >
            {columns.into_iter().map(|line| view! { <Line line id=id.clone()/> }).collect_view()}
        </PlainTable>
    }
    .into_any()
}

#[component]
fn Line(line: QualityLine, id: String) -> impl IntoView {
    let QualityLine { name, problems, runs_on, missing_before, missing, missing_over_time, unknown, distinct } = line;
    let query = crate::report_query::ReportQuery::default();
    let href = format!("/reports/{id}{}#column", query.with_column(Some(&name)).href());
    let badges = if problems.is_empty() && runs_on {
        view! { <StatusBadge verdict=Verdict::NotTested label="Goes on, as a clock does"/> }.into_any()
    } else if problems.is_empty() {
        view! { <StatusBadge verdict=Verdict::Stable label="Fine"/> }.into_any()
    } else {
        let badge = |problem: String| view! { <StatusBadge verdict=Verdict::Minor label=problem/> };
        view! { <span class="quality-page__problems">{problems.into_iter().map(badge).collect_view()}</span> }
            .into_any()
    };
    let is_flat = missing_over_time.iter().all(|share| *share == 0);
    view! {
        <tr>
            <th scope="row"><a href=href>{name.clone()}</a></th>
            <td>{badges}</td>
            <td class="plain-table__number plain-table__wide">{missing_before}</td>
            <td class="plain-table__number">{missing}</td>
            <td class="plain-table__wide quality-page__line">
                {if is_flat {
                    view! { <span class="quality-page__none">"none"</span> }.into_any()
                } else {
                    view! { <Sparkline counts=missing_over_time label=format!("Missing values of {name} over time")/> }.into_any()
                }}
            </td>
            <td class="plain-table__number plain-table__wide">{unknown}</td>
            <td class="plain-table__number plain-table__wide">{distinct}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn Table(table: Vec<TableLine>) -> impl IntoView {
    let line = |TableLine { name, reference, current }| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="plain-table__number">{reference}</td>
                <td class="plain-table__number">{current}</td>
            </tr>
        }
    };
    view! {
        <section class="stack" aria-labelledby="whole-table">
            <h2 class="section-title" id="whole-table">"The table as a whole"</h2>
            <PlainTable
                heads=[Head::new("What"), Head::number("Reference"), Head::number("Latest window")]
            >
                {table.into_iter().map(line).collect_view()}
            </PlainTable>
        </section>
    }
    .into_any()
}

#[component]
fn Violations(violations: Vec<(String, u64)>) -> impl IntoView {
    let line = |(rule, n): (String, u64)| view! { <tr><th scope="row">{rule}</th><td class="plain-table__number">{format::count(n)}</td></tr> };
    let body = if violations.is_empty() {
        view! { <p class="page__lead">"Since the service started, every value was as the reference taught it."</p> }
            .into_any()
    } else {
        view! {
            <PlainTable
                heads=[Head::new("Values since the service started"), Head::number("How many")]
            >
                {violations.into_iter().map(line).collect_view()}
            </PlainTable>
        }
        .into_any()
    };
    view! {
        <section class="stack" aria-labelledby="violations">
            <h2 class="section-title" id="violations">"Checked as they came in"</h2>
            {body}
        </section>
    }
    .into_any()
}
