//! The log, used as its callers use it.

mod appending;
mod crash;
mod damage;
mod export;
mod faults;
mod maintenance;
mod shared;
mod support;
