//! How well scores put the positive rows before the negative ones. One sort gives every figure of rank.

use serde::{Deserialize, Serialize};

use super::confusion::Confusion;
use super::figure::{ALPHA, Figure, Undefined, Z};
use crate::stattest::tails::{clopper_pearson, student_95};

/// The rows of two classes by falling score.
#[derive(Debug, Clone)]
pub struct Ranking {
    groups: Vec<TiedGroup>,
    n_positive: u64,
    n_negative: u64,
}

/// Rows that share one score.
#[derive(Debug, Clone, Copy)]
struct TiedGroup {
    score: f64,
    n_positive: u64,
    n_negative: u64,
}

/// What happens when every row from a score on is called positive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Operating {
    /// Rows with this score or more are called positive; `None` where no row is.
    pub threshold: Option<f64>,
    /// What comes of it.
    pub confusion: Confusion,
}

/// How many more positive rows there are among the highest scores than among all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lift {
    /// The share of rows with the highest scores that was asked for, 0 to 1.
    pub share: f64,
    /// The rows taken: those of one score are taken together.
    pub n_taken: u64,
    /// Positive rows among them.
    pub n_positive: u64,
    /// How many times as frequent positive rows are among them.
    pub lift: Figure,
}

impl Ranking {
    /// Sorts rows: one truth and one score each, finite.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn of(truths: &[bool], scores: &[f64]) -> Self {
        assert_eq!(truths.len(), scores.len(), "one score per truth");
        let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(truths.iter().copied()).collect();
        rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let of_one_score = |rows: &[(f64, bool)]| {
            let n_positive = rows.iter().filter(|(_, truth)| *truth).count() as u64;
            TiedGroup { score: rows[0].0, n_positive, n_negative: rows.len() as u64 - n_positive }
        };
        let groups: Vec<TiedGroup> = rows.chunk_by(|a, b| a.0 == b.0).map(of_one_score).collect();
        let n_positive = groups.iter().map(|group| group.n_positive).sum();
        Self { n_positive, n_negative: rows.len() as u64 - n_positive, groups }
    }

    /// Rows.
    pub const fn n_rows(&self) -> u64 {
        self.n_positive + self.n_negative
    }

    /// Whether every score can be a probability.
    pub fn is_probable(&self) -> bool {
        let is_share = |group: &TiedGroup| (0.0..=1.0).contains(&group.score);
        self.groups.first().is_none_or(is_share) && self.groups.last().is_none_or(is_share)
    }

    const fn absent_class(&self) -> Undefined {
        Confusion {
            true_positive: self.n_positive,
            true_negative: self.n_negative,
            false_positive: 0,
            false_negative: 0,
        }
        .absent_class()
    }

    /// The probability that a random positive row has a larger score than a random negative one, ties counting half: the area
    /// under the receiver operating characteristic.
    ///
    /// ```text
    /// AUC = Σ over positive rows of (negatives with a lower score + half of those with the same) / (p n)
    /// ```
    /// p and n the numbers of positive and negative rows. From 0 to 1; 0.5 is guessing. Undefined unless both classes occur.
    ///
    /// The interval spans two: DeLong's on the scale of the logit, which knows the scores, and Newcombe's, all θ with
    /// (AUC - θ)² ≤ z² V(θ), V(θ) the variance of Hanley and McNeil at θ, which does not shrink to nothing where the order of few rows is
    /// nearly perfect: there DeLong's alone holds the truth 88 times in 100.
    ///
    /// ```
    /// use tidemark::performance::Ranking;
    /// let ranking = Ranking::of(&[false, false, true, true], &[0.1, 0.4, 0.35, 0.8]);
    /// assert_eq!(ranking.roc_auc().value(), Some(0.75));
    /// ```
    ///
    /// Source: Hanley and McNeil, Radiology 143(1), 1982; DeLong, DeLong and Clarke-Pearson, Biometrics 44(3), 1988; Newcombe,
    /// Statistics in Medicine 25(4), 2006, method 5. `sklearn.metrics.roc_auc_score`.
    pub fn roc_auc(&self) -> Figure {
        let (p, n) = (self.n_positive as f64, self.n_negative as f64);
        if self.n_positive == 0 || self.n_negative == 0 {
            return Figure::undefined(self.absent_class());
        }
        let auc = self.pairs_won() / (p * n);
        let rarer = self.n_positive.min(self.n_negative);
        let (mut lower, mut upper) = newcombe_interval(auc, p, n);
        if auc > 0.0 && auc < 1.0 && rarer > 1 {
            let logit = libm::log(auc / (1.0 - auc));
            let half = Z * self.delong_variance(auc).sqrt() / (auc * (1.0 - auc));
            (lower, upper) = (lower.min(expit(logit - half)), upper.max(expit(logit + half)));
        }
        Figure::new(auc, Some((lower, upper)), rarer)
    }

    /// Pairs of a positive and a negative row in which the positive one has the larger score, ties counting half.
    fn pairs_won(&self) -> f64 {
        let (mut won_twice, mut n_below) = (0_u128, u128::from(self.n_negative));
        for group in &self.groups {
            n_below -= u128::from(group.n_negative);
            won_twice += u128::from(group.n_positive) * (2 * n_below + u128::from(group.n_negative));
        }
        won_twice as f64 / 2.0
    }

    /// S₁₀/p + S₀₁/n: the spread of each positive row's share of negatives below it, and of each negative row's share of positives
    /// above it.
    fn delong_variance(&self, auc: f64) -> f64 {
        let (p, n) = (self.n_positive as f64, self.n_negative as f64);
        let (mut of_positive, mut of_negative) = (0.0, 0.0);
        let (mut above, mut below) = (0.0, n);
        for group in &self.groups {
            let (positives, negatives) = (group.n_positive as f64, group.n_negative as f64);
            below -= negatives;
            let share_below = (below + negatives / 2.0) / n - auc;
            let share_above = (above + positives / 2.0) / p - auc;
            of_positive += positives * share_below * share_below;
            of_negative += negatives * share_above * share_above;
            above += positives;
        }
        of_positive / (p - 1.0) / p + of_negative / (n - 1.0) / n
    }

    /// The precision, averaged over the positive rows in order of falling score: AP = Σ (Rᵢ - Rᵢ₋₁) Pᵢ, Pᵢ and Rᵢ the precision and
    /// recall when everything at or above the i-th distinct score is called positive.
    ///
    /// From 0 to 1; guessing gives the share of positive rows. Undefined without a positive row. The interval is Wilson's score
    /// interval of a share of the positive rows (Boyd, Eng and Page, ECML 2013, find such a one to hold), with Student's
    /// quantile in the place of the normal one, without which it holds too seldom for five positive rows. `sklearn.metrics.average_precision_score`.
    pub fn average_precision(&self) -> Figure {
        if self.n_positive == 0 {
            return Figure::undefined(self.absent_class());
        }
        let (mut n_called, mut n_hit, mut sum) = (0, 0, 0.0);
        for group in &self.groups {
            n_called += group.n_positive + group.n_negative;
            n_hit += group.n_positive;
            sum += group.n_positive as f64 / self.n_positive as f64 * (n_hit as f64 / n_called as f64);
        }
        Figure::new(sum, Some(wilson_interval(sum, self.n_positive as f64)), self.n_positive)
    }

    /// What happens at every threshold that makes a difference, from the one at which no row is called positive down to the one at
    /// which all are: the points of the ROC and of the precision-recall curve.
    pub fn thresholds(&self) -> impl Iterator<Item = Operating> {
        let mut confusion = Confusion {
            false_negative: self.n_positive,
            true_negative: self.n_negative,
            true_positive: 0,
            false_positive: 0,
        };
        let first = Operating { threshold: None, confusion };
        std::iter::once(first).chain(self.groups.iter().map(move |group| {
            confusion.true_positive += group.n_positive;
            confusion.false_negative -= group.n_positive;
            confusion.false_positive += group.n_negative;
            confusion.true_negative -= group.n_negative;
            Operating { threshold: Some(group.score), confusion }
        }))
    }

    /// What happens when rows with `threshold` or more are called positive.
    pub fn at(&self, threshold: f64) -> Confusion {
        let is_called = |at: &Operating| at.threshold.is_none_or(|score| score >= threshold);
        self.thresholds().take_while(is_called).last().map_or_else(Confusion::default, |at| at.confusion)
    }

    /// At most `n_points` of [`Ranking::thresholds`], evenly spread over the rows, both ends among them: what a picture needs.
    pub fn curve(&self, n_points: usize) -> Vec<Operating> {
        let steps = n_points.saturating_sub(1).max(1) as u64;
        let (mut points, mut next) = (Vec::with_capacity(n_points), 0);
        let n_rows = self.n_rows();
        for at in self.thresholds() {
            let called = at.confusion.n_called();
            if called * steps >= next * n_rows || called == n_rows {
                next = (called * steps).checked_div(n_rows).unwrap_or(0) + 1;
                points.push(at);
            }
        }
        points
    }

    /// How much more frequent positive rows are among the `share` of rows with the highest scores than among all.
    ///
    /// ```text
    /// lift = (k / t) / (p / n)
    /// ```
    /// t the rows taken, k the positive ones among them, p of n positive in all. 1 is guessing. Rows of one score are taken
    /// together, so that the order of the file says nothing. The interval is the exact one of the share k / p.
    pub fn lift(&self, share: f64) -> Lift {
        let wanted = share * self.n_rows() as f64;
        let is_short = |at: &Operating| (at.confusion.n_called() as f64) < wanted;
        let taken = self.thresholds().find(|at| !is_short(at)).map_or_else(Confusion::default, |at| at.confusion);
        let (n_taken, k) = (taken.n_called(), taken.true_positive);
        let lift = if self.n_positive == 0 || n_taken == 0 {
            Figure::undefined(if n_taken == 0 { Undefined::NoRows } else { Undefined::NoPositives })
        } else {
            let scale = self.n_rows() as f64 / n_taken as f64;
            let (lower, upper) = clopper_pearson(k, self.n_positive, ALPHA);
            let value = k as f64 / self.n_positive as f64 * scale;
            Figure::new(value, Some((lower * scale, upper * scale)), self.n_positive)
        };
        Lift { share, n_taken, n_positive: k, lift }
    }
}

/// The area of [`Ranking::roc_auc`] alone.
///
/// # Panics
/// When the slices differ in length.
pub fn roc_auc(truths: &[bool], scores: &[f64]) -> Option<f64> {
    Ranking::of(truths, scores).roc_auc().value()
}

fn expit(logit: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-logit))
}

/// Wilson, Journal of the American Statistical Association 22, 1927, for a share that need not be of whole rows, and with
/// Student's quantile. A single row says nothing.
fn wilson_interval(share: f64, n: f64) -> (f64, f64) {
    if n < 2.0 {
        return (0.0, 1.0);
    }
    let quantile = student_95(n - 1.0);
    let square = quantile * quantile;
    let middle = share + square / (2.0 * n);
    let half = quantile * (share * (1.0 - share).max(0.0) / n + square / (4.0 * n * n)).sqrt();
    let all = 1.0 + square / n;
    (((middle - half) / all).max(0.0), ((middle + half) / all).min(1.0))
}

/// See [`Ranking::roc_auc`].
fn newcombe_interval(auc: f64, p: f64, n: f64) -> (f64, f64) {
    let is_within = |theta: f64| {
        let per_class = (1.0 - theta) / (2.0 - theta) + theta / (1.0 + theta);
        let variance = theta * (1.0 - theta) / (p * n) * (1.0 + (f64::midpoint(p, n) - 1.0) * per_class);
        (auc - theta) * (auc - theta) <= Z * Z * variance
    };
    let edge = |mut outside: f64, mut inside: f64| {
        for _ in 0..60 {
            let middle = f64::midpoint(outside, inside);
            if is_within(middle) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        inside
    };
    (edge(0.0, auc), edge(1.0, auc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    const TRUTHS: [bool; 4] = [false, false, true, true];

    fn close(found: Figure, expected: f64) {
        let found = found.value().expect("the metric is defined");
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }

    #[test]
    fn ranks_are_scikit_learns() {
        // sklearn 1.9.1: roc_auc_score([0,0,1,1], [.1,.4,.35,.8]); average_precision_score(...)
        let ranking = Ranking::of(&TRUTHS, &[0.1, 0.4, 0.35, 0.8]);
        close(ranking.roc_auc(), 0.75);
        close(ranking.average_precision(), 5.0 / 6.0);
    }

    #[test]
    fn ties_count_half() {
        // Of the four pairs one is won, three are tied: (1 + 3/2) / 4.
        close(Ranking::of(&TRUTHS, &[0.4, 0.4, 0.4, 0.4]).roc_auc(), 0.5);
        close(Ranking::of(&TRUTHS, &[0.3, 0.4, 0.4, 0.4]).roc_auc(), 0.75);
        // Everything is called positive at once: half of it rightly.
        close(Ranking::of(&TRUTHS, &[0.4; 4]).average_precision(), 0.5);
        // At 0.4 all positives come, two of three rightly.
        close(Ranking::of(&TRUTHS, &[0.3, 0.4, 0.4, 0.4]).average_precision(), 2.0 / 3.0);
    }

    #[test]
    fn perfect_and_reversed_order_have_intervals_too() {
        let perfect = Ranking::of(&TRUTHS, &[0.1, 0.2, 0.3, 0.4]).roc_auc();
        let reversed = Ranking::of(&TRUTHS, &[0.4, 0.3, 0.2, 0.1]).roc_auc();
        close(perfect, 1.0);
        close(reversed, 0.0);
        let (up, down) = (perfect.interval().unwrap(), reversed.interval().unwrap());
        assert!(up.lower < 0.5 && up.upper == 1.0, "{up:?}");
        assert!((up.lower - (1.0 - down.upper)).abs() < 1e-12, "{up:?} {down:?}");
    }

    #[test]
    fn delongs_variance_is_that_of_the_placements() {
        // By hand: placements of the positives 1/2 and 1, of the negatives 1 and 1/2: variances 1/8 each, over 2 rows each.
        let ranking = Ranking::of(&TRUTHS, &[0.1, 0.4, 0.35, 0.8]);
        assert!((ranking.delong_variance(0.75) - 0.125).abs() < 1e-15);
        // All tied: no row differs from another.
        assert_eq!(Ranking::of(&TRUTHS, &[0.4; 4]).delong_variance(0.5), 0.0);
    }

    /// How often the intervals of area and average precision hold their true values.
    fn coverage(n_positive: usize, n_negative: usize, shift: f64) -> (f64, f64) {
        const DRAWS: usize = 1000;
        let mut rng = Rng::new(41);
        let mut draw = |positives: usize, negatives: usize| {
            let truths: Vec<bool> = (0..positives + negatives).map(|row| row < positives).collect();
            let scores: Vec<f64> = truths.iter().map(|&t| rng.normal() + if t { shift } else { 0.0 }).collect();
            Ranking::of(&truths, &scores)
        };
        // What endless data would give, at the same share of positives.
        let endless = draw(n_positive * 400_000 / n_negative, 400_000);
        let (auc, ap) = (endless.roc_auc().value().unwrap(), endless.average_precision().value().unwrap());
        let holds = |figure: Figure, truth: f64| {
            let interval = figure.interval().unwrap();
            usize::from(interval.lower <= truth && truth <= interval.upper)
        };
        let (mut of_auc, mut of_ap) = (0, 0);
        for _ in 0..DRAWS {
            let ranking = draw(n_positive, n_negative);
            of_auc += holds(ranking.roc_auc(), auc);
            of_ap += holds(ranking.average_precision(), ap);
        }
        (of_auc as f64 / DRAWS as f64, of_ap as f64 / DRAWS as f64)
    }

    #[test]
    fn intervals_hold_the_truth_for_rare_classes_too() {
        for (n_positive, n_negative, shift) in [(5, 500, 1.2), (15, 500, 2.3), (50, 500, 1.2), (200, 200, 0.0)] {
            let (of_auc, of_ap) = coverage(n_positive, n_negative, shift);
            println!("{n_positive} of {}: area {of_auc}, average precision {of_ap}", n_positive + n_negative);
            assert!(of_auc > 0.925, "{n_positive} {n_negative} {shift}: {of_auc}");
            assert!(of_ap > 0.925, "{n_positive} {n_negative} {shift}: {of_ap}");
        }
    }

    #[test]
    fn thresholds_call_everything_from_their_score_on() {
        let ranking = Ranking::of(&TRUTHS, &[0.1, 0.4, 0.4, 0.8]);
        let called: Vec<u64> = ranking.thresholds().map(|at| at.confusion.n_called()).collect();
        assert_eq!(called, [0, 1, 3, 4]);
        let said = |threshold: f64| [0.1, 0.4, 0.4, 0.8].map(|score| score >= threshold);
        for threshold in [0.0, 0.1, 0.2, 0.4, 0.5, 0.8, 0.9] {
            assert_eq!(ranking.at(threshold), Confusion::of(&TRUTHS, &said(threshold)), "{threshold}");
        }
        let scores: Vec<f64> = (0..1000).map(f64::from).collect();
        let truths: Vec<bool> = (0..1000).map(|row| row % 3 == 0).collect();
        let curve = Ranking::of(&truths, &scores).curve(11);
        assert_eq!(curve.len(), 11);
        assert_eq!((curve[0].confusion.n_called(), curve[10].confusion.n_called()), (0, 1000));
    }

    #[test]
    fn lift_takes_rows_of_one_score_together() {
        let truths = [true, true, false, false, true, false, false, false, false, false];
        let scores = [0.9, 0.8, 0.7, 0.7, 0.7, 0.3, 0.2, 0.1, 0.1, 0.1];
        let lift = Ranking::of(&truths, &scores).lift(0.2);
        assert_eq!((lift.n_taken, lift.n_positive), (2, 2));
        close(lift.lift, 10.0 / 3.0);
        let lift = Ranking::of(&truths, &scores).lift(0.3);
        assert_eq!((lift.n_taken, lift.n_positive), (5, 3));
        close(lift.lift, 2.0);
        assert_eq!(Ranking::of(&[], &[]).lift(0.1).lift, Figure::undefined(Undefined::NoRows));
    }
}
