//! The log, used as its callers use it.

mod appending;
mod support;
