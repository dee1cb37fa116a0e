//! Handing a report out: a link on this server, or a link that carries the report itself.

use leptos::prelude::*;
use tidemark::render::format;

use super::awaited::Problem;
use super::icon::{Glyph, Icon};
use crate::api;
use crate::error::AppError;
use crate::lab::bridge;
use crate::watching::Shared;

#[cfg_attr(not(feature = "hydrate"), path = "share_box/links_server.rs")]
pub(crate) mod links;

/// How long a link opens: what is sent, and the words for it.
const SPANS: [(&str, &str); 4] =
    [("1w", "for a week"), ("1d", "for a day"), ("30d", "for 30 days"), ("", "until it is taken back")];

/// Said where a page has closed itself to the network.
const SEALED: &str = "this page can send nothing while your files are open. Reload it: the report stays, the files are closed, and it can \
     be shared";

/// A button, and behind it what can be shared and how.
#[component]
pub fn ShareBox(
    /// What is to be shared.
    shared: Shared,
) -> impl IntoView {
    let title = RwSignal::new(String::new());
    let expires_in = RwSignal::new(SPANS[0].0.to_owned());
    let link = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<String>);
    let shown = move |found: Result<String, AppError>| match found {
        Ok(address) => {
            problem.set(None);
            link.set(Some(address));
        }
        Err(error) => problem.set(Some(error.to_string())),
    };
    let what = StoredValue::new(shared.clone());
    let on_server = Action::new_local(move |(): &()| async move {
        let (title, expires_in) = (title.get_untracked(), expires_in.get_untracked());
        let path = match what.get_value() {
            Shared::Stored(id) => api::share(id, title, expires_in).await,
            // What was promised about the files holds for the report too, until a document without them is opened.
            Shared::Made(..) if bridge::is_sealed() => Err(AppError::Refused { reason: SEALED.to_owned() }),
            Shared::Made(_, json) => links::post(&json, &title, &expires_in).await,
        };
        shown(path.map(|path| links::absolute(&path)));
    });
    let in_link = Action::new_local(move |(): &()| async move {
        if let Shared::Made(_, json) = what.get_value() {
            shown(links::packed(&json).await.map(|packed| links::absolute(&format!("/compare#report={packed}"))));
        }
    });
    let made = match &shared {
        Shared::Stored(_) => None,
        Shared::Made(report, json) => Some((report.columns.len() as u64, json.clone())),
    };
    let size = |json: &str| format!("{} kB", format::count(json.len().div_ceil(1000) as u64));
    let goes = made.as_ref().map(|(columns, json)| {
        format!(
            "What goes: the report over {}, {} of JSON, and no row of your files.",
            format::plural(*columns, "column"),
            size(json)
        )
    });
    let look = made.as_ref().map(|(_, json)| {
        let json = json.to_string();
        // Written out only for those who look.
        let open = RwSignal::new(false);
        view! {
            <details class="share-box__look" on:toggle=move |_| open.set(true)>
                <summary>"See what goes"</summary>
                {move || open.get().then(|| view! { <pre class="code" tabindex="0">{json.clone()}</pre> })}
            </details>
        }
    });
    let carry = made.is_some().then(|| {
        view! {
            <div class="share-box__way">
                <h3>"A link that carries the report"</h3>
                <p>"Nothing is sent to anybody: the report is packed into the part of the address that browsers keep to themselves."</p>
                <button class="button" r#type="button" on:click=move |_| { in_link.dispatch(()); }>"Pack it into a link"</button>
            </div>
        }
    });
    view! {
        <details class="menu share-box needs-script">
            <summary class="button">
                <Icon glyph=Glyph::Share/>
                "Share"
            </summary>
            <div class="menu__body">
                <div class="share-box__way">
                    <h3>"A link on this server"</h3>
                    <p>{goes.unwrap_or_else(|| "Whoever has the link reads this report and nothing else.".to_owned())}</p>
                    {look}
                    <label class="field__label" for="share-title">"Title"</label>
                    <input class="input" id="share-title" maxlength="200" placeholder="Drift report" on:input=move |event| title.set(event_target_value(&event))/>
                    <label class="field__label" for="share-expires">"It opens"</label>
                    <select class="input" id="share-expires" on:change=move |event| expires_in.set(event_target_value(&event))>
                        {SPANS.map(|(value, words)| view! { <option value=value>{words}</option> }).collect_view()}
                    </select>
                    <button class="button button--primary" r#type="button" on:click=move |_| { on_server.dispatch(()); }>
                        "Make the link"
                    </button>
                </div>
                {carry}
                <Problem text=problem/>
                {move || link.get().map(|address| view! { <Made address/> })}
            </div>
        </details>
    }
    .into_any()
}

/// The link, to be copied.
#[component]
fn Made(address: String) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = {
        let address = address.clone();
        move |_| {
            links::copy(&address);
            copied.set(true);
        }
    };
    let length = (address.len() > 2000).then(|| {
        format!(
            "{} characters: too long for some chats, fine for e-mail and files.",
            format::count(address.len() as u64)
        )
    });
    view! {
        <div class="share-box__made">
            <input class="input" readonly aria-label="The link" value=address/>
            <button class="button" r#type="button" on:click=copy>
                {move || if copied.get() { "Copied" } else { "Copy" }}
            </button>
            {length.map(|words| view! { <p class="field__hint">{words}</p> })}
        </div>
    }
    .into_any()
}
