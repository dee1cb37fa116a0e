//! Keeps what is shown fresh while someone looks at it.

use leptos::prelude::*;

use crate::error::AppError;

mod fresh;
mod line;
mod news;
mod pulse;
#[cfg_attr(not(feature = "hydrate"), path = "live/timer_server.rs")]
mod timer;

pub use fresh::{held, offer_news};
pub use line::{Line, news_of, provide_line};
pub use news::News;
pub use pulse::{Link, Pulse};

/// What the service said last, and how the line to it is doing.
#[derive(Debug)]
pub struct Live<T: Send + Sync + 'static> {
    /// What the service said last.
    pub shown: RwSignal<T>,
    /// Whether that is fresh.
    pub link: RwSignal<Link>,
    asking_early: RwSignal<bool>,
}

impl<T: Send + Sync + 'static> Clone for Live<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Live<T> {}

impl<T: Send + Sync + 'static> Live<T> {
    /// Asks at the next tick, however short ago the last answer is.
    pub fn ask_now(&self) {
        self.asking_early.set(true);
    }
}

/// Starts from `first`, and asks the service again as long as the page is looked at: whenever it says that there is something new, or
/// every two seconds where it does not say anything.
///
/// *On the server* nothing is asked: the page shows `first`.
pub fn follow<T, F>(first: T, ask: impl Fn() -> F + Send + Sync + 'static) -> Live<T>
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, AppError>> + 'static,
{
    let ask = StoredValue::new(ask);
    let (shown, link, asking_early) = (RwSignal::new(first), RwSignal::new(Link::Fresh), RwSignal::new(false));
    let pulse = StoredValue::new(Pulse::new(timer::now()));
    if let Some(line) = use_context::<Line>() {
        let latest = line.listen();
        Effect::new(move |before: Option<Option<News>>| {
            let news = latest.get().map(|(_, news)| news);
            if news.is_some() {
                pulse.update_value(|pulse| pulse.heard(timer::now(), before.flatten() != news));
            }
            news
        });
    }
    // An effect, so that the timer starts in the browser only.
    Effect::new(move || {
        timer::every_half_second(move |now, hidden| {
            if asking_early.get_untracked() {
                asking_early.set(false);
                pulse.update_value(Pulse::hurry);
            }
            if let Some(turn) = pulse.try_update_value(|pulse| pulse.tick(now, hidden)).flatten() {
                let asked = ask.with_value(|ask| ask());
                timer::run(async move {
                    let answer = asked.await;
                    // The page may be gone by now, and its signals with it.
                    let accepted = pulse.try_update_value(|pulse| pulse.answered(turn, timer::now(), answer.is_ok()));
                    if let (Some(true), Ok(latest)) = (accepted, answer) {
                        shown.try_set(latest);
                    }
                });
            }
            let found = pulse.with_value(|pulse| pulse.link(now));
            if link.get_untracked() != found {
                link.set(found);
            }
        });
    });
    Live { shown, link, asking_early }
}
