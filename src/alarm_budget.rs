//! How often would alerts be false, and how late would they be? Found by simulation on a person's own reference, for each of
//! several rules, so that the most sensitive one within a budget can be taken.

use serde::{Deserialize, Serialize};

use crate::data::Dataset;
use crate::judge::Settings;
use crate::parallel;
use crate::profile::moments;
use crate::random::{Rng, derive_seed};
use crate::report::{FittedReference, Source};
use crate::schema::Schema;
use crate::stattest::tails::clopper_pearson;
use crate::stattest::{Current, Reference};

/// What is planned.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Rows of a window.
    pub window_rows: u64,
    /// Windows in a month.
    pub windows_per_month: f64,
    /// False alarms that may be had in a month.
    pub false_alarms_per_month: f64,
    /// The change that is to be found: numerical columns move by so many of their standard deviations.
    pub shift: f64,
    /// In so many columns.
    pub shifted_columns: u64,
    /// Windows that are drawn without and with the change, each.
    pub draws: u64,
}

/// A rule, and what is to be expected of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The share of drifted columns from which on a window counts.
    pub share: f64,
    /// So many such windows one after the other make an alert.
    pub windows: u32,
    /// Alerts in a month in which nothing changes, as drawn.
    pub false_alarms_per_month: f64,
    /// As many as there may be, with 95% confidence.
    pub at_most: f64,
    /// Windows from the change to the alert, on average; `None` if no window with the change counted.
    pub delay_windows: Option<f64>,
}

/// What the simulation found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// What was planned.
    pub plan: Plan,
    /// The rules, by share and windows.
    pub choices: Vec<Choice>,
    /// The place among them of the one that is soonest within the budget; of equals, the one with fewer false alarms.
    pub best: Option<u64>,
}

/// Why there is no budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoBudget {
    /// The reference has too few rows for windows of this size: it takes [`PARTS`] times as many.
    TooFewRows,
    /// No column is numerical, so that nothing can be moved.
    NoNumbers,
}

impl std::fmt::Display for NoBudget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooFewRows => write!(f, "the reference has too few rows: windows are drawn from {PARTS} parts of it"),
            Self::NoNumbers => f.write_str("no column is numerical"),
        }
    }
}

impl std::error::Error for NoBudget {}

/// A window comes from one of so many parts of the reference, and is held against the others.
pub const PARTS: usize = 5;
/// Windows one after the other that are tried.
const MOST_WINDOWS: u32 = 4;

/// Simulates rules on a reference.
///
/// The reference is cut into [`PARTS`] parts in the order of its rows. A window is a run of neighbouring rows of one part, so that
/// rows depend on each other as they do, and is held against the rows of the other parts: what mornings and evenings differ by counts
/// as a false alarm here as it would there. A window counts if the share of drifted columns (`settings.judge`) is at least the rule's. With
/// `p` the share of windows that count and `k` windows in a row, an alert begins `(1 − p) p^k` times per window, and with the change, whose
/// windows count with probability `q`, it takes `(1 − q^k) / (q^k (1 − q))` windows on average. Both take windows for independent of
/// each other. The upper bound is that of `p` by Clopper and Pearson.
///
/// # Errors
/// The reference has fewer than `PARTS · window_rows` rows, or no numerical column.
///
/// # Source
/// Waiting time for a run: W. Feller, An Introduction to Probability Theory and Its Applications I, XIII.7.
pub fn simulate(
    reference: &Dataset,
    schema: &Schema,
    settings: &Settings,
    plan: Plan,
    seed: u64,
) -> Result<Budget, NoBudget> {
    let (n, rows) = (reference.n_rows(), usize::try_from(plan.window_rows).unwrap_or(usize::MAX));
    if rows < 2 || n / PARTS < rows {
        return Err(NoBudget::TooFewRows);
    }
    let part = n / PARTS;
    let fitted: Vec<FittedReference> = (0..PARTS)
        .map(|left_out| {
            let keep: Vec<bool> = (0..n).map(|row| row / part != left_out).collect();
            let kept = reference.columns().iter().map(|column| column.keep(&keep)).collect();
            let others = Dataset::new(kept).expect("columns of one table");
            FittedReference::fit(Reference(Source { label: "reference", data: &others, sha256: None }), schema)
        })
        .collect();
    let moves = moves(reference, schema, plan.shift);
    if moves.is_empty() {
        return Err(NoBudget::NoNumbers);
    }
    let draws = usize::try_from(plan.draws).unwrap_or(usize::MAX);
    let share_of = |draw: usize| {
        let mut rng = Rng::new(derive_seed(seed, draw as u64));
        let left_out = rng.below(PARTS as u64) as usize;
        let start = left_out * part + rng.below((part - rows + 1) as u64) as usize;
        let mut window = reference.slice(start..start + rows);
        if draw >= draws {
            window = moved(&window, &moves, plan.shifted_columns, &mut rng);
        }
        let current = Current(Source { label: "window", data: &window, sha256: None });
        fitted[left_out].compare(current, &[], settings, &|_| {}).data.share_drifted
    };
    let every: Vec<usize> = (0..2 * draws).collect();
    let shares = parallel::map(&every, |draw| share_of(*draw));
    let (quiet, changed) = shares.split_at(draws);
    let n_columns = schema.columns.len().max(1) as f64;
    // From one column on up to half of them.
    let steps = (1..).map(|step| f64::from(step) / n_columns).take_while(|share| *share <= 0.5 + 1e-12);
    let mut choices = Vec::new();
    for share in steps {
        let counting = |shares: &[f64]| shares.iter().filter(|found| **found >= share - 1e-12).count();
        let (n_quiet, n_changed) = (counting(quiet), counting(changed));
        let (p, q) = (n_quiet as f64 / draws as f64, n_changed as f64 / draws as f64);
        let upper = upper_bound(n_quiet, draws);
        for windows in 1..=MOST_WINDOWS {
            // Where more windows count than this, alerts begin less often because they do not end: that is no better.
            let most = f64::from(windows) / f64::from(windows + 1);
            let a_month =
                |p: f64| plan.windows_per_month * (1.0 - p.min(most)) * libm::pow(p.min(most), f64::from(windows));
            choices.push(Choice {
                share,
                windows,
                false_alarms_per_month: a_month(p),
                at_most: a_month(upper),
                delay_windows: (n_changed > 0).then(|| waiting_time(q, windows)),
            });
        }
        if n_quiet == 0 && n_changed == 0 {
            break;
        }
    }
    let within = choices.iter().enumerate().filter(|(_, choice)| choice.at_most <= plan.false_alarms_per_month);
    let best = within
        .filter_map(|(place, choice)| Some((place, choice.delay_windows?, choice.at_most)))
        .min_by(|a, b| a.1.total_cmp(&b.1).then(a.2.total_cmp(&b.2)));
    Ok(Budget { plan, choices, best: best.map(|(place, ..)| place as u64) })
}

/// Windows until `k` in a row count, each with probability `q`.
fn waiting_time(q: f64, k: u32) -> f64 {
    if q >= 1.0 {
        return f64::from(k);
    }
    let of_run = libm::pow(q, f64::from(k));
    (1.0 - of_run) / (of_run * (1.0 - q))
}

/// The probability up to which `found` of `n` are no surprise, one-sided at 5%: Clopper and Pearson's upper end.
fn upper_bound(found: usize, n: usize) -> f64 {
    clopper_pearson(found as u64, n as u64, 0.1).1
}

/// By how much each numerical column would move.
fn moves(reference: &Dataset, schema: &Schema, shift: f64) -> Vec<(String, f64)> {
    let numbers = |name: &str| match reference.column(name).map(|column| &column.values) {
        Some(crate::data::Values::Numbers(numbers)) => Some(numbers.as_slice()),
        _ => None,
    };
    let numerical = schema.columns.iter().filter(|spec| spec.column_type == crate::schema::ColumnType::Numerical);
    numerical
        .filter_map(|spec| {
            let finite: Vec<f64> = numbers(&spec.name)?.iter().copied().filter(|value| value.is_finite()).collect();
            let deviation = moments(&finite).1;
            (deviation > 0.0).then(|| (spec.name.clone(), shift * deviation))
        })
        .collect()
}

/// The window with `n` of its numerical columns moved.
fn moved(window: &Dataset, moves: &[(String, f64)], n: u64, rng: &mut Rng) -> Dataset {
    let mut places: Vec<usize> = (0..moves.len()).collect();
    rng.shuffle(&mut places);
    let chosen: Vec<&(String, f64)> =
        places.iter().take(usize::try_from(n).unwrap_or(usize::MAX)).map(|place| &moves[*place]).collect();
    let columns = window.columns().iter().map(|column| {
        let by = chosen.iter().find(|(name, _)| *name == column.name).map(|(_, by)| *by);
        match (&column.values, by) {
            (crate::data::Values::Numbers(numbers), Some(by)) => crate::data::Column::fractions(
                column.name.clone(),
                numbers.as_slice().iter().map(|value| value + by).collect(),
            ),
            _ => column.clone(),
        }
    });
    Dataset::new(columns.collect()).expect("columns of one table")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Column;
    use crate::schema::SchemaOverrides;

    fn table(n: usize, columns: usize) -> Dataset {
        let mut rng = Rng::new(5);
        let column = |name: usize, rng: &mut Rng| {
            Column::fractions(format!("c{name}"), (0..n).map(|_| rng.uniform() + rng.uniform()).collect())
        };
        Dataset::new((0..columns).map(|name| column(name, &mut rng)).collect()).unwrap()
    }

    fn plan() -> Plan {
        Plan {
            window_rows: 300,
            windows_per_month: 720.0,
            false_alarms_per_month: 1.0,
            shift: 0.6,
            shifted_columns: 3,
            draws: 300,
        }
    }

    #[test]
    fn quiet_columns_leave_room_for_a_quick_rule() {
        let reference = table(6000, 10);
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
        let budget = simulate(&reference, &schema, &Settings::default(), plan(), 1).unwrap();
        let best = budget.choices[usize::try_from(budget.best.expect("one is within")).unwrap()];
        assert!(best.at_most <= 1.0 && best.delay_windows.unwrap() < 5.0, "{best:?}");
        // Three of ten columns moved: a rule that asks for more never fires.
        assert!(
            budget
                .choices
                .iter()
                .filter(|choice| choice.share > 0.45)
                .all(|choice| choice.delay_windows.is_none_or(|d| d > 5.0))
        );
        assert_eq!(simulate(&reference, &schema, &Settings::default(), plan(), 1).unwrap(), budget, "the seed decides");
    }

    #[test]
    fn a_reference_that_drifts_itself_has_false_alarms() {
        let mut reference = table(6000, 4);
        let columns = reference.columns().iter().map(|column| match &column.values {
            crate::data::Values::Numbers(numbers) => {
                let values = numbers.as_slice().iter().enumerate().map(|(row, value)| value + row as f64 / 1000.0);
                Column::fractions(column.name.clone(), values.collect())
            }
            _ => column.clone(),
        });
        reference = Dataset::new(columns.collect()).unwrap();
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
        let budget = simulate(&reference, &schema, &Settings::default(), Plan { draws: 60, ..plan() }, 1).unwrap();
        assert!(budget.choices[0].at_most > 100.0, "{:?}", budget.choices[0]);
        assert_eq!(budget.best, None);
    }

    #[test]
    fn what_cannot_be_simulated_is_said() {
        let reference = table(1000, 2);
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
        assert_eq!(simulate(&reference, &schema, &Settings::default(), plan(), 1), Err(NoBudget::TooFewRows));
    }

    /// Expected by scipy 1.17: `scipy.stats.beta.ppf(0.95, k + 1, n - k)`.
    #[test]
    fn the_upper_bound_is_clopper_and_pearsons() {
        for (found, n, expected) in
            [(0, 100, 0.029513049607039925), (3, 100, 0.07571079374983004), (50, 100, 0.5863782853690882)]
        {
            assert!((upper_bound(found, n) - expected).abs() < 1e-12, "{found} of {n}");
        }
    }

    #[test]
    fn a_run_is_waited_for_as_long_as_feller_says() {
        assert_eq!(waiting_time(1.0, 3), 3.0);
        assert!((waiting_time(0.5, 2) - 6.0).abs() < 1e-12);
        assert!((waiting_time(0.5, 1) - 2.0).abs() < 1e-12);
    }
}
