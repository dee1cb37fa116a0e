//! Something went wrong: what, and what one can do about it.

use leptos::prelude::*;
use tidemark::judge::Verdict;

use super::status_badge::StatusMark;
use crate::error::AppError;

/// A box with the problem in a sentence. `children` are the ways out: a retry, a link.
#[component]
pub fn ErrorState(
    /// The problem in a few words.
    #[prop(into)]
    title: String,
    /// The problem in a sentence.
    #[prop(into)]
    detail: String,
    /// Ways out.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <section class="error-state" role="alert">
            <h2 class="error-state__title">
                <StatusMark verdict=Verdict::Drifted/>
                {title}
            </h2>
            <p class="error-state__detail">{detail}</p>
            {children.map(|children| view! { <div class="error-state__actions">{children()}</div> })}
        </section>
    }
    .into_any()
}

/// The few words above an error's sentence.
pub fn title_of(error: &AppError) -> &'static str {
    match error {
        AppError::NotFound { .. } => "Not found",
        AppError::Invalid { .. } => "That did not make sense",
        AppError::TooFewRows { .. } => "Too few rows yet",
        AppError::Refused { .. } => "Not taken",
        AppError::Internal => "Tidemark could not answer",
        AppError::Transport { .. } => "Tidemark does not answer",
    }
}
