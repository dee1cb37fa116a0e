//! How a model stands among others: its data and its performance in one verdict and one sentence of plain English. Worked out on the server.

use tidemark::judge::Verdict;
use tidemark::render::format;

use super::{Drift, ModelLine, Models, Since, Told};
use crate::components::drift_strip::BARS;
use crate::monitor::{ModelCard, SnapshotHead, Traffic};
use crate::performance::Performance;
use crate::performance::brief::{Brief, brief};

/// What is known of a model.
#[derive(Debug)]
pub struct Known {
    /// What it is.
    pub model: ModelCard,
    /// What it was asked lately.
    pub traffic: Traffic,
    /// Its stored comparisons, oldest first.
    pub history: Vec<SnapshotHead>,
    /// How well it does.
    pub performance: Performance,
    /// Alerts that go on.
    pub n_alerts: u64,
    /// Rows that the first comparison needs.
    pub min_window_rows: u64,
}

impl ModelLine {
    /// The line of a model.
    pub fn of(known: Known) -> Self {
        let performance = brief(&known.performance);
        let latest = known.history.last();
        let drift = latest.map(|head| head.verdict().0);
        let (verdict, label) = together(drift, performance.verdict, known.model.n_reference > 0);
        let n_drawn = known.history.len().saturating_sub(BARS);
        let history = known.history[n_drawn..].iter().map(|head| (head.share_drifted, head.verdict().0)).collect();
        let is_by_performance = drift != Some(verdict) || performance.verdict == Verdict::Drifted;
        Self {
            sentence: sentence(&known, &performance),
            since: if is_by_performance && verdict == performance.verdict {
                performance.since
            } else {
                since(&known.history)
            },
            verdict,
            label: label.to_owned(),
            drift: Drift {
                words: latest.map_or_else(
                    || "–".to_owned(),
                    |head| format!("{} of {}", format::count(head.n_drifted), format::plural(head.n_columns, "column")),
                ),
                report: latest.map(|head| head.id.clone()),
                history,
            },
            performance: performance.into(),
            name: known.model.name,
            kind: known.model.kind,
            traffic: known.traffic,
            n_alerts: known.n_alerts,
        }
    }
}

impl From<Brief> for Told {
    fn from(Brief { verdict, label, figure, .. }: Brief) -> Self {
        Self { verdict, label: label.to_owned(), figure }
    }
}

impl Models {
    /// All models, in order and summed up.
    pub fn of(mut lines: Vec<ModelLine>) -> Self {
        // Of two that are equally pressing, the one that does worse goes before the one whose data moved.
        lines.sort_by_cached_key(|line| (urgency(line.verdict), urgency(line.performance.verdict), line.name.clone()));
        let n = lines.len() as u64;
        let count = |verdict: Verdict| lines.iter().filter(|line| line.verdict == verdict).count() as u64;
        let of_all = |found: u64, one: &str, more: &str| {
            format!(
                "{} of {} {}",
                format::count(found),
                format::plural(n, "model"),
                if found == 1 { one } else { more }
            )
        };
        let n_fine = count(Verdict::Stable);
        let (verdict, label) = match (count(Verdict::Drifted), count(Verdict::Minor)) {
            _ if n == 1 => (lines[0].verdict, lines[0].label.clone()),
            (0, 0) if n_fine == n => (Verdict::Stable, format!("All {} are fine", format::plural(n, "model"))),
            (0, 0) if n_fine > 0 => (Verdict::Stable, of_all(n_fine, "is fine", "are fine")),
            (0, 0) => (Verdict::NotEnoughData, "Nothing can be said yet".to_owned()),
            (0, minor) => (Verdict::Minor, of_all(minor, "is worth a look", "are worth a look")),
            (bad, _) => (Verdict::Drifted, of_all(bad, "is not fine", "are not fine")),
        };
        let of_line = |line: &ModelLine| format!("{}: {}", line.name, line.sentence);
        let sentence = match verdict {
            Verdict::Stable if n_fine == n && n > 1 => {
                "Nothing that matters drifted, and none does worse than it should.".to_owned()
            }
            _ => lines.first().map(of_line).unwrap_or_default(),
        };
        Self { verdict, label, sentence, lines }
    }
}

/// Most pressing first.
fn urgency(verdict: Verdict) -> usize {
    Verdict::ALL.iter().position(|known| *known == verdict).unwrap_or(usize::MAX)
}

/// One verdict of two. What is known to be bad goes before what is not known, and how a model does before what it is asked.
const fn together(drift: Option<Verdict>, performance: Verdict, has_reference: bool) -> (Verdict, &'static str) {
    match (performance, drift) {
        (Verdict::Drifted, _) => (Verdict::Drifted, "Does worse"),
        (_, Some(Verdict::Drifted)) => (Verdict::Drifted, "Drifted"),
        (Verdict::Minor, _) => (Verdict::Minor, "Perhaps worse"),
        (_, Some(Verdict::Minor)) => (Verdict::Minor, "Some drift"),
        (Verdict::Stable, _) => (Verdict::Stable, "Fine"),
        (_, Some(_)) => (Verdict::Stable, "No drift"),
        (_, None) if has_reference => (Verdict::NotEnoughData, "Not enough data yet"),
        (_, None) => (Verdict::NotTested, "No reference"),
    }
}

/// Since when comparisons have come to the verdict of the latest.
pub fn since(history: &[SnapshotHead]) -> Option<Since> {
    let latest = history.last()?.verdict().0;
    let spell = history.iter().rev().take_while(|head| head.verdict().0 == latest);
    let (n, first) = spell.enumerate().last()?;
    Some(Since { at: first.created, is_open: n + 1 == history.len() })
}

fn sentence(known: &Known, performance: &Brief) -> String {
    let drift = match known.history.last() {
        Some(head) => found(head),
        None if known.model.n_reference == 0 => "there is no reference to compare with".to_owned(),
        None => format!(
            "the first comparison needs {}, of which {} came",
            format::plural(known.min_window_rows, "row"),
            format::count(known.traffic.total)
        ),
    };
    let drifted = known.history.last().is_some_and(|head| head.verdict().0 != Verdict::Stable);
    let text = match (&performance.words, performance.verdict) {
        (None, _) if known.history.is_empty() => drift,
        (None, _) => format!("{drift}; how well the model does is not known yet"),
        (Some(words), Verdict::Stable) if drifted => format!("{words}, but {drift}"),
        (Some(words), Verdict::Stable) => format!("{words}, and {drift}"),
        (Some(words), _) => format!("{words}; {drift}"),
    };
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// What a comparison found.
fn found(head: &SnapshotHead) -> String {
    let of = format!("of {}", format::plural(head.n_columns, "column"));
    let n = format::count(head.n_drifted);
    match (head.n_drifted, head.predictions_drifted == Some(true), head.data_drifted) {
        (0, true, _) => format!("the predictions drifted, though none {of} did"),
        (0, false, _) => format!("none {of} drifted"),
        (_, true, _) => format!("{n} {of} drifted, and so did the predictions"),
        (_, false, true) => format!("{n} {of} drifted"),
        (_, false, false) => format!("{n} {of} drifted, too few to count"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Window;

    fn head(nth: i64, n_drifted: u64) -> SnapshotHead {
        SnapshotHead {
            id: nth.to_string(),
            created: 1_000 * nth,
            window: Window { first: 1, end: 11, from: 0, to: 0 },
            share_drifted: n_drifted as f64 / 30.0,
            n_drifted,
            n_columns: 30,
            data_drifted: n_drifted > 3,
            predictions_drifted: None,
            sentence: String::new(),
        }
    }

    /// A model with these comparisons, and of each window what its accuracy is estimated at.
    fn known(name: &str, drifted: &[u64], estimates: &[f64]) -> Known {
        let performance = crate::performance::brief::tests::performance(estimates);
        Known {
            model: ModelCard {
                name: name.to_owned(),
                version: String::new(),
                kind: "forest".to_owned(),
                target: "Class".to_owned(),
                n_features: 30,
                n_reference: 1000,
                metrics: Vec::new(),
            },
            traffic: Traffic {
                total: 612,
                per_second: 0.0,
                last_minute: Vec::new(),
                share_positive: None,
                latest: None,
            },
            history: drifted.iter().enumerate().map(|(nth, n)| head(nth as i64, *n)).collect(),
            performance,
            n_alerts: 0,
            min_window_rows: 1000,
        }
    }

    fn told(drifted: &[u64], estimates: &[f64]) -> (Verdict, String, String) {
        let line = ModelLine::of(known("m", drifted, estimates));
        (line.verdict, line.label, line.sentence)
    }

    #[test]
    fn a_sentence_says_how_well_it_does_and_what_drifted() {
        let of = |verdict, label: &str, sentence: &str| (verdict, label.to_owned(), sentence.to_owned());
        assert_eq!(
            told(&[0], &[0.9]),
            of(Verdict::Stable, "Fine", "Accuracy is estimated at 0.9, which is fine, and none of 30 columns drifted.")
        );
        assert_eq!(
            told(&[0, 8], &[0.9]),
            of(
                Verdict::Drifted,
                "Drifted",
                "Accuracy is estimated at 0.9, which is fine, but 8 of 30 columns drifted."
            )
        );
        assert_eq!(
            told(&[1], &[0.9, 0.7, 0.7]),
            of(
                Verdict::Drifted,
                "Does worse",
                "Accuracy is estimated at 0.7, where below 0.8 counts as worse; 1 of 30 columns drifted, too few to count."
            )
        );
        assert_eq!(
            told(&[1], &[]),
            of(
                Verdict::Minor,
                "Some drift",
                "1 of 30 columns drifted, too few to count; how well the model does is not known yet."
            )
        );
        assert_eq!(
            told(&[], &[]),
            of(
                Verdict::NotEnoughData,
                "Not enough data yet",
                "The first comparison needs 1,000 rows, of which 612 came."
            )
        );
    }

    #[test]
    fn it_is_so_since_the_first_comparison_that_found_the_same() {
        let since = |drifted: &[u64], estimates: &[f64]| ModelLine::of(known("m", drifted, estimates)).since;
        assert_eq!(since(&[0, 8, 0, 8, 9], &[0.9]), Some(Since { at: 3_000, is_open: false }));
        assert_eq!(since(&[8, 8], &[0.9]), Some(Since { at: 0, is_open: true }));
        assert_eq!(since(&[], &[]), None);
        // Of a model that does worse, since it does.
        assert_eq!(since(&[8, 8], &[0.9, 0.7, 0.7]), Some(Since { at: 60_000, is_open: false }));
    }

    #[test]
    fn the_worst_is_on_top_and_in_the_summary() {
        let lines = |models: &[(&str, &[u64])]| {
            Models::of(models.iter().map(|(name, drifted)| ModelLine::of(known(name, drifted, &[0.9]))).collect())
        };
        let models = lines(&[("a", &[0]), ("b", &[9]), ("c", &[1])]);
        let names: Vec<_> = models.lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["b", "c", "a"]);
        assert_eq!((models.verdict, models.label.as_str()), (Verdict::Drifted, "1 of 3 models is not fine"));
        assert!(models.sentence.starts_with("b: Accuracy"), "{}", models.sentence);
        let equally = Models::of([known("a", &[9], &[0.9]), known("b", &[0], &[0.7, 0.7])].map(ModelLine::of).into());
        assert_eq!(equally.lines[0].name, "b", "one that does worse goes before one whose data moved");
        let fine = lines(&[("b", &[0]), ("a", &[0])]);
        assert_eq!((fine.verdict, fine.label.as_str()), (Verdict::Stable, "All 2 models are fine"));
        assert_eq!(fine.lines[0].name, "a");
        let one = lines(&[("a", &[0])]);
        assert_eq!((one.label.as_str(), one.sentence.starts_with("a: Accuracy")), ("Fine", true));
        let new = lines(&[("a", &[0]), ("b", &[])]);
        assert_eq!(
            (new.verdict, new.label.as_str()),
            (Verdict::Stable, "All 2 models are fine"),
            "its estimate says so"
        );
    }
}
