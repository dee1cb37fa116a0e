//! One statement from its start to its end, over connections that may break.

use std::time::Duration;

use spark_connect_core::{ExecutePlanResponseReattachableIterator as Operation, SparkError};
use spark_connect_proto::execute_plan_response::ResponseType;
use spark_connect_proto::{ExecutePlanRequest, ExecutePlanResponse, Plan, Relation, Sql, plan, relation};
use tidemark_engine::{EngineError, TakeRow};
use tokio::time::{Instant, sleep, timeout};

use crate::{PATIENCE, Session, batch, words};

/// How long it is tried to take a result up again where it broke off. Together with the wait for a server to come back, less than a
/// minute.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(25);

/// Pauses between two tries.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];

/// A server that counts tells every few seconds how far it is; after such a silence it is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(15);

/// gRPC's code for a server that is not there.
const UNAVAILABLE: i32 = 14;

/// Runs a statement and hands over the rows of its result while they come.
pub(crate) async fn run(session: &Session, sql: &str, take: TakeRow<'_>) -> Result<(), EngineError> {
    let operation = Operation::new(request(session, sql));
    let started = session.client.execute_plan(operation.request().clone()).await;
    // Nothing was lost that had not begun; the caller may begin it again.
    let mut responses = started.map_err(|error| failure(&error, false))?;
    loop {
        let broken_by = match next(session, async { responses.message().await.map_err(SparkError::from_grpc_status) }).await {
            Next::Response(response) => {
                operation.set_last_response_id(&response).await;
                if let Some(ResponseType::ArrowBatch(arrow)) = &response.response_type {
                    batch::rows(&arrow.data, take)?;
                }
                continue;
            }
            Next::Failed(error) if error.grpc_code() != Some(UNAVAILABLE) => return Err(failure(&error, false)),
            Next::Failed(error) => words(&error),
            Next::Silent(reason) => reason,
            // A server ends a stream every few minutes; the result is only over when it says so.
            Next::End if operation.is_completed().await => return Ok(()),
            Next::End => String::new(),
        };
        let end = Instant::now() + TAKEN_UP_WITHIN;
        let mut pause = PAUSES[0];
        responses = loop {
            let taken_up = session.client.reattach_execute(operation.create_reattach_request().await);
            let error = match timeout(PATIENCE, taken_up).await {
                Ok(Ok(responses)) => break responses,
                Ok(Err(error)) if error.grpc_code() != Some(UNAVAILABLE) => return Err(failure(&error, true)),
                Ok(Err(error)) => words(&error),
                Err(_elapsed) => broken_by.clone(),
            };
            if Instant::now() + pause > end {
                return Err(EngineError::Lost { reason: error });
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES[1]);
        };
    }
}

fn request(session: &Session, sql: &str) -> ExecutePlanRequest {
    let sql = relation::RelType::Sql(Sql { query: sql.to_owned(), ..Sql::default() });
    let root = plan::OpType::Root(Relation { rel_type: Some(sql), ..Relation::default() });
    ExecutePlanRequest {
        session_id: session.client.session_id().to_owned(),
        user_context: Some(session.user_context()),
        plan: Some(Plan { op_type: Some(root) }),
        ..ExecutePlanRequest::default()
    }
}

/// What an error means; `was_begun` says whether the server had accepted the statement and broke off.
fn failure(error: &SparkError, was_begun: bool) -> EngineError {
    let reason = words(error);
    // A server that was started anew knows neither the session nor the operation.
    let is_forgotten = error.get_condition().is_some_and(|name| name.starts_with("INVALID_HANDLE"))
        || reason.contains("INVALID_HANDLE");
    if error.grpc_code() == Some(UNAVAILABLE) || is_forgotten || was_begun {
        EngineError::Lost { reason }
    } else {
        EngineError::Refused { reason }
    }
}

enum Next {
    Response(Box<ExecutePlanResponse>),
    Failed(SparkError),
    /// Neither a response nor an answer whether the server is there: why.
    Silent(String),
    End,
}

/// The next response, for as long as the server is there.
async fn next(
    session: &Session,
    message: impl Future<Output = Result<Option<ExecutePlanResponse>, SparkError>>,
) -> Next {
    let mut message = std::pin::pin!(message);
    loop {
        // The wait goes on where it was: a response that is half there must not be dropped.
        match timeout(SILENCE, message.as_mut()).await {
            Ok(Ok(Some(response))) => return Next::Response(Box::new(response)),
            Ok(Ok(None)) => return Next::End,
            Ok(Err(error)) => return Next::Failed(error),
            Err(_elapsed) => {
                if let Err(reason) = session.is_there().await {
                    return Next::Silent(reason);
                }
            }
        }
    }
}
