//! The line over which the service says that there is something new: one for all that a tab shows.

use leptos::prelude::*;

use super::News;

#[cfg_attr(not(feature = "hydrate"), path = "line/source_server.rs")]
mod source;

/// The line, as a context.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// What came last, and how often something came: the service says the same again every few seconds, as a sign of life.
    latest: RwSignal<Option<(u32, News)>>,
    n_listeners: RwSignal<u32>,
}

impl Line {
    /// What was heard last, tracked: it changes with every sign of life. The line is open as long as the caller's owner is there.
    pub fn listen(self) -> Signal<Option<(u32, News)>> {
        self.n_listeners.update(|n| *n += 1);
        on_cleanup(move || {
            self.n_listeners.try_update(|n| *n -= 1);
        });
        self.latest.into()
    }
}

/// Makes the line, and opens it while somebody listens: the lab does not, and makes no request.
///
/// *On the server* nothing ever comes.
pub fn provide_line() {
    let line = Line { latest: RwSignal::new(None), n_listeners: RwSignal::new(0) };
    provide_context(line);
    let is_wanted = Memo::new(move |_| line.n_listeners.get() > 0);
    Effect::new(move || {
        if is_wanted.get() {
            let hear =
                move |news| line.latest.update(|latest| *latest = Some((latest.map_or(1, |(n, _)| n + 1), news)));
            source::listen(hear);
        }
    });
}

/// A part of the news, by when it changes. `None` until something came, and where there is no line.
pub fn news_of(part: fn(&News) -> u64) -> Memo<Option<u64>> {
    let latest = use_context::<Line>().map(Line::listen);
    Memo::new(move |_| latest.and_then(|latest| latest.get()).map(|(_, news)| part(&news)))
}
