//! How a model does, in a few words: for a list of models.

use tidemark::judge::Verdict;
use tidemark::render::format;

use super::Performance;
use super::standing::{default_metric, is_loss, judged_windows, limit, metrics_of, spell, standing};
use crate::components::performance_card::words;
use crate::models::Since;

/// The few words.
#[derive(Debug, Clone, PartialEq)]
pub struct Brief {
    /// As a badge says it.
    pub verdict: Verdict,
    /// In a word or two.
    pub label: &'static str,
    /// The figure: "ROC AUC 0.971"; a dash without one.
    pub figure: String,
    /// The beginning of a sentence: "ROC AUC is 0.971, which is fine"; `None` while nothing is known.
    pub words: Option<String>,
    /// Since when it does worse.
    pub since: Option<Since>,
}

/// How a model does by the figure that is shown first of it.
pub fn brief(performance: &Performance) -> Brief {
    let metric = default_metric(&metrics_of(performance));
    let stands = standing(performance, &metric);
    let found = judged_windows(performance, &metric);
    let nothing =
        Brief { verdict: stands.verdict, label: stands.label, figure: "–".to_owned(), words: None, since: None };
    let Some(&(_, latest)) = found.last() else { return nothing };
    let (name, value) = (words(&metric), format::number(latest.value));
    let is = if latest.is_realised { "is" } else { "is estimated at" };
    let how = match limit(performance, &metric) {
        None => "with no bound to hold it against".to_owned(),
        Some(_) if stands.verdict == Verdict::Stable => "which is fine".to_owned(),
        Some(limit) => {
            let side = if is_loss(&metric) { "above" } else { "below" };
            format!("where {side} {} counts as worse", format::number(limit))
        }
    };
    let worse =
        limit(performance, &metric).map(|limit| spell(&found, &metric, limit)).filter(|spell| !spell.is_empty());
    let since = worse.and_then(|spell| {
        let (first, _) = spell.first()?;
        Some(Since { at: first.window.from, is_open: spell.len() == found.len() })
    });
    Brief { figure: format!("{name} {value}"), words: Some(format!("{name} {is} {value}, {how}")), since, ..nothing }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    pub(crate) use crate::performance::standing::tests::performance_of as performance;

    #[test]
    fn a_model_is_told_by_its_first_figure() {
        let told = brief(&performance(&[0.9]));
        assert_eq!((told.verdict, told.label), (Verdict::Stable, "Fine"));
        assert_eq!(told.figure, "Accuracy 0.9");
        assert_eq!(told.words.as_deref(), Some("Accuracy is estimated at 0.9, which is fine"));
        assert_eq!(told.since, None);
        assert_eq!(brief(&performance(&[])).words, None);
    }

    #[test]
    fn a_spell_of_worse_windows_has_a_beginning() {
        let told = brief(&performance(&[0.9, 0.7, 0.7]));
        assert_eq!(told.since, Some(Since { at: 60_000, is_open: false }));
        assert_eq!(brief(&performance(&[0.7])).since, Some(Since { at: 0, is_open: true }));
    }
}
