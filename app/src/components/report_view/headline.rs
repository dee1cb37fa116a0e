//! The verdict over a whole report, under any judge.

use serde::{Deserialize, Serialize};
use tidemark::judge::{Judge, Verdict};
use tidemark::render::format;
use tidemark::report::{DriftReport, GroupVerdict};

use crate::monitor::overall;

/// What stands on top of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Headline {
    /// The data's columns together.
    pub data: GroupVerdict,
    /// The predictions' columns together, where there are any.
    pub predictions: Option<GroupVerdict>,
    /// All of it in a sentence.
    pub sentence: String,
    starved: bool,
}

impl Headline {
    /// The report's own words under its leading judge, and the same worked out for the other one.
    pub fn new(report: &DriftReport, judge: Judge) -> Self {
        let count =
            |predictions| report.group(predictions).filter(|c| c.verdict(judge) == Verdict::NotEnoughData).count();
        let starved = 2 * count(false) as u64 > report.data.n_columns;
        if judge == report.settings.judge {
            return Self {
                data: report.data.clone(),
                predictions: report.predictions.clone(),
                sentence: report.sentence.clone(),
                starved,
            };
        }
        let data = report.group_verdict(false, judge);
        let predictions = report.predictions.as_ref().map(|_| report.group_verdict(true, judge));
        Self { sentence: sentence(&data, predictions.as_ref(), judge), data, predictions, starved }
    }

    /// How it stands, as a badge says it.
    pub fn verdict(&self) -> Verdict {
        self.overall().0
    }

    /// That in a word or two.
    pub fn label(&self) -> &'static str {
        self.overall().1
    }

    fn overall(&self) -> (Verdict, &'static str) {
        let drifted = self.data.drifted || self.predictions.as_ref().is_some_and(|group| group.drifted);
        if !drifted && self.starved {
            return (Verdict::NotEnoughData, "Not enough data yet");
        }
        overall(drifted, self.data.n_drifted)
    }
}

/// The same words as the report's own sentence, for the judge that does not lead.
fn sentence(data: &GroupVerdict, predictions: Option<&GroupVerdict>, judge: Judge) -> String {
    let whose = match judge {
        Judge::Calibrated => "the calibrated rules",
        Judge::Evidently => "the rules of Evidently 0.7",
        Judge::Nannyml => "the rules of NannyML 0.13",
    };
    let columns = format::plural(data.n_columns, "column");
    let found = match (data.drifted, data.n_drifted) {
        (_, 0) => format!("none of the {columns} drifted"),
        (true, n) => format!("the data drifted in {} of {columns}", format::count(n)),
        (false, n) => format!("the data as a whole held, but drifted in {} of {columns}", format::count(n)),
    };
    let predictions = match predictions {
        None => "",
        Some(group) if group.drifted => " The model's predictions drifted.",
        Some(group) if group.n_tested == 0 => " The model's predictions could not be tested.",
        Some(_) => " The model's predictions did not drift.",
    };
    format!("By {whose}, {found}.{predictions}")
}
