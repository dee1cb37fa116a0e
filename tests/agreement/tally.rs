//! What agreed, what did not, and what was left out and why.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use tidemark::golden::{self, Question};
use tidemark::report::DriftReport;

#[derive(Default)]
pub struct Tally {
    agreed: usize,
    failures: Vec<String>,
    skipped: BTreeMap<String, usize>,
    worst: BTreeMap<String, f64>,
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

    /// Puts a case of a golden file to the library, and keeps the answer for wasm. `id` is the file's name and the case's
    /// place in it.
    pub fn answer(&mut self, id: &str, file: &Value, case: &Value) -> Option<Value> {
        let mut question = case.clone();
        question["format"] = file["format"].clone();
        match golden::answer(&question.to_string()) {
            Ok(answer) => {
                self.answers.push(format!("{{\"id\":{},\"result\":{answer}}}", json!(id)));
                Some(serde_json::from_str(&answer).expect("an answer is JSON"))
            }
            Err(error) => {
                self.check(id, false, || error.to_string());
                None
            }
        }
    }

    /// The same of a case whose data were read from elsewhere: wasm is given the whole question.
    pub fn ask(&mut self, id: &str, file: &Value, case: &Value) -> Option<Value> {
        let mut question = case.clone();
        question["format"] = file["format"].clone();
        let question = question.to_string();
        match golden::answer(&question) {
            Ok(answer) => {
                self.answers.push(format!(
                    "{{\"id\":{},\"question\":{},\"result\":{answer}}}",
                    json!(id),
                    json!(question)
                ));
                Some(serde_json::from_str(&answer).expect("an answer is JSON"))
            }
            Err(error) => {
                self.check(id, false, || error.to_string());
                None
            }
        }
    }

    /// A report asked for in writing; wasm is asked the same, and `id` is how it calls the case.
    pub fn report(&mut self, id: &str, asked: Question<'_>) -> DriftReport {
        let question = asked.to_json();
        let answer = golden::answer(&question).unwrap_or_else(|error| panic!("{id}: {error}"));
        self.answers.push(format!("{{\"id\":{},\"question\":{},\"result\":{answer}}}", json!(id), json!(question)));
        let mut answer: Value = serde_json::from_str(&answer).expect("an answer is JSON");
        serde_json::from_value(answer["report"].take()).expect("a report")
    }

    /// Keeps the largest error of its kind.
    pub fn worst(&mut self, kind: &str, error: f64) {
        let worst = self.worst.entry(kind.to_owned()).or_default();
        *worst = worst.max(error);
    }

    pub fn skip(&mut self, reason: &str, cases: usize) {
        *self.skipped.entry(reason.to_owned()).or_default() += cases;
    }

    /// Prints the tally, and fails on the first disagreement or when nothing was compared.
    pub fn conclude(&self, name: &str) {
        println!("{name}: {} values agree", self.agreed);
        for (kind, error) in &self.worst {
            println!("{kind}: within {error:.1e}");
        }
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
