//! What stands on a model's timeline besides its comparisons: other versions that began to answer, and alerts.

use tidemark_app::monitor::SnapshotHead;
use tidemark_app::timeline::{Event, EventKind};
use tidemark_watch::monitor::Severity;
use tidemark_watch::store::Alert;

use super::Service;

/// Events on a timeline; of more than these the latest are shown.
const MOST: usize = 40;

impl Service {
    /// What happened to a model since the first of these comparisons, oldest first. `alerts` are those that may be told of.
    pub(super) fn events(&self, model: &str, history: &[SnapshotHead], alerts: &[Alert]) -> Vec<Event> {
        let Some(first) = history.first() else { return Vec::new() };
        let deploys = self.deploys(model).into_iter().map(|deploy| Event {
            at: deploy.at,
            kind: EventKind::Deploy,
            text: format!("Version {} began to answer", deploy.version),
            href: None,
        });
        let of_model = alerts.iter().filter(|alert| alert.model == model);
        let mut events: Vec<Event> = deploys.chain(of_model.map(of_alert)).collect();
        events.retain(|event| event.at >= first.window.from);
        events.sort_by_key(|event| event.at);
        events.drain(..events.len().saturating_sub(MOST));
        events
    }
}

fn of_alert(alert: &Alert) -> Event {
    let href = match alert.snapshot {
        Some(id) => format!("/reports/{id}"),
        None => format!("/monitors/{}", alert.monitor),
    };
    let kind = if alert.severity == Severity::Info { EventKind::Note } else { EventKind::Alert };
    Event { at: alert.began, kind, text: format!("{}: {}", alert.rule, alert.sentence), href: Some(href) }
}
