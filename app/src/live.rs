//! Keeps the overview fresh while someone looks at it.

use leptos::prelude::*;

use crate::api;
use crate::monitor::Overview;

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

/// The latest overview, and how the line to the service is doing.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    /// What the service said last.
    pub overview: RwSignal<Overview>,
    /// Whether that is fresh.
    pub link: RwSignal<Link>,
    asking_early: RwSignal<bool>,
}

impl Live {
    /// Asks at the next tick, however short ago the last answer is.
    pub fn ask_now(&self) {
        self.asking_early.set(true);
    }
}

/// Starts from `first`, the overview of `model`, and asks the service again as long as the page is looked at: whenever it says that
/// there is something new, or every two seconds where it does not say anything.
///
/// *On the server* nothing is asked: the page shows `first`.
pub fn follow(first: Overview, model: Option<String>) -> Live {
    let model = StoredValue::new(model);
    let live =
        Live { overview: RwSignal::new(first), link: RwSignal::new(Link::Fresh), asking_early: RwSignal::new(false) };
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
            if live.asking_early.get_untracked() {
                live.asking_early.set(false);
                pulse.update_value(Pulse::hurry);
            }
            if let Some(turn) = pulse.try_update_value(|pulse| pulse.tick(now, hidden)).flatten() {
                timer::run(async move {
                    let answer = api::load_overview(model.get_value()).await;
                    // The page may be gone by now, and its signals with it.
                    let accepted = pulse.try_update_value(|pulse| pulse.answered(turn, timer::now(), answer.is_ok()));
                    if let (Some(true), Ok(overview)) = (accepted, answer) {
                        live.overview.try_set(overview);
                    }
                });
            }
            let link = pulse.with_value(|pulse| pulse.link(now));
            if live.link.get_untracked() != link {
                live.link.set(link);
            }
        });
    });
    live
}
