//! One number with its name, large enough to read across a room.

use leptos::prelude::*;

/// A tile in a row of tiles.
#[component]
pub fn StatTile(
    /// What the number is.
    #[prop(into)]
    label: String,
    /// The number, formatted.
    #[prop(into)]
    value: Signal<String>,
    /// A few words under the number.
    #[prop(into, optional)]
    note: MaybeProp<String>,
    /// A picture under the words.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="stat-tile">
            <dt class="stat-tile__label">{label}</dt>
            <dd class="stat-tile__body">
                <span class="stat-tile__value">{move || value.get()}</span>
                <span class="stat-tile__note">{move || note.get()}</span>
                {children.map(|children| children())}
            </dd>
        </div>
    }
    .into_any()
}
