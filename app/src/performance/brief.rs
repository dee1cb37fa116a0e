//! How a model does, in a few words: for a list of models.

use tidemark::judge::Verdict;
use tidemark::render::format;

use super::Performance;
use super::standing::{bound, default_metric, judged_windows, limit, metrics_of, said, spell, standing};
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
    let name = words(&metric);
    let limit = limit(performance, &metric);
    let how = match limit {
        None => "with no bound to hold it against".to_owned(),
        Some(_) if stands.verdict == Verdict::Stable => "which is fine".to_owned(),
        Some(limit) => format!("where {}", bound(&metric, limit)),
    };
    let since = limit.and_then(|limit| {
        let spell = spell(&found, &metric, limit);
        let (first, _) = spell.first()?;
        Some(Since { at: first.window.from, is_open: spell.len() == found.len() })
    });
    Brief {
        figure: format!("{name} {}", format::number(latest.value)),
        words: Some(format!("{}, {how}", said(&name, latest))),
        since,
        ..nothing
    }
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
