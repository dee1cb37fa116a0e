//! How bad an alert is, as shape, word and colour: those of verdicts that press as hard.

use leptos::prelude::*;
use tidemark::judge::Verdict;

use super::status_badge::StatusBadge;
use crate::watching::AlertSeverity;

/// A badge.
#[component]
pub fn SeverityBadge(
    /// How bad.
    severity: AlertSeverity,
) -> impl IntoView {
    let (verdict, label) = match severity {
        AlertSeverity::Critical => (Verdict::Drifted, "Critical"),
        AlertSeverity::Warning => (Verdict::Minor, "Warning"),
        AlertSeverity::Info => (Verdict::NotEnoughData, "Info"),
    };
    view! { <StatusBadge verdict label/> }
}
