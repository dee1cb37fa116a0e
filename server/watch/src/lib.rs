//! Monitors: what is watched, when it is due, what came of it, and whom to tell.
//!
//! Nothing here knows the time or the log: both are handed in, so that a test lives through a week in a second. Whatever must
//! not be lost or done twice (runs, snapshots, alerts, messages) goes through one [`store::Store`], in whose transactions a
//! run, its snapshot, the alerts it sets off and the messages about them appear together or not at all.

pub mod config;
pub mod db;
pub mod deliver;
pub mod monitor;
pub mod plan;
pub mod rules;
pub mod span;
pub mod store;
pub mod token;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// RFC 3339 in UTC with milliseconds: `2026-11-23T08:41:27.123Z`.
pub fn rfc3339(at: Millis) -> String {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    format!("{at:.3}")
}
