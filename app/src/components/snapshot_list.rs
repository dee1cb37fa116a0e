//! Stored comparisons, the latest first.

use leptos::prelude::*;
use tidemark::render::format;

use super::moment::Moment;
use super::share_bar::ShareBar;
use super::status_badge::StatusBadge;
use crate::monitor::SnapshotHead;

/// A table with a line for every comparison.
#[component]
pub fn SnapshotList(
    /// The comparisons, the latest first.
    #[prop(into)]
    heads: Signal<Vec<SnapshotHead>>,
    /// The share from which on the data count as drifted.
    #[prop(into)]
    threshold: Signal<f64>,
) -> impl IntoView {
    view! {
        <div class="snapshot-list">
            <table>
                <caption class="visually-hidden">"Comparisons, the latest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Compared"</th>
                        <th scope="col">"Verdict"</th>
                        <th scope="col" class="snapshot-list__share">"Drifted columns"</th>
                        <th scope="col" class="snapshot-list__rows">"Rows"</th>
                        <th scope="col" class="snapshot-list__sentence">"In a sentence"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || heads.get() key=|head| head.id.clone() let:head>
                        <Line head threshold/>
                    </For>
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Line(head: SnapshotHead, threshold: Signal<f64>) -> impl IntoView {
    let (verdict, label) = head.verdict();
    let (first, last) = (format::count(head.window.first), format::count(head.window.end.saturating_sub(1)));
    view! {
        <tr class="snapshot-list__line">
            <th scope="row">
                <a class="snapshot-list__link" href=format!("/reports/{}", head.id)>
                    <Moment at=head.created/>
                </a>
            </th>
            <td><StatusBadge verdict label/></td>
            <td class="snapshot-list__share">
                <span class="snapshot-list__count">{format!("{} of {}", head.n_drifted, head.n_columns)}</span>
                <ShareBar share=head.share_drifted threshold drifted=head.data_drifted/>
            </td>
            <td class="snapshot-list__rows">{format!("{first} to {last}")}</td>
            <td class="snapshot-list__sentence">{head.sentence}</td>
        </tr>
    }
    .into_any()
}
