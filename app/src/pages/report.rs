//! `/reports/{id}`: one stored comparison.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use std::sync::Arc;
use tidemark::render::format;

use crate::api;
use crate::components::error_state::{ErrorState, title_of};
use crate::components::icon::{Glyph, Icon};
use crate::components::moment::Moment;
use crate::components::performance_card::PerformanceCard;
use crate::components::report_view::ReportView;
use crate::components::share_box::ShareBox;
use crate::components::skeleton::Skeleton;
use crate::error::AppError;
use crate::report_summary::{SnapshotSummary, Whole, text_while_open};
use crate::watching::Shared;

/// The page. The address's query filters, sorts and opens columns: see [`crate::report_query`].
#[component]
pub fn ReportPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    let snapshot = Resource::new(move || id.get(), api::load_report);
    let text = text_while_open(move || id.get(), api::load_report_text);
    view! {
        <Title text="Report"/>
        <div class="page">
            <Suspense fallback=|| view! { <Skeleton label="Loading the report"/> }>
                {move || Suspend::new(async move {
                    match snapshot.await {
                        Ok(snapshot) => view! { <Shown snapshot text/> }.into_any(),
                        Err(error) => {
                            view! {
                                <h1 class="page__title">"Report"</h1>
                                <ErrorState title=title_of(&error) detail=error.to_string()>
                                    <a class="button button--primary" href="/reports">"See all reports"</a>
                                    <button class="button" r#type="button" on:click=move |_| snapshot.refetch()>
                                        "Try again"
                                    </button>
                                </ErrorState>
                            }
                                .into_any()
                        }
                    }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

#[component]
fn Shown(snapshot: SnapshotSummary, text: Resource<Result<String, AppError>>) -> impl IntoView {
    let SnapshotSummary { head, report, monitor, earlier, figures, model } = snapshot;
    let report = Arc::new(report);
    let (first, last) = (format::count(head.window.first), format::count(head.window.end.saturating_sub(1)));
    let reference = report.reference.clone();
    let created = head.created;
    let (id, shared) = (head.id.clone(), Shared::Stored(head.id.clone()));
    view! {
        <header class="page__head">
            <div>
                <p class="page__crumb"><a href="/reports">"Reports"</a></p>
                <h1 class="page__title"><Moment at=created/></h1>
            </div>
        </header>
        <ReportView
            report
            whole=Whole::Stored(text)
            meta=move || {
                view! {
                    <span>{format!("Rows {first} to {last} of the log")}</span>
                    <span>{format!("held against {reference}")}</span>
                    {(!monitor.is_empty())
                        .then(|| view! { <span>"made by " <a href=format!("/monitors/{monitor}")>{monitor.clone()}</a></span> })}
                    {earlier.map(|earlier| view! { <a href=format!("/reports/{}/since/{earlier}", head.id)>"What changed since the one before"</a> })}
                }
            }
            actions=move || view! { <Downloads id/> <ShareBox shared/> }
        />
        {figures.map(|figures| view! { <PerformanceCard figures model/> })}
    }
    .into_any()
}

/// The report as a file, in each of its forms.
#[component]
fn Downloads(id: String) -> impl IntoView {
    let link = |(form, name): (&str, &'static str)| {
        let href = format!("/api/v1/reports/{id}.{form}");
        view! { <li><a href=href rel="external" download="">{name}</a></li> }
    };
    let forms = [("html", "HTML, one file"), ("json", "JSON"), ("md", "Markdown"), ("csv", "CSV"), ("xml", "JUnit")];
    view! {
        <details class="menu">
            <summary class="button">
                <Icon glyph=Glyph::Download/>
                "Download"
            </summary>
            <ul class="menu__body menu__list">{forms.map(link).collect_view()}</ul>
        </details>
    }
    .into_any()
}
