//! The report in words.

use super::{ColumnReport, GroupVerdict};
use crate::judge::{EffectKind, EffectTest, Judge, Settings, Verdict};
use crate::multivariate::MultivariateReport;
use crate::render::format;
use crate::schema::ColumnRole;
use crate::stattest::{Method, TestOutcome, Tested};

/// The whole report in one or two sentences.
pub(super) fn whole(
    columns: &[ColumnReport],
    data: &GroupVerdict,
    predictions: Option<&GroupVerdict>,
    multivariate: Option<&MultivariateReport>,
    settings: &Settings,
) -> String {
    let together_drifted = multivariate.is_some_and(|multivariate| multivariate.drifted);
    let data = match predictions {
        // A report on predictions alone has nothing to say about data.
        Some(_) if data.n_columns == 0 => None,
        _ => Some(data_sentence(columns, data, together_drifted, settings)),
    };
    let multivariate = multivariate.map(|multivariate| multivariate.sentence.clone());
    let predictions = predictions.map(|predictions| match (predictions.drifted, predictions.n_tested) {
        (true, _) => "The model's predictions drifted.".to_owned(),
        (false, 0) => "The model's predictions could not be tested.".to_owned(),
        (false, _) => "The model's predictions did not drift.".to_owned(),
    });
    let parts = data.into_iter().chain(multivariate).chain(predictions).chain(dependence(columns, settings.judge));
    parts.collect::<Vec<_>>().join(" ")
}

/// In how many columns rows are like their neighbours; Evidently does not look.
fn dependence(columns: &[ColumnReport], judge: Judge) -> Option<String> {
    let is_dependent =
        |column: &&ColumnReport| column.calibrated.values.outcome().is_some_and(|test| test.effective.is_some());
    let n = columns.iter().filter(is_dependent).count() as u64;
    (n > 0 && judge == Judge::Calibrated).then(|| {
        let (columns, verb) = (format::plural(n, "column"), if n == 1 { "counts" } else { "count" });
        format!(
            "In {columns} neighbouring rows are alike, so {} {verb} for fewer rows.",
            if n == 1 { "it" } else { "they" }
        )
    })
}

fn data_sentence(columns: &[ColumnReport], data: &GroupVerdict, together_drifted: bool, settings: &Settings) -> String {
    let verdict = |column: &ColumnReport| column.verdict(settings.judge);
    let features = || columns.iter().filter(|column| column.role != ColumnRole::Prediction);
    if data.n_columns == 0 {
        return "There is no column to compare.".to_owned();
    }
    if data.n_tested == 0 {
        return format!("None of the {} could be tested.", format::plural(data.n_columns, "column"));
    }
    let mut drifted: Vec<&ColumnReport> = features().filter(|column| verdict(column) == Verdict::Drifted).collect();
    if drifted.is_empty() {
        let open = features().filter(|column| verdict(column) == Verdict::NotEnoughData).count() as u64;
        return if open > 0 {
            format!(
                "No sign of drift, but {} too few rows to be sure about {}.",
                if data.n_columns == 1 { "there are" } else { "there are still" },
                format::plural(open, "column"),
            )
        } else {
            // Not well if the columns drifted together.
            let columns = format::plural(data.n_columns, "column");
            if together_drifted {
                format!("No drift in {columns}, each taken by itself.")
            } else {
                format!("All is well: no drift in {columns}.")
            }
        };
    }
    drifted.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    let names: Vec<&str> = drifted.iter().take(3).map(|column| column.name.as_str()).collect();
    let most = match names.as_slice() {
        [one] => format!(": {one}"),
        [first, second] => format!(": {first} and {second}"),
        [first, second, third] if drifted.len() == 3 => format!(": {first}, {second} and {third}"),
        [first, second, third] => format!(", most of all {first}, {second} and {third}"),
        _ => String::new(),
    };
    let whole = if data.drifted { "The data drifted" } else { "The data as a whole held, but drifted" };
    format!("{whole} in {} of {}{most}.", data.n_drifted, format::plural(data.n_columns, "column"))
}

/// What columns are ranked by: the larger of both effects, in units of their minimum.
fn rank(column: &ColumnReport) -> f64 {
    let tests = [column.calibrated.leading().ok(), column.calibrated.missing.outcome()];
    tests.into_iter().flatten().map(|test| test.effect.relative_size()).fold(0.0, f64::max)
}

/// Why the judges disagree about a column; `None` where they agree.
pub(super) fn why_they_differ(column: &ColumnReport) -> Option<String> {
    let Tested::Tested(evidently) = &column.evidently else { return None };
    if column.datetime.is_some() {
        let is_drifted = column.calibrated.verdict == Verdict::Drifted;
        return (evidently.drifted != is_drifted).then(|| OF_MOMENTS.to_owned());
    }
    match (evidently.drifted, column.calibrated.verdict) {
        (true, Verdict::Minor) => column.calibrated.values.outcome().map(|test| {
            let effect = &test.effect;
            let [value, minimum] = [effect.value, effect.minimum].map(format::number);
            format!("The change is real but small: its {} of {value} is below {minimum}.", effect.kind.label())
        }),
        (true, Verdict::Stable | Verdict::NotEnoughData) => {
            column.calibrated.values.outcome().map(|test| evidently_alone(evidently, test))
        }
        (false, Verdict::Drifted) => Some(calibrated_alone(column, evidently)),
        _ => None,
    }
}

/// Evidently leaves columns of moments out if it is told of them; read from a file they are strings to it.
const OF_MOMENTS: &str = "Evidently takes the moments for names of kinds, so that every new day is a new kind; judged here \
                          is how often and when rows come.";

fn evidently_alone(evidently: &TestOutcome, test: &EffectTest) -> String {
    let p = format::far_p_value(test.p_adjusted, test.log10_p_adjusted);
    if let Some(effective) = test.effective {
        return format!("Evidently takes rows for independent, but {effective}; with that counted, p = {p}.");
    }
    match evidently.method {
        Method::ChiSquare => format!(
            "Evidently's chi-square takes the reference as exact; with the chance in both samples counted, and all \
             columns, p = {p}."
        ),
        method if matches!(evidently.score, crate::stattest::Score::Distance(_)) => format!(
            "The {} passes its fixed threshold, but on {} chance alone can do that: p = {p}.",
            method.display_name(),
            format::plural(evidently.n_current.min(evidently.n_reference), "row"),
        ),
        _ => format!("Significant by itself, but not among this many tests: p = {p} after correction."),
    }
}

fn calibrated_alone(column: &ColumnReport, evidently: &TestOutcome) -> String {
    if let Tested::Tested(missing) = &column.calibrated.missing
        && missing.verdict == Verdict::Drifted
    {
        let share = |side: &super::SideSummary| format::share(side.missing as f64 / side.rows.max(1) as f64);
        return format!(
            "Evidently drops missing values before it looks; their share went from {} to {}.",
            share(&column.reference),
            share(&column.current),
        );
    }
    let Some(test) = column.calibrated.values.outcome() else { return String::new() };
    match (evidently.method, test.effect.kind) {
        (_, EffectKind::RateRatio) => format!(
            "A distance hardly moves when a rare value becomes more or less frequent; its {} all the same.",
            effect(test),
        ),
        (Method::Wasserstein, _) => format!(
            "The Wasserstein distance is divided by the reference's standard deviation, which its tail swells; the {}.",
            effect(test),
        ),
        (method, _) => {
            format!("The {} stays below its threshold, yet the {}.", method.display_name(), effect(test))
        }
    }
}

fn effect(test: &EffectTest) -> String {
    let value = format::number(test.effect.value);
    let category = test.category.as_ref().map_or_else(String::new, |category| format!(" of {category:?}"));
    format!("{}{category} is {value}", test.effect.kind.label())
}

#[cfg(test)]
mod tests {
    use crate::data::csv;
    use crate::judge::Settings;
    use crate::report::{Source, compare};
    use crate::schema::{ColumnRole, Schema, SchemaOverrides};
    use crate::stattest::{Current, Reference};

    fn sentence(role: ColumnRole, shift: u32) -> String {
        let rows =
            |shift: u32| (0..500).fold("x\n".to_owned(), |text, i| format!("{text}{}.5\n", i * 37 % 500 + shift));
        let data = |shift| csv::read(rows(shift).as_bytes()).unwrap();
        let (reference, current) = (data(0), data(shift));
        let overrides = SchemaOverrides { roles: [("x".to_owned(), role)].into(), ..SchemaOverrides::default() };
        let schema = Schema::infer(&reference, &overrides).unwrap();
        let source = |data| Source { label: "x", data, sha256: None };
        let settings = Settings::default();
        compare(Reference(source(&reference)), Current(source(&current)), &schema, &settings).sentence
    }

    #[test]
    fn a_report_speaks_of_what_it_compared() {
        assert_eq!(sentence(ColumnRole::Feature, 0), "All is well: no drift in 1 column.");
        assert_eq!(sentence(ColumnRole::Feature, 200), "The data drifted in 1 of 1 column: x.");
        assert_eq!(sentence(ColumnRole::Prediction, 0), "The model's predictions did not drift.");
        assert_eq!(sentence(ColumnRole::Prediction, 200), "The model's predictions drifted.");
        assert_eq!(sentence(ColumnRole::Ignored, 200), "There is no column to compare.");
    }

    #[test]
    fn rows_that_are_like_their_neighbours_are_spoken_of() {
        let level = |i: u32| ((i.wrapping_mul(2_654_435_761) >> 11) ^ i).wrapping_mul(2_246_822_519) >> 8;
        let rows =
            |from: u32| (from..from + 2000).fold("x\n".to_owned(), |text, i| format!("{text}{}.5\n", level(i / 10)));
        let (reference, current) = (csv::read(rows(0).as_bytes()).unwrap(), csv::read(rows(5000).as_bytes()).unwrap());
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
        let source = |data| Source { label: "x", data, sha256: None };
        let report = compare(Reference(source(&reference)), Current(source(&current)), &schema, &Settings::default());
        let expected = "In 1 column neighbouring rows are alike, so it counts for fewer rows.";
        assert!(report.sentence.ends_with(expected), "{}", report.sentence);
    }
}
