//! One side of a whole table in bounded memory, and reports from it.

use serde::{Deserialize, Serialize};

use super::{MergeError, Options, SketchSettings, SketchVerdict, SketchedComparison, SketchedProfile, compare};
use crate::data::Dataset;
use crate::judge::{Calibrated, EffectTest, Verdict, calibrated};
use crate::parallel;
use crate::profile::TableProfile;
use crate::profile::table::{ProfileMismatch, compared};
use crate::random::derive_seed;
use crate::report::Input;
use crate::schema::{ColumnRole, ColumnSpec, ColumnType, Schema};
use crate::stattest::{Current, NotTested, Reference, Tested};

/// A sketch of every column of a schema that is not ignored.
///
/// ```
/// use tidemark::data::{Column, Dataset};
/// use tidemark::profile::sketch::{self, SketchSettings, SketchedTable};
/// use tidemark::schema::{Schema, SchemaOverrides};
/// use tidemark::stattest::{Current, Reference};
///
/// let rows = |from: u32| {
///     let x = (from..from + 30_000).map(|i| f64::from(i * 7919 % 30_000 + from)).collect();
///     Dataset::new(vec![Column::fractions("x", x)]).unwrap()
/// };
/// let schema = Schema::infer(&rows(0), &SchemaOverrides::default()).unwrap();
/// let table = |from, part| SketchedTable::of(&rows(from), &schema, &SketchSettings::default(), part);
/// let current = table(9_000, 1).merge(&table(9_000, 2)).unwrap();
/// let sides = (Reference(("training", &table(0, 0))), Current(("today", &current)));
/// let report = sketch::report(sides.0, sides.1, &sketch::Options::default()).unwrap();
/// assert!(report.sentence.starts_with("1 of 1 column drifted"), "{}", report.sentence);
/// ```
#[derive(Debug, Clone)]
pub struct SketchedTable {
    rows: u64,
    columns: Vec<(ColumnSpec, Option<SketchedProfile>)>,
}

impl SketchedTable {
    /// Sketches a table. `part` tells these rows from all others that they may be merged with. A column of the schema that
    /// the table lacks is absent.
    pub fn of(data: &Dataset, schema: &Schema, settings: &SketchSettings, part: u64) -> Self {
        let sketch = |at: usize, spec: &ColumnSpec| {
            Some(SketchedProfile::of(data.column(&spec.name)?, &of_column(settings, at), part))
        };
        let specs: Vec<(usize, &ColumnSpec)> = compared(schema).into_iter().enumerate().collect();
        let columns = parallel::map(&specs, |(at, spec)| ((*spec).clone(), sketch(*at, spec)));
        Self { rows: data.n_rows() as u64, columns }
    }

    /// Sketches what an exact profile holds: what becomes of a window that has grown too large to be kept.
    pub fn of_profile(profile: &TableProfile, settings: &SketchSettings, part: u64) -> Self {
        let columns: Vec<_> = profile.columns.iter().enumerate().collect();
        let columns = parallel::map(&columns, |(at, (spec, side))| {
            let settings = of_column(settings, *at);
            let sketch = side.as_ref().map(|side| SketchedProfile::of_exact(side.values(), &settings, part));
            (spec.clone(), sketch)
        });
        Self { rows: profile.rows(), columns }
    }

    /// The sketch of both parts together.
    ///
    /// # Errors
    /// The parts were taken by different schemas, a column lies in one of them alone, or its sketches do not fit.
    pub fn merge(&self, other: &Self) -> Result<Self, ProfileMismatch> {
        check(self, other)?;
        let merged = self.columns.iter().zip(&other.columns).map(|((spec, a), (_, b))| {
            let column = || spec.name.clone();
            let side = match (a, b) {
                (Some(a), Some(b)) => Some(a.merge(b).map_err(|problem| match problem {
                    MergeError::KindsDiffer => ProfileMismatch::Kinds { column: column() },
                    problem => ProfileMismatch::Sketches { column: column(), problem },
                })?),
                (None, None) => None,
                _ => return Err(ProfileMismatch::Absent { column: column() }),
            };
            Ok((spec.clone(), side))
        });
        Ok(Self { rows: self.rows + other.rows, columns: merged.collect::<Result<_, _>>()? })
    }

    /// Rows.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The sketch of a column.
    pub fn column(&self, name: &str) -> Option<&SketchedProfile> {
        self.columns.iter().find(|(spec, _)| spec.name == name)?.1.as_ref()
    }

    fn input(&self, label: &str) -> Input {
        Input { label: label.to_owned(), rows: self.rows, sha256: None }
    }
}

/// Columns toss coins of their own.
fn of_column(settings: &SketchSettings, at: usize) -> SketchSettings {
    SketchSettings { seed: derive_seed(settings.seed, at as u64), ..settings.clone() }
}

fn check(a: &SketchedTable, b: &SketchedTable) -> Result<(), ProfileMismatch> {
    let specs = a.columns.iter().zip(&b.columns);
    let differ = specs.map(|((a, _), (b, _))| (a, b)).find(|(a, b)| a != b).map(|(a, _)| a);
    let n = a.columns.len().min(b.columns.len());
    let longer = a.columns.get(n).or(b.columns.get(n)).map(|(spec, _)| spec);
    match differ.or(longer) {
        Some(spec) => Err(ProfileMismatch::Schema { column: spec.name.clone() }),
        None => Ok(()),
    }
}

/// Version of a sketched report's JSON.
pub const REPORT_VERSION: u32 = 1;

/// What two sketched tables say together: every figure with its bounds, and a verdict where the bounds allow one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SketchedReport {
    /// [`REPORT_VERSION`] of the writer.
    pub schema_version: u32,
    /// Version of Tidemark that made the report.
    pub tidemark_version: String,
    /// The settings that led to the verdicts.
    pub settings: Options,
    /// The data that the current data were held against.
    pub reference: Input,
    /// The data under examination.
    pub current: Input,
    /// The whole in plain English, with how wide the widest bound is.
    pub sentence: String,
    /// One entry per compared column, in schema order.
    pub columns: Vec<SketchedColumn>,
}

/// What was found about one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SketchedColumn {
    /// The column's name.
    pub name: String,
    /// What its values are.
    pub column_type: ColumnType,
    /// What it is for.
    pub role: ColumnRole,
    /// Every figure with its bounds; the verdict is corrected for all columns of the report. So is the test of missing values, by
    /// the weakest p-values of the other columns that their bounds allow.
    pub found: Tested<SketchedComparison>,
}

/// Compares two sketched tables.
///
/// All p-values of the report are corrected together, as in an exact one: once with every column at its lower bound,
/// and once at its upper bound. The truth lies between the two, and so do its corrected p-values; a column has a verdict where
/// both ends give the same one. Moments and text are not compared: sketches keep the frequent values, and theirs are not.
///
/// # Errors
/// The tables were sketched by different schemas.
pub fn report(
    reference: Reference<(&str, &SketchedTable)>,
    current: Current<(&str, &SketchedTable)>,
    options: &Options,
) -> Result<SketchedReport, ProfileMismatch> {
    let ((label, a), (current_label, b)) = (reference.0, current.0);
    check(a, b)?;
    let pairs: Vec<_> = a.columns.iter().zip(&b.columns).collect();
    let mut found = parallel::map(&pairs, |((spec, a), (_, b))| examine(spec, a.as_ref(), b.as_ref(), options));
    let mut settled = [0, 1].map(|end| found.iter().map(|found| found.calibrated(end)).collect::<Vec<_>>());
    for end in &mut settled {
        calibrated::settle(&mut end.iter_mut().collect::<Vec<_>>(), &options.calibrated);
    }
    let [low, high] = settled;
    for ((found, low), high) in found.iter_mut().zip(low).zip(high) {
        let Tested::Tested(comparison) = &mut found.comparison else { continue };
        if let (Some(low), Some(high)) = (low.values.outcome(), high.values.outcome()) {
            comparison.verdict = if low.verdict == high.verdict {
                SketchVerdict::Reached(low.verdict)
            } else {
                SketchVerdict::TooCoarse { at_low: low.verdict, at_high: high.verdict }
            };
        }
        comparison.missing = low.missing;
    }
    let columns: Vec<SketchedColumn> = pairs
        .into_iter()
        .zip(found)
        .map(|(((spec, _), _), found)| SketchedColumn {
            name: spec.name.clone(),
            column_type: spec.column_type,
            role: spec.role,
            found: found.comparison,
        })
        .collect();
    Ok(SketchedReport {
        schema_version: REPORT_VERSION,
        tidemark_version: crate::VERSION.to_owned(),
        settings: options.clone(),
        reference: a.input(label),
        current: b.input(current_label),
        sentence: sentence(&columns, options),
        columns,
    })
}

/// A column before all are corrected together.
struct Found {
    comparison: Tested<SketchedComparison>,
    /// The test of the values at the lower and at the upper bound.
    ends: Option<[EffectTest; 2]>,
}

fn examine(
    spec: &ColumnSpec,
    reference: Option<&SketchedProfile>,
    current: Option<&SketchedProfile>,
    options: &Options,
) -> Found {
    let declined = |reason| Found { comparison: Tested::NotTested(reason), ends: None };
    let (reference, current) = match (reference, current) {
        (Some(reference), Some(current)) => (reference, current),
        (None, _) => return declined(NotTested::AbsentInReference),
        (_, None) => return declined(NotTested::AbsentInCurrent),
    };
    let column_type = spec.column_type;
    if matches!(column_type, ColumnType::Datetime | ColumnType::Text) {
        return declined(NotTested::TypeNotCovered { column_type });
    }
    let numbers_are_categories = column_type == ColumnType::Categorical;
    let options = Options { numbers_are_categories, ..options.clone() };
    let (comparison, ends) = compare::with_ends(Reference(reference), Current(current), &options);
    Found { comparison: Tested::Tested(comparison), ends }
}

impl Found {
    /// The tests of the column at one end of the bounds, as the calibrated judge corrects them.
    fn calibrated(&self, end: usize) -> Calibrated {
        let nothing = || Tested::NotTested(NotTested::NoneMissing);
        let missing = self.comparison.outcome().map_or_else(nothing, |comparison| comparison.missing.clone());
        let values = self.ends.as_ref().map_or_else(nothing, |ends| Tested::Tested(ends[end].clone()));
        Calibrated {
            verdict: Verdict::NotTested,
            values,
            further: Vec::new(),
            missing,
            new_categories: Vec::new(),
            vanished_categories: Vec::new(),
        }
    }
}

fn sentence(columns: &[SketchedColumn], options: &Options) -> String {
    let verdicts = || columns.iter().filter_map(|column| column.found.outcome()).map(|found| &found.verdict);
    let count = |is: &dyn Fn(&SketchVerdict) -> bool| verdicts().filter(|verdict| is(verdict)).count();
    let n_drifted = count(&|verdict| *verdict == SketchVerdict::Reached(Verdict::Drifted));
    let n_coarse = count(&|verdict| matches!(verdict, SketchVerdict::TooCoarse { .. }));
    let widths = columns.iter().filter_map(|column| column.found.outcome()).filter_map(|found| {
        let bounds = if found.gap.is_some() { found.gap } else { found.total_variation };
        bounds.map(|bounds| bounds.high - bounds.low)
    });
    let widest = widths.fold(0.0, f64::max);
    let plural = if columns.len() == 1 { "" } else { "s" };
    let coarse = match n_coarse {
        0 => String::new(),
        n => format!("; for {n} the sketches are too coarse to say"),
    };
    format!(
        "{n_drifted} of {} column{plural} drifted{coarse}. Sketched: distances are known within {} at {}% confidence.",
        columns.len(),
        crate::render::format::number(widest),
        options.confidence * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, Values};
    use crate::judge::Settings;
    use crate::profile::quantile;
    use crate::random::Rng;
    use crate::report::{Profiled, compare_profiles};
    use crate::schema::SchemaOverrides;
    use crate::stattest::binning::align;
    use crate::stattest::ks;

    fn rows(n: usize, shift: f64, seed: u64) -> Dataset {
        let mut rng = Rng::new(seed);
        let mut numbers = |name: &str, draw: &dyn Fn(&mut Rng) -> f64| {
            Column::fractions(name, (0..n).map(|_| draw(&mut rng)).collect())
        };
        let mut columns = vec![
            numbers("moved", &|rng| rng.normal() + shift),
            numbers("still", &|rng| if rng.below(9) == 0 { f64::NAN } else { libm::exp(rng.normal()) }),
            // Too small a change for sketches of this size to tell from none.
            numbers("nudged", &|rng| rng.normal() + shift / 4.0),
        ];
        let mut names = |name: &str, draw: &dyn Fn(&mut Rng) -> u64| {
            let values: Vec<String> = (0..n).map(|_| format!("value {}", draw(&mut rng))).collect();
            Column::strings(name, values.iter().map(|value| Some(value.as_str())))
        };
        columns.push(names("few", &|rng| u64::from(rng.uniform() < 0.4 + shift)));
        columns.push(names("many", &|rng| (rng.uniform() * rng.uniform() * 4000.0) as u64));
        columns
            .push(Column { name: "flag".to_owned(), values: Values::Booleans((0..n).map(|i| i % 3 == 0).collect()) });
        Dataset::new(columns).unwrap()
    }

    /// The rows in parts that are sketched by themselves.
    fn sketched(data: &Dataset, schema: &Schema, settings: &SketchSettings, first_part: u64) -> SketchedTable {
        let third = data.n_rows() / 3;
        let part = |i: usize| data.slice(i * third..if i == 2 { data.n_rows() } else { (i + 1) * third });
        let parts = (0..3).map(|i| SketchedTable::of(&part(i), schema, settings, first_part + i as u64));
        parts.reduce(|all, part| all.merge(&part).unwrap()).unwrap()
    }

    #[test]
    fn the_figures_of_the_exact_report_lie_within_the_bounds() {
        let (reference, current) = (rows(40_000, 0.0, 1), rows(30_000, 0.3, 2));
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
        let (a, b) = (TableProfile::of(&reference, &schema), TableProfile::of(&current, &schema));
        let mut settings = Settings::default();
        settings.calibrated.ordered = false;
        let side = |profile| Profiled { label: "", profile, sha256: None };
        let exact = compare_profiles(Reference(side(&a)), Current(side(&b)), &settings).unwrap();
        let sketches = SketchSettings { k: 512, ..SketchSettings::default() };
        let options = Options { calibrated: settings.calibrated, ..Options::default() };
        let parts = [sketched(&reference, &schema, &sketches, 0), sketched(&current, &schema, &sketches, 10)];
        let wholes = [SketchedTable::of_profile(&a, &sketches, 20), SketchedTable::of_profile(&b, &sketches, 30)];
        for [r, c] in [parts, wholes] {
            let report = report(Reference(("", &r)), Current(("", &c)), &options).unwrap();
            let mut n_coarse = 0;
            for (exact, found) in exact.columns.iter().zip(&report.columns) {
                let name = &found.name;
                let found = found.found.outcome().unwrap();
                let is_within = |bounds: super::super::Bounded, value: f64| bounds.low <= value && value <= bounds.high;
                assert!(is_within(found.distinct_reference, exact.reference.distinct as f64), "{name}");
                assert!(is_within(found.distinct_current, exact.current.distinct as f64), "{name}");
                assert_eq!(
                    found.missing.outcome().map(|test| test.p_value),
                    exact.calibrated.missing.outcome().map(|test| test.p_value)
                );
                let profiles = [&a, &b].map(|table| table.column(name).unwrap().1.unwrap().values().clone());
                if let (Some(x), Some(y)) = (profiles[0].sorted(), profiles[1].sorted()) {
                    let gap = ks::test(Reference(x), Current(y), ks::PValue::Limit).unwrap().d;
                    assert!(is_within(found.gap.unwrap(), gap) && found.gap.unwrap().high < 1.0, "{name}");
                    for bounds in &found.quantiles {
                        assert!(is_within(bounds.reference, quantile(x, bounds.q).unwrap()), "{name} {}", bounds.q);
                        assert!(is_within(bounds.current, quantile(y, bounds.q).unwrap()), "{name} {}", bounds.q);
                    }
                } else {
                    let counts = profiles.each_ref().map(|profile| profile.counts());
                    let (_, x, y) = align(Reference(&counts[0]), Current(&counts[1]));
                    let apart = x.iter().zip(&y).map(|(&x, &y)| (x as f64 / 40_000.0 - y as f64 / 30_000.0).abs());
                    let bounds = found.total_variation.unwrap();
                    assert!(bounds.low - 1e-12 <= apart.clone().sum::<f64>() / 2.0, "{name}");
                    assert!(apart.sum::<f64>() / 2.0 <= bounds.high + 1e-12, "{name}");
                }
                match &found.verdict {
                    SketchVerdict::Reached(verdict) => assert_eq!(*verdict, exact.calibrated.verdict, "{name}"),
                    SketchVerdict::TooCoarse { .. } => n_coarse += 1,
                    SketchVerdict::NotTested(reason) => panic!("{name}: {reason}"),
                }
            }
            assert!((1..=3).contains(&n_coarse), "{}", report.sentence);
            assert!(report.sentence.contains("Sketched: distances are known within"), "{}", report.sentence);
            let json = serde_json::to_string(&report).unwrap();
            assert_eq!(serde_json::from_str::<SketchedReport>(&json).unwrap(), report);
        }
    }

    #[test]
    fn sketches_of_one_part_or_of_other_schemas_do_not_merge() {
        let data = rows(9000, 0.0, 3);
        let schema = Schema::infer(&data, &SchemaOverrides::default()).unwrap();
        let table = SketchedTable::of(&data, &schema, &SketchSettings { k: 64, ..SketchSettings::default() }, 1);
        assert!(matches!(
            table.merge(&table),
            Err(ProfileMismatch::Sketches { problem: MergeError::SameSeed { .. }, .. })
        ));
        let mut fewer = schema.clone();
        fewer.columns.pop();
        let other = SketchedTable::of(&data, &fewer, &SketchSettings::default(), 2);
        assert_eq!(table.merge(&other).err(), Some(ProfileMismatch::Schema { column: "flag".to_owned() }));
    }
}
