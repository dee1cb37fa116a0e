//! Single payments, honest and fraudulent, and how their kinds change with time.

use std::collections::BTreeSet;

use super::{N_COMPONENTS, N_FIELDS, N_FRAUDS, N_ROWS, clock};
use crate::random::{Rng, derive_seed};

/// Standard deviations of `V1` to `V28` among honest payments.
const DEVIATIONS: [f64; N_COMPONENTS] = [
    1.96, 1.65, 1.52, 1.42, 1.38, 1.33, 1.24, 1.19, 1.10, 1.09, 1.02, 1.00, 0.99, 0.96, 0.91, 0.88, 0.85, 0.84, 0.81,
    0.77, 0.73, 0.72, 0.62, 0.60, 0.52, 0.48, 0.40, 0.33,
];

/// How far a typical fraud lies from honest payments in each component.
const FRAUD_SHIFTS: [f64; N_COMPONENTS] = [
    -1.8, 1.4, -2.6, 3.2, -1.2, -0.6, -2.2, 0.4, -1.6, -3.4, 2.9, -3.8, 0.0, -4.4, 0.0, -2.6, -3.6, -1.2, 0.3, 0.2,
    0.4, 0.0, 0.0, -0.1, 0.0, 0.0, 0.1, 0.0,
];

/// Where fraud goes when its pattern has moved: away from what gave it away, to components that did not.
const LATER_FRAUD_SHIFTS: [f64; N_COMPONENTS] = [
    -1.0, 2.4, -1.2, 1.4, -1.0, -1.8, -2.0, 2.2, -0.8, -1.4, 1.2, -1.5, 0.0, -1.8, 0.0, -1.0, -1.4, -0.6, 0.8, 0.6,
    1.8, -0.9, 0.0, -0.1, 0.0, 0.0, 0.9, 0.4,
];

/// How much of the logarithm of an amount goes along with a component: the amount is a mix of them, so that it correlates
/// with some while they do not with each other. (Component counted from 0, share of a standard deviation.)
const AMOUNT_MIX: [(usize, f64); 4] = [(1, -0.45), (4, -0.30), (6, 0.35), (19, 0.30)];

/// Mean and standard deviation of the logarithm of an honest amount: a median of 22, a mean of 88.
const LOG_AMOUNT: (f64, f64) = (3.09, 1.66);

/// Mean and standard deviation of the logarithm of a fraudulent amount: mostly small, some large.
const LOG_FRAUD_AMOUNT: (f64, f64) = (2.4, 2.1);

/// No payment is larger.
const MAX_AMOUNT: f64 = 25_000.0;

/// The share of the current payments that are made before anything changes.
const QUIET: f64 = 0.25;

/// Fewest frauds, however few the rows.
const MIN_FRAUDS: usize = 8;

/// Payments in order of time, each as `Time`, `V1` … `V28`, `Amount`, `Class`.
///
/// An iterator, so that a server can let them come one by one.
#[derive(Debug, Clone)]
pub struct Payments {
    rng: Rng,
    n_rows: usize,
    next: usize,
    start: f64,
    drifts: bool,
    frauds: BTreeSet<usize>,
}

impl Payments {
    /// Two days of payments to learn from.
    pub fn reference(n_rows: usize, seed: u64) -> Self {
        Self::new(n_rows, derive_seed(seed, 0), false)
    }

    /// The two days after. The first quarter is like the reference; then, more and more, amounts grow, `V3`, `V4` and
    /// `V20` move, `V7` spreads, frauds become twice as many and look different.
    pub fn current(n_rows: usize, seed: u64) -> Self {
        Self::new(n_rows, derive_seed(seed, 1), true)
    }

    fn new(n_rows: usize, seed: u64, drifts: bool) -> Self {
        let mut rng = Rng::new(seed);
        let start = if drifts { clock::SPAN } else { 0.0 };
        let frauds = choose_frauds(n_rows, drifts, &mut rng);
        Self { rng, n_rows, next: 0, start, drifts, frauds }
    }

    /// How far things have changed when a `share` of the payments has been made: 0 at first, 1 at the end.
    fn progress(&self, share: f64) -> f64 {
        if self.drifts { ((share - QUIET) / (1.0 - QUIET)).max(0.0) } else { 0.0 }
    }
}

/// The rows that are fraud: as large a share as in the original data; when it drifts, growing to twice that.
fn choose_frauds(n_rows: usize, drifts: bool, rng: &mut Rng) -> BTreeSet<usize> {
    let usual = (n_rows as f64 * N_FRAUDS as f64 / N_ROWS as f64).round() as usize;
    let usual = usual.max(MIN_FRAUDS).min(n_rows / 2);
    let row = |place: f64| ((place * n_rows as f64) as usize).min(n_rows - 1);
    let mut frauds = BTreeSet::new();
    while frauds.len() < usual {
        frauds.insert(row(rng.uniform()));
    }
    // As many again while it drifts, at a rate that rises evenly from none: half of what a constant rate would bring.
    let more = if drifts { (usual as f64 * (1.0 - QUIET) / 2.0) as usize } else { 0 };
    while frauds.len() < usual + more {
        frauds.insert(row(QUIET + (1.0 - QUIET) * rng.uniform().sqrt()));
    }
    frauds
}

impl Iterator for Payments {
    type Item = [f64; N_FIELDS];

    fn next(&mut self) -> Option<Self::Item> {
        if self.next == self.n_rows {
            return None;
        }
        let row = self.next;
        self.next += 1;
        let share = (row as f64 + self.rng.uniform()) / self.n_rows as f64;
        let progress = self.progress(share);
        let is_fraud = self.frauds.contains(&row);

        let scores: [f64; N_COMPONENTS] = std::array::from_fn(|_| self.rng.normal());
        let strength = fraud_strength(is_fraud, &mut self.rng);
        let mut payment = [0.0; N_FIELDS];
        payment[0] = self.start + clock::time_of_share(share);
        for (component, &score) in scores.iter().enumerate() {
            let value = score * tail(&mut self.rng) * (1.0 + 0.5 * strength);
            let [early, late] = [FRAUD_SHIFTS[component], LATER_FRAUD_SHIFTS[component]];
            let shift = strength * (early + progress * (late - early));
            let value = DEVIATIONS[component] * drift(component + 1, value + shift, progress);
            payment[component + 1] = rounded(value, 1e6);
        }
        payment[N_COMPONENTS + 1] = amount(&scores, is_fraud, progress, &mut self.rng);
        payment[N_COMPONENTS + 2] = f64::from(u8::from(is_fraud));
        Some(payment)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.n_rows - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Payments {}

/// How much of the fraud pattern a payment shows. Most frauds show it, some faintly, a few not at all; and a few honest
/// payments look a little like fraud: no model can tell them all apart.
fn fraud_strength(is_fraud: bool, rng: &mut Rng) -> f64 {
    let kind = rng.uniform();
    match (is_fraud, kind) {
        (true, ..0.72) => (1.0 + 0.3 * rng.normal()).max(0.2),
        (true, ..0.95) => 0.2 + 0.5 * rng.uniform(),
        (true, _) => 0.15 * rng.uniform(),
        (false, ..0.004) => 0.7 * rng.uniform(),
        (false, _) => 0.0,
    }
}

/// A factor with a mean square of 1 that gives a component heavier tails than the normal distribution has.
fn tail(rng: &mut Rng) -> f64 {
    match rng.uniform() {
        ..0.90 => 0.8,
        ..0.98 => 1.5,
        // 0.90 * 0.8^2 + 0.08 * 1.5^2 + 0.02 * f^2 = 1
        _ => 3.492_849_839_314_596,
    }
}

/// What time does to the components, in standard deviations.
fn drift(component: usize, value: f64, progress: f64) -> f64 {
    match component {
        3 => value - 0.7 * progress,
        4 => value + 0.8 * progress,
        7 => value * (1.0 + progress),
        20 => value + 0.5 * progress,
        _ => value,
    }
}

/// The amount of a payment whose components have these standard scores. Prices rise, and dearer shops join.
fn amount(scores: &[f64; N_COMPONENTS], is_fraud: bool, progress: f64, rng: &mut Rng) -> f64 {
    let mut mixed: f64 = AMOUNT_MIX.iter().map(|(component, weight)| weight * scores[*component]).sum();
    let explained: f64 = AMOUNT_MIX.iter().map(|(_, weight)| weight * weight).sum();
    mixed += (1.0 - explained).sqrt() * rng.normal();
    let (mean, deviation) = if is_fraud { LOG_FRAUD_AMOUNT } else { LOG_AMOUNT };
    let dearer_shop = if rng.uniform() < 0.25 * progress { 3.0 } else { 1.0 };
    let amount = libm::exp(mean + deviation * mixed) * (1.0 + 0.8 * progress) * dearer_shop;
    match rng.uniform() {
        // Prices that end in .99 or on a whole number are more frequent than others.
        ..0.12 => rounded(amount.min(MAX_AMOUNT).floor() + 0.99, 100.0),
        ..0.30 => rounded(amount.min(MAX_AMOUNT), 1.0),
        _ => rounded(amount.min(MAX_AMOUNT), 100.0),
    }
}

/// The nearest multiple of `1 / steps`, never minus zero.
fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps + 0.0
}
