//! `golden-streams/1`: where River's detectors signal.

use serde_json::{Value, json};
use std::path::Path;
use tidemark::data::Values;

use super::files;
use super::metrics::numbers;
use super::tally::{Tally, agrees};

/// KSWIN draws other older events than River, so that its alarms come about as often, within this share and number.
const KSWIN_SHARE: f64 = 0.15;
const KSWIN_COUNT: f64 = 4.0;

pub fn run(name: &str, file: &Value, directory: &Path, tally: &mut Tally) {
    for (index, case) in file["cases"].as_array().expect("cases").iter().enumerate() {
        let id = format!("{name} {index}");
        let answer = if case["stream"]["inline"].is_array() {
            tally.answer(&id, file, case)
        } else if let Some(stream) = stream(&case["stream"], directory) {
            let mut written = case.clone();
            written["stream"] = json!({"inline": stream});
            tally.ask(&id, file, &written)
        } else {
            tally.skip("data file is not there", 1);
            continue;
        };
        let Some(answer) = answer else { continue };
        for (expected, found) in
            case["results"].as_array().expect("results").iter().zip(answer.as_array().expect("a list"))
        {
            let what = format!("{id} {} {} {}", case["id"], expected["detector"], expected["params"]);
            compare(&what, expected, found, tally);
        }
    }
}

fn compare(what: &str, expected: &Value, found: &Value, tally: &mut Tally) {
    let count = |list: &Value| list.as_array().map_or(0, Vec::len);
    if expected["detector"] == "KSWIN" {
        let (ours, theirs) = (count(&found["drift_at"]) as f64, count(&expected["drift_at"]) as f64);
        let is_as_often = (ours - theirs).abs() <= (KSWIN_SHARE * theirs).max(KSWIN_COUNT);
        return tally.check(what, is_as_often, || format!("{ours} alarms, not {theirs}"));
    }
    tally.check(what, found["drift_at"] == expected["drift_at"], || {
        format!("{}, not {}", found["drift_at"], expected["drift_at"])
    });
    match &expected["warning_at"] {
        Value::Null => {}
        Value::Object(long) => {
            let first = long["first"].as_array().expect("positions");
            let ours = found["warning_at"].as_array().expect("positions");
            let agrees = long["count"] == ours.len() && ours.starts_with(first);
            tally.check(&format!("{what} warnings"), agrees, || {
                format!("{} warnings, not {}", ours.len(), long["count"])
            });
        }
        all => tally.check(&format!("{what} warnings"), found["warning_at"] == *all, || {
            format!("{}, not {all}", found["warning_at"])
        }),
    }
    for key in ["final_estimation", "final_width"] {
        if let Some(expected) = expected[key].as_f64() {
            let is_same = found[key].as_f64().is_some_and(|found| agrees(found, expected));
            tally.check(&format!("{what} {key}"), is_same, || format!("{}, not {expected}", found[key]));
        }
    }
}

/// A column, or whether it changes from one row to the next.
fn stream(place: &Value, directory: &Path) -> Option<Vec<f64>> {
    let dataset = files::data(directory, place["file"].as_str().expect("a file"))?;
    let column = place["column"].as_str().expect("a column");
    if place["derive"].is_null() {
        return Some(numbers(&dataset, column).to_vec());
    }
    let changes =
        |differs: &dyn Fn(usize) -> bool| (1..dataset.n_rows()).map(|i| f64::from(u8::from(differs(i)))).collect();
    Some(match &dataset.column(column).expect("the column").values {
        Values::Numbers(numbers) => changes(&|i| numbers.as_slice()[i] != numbers.as_slice()[i - 1]),
        Values::Strings(strings) => {
            let values: Vec<Option<&str>> = strings.iter().collect();
            changes(&|i| values[i] != values[i - 1])
        }
        other => panic!("{column} holds {other:?}"),
    })
}
