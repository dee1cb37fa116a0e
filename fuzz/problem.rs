//! What the server's readers of bodies take from the server, for targets that have only the readers.

use axum::http::StatusCode;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub pointer: String,
    pub detail: String,
}

impl FieldError {
    pub fn new(field: &str, detail: impl Into<String>) -> Self {
        Self { pointer: format!("/{field}"), detail: detail.into() }
    }
}

pub struct Problem;

impl Problem {
    pub fn fields(_: Vec<FieldError>) -> Self {
        Self
    }

    pub fn new(_: StatusCode, _: String) -> Self {
        Self
    }
}
