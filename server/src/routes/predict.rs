//! `POST /predict`: one row in, one prediction out, logged before it is answered.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use serde_json::value::RawValue;

use super::AppState;
use crate::clock::rfc3339;
use crate::problem::{FieldError, Problem};

mod body;

/// Answers `{"prediction", "probability", "timestamp", "id", "model"}`; the probability is the positive class's.
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
            Json(json!({
                "prediction": label,
                "probability": entry.probability,
                "timestamp": rfc3339(entry.at),
                "id": entry.id,
                "model": entry.model,
            }))
            .into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a prediction could not be logged");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the prediction could not be logged, so it is not given")
                .into_response()
        }
    }
}
