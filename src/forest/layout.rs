//! How nodes lie in memory.
//!
//! A walk asks one question per node, "is the row's value above the threshold?", and adds the answer to the number of the
//! left child: no jump for the processor to foresee. Two things make that so:
//!
//! - **Keys.** Values and thresholds are compared as what processors compare side by side. Minus zero is zero; a missing
//!   value is above everything, so it goes right.
//! - **Slots.** A row is laid out as slots: its values, then, where some node wants missing values on the left, its values
//!   once more with missing ones below everything.
//!
//! A leaf asks nothing: no step leads from it, and its key holds its number.

mod keys;
mod spine;

use std::fmt::Debug;

pub use keys::{Keys, LOWEST, MISSING};
pub use spine::{Spine, Spines};

/// Rows of many that go through one tree before the next tree's turn, and trees that a single row goes through at once: they
/// stay in the fastest caches, and while one waits for memory others go on.
pub const AT_ONCE: usize = 128;

/// A node.
pub trait Node: Copy + PartialEq + Debug + Send + Sync {
    /// The most slots that a row may be laid out in.
    const MAX_SLOTS: usize;

    /// The largest step to a child.
    const MAX_STEP: u32;

    /// A node that asks whether the value in `slot` is above `key`. Its left child lies `step` nodes behind it, the right
    /// one next to that.
    fn new(key: i32, step: u32, slot: u16) -> Self;

    fn key(self) -> i32;

    /// A leaf's number, which stands in the place of its key.
    #[inline]
    fn leaf(self) -> usize {
        self.key() as usize
    }

    fn step(self) -> u32;

    #[inline]
    fn is_leaf(self) -> bool {
        self.step() == 0
    }

    fn slot(self) -> usize;
}

/// Eight bytes: at most 256 slots, trees of at most 65,536 nodes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Narrow {
    key: i32,
    step: u16,
    slot: u8,
}

impl Node for Narrow {
    const MAX_SLOTS: usize = 1 << u8::BITS;
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
}

/// Twelve bytes, for everything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wide {
    key: i32,
    step: u32,
    slot: u16,
}

impl Node for Wide {
    const MAX_SLOTS: usize = 1 << u16::BITS;
    const MAX_STEP: u32 = u32::MAX;

    fn new(key: i32, step: u32, slot: u16) -> Self {
        Self { key, step, slot }
    }

    #[inline]
    fn key(self) -> i32 {
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
