//! What right and wrong words are worth in money, and which threshold would have earned most.

use serde::{Deserialize, Serialize};

use super::confusion::Confusion;
use super::figure::Figure;
use super::ranking::{Operating, Ranking};

const MILLIS_PER_DAY: f64 = 86_400_000.0;

/// What one row is worth, in any currency; what costs is negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Values {
    /// A positive row that is called positive.
    pub true_positive: f64,
    /// A negative row that is called positive.
    pub false_positive: f64,
    /// A positive row that is called negative.
    pub false_negative: f64,
    /// A negative row that is called negative.
    pub true_negative: f64,
}

/// What a threshold earns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    /// The threshold and what comes of it.
    pub operating: Operating,
    /// What all rows earned together.
    pub total: f64,
    /// What a row earned on average.
    pub per_row: Figure,
}

impl Values {
    /// What these rows are worth together: Σ count × value, as NannyML's business value.
    ///
    /// ```
    /// use tidemark::performance::{Confusion, Values};
    /// let values = Values { true_positive: 100.0, false_positive: -5.0, false_negative: -200.0, true_negative: 0.0 };
    /// let rows = Confusion { true_positive: 3, false_positive: 10, false_negative: 1, true_negative: 986 };
    /// assert_eq!(values.total(&rows), 50.0);
    /// ```
    pub fn total(&self, rows: &Confusion) -> f64 {
        rows.true_positive as f64 * self.true_positive
            + rows.false_positive as f64 * self.false_positive
            + rows.false_negative as f64 * self.false_negative
            + rows.true_negative as f64 * self.true_negative
    }

    /// The mean worth of a row, with its interval by the normal law: mean ± z sqrt(Σ n_c (v_c - mean)² / (n - 1) / n). It rests on the
    /// rows of the rarer class.
    pub fn per_row(&self, rows: &Confusion) -> Figure {
        let n = rows.n_rows();
        if n == 0 {
            return Figure::undefined(super::figure::Undefined::NoRows);
        }
        let mean = self.total(rows) / n as f64;
        let cells = [
            (rows.true_positive, self.true_positive),
            (rows.false_positive, self.false_positive),
            (rows.false_negative, self.false_negative),
            (rows.true_negative, self.true_negative),
        ];
        let squares: f64 = cells.iter().map(|&(count, value)| count as f64 * (value - mean) * (value - mean)).sum();
        let half = super::figure::Z * (squares / (n as f64 - 1.0) / n as f64).sqrt();
        let interval = (n > 1).then_some((mean - half, mean + half));
        Figure::new(mean, interval, rows.n_positive().min(rows.n_negative()))
    }

    /// What an operating point earns.
    pub fn worth(&self, operating: Operating) -> Worth {
        Worth { operating, total: self.total(&operating.confusion), per_row: self.per_row(&operating.confusion) }
    }

    /// The threshold that would have earned most on these rows; of several as good, the highest.
    ///
    /// It was chosen by the same rows, and so promises somewhat more than it will keep: with few positive rows, believe its
    /// interval rather than its value.
    ///
    /// ```
    /// use tidemark::performance::{Ranking, Values};
    /// let values = Values { true_positive: 10.0, false_positive: -1.0, false_negative: 0.0, true_negative: 0.0 };
    /// let ranking = Ranking::of(&[false, false, true, true], &[0.1, 0.4, 0.35, 0.8]);
    /// let best = values.best(&ranking);
    /// assert_eq!((best.operating.threshold, best.total), (Some(0.35), 19.0));
    /// ```
    pub fn best(&self, ranking: &Ranking) -> Worth {
        let mut thresholds = ranking.thresholds();
        let first = thresholds.next().expect("no row called positive is always a choice");
        let (best, _) = thresholds.fold((first, self.total(&first.confusion)), |(best, most), at| {
            let total = self.total(&at.confusion);
            if total > most { (at, total) } else { (best, most) }
        });
        self.worth(best)
    }
}

/// Money per day, of money in rows that came within `span_millis`. `None` where they came all at once.
pub fn per_day(total: f64, span_millis: u64) -> Option<f64> {
    (span_millis > 0).then(|| total / span_millis as f64 * MILLIS_PER_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: Values =
        Values { true_positive: 10.0, false_positive: -1.0, false_negative: -20.0, true_negative: 0.5 };

    #[test]
    fn the_best_threshold_is_that_of_trying_them_all() {
        let truths: Vec<bool> = (0..60).map(|row| row * 7 % 10 < 3).collect();
        let scores: Vec<f64> = (0..60).map(|row| f64::from(row * 13 % 17) / 17.0).collect();
        let ranking = Ranking::of(&truths, &scores);
        let mut tried: Vec<f64> = scores.clone();
        tried.push(2.0);
        let most = tried.iter().map(|&t| VALUES.total(&ranking.at(t))).fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(VALUES.best(&ranking).total, most);
        // Where every alarm costs, there is none.
        let dear = Values { true_positive: -1.0, ..VALUES };
        let dear = Values { false_negative: 0.0, ..dear };
        assert_eq!(dear.best(&ranking).operating.threshold, None);
    }

    #[test]
    fn the_interval_is_that_of_the_rows_written_out() {
        let rows = Confusion { true_positive: 30, false_positive: 50, false_negative: 20, true_negative: 900 };
        let mut terms = vec![10.0; 30];
        terms.extend(vec![-1.0; 50]);
        terms.extend(vec![-20.0; 20]);
        terms.extend(vec![0.5; 900]);
        let (found, expected) = (VALUES.per_row(&rows), Figure::mean(&terms));
        assert!((found.value().unwrap() - expected.value().unwrap()).abs() < 1e-12);
        let (found, expected) = (found.interval().unwrap(), expected.interval().unwrap());
        // Normal against Student with 999 degrees of freedom.
        assert!((found.lower - expected.lower).abs() < 1e-3 && (found.upper - expected.upper).abs() < 1e-3);
        assert_eq!(per_day(50.0, 43_200_000), Some(100.0));
        assert_eq!(per_day(50.0, 0), None);
    }
}
