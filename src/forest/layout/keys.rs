//! The integers that rows and nodes are compared by: 32 bits, which processors compare several of at once.

use crate::forest::{ForestParts, LEAF};

/// Below every number, and so never above a threshold.
pub const LOWEST: i32 = i32::MIN;

/// Of a missing number: above all others.
pub const MISSING: i32 = i32::MAX;

/// What the keys of numbers are. Their order is that of the numbers, as far as thresholds can tell.
#[derive(Debug, Clone, PartialEq)]
pub enum Keys {
    /// Of numbers of 32 bits: these bits, so that the order is that of integers.
    Bits,
    /// Of numbers of 64 bits: how many of a feature's thresholds lie below. Per feature its thresholds, ascending.
    Ranks(Vec<Vec<f64>>),
}

impl Keys {
    /// Ranks among the thresholds of these parts.
    pub fn ranks(parts: &ForestParts) -> Self {
        let mut thresholds = vec![Vec::new(); parts.n_features];
        let questions = parts.features.iter().zip(&parts.thresholds).filter(|(feature, _)| **feature != LEAF);
        for (&feature, &threshold) in questions {
            // Adding zero makes one of both zeros.
            thresholds[usize::from(feature)].push(threshold + 0.0);
        }
        for thresholds in &mut thresholds {
            thresholds.sort_unstable_by(f64::total_cmp);
            thresholds.dedup();
            thresholds.shrink_to_fit();
        }
        Self::Ranks(thresholds)
    }

    /// The key of a threshold.
    pub fn of_threshold(&self, feature: usize, threshold: f64) -> i32 {
        match self {
            Self::Bits => of_bits(threshold),
            // As many are below it as stand before it.
            Self::Ranks(thresholds) => rank(&thresholds[feature], threshold),
        }
    }

    /// The threshold again.
    pub fn threshold(&self, feature: usize, key: i32) -> f64 {
        match self {
            Self::Bits => f64::from(f32::from_bits((key ^ (key >> 31 & i32::MAX)).cast_unsigned())),
            Self::Ranks(thresholds) => thresholds[feature][key as usize],
        }
    }

    /// Writes the keys of rows into `slots`, feature by feature; `value(lane, feature)` gives their values, NaN being a missing one.
    #[inline]
    pub fn fill<const L: usize>(&self, slots: &mut [[i32; L]], value: impl Fn(usize, usize) -> f64) {
        match self {
            Self::Bits => {
                for (feature, slot) in slots.iter_mut().enumerate() {
                    *slot = std::array::from_fn(|lane| of_bits(value(lane, feature)));
                }
            }
            Self::Ranks(thresholds) => {
                for (feature, (slot, thresholds)) in slots.iter_mut().zip(thresholds).enumerate() {
                    *slot = std::array::from_fn(|lane| rank(thresholds, value(lane, feature)));
                }
            }
        }
    }
}

/// The bits of the nearest number of 32 bits, in the order of integers.
#[inline]
fn of_bits(value: f64) -> i32 {
    // Adding zero makes one of both zeros.
    let bits = (value as f32 + 0.0).to_bits().cast_signed();
    if value.is_nan() { MISSING } else { bits ^ (bits >> 31 & i32::MAX) }
}

/// How many of these thresholds, which ascend, are below a value.
#[inline]
fn rank(thresholds: &[f64], value: f64) -> i32 {
    if value.is_nan() { MISSING } else { thresholds.partition_point(|threshold| *threshold < value) as i32 }
}
