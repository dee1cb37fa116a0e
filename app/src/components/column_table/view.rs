//! What the table of columns says, worked out without a page: which rows, in which order, with which words.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

use tidemark::judge::{Direction, Effect, EffectKind, Judge, Verdict};
use tidemark::render::{format, text};
use tidemark::report::{ColumnReport, DriftReport};
use tidemark::schema::ColumnRole;
use tidemark::stattest::{Score, Tested};

use crate::components::effect_ruler::relative_size;
use crate::report_query::{ReportQuery, Sort};
use crate::report_summary::{ColumnSummary, ReportSummary};

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Position in the report, for element ids.
    pub index: u32,
    /// The column's name.
    pub name: String,
    /// Type, and role where it is not a plain feature.
    pub kind: String,
    /// The leading judge's verdict.
    pub verdict: Verdict,
    /// What led to it.
    pub finding: Finding,
    /// How large the change is.
    pub effect: Option<Effect>,
    /// Which way the values went.
    pub direction: Option<Direction>,
    /// Whether a change of the missing values, not of the values, is the more pressing one.
    pub by_missing: bool,
    /// Missing values on both sides.
    pub missing: Missing,
    /// What the judge that does not lead says.
    pub other_verdict: Verdict,
    /// Why the two differ, where they do.
    pub why_they_differ: Option<String>,
    /// Opens the column's panel.
    pub href: String,
    /// Whether the panel is this column's.
    pub is_open: bool,
}

/// A test and its numbers, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finding {
    /// There was a test.
    Tested {
        /// Its name.
        test: String,
        /// `p = 0.043`, `distance 0.192`.
        score: String,
        /// What the score is held against: `threshold 0.05`.
        threshold: String,
    },
    /// There was none.
    NotTested(String),
}

/// Missing values of both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// Share in the reference, 0 to 1.
    pub reference: f64,
    /// Share in the current data, 0 to 1.
    pub current: f64,
}

impl Missing {
    /// The shares of a column.
    pub fn of(column: &ColumnReport) -> Self {
        let share = |missing: u64, rows: u64| if rows == 0 { 0.0 } else { missing as f64 / rows as f64 };
        Self {
            reference: share(column.reference.missing, column.reference.rows),
            current: share(column.current.missing, column.current.rows),
        }
    }

    /// Current minus reference.
    pub fn change(&self) -> f64 {
        self.current - self.reference
    }
}

/// Rows on a page: a browser lays out no more of them while a frame lasts.
pub const ROWS_PER_PAGE: usize = 40;

/// What is shown of a table at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its rows.
    pub rows: Vec<Row>,
    /// Rows before them.
    pub n_before: usize,
    /// Rows on all pages.
    pub n_rows: usize,
}

impl Page {
    /// Which page it is, from 1.
    pub fn number(&self) -> usize {
        self.n_before / ROWS_PER_PAGE + 1
    }

    /// How many pages there are.
    pub fn n_pages(&self) -> usize {
        self.n_rows.div_ceil(ROWS_PER_PAGE)
    }

    /// Which rows they are: `41 to 80 of 10,000`.
    pub fn words(&self) -> String {
        let last = self.n_before + self.rows.len();
        let [first, last, all] = [self.n_before + 1, last, self.n_rows].map(|n| format::count(n as u64));
        format!("{first} to {last} of {all}")
    }
}

/// The rows of both tables, on all of their pages: their places in the report, in the order that the reader asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Of the model's outputs.
    pub predictions: Vec<usize>,
    /// Of the data.
    pub data: Vec<usize>,
}

impl Order {
    /// That of a report.
    pub fn of(report: &ReportSummary, query: &ReportQuery) -> Self {
        Self { predictions: order(report, true, query), data: order(report, false, query) }
    }
}

/// A page of a table with the rows of `order`.
pub fn page(report: &ReportSummary, order: &[usize], query: &ReportQuery) -> Page {
    let is_open = |index: &usize| query.column.as_deref() == Some(report.columns[*index].name.as_str());
    let asked = match query.page {
        Some(number) => number - 1,
        None => order.iter().position(is_open).unwrap_or_default() / ROWS_PER_PAGE,
    };
    let last = order.len().div_ceil(ROWS_PER_PAGE).saturating_sub(1);
    let n_before = asked.min(last) * ROWS_PER_PAGE;
    let shown = order.iter().skip(n_before).take(ROWS_PER_PAGE);
    Page { rows: shown.map(|index| row(report, *index, query)).collect(), n_before, n_rows: order.len() }
}

fn order(report: &ReportSummary, predictions: bool, query: &ReportQuery) -> Vec<usize> {
    let judge = report.place(query.judge.unwrap_or(report.judge));
    let text = query.text.trim().to_lowercase();
    let mut columns: Vec<Place> = (report.columns.iter().enumerate())
        .filter(|(_, column)| column.is_prediction == predictions)
        // There are one or two predictions: they stay in sight, whatever is searched for.
        .filter(|(_, column)| predictions || passes(column, judge, query.verdict, &text))
        .map(|(index, column)| Place::of(index, column, judge, query.sort))
        .collect();
    // Stable: what is equal stays in schema order, and so it does when the order is turned round.
    columns.sort_by(|a, b| if query.reversed { b.compare(a) } else { a.compare(b) });
    columns.into_iter().map(|place| place.index).collect()
}

/// How many data columns there are of each verdict, whatever the filter: all, then in the order of [`Verdict::ALL`].
pub fn counts(report: &ReportSummary, judge: Judge) -> (u64, [u64; Verdict::ALL.len()]) {
    let judge = report.place(judge);
    let mut counts = [0; Verdict::ALL.len()];
    for column in report.columns.iter().filter(|column| !column.is_prediction) {
        counts[urgency(column.judged[judge].verdict)] += 1;
    }
    (counts.iter().sum(), counts)
}

fn passes(column: &ColumnSummary, judge: usize, verdict: Option<Verdict>, text: &str) -> bool {
    verdict.is_none_or(|verdict| column.judged[judge].verdict == verdict)
        && (text.is_empty() || column.name.to_lowercase().contains(text))
}

/// What a column is sorted by, worked out once. A table may have thousands of rows.
struct Place<'a> {
    index: usize,
    rank: usize,
    size: f64,
    name: &'a str,
}

impl<'a> Place<'a> {
    fn of(index: usize, column: &'a ColumnSummary, judge: usize, sort: Sort) -> Self {
        let by = &column.judged[judge];
        let (rank, size, name) = match sort {
            Sort::Urgency => (urgency(by.verdict), effect_size(column), ""),
            Sort::Name => (0, 0.0, column.name.as_str()),
            // What was not tested comes last.
            Sort::Score => (0, by.evidence.unwrap_or(f64::NEG_INFINITY), ""),
            Sort::Effect => (0, effect_size(column), ""),
            Sort::Missing => (0, column.missing.change().abs(), ""),
        };
        Self { index, rank, size, name }
    }

    /// The smallest rank first, then the largest size, then by name.
    fn compare(&self, other: &Self) -> Ordering {
        (self.rank.cmp(&other.rank)).then(other.size.total_cmp(&self.size)).then(self.name.cmp(other.name))
    }
}

fn urgency(verdict: Verdict) -> usize {
    Verdict::ALL.iter().position(|known| *known == verdict).expect("`ALL` holds every verdict")
}

/// Size of the change in multiples of the smallest that matters; untested columns come last.
fn effect_size(column: &ColumnSummary) -> f64 {
    column.effect.as_ref().map_or(-1.0, relative_size)
}

/// How far a score lies beyond its threshold, alike for p-values (small speaks for drift) and distances (large does). `None` where
/// nothing was tested.
pub fn evidence(column: &ColumnReport, judge: Judge) -> Option<f64> {
    match judge {
        Judge::Calibrated => column.calibrated.leading().ok().map(|test| -test.p_adjusted),
        Judge::Evidently => column.evidently.outcome().map(|outcome| match outcome.score {
            Score::PValue(p) => outcome.threshold / p.max(f64::MIN_POSITIVE),
            Score::Distance(distance) => distance / outcome.threshold,
        }),
        Judge::Nannyml => {
            let tested = column.nannyml.as_ref().filter(|found| found.drift.outcome().is_some());
            tested.map(|found| found.n_alerting() as f64)
        }
    }
}

fn row(report: &ReportSummary, index: usize, query: &ReportQuery) -> Row {
    let column = &report.columns[index];
    let judge = report.place(query.judge.unwrap_or(report.judge));
    let other = match report.headlines[judge].0 {
        Judge::Calibrated => Judge::Evidently,
        Judge::Evidently | Judge::Nannyml => Judge::Calibrated,
    };
    let judged = &column.judged[judge];
    let opened = query.with_column(Some(&column.name));
    // The page is that of the data.
    let opened = if column.is_prediction { ReportQuery { page: query.page, ..opened } } else { opened };
    Row {
        index: u32::try_from(index).unwrap_or(u32::MAX),
        name: column.name.clone(),
        kind: column.kind.clone(),
        verdict: judged.verdict,
        finding: judged.finding.clone(),
        effect: column.effect.clone(),
        direction: column.direction,
        by_missing: report.headlines[judge].0 == Judge::Calibrated && column.by_missing,
        missing: column.missing.clone(),
        other_verdict: column.judged[report.place(other)].verdict,
        why_they_differ: column.why_they_differ.clone(),
        href: format!("{}#column", opened.href()),
        is_open: query.column.as_deref() == Some(column.name.as_str()),
    }
}

/// Type, role where it is not a plain feature, and importance where a model is known: `categorical, target`.
pub fn kind(column: &ColumnReport) -> String {
    let role = match column.role {
        ColumnRole::Feature => "",
        ColumnRole::Target => ", target",
        ColumnRole::Prediction => ", prediction",
        ColumnRole::Ignored => ", ignored",
    };
    let importance = column.importance.map(|share| format!(", importance {}", format::share(share)));
    format!("{}{role}{}", column.column_type, importance.unwrap_or_default())
}

/// Whether the verdict on the missing values is the one that presses.
pub fn is_by_missing(column: &ColumnReport) -> bool {
    let calibrated = &column.calibrated;
    calibrated.missing.outcome().is_some_and(|missing| {
        missing.verdict == calibrated.verdict
            && calibrated.leading().ok().is_none_or(|values| values.verdict != calibrated.verdict)
            && matches!(missing.verdict, Verdict::Drifted | Verdict::Minor)
    })
}

/// The test that led to a judge's verdict, or why there is none.
pub fn finding(report: &DriftReport, column: &ColumnReport, judge: Judge) -> Finding {
    match judge {
        Judge::Calibrated => match column.calibrated.leading() {
            Ok(test) => Finding::Tested {
                test: test.test.clone(),
                score: match test.log10_p_adjusted {
                    Some(log10_p) => format!("p = {}", format::far_p_value(test.p_adjusted, Some(log10_p))),
                    None => format::score(&Score::PValue(test.p_adjusted)),
                },
                threshold: format!("threshold {}", format::number(report.settings.calibrated.q)),
            },
            Err(reason) => Finding::NotTested(reason.to_string()),
        },
        Judge::Evidently => match &column.evidently {
            Tested::Tested(outcome) => Finding::Tested {
                test: outcome.method.display_name().to_owned(),
                score: format::score(&outcome.score),
                threshold: format!("threshold {}", format::number(outcome.threshold)),
            },
            Tested::NotTested(reason) => Finding::NotTested(reason.to_string()),
        },
        Judge::Nannyml => match &column.nannyml {
            Some(found) => match &found.drift {
                Tested::Tested(methods) => Finding::Tested {
                    test: methods.iter().map(|method| method.measure.display_name()).collect::<Vec<_>>().join(", "),
                    score: text::alerting_chunks(report, found),
                    threshold: "one alerting chunk is enough".to_owned(),
                },
                Tested::NotTested(reason) => Finding::NotTested(reason.to_string()),
            },
            None => Finding::NotTested("this judge was not asked".to_owned()),
        },
    }
}

/// Which way a change goes, in words.
pub const fn direction_words(direction: Direction, kind: EffectKind) -> &'static str {
    let rate = matches!(kind, EffectKind::RateRatio | EffectKind::ShareDifference);
    match direction {
        Direction::Up if rate => "more frequent now",
        Direction::Down if rate => "rarer now",
        Direction::Up => "larger now",
        Direction::Down => "smaller now",
        Direction::Both => "other shape, not other size",
    }
}

/// An effect in words: `0.231`, `2.4 times`, `+3.1 points`.
pub fn effect_value(effect: &Effect) -> String {
    one(effect, effect.value)
}

/// The 95% interval in words: `0.21 to 0.25`.
pub fn effect_interval(effect: &Effect) -> String {
    match effect.high {
        Some(high) => format!("{} to {}", one(effect, effect.low), one(effect, high)),
        None => format!("{} or more", one(effect, effect.low)),
    }
}

/// One number of an effect in words.
pub fn one(effect: &Effect, value: f64) -> String {
    match effect.kind {
        EffectKind::LargestGap | EffectKind::TotalVariation => format!("{value:.3}"),
        EffectKind::RateRatio => format!("{}×", format::number(value)),
        EffectKind::ShareDifference => points(value),
    }
}

/// A difference of shares in percentage points: `+3.1 pp`.
pub fn points(difference: f64) -> String {
    let points = 100.0 * difference;
    let size = points.abs();
    let text = match size {
        0.0 => "0".to_owned(),
        tiny if tiny < 0.01 => "< 0.01".to_owned(),
        small if small < 1.0 => format!("{small:.2}"),
        _ => format!("{size:.1}"),
    };
    let sign = if points == 0.0 {
        ""
    } else if points < 0.0 {
        "\u{2212}"
    } else {
        "+"
    };
    format!("{sign}{text} pp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_keep_their_sign_and_as_many_digits_as_they_need() {
        assert_eq!(points(0.031), "+3.1 pp");
        assert_eq!(points(-0.004_2), "\u{2212}0.42 pp");
        assert_eq!(points(0.000_01), "+< 0.01 pp");
        assert_eq!(points(0.0), "0 pp");
    }
}
