//! What can go wrong between a page and the service, in words a person can act on.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::api::json::JsonText;

/// An error that reaches a page. Details stay in the service's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum AppError {
    /// There is nothing of this name.
    NotFound {
        /// What was looked for: "report".
        what: String,
        /// Its name.
        id: String,
    },
    /// The request makes no sense as it stands.
    Invalid {
        /// Which part.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There are too few rows to compare yet.
    TooFewRows {
        /// Rows there are.
        found: u64,
        /// Rows it takes.
        needed: u64,
    },
    /// Somebody else did not do their part: a channel took no message.
    Refused {
        /// What they said.
        reason: String,
    },
    /// Something broke inside; the log knows more.
    Internal,
    /// The request did not reach the service or its answer did not come back.
    Transport {
        /// What the browser said.
        reason: String,
    },
}

impl AppError {
    /// The HTTP status of an answer that carries this error.
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotFound { .. } => 404,
            Self::Invalid { .. } => 422,
            Self::TooFewRows { .. } => 409,
            Self::Refused { .. } => 502,
            Self::Internal | Self::Transport { .. } => 500,
        }
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { what, id } => write!(f, "There is no {what} {id:?}."),
            Self::Invalid { field, reason } => write!(f, "{field}: {reason}."),
            Self::TooFewRows { found, needed } => {
                write!(f, "Only {found} rows so far; a comparison takes {needed}.")
            }
            Self::Refused { reason } => write!(f, "It was not taken: {reason}."),
            Self::Internal => write!(f, "Something went wrong inside Tidemark; its log says what."),
            Self::Transport { reason } => write!(f, "Tidemark could not be reached: {reason}."),
        }
    }
}

impl std::error::Error for AppError {}

impl FromServerFnError for AppError {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(reason) | ServerFnErrorErr::MissingArg(reason) => {
                Self::Invalid { field: "request".to_owned(), reason }
            }
            // On the server it is a request that cannot be read, in a browser an answer.
            ServerFnErrorErr::Deserialization(reason) if cfg!(feature = "ssr") => {
                Self::Invalid { field: "request".to_owned(), reason }
            }
            error => Self::Transport { reason: error.to_string() },
        }
    }
}
