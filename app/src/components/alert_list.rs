//! Alerts: those that go on first, then the latest first.

use leptos::prelude::*;

use super::moment::Moment;
use super::severity_badge::SeverityBadge;
use crate::watching::AlertLine;

/// A line for each alert; `actions` stands at the end of those that go on.
#[component]
pub fn AlertList(
    /// The alerts.
    alerts: Vec<AlertLine>,
    /// What can be done about one.
    #[prop(optional)]
    actions: Option<Callback<AlertLine, AnyView>>,
    /// Whether the monitor is named and linked.
    #[prop(optional)]
    names_monitors: bool,
) -> impl IntoView {
    let line = move |alert: AlertLine| {
        let goes_on = alert.ended.is_none();
        let buttons = actions.filter(|_| goes_on).map(|actions| actions.run(alert.clone()));
        let whose = names_monitors.then(|| {
            let href = format!("/monitors/{}", alert.monitor);
            view! { <a href=href>{alert.monitor.clone()}</a> " · " }
        });
        let report = alert.report.map(|id| view! { <a href=format!("/reports/{id}")>"Report"</a> });
        let since = match alert.ended {
            Some(ended) => view! { <Moment at=alert.began/> " to " <Moment at=ended/> }.into_any(),
            None => view! { "since " <Moment at=alert.began/> }.into_any(),
        };
        let known = alert.acknowledged.map(|(at, by)| {
            view! { <span class="alert__known">{format!("{by} took note ")} <Moment at/></span> }
        });
        view! {
            <li class="alert" class:alert--over=!goes_on>
                <div class="alert__badge"><SeverityBadge severity=alert.severity/></div>
                <div class="alert__what">
                    <p class="alert__sentence">{alert.sentence}</p>
                    <p class="alert__meta">
                        <span>{whose} {alert.rule}</span>
                        <span>{since}</span>
                        {known}
                        {report}
                    </p>
                </div>
                <div class="alert__actions">{buttons}</div>
            </li>
        }
    };
    view! { <ul class="alerts">{alerts.into_iter().map(line).collect_view()}</ul> }.into_any()
}
