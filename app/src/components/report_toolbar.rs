//! Filter and judge of a report. Everything ends up in the address.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use std::sync::Arc;
use tidemark::judge::{Judge, Verdict};
use tidemark::render::format;

use super::column_table::view::counts;
use super::icon::{Glyph, Icon};
use super::segmented::{Choice, Segmented};
use crate::report_query::ReportQuery;
use crate::report_summary::ReportSummary;

/// A field for a name, a choice of verdicts, a choice of judges.
///
/// *On the server* the field is a plain GET form; in the browser it filters with every key.
#[component]
pub fn ReportToolbar(
    /// The report.
    report: Arc<ReportSummary>,
    /// What the address says.
    #[prop(into)]
    query: Signal<ReportQuery>,
) -> impl IntoView {
    let leading = report.judge;
    let judge = Memo::new(move |_| query.with(|query| query.judge).unwrap_or(leading));
    let is_chunked = report.headlines.iter().any(|(judge, _)| *judge == Judge::Nannyml);
    let counts = Memo::new(move |_| counts(&report, judge.get()));
    let verdicts = Memo::new(move |_| {
        let (all, by_verdict) = counts.get();
        query.with(|query| verdict_choices(query, all, by_verdict))
    });
    let judges = Memo::new(move |_| {
        let choice = |label: &str, choice: Judge| Choice {
            label: label.to_owned(),
            count: None,
            href: query.with(|query| query.with_judge(choice).href()),
            taken: judge.get() == choice,
        };
        let mut choices = vec![choice("Calibrated", Judge::Calibrated), choice("Evidently 0.7", Judge::Evidently)];
        if is_chunked {
            choices.push(choice("NannyML 0.13", Judge::Nannyml));
        }
        choices
    });
    view! {
        <div class="report-toolbar" role="group" aria-label="Filter and judge">
            <SearchField query/>
            <Segmented label="Verdict" choices=verdicts/>
            <div class="report-toolbar__judge">
                <span class="report-toolbar__label" aria-hidden="true">"Judged by"</span>
                <Segmented label="Judge" choices=judges/>
            </div>
        </div>
    }
    .into_any()
}

/// "All", then every verdict that occurs (and the one filtered by, so that it can be seen and left).
fn verdict_choices(query: &ReportQuery, all: u64, by_verdict: [u64; Verdict::ALL.len()]) -> Vec<Choice> {
    let everything = Choice {
        label: "All".to_owned(),
        count: Some(format::count(all)),
        href: query.with_verdict(None).href(),
        taken: query.verdict.is_none(),
    };
    let by_verdict = Verdict::ALL.into_iter().zip(by_verdict).filter_map(|(verdict, count)| {
        let taken = query.verdict == Some(verdict);
        (count > 0 || taken).then(|| Choice {
            label: verdict.label().to_owned(),
            count: Some(format::count(count)),
            href: query.with_verdict(Some(verdict)).href(),
            taken,
        })
    });
    std::iter::once(everything).chain(by_verdict).collect()
}

#[component]
fn SearchField(query: Signal<ReportQuery>) -> impl IntoView {
    let navigate = use_navigate();
    let path = use_location().pathname;
    let filter = move |event| {
        let query = query.with_untracked(|query| query.with_text(event_target_value(&event)));
        // Replaced, so that "back" leaves the page instead of taking letters away.
        let address = format!("{}{}", path.get_untracked(), query.href());
        navigate(&address, NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() });
    };
    let kept = move || {
        let pairs = query.with(ReportQuery::pairs).into_iter().filter(|(name, _)| !["q", "page"].contains(name));
        pairs.map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> }).collect_view()
    };
    view! {
        <form method="get" class="search-field" role="search" on:submit=|event| event.prevent_default()>
            <Icon glyph=Glyph::Search/>
            <input
                class="search-field__input"
                r#type="search"
                name="q"
                placeholder="Filter columns"
                aria-label="Filter columns by name"
                autocomplete="off"
                value=query.get_untracked().text
                prop:value=move || query.with(|query| query.text.clone())
                on:input=filter
            />
            {kept}
        </form>
    }
    .into_any()
}
