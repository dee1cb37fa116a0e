//! `golden-tails/1`: tails of distributions, held against 50-digit arithmetic.

use serde_json::Value;

use super::tally::Tally;

/// Against the true value.
const RELATIVE_TO_EXACT: f64 = 1e-12;
/// Against scipy's, where no true value was computed.
const RELATIVE_TO_SCIPY: f64 = 1e-9;
/// What is smaller than any normal number has fewer digits: within two of the smallest steps.
const SUBNORMAL: f64 = 1e-323;

pub fn run(name: &str, file: &Value, tally: &mut Tally) {
    for (index, case) in file["cases"].as_array().expect("cases").iter().enumerate() {
        let id = format!("{name} {index}");
        let Some(answer) = tally.answer(&id, file, case) else {
            continue;
        };
        let exact = case["exact"].as_str().expect("the exact value").parse::<f64>();
        let (expected, relative) = match exact {
            Ok(exact) => (exact, RELATIVE_TO_EXACT),
            Err(_) => (case["scipy"].as_f64().expect("scipy's value"), RELATIVE_TO_SCIPY),
        };
        let found = answer["value"].as_f64().unwrap_or(f64::NAN);
        let is_close = (found - expected).abs() <= (relative * expected.abs()).max(SUBNORMAL);
        if expected.abs() >= f64::MIN_POSITIVE {
            tally.worst(case["function"].as_str().expect("a function"), (found / expected - 1.0).abs());
        }
        tally.check(&format!("{id} {} {}", case["function"], case["args"]), is_close, || {
            format!("{found:e}, not {expected:e}: {:.1e} off", found / expected - 1.0)
        });
    }
}
