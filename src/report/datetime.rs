//! What a report tells about a column of moments, beside its verdict.

use serde::{Deserialize, Serialize};

use super::{Bin, CategoryShare, Distribution};
use crate::data::datetime::{SECOND, Timestamp};
use crate::profile::datetime::DatetimeProfile;
use crate::stattest::{Current, NotTested, Reference};

/// A column of moments: both sides, and how they were compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DatetimeReport {
    /// What the values were judged by.
    pub reading: Reading,
    /// The reference's moments.
    pub reference: DatetimeSide,
    /// The current moments.
    pub current: DatetimeSide,
    /// Gaps of the reference that are at least as long as the longest current one. None, of many, is a sign of a failure
    /// that a rate over days does not show.
    pub reference_gaps_as_long: u64,
    /// How the rates were compared, where they were.
    pub rate_blocks: Option<RateBlocks>,
    /// Why the hours of the day were not compared; `None` where they were.
    pub hours_not_tested: Option<NotTested>,
    /// Why the days of the week were not compared.
    pub weekdays_not_tested: Option<NotTested>,
}

/// How the sides lie in time, and so what a change would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// The sides cover different stretches of time, as windows of a log do. How often rows arrive is compared; that one
    /// side is later is no change.
    Arrivals,
    /// Both sides cover the same stretch, as dates of birth do, or random halves of a log. How many rows a side has says
    /// nothing then; where in the stretch they lie is compared.
    SamePeriod,
}

/// One side of a column of moments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DatetimeSide {
    /// Values that are moments.
    pub moments: u64,
    /// Values that are neither missing nor a moment; they are left out.
    pub unreadable: u64,
    /// The earliest.
    pub first: Option<Timestamp>,
    /// The latest.
    pub last: Option<Timestamp>,
    /// Rows a second between the first and the last; `None` where there is no time between them.
    pub rows_per_second: Option<f64>,
    /// The middle one of the gaps between one moment and the next, in seconds.
    pub median_gap_seconds: Option<f64>,
    /// The longest gap.
    pub longest_gap: Option<Gap>,
    /// Rows whose moment an earlier row has, too.
    pub duplicates: u64,
    /// Rows whose moment lies before that of the row above; `None` where the settings say that the rows have no order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_order: Option<u64>,
    /// Rows by hour of the day in UTC, from midnight.
    pub hours: [u64; 24],
    /// Rows by day of the week in UTC, from Monday.
    pub weekdays: [u64; 7],
}

/// A time without rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Gap {
    /// The last moment before it.
    pub from: Timestamp,
    /// How long it is.
    pub seconds: f64,
}

/// What the rates were counted in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RateBlocks {
    /// Length of a block.
    pub seconds: f64,
    /// Whole blocks of the reference.
    pub n_reference: u64,
    /// Whole blocks of the current side.
    pub n_current: u64,
    /// How many times as uncertain the ratio of the rates is, as a variance, as it would be if rows arrived independently.
    pub overdispersion: f64,
}

/// Two sides cover the same stretch when what is common to their middle parts is at least this share of what either
/// covers. Random halves come close to 1; of a log's windows, one that slides on by a third is below.
const MIN_COMMON_SHARE: f64 = 0.5;
/// The middle part leaves out this share on each end, so that a single odd date does not stretch a side.
const TAIL_SHARE: f64 = 0.05;

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl DatetimeReport {
    /// Everything but the tests. `ordered` says whether the order of the rows means anything.
    pub(crate) fn of(
        reference: Reference<&DatetimeProfile>,
        current: Current<&DatetimeProfile>,
        ordered: bool,
    ) -> Self {
        let (a, b) = (reference.0, current.0);
        let longest = longest_gap(b.sorted()).map(|[from, to]| to - from);
        let as_long = |longest: i64| gaps(a.sorted()).filter(|[from, to]| to - from >= longest).count() as u64;
        Self {
            reading: reading(a.sorted(), b.sorted()),
            reference: DatetimeSide::of(a, ordered),
            current: DatetimeSide::of(b, ordered),
            reference_gaps_as_long: longest.map_or(0, as_long),
            rate_blocks: None,
            hours_not_tested: None,
            weekdays_not_tested: None,
        }
    }

    /// Both sides over the hours of the day, as a histogram from 0 to 24.
    pub fn hours(&self) -> Distribution {
        let (reference, current) = (shares(&self.reference.hours), shares(&self.current.hours));
        let bin = |hour: usize| Bin {
            low: hour as f64,
            high: (hour + 1) as f64,
            reference: reference[hour],
            current: current[hour],
        };
        if self.is_empty() { Distribution::Empty } else { Distribution::Histogram { bins: (0..24).map(bin).collect() } }
    }

    /// Both sides over the days of the week.
    pub fn weekdays(&self) -> Distribution {
        let sides = shares(&self.reference.weekdays).into_iter().zip(shares(&self.current.weekdays));
        let share =
            |(name, (reference, current)): (&str, _)| CategoryShare { name: name.to_owned(), reference, current };
        let categories = WEEKDAYS.into_iter().zip(sides).map(share).collect();
        if self.is_empty() {
            Distribution::Empty
        } else {
            Distribution::Categories { categories, n_others: 0, others: [0.0, 0.0] }
        }
    }

    /// The picture of the column: its hours, or its weekdays where the moments are dates.
    pub(crate) fn distribution(&self) -> Distribution {
        if self.hours_not_tested == Some(NotTested::NoTimeOfDay) { self.weekdays() } else { self.hours() }
    }

    const fn is_empty(&self) -> bool {
        self.reference.moments + self.current.moments == 0
    }
}

impl DatetimeSide {
    fn of(profile: &DatetimeProfile, ordered: bool) -> Self {
        let sorted = profile.sorted();
        let calendar = profile.calendar();
        let (first, last) = (sorted.first().copied(), sorted.last().copied());
        let span = first.zip(last).map_or(0, |(first, last)| last - first);
        let longest_gap = longest_gap(sorted)
            .and_then(|[from, to]| Some(Gap { from: Timestamp::from_micros(from)?, seconds: seconds(to - from) }));
        Self {
            moments: profile.n(),
            unreadable: profile.unreadable(),
            first: first.and_then(Timestamp::from_micros),
            last: last.and_then(Timestamp::from_micros),
            rows_per_second: (span > 0).then(|| (profile.n() - 1) as f64 / seconds(span)),
            median_gap_seconds: median_gap(sorted).map(seconds),
            longest_gap,
            duplicates: profile.duplicates(),
            out_of_order: ordered.then(|| profile.out_of_order()),
            hours: calendar.hours,
            weekdays: calendar.weekdays,
        }
    }
}

fn reading(a: &[i64], b: &[i64]) -> Reading {
    let middle = |sorted: &[i64]| {
        let last = sorted.len().checked_sub(1)?;
        let at = |share: f64| sorted[(share * last as f64).round() as usize];
        Some((at(TAIL_SHARE), at(1.0 - TAIL_SHARE)))
    };
    let (Some(a), Some(b)) = (middle(a), middle(b)) else { return Reading::Arrivals };
    let common = (a.1.min(b.1) - a.0.max(b.0)) as f64;
    let either = (a.1.max(b.1) - a.0.min(b.0)) as f64;
    if common >= MIN_COMMON_SHARE * either { Reading::SamePeriod } else { Reading::Arrivals }
}

fn gaps(sorted: &[i64]) -> impl Iterator<Item = [i64; 2]> + '_ {
    sorted.windows(2).map(|pair| [pair[0], pair[1]])
}

/// The first of the longest gaps.
fn longest_gap(sorted: &[i64]) -> Option<[i64; 2]> {
    gaps(sorted).reduce(|longest, gap| if gap[1] - gap[0] > longest[1] - longest[0] { gap } else { longest })
}

/// The lower one of the two middle gaps, if their number is even.
fn median_gap(sorted: &[i64]) -> Option<i64> {
    let mut lengths: Vec<i64> = gaps(sorted).map(|[from, to]| to - from).collect();
    let middle = lengths.len().checked_sub(1)? / 2;
    Some(*lengths.select_nth_unstable(middle).1)
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / SECOND as f64
}

fn shares(counts: &[u64]) -> Vec<f64> {
    let total = counts.iter().sum::<u64>().max(1) as f64;
    counts.iter().map(|count| *count as f64 / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::datetime::{DAY, HOUR, MINUTE};
    use crate::data::{Column, Dataset};
    use crate::judge::{EffectKind, Settings, Verdict};
    use crate::report::{ColumnReport, DriftReport, Source, compare};
    use crate::schema::{ColumnType, Schema, SchemaOverrides};
    use crate::stattest::Tested;
    use crate::stattest::traffic::{LATER, Traffic, share_of_alarms};

    fn text_column(moments: &[i64]) -> Column {
        let texts: Vec<String> =
            moments.iter().map(|micros| Timestamp::from_micros(*micros).unwrap().to_string()).collect();
        Column::strings("at", texts.iter().map(|text| Some(text.as_str())))
    }

    fn report(reference: Column, current: Column, declared: Option<ColumnType>) -> DriftReport {
        let [reference, current] = [reference, current].map(|column| Dataset::new(vec![column]).unwrap());
        let types = declared.map(|column_type| ("at".to_owned(), column_type)).into_iter().collect();
        let schema = Schema::infer(&reference, &SchemaOverrides { types, ..SchemaOverrides::default() }).unwrap();
        let source = |data| Source { label: "x", data, sha256: None };
        compare(Reference(source(&reference)), Current(source(&current)), &schema, &Settings::default())
    }

    fn judged(reference: Column, current: Column) -> ColumnReport {
        report(reference, current, None).columns.remove(0)
    }

    /// A row every ten minutes from 2022-01-08 on, those that `keep` leaves.
    fn log(first_day: i64, days: i64, keep: impl Fn(i64) -> bool) -> Vec<i64> {
        let rows = (0..days * 144).map(|row| (19_000 + first_day) * DAY + row * 10 * MINUTE);
        rows.filter(|moment| keep(moment.rem_euclid(DAY) / HOUR)).collect()
    }

    #[test]
    fn the_same_traffic_raises_no_more_alarms_than_agreed() {
        // All three tests of the column, corrected together at 0.05, whatever the size of the effect.
        let share = share_of_alarms(150, 5, |rng, start| {
            let reference = Traffic::USUAL.moments(rng, start, 28.5, |_| 1.0);
            let current = Traffic::USUAL.moments(rng, start + LATER, 15.5, |_| 1.0);
            let column = judged(text_column(&reference), text_column(&current));
            assert!(column.calibrated.values.outcome().is_some() && column.calibrated.further.len() == 2);
            matches!(column.calibrated.verdict, Verdict::Drifted | Verdict::Minor)
        });
        // Three standard errors above 0.05.
        assert!(share <= 0.104, "{share}");
    }

    #[test]
    fn other_hours_at_the_same_rate_drift_by_the_hours() {
        let column = judged(
            text_column(&log(0, 21, |hour| hour < 12)),
            text_column(&log(30, 14, |hour| (6..18).contains(&hour))),
        );
        assert_eq!(column.calibrated.values.outcome().map(|test| test.verdict), Some(Verdict::Stable));
        assert_eq!(column.calibrated.verdict, Verdict::Drifted);
        let leading = column.calibrated.leading().unwrap();
        assert_eq!(leading.effect.kind, EffectKind::TotalVariation);
        assert!((leading.effect.value - 0.5).abs() < 1e-12);
        assert!(leading.test.starts_with("Hours of the day"), "{}", leading.test);
    }

    #[test]
    fn later_is_no_change_and_evidently_goes_on_taking_moments_for_strings() {
        let column = judged(text_column(&log(0, 21, |_| true)), text_column(&log(21, 14, |_| true)));
        assert_eq!((column.column_type, column.calibrated.verdict), (ColumnType::Datetime, Verdict::Stable));
        let evidently = column.evidently.outcome().expect("text content can be told apart");
        assert_eq!((evidently.column_type, evidently.drifted), (ColumnType::Text, true), "later words are other words");
        // Each date ten times: categories to Evidently, and all of them new.
        let dates = |first: i64| (first..first + 20).flat_map(|day| [day * DAY; 10]).collect::<Vec<i64>>();
        let column = judged(text_column(&dates(19_000)), text_column(&dates(19_020)));
        assert_eq!(column.calibrated.verdict, Verdict::Stable, "{:?}", column.calibrated);
        assert!(column.evidently.outcome().unwrap().drifted && column.why_they_differ.is_some());
        assert!(matches!(column.distribution, Distribution::Categories { .. }), "dates are drawn by weekday");
    }

    #[test]
    fn what_is_read_otherwise_now_is_a_change_of_type() {
        let moments = log(0, 10, |_| true);
        let column = judged(text_column(&moments), Column::numbers("at", vec![1.0, 2.0]));
        let mismatch = NotTested::TypeMismatch { reference: ColumnType::Datetime, current: ColumnType::Numerical };
        assert_eq!(column.calibrated.values, Tested::NotTested(mismatch));
        assert_eq!(column.calibrated.verdict, Verdict::NotTested);
        let column = judged(text_column(&moments), Column::strings("at", [None]));
        assert!(matches!(column.calibrated.values, Tested::NotTested(NotTested::Empty { n_current: 0, .. })));
        assert_eq!(column.calibrated.missing.outcome().map(|test| test.verdict), Some(Verdict::Drifted));
        let column = judged(text_column(&moments), Column::strings("at", [Some("2022-01-08"), Some("soon")]));
        assert_eq!(column.datetime.unwrap().current.unreadable, 1);
    }

    #[test]
    fn unix_times_are_moments_by_a_persons_word() {
        let unix = |moments: Vec<i64>| Column::numbers("at", moments.iter().map(|micros| seconds(*micros)).collect());
        let sides = || (unix(log(0, 21, |_| true)), unix(log(21, 14, |_| true)));
        let declared = report(sides().0, sides().1, Some(ColumnType::Datetime));
        assert_eq!(declared.columns[0].calibrated.verdict, Verdict::Stable);
        assert_eq!(declared.columns[0].evidently.outcome(), None, "Evidently leaves declared moments out");
        assert_eq!(report(sides().0, sides().1, None).columns[0].calibrated.verdict, Verdict::Drifted);
    }

    #[test]
    fn gaps_are_found_with_their_place() {
        let moments = [0, 10, 30, 70, 80].map(|minute| 19_000 * DAY + minute * MINUTE);
        let side = DatetimeSide::of(&DatetimeProfile::of(&text_column(&moments)), true);
        assert_eq!(side.median_gap_seconds, Some(600.0));
        let longest = side.longest_gap.unwrap();
        assert_eq!((longest.from.to_string().as_str(), longest.seconds), ("2022-01-08T00:30:00Z", 2400.0));
        assert_eq!(side.rows_per_second, Some(4.0 / 4800.0));
        let alone = DatetimeSide::of(&DatetimeProfile::of(&text_column(&moments[..1])), true);
        assert_eq!((alone.median_gap_seconds, alone.longest_gap, alone.rows_per_second), (None, None, None));
    }

    #[test]
    fn random_halves_cover_the_same_period_and_windows_of_a_log_do_not() {
        let days = |range: std::ops::Range<i64>| range.collect::<Vec<i64>>();
        let every = |step: usize, offset: i64| (0..1000).step_by(step).map(|i| i + offset).collect::<Vec<i64>>();
        assert_eq!(reading(&every(2, 0), &every(20, 1)), Reading::SamePeriod);
        assert_eq!(reading(&days(0..90), &days(83..90)), Reading::Arrivals, "a week of the reference's quarter");
        assert_eq!(reading(&days(0..90), &days(30..120)), Reading::Arrivals);
        assert_eq!(reading(&days(0..90), &days(90..180)), Reading::Arrivals);
        let outlier = |mut moments: Vec<i64>| {
            moments.push(1_000_000);
            moments
        };
        assert_eq!(reading(&outlier(every(2, 0)), &every(2, 1)), Reading::SamePeriod, "one odd date changes nothing");
    }

    #[test]
    fn the_report_is_read_back_as_it_was_and_without_what_older_ones_lack() {
        let whole = report(text_column(&log(0, 21, |_| true)), text_column(&log(21, 14, |_| true)), None);
        let mut json = serde_json::to_value(&whole).unwrap();
        assert_eq!(serde_json::from_value::<DriftReport>(json.clone()).unwrap(), whole);
        assert_eq!(json["columns"][0]["datetime"]["reference"]["first"], "2022-01-08T00:00:00Z");
        let column = json["columns"][0].as_object_mut().unwrap();
        column.remove("datetime");
        column["calibrated"].as_object_mut().unwrap().remove("further");
        let older: DriftReport = serde_json::from_value(json).unwrap();
        assert!(older.columns[0].datetime.is_none() && older.columns[0].calibrated.further.is_empty());
    }
}
