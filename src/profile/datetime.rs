//! One side of a column of moments: what a comparison needs of it beyond its [`ColumnProfile`](super::ColumnProfile).

use crate::data::datetime::{HOUR, Timestamp, WEEK, parse};
use crate::data::{Column, Values};

/// The moments of one side of a column, in microseconds since 1970.
///
/// Profiles merge, part after part in row order: the profile of a window is the merge of its parts'.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatetimeProfile {
    sorted: Vec<i64>,
    unreadable: u64,
    out_of_order: u64,
    /// The first and the last moment by row.
    ends: Option<(i64, i64)>,
}

/// How many moments lie in each hour of the day and on each day of the week, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CalendarCounts {
    /// By hour, from midnight.
    pub hours: [u64; 24],
    /// By day of the week, from Monday.
    pub weekdays: [u64; 7],
}

impl DatetimeProfile {
    /// Reads the moments of a column of strings by [`parse`]. What is neither missing nor a moment is counted, and left
    /// out: numbers, too.
    pub fn of(column: &Column) -> Self {
        Self::read(column, |_| None)
    }

    /// The same of a column that a person says holds moments: then numbers are Unix time, by [`Timestamp::from_unix`].
    pub fn of_declared(column: &Column) -> Self {
        Self::read(column, Timestamp::from_unix)
    }

    fn read(column: &Column, from_number: fn(f64) -> Option<Timestamp>) -> Self {
        let mut profile = Self::default();
        match &column.values {
            Values::Strings(strings) => {
                for moment in strings.map_distinct(parse).flatten() {
                    profile.push(moment);
                }
            }
            Values::Numbers(numbers) => {
                for number in numbers.as_slice().iter().filter(|number| !number.is_nan()) {
                    profile.push(from_number(*number));
                }
            }
            Values::Booleans(values) => profile.unreadable = values.len() as u64,
        }
        // Logs come in order, and then this is one pass.
        profile.sorted.sort_unstable();
        profile
    }

    /// The same of moments that come with their counts, in any order; `None` is a value that is no moment. The order of the rows is
    /// not known, and none counts as out of it.
    pub(crate) fn of_counts(moments: impl Iterator<Item = (Option<Timestamp>, u64)>) -> Self {
        let mut profile = Self::default();
        for (moment, count) in moments {
            match moment {
                Some(moment) => profile.sorted.extend(std::iter::repeat_n(moment.micros(), count as usize)),
                None => profile.unreadable += count,
            }
        }
        profile.sorted.sort_unstable();
        profile.ends = profile.sorted.first().copied().zip(profile.sorted.last().copied());
        profile
    }

    fn push(&mut self, moment: Option<Timestamp>) {
        let Some(moment) = moment.map(Timestamp::micros) else {
            self.unreadable += 1;
            return;
        };
        let (first, before) = self.ends.unwrap_or((moment, moment));
        self.out_of_order += u64::from(moment < before);
        self.ends = Some((first, moment));
        self.sorted.push(moment);
    }

    /// The profile of both parts together, `other` after this one.
    pub fn merge(&self, other: &Self) -> Self {
        let mut sorted = [self.sorted.as_slice(), other.sorted.as_slice()].concat();
        // Finds the two runs and merges them.
        sorted.sort();
        let is_step_back = matches!((self.ends, other.ends), (Some((_, last)), Some((first, _))) if first < last);
        let ends = match (self.ends, other.ends) {
            (Some((first, _)), Some((_, last))) => Some((first, last)),
            (ends, None) | (None, ends) => ends,
        };
        Self {
            sorted,
            unreadable: self.unreadable + other.unreadable,
            out_of_order: self.out_of_order + other.out_of_order + u64::from(is_step_back),
            ends,
        }
    }

    /// The first and the last moment by row.
    pub(super) const fn ends(&self) -> Option<(i64, i64)> {
        self.ends
    }

    /// What was stored of a profile; `None` where its parts do not fit: the moments have to ascend and to name moments,
    /// the ends have to be among them.
    pub(super) fn of_stored(
        sorted: Vec<i64>,
        unreadable: u64,
        out_of_order: u64,
        ends: Option<(i64, i64)>,
    ) -> Option<Self> {
        let is_moment = |micros: &i64| Timestamp::from_micros(*micros).is_some();
        let is_known = |micros: i64| sorted.binary_search(&micros).is_ok();
        let fits = sorted.is_sorted()
            && sorted.first().is_none_or(is_moment)
            && sorted.last().is_none_or(is_moment)
            && ends.map_or(sorted.is_empty(), |(first, last)| is_known(first) && is_known(last))
            && out_of_order <= sorted.len() as u64;
        fits.then_some(Self { sorted, unreadable, out_of_order, ends })
    }

    /// Moments that could be read.
    pub const fn n(&self) -> u64 {
        self.sorted.len() as u64
    }

    /// The moments in ascending order, in microseconds since 1970.
    pub fn sorted(&self) -> &[i64] {
        &self.sorted
    }

    /// Values that are neither missing nor a moment.
    pub const fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Rows whose moment lies before that of the row above.
    pub const fn out_of_order(&self) -> u64 {
        self.out_of_order
    }

    /// Rows whose moment an earlier row has, too.
    pub fn duplicates(&self) -> u64 {
        self.sorted.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64
    }

    /// The moments by hour of the day and day of the week.
    pub fn calendar(&self) -> CalendarCounts {
        let mut by_hour_of_week = [0_u64; 168];
        for micros in &self.sorted {
            by_hour_of_week[hour_of_week(*micros)] += 1;
        }
        let mut counts = CalendarCounts::default();
        for (hour, count) in by_hour_of_week.into_iter().enumerate() {
            counts.hours[hour % 24] += count;
            counts.weekdays[hour / 24] += count;
        }
        counts
    }
}

/// Hours since Monday, midnight, in UTC: 0 to 167.
pub(crate) const fn hour_of_week(micros: i64) -> usize {
    // 1970-01-01 was a Thursday.
    const MONDAY: i64 = 3 * 24 * HOUR;
    ((micros + MONDAY).rem_euclid(WEEK) / HOUR) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(values: &[Option<&'static str>]) -> DatetimeProfile {
        DatetimeProfile::of(&Column::strings("at", values.iter().copied()))
    }

    const ROWS: [Option<&str>; 7] = [
        Some("2024-03-01 08:00"),
        None,
        Some("2024-03-03 23:59:59"),
        Some("2024-03-01 08:00"),
        Some("soon"),
        Some("2024-03-04"),
        Some("2024-03-04"),
    ];

    #[test]
    fn order_repeats_and_what_is_no_moment_are_counted() {
        let profile = profile(&ROWS);
        assert_eq!((profile.n(), profile.unreadable(), profile.out_of_order(), profile.duplicates()), (5, 1, 1, 2));
        assert!(profile.sorted().is_sorted());
    }

    #[test]
    fn hours_and_weekdays_are_those_of_utc() {
        let counts = profile(&ROWS).calendar();
        // 2024-03-01 was a Friday; date -u -d 2024-03-01 +%u prints 5.
        assert_eq!(counts.weekdays, [2, 0, 0, 0, 2, 0, 1]);
        assert_eq!((counts.hours[8], counts.hours[23], counts.hours[0]), (2, 1, 2));
        for text in ["1969-12-31 22:00", "2024-02-29T23:30:00-01:00", "1582-10-15 05:00"] {
            let moment = parse(text).unwrap();
            assert_eq!(hour_of_week(moment.micros()), moment.weekday() * 24 + moment.hour(), "{text}");
        }
    }

    #[test]
    fn the_merge_of_parts_is_the_profile_of_the_whole() {
        for cut in 0..=ROWS.len() {
            assert_eq!(profile(&ROWS[..cut]).merge(&profile(&ROWS[cut..])), profile(&ROWS), "cut at {cut}");
        }
    }

    #[test]
    fn numbers_are_unix_time_by_a_persons_word_and_truth_values_no_time_at_all() {
        let column = Column::numbers("at", vec![86_400.0, f64::NAN, f64::INFINITY]);
        let numbers = DatetimeProfile::of_declared(&column);
        assert_eq!((numbers.sorted(), numbers.unreadable()), ([24 * HOUR].as_slice(), 1));
        assert_eq!((DatetimeProfile::of(&column).n(), DatetimeProfile::of(&column).unreadable()), (0, 2));
        let truths = Column { name: "at".to_owned(), values: Values::Booleans(vec![true, false]) };
        assert_eq!((DatetimeProfile::of(&truths).n(), DatetimeProfile::of(&truths).unreadable()), (0, 2));
    }
}
