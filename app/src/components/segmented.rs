//! A few choices in one line, one of them taken. Links, so that the choice is in the address and needs no JavaScript.

use leptos::prelude::*;

/// One of the choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The word.
    pub label: String,
    /// A number after the word.
    pub count: Option<String>,
    /// Where it leads.
    pub href: String,
    /// Whether it is the one taken.
    pub taken: bool,
}

/// The line of choices.
#[component]
pub fn Segmented(
    /// What is chosen.
    #[prop(into)]
    label: String,
    /// The choices.
    #[prop(into)]
    choices: Signal<Vec<Choice>>,
) -> impl IntoView {
    let links = move || {
        let link = |choice: Choice| {
            let class = if choice.taken { "segmented__choice segmented__choice--taken" } else { "segmented__choice" };
            view! {
                <a class=class href=choice.href aria-current=choice.taken.then_some("true") data-noscroll="">
                    {choice.label}
                    {choice.count.map(|count| view! { <span class="segmented__count">{count}</span> })}
                </a>
            }
        };
        choices.get().into_iter().map(link).collect_view()
    };
    view! {
        <nav class="segmented" aria-label=label>
            {links}
        </nav>
    }
    .into_any()
}
