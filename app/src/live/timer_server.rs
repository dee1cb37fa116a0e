//! The server's side of `timer.rs`: there is nothing to keep fresh.

use crate::monitor::Millis;

pub fn now() -> Millis {
    0
}

pub fn every_half_second(_tick: impl Fn(Millis, bool) + 'static) {}

pub fn run(_task: impl Future<Output = ()> + 'static) {}
