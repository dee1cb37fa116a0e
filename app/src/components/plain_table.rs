//! A plain table: a line of heads over its rows.

use leptos::prelude::*;

/// A column's head, and what holds for its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    text: String,
    is_number: bool,
    is_wide: bool,
    is_spoken: bool,
}

impl Head {
    /// A column of words.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_number: false, is_wide: false, is_spoken: false }
    }

    /// A column of numbers: `plain-table__number`.
    pub fn number(text: impl Into<String>) -> Self {
        Self { is_number: true, ..Self::new(text) }
    }

    /// Only there where the table is wide: `plain-table__wide`.
    pub fn wide(self) -> Self {
        Self { is_wide: true, ..self }
    }

    /// Its text is not seen, but heard.
    pub fn spoken(self) -> Self {
        Self { is_spoken: true, ..self }
    }
}

/// The table. Its cells have the classes that [`Head`] names.
#[component]
pub fn PlainTable(
    /// What screen readers call it; nothing where a heading above says it.
    #[prop(optional)]
    caption: Option<&'static str>,
    /// The columns.
    #[prop(into)]
    heads: Vec<Head>,
    /// The rows.
    children: Children,
) -> impl IntoView {
    let head = |Head { text, is_number, is_wide, is_spoken }| {
        let class = match (is_number, is_wide) {
            (false, false) => "",
            (true, false) => "plain-table__number",
            (false, true) => "plain-table__wide",
            (true, true) => "plain-table__number plain-table__wide",
        };
        let seen = if is_spoken { "visually-hidden" } else { "" };
        view! { <th scope="col" class=class><span class=seen>{text}</span></th> }
    };
    view! {
        // It scrolls on a small screen, by keys, too.
        <div class="plain-table" tabindex="0">
            <table>
                {caption.map(|caption| view! { <caption class="visually-hidden">{caption}</caption> })}
                <thead>
                    <tr>{heads.into_iter().map(head).collect_view()}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
