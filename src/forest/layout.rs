//! How nodes lie in memory.
//!
//! A walk asks one question per node, "is the row's value above the threshold?", and adds the answer to the number of the
//! left child: no jump for the processor to foresee. Three things make that so:
//!
//! - **Keys.** Values and thresholds are compared as integers of the same order. Minus zero is zero; a missing value is above
//!   everything, so it goes right.
//! - **Slots.** A row is laid out as slots: its values, then, where some node wants missing values on the left, its values
//!   once more with missing ones below everything, and at the end one that is below everything for ever.
//! - **Leaves stay.** A leaf asks about that last slot and is its own left child. Lanes that have arrived step on the spot
//!   until the others have, too. Its key holds its number.

mod spine;

pub use spine::{Bundle, Spine};

/// Walks that are under way at once. A single walk waits for memory at every node; several wait together.
pub const LANES: usize = 8;

/// A number as an integer: the order is that of the numbers.
pub trait Key: Copy + Ord + Send + Sync {
    /// Below every number, and so never above a threshold.
    const LOWEST: Self;

    /// The key of a missing number, above all others.
    const MISSING: Self;

    /// The key of a number.
    fn of(value: f64) -> Self;

    /// The largest key of a number that is not above `threshold`.
    fn at_most(threshold: f64) -> Self;

    /// The number again.
    fn value(self) -> f64;

    /// A leaf's number in the place of a key.
    fn from_leaf(number: u32) -> Self;

    /// That number.
    fn leaf(self) -> u32;
}

impl Key for i32 {
    const LOWEST: Self = Self::MIN;
    const MISSING: Self = Self::MAX;

    #[inline]
    fn of(value: f64) -> Self {
        // Adding zero makes one of both zeros.
        let bits = (value as f32 + 0.0).to_bits().cast_signed();
        if value.is_nan() { Self::MISSING } else { bits ^ (bits >> 31 & Self::MAX) }
    }

    fn at_most(threshold: f64) -> Self {
        let rounded = threshold as f32;
        Self::of(f64::from(if f64::from(rounded) > threshold { rounded.next_down() } else { rounded }))
    }

    fn value(self) -> f64 {
        f64::from(f32::from_bits((self ^ (self >> 31 & Self::MAX)).cast_unsigned()))
    }

    fn from_leaf(number: u32) -> Self {
        number.cast_signed()
    }

    #[inline]
    fn leaf(self) -> u32 {
        self.cast_unsigned()
    }
}

impl Key for i64 {
    const LOWEST: Self = Self::MIN;
    const MISSING: Self = Self::MAX;

    #[inline]
    fn of(value: f64) -> Self {
        let bits = (value + 0.0).to_bits().cast_signed();
        if value.is_nan() { Self::MISSING } else { bits ^ (bits >> 63 & Self::MAX) }
    }

    fn at_most(threshold: f64) -> Self {
        Self::of(threshold)
    }

    fn value(self) -> f64 {
        f64::from_bits((self ^ (self >> 63 & Self::MAX)).cast_unsigned())
    }

    fn from_leaf(number: u32) -> Self {
        Self::from(number)
    }

    #[inline]
    fn leaf(self) -> u32 {
        self as u32
    }
}

/// A node.
pub trait Node: Copy + Send + Sync {
    /// What it compares.
    type Key: Key;

    /// Slots a row is laid out in, whatever the forest: as many as [`Node::slot`] can name, so that no access needs to be
    /// checked. 0: as many as the forest needs.
    const N_SLOTS: usize;

    /// The largest step to a child.
    const MAX_STEP: u32;

    /// A node that asks whether the value in `slot` is above `key`. Its left child lies `step` nodes behind it, the right
    /// one next to that.
    fn new(key: Self::Key, step: u32, slot: u16) -> Self;

    fn key(self) -> Self::Key;
    fn step(self) -> u32;
    fn slot(self) -> usize;

    /// A tree's spine, where asking it pays. `nodes` are all trees' nodes.
    fn spine(_nodes: &[Self], _root: u32) -> Option<Spine> {
        None
    }

    /// Where the rows that lie in `slots` leave the spine.
    fn leave(spine: &Spine, _slots: &[[Self::Key; LANES]]) -> [u32; LANES] {
        [spine.exits[0]; LANES]
    }

    /// Where the row that lies in `slots` leaves the spines of several trees.
    fn leave_each(bundle: &Bundle, _slots: &[[Self::Key; 1]]) -> [u32; LANES] {
        bundle.exits[0]
    }
}

/// Eight bytes: `f32` thresholds, at most 256 slots, trees of at most 65,536 nodes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Narrow {
    key: i32,
    step: u16,
    slot: u8,
}

impl Node for Narrow {
    type Key = i32;
    const N_SLOTS: usize = 256;
    const MAX_STEP: u32 = u16::MAX as u32;

    fn new(key: i32, step: u32, slot: u16) -> Self {
        Self { key, step: step as u16, slot: slot as u8 }
    }

    #[inline]
    fn key(self) -> i32 {
        self.key
    }

    #[inline]
    fn step(self) -> u32 {
        u32::from(self.step)
    }

    #[inline]
    fn slot(self) -> usize {
        usize::from(self.slot)
    }

    fn spine(nodes: &[Self], root: u32) -> Option<Spine> {
        Some(spine::of(nodes, root))
    }

    #[inline]
    fn leave(spine: &Spine, slots: &[[i32; LANES]]) -> [u32; LANES] {
        spine.leave(slots.first_chunk().expect("a row has 256 slots"))
    }

    #[inline]
    fn leave_each(bundle: &Bundle, slots: &[[i32; 1]]) -> [u32; LANES] {
        bundle.leave(slots.first_chunk().expect("a row has 256 slots"))
    }
}

/// Sixteen bytes, for everything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wide {
    key: i64,
    step: u32,
    slot: u16,
}

impl Node for Wide {
    type Key = i64;
    const N_SLOTS: usize = 0;
    const MAX_STEP: u32 = u32::MAX;

    fn new(key: i64, step: u32, slot: u16) -> Self {
        Self { key, step, slot }
    }

    #[inline]
    fn key(self) -> i64 {
        self.key
    }

    #[inline]
    fn step(self) -> u32 {
        self.step
    }

    #[inline]
    fn slot(self) -> usize {
        usize::from(self.slot)
    }
}
