//! Columns of moments: do rows arrive as often as they did, at the same hours and on the same days of the week?

use super::significance::Significance;
use super::{EffectTest, Options, TestResult, effects, numerical, unsettled};
use crate::judge::{Calibrated, Direction, Verdict};
use crate::profile::ColumnProfile;
use crate::profile::datetime::DatetimeProfile;
use crate::render::format;
use crate::report::{DatetimeReport, RateBlocks, Reading};
use crate::stattest::calendar::{self, CalendarChange};
use crate::stattest::{Current, NotTested, Reference, arrivals};

/// One side of a column of moments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side<'a> {
    /// The column as it was read: what is missing.
    pub column: &'a ColumnProfile,
    /// Its moments.
    pub datetimes: &'a DatetimeProfile,
}

/// Examines a column of moments. That time goes on is no change: what is judged is set out at [`Reading`].
///
/// The rate (or the place in the period), the hours and the weekdays are a test each, and take part in the correction as
/// those of any column do. Gaps, repeats and order are told beside them and not judged: one reference does not teach how
/// long the longest gap of an equally healthy window would be.
pub(crate) fn examine(
    reference: Reference<Side<'_>>,
    current: Current<Side<'_>>,
    options: &Options,
) -> (Calibrated, DatetimeReport) {
    let (a, b) = (reference.0.datetimes, current.0.datetimes);
    let mut report = DatetimeReport::of(Reference(a), Current(b), options.ordered);
    let values = values(reference, current, options, &mut report);
    let mut further = Vec::new();
    if values_are_there(reference, current).is_ok() {
        let (a, b) = (Reference(a.sorted()), Current(b.sorted()));
        let mut take = |what: &str, found: TestResult<CalendarChange>| match found {
            Ok(found) => {
                further.push(calendar_test(what, &found, options));
                None
            }
            Err(reason) => Some(reason),
        };
        report.hours_not_tested = take("Hours of the day", calendar::hours(a, b));
        report.weekdays_not_tested = take("Days of the week", calendar::weekdays(a, b));
    }
    let missing = super::missing(Reference(reference.0.column), Current(current.0.column), options);
    let calibrated = Calibrated {
        verdict: Verdict::NotTested,
        values: values.into(),
        further,
        missing: missing.into(),
        new_categories: Vec::new(),
        vanished_categories: Vec::new(),
    };
    (calibrated, report)
}

fn values_are_there(reference: Reference<Side<'_>>, current: Current<Side<'_>>) -> TestResult<()> {
    let sides = [reference.0, current.0];
    let [n_reference, n_current] = sides.map(|side| side.datetimes.n());
    if sides.iter().any(|side| side.datetimes.n() == 0 && side.datetimes.unreadable() > 0) {
        let [reference, current] = sides.map(|side| match side.datetimes.n() {
            0 => super::own_type(side.column),
            _ => crate::schema::ColumnType::Datetime,
        });
        return Err(NotTested::TypeMismatch { reference, current });
    }
    if n_reference == 0 || n_current == 0 { Err(NotTested::Empty { n_reference, n_current }) } else { Ok(()) }
}

fn values(
    reference: Reference<Side<'_>>,
    current: Current<Side<'_>>,
    options: &Options,
    report: &mut DatetimeReport,
) -> TestResult<EffectTest> {
    values_are_there(reference, current)?;
    let (a, b) = (reference.0.datetimes.sorted(), current.0.datetimes.sorted());
    match report.reading {
        Reading::Arrivals => {
            let found = arrivals::compare(Reference(a), Current(b))?;
            report.rate_blocks = Some(RateBlocks {
                seconds: found.block_micros as f64 / 1e6,
                n_reference: found.n_blocks_reference,
                n_current: found.n_blocks_current,
                overdispersion: found.overdispersion,
            });
            let direction = Some(if found.ratio >= 1.0 { Direction::Up } else { Direction::Down });
            let test = format!("Rate of rows, in blocks of {}", format::duration(found.block_micros as f64 / 1e6));
            Ok(unsettled(
                &test,
                Significance::of(found.p_value),
                effects::arrival_ratio(&found, options.min_rate_ratio),
                direction,
            ))
        }
        Reading::SamePeriod => {
            let numbers = |side: &[i64]| side.iter().map(|micros| *micros as f64).collect::<Vec<f64>>();
            let found = numerical::test(Reference(&numbers(a)), Current(&numbers(b)), [None; 2], options)?;
            Ok(EffectTest { test: "Kolmogorov-Smirnov, of the moments".to_owned(), ..found })
        }
    }
}

fn calendar_test(what: &str, found: &CalendarChange, options: &Options) -> EffectTest {
    let overdispersion = [found.overdispersion_reference, found.overdispersion_current];
    let counts = [found.reference.as_slice(), found.current.as_slice()];
    let effect = effects::clustered_total_variation(counts, overdispersion, options.min_total_variation);
    unsettled(&format!("{what}, chi-square in clusters"), Significance::of(found.p_value), effect, None)
}
