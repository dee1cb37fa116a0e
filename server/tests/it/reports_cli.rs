//! `verify`, `diff`, `audit` and `budget`, run as a person would.

use serde_json::{Value, json};
use std::process::Output;

use crate::command_line::{prepared, stdout, tidemark};
use crate::support::Folder;

fn told(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    (output.status.code(), text)
}

fn write_report(folder: &Folder, name: &str, more: &[&str]) {
    let report = ["report", "reference.csv", "current.csv", "--format", "json", "--out", name];
    stdout(&tidemark(folder, &[&report[..], more].concat()));
}

#[test]
fn a_report_is_verified_to_the_last_digit() {
    let folder = prepared();
    write_report(
        &folder,
        "r.json",
        &["--multivariate", "--quality", "full", "--test", "Amount=psi", "--target", "Class"],
    );
    let verify = |report: &str, current: &str| {
        told(&tidemark(&folder, &["verify", report, "--reference", "reference.csv", "--current", current]))
    };
    let (code, text) = verify("r.json", "current.csv");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("to the last digit"));
    let mut forged: Value = serde_json::from_str(&std::fs::read_to_string(folder.path("r.json")).unwrap()).unwrap();
    forged["columns"][3]["calibrated"]["verdict"] = json!("stable");
    forged["data"]["n_drifted"] = json!(0);
    std::fs::write(folder.path("forged.json"), forged.to_string()).unwrap();
    let (code, text) = verify("forged.json", "current.csv");
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("/data/n_drifted: told 0, made "), "{text}");
    let (code, text) = verify("r.json", "reference.csv");
    assert_eq!(code, Some(3), "{text}");
    assert_eq!(verify("r.json", "nothing.csv").0, Some(1));
    assert_eq!(verify("model.tidemark", "current.csv").0, Some(1));
}

#[test]
fn two_reports_are_told_apart() {
    let folder = prepared();
    write_report(&folder, "later.json", &[]);
    stdout(&tidemark(
        &folder,
        &["report", "reference.csv", "reference.csv", "--format", "json", "--out", "earlier.json"],
    ));
    let text = stdout(&tidemark(&folder, &["diff", "earlier.json", "later.json"]));
    assert!(text.contains("drifted that had not") && text.contains("stable -> drifted"), "{text}");
    let same = stdout(&tidemark(&folder, &["diff", "later.json", "later.json", "--format", "json"]));
    assert_eq!(serde_json::from_str::<Value>(&same).unwrap()["columns"], json!([]));
}

#[test]
fn a_report_of_evidently_is_audited() {
    let folder = prepared();
    // As Evidently 0.7 would write it; the first score is ours, the second is wrong.
    write_report(&folder, "ours.json", &["--profile", "evidently"]);
    let ours: Value = serde_json::from_str(&std::fs::read_to_string(folder.path("ours.json")).unwrap()).unwrap();
    let column =
        |name: &str| ours["columns"].as_array().unwrap().iter().find(|column| column["name"] == name).unwrap().clone();
    let amount = column("Amount")["evidently"]["tested"]["score"]["value"].clone();
    let metric = |name: &str, value: &Value| json!({ "config": { "type": "evidently:metric_v2:ValueDrift", "column": name, "method": "Wasserstein distance (normed)", "threshold": 0.1 }, "value": value });
    let theirs =
        json!({ "metrics": [metric("Amount", &amount), metric("V1", &json!(7.5)), metric("gone", &json!(0.5))] });
    std::fs::write(folder.path("theirs.json"), theirs.to_string()).unwrap();
    let audit = ["audit", "theirs.json", "--reference", "reference.csv", "--current", "current.csv"];
    let lines = stdout(&tidemark(&folder, &[&audit[..], &["--format", "json"]].concat()));
    let lines: Value = serde_json::from_str(&lines).unwrap();
    assert_eq!(
        (&lines[0]["same_score"], &lines[1]["same_score"], &lines[2]["same_score"]),
        (&json!(true), &json!(false), &Value::Null)
    );
    let text = stdout(&tidemark(&folder, &audit));
    assert!(text.contains("1 of 2 scores of theirs.json are what these files give"), "{text}");
    let (code, text) =
        told(&tidemark(&folder, &["audit", "ours.json", "--reference", "reference.csv", "--current", "current.csv"]));
    assert_eq!(code, Some(1));
    assert!(text.contains("no report of Evidently"), "{text}");
}

#[test]
fn a_budget_of_false_alarms_chooses_a_rule() {
    let folder = prepared();
    let budget = [
        "budget",
        "reference.csv",
        "--window",
        "300",
        "--draws",
        "60",
        "--shift",
        "1",
        "--shifted",
        "10",
        "--per-month",
        "40",
    ];
    let text = stdout(&tidemark(&folder, &budget));
    assert!(text.contains("<- take this") && text.contains("[[monitor.alert]]"), "{text}");
    // What it prints is what a set-up file takes.
    let rule = text.split_once("[[monitor.alert]]").unwrap().1;
    let set_up = format!("[[monitor]]\nname = \"m\"\nmodel = \"m\"\n[[monitor.alert]]{rule}");
    tidemark_watch::config::Config::from_toml(&set_up).unwrap();
    let (code, text) = told(&tidemark(&folder, &["budget", "reference.csv", "--window", "3000"]));
    assert_eq!(code, Some(1));
    assert!(text.contains("too few rows"), "{text}");
    let (code, _) = told(&tidemark(&folder, &["budget", "reference.csv", "--every", "soon"]));
    assert_eq!(code, Some(2));
}
