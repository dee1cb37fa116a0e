//! What agreed, what did not, and what was left out and why.

use std::collections::BTreeMap;
use std::io::Write;

#[derive(Default)]
pub struct Tally {
    agreed: usize,
    failures: Vec<String>,
    skipped: BTreeMap<String, usize>,
    /// One line of JSON per judged case: what wasm has to give too, byte for byte.
    pub answers: Vec<String>,
}

impl Tally {
    pub fn check(&mut self, what: &str, agrees: bool, detail: impl FnOnce() -> String) {
        if agrees {
            self.agreed += 1;
        } else {
            self.failures.push(format!("{what}: {}", detail()));
        }
    }

    pub fn skip(&mut self, reason: &str, cases: usize) {
        *self.skipped.entry(reason.to_owned()).or_default() += cases;
    }

    /// Prints the tally, and fails on the first disagreement or when nothing was compared.
    pub fn conclude(&self, name: &str) {
        println!("{name}: {} values agree", self.agreed);
        for (reason, cases) in &self.skipped {
            writeln!(std::io::stderr(), "skipped: {reason} ({cases})").expect("standard error can be written");
        }
        assert!(self.failures.is_empty(), "{} disagree:\n{}", self.failures.len(), self.failures.join("\n"));
        assert!(self.agreed > 0 || !self.skipped.is_empty(), "{name} holds no golden file");
    }
}

/// Within 1e-9 relative (1e-6 for what is below 1e-10), or 1e-12 absolute: the peers lose all digits there themselves,
/// by taking 1 minus a probability.
pub fn agrees(found: f64, expected: f64) -> bool {
    let relative = if expected.abs() < 1e-10 { 1e-6 } else { 1e-9 };
    (found - expected).abs() <= (relative * expected.abs()).max(1e-12)
}
