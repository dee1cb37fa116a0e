//! `/alerts`: what goes on, who knows of it, and whom it is told to.

use leptos::prelude::*;
use leptos_meta::Title;
use tidemark::render::format;

use crate::api::{self, Acknowledge, Mute, TestChannel};
use crate::components::alert_list::AlertList;
use crate::components::awaited::{Problem, awaited, problem_of};
use crate::components::empty_state::EmptyState;
use crate::components::moment::Moment;
use crate::live::offer_news;
use crate::watching::{AlertLine, Alerts, MuteLine};

/// The page.
#[component]
pub fn AlertsPage() -> impl IntoView {
    let acknowledge = ServerAction::<Acknowledge>::new();
    let mute = ServerAction::<Mute>::new();
    // What was done is shown at once.
    let done = move || (acknowledge.version().get(), mute.version().get());
    let alerts = Resource::new(done, |_| api::load_alerts());
    offer_news(|news| news.alerts, "An alert began or ended.", move || alerts.refetch());
    view! {
        <Title text="Alerts"/>
        {awaited("Alerts", "Loading", alerts, move |alerts| view! { <Shown alerts acknowledge mute/> }.into_any())}
    }
    .into_any()
}

#[component]
fn Shown(alerts: Alerts, acknowledge: ServerAction<Acknowledge>, mute: ServerAction<Mute>) -> impl IntoView {
    let Alerts { alerts, mutes, channels, n_waiting, n_given_up, .. } = alerts;
    let n = alerts.iter().filter(|alert| alert.ended.is_none()).count() as u64;
    let (open, over): (Vec<_>, Vec<_>) = alerts.into_iter().partition(|alert| alert.ended.is_none());
    let problem =
        Signal::derive(move || problem_of(acknowledge.value().get()).or_else(|| problem_of(mute.value().get())));
    let actions = Callback::new(move |alert: AlertLine| view! { <Actions alert acknowledge mute/> }.into_any());
    view! {
        <header>
            <h1 class="page__title">"Alerts"</h1>
            <p class="page__subtitle">
                {if n == 0 { "Nothing goes on.".to_owned() } else { format!("{} going on.", format::plural(n, "alert")) }}
            </p>
        </header>
        <Problem text=problem/>
        {if open.is_empty() && over.is_empty() {
            view! {
                <EmptyState title="No alert yet">
                    <p>"An alert begins when a monitor's rule is met. "<a href="/monitors">"Give a monitor a rule"</a>" to be told."</p>
                </EmptyState>
            }
                .into_any()
        } else {
            view! { <AlertList alerts=open actions names_monitors=true/> }.into_any()
        }}
        {(!mutes.is_empty()).then(|| view! { <Mutes mutes mute/> })}
        <section class="stack" aria-labelledby="channels">
            <h2 id="channels" class="section-title">"Channels"</h2>
            {if channels.is_empty() {
                view! {
                    <p class="page__subtitle">
                        "Alerts are on record here and told to nobody. Channels stand in the set-up file: "
                        <code>"tidemark serve --config"</code> "."
                    </p>
                }
                    .into_any()
            } else {
                view! { <ul class="channels">{channels.into_iter().map(|(name, kind)| view! { <Channel name kind/> }).collect_view()}</ul> }
                    .into_any()
            }}
            {(n_waiting + n_given_up > 0)
                .then(|| {
                    format!("{} waiting to be sent, {} given up.", format::plural(n_waiting, "message"), format::count(n_given_up))
                })}
        </section>
        {(!over.is_empty())
            .then(|| {
                view! {
                    <section class="stack" aria-labelledby="over">
                        <h2 id="over" class="section-title">"Over"</h2>
                        <AlertList alerts=over names_monitors=true/>
                    </section>
                }
            })}
    }
    .into_any()
}

/// What can be done about an alert: say that somebody knows, or keep messages back for a while.
#[component]
fn Actions(alert: AlertLine, acknowledge: ServerAction<Acknowledge>, mute: ServerAction<Mute>) -> impl IntoView {
    let AlertLine { id, monitor, rule, acknowledged, .. } = alert;
    let note = acknowledged.is_none().then(|| {
        view! {
            <ActionForm action=acknowledge attr:class="inline-form">
                <input type="hidden" name="id" value=id/>
                <input class="input input--short" name="by" required placeholder="Your name" aria-label="Your name" autocomplete="name"/>
                <button class="button button--small" r#type="submit">"Take note"</button>
            </ActionForm>
        }
    });
    view! {
        {note}
        <ActionForm action=mute attr:class="inline-form">
            <input type="hidden" name="monitor" value=monitor/>
            <input type="hidden" name="rule" value=rule/>
            <select class="input" name="span" aria-label="Mute for">
                <option value="1h">"1 hour"</option>
                <option value="1d">"1 day"</option>
                <option value="1w">"1 week"</option>
            </select>
            <button class="button button--small" r#type="submit">"Mute"</button>
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Mutes(mutes: Vec<MuteLine>, mute: ServerAction<Mute>) -> impl IntoView {
    let line = move |MuteLine { monitor, rule, until }: MuteLine| {
        let what = if rule.is_empty() { format!("{monitor}: all rules") } else { format!("{monitor}: {rule}") };
        view! {
            <li class="channel">
                <span>{what} " until " <Moment at=until/></span>
                <ActionForm action=mute>
                    <input type="hidden" name="monitor" value=monitor/>
                    <input type="hidden" name="rule" value=rule/>
                    <button class="button button--small" r#type="submit">"Tell again"</button>
                </ActionForm>
            </li>
        }
    };
    view! {
        <section class="stack" aria-labelledby="mutes">
            <h2 id="mutes" class="section-title">"Muted"</h2>
            <ul class="channels">{mutes.into_iter().map(line).collect_view()}</ul>
        </section>
    }
    .into_any()
}

/// A channel, and a button that tries it.
#[component]
fn Channel(name: String, kind: String) -> impl IntoView {
    let test = ServerAction::<TestChannel>::new();
    let said = move || {
        if test.pending().get() {
            return Some("Sending…".to_owned());
        }
        test.value().get().map(|answer| match answer {
            Ok(()) => "It took the test message.".to_owned(),
            Err(error) => error.to_string(),
        })
    };
    view! {
        <li class="channel">
            <span>
                <strong>{name.clone()}</strong>
                {format!(", {kind}")}
                <span class="channel__said" role="status">{said}</span>
            </span>
            <ActionForm action=test>
                <input type="hidden" name="name" value=name/>
                <button class="button button--small" r#type="submit">"Send a test"</button>
            </ActionForm>
        </li>
    }
    .into_any()
}
