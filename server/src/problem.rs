//! Errors over HTTP: RFC 9457 `application/problem+json`.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use tidemark_app::error::AppError;
use utoipa::ToSchema;

/// What went wrong with a request, for the one who sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// The kind of problem; `about:blank` says that the status tells all.
    #[serde(rename = "type")]
    kind: &'static str,
    /// A short name of the kind.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// Each offending field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// The identifier of the request, also in the header `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

/// One offending field of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where: a JSON pointer.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

impl FieldError {
    /// An error at the field of this name.
    pub fn new(field: &str, detail: impl Into<String>) -> Self {
        // RFC 6901: the two letters that mean something in a pointer are escaped.
        let pointer = format!("/{}", field.replace('~', "~0").replace('/', "~1"));
        Self { pointer, detail: detail.into() }
    }
}

impl Problem {
    /// A problem that its status names.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        Self {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            request_id: None,
        }
    }

    /// A body whose fields are wrong, each of them named.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.len() {
            1 => "one field is wrong".to_owned(),
            n => format!("{n} fields are wrong"),
        };
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// What is wrong.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_string(&self).expect("strings and numbers are JSON");
        let mut response = (self.status_code(), [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        // For `explain`, which knows the request.
        response.extensions_mut().insert(self);
        response
    }
}

/// An error of a server function is read by our own pages and so keeps its fields; longer than this it is none.
const MAX_ERROR_BYTES: usize = 1 << 16;

/// Makes a problem of whatever answers with an error: our own problems get the request's identifier, a framework's line
/// of text becomes the detail, and a server function's error keeps the fields that pages read, as RFC 9457 allows.
/// Pages stay pages, and other JSON stays what its protocol wants.
pub(crate) async fn explain(mut response: Response, request_id: &str) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    if let Some(mut problem) = response.extensions_mut().remove::<Problem>() {
        problem.request_id = Some(request_id.to_owned());
        return replace_body(response, &problem, None);
    }
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_text = content_type.is_none_or(|kind| kind.starts_with("text/plain"));
    let is_server_function = response.headers().contains_key(SERVER_FUNCTION_ERROR);
    if !is_text && !is_server_function {
        return response;
    }
    let body = std::mem::replace(response.body_mut(), Body::empty());
    let text = to_bytes(body, MAX_ERROR_BYTES).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let error = if is_server_function { serde_json::from_str::<AppError>(&text).ok() } else { None };
    let mut problem = match &error {
        Some(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Problem::new(status, error.to_string())
        }
        None if text.is_empty() => Problem::new(status, status.canonical_reason().unwrap_or("error").to_lowercase()),
        None => Problem::new(status, text),
    };
    problem.request_id = Some(request_id.to_owned());
    let fields = error.and_then(|error| serde_json::to_value(error).ok());
    replace_body(response, &problem, fields)
}

/// What Leptos marks the errors of server functions with.
const SERVER_FUNCTION_ERROR: &str = "serverfnerror";

fn replace_body(mut response: Response, problem: &Problem, more: Option<Value>) -> Response {
    let mut body = more.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    let problem_fields = serde_json::to_value(problem).expect("strings and numbers are JSON");
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, problem_fields) {
        body.extend(fields);
    }
    *response.status_mut() = problem.status_code();
    response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(body.to_string());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn explained(response: Response) -> (u16, String, Value) {
        let response = explain(response, "r-1").await;
        let status = response.status().as_u16();
        let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, kind, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn a_line_of_text_becomes_a_problem() {
        let (status, kind, body) = explained((StatusCode::BAD_REQUEST, "no such number").into_response()).await;
        assert_eq!((status, kind.as_str()), (400, "application/problem+json"));
        assert_eq!((&body["detail"], &body["request_id"]), (&"no such number".into(), &"r-1".into()));
    }

    #[tokio::test]
    async fn a_server_functions_error_keeps_its_fields_and_gets_its_status() {
        let error = AppError::Invalid { field: "id".to_owned(), reason: "is missing".to_owned() };
        let response = (StatusCode::INTERNAL_SERVER_ERROR, [(SERVER_FUNCTION_ERROR, "/api/x")], axum::Json(&error))
            .into_response();
        let (status, kind, body) = explained(response).await;
        assert_eq!((status, kind.as_str()), (422, "application/problem+json"));
        assert_eq!(serde_json::from_value::<AppError>(body.clone()).unwrap(), error);
        assert_eq!(body["status"], 422);
    }

    #[tokio::test]
    async fn other_json_and_pages_stay_what_they_are() {
        let response = (StatusCode::NOT_FOUND, axum::Json(serde_json::json!({ "error": "no model" }))).into_response();
        let (status, kind, body) = explained(response).await;
        assert_eq!((status, kind.as_str(), &body["error"]), (404, "application/json", &"no model".into()));
        let (_, kind, _) = explained((StatusCode::NOT_FOUND, axum::response::Html("<h1>")).into_response()).await;
        assert!(kind.starts_with("text/html"));
    }
}
