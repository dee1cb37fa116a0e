//! Pages and components as HTML, as they leave the server: what one sees without any script.

use any_spawner::Executor;
use futures::StreamExt;
use leptos::prelude::*;

use crate::fixture;
use leptos_meta::MetaTags;
use leptos_router::location::RequestUrl;
use std::sync::Arc;
use tidemark::judge::{Judge, Verdict};
use tidemark_app::App;
use tidemark_app::components::column_table::ColumnTable;
use tidemark_app::components::column_table::view::Order;
use tidemark_app::components::empty_state::EmptyState;
use tidemark_app::components::status_badge::StatusBadge;
use tidemark_app::report_query::ReportQuery;
use tidemark_app::report_summary::ReportSummary;

/// A component by itself.
fn html<V: IntoView + 'static>(component: impl FnOnce() -> V) -> String {
    let owner = Owner::new();
    without_marks(&owner.with(|| component().to_html()))
}

/// The text without the comments that hydration goes by: how many there are depends on how it was compiled.
fn without_marks(html: &str) -> String {
    html.replace("<!>", "")
}

/// The rows as they come if nothing is asked.
fn order(report: &ReportSummary) -> Memo<Order> {
    let order = Order::of(report, &ReportQuery::default());
    Memo::new(move |_| order.clone())
}

/// The whole page at an address.
async fn page(address: &str, is_empty: bool) -> String {
    served(address, fixture::Fixed { is_empty, ..fixture::Fixed::default() }).await
}

/// The whole page, from this backend.
async fn served(address: &str, backend: fixture::Fixed) -> String {
    let _ = Executor::init_tokio();
    let owner = Owner::new_root(Some(Arc::new(hydration_context::SsrSharedContext::new())));
    let stream = owner.with(|| {
        provide_context(backend.handle());
        provide_context(RequestUrl::new(address));
        view! {
            <MetaTags/>
            <App/>
        }
        .into_view()
        .to_html_stream_in_order()
    });
    let chunks: Vec<String> = stream.collect().await;
    without_marks(&chunks.concat())
}

#[test]
fn a_badge_says_its_verdict_in_a_word_a_shape_and_a_class() {
    for verdict in Verdict::ALL {
        let badge = html(|| view! { <StatusBadge verdict/> });
        assert!(badge.contains(verdict.label()), "{badge}");
        assert!(badge.contains("<svg"), "{badge}");
    }
    let badge = html(|| view! { <StatusBadge verdict=Verdict::Stable label="No drift"/> });
    assert!(badge.contains("No drift") && !badge.contains("Stable"), "{badge}");
}

#[test]
fn the_table_has_a_row_per_column_and_says_why_one_was_not_tested() {
    let report = Arc::new(ReportSummary::of(&fixture::report()));
    let table =
        html(|| view! { <ColumnTable report=report.clone() order=order(&report) query=ReportQuery::default()/> });
    assert_eq!(table.matches("<tr class=\"column-table__row ").count(), 6, "{table}");
    assert!(table.contains("the current data lack this column"), "{table}");
    assert!(table.contains("one and the same value on both sides"), "{table}");
    assert!(table.contains("by missing values"), "{table}");
    assert!(table.contains("aria-sort=\"descending\""), "{table}");
    assert!(table.contains("<caption class=\"visually-hidden\">Columns</caption>"), "{table}");
    // The content security policy forbids them.
    assert!(!table.contains("style=\""), "{table}");
}

#[test]
fn the_prediction_is_in_the_other_table() {
    let report = Arc::new(ReportSummary::of(&fixture::report()));
    let data =
        html(|| view! { <ColumnTable report=report.clone() order=order(&report) query=ReportQuery::default()/> });
    let predictions = html(
        || view! { <ColumnTable report=report.clone() predictions=true order=order(&report) query=ReportQuery::default()/> },
    );
    assert!(!data.contains(">score<") && predictions.contains(">score<"));
    assert_eq!(predictions.matches("<tr class=\"column-table__row ").count(), 1);
}

#[test]
fn a_filter_that_nothing_passes_says_so_and_offers_a_way_back() {
    let report = Arc::new(ReportSummary::of(&fixture::report()));
    let query =
        ReportQuery { text: "no such column".to_owned(), judge: Some(Judge::Evidently), ..ReportQuery::default() };
    let nothing = Order { predictions: Vec::new(), data: Vec::new() };
    let table = html(|| view! { <ColumnTable report order=Memo::new(move |_| nothing.clone()) query/> });
    assert!(table.contains("No column fits the filter."), "{table}");
    assert!(table.contains("href=\"?judge=evidently\""), "{table}");
}

#[test]
fn an_empty_state_is_a_heading_and_words() {
    let state = html(|| view! { <EmptyState title="No comparison yet"><p>"Soon."</p></EmptyState> });
    assert!(state.contains("<h2 class=\"empty-state__title\">No comparison yet</h2>"), "{state}");
}

#[tokio::test]
async fn the_overview_tells_the_verdict_and_links_to_the_report() {
    let overview = page("/", false).await;
    assert!(overview.contains("card-fraud"), "{overview}");
    assert!(overview.contains(&fixture::report().sentence), "{overview}");
    assert!(overview.contains("href=\"/reports/first\""), "{overview}");
    assert!(overview.contains("ROC AUC"), "{overview}");
    assert!(overview.contains("Accuracy 0.93"), "how well it does is told: {overview}");
    assert!(overview.contains("since <time"), "since when it is so, is told: {overview}");
    assert_eq!(overview.matches("<h1").count(), 1);
}

#[tokio::test]
async fn of_several_models_each_has_a_line_and_the_worst_is_on_top() {
    let many = || fixture::Fixed { has_many: true, ..fixture::Fixed::default() };
    let overview = served("/models", many()).await;
    assert!(overview.contains("1 of 2 models is not fine"), "{overview}");
    let place = |href: &str| overview.find(href).unwrap_or_else(|| panic!("{href} is missing in {overview}"));
    assert!(place("href=\"/?model=card-fraud\"") < place("href=\"/?model=loans\""));
    assert_eq!(overview.matches("<h1").count(), 1);
    // A line leads to the model's own page, and that back.
    let one = served("/?model=loans", many()).await;
    assert!(one.contains("All models") && one.contains("href=\"/reports/first\""), "{one}");
    // Where none is named, the browser is led to all of them.
    assert!(served("/", many()).await.contains("href=\"/models\""));
    // Where there is one model, there is nothing to choose from.
    assert!(!page("/", false).await.contains("All models"));
}

#[tokio::test]
async fn before_the_first_comparison_the_overview_says_what_it_waits_for() {
    let overview = page("/", true).await;
    assert!(overview.contains("The first comparison needs 1,000 rows; 612 so far."), "{overview}");
    assert!(overview.contains("Waiting for the first window"), "{overview}");
    assert!(overview.contains("value=\"612\""), "{overview}");
}

#[tokio::test]
async fn without_a_reference_the_overview_waits_for_nothing_and_says_how_to_give_one() {
    let overview = served("/", fixture::Fixed { is_empty: true, is_bare: true, has_many: false }).await;
    assert!(overview.contains("the model came without a reference"), "{overview}");
    assert!(overview.contains("--reference held_out.csv"), "{overview}");
    assert!(!overview.contains("Waiting for") && !overview.contains("<progress"), "{overview}");
    assert!(!overview.contains("Compares every"), "{overview}");
}

#[tokio::test]
async fn a_share_of_positives_is_shown_where_there_is_one() {
    assert!(page("/", true).await.contains("Share of positives"));
    let overview = served("/", fixture::Fixed { is_empty: true, is_bare: true, has_many: false }).await;
    assert!(!overview.contains("Share of positives"), "{overview}");
}

#[tokio::test]
async fn a_report_with_an_open_column_shows_both_judges_and_both_sides() {
    let report = page("/reports/first?column=moved", false).await;
    assert_eq!(report.matches("<h1").count(), 1);
    assert!(report.contains("id=\"column\""), "the panel is open");
    assert!(report.contains("Evidently 0.7"), "{report}");
    assert!(report.contains("Smallest that matters"), "{report}");
    assert!(report.contains("<caption>In numbers</caption>"), "{report}");
    assert!(report.contains("tm-large"), "the large picture is there without a script");
    assert!(!report.contains("style=\""), "the content security policy forbids inline styles");
}

#[tokio::test]
async fn a_numerical_column_is_drawn_three_ways_with_its_largest_gap_marked() {
    let report = page("/reports/first?column=moved", false).await;
    assert_eq!(report.matches("class=\"tm-curves\"").count(), 2);
    // 120 of 600 places to the right: a fifth of the values lies between any number and its image.
    assert!(report.contains("largest gap 20.0 points"), "{report}");
    assert_eq!(report.matches("class=\"tm-point\"").count(), 19);
    let steady = page("/reports/first?column=steady", false).await;
    assert!(steady.contains("no difference") && !steady.contains("tm-gap"), "{steady}");
}

#[tokio::test]
async fn categories_are_a_table_with_bars_that_marks_what_is_new_and_what_has_vanished() {
    let report = page("/reports/first?column=kind", false).await;
    let row = |name: &str| {
        let start = report.find(&format!("class=\"share-table__name\">{name}")).expect("the category has a row");
        report[start..].split("</tr>").next().expect("the row ends").to_owned()
    };
    assert!(row("voucher").contains(">new<") && row("voucher").contains("+33.3 pp"), "{}", row("voucher"));
    assert!(row("card").contains(">vanished<"), "{}", row("card"));
    assert!(!row("cash").contains("share-table__mark"), "{}", row("cash"));
}

#[tokio::test]
async fn missing_values_have_a_bar_where_there_are_any() {
    let gaps = page("/reports/first?column=gaps", false).await;
    assert!(gaps.contains("<caption>Missing values</caption>") && gaps.contains("+25.0 pp"), "{gaps}");
    assert!(!page("/reports/first?column=steady", false).await.contains("<caption>Missing values</caption>"));
}

#[tokio::test]
async fn the_address_chooses_judge_filter_and_order() {
    let report = page("/reports/first?judge=evidently&verdict=stable&sort=name", false).await;
    assert!(report.contains("By the rules of Evidently 0.7"), "{report}");
    assert!(report.contains("aria-sort=\"ascending\""), "{report}");
    assert!(report.contains(">steady<") && !report.contains(">moved<"), "only what is stable is listed");
}

#[tokio::test]
async fn a_report_that_is_not_there_says_so() {
    let report = page("/reports/second", false).await;
    assert!(report.contains("There is no report"), "{report}");
    assert!(report.contains("href=\"/reports\""), "{report}");
}

#[tokio::test]
async fn an_address_without_a_page_leads_back() {
    let missing = page("/nowhere", false).await;
    assert!(missing.contains("There is no such page"), "{missing}");
}

#[tokio::test]
async fn without_javascript_compare_names_the_command_line() {
    let compare = page("/compare", false).await;
    assert!(
        compare.contains("<noscript>") && compare.contains("tidemark report reference.csv current.csv"),
        "{compare}"
    );
    assert!(compare.contains("Nothing is uploaded"), "{compare}");
}

#[tokio::test]
async fn two_windows_are_compared_and_links_within_the_report_keep_them() {
    let shown = page("/windows?reference=1-200&current=401-600", false).await;
    assert!(shown.contains("value=\"1-200\"") && shown.contains("value=\"401-600\""), "{shown}");
    assert!(shown.contains("Computed for this page; nothing is stored"), "{shown}");
    assert!(shown.contains("?reference=1-200&amp;current=401-600&amp;column=moved#column"), "{shown}");
    let empty = page("/windows", true).await;
    assert!(empty.contains("There is nothing to compare yet"), "{empty}");
}

#[tokio::test]
async fn columns_with_a_problem_come_first_on_the_page_of_data_quality() {
    let shown = page("/quality", false).await;
    let place = |text: &str| shown.find(text).unwrap_or_else(|| panic!("{text} in {shown}"));
    assert!(place("More missing values") < place(">steady<"), "{shown}");
    assert!(place("New categories") < place(">steady<"), "{shown}");
    assert!(shown.contains("25.0%") && shown.contains("1,204"), "{shown}");
    assert!(shown.contains("/reports/first?column=gaps#column"), "{shown}");
    let empty = page("/quality", true).await;
    assert!(empty.contains("No window has been compared yet"), "{empty}");
}

#[tokio::test]
async fn any_two_reports_can_be_chosen() {
    let shown = page("/change?id=first&earlier=first", false).await;
    assert!(shown.contains("What changed"), "{shown}");
}
