//! The API under `/api/v1/models`: which models there are, how they change, and what other services send.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use tidemark::data::{Dataset, csv};
use tidemark::validation::Mode;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::mlflow::media_type;
use super::predict::{Body, Called, batch, bytes, counted, find, respond, single, unlogged};
use super::{AppState, MAX_BATCH_BYTES, bodies_up_to};
use crate::ingest::columnar::{ARROW_STREAM, MAX_VALUES, PARQUET, read_arrow, read_parquet};
use crate::ingest::{self, IngestError, Taken};
use crate::problem::{FieldError, Problem};
use crate::registry::Catalog;
use crate::registry::folder::RegistryError;
use crate::registry::manifest::{Declaration, DeclaredTask, ManifestError};
use crate::service::slot::{Elsewhere, Serving, Slot, SlotError};
use crate::service::version::Version;
use crate::wire::predict::{is_batch, read_batch};
use crate::wire::records::{self, Form};

/// A model file or a reference may be so large.
const MAX_FILE_BYTES: usize = 1 << 30;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    let rows = OpenApiRouter::new()
        .routes(routes!(predict))
        .routes(routes!(predict_with))
        .routes(routes!(predictions))
        .routes(routes!(labels));
    let files = OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(reference));
    OpenApiRouter::new()
        .routes(routes!(show, declare, change, remove))
        .routes(routes!(remove_version))
        .merge(bodies_up_to(MAX_BATCH_BYTES, rows))
        .merge(bodies_up_to(MAX_FILE_BYTES, files))
}

/// A model as the API shows it.
#[derive(Serialize)]
struct ModelView<'a> {
    name: &'a str,
    is_default: bool,
    /// `here` or `elsewhere`.
    served: &'static str,
    validation: Mode,
    default_version: Option<&'a str>,
    /// The version that answers: another than the default version where that one's file is damaged.
    answering: Option<&'a str>,
    versions: Vec<&'a str>,
    shadows: Vec<&'a str>,
    features: Vec<&'a str>,
    has_reference: bool,
    /// Predictions in the log.
    predictions: u64,
    /// How many values broke each rule since the start.
    violations: serde_json::Map<String, serde_json::Value>,
}

fn view<'a>(state: &AppState, catalog: &'a Catalog, slot: &'a Slot) -> ModelView<'a> {
    let entry = slot.entry();
    let features = match &slot.serving {
        Serving::Here { answering, .. } => answering.format.names().iter().map(String::as_str).collect(),
        Serving::Elsewhere(elsewhere) => {
            elsewhere.declaration.features.iter().map(|feature| feature.name.as_str()).collect()
        }
    };
    ModelView {
        name: slot.name(),
        is_default: catalog.manifest().default.as_deref() == Some(slot.name()),
        served: if slot.answering().is_some() { "here" } else { "elsewhere" },
        validation: slot.mode(),
        default_version: entry.default_version.as_deref(),
        answering: slot.answering().map(|version| version.version.as_str()),
        versions: entry.versions.iter().map(String::as_str).collect(),
        shadows: entry.shadows.iter().map(String::as_str).collect(),
        features,
        has_reference: slot.baseline.is_some(),
        predictions: state.service.log.reader().end(&slot.line()) - 1,
        violations: slot.violations.by_rule().map(|(rule, count)| (rule.name().to_owned(), count.into())).collect(),
    }
}

/// All models
#[utoipa::path(
    get, path = "/api/v1/models", tag = "models", operation_id = "models_list", security(("key" = ["read"])),
    responses(
        (status = 200, description = "The models, and which one is the default", body = Object),
    ),
)]
async fn list(State(state): State<AppState>) -> Result<Response, Problem> {
    blocking(move || {
        let catalog = state.service.catalog();
        let models: Vec<ModelView<'_>> = catalog.slots().iter().map(|slot| view(&state, &catalog, slot)).collect();
        Json(json!({ "default": catalog.manifest().default, "models": models })).into_response()
    })
    .await
}

/// One model
#[utoipa::path(
    get, path = "/api/v1/models/{model}", tag = "models", operation_id = "models_show", security(("key" = ["read"])),
    params(("model" = String, Path, description = "The model's name")),
    responses(
        (status = 200, description = "The model", body = Object),
        (status = 404, description = "There is no such model or version", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn show(State(state): State<AppState>, Path(model): Path<String>) -> Result<Response, Problem> {
    blocking(move || {
        let catalog = state.service.catalog();
        Ok(Json(view(&state, &catalog, find(&catalog, &model)?)).into_response())
    })
    .await?
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddQuery {
    name: Option<String>,
}

/// Add a version of a model
///
/// The file is checked and copied. It answers if it is the model's first version.
#[utoipa::path(
    post, path = "/api/v1/models", tag = "models", operation_id = "models_add", security(("key" = ["admin"])),
    params(("name" = Option<String>, Query, description = "Another name than the one in the file")),
    request_body(content = String, content_type = "application/octet-stream", description = "A model file"),
    responses(
        (status = 201, description = "Its name and version", body = Object),
        (status = 409, description = "A model of this name is served elsewhere", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The file is no sound model, or the name cannot be one", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The folder or the log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn add(
    State(state): State<AppState>,
    query: Result<Query<AddQuery>, axum::extract::rejection::QueryRejection>,
    body: Body,
) -> Response {
    respond(async {
        let Query(query) = query.map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST, rejection.body_text()))?;
        let body = bytes(body)?;
        let service = Arc::clone(&state.service);
        let (name, version) = blocking(move || {
            let added =
                service.registry.folder().add("the body", &body, query.name.as_deref()).map_err(SlotError::from)?;
            service.registry.refresh()?;
            Ok::<_, SlotError>(added)
        })
        .await?
        .map_err(|error| unchanged(&error))?;
        let location = format!("/api/v1/models/{name}");
        let mut response = (StatusCode::CREATED, Json(json!({ "name": name, "version": version }))).into_response();
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(response)
    })
    .await
}

/// Declare a model that is served elsewhere
#[utoipa::path(
    put, path = "/api/v1/models/{model}", tag = "models", operation_id = "models_declare", security(("key" = ["admin"])),
    params(("model" = String, Path, description = "The model's name")),
    request_body(content = Declaration, description = "`features`: `name` and `type` of each; `task`"),
    responses(
        (status = 201, description = "The model, declared", body = Object),
        (status = 200, description = "The model, declared anew", body = Object),
        (status = 409, description = "The model is served by Tidemark", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The declaration or the name cannot be one", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The folder or the log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn declare(State(state): State<AppState>, Path(model): Path<String>, body: Body) -> Response {
    respond(async {
        let mut declaration: Declaration = from_json(&bytes(body)?)?;
        check_declaration(&declaration)?;
        (declaration.reference, declaration.target) = (None, None);
        let service = Arc::clone(&state.service);
        let is_new = service.catalog().slot(&model).is_none();
        let name = model.clone();
        let catalog = blocking(move || {
            // A reference that fits the features stays.
            let known = service.catalog().slot(&name).and_then(|slot| slot.entry().elsewhere.clone());
            if let Some(known) = known.filter(|known| known.features == declaration.features) {
                (declaration.reference, declaration.target) = (known.reference, known.target);
            }
            service.registry.change(move |manifest| manifest.declare(&name, declaration.clone()))
        })
        .await?
        .map_err(|error| unchanged(&error))?;
        let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
        Ok((status, Json(view(&state, &catalog, find(&catalog, &model)?))).into_response())
    })
    .await
}

/// The most features of a declared model.
const MAX_FEATURES: usize = 10_000;
/// Classes that a model may declare.
const MAX_CLASSES: usize = 1000;
/// The longest name of a feature, in characters.
const MAX_FEATURE_CHARS: usize = 256;

fn check_declaration(declaration: &Declaration) -> Result<(), Problem> {
    let mut names = std::collections::BTreeSet::new();
    let mut errors = Vec::new();
    if declaration.features.is_empty() || declaration.features.len() > MAX_FEATURES {
        errors.push(FieldError::new("features", format!("expected 1 to {MAX_FEATURES} features")));
    }
    for (place, feature) in declaration.features.iter().enumerate().take(MAX_FEATURES) {
        let at = format!("/features/{place}/name");
        if feature.name.is_empty() || feature.name.chars().count() > MAX_FEATURE_CHARS {
            let detail = format!("expected 1 to {MAX_FEATURE_CHARS} characters");
            errors.push(FieldError { pointer: at, detail });
        } else if records::is_reserved(&feature.name) {
            let detail = format!("{:?} has a meaning of its own in a row", feature.name);
            errors.push(FieldError { pointer: at, detail });
        } else if !names.insert(&feature.name) {
            errors.push(FieldError { pointer: at, detail: "two features have this name".to_owned() });
        }
    }
    let classes = &declaration.classes;
    if classes.len() == 1 || classes.len() > MAX_CLASSES {
        errors.push(FieldError::new("classes", format!("expected 2 to {MAX_CLASSES} classes, or none")));
    } else if declaration.task == DeclaredTask::Regression && !classes.is_empty() {
        errors.push(FieldError::new("classes", "a number has no classes"));
    } else if classes.iter().collect::<std::collections::BTreeSet<_>>().len() < classes.len() {
        errors.push(FieldError::new("classes", "two classes have the same name"));
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
}

/// What can be changed of a model.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Change {
    /// Whether it answers where no name is given. Only `true` can be said.
    #[schema(required = false, schema_with = only_true)]
    default: Option<bool>,
    /// The version that answers.
    default_version: Option<String>,
    /// The versions that predict beside it.
    shadows: Option<Vec<String>>,
    /// What becomes of rows that break a rule.
    #[schema(required = false, schema_with = modes)]
    validation: Option<Mode>,
}

fn only_true() -> Object {
    let types = SchemaType::from_iter([Type::Boolean, Type::Null]);
    ObjectBuilder::new().schema_type(types).enum_values(Some([json!(true), json!(null)])).build()
}

fn modes() -> Object {
    let names = Mode::ALL.map(|mode| json!(mode.name())).into_iter().chain([json!(null)]);
    let types = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(types).enum_values(Some(names)).build()
}

/// Change which version answers
#[utoipa::path(
    patch, path = "/api/v1/models/{model}", tag = "models", operation_id = "models_change", security(("key" = ["admin"])),
    params(("model" = String, Path, description = "The model's name")),
    request_body(content = Change, description = "Any of `default`, `default_version`, `shadows`, `validation`"),
    responses(
        (status = 200, description = "The model as it is now", body = Object),
        (status = 404, description = "There is no such model or version", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "A version that answers cannot be a shadow", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No such setting, or a version that is not sound", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The folder or the log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn change(State(state): State<AppState>, Path(model): Path<String>, body: Body) -> Response {
    respond(async {
        let change: Change = from_json(&bytes(body)?)?;
        if change.default == Some(false) {
            return Err(Problem::fields(vec![FieldError::new("default", "make another model the default instead")]));
        }
        let service = Arc::clone(&state.service);
        let name = model.clone();
        let catalog = blocking(move || {
            service.registry.change(move |manifest| {
                if let Some(version) = &change.default_version {
                    manifest.set_default_version(&name, version)?;
                }
                if let Some(shadows) = &change.shadows {
                    for shadow in manifest.model(&name)?.shadows.clone() {
                        manifest.set_shadow(&name, &shadow, false)?;
                    }
                    shadows.iter().try_for_each(|shadow| manifest.set_shadow(&name, shadow, true))?;
                }
                if let Some(mode) = change.validation {
                    manifest.set_validation(&name, mode)?;
                }
                if change.default == Some(true) {
                    manifest.set_default(&name, None)
                } else {
                    manifest.model(&name).map(|_| ())
                }
            })
        })
        .await?
        .map_err(|error| unchanged(&error))?;
        Ok(Json(view(&state, &catalog, find(&catalog, &model)?)).into_response())
    })
    .await
}

/// Remove a model
///
/// What it was asked stays in the log.
#[utoipa::path(
    delete, path = "/api/v1/models/{model}", tag = "models", operation_id = "models_remove", security(("key" = ["admin"])),
    params(("model" = String, Path, description = "The model's name")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such model or version", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The folder or the log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn remove(State(state): State<AppState>, Path(model): Path<String>) -> Response {
    removed(state, model, None).await
}

/// Remove a version that does not answer
#[utoipa::path(
    delete, path = "/api/v1/models/{model}/versions/{version}", tag = "models", operation_id = "models_remove_version", security(("key" = ["admin"])),
    params(("model" = String, Path, description = "The model's name"), ("version" = String, Path, description = "The version")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such model or version", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It answers", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The folder or the log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn remove_version(State(state): State<AppState>, Path((model, version)): Path<(String, String)>) -> Response {
    removed(state, model, Some(version)).await
}

async fn removed(state: AppState, model: String, version: Option<String>) -> Response {
    respond(async {
        let service = Arc::clone(&state.service);
        blocking(move || service.registry.change(move |manifest| manifest.remove(&model, version.as_deref())))
            .await?
            .map_err(|error| unchanged(&error))?;
        Ok(StatusCode::NO_CONTENT.into_response())
    })
    .await
}

/// Predict with a model by name
///
/// One row as an object with the features by name, or `{"rows": […]}`.
#[utoipa::path(
    post, path = "/api/v1/models/{model}/predict", tag = "predictions", operation_id = "models_predict", security(("key" = ["predict"])),
    params(("model" = String, Path, description = "The model's name")),
    request_body(content = Object, description = "The features by name, or `rows` of them"),
    responses(
        (status = 200, description = "As `/predict` or `/predict_batch`", body = Object),
        (status = 404, description = "There is no such model or version", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The model is served elsewhere", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Values are missing, unknown, repeated, of another type, or against the rules of a strict model", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn predict(State(state): State<AppState>, Path(model): Path<String>, called: Called, body: Body) -> Response {
    answer(&state, &model, None, called.id(), body).await
}

/// Predict with a version by name
#[utoipa::path(
    post, path = "/api/v1/models/{model}/versions/{version}/predict", tag = "predictions", operation_id = "models_predict_with", security(("key" = ["predict"])),
    params(("model" = String, Path, description = "The model's name"), ("version" = String, Path, description = "The version")),
    request_body(content = Object, description = "The features by name, or `rows` of them"),
    responses(
        (status = 200, description = "As `/predict` or `/predict_batch`", body = Object),
        (status = 404, description = "There is no such model or version", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Values are missing, unknown, repeated, of another type, or against the rules of a strict model", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn predict_with(
    State(state): State<AppState>,
    Path((model, version)): Path<(String, String)>,
    called: Called,
    body: Body,
) -> Response {
    answer(&state, &model, Some(&version), called.id(), body).await
}

async fn answer(
    state: &AppState,
    model: &str,
    version: Option<&str>,
    request_id: Option<&str>,
    body: Body,
) -> Response {
    let catalog = state.service.catalog();
    respond(async {
        let slot = find(&catalog, model)?;
        let version = find_version(slot, version)?;
        let body = bytes(body)?;
        if is_batch(&body, &version.format) {
            let rows = read_batch(&body, &version.format)?;
            batch(&state.service, slot, version, request_id, rows).await
        } else {
            single(&state.service, slot, version, request_id, &body).await
        }
    })
    .await
}

/// Take predictions that were made elsewhere
///
/// All rows are taken or none. A row that is there already under its `id` is not taken twice.
#[utoipa::path(
    post, path = "/api/v1/models/{model}/predictions", tag = "ingestion", operation_id = "models_predictions", security(("key" = ["ingest"])),
    params(("model" = String, Path, description = "The model's name")),
    request_body(content((Object = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"), (String = "application/vnd.apache.arrow.stream"), (String = "application/vnd.apache.parquet"))),
    responses(
        (status = 200, description = "How many were `accepted` and `repeated`, and how many values broke a rule", body = Object),
        (status = 404, description = "There is no such model or version", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The model is served here, or an id stands for something else", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "No form of rows", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Values are missing, unknown, repeated, of another type, or against the rules of a strict model", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn predictions(
    State(state): State<AppState>,
    Path(model): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    respond(async {
        let catalog = state.service.catalog();
        let slot = Arc::clone(find(&catalog, &model)?);
        elsewhere(&slot)?;
        let (body, kind) = (bytes(body)?, media_type(&headers));
        let service = Arc::clone(&state.service);
        let taken = blocking(move || {
            let elsewhere = elsewhere(&slot)?;
            let declared = &elsewhere.declaration;
            let rows = match table(kind.as_deref(), &body)? {
                Table::Rows(form) => records::read_predictions(&body, form, declared)?,
                Table::Columns(data) => records::predictions_of(&data, declared)?,
            };
            ingest::predictions(&service, &slot, elsewhere, &rows).map_err(refused)
        })
        .await??;
        let slot = find(&catalog, &model)?;
        Ok(counted(accepted(&taken), slot, taken.accepted, taken.violations))
    })
    .await
}

/// Take labels: what turned out to be true
///
/// They may be late, early, repeated and corrected: the last one counts.
#[utoipa::path(
    post, path = "/api/v1/models/{model}/labels", tag = "ingestion", operation_id = "models_labels", security(("key" = ["ingest"])),
    params(("model" = String, Path, description = "The model's name")),
    request_body(content((Object = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"), (String = "application/vnd.apache.arrow.stream"), (String = "application/vnd.apache.parquet"))),
    responses(
        (status = 200, description = "How many were `accepted`", body = Object),
        (status = 404, description = "There is no such model or version", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "No form of rows", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A label lacks its id or its value", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn labels(State(state): State<AppState>, Path(model): Path<String>, headers: HeaderMap, body: Body) -> Response {
    respond(async {
        let catalog = state.service.catalog();
        let slot = Arc::clone(find(&catalog, &model)?);
        let (body, kind) = (bytes(body)?, media_type(&headers));
        let service = Arc::clone(&state.service);
        let (stream, labels) = blocking(move || {
            let rows = match table(kind.as_deref(), &body)? {
                Table::Rows(form) => records::read_labels(&body, form)?,
                Table::Columns(data) => records::labels_of(&data)?,
            };
            let stream = service.log.label_stream(slot.name()).map_err(|error| unlogged(&error))?;
            Ok::<_, Problem>((stream, ingest::labels(rows).map_err(refused)?))
        })
        .await??;
        let appended = state.service.log.add_labels(&stream, &labels).await.map_err(|error| unlogged(&error))?;
        Ok(accepted(&Taken { accepted: appended.len(), ..Taken::default() }))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReferenceQuery {
    /// Columns that are no features, separated by commas.
    ignore: Option<String>,
    /// The column that holds what was true.
    target: Option<String>,
}

/// Take the reference of a model that is served elsewhere
///
/// A model that was not declared is, as its reference shows it.
#[utoipa::path(
    post, path = "/api/v1/models/{model}/reference", tag = "models", operation_id = "models_reference", security(("key" = ["admin"])),
    params(("model" = String, Path, description = "The model's name"), ("ignore" = Option<String>, Query, description = "Columns that are no features, separated by commas"), ("target" = Option<String>, Query, description = "The column that holds what was true; it is no feature, and scores are calibrated by it")),
    request_body(content((String = "text/csv"), (String = "application/vnd.apache.arrow.stream"), (String = "application/vnd.apache.parquet"))),
    responses(
        (status = 201, description = "The model, as its reference shows it", body = Object),
        (status = 200, description = "The model, with another reference", body = Object),
        (status = 409, description = "The model is served by Tidemark", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "No table", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A feature is absent, or the name cannot be one", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The folder or the log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn reference(
    State(state): State<AppState>,
    Path(model): Path<String>,
    query: Result<Query<ReferenceQuery>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    respond(async {
        let Query(query) = query.map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST, rejection.body_text()))?;
        let (body, kind) = (bytes(body)?, media_type(&headers));
        let service = Arc::clone(&state.service);
        let is_new = service.catalog().slot(&model).is_none();
        let name = model.clone();
        let catalog = blocking(move || {
            let data = match table(kind.as_deref(), &body)? {
                Table::Columns(data) => data,
                Table::Rows(Form::Csv) => csv::read(&body[..])
                    .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("the body is not CSV: {error}")))?,
                Table::Rows(_) => return Err(untaken("JSON")),
            };
            if data.n_rows() == 0 {
                return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "the reference has no rows"));
            }
            let left_out = query.ignore.as_deref().unwrap_or_default();
            let left_out = left_out.split(',').filter(|name| !name.is_empty()).chain(query.target.as_deref());
            let left_out: Vec<String> = left_out.map(str::to_owned).collect();
            if let Some(target) = query.target.as_ref().filter(|target| data.column(target).is_none()) {
                let reason = format!("the reference has no column {target:?}");
                return Err(Problem::fields(vec![FieldError::new("target", reason)]));
            }
            let known = service.catalog().slot(&name).and_then(|slot| slot.entry().elsewhere.clone());
            let mut declaration = match known {
                Some(known) => {
                    let absent = known.features.iter().find(|feature| data.column(&feature.name).is_none());
                    if let Some(absent) = absent {
                        return Err(Problem::fields(vec![FieldError::new(
                            &absent.name,
                            "the reference lacks this feature",
                        )]));
                    }
                    known
                }
                None => ingest::declaration_of(&data, &left_out).map_err(|error| Problem::fields(vec![error]))?,
            };
            if declaration.classes.is_empty() {
                declaration.classes = ingest::scored_classes(&data);
            }
            check_declaration(&declaration)?;
            crate::registry::manifest::check_name(&name)
                .map_err(|error| unchanged(&RegistryError::from(error).into()))?;
            let sha256 = service.registry.folder().write_reference(&name, &data);
            declaration.target.clone_from(&query.target);
            declaration.reference = Some(sha256.map_err(|error| unchanged(&error.into()))?);
            let changed = service.registry.change(move |manifest| manifest.declare(&name, declaration.clone()));
            changed.map_err(|error| unchanged(&error))
        })
        .await??;
        let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
        Ok((status, Json(view(&state, &catalog, find(&catalog, &model)?))).into_response())
    })
    .await
}

/// What a body holds: rows that are still to be read, or columns.
enum Table {
    Rows(Form),
    Columns(Dataset),
}

fn table(kind: Option<&str>, body: &Bytes) -> Result<Table, Problem> {
    let kind = kind.unwrap_or("application/json");
    match kind {
        ARROW_STREAM => Ok(Table::Columns(read_arrow(body, MAX_VALUES)?)),
        PARQUET | "application/x-parquet" => Ok(Table::Columns(read_parquet(body.clone(), MAX_VALUES)?)),
        other => Form::of_media_type(other).map(Table::Rows).ok_or_else(|| untaken(other)),
    }
}

fn untaken(kind: &str) -> Problem {
    let detail = format!(
        "{kind} is not taken here; JSON, NDJSON, CSV, {ARROW_STREAM} and {PARQUET} are, where they can hold it"
    );
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
}

fn accepted(taken: &Taken) -> Response {
    let Taken { accepted, repeated, violations } = taken;
    Json(json!({ "accepted": accepted, "repeated": repeated, "violations": violations })).into_response()
}

fn refused(error: IngestError) -> Problem {
    match error {
        IngestError::Rows(errors) => Problem::fields(errors),
        IngestError::Log(error) => unlogged(&error),
    }
}

fn find_version<'a>(slot: &'a Slot, version: Option<&str>) -> Result<&'a Arc<Version>, Problem> {
    let found = match version {
        Some(version) => slot.version(version),
        None => slot.answering(),
    };
    found.ok_or_else(|| match version {
        Some(version) => {
            Problem::new(StatusCode::NOT_FOUND, format!("the model {:?} has no version {version:?}", slot.name()))
        }
        None => Problem::new(StatusCode::CONFLICT, format!("the model {:?} is served elsewhere", slot.name())),
    })
}

fn elsewhere(slot: &Slot) -> Result<&Elsewhere, Problem> {
    match &slot.serving {
        Serving::Elsewhere(elsewhere) => Ok(elsewhere),
        Serving::Here { .. } => {
            let detail =
                format!("the model {:?} is served here; its predictions are logged as they are made", slot.name());
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
    }
}

/// Why the models stay as they are.
fn unchanged(error: &SlotError) -> Problem {
    let status = match error {
        SlotError::Registry(RegistryError::Manifest(error)) => match error {
            ManifestError::UnknownModel { .. } | ManifestError::UnknownVersion { .. } => StatusCode::NOT_FOUND,
            ManifestError::BadName { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            ManifestError::Answers { .. } | ManifestError::OtherKind { .. } => StatusCode::CONFLICT,
        },
        SlotError::Registry(RegistryError::Model { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => {
            tracing::error!(%error, "the models could not be changed");
            return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the models could not be changed; the log says why");
        }
    };
    Problem::new(status, error.to_string())
}

pub(super) fn from_json<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let status = if error.is_data() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
        Problem::new(status, format!("the body is not the JSON it should be: {error}"))
    })
}

/// Runs work that may take long off the threads that serve.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|panic| {
        tracing::error!(%panic, "a request panicked");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong inside Tidemark; its log says what")
    })
}
