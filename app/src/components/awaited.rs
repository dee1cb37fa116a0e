//! A page that waits for the service: a skeleton meanwhile, an error with a way out, or the page.

use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error_state::{ErrorState, title_of};
use super::skeleton::Skeleton;
use crate::error::AppError;

/// Shows `page` of what comes, and goes on showing it while more of it is on the way. Until then screen readers hear `waiting`; where nothing comes, the problem stands under `title`.
pub fn awaited<T>(
    title: &'static str,
    waiting: &'static str,
    resource: Resource<Result<T, AppError>>,
    page: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    view! {
        <div class="page">
            <Transition fallback=move || view! { <Skeleton label=waiting/> }>
                {move || {
                    let page = page.clone();
                    Suspend::new(async move {
                        match resource.await {
                            Ok(found) => page(found),
                            Err(error) => {
                                view! {
                                    <h1 class="page__title">{title}</h1>
                                    <ErrorState title=title_of(&error) detail=error.to_string()>
                                        <button class="button button--primary" r#type="button" on:click=move |_| resource.refetch()>
                                            "Try again"
                                        </button>
                                    </ErrorState>
                                }
                                    .into_any()
                            }
                        }
                    })
                }}
            </Transition>
        </div>
    }
    .into_any()
}

/// What an action that failed said, in a line that screen readers hear.
#[component]
pub fn Problem(
    /// The sentence; nothing as long as all is well.
    #[prop(into)]
    text: Signal<Option<String>>,
) -> impl IntoView {
    view! { <p class="problem" role="status">{text}</p> }.into_any()
}

/// The sentence of an action's last answer, if it failed.
pub fn problem_of<T: Clone + Send + Sync + 'static>(answer: Option<Result<T, AppError>>) -> Option<String> {
    answer.and_then(Result::err).map(|error| error.to_string())
}
