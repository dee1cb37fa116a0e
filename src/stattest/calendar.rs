//! Whether rows fall on the same hours of the day, and the same days of the week, as they did.

use super::coverage::{Coverage, length, resolution, within};
use super::special::beta_i;
use super::{Current, NotTested, Reference, TimeUnit};
use crate::data::datetime::{DAY, HOUR};
use crate::num::Sum;
use crate::profile::datetime::hour_of_week;

/// Two profiles over the hours or the weekdays, compared.
#[derive(Debug, Clone, PartialEq)]
pub struct CalendarChange {
    /// Rows of the reference by hour or weekday, of the whole weeks that were compared.
    pub reference: Vec<u64>,
    /// Rows of the current side.
    pub current: Vec<u64>,
    /// P-value of equal shares.
    pub p_value: f64,
    /// How many times as uncertain the reference's shares are (as a variance) as those of independent rows would be.
    pub overdispersion_reference: f64,
    /// The same of the current side.
    pub overdispersion_current: f64,
}

/// Days that both sides have to cover for their hours to be compared: whole weeks, so that a working day is not held
/// against a Sunday.
const MIN_DAYS: u64 = 7;
/// Weeks that both sides have to cover for their weekdays to be compared.
const MIN_WEEKS: u64 = 2;

/// Whether the rows of a day are spread over its hours as they were.
///
/// ```text
/// X2 = sum over h of (q(h) - p(h))^2 / s(h),   F = X2 / tr V ~ F(f, f v),   f = (tr V)^2 / tr V^2
/// ```
/// `p` and `q` are the reference's and the current shares of hour `h`, `s` those of both sides together, and `V` is the
/// covariance matrix of `(q - p) / sqrt(s)`. Rows of a day are no independent draws: a busy evening has all of its rows in
/// the evening. `V` therefore is that of independent rows plus an excess that grows with the rows of a day, estimated
/// from how the days of each side differ from that side's mean, `v` of which are free: those of both sides less two.
///
/// Inputs: ascending moments in microseconds; hours are those of UTC, so where clocks are put forward for the summer, people's
/// habits move by an hour, unless the column holds local time without a zone. Only whole weeks count, the latest ones of each
/// side, so that both hold every weekday alike.
///
/// Score: a p-value; small speaks for drift. Declines when a side covers fewer than seven whole days, when the moments
/// are dates without a time, and when all rows fall into one hour.
///
/// ```
/// use tidemark::stattest::{Current, Reference, calendar};
/// // Every minute of the first 12 hours of 14 days; 2 hours later.
/// let rows = |shift: i64| {
///     (0..14).flat_map(|day| (0..720).map(move |i| ((day * 24 + shift) * 60 + i) * 60_000_000)).collect::<Vec<i64>>()
/// };
/// assert!(calendar::hours(Reference(&rows(0)), Current(&rows(2))).unwrap().p_value < 1e-12);
/// assert_eq!(calendar::hours(Reference(&rows(0)), Current(&rows(0))).unwrap().p_value, 1.0);
/// ```
///
/// Source: Rao and Scott, Annals of Statistics 12 (1984), for chi-square in clusters and its second-order correction;
/// Thomas and Rao, JASA 82 (1987), for F instead of chi-square.
///
/// # Errors
/// As above.
pub fn hours(reference: Reference<&[i64]>, current: Current<&[i64]>) -> Result<CalendarChange, NotTested> {
    if resolution([reference.0, current.0]) == DAY {
        return Err(NotTested::NoTimeOfDay);
    }
    let hour = |moment: i64| (moment.rem_euclid(DAY) / HOUR) as usize;
    let [reference, current] = clusters([reference.0, current.0], TimeUnit::Day, MIN_DAYS, 24, hour)?;
    compare(&reference, &current)
}

/// Whether the rows of a week are spread over its days as they were.
///
/// As [`hours`], with weekdays for hours and weeks for days: stretches of seven whole days, whichever weekday is first.
/// Declines when a side covers fewer than two of them, and when all rows fall on one weekday.
///
/// ```
/// use tidemark::stattest::{Current, Reference, calendar};
/// // Ten rows a day; then none on Saturdays and Sundays. 1970-01-05 was a Monday.
/// let rows = |works: fn(i64) -> bool| {
///     let days = (4..60).filter(move |day| works((day - 4) % 7));
///     days.flat_map(|day| (0..10).map(move |i| (day * 24 + 8 + i) * 3_600_000_000)).collect::<Vec<i64>>()
/// };
/// let found = calendar::weekdays(Reference(&rows(|_| true)), Current(&rows(|day| day < 5))).unwrap();
/// assert!(found.p_value < 1e-10 && found.current[5..] == [0, 0]);
/// ```
///
/// # Errors
/// As above.
pub fn weekdays(reference: Reference<&[i64]>, current: Current<&[i64]>) -> Result<CalendarChange, NotTested> {
    let weekday = |moment: i64| hour_of_week(moment) / 24;
    let [reference, current] = clusters([reference.0, current.0], TimeUnit::Week, MIN_WEEKS, 7, weekday)?;
    compare(&reference, &current)
}

/// One side's rows by category, in each of the days or weeks that have any.
struct Clusters {
    /// Days or weeks, those without rows included.
    n_clusters: u64,
    rows: Vec<Vec<u64>>,
}

/// The whole days or weeks of both sides, cut to whole weeks.
fn clusters(
    sides: [&[i64]; 2],
    unit: TimeUnit,
    needed: u64,
    n_categories: usize,
    category: impl Fn(i64) -> usize,
) -> Result<[Clusters; 2], NotTested> {
    let days_per_cluster = if unit == TimeUnit::Week { 7 } else { 1 };
    let resolution = resolution(sides);
    let days = sides.map(|side| Coverage::of(side, resolution).map_or(0..0, |coverage| coverage.whole(DAY)));
    let [n_reference, n_current] = days.each_ref().map(|days| length(days) / days_per_cluster);
    if n_reference < needed || n_current < needed {
        return Err(NotTested::SpanTooShort { unit, n_reference, n_current, needed });
    }
    Ok([0, 1].map(|side| {
        let end = days[side].end;
        let weeks = end - (length(&days[side]) / 7 * 7) as i64..end;
        let cluster = |moment: &i64| (moment.div_euclid(DAY) - weeks.start) / days_per_cluster as i64;
        let moments = within(sides[side], weeks.clone(), DAY);
        let rows = moments.chunk_by(|a, b| cluster(a) == cluster(b)).map(|moments| {
            let mut rows = vec![0; n_categories];
            for moment in moments {
                rows[category(*moment)] += 1;
            }
            rows
        });
        Clusters { n_clusters: length(&weeks) / days_per_cluster, rows: rows.collect() }
    }))
}

impl Clusters {
    fn totals(&self, n_categories: usize) -> Vec<u64> {
        let mut totals = vec![0; n_categories];
        for rows in &self.rows {
            for (total, rows) in totals.iter_mut().zip(rows) {
                *total += rows;
            }
        }
        totals
    }

    /// Sum of the squared sizes.
    fn squares(&self) -> f64 {
        let sizes = self.rows.iter().map(|rows| rows.iter().sum::<u64>() as f64);
        sizes.map(|size| size * size).collect::<Sum>().value()
    }

    /// Adds to `matrix` how the clusters differ from their side's `shares`, each category in units of the square root of
    /// `scale`; corrected for the mean being their own.
    fn add_scatter(&self, shares: &[f64], scale: &[f64], matrix: &mut [Vec<Sum>]) {
        let correction = self.n_clusters as f64 / (self.n_clusters - 1) as f64;
        for rows in &self.rows {
            let size = rows.iter().sum::<u64>() as f64;
            let deviation = |h: usize| (rows[h] as f64 - size * shares[h]) / scale[h].sqrt();
            let deviations: Vec<f64> = (0..shares.len()).filter(|h| scale[*h] > 0.0).map(deviation).collect();
            for (line, a) in matrix.iter_mut().zip(&deviations) {
                for (sum, b) in line.iter_mut().zip(&deviations) {
                    sum.add(correction * a * b);
                }
            }
        }
    }
}

fn compare(reference: &Clusters, current: &Clusters) -> Result<CalendarChange, NotTested> {
    let n_categories = reference.rows.first().or(current.rows.first()).map_or(0, Vec::len);
    let (r, c) = (reference.totals(n_categories), current.totals(n_categories));
    let (n, m) = (r.iter().sum::<u64>(), c.iter().sum::<u64>());
    if n == 0 || m == 0 {
        return Err(NotTested::Empty { n_reference: n, n_current: m });
    }
    let share = |counts: &[u64], total: u64| counts.iter().map(|&count| count as f64 / total as f64).collect();
    let (p, q): (Vec<f64>, Vec<f64>) = (share(&r, n), share(&c, m));
    let together: Vec<f64> = r.iter().zip(&c).map(|(r, c)| (r + c) as f64 / (n + m) as f64).collect();
    let occurring: Vec<usize> = (0..n_categories).filter(|h| together[*h] > 0.0).collect();
    if occurring.len() < 2 {
        return Err(NotTested::Constant);
    }
    let mut scatter = vec![vec![Sum::default(); occurring.len()]; occurring.len()];
    reference.add_scatter(&p, &together, &mut scatter);
    current.add_scatter(&q, &together, &mut scatter);
    let df = reference.n_clusters + current.n_clusters - 2;
    let squares = [reference.squares(), current.squares()];
    let covariance = Covariance::of(&scatter, df as f64, [n, m].map(|n| n as f64), squares);
    let differences = occurring.iter().map(|&h| (q[h] - p[h]) * (q[h] - p[h]) / together[h]);
    let statistic = differences.collect::<Sum>().value() / covariance.trace;
    let f = covariance.df;
    Ok(CalendarChange {
        reference: r,
        current: c,
        p_value: f_sf(statistic, f, f * df as f64),
        overdispersion_reference: covariance.overdispersion[0],
        overdispersion_current: covariance.overdispersion[1],
    })
}

/// The covariance matrix of the differences of the shares, as far as the test needs it.
struct Covariance {
    trace: f64,
    /// Degrees of freedom of a chi-square with the same mean and variance (Satterthwaite).
    df: f64,
    overdispersion: [f64; 2],
}

impl Covariance {
    /// `scatter` is the sum over both sides with `v` degrees of freedom, `n` their rows, `squares` the sums of the squared
    /// sizes of their clusters. With `I` for the matrix of independent rows and `K` for the excess,
    ///
    /// ```text
    /// E(scatter) = sum of n I + sum of squares K,   V = sum of (n I + squares K) / n^2
    /// ```
    fn of(scatter: &[Vec<Sum>], v: f64, n: [f64; 2], squares: [f64; 2]) -> Self {
        let rank = scatter.len() as f64 - 1.0;
        let trace: f64 = (0..scatter.len()).map(|h| scatter[h][h].value()).collect::<Sum>().value();
        let square = scatter.iter().flatten().map(|sum| sum.value() * sum.value()).collect::<Sum>().value();
        // The squares of a matrix that is itself an estimate are too large (of a Wishart matrix, by these factors).
        let square = v * v / ((v + 2.0) * (v - 1.0)) * (square - trace * trace / v);
        let (n_all, squares_all) = (n[0] + n[1], squares[0] + squares[1]);
        let k = (trace - n_all * rank) / squares_all;
        let (k, k_square) = if k > 0.0 {
            (k, (square - 2.0 * n_all * trace + n_all * n_all * rank) / (squares_all * squares_all))
        } else {
            (0.0, 0.0)
        };
        let a = n[0].recip() + n[1].recip();
        let b = squares[0] / (n[0] * n[0]) + squares[1] / (n[1] * n[1]);
        let of_difference = a * rank + b * k;
        let of_its_square = a * a * rank + 2.0 * a * b * k + b * b * k_square;
        Self {
            trace: of_difference,
            // No eigenvalue is negative.
            df: (of_difference * of_difference / of_its_square.max(0.0)).clamp(1.0, rank),
            overdispersion: [0, 1].map(|side| 1.0 + k / rank * squares[side] / n[side]),
        }
    }
}

/// `P(X > x)` of the F distribution.
fn f_sf(x: f64, df1: f64, df2: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let whole = df2 + df1 * x;
    beta_i(df2 / 2.0, df1 / 2.0, df2 / whole, df1 * x / whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stattest::traffic::{LATER, Traffic, share_of_alarms};

    type Test = fn(Reference<&[i64]>, Current<&[i64]>) -> Result<CalendarChange, NotTested>;

    fn alarms(n: u64, test: Test, traffic: Traffic, days: [f64; 2], change: fn(i64) -> f64) -> f64 {
        share_of_alarms(n, 1, |rng, start| {
            let reference = traffic.moments(rng, start, days[0], |_| 1.0);
            let current = traffic.moments(rng, start + LATER + 0.3, days[1], change);
            test(Reference(&reference), Current(&current)).is_ok_and(|found| found.p_value <= 0.05)
        })
    }

    #[test]
    fn days_that_differ_by_themselves_raise_no_alarm() {
        let usual = Traffic::USUAL;
        let cases = [
            ("independent rows", Traffic::PLAIN, [28.5, 28.5]),
            ("few rows", Traffic { per_hour: 1.0, ..Traffic::PLAIN }, [28.5, 15.5]),
            ("busy days", usual, [28.5, 15.5]),
            ("busy weeks", Traffic { day_memory: 0.6, ..usual }, [28.5, 28.5]),
            ("bursts", Traffic { burst: 20.0, ..usual }, [28.5, 15.5]),
        ];
        for (name, traffic, days) in cases {
            for (what, test) in [("hours", hours as Test), ("weekdays", weekdays as Test)] {
                let share = alarms(150, test, traffic, days, |_| 1.0);
                // Three standard errors above 0.05.
                assert!(share <= 0.104, "{what}, {name}: {share}");
            }
        }
    }

    #[test]
    fn another_daily_or_weekly_rhythm_is_seen() {
        let more_evenings = |moment: i64| if hour_of_week(moment) % 24 >= 18 { 1.5 } else { 1.0 };
        assert!(alarms(50, hours, Traffic::USUAL, [28.5, 15.5], more_evenings) > 0.95);
        let more_weekends = |moment: i64| if hour_of_week(moment) / 24 >= 5 { 1.5 } else { 1.0 };
        assert!(alarms(50, weekdays, Traffic::PLAIN, [28.5, 15.5], more_weekends) > 0.95);
    }

    #[test]
    fn hours_take_a_week_and_weekdays_two() {
        let every_hour = |days: i64| (0..24 * days).map(|hour| hour * HOUR).collect::<Vec<i64>>();
        let (a, b) = (every_hour(6), every_hour(30));
        let reason = hours(Reference(&b), Current(&a)).unwrap_err();
        assert_eq!(reason.to_string(), "takes 7 whole days on each side, and there are 30 and 6");
        assert!(hours(Reference(&b), Current(&every_hour(7))).is_ok());
        let reason = weekdays(Reference(&b), Current(&every_hour(13))).unwrap_err();
        assert_eq!(reason.to_string(), "takes 2 whole weeks on each side, and there are 4 and 1");
        // Four weeks of the thirty days, the latest.
        assert_eq!(weekdays(Reference(&b), Current(&every_hour(14))).unwrap().reference, [96; 7]);
    }

    #[test]
    fn dates_have_no_hours() {
        let dates: Vec<i64> = (0..30).map(|day| day * DAY).collect();
        assert_eq!(hours(Reference(&dates), Current(&dates)), Err(NotTested::NoTimeOfDay));
        assert_eq!(weekdays(Reference(&dates), Current(&dates)).unwrap().p_value, 1.0);
        // Always at noon.
        let noons: Vec<i64> = dates.iter().map(|date| date + 12 * HOUR).collect();
        assert_eq!(hours(Reference(&noons), Current(&noons)), Err(NotTested::Constant));
        assert!(hours(Reference(&[]), Current(&noons)).is_err());
    }

    #[test]
    fn the_f_tail_keeps_its_digits() {
        // scipy 1.17: f.sf([2.5, 40], 3.5, [20.5, 300])
        for (x, df2, p) in [(2.5, 20.5, 0.080_669_175_532_080_88), (40.0, 300.0, 2.251_611_648_494_843e-24)] {
            assert!((f_sf(x, 3.5, df2) / p - 1.0).abs() < 1e-11, "{:e}", f_sf(x, 3.5, df2));
        }
    }
}
