//! The table of columns as data: order, filter, counts.

use crate::fixture;
use tidemark::judge::{Judge, Verdict};
use tidemark_app::components::column_table::view::{Finding, Order, Page, Row, counts, page};
use tidemark_app::report_query::{ReportQuery, Sort};
use tidemark_app::report_summary::{ColumnSummary, ReportSummary};

fn summary() -> ReportSummary {
    ReportSummary::of(&fixture::report())
}

fn shown(summary: &ReportSummary, predictions: bool, query: &ReportQuery) -> Page {
    let order = Order::of(summary, query);
    page(summary, if predictions { &order.predictions } else { &order.data }, query)
}

fn rows(summary: &ReportSummary, predictions: bool, query: &ReportQuery) -> Vec<Row> {
    shown(summary, predictions, query).rows
}

fn names(query: &ReportQuery) -> Vec<String> {
    rows(&summary(), false, query).into_iter().map(|row| row.name).collect()
}

#[test]
fn the_most_pressing_verdict_comes_first_and_the_untested_last() {
    let query = ReportQuery::default();
    let verdicts: Vec<Verdict> = rows(&summary(), false, &query).into_iter().map(|row| row.verdict).collect();
    assert!(verdicts.is_sorted(), "{verdicts:?}");
    assert_eq!((verdicts.first(), verdicts.last()), (Some(&Verdict::Drifted), Some(&Verdict::NotTested)));
    let reversed = ReportQuery { reversed: true, ..query };
    assert_eq!(rows(&summary(), false, &reversed)[0].verdict, Verdict::NotTested);
}

#[test]
fn names_sort_both_ways() {
    let query = ReportQuery { sort: Sort::Name, ..ReportQuery::default() };
    assert_eq!(names(&query), ["flat", "gaps", "gone", "kind", "moved", "steady"]);
    let reversed = ReportQuery { reversed: true, ..query };
    assert_eq!(names(&reversed), ["steady", "moved", "kind", "gone", "gaps", "flat"]);
}

#[test]
fn the_text_filter_ignores_case_and_outer_spaces() {
    assert_eq!(names(&ReportQuery { text: " GA".to_owned(), ..ReportQuery::default() }), ["gaps"]);
}

#[test]
fn missing_values_sort_by_how_much_they_changed() {
    let query = ReportQuery { sort: Sort::Missing, ..ReportQuery::default() };
    let first = rows(&summary(), false, &query).remove(0);
    assert_eq!(first.name, "gaps");
    assert!((first.missing.change() - 0.25).abs() < 1e-12, "{}", first.missing.change());
    assert!(first.by_missing);
}

#[test]
fn the_verdict_filter_follows_the_judge_and_agrees_with_the_counts() {
    let report = summary();
    for judge in [Judge::Calibrated, Judge::Evidently] {
        let (all, by_verdict) = counts(&report, judge);
        assert_eq!(all, 6);
        for (verdict, count) in Verdict::ALL.into_iter().zip(by_verdict) {
            let query = ReportQuery { verdict: Some(verdict), judge: Some(judge), ..ReportQuery::default() };
            let rows = rows(&report, false, &query);
            assert_eq!(rows.len() as u64, count, "{judge} {verdict:?}");
            assert!(rows.iter().all(|row| row.verdict == verdict));
        }
    }
}

#[test]
fn a_search_never_hides_the_prediction() {
    let query = ReportQuery { text: "no such column".to_owned(), ..ReportQuery::default() };
    assert_eq!(rows(&summary(), true, &query).len(), 1);
    assert!(rows(&summary(), false, &query).is_empty());
}

#[test]
fn a_row_opens_its_column_and_keeps_the_rest_of_the_address() {
    let query = ReportQuery { sort: Sort::Name, ..ReportQuery::default() };
    let row = rows(&summary(), false, &query).remove(4);
    assert_eq!(row.href, "?sort=name&column=moved#column");
    assert!(!row.is_open);
    let open = query.with_column(Some("moved"));
    assert!(rows(&summary(), false, &open)[4].is_open);
}

#[test]
fn a_column_that_is_gone_says_so_instead_of_showing_a_number() {
    let query = ReportQuery { text: "gone".to_owned(), ..ReportQuery::default() };
    let row = rows(&summary(), false, &query).remove(0);
    assert_eq!(row.finding, Finding::NotTested("the current data lack this column".to_owned()));
    assert_eq!(row.effect, None);
}

#[test]
fn a_long_table_has_pages_and_shows_the_one_of_the_open_column_if_none_is_named() {
    let mut summary = summary();
    let column = summary.columns.iter().find(|column| !column.is_prediction).unwrap().clone();
    summary.columns = (0..90).map(|n| ColumnSummary { name: format!("c{n:02}"), ..column.clone() }).collect();
    let words = |query: &ReportQuery| shown(&summary, false, query).words();
    let query = ReportQuery { sort: Sort::Name, ..ReportQuery::default() };
    assert_eq!(words(&query), "1 to 40 of 90");
    assert_eq!(words(&query.with_page(3)), "81 to 90 of 90");
    assert_eq!(words(&query.with_page(usize::MAX)), "81 to 90 of 90", "there are no more");
    let open = query.with_page(3).with_column(Some("c41"));
    assert_eq!(words(&open), "41 to 80 of 90");
    assert!(shown(&summary, false, &open).rows[1].is_open);
    assert_eq!(words(&open.with_page(1)), "1 to 40 of 90");
    assert_eq!(shown(&summary, false, &query.with_text("c1".to_owned())).n_pages(), 1);
}
