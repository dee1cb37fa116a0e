//! Shares of both sides, row by row, as bars with their numbers beside them: a table that is a picture, too.

use leptos::prelude::*;
use tidemark::render::format;

use crate::components::column_table::view::points;

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareRow {
    /// What has the shares.
    pub name: String,
    /// Share of the reference, 0 to 1.
    pub reference: f64,
    /// Share of the current side, 0 to 1.
    pub current: f64,
    /// What is remarkable about it.
    pub mark: Option<Mark>,
}

/// What only one side has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Only the current side.
    New,
    /// Only the reference.
    Vanished,
}

impl Mark {
    const fn label(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Vanished => "vanished",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::New => "share-table__mark share-table__mark--new",
            Self::Vanished => "share-table__mark share-table__mark--vanished",
        }
    }
}

/// The table. The largest share fills the width; a single row is drawn against the whole.
#[component]
pub fn ShareTable(
    /// What it shows.
    caption: &'static str,
    /// What a row is.
    of: &'static str,
    /// The rows.
    rows: Vec<ShareRow>,
) -> impl IntoView {
    let largest = rows.iter().flat_map(|row| [row.reference, row.current]).fold(0.0, f64::max);
    let whole = if rows.len() == 1 || largest == 0.0 { 1.0 } else { largest };
    let rows = rows
        .into_iter()
        .map(|row| {
            let [reference, current] =
                [row.reference, row.current].map(|share| format!("{:.2}", 100.0 * share / whole));
            view! {
                <tr>
                    <th scope="row" class="share-table__name">
                        {row.name}
                        {row.mark.map(|mark| view! { <span class=mark.class()>{mark.label()}</span> })}
                    </th>
                    <td class="share-table__bars">
                        <svg viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true">
                            <rect class="share-table__reference" y="1" width=reference height="6"></rect>
                            <rect class="share-table__current" y="9" width=current height="6"></rect>
                        </svg>
                    </td>
                    <td>{format::share(row.reference)}</td>
                    <td>{format::share(row.current)}</td>
                    <td class="share-table__change">{points(row.current - row.reference)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="share-table">
            <caption>{caption}</caption>
            <thead>
                <tr>
                    <th scope="col">{of}</th>
                    <td></td>
                    <th scope="col">"Reference"</th>
                    <th scope="col">"Current"</th>
                    <th scope="col">"Change"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
