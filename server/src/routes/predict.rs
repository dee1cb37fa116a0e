//! `POST /predict`: one row in, one prediction out, logged before it is answered.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;
use serde_json::value::RawValue;

use super::AppState;
use crate::clock::rfc3339;
use crate::metrics::Predicted;
use crate::problem::{FieldError, Problem};

mod body;

/// Predict one row
///
/// An object with exactly the model's features, each a finite number. The answer comes once the prediction is on disk;
/// `probability` is that of the positive class.
#[utoipa::path(
    post, path = "/predict", tag = "predictions", security(("key" = ["predict"])),
    request_body(content = Object, description = "The features by name", example = json!({ "Time": 0.0, "Amount": 9.99 })),
    responses(
        (status = 200, description = "The prediction: `prediction`, `probability`, `timestamp`, `id`, `model`", body = Object),
        (status = 422, description = "Fields are missing, unknown, repeated, or not finite numbers", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn predict(State(state): State<AppState>, body: Result<Bytes, BytesRejection>) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return Problem::new(rejection.status(), rejection.body_text()).into_response(),
    };
    let features: Vec<&str> = state.service.model.schema.features().collect();
    let row = match body::parse(&body, &features) {
        Ok(row) => row,
        Err(problem) => return problem.into_response(),
    };
    match state.service.predict(row).await {
        Ok(prediction) => {
            let entry = prediction.entry;
            // A class that is a number is answered as one.
            let label = RawValue::from_string(prediction.label.clone())
                .map_or_else(|_| json!(prediction.label), |number| json!(number));
            let predicted = Predicted { model: state.service.model.name.as_str().into(), rows: 1, violations: 0 };
            let answer = Json(json!({
                "prediction": label,
                "probability": entry.probability,
                "timestamp": rfc3339(entry.at),
                "id": entry.id,
                "model": entry.model,
            }));
            (Extension(predicted), answer).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a prediction could not be logged");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the prediction could not be logged, so it is not given")
                .into_response()
        }
    }
}
