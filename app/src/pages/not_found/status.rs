//! The status of the answer that is being rendered.

use leptos::prelude::*;
use leptos::server_fn::axum_export::http::StatusCode;
use leptos_axum::ResponseOptions;

/// Makes it 404.
pub fn set_not_found() {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(StatusCode::NOT_FOUND);
    }
}
