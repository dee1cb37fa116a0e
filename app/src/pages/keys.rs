//! `/keys`: who may do what. Plain forms, so that it works without a script.

use leptos::prelude::*;
use leptos_meta::Title;
use tidemark::judge::Verdict;

use crate::api;
use crate::components::awaited::awaited;
use crate::components::empty_state::EmptyState;
use crate::components::moment::Moment;
use crate::components::plain_table::{Head, PlainTable};
use crate::components::share_box::links;
use crate::components::status_badge::StatusBadge;
use crate::keys::{KeyLine, Keys, NewKey, Outcome};
use crate::monitor::Millis;

/// Roles: the name, and what it lets one do.
const ROLES: [(&str, &str); 4] = [
    ("read", "read: pages, reports and metrics"),
    ("predict", "predict: ask models"),
    ("ingest", "ingest: send predictions and labels"),
    ("admin", "admin: everything"),
];

/// How long a key is valid: what is sent, and the words for it.
const ENDS: [(&str, &str); 4] =
    [("90d", "for 90 days"), ("30d", "for 30 days"), ("365d", "for a year"), ("", "until it is revoked")];

/// How long an old key stays valid beside the new one.
const GRACE: [(&str, &str); 3] = [("", "at once"), ("1h", "in an hour"), ("1d", "in a day")];

/// The page. For administrators.
#[component]
pub fn KeysPage() -> impl IntoView {
    let keys = Resource::new(|| (), |()| api::load_keys());
    view! {
        <Title text="Keys"/>
        {awaited("Keys", "Loading", keys, move |keys| view! { <Shown keys/> }.into_any())}
    }
    .into_any()
}

#[component]
fn Shown(keys: Keys) -> impl IntoView {
    let Keys { keys, own, outcome: Outcome { made, problem }, now } = keys;
    let head = view! {
        <header>
            <h1 class="page__title">"Keys"</h1>
            <p class="page__subtitle">
                "A program or a person shows a key to be let in. Tidemark keeps only its fingerprint: a key is shown once, when it is made."
            </p>
        </header>
    };
    let Some(keys) = keys else {
        return view! {
            {head}
            <EmptyState title="Nobody is asked for a key here">
                <p>
                    "This service answers to its own machine alone. Made reachable from elsewhere, it asks for keys, and this page makes them:"
                </p>
                <pre class="empty-state__command"><code>"tidemark serve --listen 0.0.0.0:8000"</code></pre>
            </EmptyState>
        }
        .into_any();
    };
    view! {
        {head}
        {made.map(|made| view! { <Made made/> })}
        {problem.map(|problem| view! { <p class="problem" role="alert">{problem}</p> })}
        <Create/>
        <section class="stack" aria-labelledby="all-keys">
            <h2 id="all-keys" class="section-title">"All keys"</h2>
            <PlainTable
                heads=[
                    Head::new("Key"),
                    Head::new("For"),
                    Head::new("State"),
                    Head::new("Last used").wide(),
                    Head::new("Ends").wide(),
                    Head::new("Change").spoken(),
                ]
            >
                {keys.into_iter().map(|key| view! { <Line is_own=own.as_deref() == Some(&key.id) key now/> }).collect_view()}
            </PlainTable>
        </section>
    }
    .into_any()
}

/// The key that was made just now: the one time that it can be seen.
#[component]
fn Made(made: NewKey) -> impl IntoView {
    let NewKey { role, name, secret } = made;
    let copied = RwSignal::new(false);
    let copy = {
        let secret = secret.clone();
        move |_| {
            links::copy(&secret);
            copied.set(true);
        }
    };
    let whose = if name.is_empty() { "The new key".to_owned() } else { format!("The key of {name}") };
    view! {
        <section class="new-key" role="status" aria-labelledby="new-key">
            <h2 id="new-key" class="section-title">{whose}</h2>
            <p>{format!("For the role {role}. Copy it now: it is not shown again.")}</p>
            <div class="new-key__secret">
                <input class="input input--code" readonly aria-label="The key" value=secret/>
                <button class="button button--primary needs-script" r#type="button" on:click=copy>
                    {move || if copied.get() { "Copied" } else { "Copy" }}
                </button>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Create() -> impl IntoView {
    view! {
        <form class="chart-frame worth" method="post" action="/keys">
            <h2 class="section-title">"Make a key"</h2>
            <input type="hidden" name="do" value="create"/>
            <div class="new-key__fields">
                <label class="field">
                    <span class="field__label">"Name"</span>
                    <input class="input" name="name" maxlength="80" autocomplete="off" required placeholder="Who or what will use it"/>
                </label>
                <Choice label="It may" name="role" choices=&ROLES/>
                <Choice label="It is valid" name="ends" choices=&ENDS/>
            </div>
            <button class="button button--primary" r#type="submit">"Make the key"</button>
        </form>
    }
    .into_any()
}

#[component]
fn Choice(label: &'static str, name: &'static str, choices: &'static [(&'static str, &'static str)]) -> impl IntoView {
    view! {
        <label class="field">
            <span class="field__label">{label}</span>
            <select class="input" name=name>
                {choices.iter().map(|(value, words)| view! { <option value=*value>{*words}</option> }).collect_view()}
            </select>
        </label>
    }
    .into_any()
}

#[component]
fn Line(key: KeyLine, is_own: bool, now: Millis) -> impl IntoView {
    let (is_valid, ends) = (key.is_valid(now), key.ends());
    let KeyLine { id, name, role, created, last_used, revoked, .. } = key;
    let (verdict, label) = match (is_valid, revoked) {
        (true, Some(_)) => (Verdict::Minor, "Ends soon"),
        (true, None) => (Verdict::Stable, "Valid"),
        (false, Some(at)) if at <= now => (Verdict::NotTested, "Revoked"),
        (false, _) => (Verdict::NotTested, "Expired"),
    };
    let moment = |at: Option<Millis>, none: &'static str| match at {
        Some(at) => view! { <Moment at/> }.into_any(),
        None => none.into_any(),
    };
    let shown = if name.is_empty() { "Without a name".to_owned() } else { name };
    let change = format!("Change {shown}");
    let actions = is_valid.then(|| {
        view! {
            <details class="key-change">
                <summary class="button button--small" aria-label=change>"Change"</summary>
                <form class="key-change__way" method="post" action="/keys">
                    <input type="hidden" name="do" value="rotate"/>
                    <input type="hidden" name="id" value=id.clone()/>
                    <Choice label="The old key ends" name="grace" choices=&GRACE/>
                    <button class="button button--small" r#type="submit">"Make a new one in its place"</button>
                </form>
                <form class="key-change__way" method="post" action="/keys">
                    <input type="hidden" name="do" value="revoke"/>
                    <input type="hidden" name="id" value=id.clone()/>
                    <button class="button button--small button--danger" r#type="submit">"Revoke it now"</button>
                </form>
            </details>
        }
    });
    view! {
        <tr>
            <th scope="row">
                {shown}
                <span class="plain-table__sub">
                    <code>{id.clone()}</code> {is_own.then_some(" · you are signed in with it")} " · made " <Moment at=created/>
                </span>
            </th>
            <td>{role}</td>
            <td><StatusBadge verdict label/></td>
            <td class="plain-table__wide">{moment(last_used, "never")}</td>
            <td class="plain-table__wide">{moment(ends, "when it is revoked")}</td>
            <td class="plain-table__end">{actions}</td>
        </tr>
    }
    .into_any()
}
