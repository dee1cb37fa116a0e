//! `/shares`: the links that reports were handed out with.

use leptos::prelude::*;
use leptos_meta::Title;
use tidemark::judge::Verdict;

use crate::api::{self, RevokeShare};
use crate::components::awaited::{Problem, awaited, problem_of};
use crate::components::empty_state::EmptyState;
use crate::components::moment::Moment;
use crate::components::plain_table::{Head, PlainTable};
use crate::components::status_badge::StatusBadge;
use crate::monitor::Millis;
use crate::watching::{ShareLine, Shares};

/// The page.
#[component]
pub fn SharesPage() -> impl IntoView {
    let revoke = ServerAction::<RevokeShare>::new();
    let shares = Resource::new(move || revoke.version().get(), |_| api::load_shares());
    view! {
        <Title text="Share links"/>
        {awaited("Share links", "Loading", shares, move |shares| view! { <List shares revoke/> }.into_any())}
    }
    .into_any()
}

#[component]
fn List(shares: Shares, revoke: ServerAction<RevokeShare>) -> impl IntoView {
    let Shares { shares, now } = shares;
    let problem = Signal::derive(move || problem_of(revoke.value().get()));
    let is_empty = shares.is_empty();
    view! {
        <header>
            <p class="page__crumb"><a href="/reports">"Reports"</a></p>
            <h1 class="page__title">"Share links"</h1>
            <p class="page__subtitle">
                "Whoever has a link reads one report and nothing else. A link is shown once, when it is made; here it can be taken back."
            </p>
        </header>
        <Problem text=problem/>
        {if is_empty {
            view! {
                <EmptyState title="Nothing is shared">
                    <p>"Open a report and choose Share."</p>
                </EmptyState>
            }
                .into_any()
        } else {
            view! {
                <PlainTable
                    caption="Share links, the latest first"
                    heads=[
                        Head::new("Title"),
                        Head::new("State"),
                        Head::new("Made").wide(),
                        Head::new("Opens until").wide(),
                        Head::new("Take back").spoken(),
                    ]
                >
                    {shares.into_iter().map(|share| view! { <Line share now revoke/> }).collect_view()}
                </PlainTable>
            }
                .into_any()
        }}
    }
    .into_any()
}

#[component]
fn Line(share: ShareLine, now: Millis, revoke: ServerAction<RevokeShare>) -> impl IntoView {
    let ShareLine { id, title, created, expires, revoked, report } = share;
    let (verdict, label) = match (revoked, expires) {
        (Some(_), _) => (Verdict::NotTested, "Taken back"),
        (None, Some(expires)) if expires <= now => (Verdict::NotTested, "Expired"),
        _ => (Verdict::Stable, "Open"),
    };
    let opens = verdict == Verdict::Stable;
    view! {
        <tr>
            <th scope="row">
                {title}
                <span class="plain-table__sub">
                    {match report {
                        Some(id) => view! { <a href=format!("/reports/{id}")>{format!("Report {id}")}</a> }.into_any(),
                        None => "a report that was sent".into_any(),
                    }}
                </span>
            </th>
            <td><StatusBadge verdict label/></td>
            <td class="plain-table__wide"><Moment at=created/></td>
            <td class="plain-table__wide">
                {match expires {
                    Some(at) => view! { <Moment at/> }.into_any(),
                    None => "it is taken back".into_any(),
                }}
            </td>
            <td class="plain-table__end">
                {opens
                    .then(|| {
                        view! {
                            <ActionForm action=revoke>
                                <input type="hidden" name="id" value=id/>
                                <button class="button button--small" r#type="submit">"Take back"</button>
                            </ActionForm>
                        }
                    })}
            </td>
        </tr>
    }
    .into_any()
}
