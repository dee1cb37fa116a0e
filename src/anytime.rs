//! Tests that may be looked at all the time.
//!
//! A classical test promises its share of false alarms for one look. Looked at after every event it raises one sooner or later, whatever
//! happens. The tests here hold the probability of a false alarm *ever*, over all looks of a lifetime, below a level: they bet against
//! "nothing changed", and a bettor without an edge multiplies his capital by 1/α at some time with probability α at most (Ville, "Étude
//! critique de la notion de collectif", 1939).

mod distribution;
mod mean;
mod watch;

pub use distribution::DistributionWatch;
pub use mean::MeanSequence;
pub use watch::{Change, Watch};
