//! One page per address.

pub mod alerts;
pub mod change;
pub mod compare;
pub mod detectors;
pub mod keys;
pub mod models;
pub mod monitor;
pub mod monitor_form;
pub mod monitors;
pub mod not_found;
pub mod overview;
pub mod performance;
pub mod quality;
pub mod report;
pub mod reports;
pub mod shares;
pub mod styleguide;
pub mod windows;
