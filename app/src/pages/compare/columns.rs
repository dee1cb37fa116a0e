//! The columns of both files before they are compared: what they seem to be, to be put right.

use leptos::prelude::*;
use std::sync::Arc;
use tidemark::render::format;
use tidemark::schema::preview::{ColumnPreview, Preview};
use tidemark::schema::{ColumnRole, ColumnType};

use crate::lab::Request;

/// What is known of the columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Glance {
    /// Two files are not there yet.
    #[default]
    Nothing,
    /// The first rows are being read.
    Looking,
    /// They were read.
    Seen(Arc<Preview>),
    /// They could not be, because of this.
    Failed(String),
}

/// A row per column: its name, type, role and some of its values. What is chosen goes into `request`.
#[component]
pub fn ColumnChoices(
    /// What the first rows showed.
    preview: Arc<Preview>,
    /// What is going to be asked.
    request: RwSignal<Request>,
    /// Whether there is a report, which is then what one looks at.
    #[prop(into)]
    is_answered: Signal<bool>,
) -> impl IntoView {
    let in_both = preview.columns.iter().filter(|column| column.in_reference && column.in_current).count() as u64;
    let one_sided = preview.columns.len() as u64 - in_both;
    let summary = match one_sided {
        0 => format!("{}, in both files; types and roles can be set", format::plural(in_both, "column")),
        some => format!("{} in both files, {} in one alone", format::plural(in_both, "column"), format::count(some)),
    };
    let looked_at = format!(
        "Guessed from the first {} of the reference. Nothing needs to be changed; what you set here goes before what is found.",
        format::plural(preview.rows_looked_at, "row")
    );
    let n_columns = preview.columns.len();
    let wanted = RwSignal::new(String::new());
    let found = Memo::new(move |_| wanted.with(|text| find(&preview.columns, text)));
    let not_shown = move || {
        let more = found.with(|(shown, n)| n - shown.len()) as u64;
        let none = found.with(|(_, n)| *n == 0).then(|| "No column is called that.".to_owned());
        none.or_else(|| (more > 0).then(|| format!("and {} more; the field above finds them", format::count(more))))
    };
    // A long table is folded, so that the button below stays in sight.
    let is_short = n_columns <= 12;
    let is_open = Memo::new(move |_| is_short && !is_answered.get());
    view! {
        <details class="column-choices" open=move || is_open.get()>
            <summary class="column-choices__head">
                <span class="column-choices__title">"Columns"</span>
                <span class="column-choices__summary">{summary}</span>
            </summary>
            <p class="column-choices__hint">{looked_at}</p>
            {(n_columns > SHOWN)
                .then(|| {
                    view! {
                        <input
                            class="input column-choices__find"
                            aria-label="Find columns by name"
                            placeholder="Find columns"
                            autocomplete="off"
                            spellcheck="false"
                            on:input=move |event| wanted.set(event_target_value(&event))
                        />
                    }
                })}
            <div class="column-choices__scroll" tabindex="0" role="group" aria-label="Columns and what they are">
                <table class="column-choices__table">
                    <thead>
                        <tr>
                            <th scope="col">"Column"</th>
                            <th scope="col">"Type"</th>
                            <th scope="col">"Role"</th>
                            <th scope="col" class="column-choices__values">"First values"</th>
                        </tr>
                    </thead>
                    <tbody>
                        // By name: a box that someone has set is not used again for another column.
                        <For each=move || found.get().0 key=|column| column.name.clone() children=move |column| view! { <Row column request/> }/>
                    </tbody>
                </table>
            </div>
            <p class="column-choices__hint column-choices__more" role="status">{not_shown}</p>
        </details>
    }
    .into_any()
}

/// Columns that are shown at once. Of thousands nobody reads through all.
const SHOWN: usize = 50;

/// The first columns whose name contains the text, in any case, and how many there are.
fn find(columns: &[ColumnPreview], text: &str) -> (Vec<ColumnPreview>, usize) {
    let text = text.trim().to_lowercase();
    let mut found = columns.iter().filter(|column| column.name.to_lowercase().contains(&text));
    let shown: Vec<_> = found.by_ref().take(SHOWN).cloned().collect();
    let n = shown.len() + found.count();
    (shown, n)
}

/// The role that is none of a schema's: when each row was.
const TIME: &str = "time";

/// The roles, as they are sent and in words.
const ROLES: [(&str, &str); 5] = [
    ("feature", "Feature"),
    ("prediction", "Prediction"),
    ("target", "Target"),
    (TIME, "Time of the row"),
    ("ignored", "Ignore"),
];

#[component]
fn Row(column: ColumnPreview, request: RwSignal<Request>) -> impl IntoView {
    let ColumnPreview { name, in_reference, in_current, column_type: guessed, values, .. } = column;
    let name = StoredValue::new(name);
    let set_type = move |event| {
        let chosen = event_target_value(&event);
        let chosen = ColumnType::ALL.into_iter().find(|kind| kind.name() == chosen);
        request.update(|request| match chosen {
            Some(kind) => drop(request.types.insert(name.get_value(), kind)),
            None => drop(request.types.remove(&name.get_value())),
        });
    };
    let chosen_type =
        move || request.with(|request| request.types.get(&name.get_value()).map_or("", |kind| kind.name()));
    let set_role =
        move |event| request.update(|request| give_role(request, &name.get_value(), &event_target_value(&event)));
    let chosen_role = move || request.with(|request| role_of(request, &name.get_value()));
    let note = match (in_reference, in_current) {
        (true, true) => None,
        (true, false) => Some("only in the reference"),
        (false, _) => Some("only in the current file"),
    };
    let types = ColumnType::ALL.map(|kind| {
        let is_chosen = move || chosen_type() == kind.name();
        view! { <option value=kind.name() selected=is_chosen>{kind.name()}</option> }
    });
    let roles = ROLES.map(|(value, words)| {
        let is_chosen = move || chosen_role() == value;
        view! { <option value=value selected=is_chosen>{words}</option> }
    });
    let choice = in_reference.then(|| {
        view! {
            <td>
                <select class="input input--short" aria-label=format!("Type of {}", name.get_value()) on:change=set_type>
                    <option value="" selected=move || chosen_type().is_empty()>{format!("{} (guessed)", guessed.name())}</option>
                    {types.collect_view()}
                </select>
            </td>
            <td>
                <select class="input input--short" aria-label=format!("Role of {}", name.get_value()) on:change=set_role>
                    {roles.collect_view()}
                </select>
            </td>
        }
    });
    // A column without a reference cannot be compared, whatever it is.
    let choice = match choice {
        Some(choice) => choice.into_any(),
        None => view! { <td colspan="2" class="column-choices__note">"not compared"</td> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row">
                {name.get_value()} {note.map(|note| view! { <span class="column-choices__note">{note}</span> })}
            </th>
            {choice}
            <td class="column-choices__values">{values.join(", ")}</td>
        </tr>
    }
    .into_any()
}

fn role_of(request: &Request, name: &str) -> &'static str {
    if request.time.as_deref() == Some(name) {
        return TIME;
    }
    request.roles.get(name).map_or(ColumnRole::Feature.name(), |role| role.name())
}

fn give_role(request: &mut Request, name: &str, role: &str) {
    if request.time.as_deref() == Some(name) {
        request.time = None;
    }
    request.roles.remove(name);
    let others = [ColumnRole::Target, ColumnRole::Prediction, ColumnRole::Ignored];
    match others.into_iter().find(|other| other.name() == role) {
        Some(other) => drop(request.roles.insert(name.to_owned(), other)),
        None if role == TIME => request.time = Some(name.to_owned()),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_one_role_and_one_column_at_most_is_the_time() {
        let mut request = Request::default();
        give_role(&mut request, "a", "time");
        give_role(&mut request, "b", "prediction");
        assert_eq!((role_of(&request, "a"), role_of(&request, "b")), ("time", "prediction"));
        give_role(&mut request, "b", "time");
        assert_eq!((role_of(&request, "a"), role_of(&request, "b")), ("feature", "time"));
        assert!(request.roles.is_empty());
        give_role(&mut request, "b", "ignored");
        assert_eq!((role_of(&request, "b"), request.time), ("ignored", None));
    }
}
