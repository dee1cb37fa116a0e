//! The OpenAPI 3.1 document, made from the handlers' own annotations, and `GET /openapi.json`.
//!
//! A route joins the document and the router by one line in [`programs`]. What every operation has in common (the
//! problems that it can be answered with, the request's identifier) is added here once.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    AppState, MAX_BATCH_BYTES, alerts, api, bodies_up_to, docs, example, health, metrics, mlflow, monitors,
    performance, predict, reports, shares, v2,
};
use crate::problem::{FieldError, Problem};

/// The start of the document: everything that is no operation.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tidemark",
        description = "Serves a model, logs every prediction and says whether the data drifted. Errors are \
                       `application/problem+json` (RFC 9457), times RFC 3339 in UTC. Where keys are asked for, send \
                       `Authorization: Bearer tdm_…`; each operation says which role its key needs.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(Problem, FieldError)),
    tags(
        (name = "predictions", description = "Ask the model"),
        (name = "open inference", description = "The Open Inference Protocol, version 2; its errors are `{\"error\": …}`"),
        (name = "models", description = "Which models and versions there are, and which of them answer"),
        (name = "ingestion", description = "Predictions and labels of models that are served elsewhere"),
        (name = "monitors", description = "What is watched, and what came of it"),
        (name = "reports", description = "Stored reports, and what changed from one to another"),
        (name = "alerts", description = "What people are told, and by what channel"),
        (name = "shares", description = "Links that open one report and nothing else"),
        (name = "probes", description = "Is the service there, and can it work?"),
        (name = "observability", description = "For Prometheus"),
        (name = "documentation", description = "This document, and example data"),
    )
)]
struct Document;

/// What programs may call. Each handler's annotation names its role: `security(("key" = ["read"]))`, or
/// `security(())` for what everyone may have. One without either is for administrators.
pub(super) fn programs() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(predict::predict))
        .merge(batches())
        .merge(api::routes())
        .merge(monitors::routes())
        .merge(reports::routes())
        .merge(performance::routes())
        .merge(alerts::routes())
        .merge(shares::routes())
        .routes(routes!(mlflow::ping))
        .routes(routes!(mlflow::version))
        .routes(routes!(v2::server))
        .routes(routes!(v2::live))
        .routes(routes!(v2::ready))
        .routes(routes!(v2::model))
        .routes(routes!(v2::model_ready))
        .routes(routes!(v2::version))
        .routes(routes!(v2::version_ready))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(health::health))
        .routes(routes!(metrics::metrics))
        .routes(routes!(openapi))
        .routes(routes!(docs::docs))
        .routes(routes!(example::file))
}

/// The addresses that take many rows at once.
fn batches() -> OpenApiRouter<AppState> {
    let batches = OpenApiRouter::new()
        .routes(routes!(predict::predict_batch))
        .routes(routes!(mlflow::invocations))
        .routes(routes!(v2::infer))
        .routes(routes!(v2::infer_with));
    bodies_up_to(MAX_BATCH_BYTES, batches)
}

/// The methods of OpenAPI's path items.
pub(super) const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Adds what all operations have in common: the key, the version and the problems.
pub(super) fn complete(document: &utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(document).expect("the document is plain data");
    document["info"]["version"] = tidemark::VERSION.into();
    document["components"]["securitySchemes"]["key"] = json!({
        "type": "http", "scheme": "bearer", "bearerFormat": "tdm_…",
        "description": "A key that `tidemark keys create` made. Asked for when the service can be reached from elsewhere.",
    });
    let paths = document["paths"].as_object_mut().expect("paths are an object");
    for (_, item) in paths.iter_mut() {
        let operations = item.as_object_mut().expect("a path item is an object");
        for (method, operation) in operations.iter_mut().filter(|(method, _)| METHODS.contains(&method.as_str())) {
            let is_open = operation["security"].as_array().is_some_and(|any| any.iter().any(|one| one == &json!({})));
            let has_body = method == "post" || method == "put" || method == "patch";
            let responses = operation["responses"].as_object_mut().expect("an operation has responses");
            add_common_problems(responses, is_open, has_body);
            for (_, response) in responses.iter_mut() {
                response["headers"]["X-Request-Id"] = json!({
                    "description": "The identifier of the request, sent along or made",
                    "schema": { "type": "string" },
                });
            }
        }
    }
    document
}

fn add_common_problems(responses: &mut Map<String, Value>, is_open: bool, has_body: bool) {
    let mut add = |status: &str, description: &str| {
        let content = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
        responses.entry(status).or_insert_with(|| json!({ "description": description, "content": content.clone() }));
    };
    add("400", "The request is malformed");
    add("403", "The request comes from another site, or the key's role does not allow it");
    if !is_open {
        add("401", "A key is asked for, and none that is valid came");
        add("429", "Too many requests; `Retry-After` says when to come again");
    }
    if has_body {
        add("408", "The body came too slowly");
        add("413", "The body is too large");
    }
}

/// The document that describes this service
#[utoipa::path(
    get, path = "/openapi.json", tag = "documentation", security(("key" = ["read"])),
    responses((status = 200, description = "OpenAPI 3.1", body = Value, content_type = "application/json")),
)]
async fn openapi(State(state): State<AppState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], state.front.openapi_json())
}
