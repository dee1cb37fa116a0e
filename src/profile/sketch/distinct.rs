//! How many distinct values a stream holds: HyperLogLog.

use datasketches::hash::value::raw_bytes;
use datasketches::hll::{Coupon, HllSketch, HllType, HllUnion};
use serde::{Deserialize, Serialize};

use super::{Bounded, MergeError, hex};
use crate::stattest::tails::normal_quantile;

/// Where the registers begin in Apache's format, and which bits of which byte say that there are any.
const REGISTERS: usize = 40;
const MODE_BYTE: usize = 7;
const MODE_BITS: u8 = 0b11;
const MODE_OF_REGISTERS: u8 = 2;

/// The largest value of a register.
const MAX_REGISTER: usize = 63;

/// The number of distinct values, from `m = 2^lg_m` registers of a byte.
///
/// What is kept hangs on the set of values alone, so the estimate of merged parts *is* that of the whole. Up to a few
/// hundred distinct values it is a list of their hashes, and a count is wrong only where two hashes collide.
///
/// The state, its hashes and its stored form are Apache DataSketches' (HLL_8), and are read by its other languages: a
/// number is hashed as a `double`, a name as its UTF-8 bytes. The estimate is our own, worked out from the registers:
///
/// ```text
/// D = 1 / (2 ln 2) * m^2 / (m sigma(C_0 / m) + sum over r = 1 ..= 62 of C_r 2^-r + m tau(1 - C_63 / m) 2^-62)
/// ```
/// with `C_r` the registers of value `r`. It needs multiplications and roots only, and therefore has the same digits on
/// every machine, which Apache's (it takes the machine's own logarithm) has not. Its relative standard error is
/// `1.04 / sqrt(m)`; bounds are `D / (1 +- z 1.04 / sqrt(m))` with the normal quantile `z`.
///
/// Source: Flajolet et al., "HyperLogLog", AofA 2007; Ertl, "New cardinality estimation algorithms for HyperLogLog
/// sketches", arXiv:1702.01284 (2017), algorithm 6.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Distinct {
    sketch: HllSketch,
}

impl Distinct {
    /// A sketch of nothing yet, with `2^lg_m` registers; `lg_m` is brought into 7 ..= 21.
    pub fn new(lg_m: u8) -> Self {
        let sketch = HllSketch::new(lg_m.clamp(7, 21), HllType::Hll8);
        Self { sketch: sketch.expect("4 to 21 is what the sketch takes") }
    }

    /// Takes one number.
    pub fn push_number(&mut self, value: f64) {
        self.sketch.update_with_coupon(Coupon::from_value((value + 0.0).to_bits()));
    }

    /// Takes one name.
    pub fn push_name(&mut self, name: &str) {
        self.sketch.update_with_coupon(Coupon::from_value(raw_bytes::from_str(name)));
    }

    /// The sketch of both parts together.
    ///
    /// # Errors
    /// The parts have different numbers of registers.
    pub fn merge(&self, other: &Self) -> Result<Self, MergeError> {
        let lg_m = self.sketch.lg_config_k();
        if lg_m != other.sketch.lg_config_k() {
            return Err(MergeError::SettingsDiffer);
        }
        let mut union = HllUnion::new(lg_m).expect("the size of a sketch that exists");
        union.update(&self.sketch);
        union.update(&other.sketch);
        Ok(Self { sketch: union.to_sketch(HllType::Hll8) })
    }

    /// The number of distinct values, with bounds that hold at this confidence.
    pub fn count(&self, confidence: f64) -> Bounded {
        let bytes = self.sketch.serialize();
        let z = normal_quantile(0.5 + confidence.clamp(0.0, 1.0 - 1e-15) / 2.0);
        let (estimate, error) = if bytes[MODE_BYTE] & MODE_BITS == MODE_OF_REGISTERS {
            let registers = &bytes[REGISTERS..];
            (estimate(registers), 1.04 / (registers.len() as f64).sqrt())
        } else {
            // A list of 26-bit hashes. A collision among a few hundred is rare: one at most is allowed for.
            let listed = self.sketch.estimate().round();
            return Bounded { estimate: listed, low: listed, high: listed + f64::from(u8::from(listed > 1.0)) };
        };
        let most = (1.0 - z * error).max(0.1);
        Bounded { estimate, low: estimate / (1.0 + z * error), high: estimate / most }
    }

    /// The stored form: Apache's.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.sketch.serialize()
    }
}

/// The estimate from the registers, each 0 to 63.
fn estimate(registers: &[u8]) -> f64 {
    let mut counts = [0_u32; MAX_REGISTER + 1];
    for &register in registers {
        counts[usize::from(register).min(MAX_REGISTER)] += 1;
    }
    let m = registers.len() as f64;
    let mut z = m * tau(1.0 - f64::from(counts[MAX_REGISTER]) / m);
    for &count in counts[1..MAX_REGISTER].iter().rev() {
        z = 0.5 * (z + f64::from(count));
    }
    z += m * sigma(f64::from(counts[0]) / m);
    m * m / (2.0 * std::f64::consts::LN_2 * z)
}

/// `x + sum over k >= 1 of x^(2^k) 2^(k-1)`: what registers that are still empty say.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut sum, mut weight) = (x, 1.0);
    loop {
        x *= x;
        let before = sum;
        sum += x * weight;
        weight += weight;
        if sum == before {
            return sum;
        }
    }
}

/// `(1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 2^-k) / 3`: what registers that are full say.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut rest, mut weight) = (1.0 - x, 1.0);
    loop {
        x = x.sqrt();
        weight *= 0.5;
        let before = rest;
        rest -= (1.0 - x) * (1.0 - x) * weight;
        if rest == before {
            return rest / 3.0;
        }
    }
}

impl From<Distinct> for String {
    fn from(distinct: Distinct) -> Self {
        hex::encode(&distinct.to_bytes())
    }
}

impl TryFrom<String> for Distinct {
    type Error = String;

    fn try_from(digits: String) -> Result<Self, Self::Error> {
        let bytes = hex::decode(&digits).ok_or("not hexadecimal digits")?;
        let sketch = HllSketch::deserialize(&bytes).map_err(|problem| problem.to_string())?;
        if sketch.target_type() != HllType::Hll8 || !(7..=21).contains(&sketch.lg_config_k()) {
            return Err("a sketch of another kind".to_owned());
        }
        Ok(Self { sketch })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl Iterator<Item = u64>) -> Distinct {
        let mut distinct = Distinct::new(12);
        values.for_each(|value| distinct.push_number(value as f64));
        distinct
    }

    #[test]
    fn a_few_hundred_are_counted_one_by_one() {
        for n in [0, 1, 2, 100, 380] {
            let found = of((0..n).chain(0..n)).count(0.99);
            assert_eq!((found.estimate, found.low), (n as f64, n as f64));
        }
        let mut zeros = of([0].into_iter());
        zeros.push_number(-0.0);
        assert_eq!(zeros.count(0.99).estimate, 1.0);
    }

    #[test]
    fn the_true_number_lies_within_the_bounds_as_often_as_stated() {
        for n in [500, 3_000, 20_000, 200_000] {
            let inside = (0..100).filter(|trial| {
                let found = of((0..n).map(|i| trial * 1_000_000 + i)).count(0.95);
                found.low <= n as f64 && n as f64 <= found.high
            });
            // Of 100 trials at 0.95, fewer than 87 have a probability of 0.0003 (binomial).
            let inside = inside.count();
            assert!(inside >= 87, "{n}: {inside}");
        }
    }

    #[test]
    fn parts_merge_to_the_estimate_of_the_whole_in_any_order() {
        let whole = of(0..50_000).count(0.99);
        let parts: Vec<Distinct> = (0..10).map(|part| of((part * 5_000)..(part * 5_000 + 6_000).min(50_000))).collect();
        let merge = |parts: &mut dyn Iterator<Item = &Distinct>| {
            parts.fold(Distinct::new(12), |merged, part| merged.merge(part).unwrap()).count(0.99)
        };
        assert_eq!(merge(&mut parts.iter()), whole);
        assert_eq!(merge(&mut parts.iter().rev()), whole);
        assert_eq!(Distinct::new(12).merge(&Distinct::new(11)), Err(MergeError::SettingsDiffer));
    }

    #[test]
    fn the_stored_form_comes_back_and_a_broken_one_does_not() {
        for n in [0, 5, 300, 5_000] {
            let distinct = of(0..n);
            let stored = String::from(distinct.clone());
            assert_eq!(Distinct::try_from(stored.clone()).unwrap().count(0.99), distinct.count(0.99));
            assert!(Distinct::try_from(stored[..stored.len() - 2].to_owned()).is_err());
        }
    }
}
