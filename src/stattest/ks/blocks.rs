//! The walk through two samples, many values at a time.
//!
//! A walk value by value waits most of its time: which value is next hangs on which one was last. Here a block of values is cut into
//! parts that are merged side by side, and what follows from the order is worked out for all values of the block at once. What a
//! walk value by value finds comes out to the last bit: whole numbers stay whole, and the area's terms are added in their order.

use super::{Sizes, State};
use crate::num::Sum;

/// Values of both samples together that make a block. All that is kept of one lies in the innermost cache.
const BLOCK: usize = 512;
/// Parts of a block that are merged at once.
const PARTS: usize = 4;
const PART: usize = BLOCK / PARTS;
/// Larger samples than this are walked through value by value: of these the product is a whole number that `f64` holds, with room
/// for a block.
const MAX_LENGTH: usize = 1 << 26;

/// Walks through whole blocks of both ascending slices, and says how many values of each it has taken.
pub(super) fn walk(a: &[f64], b: &[f64], sizes: Sizes, state: &mut State) -> (usize, usize) {
    if a.len() < BLOCK || b.len() < BLOCK || a.len().max(b.len()) > MAX_LENGTH {
        return (0, 0);
    }
    let (mut i, mut j) = (0, 0);
    let mut block = Block::new(sizes, state.before);
    while let (Some(a), Some(b)) = (a[i..].first_chunk(), b[j..].first_chunk()) {
        let taken = block.merge(a, b, &mut state.area);
        block.look([i, j], sizes, state);
        block.count_ties(i, taken, state);
        i += taken;
        j += BLOCK - taken;
        block.values[0] = block.values[BLOCK];
    }
    block.terms.iter().for_each(|&term| state.area.add(term));
    let (taken, others) = (i as u64, j as u64);
    // So far the sum counts for each value the reference values before it: for those of the reference 0, 1, 2 and so on.
    state.at_least -= taken * taken.saturating_sub(1) / 2;
    state.before = block.values[0];
    state.i = taken;
    state.difference = taken.cast_signed() * sizes.m - others.cast_signed() * sizes.n;
    (i, j)
}

struct Block {
    /// The last value of the block before, and the values, ascending.
    values: [f64; BLOCK + 1],
    /// How many of the block's reference values lie before each.
    taken: [i32; BLOCK],
    /// `0, n, 2 n, …`.
    multiples: [f64; BLOCK],
    /// `|i m - j n|` before each value; 0 where the value is the one before.
    gaps: [f64; BLOCK],
    /// What each adds to the area. They are added while the next block is merged.
    terms: [f64; BLOCK],
    /// No term is larger.
    largest_term: f64,
}

impl Block {
    fn new(sizes: Sizes, first: f64) -> Self {
        Self {
            values: [first; BLOCK + 1],
            taken: [0; BLOCK],
            multiples: std::array::from_fn(|s| s as f64 * sizes.n as f64),
            gaps: [0.0; BLOCK],
            terms: [0.0; BLOCK],
            largest_term: 0.0,
        }
    }

    /// Takes the next values of both slices, and adds the terms of the block before to `area`. Says how many values of the
    /// reference there are among them.
    fn merge(&mut self, a: &[f64; BLOCK], b: &[f64; BLOCK], area: &mut Sum) -> usize {
        // The area only grows: what it outweighs now, it outweighs to the end of the block. It does so but for the first blocks.
        if area.outweighs(self.largest_term) {
            self.merge_adding(a, b, area, Sum::add_lighter)
        } else {
            self.merge_adding(a, b, area, Sum::add)
        }
    }

    #[inline]
    fn merge_adding(
        &mut self,
        a: &[f64; BLOCK],
        b: &[f64; BLOCK],
        area: &mut Sum,
        add: impl Fn(&mut Sum, f64),
    ) -> usize {
        let mut next: [usize; PARTS] = std::array::from_fn(|part| cut(a, b, part * PART));
        let mut sum = *area;
        let (values, _) = self.values[1..].as_chunks_mut::<PART>();
        let (taken, _) = self.taken.as_chunks_mut::<PART>();
        let ([v0, v1, v2, v3], [t0, t1, t2, t3]) = (values, taken) else { unreachable!("as many parts as that") };
        let (values, taken) = ([v0, v1, v2, v3], [t0, t1, t2, t3]);
        let (terms, _) = self.terms.as_chunks::<PARTS>();
        for step in 0..PART {
            for part in 0..PARTS {
                let from_a = next[part];
                // No remainder is ever taken: it tells the compiler that the place lies within the block.
                let (x, y) = (a[from_a % BLOCK], b[(part * PART + step - from_a) % BLOCK]);
                values[part][step] = if y < x { y } else { x };
                taken[part][step] = from_a as i32;
                next[part] = from_a + usize::from(x <= y);
            }
            for &term in &terms[step] {
                add(&mut sum, term);
            }
        }
        *area = sum;
        next[PARTS - 1]
    }

    /// Works out the gaps and terms of a block that begins after `i` and `j` values.
    fn look(&mut self, [i, j]: [usize; 2], sizes: Sizes, state: &mut State) {
        let (n, m) = (sizes.n as f64, sizes.m as f64);
        let (start, both) = (i as f64 * m - j as f64 * n, n + m);
        for s in 0..BLOCK {
            let width = self.values[s + 1] - self.values[s];
            // Whole numbers below 2^53, each of them.
            let gap = ((start - self.multiples[s]) + f64::from(self.taken[s]) * both).abs();
            self.terms[s] = gap * sizes.scale * width;
            self.gaps[s] = if width != 0.0 { gap } else { 0.0 };
        }
        let mut tops = [0.0; 8];
        for gaps in self.gaps.as_chunks::<8>().0 {
            for (top, &gap) in tops.iter_mut().zip(gaps) {
                *top = if gap > *top { gap } else { *top };
            }
        }
        let top = tops.into_iter().fold(0.0, f64::max);
        // Rounding keeps the order, and twice as much leaves room for numbers too small to be rounded well.
        self.largest_term = 2.0 * top * sizes.scale * (self.values[BLOCK] - self.values[0]);
        if top > state.gap as f64 {
            let place = self.gaps.iter().position(|gap| *gap == top).unwrap_or(0);
            (state.gap, state.at) = (top as i64, self.values[place]);
        }
        let taken: i32 = self.taken.iter().sum();
        state.at_least += u64::from(taken.unsigned_abs()) + (i * BLOCK) as u64;
    }

    /// Counts pairs of equal values, of a block that begins after `i` reference values and takes `taken` of them. Only
    /// where a value is the one before there is anything to count.
    fn count_ties(&self, i: usize, taken: usize, state: &mut State) {
        const GROUP: usize = 8;
        let (after, _) = self.values[1..].as_chunks::<GROUP>();
        let (before, _) = self.values.as_chunks::<GROUP>();
        let so_far = |s: usize| (i + self.taken.get(s).map_or(taken, |taken| taken.unsigned_abs() as usize)) as u64;
        let mut known = 0;
        for (group, (after, before)) in after.iter().zip(before).enumerate() {
            if !after.iter().zip(before).fold(false, |any, (after, before)| any | (after == before)) {
                continue;
            }
            let start = group * GROUP;
            if known != start {
                // The value before this group is none of several.
                state.below = so_far(start - 1);
            }
            for s in start..start + GROUP {
                if self.values[s + 1] != self.values[s] {
                    state.below = so_far(s);
                }
                if so_far(s + 1) == so_far(s) {
                    state.ties += so_far(s) - state.below;
                }
            }
            known = start + GROUP;
        }
        if known != BLOCK {
            state.below = so_far(BLOCK - 1);
        }
    }
}

/// How many of the first `length` values of both ascending blocks together are from `a`, which comes first among equals.
/// Halves the answer's range without a jump.
#[inline]
fn cut(a: &[f64; BLOCK], b: &[f64; BLOCK], length: usize) -> usize {
    if length == 0 {
        return 0;
    }
    let is_among = |k: usize| usize::from(a[k % BLOCK] <= b[(length - 1 - k) % BLOCK]);
    let (mut low, mut range) = (0, length);
    while range > 1 {
        let half = range / 2;
        low += half * is_among(low + half - 1);
        range -= half;
    }
    low + is_among(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;
    use crate::stattest::ks::{Current, Reference, Walked, merge, walk as walk_all};

    fn one_by_one(a: &[f64], b: &[f64]) -> Walked {
        let sizes = Sizes::of(a, b);
        let mut state = State::at(a[0].min(b[0]));
        merge(a, b, |value, is_reference| state.visit(value, is_reference, sizes));
        state.end(sizes)
    }

    fn sorted(n: usize, mut draw: impl FnMut() -> f64) -> Vec<f64> {
        let mut values: Vec<f64> = (0..n).map(|_| draw() + 0.0).collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    }

    #[test]
    fn a_walk_by_blocks_finds_what_one_value_by_value_finds_to_the_last_bit() {
        let mut rng = Rng::new(8);
        for (n, m) in [(511, 9000), (512, 512), (513, 700), (5000, 4000), (20_000, 20_000), (30_000, 1000)] {
            let mut check = |name: &str, f: &mut dyn FnMut(&mut Rng, bool) -> f64| {
                let (a, b) = (sorted(n, || f(&mut rng, true)), sorted(m, || f(&mut rng, false)));
                for (a, b) in [(&a, &b), (&b, &a), (&a, &a)] {
                    let found = walk_all(Reference(a), Current(b)).unwrap();
                    assert_eq!(found, one_by_one(a, b), "{name} {n} {m}");
                }
            };
            let by_side = |is_a: bool| f64::from(u8::from(is_a));
            check("normal", &mut |rng, _| rng.normal());
            check("shifted", &mut |rng, is_a| rng.normal() + by_side(is_a));
            check("apart", &mut |rng, is_a| rng.uniform() + 2.0 * by_side(is_a));
            check("few", &mut |rng, _| rng.below(5) as f64);
            check("many ties", &mut |rng, _| (rng.normal() * 1000.0).round());
            check("rare ties", &mut |rng, _| (rng.normal() * 1e6).round());
            check("constant", &mut |_, _| 3.0);
            check("heavy tail", &mut |rng, _| libm::exp(8.0 * rng.normal()));
            check("tiny", &mut |rng, _| rng.uniform() * f64::MIN_POSITIVE);
            check("huge", &mut |rng, _| (rng.uniform() - 0.5) * f64::MAX);
        }
    }
}
