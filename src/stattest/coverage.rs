//! Which whole hours, days or weeks a side of moments covers.

use std::ops::Range;

use crate::data::datetime::{DAY, HOUR, MINUTE, SECOND};

/// The stretch of time that a side was watched for, as far as its moments tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coverage {
    low: i64,
    high: i64,
}

impl Coverage {
    /// The coverage of ascending moments that are written to `resolution`; `None` for fewer than two.
    ///
    /// Watching began before the first moment and ended after the last one, by a mean gap each on average: of the moments
    /// of a fixed window the first lies about that far from its start. A moment stands for all of its own unit, a date
    /// for the whole day.
    pub(super) fn of(sorted: &[i64], resolution: i64) -> Option<Self> {
        let (first, last) = (*sorted.first()?, *sorted.last()?);
        let n_gaps = i64::try_from(sorted.len()).ok()? - 1;
        let mean_gap = (last - first).checked_div(n_gaps)?;
        Some(Self { low: first - (mean_gap - resolution).max(0), high: last + mean_gap.max(resolution) })
    }

    /// The whole stretches of `length` in it, numbered from 1970.
    pub(super) const fn whole(self, length: i64) -> Range<i64> {
        let first = (self.low + length - 1).div_euclid(length);
        let end = self.high.div_euclid(length);
        first..if end < first { first } else { end }
    }
}

/// The unit that all moments of both sides are whole multiples of: a day for plain dates, a microsecond at the least.
pub(super) fn resolution(sides: [&[i64]; 2]) -> i64 {
    let is_whole = |unit: &i64| sides.iter().all(|side| side.iter().all(|moment| moment % unit == 0));
    [DAY, HOUR, MINUTE, SECOND].into_iter().find(is_whole).unwrap_or(1)
}

/// How many a range holds.
pub(super) const fn length(range: &Range<i64>) -> u64 {
    (range.end - range.start) as u64
}

/// The moments of an ascending slice that lie in the stretches of `length` that `range` numbers.
pub(super) fn within(sorted: &[i64], range: Range<i64>, length: i64) -> &[i64] {
    let position = |stretch: i64| sorted.partition_point(|moment| *moment < stretch * length);
    &sorted[position(range.start)..position(range.end)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_covers_its_day_and_a_moment_no_more_than_the_gap_beside_it() {
        let days = [3, 3, 4, 6].map(|day| day * DAY);
        assert_eq!(resolution([&days, &[]]), DAY);
        assert_eq!(Coverage::of(&days, DAY).unwrap().whole(DAY), 3..7);
        // From noon of day 3 to noon of day 6, one every hour: days 4 and 5 are whole.
        let hours: Vec<i64> = (84..=156).map(|hour| hour * HOUR + 1).collect();
        assert_eq!(resolution([&days, &hours]), 1);
        assert_eq!(Coverage::of(&hours, 1).unwrap().whole(DAY), 4..6);
        // From a quarter past midnight to a quarter to midnight, one every half hour: the whole day.
        let day: Vec<i64> = (0..48).map(|half| 9 * DAY + 15 * MINUTE + half * 30 * MINUTE).collect();
        assert_eq!(Coverage::of(&day, MINUTE).unwrap().whole(DAY), 9..10);
    }

    #[test]
    fn fewer_than_two_moments_cover_nothing() {
        assert_eq!(Coverage::of(&[], 1), None);
        assert_eq!(Coverage::of(&[5], 1), None);
        assert_eq!(Coverage::of(&[5, 5], 1).unwrap().whole(SECOND), 1..1);
    }

    #[test]
    fn only_whole_stretches_are_kept() {
        let moments = [DAY - 1, DAY, 2 * DAY, 3 * DAY - 1, 3 * DAY];
        assert_eq!(within(&moments, 1..3, DAY), [DAY, 2 * DAY, 3 * DAY - 1]);
    }
}
