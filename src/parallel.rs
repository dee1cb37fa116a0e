//! Work on all cores where the feature `parallel` is on, and one thing after the other where it is not, or where the
//! caller wants it on [its own thread](on_this_thread). The answer is the same.

use std::cell::Cell;
use std::sync::{Mutex, PoisonError};

thread_local! {
    /// What is done between two parts of work that stays on this thread.
    static BETWEEN: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// Does work on this thread alone, in the library's larger loops, with `between` after each of their parts: for work in the background that
/// has to leave the cores to others.
pub fn on_this_thread<T>(between: fn(), work: impl FnOnce() -> T) -> T {
    /// Puts back what was.
    struct Until(Option<fn()>);
    impl Drop for Until {
        fn drop(&mut self) {
            BETWEEN.set(self.0);
        }
    }
    let _until = Until(BETWEEN.replace(Some(between)));
    work()
}

/// Tells that a part of work is done, as the library's larger loops do: for those around them. No lock should be held that others wait for.
pub fn part_done() {
    if let Some(between) = BETWEEN.get() {
        between();
    }
}

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
    if BETWEEN.get().is_some() {
        return one_by_one(items, work);
    }
    items.par_iter().with_max_len(1).map(work).collect()
}

/// Maps in order.
#[cfg(not(feature = "parallel"))]
pub fn map<'a, T, U>(items: &'a [T], work: impl Fn(&'a T) -> U) -> Vec<U> {
    one_by_one(items, work)
}

fn one_by_one<T, U>(items: impl IntoIterator<Item = T>, work: impl Fn(T) -> U) -> Vec<U> {
    items.into_iter().map(work).inspect(|_| part_done()).collect()
}

/// Maps in order what may be used up.
#[cfg(feature = "parallel")]
pub fn map_owned<T: Send, U: Send>(items: Vec<T>, work: impl Fn(T) -> U + Sync + Send) -> Vec<U> {
    use rayon::prelude::*;
    if BETWEEN.get().is_some() {
        return one_by_one(items, work);
    }
    items.into_par_iter().map(work).collect()
}

/// Maps in order what may be used up.
#[cfg(not(feature = "parallel"))]
pub fn map_owned<T, U>(items: Vec<T>, work: impl Fn(T) -> U) -> Vec<U> {
    one_by_one(items, work)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static PAUSES: AtomicUsize = AtomicUsize::new(0);

    #[test]
    fn work_stays_on_the_thread_that_asks_for_it_and_pauses_after_each_part() {
        let items: Vec<u32> = (0..20).collect();
        let of_thread = |item: &u32| (*item, std::thread::current().id());
        let pause = || {
            PAUSES.fetch_add(1, Ordering::SeqCst);
        };
        let made = on_this_thread(pause, || map(&items, of_thread));
        assert_eq!(made, items.iter().map(of_thread).collect::<Vec<_>>());
        assert_eq!(PAUSES.load(Ordering::SeqCst), items.len());
        map(&items, of_thread);
        assert_eq!(PAUSES.load(Ordering::SeqCst), items.len());
    }
}
