//! Whether a model is fine, in one sentence.

use tidemark::judge::Verdict;
use tidemark::performance::Figure;
use tidemark::render::format;

use super::{Performance, PerformanceWindow};
use crate::components::performance_card::words;
use crate::format::{date, time_of_day};
use crate::monitor::Millis;

/// From this share of its labels on, a window is judged by them rather than by its estimate.
const ENOUGH_LABELS: f64 = 0.5;
/// From so many labelled windows on, estimates can lose the trust in them.
const ENOUGH_WINDOWS: u64 = 5;
/// They lose it when their bands held in a smaller share of the windows.
const TRUSTED: f64 = 0.8;

/// How a model stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// As a badge says it.
    pub verdict: Verdict,
    /// In a word or two.
    pub label: &'static str,
    /// In a sentence.
    pub sentence: String,
}

/// The value by which a window is judged, and whether labels say so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// The value.
    pub value: f64,
    /// The ends of its interval or band.
    pub range: Option<(f64, f64)>,
    /// By labels, rather than by what scores let expect.
    pub is_realised: bool,
    /// It rests on so few rows that nothing should be decided by the value alone.
    pub is_of_few: bool,
}

impl Judged {
    /// Whether it lies on the wrong side of the limit; of few rows, all that it may be.
    pub fn is_worse(&self, metric: &str, limit: f64) -> bool {
        is_beyond(metric, self.value, limit) && (!self.is_of_few || self.is_surely_worse(metric, limit))
    }

    fn is_surely_worse(&self, metric: &str, limit: f64) -> bool {
        self.range.is_some_and(|(lower, upper)| is_beyond(metric, lower, limit) && is_beyond(metric, upper, limit))
    }
}

/// Whether a larger value is a worse one.
pub fn is_loss(metric: &str) -> bool {
    matches!(metric, "log_loss" | "brier" | "mae" | "rmse" | "mape" | "msle" | "rmsle")
}

/// The names of the figures there are, in the order in which they are shown.
pub fn metrics_of(performance: &Performance) -> Vec<String> {
    let mut summaries = performance.windows.iter().filter_map(|window| window.realised.as_ref());
    if let Some(summary) = summaries.next_back().or(performance.reference.as_ref()) {
        return summary.figures.iter().map(|named| named.name.clone()).collect();
    }
    let estimated = performance.windows.iter().rev().find(|window| !window.estimated.is_empty());
    let names = estimated.into_iter().flat_map(|window| &window.estimated).map(|found| found.metric.clone());
    names.take(7).collect()
}

/// The figure that is shown where none is chosen: the area of two classes, the accuracy of more, the mean error of numbers.
pub fn default_metric(names: &[String]) -> String {
    let known = |name: &&str| names.iter().any(|known| known == name);
    ["roc_auc", "accuracy", "mae"].into_iter().find(known).unwrap_or("accuracy").to_owned()
}

/// Whether this figure is one of those that are estimated.
pub fn is_estimated(performance: &Performance, metric: &str) -> bool {
    performance.thresholds.iter().any(|bounds| bounds.metric == metric)
        || performance.windows.iter().any(|window| window.estimate_of(metric).is_some())
}

/// A window's figure by its labels.
pub fn realised(window: &PerformanceWindow, metric: &str) -> Option<Judged> {
    let figure = window.realised.as_ref()?.figure(metric)?;
    let range = figure.interval().map(|interval| (interval.lower, interval.upper));
    Some(Judged { value: figure.value()?, range, is_realised: true, is_of_few: matches!(figure, Figure::TooFew(_)) })
}

/// What a window's scores let expect.
pub fn estimated(window: &PerformanceWindow, metric: &str) -> Option<Judged> {
    let found = window.estimate_of(metric)?;
    Some(Judged { value: found.value?, range: found.lower.zip(found.upper), is_realised: false, is_of_few: false })
}

/// By what a window is judged: its labels where half of them came, else its estimate, unless estimates have proved wrong.
fn judged(window: &PerformanceWindow, metric: &str, is_estimate_trusted: bool) -> Option<Judged> {
    let by_labels = realised(window, metric).filter(|_| window.share_labelled() >= ENOUGH_LABELS);
    by_labels.or_else(|| estimated(window, metric).filter(|_| is_estimate_trusted))
}

/// Whether the bands of a metric held what came, as far as labels say: an estimate is blind to a change in what inputs mean, and says that
/// all is well where labels have shown that it is not.
fn is_estimate_trusted(performance: &Performance, metric: &str) -> bool {
    let found = performance.bands.iter().find(|found| found.metric == metric);
    found.is_none_or(|found| {
        let (held, windows) = (found.bands.n_held as f64, found.bands.n_windows as f64);
        found.bands.n_windows < ENOUGH_WINDOWS || held >= TRUSTED * windows
    })
}

/// The value beyond which a window counts as worse.
pub fn limit(performance: &Performance, metric: &str) -> Option<f64> {
    let bounds = performance.thresholds.iter().find(|bounds| bounds.metric == metric)?;
    if is_loss(metric) { bounds.upper } else { bounds.lower }
}

/// Whether a value lies on the wrong side of the limit.
fn is_beyond(metric: &str, value: f64, limit: f64) -> bool {
    if is_loss(metric) { value > limit } else { value < limit }
}

/// What counts as worse: "below 0.8 counts as worse".
pub(super) fn bound(metric: &str, limit: f64) -> String {
    let side = if is_loss(metric) { "above" } else { "below" };
    format!("{side} {} counts as worse", format::number(limit))
}

/// How the model stands by this figure.
pub fn standing(performance: &Performance, metric: &str) -> Standing {
    let name = words(metric);
    let is_trusted = is_estimate_trusted(performance, metric);
    let found = judged_windows(performance, metric);
    let which = if is_trusted { "in the latest window" } else { "in the latest window with labels" };
    let Some(&(_, latest)) = found.last() else { return silent(performance, &name) };
    let told = told(&name, latest);
    let Some(limit) = limit(performance, metric) else {
        return Standing {
            verdict: Verdict::NotTested,
            label: "Measured",
            sentence: format!("{told}. There is no bound to hold it against."),
        };
    };
    let before = reference_value(performance, metric)
        .map_or_else(String::new, |value| format!(" On the reference it was {}.", format::number(value)));
    let bound = bound(metric, limit);
    if !latest.is_worse(metric, limit) {
        let n_worse = found.iter().filter(|(_, judged)| judged.is_worse(metric, limit)).count() as u64;
        let is_unclear = |judged: &Judged| is_beyond(metric, judged.value, limit) && !judged.is_worse(metric, limit);
        let n_unclear = found.iter().filter(|(_, judged)| is_unclear(judged)).count() as u64;
        let past = match n_worse {
            0 if n_unclear > 0 => format!(
                "; of {} {} beyond it, on too few cases to tell",
                format::plural(found.len() as u64, "window"),
                if n_unclear == 1 { "1 lies".to_owned() } else { format!("{} lie", format::count(n_unclear)) },
            ),
            0 => format!("; no window of {} was worse", found.len()),
            n => format!("; {} before it {} worse", format::plural(n, "window"), if n == 1 { "was" } else { "were" }),
        };
        return Standing {
            verdict: Verdict::Stable,
            label: "Fine",
            sentence: format!("{told} {which} ({bound}){past}.{before}"),
        };
    }
    let spell = spell(&found, metric, limit);
    let since = spell.first().map_or(0, |(window, _)| window.window.from);
    let is_certain = latest.is_surely_worse(metric, limit);
    Standing {
        verdict: if is_certain || spell.len() > 1 { Verdict::Drifted } else { Verdict::Minor },
        label: if is_certain || spell.len() > 1 { "Worse" } else { "Perhaps worse" },
        sentence: format!(
            "Not fine since {}: {told} {which}; {bound}, and {} in a row {}.{before}",
            moment(since),
            format::plural(spell.len() as u64, "window"),
            if spell.len() == 1 { "is" } else { "are" },
        ),
    }
}

/// The windows that can be judged by this figure, oldest first.
pub(super) fn judged_windows<'a>(performance: &'a Performance, metric: &str) -> Vec<(&'a PerformanceWindow, Judged)> {
    let is_trusted = is_estimate_trusted(performance, metric);
    // A window that has only begun says little, and is judged while there is no other.
    let (filling, full): (Vec<_>, Vec<_>) = performance.windows.iter().partition(|window| window.is_open);
    let of = |windows: Vec<&'a PerformanceWindow>| -> Vec<_> {
        windows.into_iter().filter_map(|window| Some((window, judged(window, metric, is_trusted)?))).collect()
    };
    let found = of(full);
    if found.is_empty() { of(filling) } else { found }
}

/// The latest of them that are worse one after the other, oldest first; nothing where the latest is not.
pub(super) fn spell<'a, 'b>(
    found: &'a [(&'b PerformanceWindow, Judged)],
    metric: &str,
    limit: f64,
) -> &'a [(&'b PerformanceWindow, Judged)] {
    let n = found.iter().rev().take_while(|(_, judged)| judged.is_worse(metric, limit)).count();
    &found[found.len() - n..]
}

/// "ROC AUC is estimated at 0.971".
pub(super) fn said(name: &str, judged: Judged) -> String {
    let how = if judged.is_realised { "is" } else { "is estimated at" };
    format!("{name} {how} {}", format::number(judged.value))
}

fn told(name: &str, judged: Judged) -> String {
    let range = judged.range.map_or_else(String::new, |(lower, upper)| {
        format!(" ({} to {})", format::number(lower), format::number(upper))
    });
    said(name, judged) + &range
}

fn silent(performance: &Performance, name: &str) -> Standing {
    let sentence = match (&performance.not_estimated, performance.windows.is_empty()) {
        (_, true) => "No prediction has come yet, so there is nothing to say about the model.".to_owned(),
        (Some(reason), _) => format!(
            "Nothing can be said about {name} yet: no window has half of its labels, and before they come nothing is estimated, because {reason}."
        ),
        (None, _) => {
            format!("Nothing can be said about {name} yet: no window has labels, and it is not estimated without.")
        }
    };
    Standing { verdict: Verdict::NotEnoughData, label: "Not known yet", sentence }
}

/// How the model did on the reference.
pub fn reference_value(performance: &Performance, metric: &str) -> Option<f64> {
    performance.reference.as_ref()?.figure(metric).and_then(Figure::value)
}

/// `28 Nov, 12:40:00 UTC`: the same on the server and in a browser.
pub fn moment(at: Millis) -> String {
    format!("{}, {} UTC", date(at, 0), time_of_day(at, 0))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::monitor::Window;
    use tidemark::performance::estimated::Estimated;
    use tidemark::performance::summary::NamedFigure;
    use tidemark::performance::windows::{BandsOf, Bounds};
    use tidemark::performance::{Summary, Undefined};

    fn window(nth: u64, estimate: f64, right: Option<(u64, u64)>) -> PerformanceWindow {
        let figure = |(part, whole)| Figure::share(part, whole, Undefined::NoRows);
        PerformanceWindow {
            window: Window {
                first: 1 + nth * 1000,
                end: 1001 + nth * 1000,
                from: 60_000 * nth as i64,
                to: 60_000 * (nth as i64 + 1),
            },
            n_labelled: right.map_or(0, |(_, whole)| whole),
            is_open: false,
            by: "v".to_owned(),
            estimated: vec![Estimated {
                metric: "accuracy".to_owned(),
                value: Some(estimate),
                sampling_error: 0.01,
                lower: Some(estimate - 0.03),
                upper: Some(estimate + 0.03),
                alert: false,
            }],
            realised: right.map(|right| Summary {
                n_rows: 1000,
                n_labelled: right.1,
                figures: vec![NamedFigure { name: "accuracy".to_owned(), figure: figure(right) }],
            }),
            splits: Vec::new(),
        }
    }

    /// A model whose accuracy is estimated at this in each window, and counts as worse below 0.8.
    pub(crate) fn performance_of(estimates: &[f64]) -> Performance {
        performance(estimates.iter().enumerate().map(|(nth, estimate)| window(nth as u64, *estimate, None)).collect())
    }

    fn performance(windows: Vec<PerformanceWindow>) -> Performance {
        Performance {
            model: "m".to_owned(),
            models: vec!["m".to_owned()],
            positive: None,
            not_estimated: None,
            reference: None,
            thresholds: vec![Bounds { metric: "accuracy".to_owned(), lower: Some(0.8), upper: None }],
            windows,
            bands: Vec::new(),
            watches: Vec::new(),
            alarms: Vec::new(),
            latest: None,
            mistakes: None,
            now: 0,
        }
    }

    #[test]
    fn labels_count_once_half_of_them_came_and_estimates_before() {
        let few = performance(vec![window(0, 0.9, Some((200, 400)))]);
        let found = standing(&few, "accuracy");
        assert_eq!((found.label, found.verdict), ("Fine", Verdict::Stable));
        assert!(found.sentence.starts_with("Accuracy is estimated at 0.9 (0.87 to 0.93)"), "{}", found.sentence);
        let most = performance(vec![window(0, 0.9, Some((300, 600)))]);
        assert_eq!(standing(&most, "accuracy").label, "Worse");
    }

    #[test]
    fn it_is_told_since_when_a_model_is_worse() {
        let windows =
            vec![window(0, 0.7, None), window(1, 0.9, None), window(2, 0.9, Some((500, 1000))), window(3, 0.79, None)];
        let found = standing(&performance(windows.clone()), "accuracy");
        assert_eq!(found.label, "Worse");
        assert!(
            found.sentence.contains("since 1 Jan") || found.sentence.contains("00:02:00 UTC"),
            "{}",
            found.sentence
        );
        assert!(found.sentence.contains("2 windows in a row are"), "{}", found.sentence);
        // One estimate whose band reaches above the bound is no certainty.
        let once = performance([&windows[1..2], &windows[3..]].concat());
        assert_eq!(standing(&once, "accuracy").label, "Perhaps worse");
    }

    #[test]
    fn few_labels_make_no_window_worse_unless_all_that_it_may_be_is() {
        let of_few = |right| performance(vec![window(0, 0.9, None), window(1, 0.9, Some((right, 8)))]);
        let mut found = of_few(5);
        found.windows[1].n_labelled = 1000;
        let stands = standing(&found, "accuracy");
        assert_eq!(stands.label, "Fine", "5 of 8 are 0.24 to 0.91");
        assert!(stands.sentence.contains("; of 2 windows 1 lies beyond it, on too few cases"), "{}", stands.sentence);
        let mut found = of_few(0);
        found.windows[1].n_labelled = 1000;
        assert_eq!(standing(&found, "accuracy").label, "Worse", "0 of 8 are 0.37 at most");
    }

    #[test]
    fn a_window_that_fills_is_judged_while_there_is_no_other() {
        let mut found = performance(vec![window(0, 0.9, None), window(1, 0.79, None)]);
        found.windows[1].is_open = true;
        assert_eq!(standing(&found, "accuracy").label, "Fine");
        found.windows.remove(0);
        assert_eq!(standing(&found, "accuracy").label, "Perhaps worse");
    }

    #[test]
    fn estimates_that_proved_wrong_do_not_say_that_all_is_well() {
        let mut windows: Vec<PerformanceWindow> = (0..6).map(|nth| window(nth, 0.9, Some((500, 1000)))).collect();
        windows.push(window(6, 0.9, None));
        let mut found = performance(windows);
        assert_eq!(standing(&found, "accuracy").label, "Fine");
        let bands = |n_held| {
            let windows = (0..6).map(|nth| (0.9, 0.01, if nth < n_held { 0.9 } else { 0.8 }));
            BandsOf::of("accuracy".to_owned(), windows).into_iter().collect::<Vec<_>>()
        };
        found.bands = bands(5);
        assert_eq!(standing(&found, "accuracy").label, "Fine");
        found.bands = bands(1);
        let stands = standing(&found, "accuracy");
        assert_eq!(stands.label, "Worse");
        assert!(stands.sentence.contains("in the latest window with labels"), "{}", stands.sentence);
    }

    #[test]
    fn what_is_not_known_is_said() {
        assert!(standing(&performance(Vec::new()), "accuracy").sentence.starts_with("No prediction"));
        let mut none = performance(vec![window(0, 0.9, None)]);
        none.windows[0].estimated.clear();
        none.not_estimated = Some("the model came without a reference".to_owned());
        assert!(standing(&none, "accuracy").sentence.ends_with("because the model came without a reference."));
        assert_eq!(standing(&performance(vec![window(0, 0.9, None)]), "log_loss").label, "Not known yet");
    }
}
