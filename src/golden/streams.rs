//! `golden-streams/1`: River's detectors on a stream.

use serde_json::{Value, json};

use super::GoldenError;
use super::numbers::{numbers, written};
use crate::stream::{Adwin, Ddm, Detector, Direction, Eddm, Fhddm, HddmA, HddmW, Kswin, PageHinkley};

/// The positions at which each detector signals: one answer per question, in their order.
pub(super) fn answer(case: &Value) -> Result<Value, GoldenError> {
    let questions = case["results"].as_array().ok_or(GoldenError::Malformed { key: "results", expected: "a list" })?;
    let stream = numbers(&case["stream"], "inline")?;
    let answers: Result<Vec<Value>, GoldenError> = questions
        .iter()
        .map(|question| {
            let mut detector = detector(question)?;
            let (mut drift_at, mut warning_at) = (Vec::new(), Vec::new());
            for (i, &x) in stream.iter().enumerate() {
                let signal = detector.update(x);
                drift_at.extend(signal.drift.then_some(i));
                warning_at.extend(signal.warning.then_some(i));
            }
            let mut answer = json!({"drift_at": drift_at, "warning_at": warning_at});
            if let Detector::Adwin(adwin) = detector {
                answer["final_estimation"] = written(adwin.mean().unwrap_or(0.0));
                answer["final_width"] = json!(adwin.width());
            }
            Ok(answer)
        })
        .collect();
    answers.map(|answers| json!(answers))
}

/// River's detector with River's parameters and their defaults.
fn detector(question: &Value) -> Result<Detector, GoldenError> {
    let parameters = &question["params"];
    let number = |key: &str, default: f64| parameters[key].as_f64().unwrap_or(default);
    let whole = |key: &str, default: u32| {
        parameters[key].as_u64().and_then(|value| u32::try_from(value).ok()).unwrap_or(default)
    };
    let two_sided = parameters["two_sided_test"] == true;
    let drift_confidence = number("drift_confidence", 0.001);
    let warning_confidence = number("warning_confidence", 0.005);
    Ok(match question["detector"].as_str().unwrap_or_default() {
        "ADWIN" => Detector::Adwin(Adwin::new(
            number("delta", 0.002),
            whole("clock", 32),
            whole("max_buckets", 5),
            whole("min_window_length", 5),
            whole("grace_period", 10),
        )),
        "PageHinkley" => Detector::PageHinkley(PageHinkley::new(
            whole("min_instances", 30),
            number("delta", 0.005),
            number("threshold", 50.0),
            number("alpha", 1.0 - 0.0001),
            match parameters["mode"].as_str() {
                Some("up") => Direction::Up,
                Some("down") => Direction::Down,
                _ => Direction::Both,
            },
        )),
        "KSWIN" => Detector::Kswin(Kswin::new(
            number("alpha", 0.005),
            whole("window_size", 100) as usize,
            whole("stat_size", 30) as usize,
            u64::from(whole("seed", 0)),
        )),
        "DDM" => Detector::Ddm(Ddm::new(
            whole("warm_start", 30),
            number("warning_threshold", 2.0),
            number("drift_threshold", 3.0),
        )),
        "EDDM" => Detector::Eddm(Eddm::new(whole("warm_start", 30), number("alpha", 0.95), number("beta", 0.9))),
        "HDDM_A" => Detector::HddmA(HddmA::new(drift_confidence, warning_confidence, two_sided)),
        "HDDM_W" => {
            Detector::HddmW(HddmW::new(drift_confidence, warning_confidence, number("lambda_val", 0.05), two_sided))
        }
        "FHDDM" => Detector::Fhddm(Fhddm::new(
            whole("sliding_window_size", 100) as usize,
            number("confidence_level", 1e-6),
            parameters["short_window_size"].as_u64().map(|size| size as usize),
        )),
        name => return Err(GoldenError::Unknown(format!("detector {name}"))),
    })
}
