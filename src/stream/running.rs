//! A mean and a spread that grow with every event.

use serde::{Deserialize, Serialize};

/// The mean of all events (Welford, Technometrics 4(3), 1962).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Mean {
    pub n: f64,
    pub value: f64,
}

impl Mean {
    pub fn add(&mut self, x: f64) {
        self.n += 1.0;
        self.value += 1.0 / self.n * (x - self.value);
    }
}

/// The mean and the spread of all events.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Spread {
    pub mean: Mean,
    squares: f64,
}

impl Spread {
    pub fn add(&mut self, x: f64) {
        let before = self.mean.value;
        self.mean.add(x);
        self.squares += (x - before) * (x - self.mean.value);
    }

    /// The standard deviation, the squares divided by n - 1; 0 for a single event.
    pub fn std(&self) -> f64 {
        if self.mean.n > 1.0 { (self.squares / (self.mean.n - 1.0)).sqrt() } else { 0.0 }
    }
}
