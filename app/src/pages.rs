//! One page per address.

pub mod compare;
pub mod not_found;
pub mod overview;
pub mod report;
pub mod reports;
