//! A test that stands alone: there are no others to correct it for, and its verdict follows at once.

use super::significance::Significance;
use super::{Options, Side, effects, examine, missing, numerical, unsettled, verdict};
use crate::judge::{Effect, EffectTest, TestResult};
use crate::profile::ColumnProfile;
use crate::schema::ColumnType;
use crate::stattest::serial_dependence::Dependence;
use crate::stattest::{Current, Reference, Tested};

/// The test of the values of a column whose rows have no order.
pub(crate) fn of_values(
    column_type: ColumnType,
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
    options: &Options,
) -> TestResult<EffectTest> {
    match examine(column_type, Reference(side(reference.0)), Current(side(current.0)), None, options).values {
        Tested::Tested(test) => Ok(settled(test, options)),
        Tested::NotTested(reason) => Err(reason),
    }
}

/// The test of what is missing.
pub(crate) fn of_missing(
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
    options: &Options,
) -> TestResult<EffectTest> {
    missing(reference, current, options).map(|test| settled(test, options))
}

/// The test of a largest gap `d` between `n` and `m` values that are not at hand; its p-value is the limit's.
pub(crate) fn of_gap(d: f64, n: u64, m: u64, options: &Options) -> EffectTest {
    let effect = effects::largest_gap(d, n, m, options.min_gap);
    settled(unsettled("Kolmogorov-Smirnov", numerical::limit(n, m, d), effect, None), options)
}

/// The test of an effect and a p-value that were worked out elsewhere.
pub(crate) fn of_effect(test: &str, p_value: f64, effect: Effect, options: &Options) -> EffectTest {
    settled(unsettled(test, Significance::of(p_value), effect, None), options)
}

/// Rows without an order do not depend on their neighbours.
fn side(profile: &ColumnProfile) -> Side<'_> {
    Side { profile, dependence: Dependence::default() }
}

fn settled(test: EffectTest, options: &Options) -> EffectTest {
    EffectTest { verdict: verdict(&test, options.q), ..test }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Column;
    use crate::judge::Verdict;

    #[test]
    fn a_test_that_stands_alone_is_what_a_report_of_one_test_says() {
        let options = Options::default();
        let profile = |shift: u32| {
            let values = (0..400).map(|i| f64::from(i % 200 + shift)).collect();
            ColumnProfile::of(&Column::fractions("x", values))
        };
        for (shift, expected) in [(0, Verdict::Stable), (60, Verdict::Drifted)] {
            let (a, b) = (profile(0), profile(shift));
            let alone = of_values(ColumnType::Numerical, Reference(&a), Current(&b), &options).unwrap();
            let mut whole = examine(ColumnType::Numerical, Reference(side(&a)), Current(side(&b)), None, &options);
            super::super::settle(&mut [&mut whole], &options);
            assert_eq!(Some(&alone), whole.values.outcome());
            assert_eq!(alone.verdict, expected);
        }
    }

    #[test]
    fn a_gap_alone_has_the_verdict_of_its_size_and_the_number_of_values() {
        let options = Options::default();
        let verdict = |d, n| of_gap(d, n, n, &options).verdict;
        assert_eq!(verdict(0.01, 1_000), Verdict::Stable);
        assert_eq!(verdict(0.05, 1_000), Verdict::NotEnoughData);
        assert_eq!(verdict(0.05, 10_000), Verdict::Minor);
        assert_eq!(verdict(0.2, 1_000), Verdict::Drifted);
    }
}
