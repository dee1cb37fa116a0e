//! Why a body cannot be taken, and where in it.

use axum::http::StatusCode;

use super::json::Malformed;
use crate::problem::{FieldError, Problem};

/// Errors named in one answer, at most.
const MAX_NAMED: usize = 100;

/// What is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// It is not the text it should be.
    Malformed {
        /// What was expected, and where.
        reason: String,
    },
    /// It holds something other than what the model takes.
    Fields(Vec<FieldError>),
    /// It holds too many rows.
    TooManyRows {
        /// Rows it may hold.
        most: usize,
    },
}

impl From<Malformed> for BodyError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed { reason: format!("the body is not the JSON it should be: {malformed}") }
    }
}

impl BodyError {
    /// One error at a JSON pointer.
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Fields(vec![FieldError { pointer: pointer.into(), detail: detail.into() }])
    }

    /// The HTTP status that goes with it.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed { .. } => StatusCode::BAD_REQUEST,
            Self::Fields(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRows { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    /// One sentence, for protocols that know no more than that.
    pub fn sentence(&self) -> String {
        match self {
            Self::Malformed { reason } => reason.clone(),
            Self::TooManyRows { most } => format!("a request holds at most {most} rows"),
            Self::Fields(errors) => {
                let named = errors.iter().map(|error| format!("{}: {}", error.pointer, error.detail));
                named.collect::<Vec<_>>().join("; ")
            }
        }
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Fields(errors) => Self::fields(errors),
            other => Self::new(other.status(), other.sentence()),
        }
    }
}

/// Collects the errors of a body, each with its place; the first hundred are kept.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Adds an error at the field of this name below a pointer.
    pub fn push(&mut self, below: &str, field: &str, detail: impl Into<String>) {
        if self.0.len() < MAX_NAMED {
            let FieldError { pointer, detail } = FieldError::new(field, detail);
            self.0.push(FieldError { pointer: format!("{below}{pointer}"), detail });
        }
    }

    /// Adds an error at a pointer.
    pub fn push_at(&mut self, pointer: String, detail: impl Into<String>) {
        if self.0.len() < MAX_NAMED {
            self.0.push(FieldError { pointer, detail: detail.into() });
        }
    }

    /// # Errors
    /// There were errors.
    pub fn into_result(self) -> Result<(), BodyError> {
        if self.0.is_empty() { Ok(()) } else { Err(BodyError::Fields(self.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_errors_are_answered_with_the_first_hundred() {
        let mut errors = FieldErrors::default();
        for row in 0..1000 {
            errors.push(&format!("/rows/{row}"), "a/b", "missing");
        }
        let Err(BodyError::Fields(errors)) = errors.into_result() else { panic!("there were errors") };
        assert_eq!(errors.len(), MAX_NAMED);
        assert_eq!(errors[99].pointer, "/rows/99/a~1b");
    }
}
