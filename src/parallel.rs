//! Work on all cores where the feature `parallel` is on, and one thing after the other where it is not. The answer is the same.

use std::sync::{Mutex, PoisonError};

/// What one piece of work leaves to the next on any thread: no more of it comes into being than threads work at once.
#[derive(Debug, Default)]
pub struct Shared<T>(Mutex<Vec<T>>);

impl<T: Default> Shared<T> {
    /// Does work with what earlier work has left.
    pub fn with<U>(&self, work: impl FnOnce(&mut T) -> U) -> U {
        let stack = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = stack().pop().unwrap_or_default();
        let answer = work(&mut left);
        stack().push(left);
        answer
    }
}

/// Maps in order. An item is work for a while: no thread holds on to several while another has none.
#[cfg(feature = "parallel")]
pub fn map<'a, T: Sync, U: Send>(items: &'a [T], work: impl Fn(&'a T) -> U + Sync + Send) -> Vec<U> {
    use rayon::prelude::*;
    items.par_iter().with_max_len(1).map(work).collect()
}

/// Maps in order.
#[cfg(not(feature = "parallel"))]
pub fn map<'a, T, U>(items: &'a [T], work: impl Fn(&'a T) -> U) -> Vec<U> {
    items.iter().map(work).collect()
}

/// Maps in order what may be used up.
#[cfg(feature = "parallel")]
pub fn map_owned<T: Send, U: Send>(items: Vec<T>, work: impl Fn(T) -> U + Sync + Send) -> Vec<U> {
    use rayon::prelude::*;
    items.into_par_iter().map(work).collect()
}

/// Maps in order what may be used up.
#[cfg(not(feature = "parallel"))]
pub fn map_owned<T, U>(items: Vec<T>, work: impl Fn(T) -> U) -> Vec<U> {
    items.into_iter().map(work).collect()
}

/// Does both.
#[cfg(feature = "parallel")]
pub fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    rayon::join(a, b)
}

/// Does both.
#[cfg(not(feature = "parallel"))]
pub fn join<A, B>(a: impl FnOnce() -> A, b: impl FnOnce() -> B) -> (A, B) {
    (a(), b())
}
