//! How a page deals with news while someone reads it: it says that there are some, and stays as it is until they are wanted.

use leptos::prelude::*;

use super::{News, news_of};
use crate::components::toast::Toasts;

/// Offers what is new in a message once `part` of the news changes. `show` brings it onto the page.
///
/// *On the server*, and where nobody tells, there is never anything new.
pub fn offer_news(part: fn(&News) -> u64, text: &'static str, show: impl Fn() + Send + Sync + 'static) {
    let Some(toasts) = use_context::<Toasts>() else { return };
    let number = news_of(part);
    let offered = StoredValue::new(None::<u32>);
    let take = Callback::new(move |()| {
        offered.set_value(None);
        show();
    });
    Effect::new(move |known: Option<Option<u64>>| {
        let (known, now) = (known.flatten(), number.get());
        if known.is_some() && known != now && offered.get_value().is_none() {
            offered.set_value(Some(toasts.offer(text, "Show", take)));
        }
        now
    });
    on_cleanup(move || {
        if let Some(id) = offered.try_get_value().flatten() {
            toasts.dismiss(id);
        }
    });
}

/// What is shown of something that changes: it stays as it is while `is_read`.
pub fn held<T: Clone + PartialEq + Send + Sync + 'static>(latest: Memo<T>, is_read: RwSignal<bool>) -> Memo<T> {
    Memo::new(move |shown: Option<&T>| match shown {
        Some(shown) if is_read.get() => shown.clone(),
        _ => latest.get(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_stays_and_catches_up_afterwards() {
        let owner = Owner::new();
        owner.with(|| {
            let (source, is_read) = (RwSignal::new(1), RwSignal::new(false));
            let shown = held(Memo::new(move |_| source.get()), is_read);
            assert_eq!(shown.get_untracked(), 1);
            is_read.set(true);
            source.set(2);
            assert_eq!(shown.get_untracked(), 1);
            is_read.set(false);
            assert_eq!(shown.get_untracked(), 2);
        });
    }
}
