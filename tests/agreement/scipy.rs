//! `golden-scipy/1`: tests, distances, moments and bins of scipy and numpy.

use serde_json::{Value, json};

use super::tally::Tally;

/// Below this a p-value is held to [`FAR_TAIL`] only: scipy's own digits thin out there.
const TAIL: f64 = 1e-10;
const FAR_TAIL: f64 = 1e-6;
const RELATIVE: f64 = 1e-9;

/// Tests whose p-value scipy takes as 1 minus a probability: the digits below this are rounding there.
const ROUNDED: [&str; 1] = ["cramervonmises_2samp"];
const ROUNDING: f64 = 1e-12;
/// A statistic below this is 0 but for the peer's rounding; they are of the order of 1.
const ZERO_STATISTIC: f64 = 1e-14;
/// A statistic above this is infinite but for the peer's rounding: a difference over a spread of 1e-17.
const INFINITE_STATISTIC: f64 = 1e30;

/// Where the peer errs, and what it does: the answer has to be a number all the same. See `tests/laws.rs` for what holds it.
const PEER_ERRS: [(&str, &str, &str); 4] = [
    ("shared.subnormal", "moments", "squares underflow, so that the spread is 0"),
    ("shared.subnormal", "histogram_bin_edges", "squares underflow, so that Scott's and Doane's rules find no width"),
    ("shared.huge", "moments", "cubes overflow"),
    ("shared.huge", "ttest_ind", "squared variances overflow, so that Welch's degrees of freedom are 1"),
];

pub fn run(name: &str, file: &Value, tally: &mut Tally) {
    for (index, case) in file["cases"].as_array().expect("cases").iter().enumerate() {
        let id = format!("{name} {index}");
        let Some(answer) = tally.answer(&id, file, case) else {
            continue;
        };
        let questions = case["results"].as_array().expect("results");
        let answers = answer.as_array().expect("a list of answers");
        tally.check(&id, questions.len() == answers.len(), || "not one answer for each question".to_owned());
        for (expected, found) in questions.iter().zip(answers) {
            let what =
                format!("{id} {} {} {}", case["id"].as_str().unwrap_or(""), expected["test"], expected["params"]);
            compare(&what, expected, found, case, tally);
        }
    }
}

fn compare(what: &str, expected: &Value, found: &Value, case: &Value, tally: &mut Tally) {
    if expected["error"].is_string() || expected["pvalue"] == "NaN" {
        // Where the peer has no answer, there has to be a reason or a number.
        let is_defined = found["not_tested"].is_object() || found["pvalue"].is_f64();
        tally.check(what, is_defined, || format!("no defined answer: {found}"));
        return;
    }
    let is_one_category = expected["test"] == "chi2_contingency" && expected["dof"] == 0;
    if is_one_category {
        tally.check(what, found["not_tested"].is_object(), || format!("one category, and yet: {found}"));
        return;
    }
    let peer_errs = PEER_ERRS.iter().find(|(id, test, _)| case["id"] == *id && expected["test"] == *test);
    let values = expected.as_object().expect("a result").iter();
    for (key, value) in values.filter(|(key, _)| !["test", "params"].contains(&key.as_str())) {
        let test = expected["test"].as_str().expect("a test");
        let agrees = match key.as_str() {
            "statistic_location" => is_same_place(&found["statistic_location"], value, case, expected),
            "statistic_sign" => found[key] == *value || is_tie(case, expected),
            _ if is_close(&found[key], value, ROUNDED.contains(&test)) => true,
            "statistic" => is_extreme_alike(&found[key], value),
            "keys" | "reference" | "current" | "n_bins" | "dof" => found[key] == *value,
            _ => false,
        };
        if let (false, Some((.., why))) = (agrees, peer_errs) {
            tally.check(&format!("{what} {key}"), found[key].is_number(), || format!("{} is no number", found[key]));
            tally.skip(&format!("scipy errs: {why}"), 1);
            continue;
        }
        tally.check(&format!("{what} {key}"), agrees, || format!("{}, not {value}", found[key]));
    }
}

fn is_close(found: &Value, expected: &Value, is_rounded: bool) -> bool {
    let (Some(found), Some(expected)) = (found.as_f64(), expected.as_f64()) else {
        return found == expected;
    };
    let relative = if expected.abs() < TAIL { FAR_TAIL } else { RELATIVE };
    let rounding = if is_rounded { ROUNDING } else { 0.0 };
    (found - expected).abs() <= (relative * expected.abs()).max(rounding)
}

/// Both 0, or both infinite, but for rounding.
fn is_extreme_alike(found: &Value, expected: &Value) -> bool {
    let (Some(found), Some(expected)) = (found.as_f64(), expected.as_f64()) else {
        // The odds ratio of a single possible table has no meaning.
        return expected == "NaN" && found.is_f64();
    };
    found.abs().max(expected.abs()) < ZERO_STATISTIC || found.min(expected) > INFINITE_STATISTIC
}

/// The gap between the two distribution functions at a value, in units of `1 / (n m)`.
fn gap(case: &Value, at: f64) -> i64 {
    let below = |side: &str| {
        let values = case[side].as_array().expect("a sample");
        let count = values.iter().filter(|value| value.as_f64().expect("a number") <= at).count();
        (count as i64, values.len() as i64)
    };
    let ((i, n), (j, m)) = (below("x"), below("y"));
    i * m - j * n
}

/// Where the largest gap is reached at several values, rounding decides which of them scipy names.
fn is_same_place(found: &Value, expected: &Value, case: &Value, result: &Value) -> bool {
    let (Some(found), Some(expected)) = (found.as_f64(), expected.as_f64()) else {
        return false;
    };
    let (found, expected) = (gap(case, found), gap(case, expected));
    found == expected || (is_tie(case, result) && found.abs() == expected.abs())
}

/// Whether the gap is as large one way as the other, or there is none.
fn is_tie(case: &Value, result: &Value) -> bool {
    let points = ["x", "y"].into_iter().flat_map(|side| case[side].as_array().expect("a sample"));
    let gaps: Vec<i64> = points.map(|value| gap(case, value.as_f64().expect("a number"))).collect();
    let (above, below) = (gaps.iter().max().copied().unwrap_or(0), -gaps.iter().min().copied().unwrap_or(0));
    result["params"]["alternative"] == json!("two-sided") && above == below
}
