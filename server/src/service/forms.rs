//! Monitors as forms have them, and in words.

use tidemark::judge::Verdict;
use tidemark::render::format;
use tidemark_app::watching::{MonitorForm, RuleForm};
use tidemark_watch::config::{settings_from_toml, settings_to_toml};
use tidemark_watch::monitor::{
    ColumnEffect, ColumnScore, ColumnVerdict, Condition, EstimateLimit, Invalid, Missed, Monitor, PerformanceLimit,
    Reference, Rule, SameHours, Schedule, Segment, Severity, Window,
};
use tidemark_watch::span::Span;

/// The monitor that a form describes.
///
/// # Errors
/// The first field that makes no sense, by the name of the setting.
pub(super) fn monitor_of(form: &MonitorForm) -> Result<Monitor, Invalid> {
    let rules = form.rules.iter().filter(|rule| !rule.name.trim().is_empty()).enumerate();
    let rules = rules.map(|(nth, rule)| {
        rule_of(rule).map_err(|Invalid { field, reason }| Invalid::new(format!("alert[{nth}].{field}"), reason))
    });
    let segment_column = filled(&form.segment_column);
    let monitor = Monitor {
        name: form.name.trim().to_owned(),
        model: form.model.trim().to_owned(),
        version: filled(&form.version),
        columns: list(&form.columns),
        segment: segment_column.map(|column| Segment { column, any_of: list(&form.segment_values) }),
        window: match form.window_kind.as_str() {
            "span" => Window::Span(span("window.span", &form.window)?),
            _ => Window::Rows(number("window.rows", &form.window)?),
        },
        min_rows: number("min_rows", &form.min_rows)?,
        schedule: match form.schedule_kind.as_str() {
            "cron" => Schedule::Cron(form.schedule.trim().to_owned()),
            "rows" => Schedule::Rows(number("schedule.rows", &form.schedule)?),
            _ => Schedule::Every(span("schedule.every", &form.schedule)?),
        },
        delay: filled(&form.delay).map(|text| span("delay", &text)).transpose()?,
        reference: reference_of(form)?,
        missed: if form.missed == "all" { Missed::All } else { Missed::Latest },
        settings: settings_from_toml(&form.settings)?,
        alerts: rules.collect::<Result<_, _>>()?,
    };
    monitor.check()?;
    Ok(monitor)
}

fn reference_of(form: &MonitorForm) -> Result<Reference, Invalid> {
    let text = form.reference.trim();
    Ok(match form.reference_kind.as_str() {
        "file" => Reference::File(text.to_owned()),
        "previous" => Reference::Previous,
        "rolling" => Reference::Rolling(span("reference.rolling", text)?),
        "same_hours" => Reference::SameHours(SameHours {
            days: number("reference.same_hours.days", or(&form.reference_days, "0"))?,
            weeks: number("reference.same_hours.weeks", or(&form.reference_weeks, "0"))?,
        }),
        "after_deploy" => Reference::AfterDeploy(number("reference.after_deploy", text)?),
        _ => Reference::Training,
    })
}

fn rule_of(form: &RuleForm) -> Result<Rule, Invalid> {
    let name = form.of.trim().to_owned();
    let limit = |field| number::<f64>(field, &form.limit);
    let performance = |metric, below, above| {
        let default = PerformanceLimit::default();
        let min_labels = match filled(&form.min_labels) {
            Some(text) => number("when.performance.min_labels", &text)?,
            None => default.min_labels,
        };
        Ok(Condition::Performance(PerformanceLimit { metric, below, above, min_labels }))
    };
    Ok(Rule {
        name: form.name.trim().to_owned(),
        when: match form.when.as_str() {
            "predictions_drifted" => Condition::PredictionsDrifted,
            "share" => Condition::Share(limit("when.share")?),
            "column" => Condition::Column(ColumnVerdict { name, verdict: verdict_of(&form.limit)? }),
            "effect" => Condition::Effect(ColumnEffect { name, at_least: limit("when.effect.at_least")? }),
            "score" => Condition::Score(ColumnScore { name, beyond: limit("when.score.beyond")? }),
            "below" => performance(name, Some(limit("when.performance.below")?), None)?,
            "above" => performance(name, None, Some(limit("when.performance.above")?))?,
            "estimated_below" => estimated(name, Some(limit("when.estimated_performance.below")?), None),
            "estimated_above" => estimated(name, None, Some(limit("when.estimated_performance.above")?)),
            "missing_traffic" => Condition::MissingTraffic,
            "failed" => Condition::Failed,
            _ => Condition::Drifted,
        },
        windows: number("windows", or(&form.windows, "1"))?,
        clear_after: number("clear_after", or(&form.clear_after, "1"))?,
        cooldown: filled(&form.cooldown).map(|text| span("cooldown", &text)).transpose()?,
        severity: Severity::from_name(form.severity.trim()),
        channels: list(&form.channels),
    })
}

const fn estimated(metric: String, below: Option<f64>, above: Option<f64>) -> Condition {
    Condition::EstimatedPerformance(EstimateLimit { metric, below, above })
}

/// The verdict of this name; `drifted` where none is written.
fn verdict_of(text: &str) -> Result<Verdict, Invalid> {
    let name = or(text.trim(), "drifted").to_lowercase().replace(' ', "_");
    let expected = || Invalid::new("when.column.verdict", "expected drifted, minor or not_enough_data");
    serde_json::from_value(name.into()).map_err(|_unknown| expected())
}

fn or<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.trim().is_empty() { default } else { text.trim() }
}

fn filled(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn list(text: &str) -> Vec<String> {
    text.split([',', '\n']).filter_map(filled).collect()
}

fn number<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, Invalid> {
    // A number as people write it: 2,000 rows.
    let plain: String = text.trim().replace([',', ' ', '_'], "");
    plain.parse().map_err(|_no_number| Invalid::new(field, format!("{text:?} is no number that fits here")))
}

fn span(field: &str, text: &str) -> Result<Span, Invalid> {
    text.trim().parse().map_err(|error: tidemark_watch::span::NoSpan| Invalid::new(field, error.to_string()))
}

/// A monitor as a form shows it.
pub(super) fn form_of(monitor: &Monitor) -> MonitorForm {
    let (window_kind, window) = match monitor.window {
        Window::Rows(rows) => ("rows", rows.to_string()),
        Window::Span(span) => ("span", span.to_string()),
    };
    let (schedule_kind, schedule) = match &monitor.schedule {
        Schedule::Every(span) => ("every", span.to_string()),
        Schedule::Cron(text) => ("cron", text.clone()),
        Schedule::Rows(rows) => ("rows", rows.to_string()),
    };
    let (reference_kind, reference) = match &monitor.reference {
        Reference::Training => ("training", String::new()),
        Reference::File(name) => ("file", name.clone()),
        Reference::Previous => ("previous", String::new()),
        Reference::Rolling(span) => ("rolling", span.to_string()),
        Reference::SameHours(_) => ("same_hours", String::new()),
        Reference::AfterDeploy(rows) => ("after_deploy", rows.to_string()),
    };
    let hours = match &monitor.reference {
        Reference::SameHours(hours) => Some(*hours),
        _ => None,
    };
    let segment = monitor.segment.as_ref();
    MonitorForm {
        name: monitor.name.clone(),
        model: monitor.model.clone(),
        version: monitor.version.clone().unwrap_or_default(),
        columns: monitor.columns.join(", "),
        segment_column: segment.map(|segment| segment.column.clone()).unwrap_or_default(),
        segment_values: segment.map(|segment| segment.any_of.join(", ")).unwrap_or_default(),
        window_kind: window_kind.to_owned(),
        window,
        min_rows: monitor.min_rows.to_string(),
        schedule_kind: schedule_kind.to_owned(),
        schedule,
        delay: monitor.delay.map(|span| span.to_string()).unwrap_or_default(),
        missed: if monitor.missed == Missed::All { "all" } else { "latest" }.to_owned(),
        reference_kind: reference_kind.to_owned(),
        reference,
        reference_days: hours.map(|hours| hours.days.to_string()).unwrap_or_default(),
        reference_weeks: hours.map(|hours| hours.weeks.to_string()).unwrap_or_default(),
        settings: settings_to_toml(&monitor.settings).unwrap_or_default(),
        rules: monitor.alerts.iter().map(rule_form).collect(),
    }
}

fn rule_form(rule: &Rule) -> RuleForm {
    let (when, of, limit) = match &rule.when {
        Condition::Drifted => ("drifted", "", String::new()),
        Condition::PredictionsDrifted => ("predictions_drifted", "", String::new()),
        Condition::Share(share) => ("share", "", share.to_string()),
        Condition::Column(column) => {
            let verdict = serde_json::to_value(column.verdict).ok().and_then(|name| Some(name.as_str()?.to_owned()));
            ("column", column.name.as_str(), verdict.unwrap_or_default())
        }
        Condition::Effect(effect) => ("effect", effect.name.as_str(), effect.at_least.to_string()),
        Condition::Score(score) => ("score", score.name.as_str(), score.beyond.to_string()),
        Condition::Performance(PerformanceLimit { metric, below, above, .. }) => match (below, above) {
            (Some(below), _) => ("below", metric.as_str(), below.to_string()),
            (None, above) => ("above", metric.as_str(), above.map(|above| above.to_string()).unwrap_or_default()),
        },
        Condition::EstimatedPerformance(EstimateLimit { metric, below, above }) => match (below, above) {
            (Some(below), _) => ("estimated_below", metric.as_str(), below.to_string()),
            (None, above) => {
                ("estimated_above", metric.as_str(), above.map(|above| above.to_string()).unwrap_or_default())
            }
        },
        Condition::MissingTraffic => ("missing_traffic", "", String::new()),
        Condition::Failed => ("failed", "", String::new()),
    };
    let min_labels = match &rule.when {
        Condition::Performance(limit) => limit.min_labels.to_string(),
        _ => String::new(),
    };
    RuleForm {
        name: rule.name.clone(),
        when: when.to_owned(),
        of: of.to_owned(),
        limit,
        min_labels,
        windows: rule.windows.to_string(),
        clear_after: rule.clear_after.to_string(),
        cooldown: rule.cooldown.map(|span| span.to_string()).unwrap_or_default(),
        severity: rule.severity.map(|severity| severity.name().to_owned()).unwrap_or_default(),
        channels: rule.channels.join(", "),
    }
}

/// What a monitor does, in a few words: `2,000 rows every 10s, against the training data`.
pub(super) fn in_words(monitor: &Monitor) -> String {
    let window = match monitor.window {
        Window::Rows(rows) => format::plural(rows, "row"),
        Window::Span(span) => format!("{span} of predictions"),
    };
    let schedule = match &monitor.schedule {
        Schedule::Every(span) => format!("every {span}"),
        Schedule::Cron(text) => format!("at {text:?}"),
        Schedule::Rows(rows) => format!("every {}", format::plural(*rows, "row")),
    };
    let reference = match &monitor.reference {
        Reference::Training => "the training data".to_owned(),
        Reference::File(name) => name.clone(),
        Reference::Previous => "the window before".to_owned(),
        Reference::Rolling(span) => format!("the {span} before"),
        Reference::SameHours(SameHours { days, weeks }) => {
            let (days, weeks) = (u64::from(*days), u64::from(*weeks));
            match (days, weeks) {
                (days, 0) => format!("the same hours of {}", format::plural(days, "day")),
                (0, weeks) => format!("the same hours of {}", format::plural(weeks, "week")),
                _ => format!("the same hours of {} and {}", format::plural(days, "day"), format::plural(weeks, "week")),
            }
        }
        Reference::AfterDeploy(rows) => format!("the first {} of the version", format::plural(*rows, "row")),
    };
    let of = monitor.segment.as_ref().map(|segment| format!(" of {} {}", segment.column, segment.any_of.join(", ")));
    format!("{window}{} {schedule}, against {reference}", of.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_watch::config::Config;

    const MONITORS: &str = r#"
        [[monitor]]
        name = "hourly"
        model = "fraud"
        window = { span = "1h" }
        schedule = { cron = "0 * * * * Europe/Berlin" }
        reference = { same_hours = { days = 7, weeks = 4 } }
        delay = "5m"
        missed = "all"
        columns = ["Amount", "V1"]
        segment = { column = "country", any_of = ["DE", "FR"] }
        settings = { calibrated = { drift_share = 0.2 } }
        alert = [
            { name = "drift", when = "drifted", windows = 2, clear_after = 3, cooldown = "6h", severity = "critical" },
            { name = "share", when = { share = 0.3 } },
            { name = "column", when = { column = { name = "Amount", verdict = "minor" } } },
            { name = "effect", when = { effect = { name = "Amount", at_least = 0.25 } } },
            { name = "score", when = { score = { name = "Amount", beyond = 0.1 } } },
            { name = "recall", when = { performance = { metric = "recall", below = 0.8, min_labels = 20 } } },
            { name = "loss", when = { performance = { metric = "log_loss", above = 0.4 } } },
            { name = "expected", when = { estimated_performance = { metric = "roc_auc", below = 0.8 } } },
            { name = "too-good", when = { estimated_performance = { metric = "f1", above = 0.9 } } },
            { name = "traffic", when = "missing_traffic" },
            { name = "failed", when = "failed" },
            { name = "said", when = "predictions_drifted" },
        ]

        [[monitor]]
        name = "rows"
        model = "fraud"
        schedule = { rows = 500 }
        reference = { after_deploy = 2000 }

        [[monitor]]
        name = "plain"
        model = "fraud"
        reference = { rolling = "7d" }
        version = "1"
    "#;

    #[test]
    fn a_form_loses_nothing_of_a_monitor() {
        for monitor in Config::from_toml(MONITORS).unwrap().monitors {
            assert_eq!(monitor_of(&form_of(&monitor)), Ok(monitor));
        }
    }

    #[test]
    fn a_field_that_makes_no_sense_is_named() {
        let form = form_of(&Monitor::new("m", "fraud"));
        let refused = |form: MonitorForm| monitor_of(&form).unwrap_err().field;
        assert_eq!(refused(MonitorForm { name: "no spaces".to_owned(), ..form.clone() }), "name");
        assert_eq!(refused(MonitorForm { window: "many".to_owned(), ..form.clone() }), "window.rows");
        assert_eq!(refused(MonitorForm { schedule: "soon".to_owned(), ..form.clone() }), "schedule.every");
        assert_eq!(refused(MonitorForm { settings: "judge = 1".to_owned(), ..form.clone() }), "settings.judge");
        let rule = |name: &str, when: &str, limit: &str| RuleForm {
            name: name.to_owned(),
            when: when.to_owned(),
            limit: limit.to_owned(),
            ..RuleForm::default()
        };
        let rules = vec![rule("", "share", "x"), rule("fine", "drifted", ""), rule("wrong", "share", "2")];
        assert_eq!(refused(MonitorForm { rules, ..form }), "alert[1].when.share");
    }

    #[test]
    fn a_monitor_is_told_in_words() {
        let monitors = Config::from_toml(MONITORS).unwrap().monitors;
        let words: Vec<String> = monitors.iter().map(in_words).collect();
        assert_eq!(
            words[0],
            "1h of predictions of country DE, FR at \"0 * * * * Europe/Berlin\", against the same hours of 7 days and 4 weeks"
        );
        assert_eq!(words[1], "2,000 rows every 500 rows, against the first 2,000 rows of the version");
        assert_eq!(words[2], "2,000 rows every 10s, against the 1w before");
    }
}
