//! One statement from its start to its end, over connections that may break.

use std::time::Duration;

use spark_connect_core::{ExecutePlanResponseReattachableIterator as Operation, SparkError};
use spark_connect_proto::execute_plan_response::ResponseType;
use spark_connect_proto::{ExecutePlanRequest, ExecutePlanResponse, Plan, Relation, Sql, plan, relation};
use tidemark_engine::{EngineError, TakeRow};
use tokio::time::{Instant, sleep, timeout};

use crate::{PATIENCE, Session, batch, words};

/// How long after the last response it is tried to take a result up again where it broke off. Together with the wait for a server to
/// come back, less than a minute.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(26);

/// Pauses between two tries.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];

/// A server that counts tells every few seconds how far it is; after such a silence it is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(10);

/// gRPC's codes of a connection that broke: cancelled, unknown, internal, unavailable. A server that refuses says why in the details.
const BROKEN: [i32; 4] = [1, 2, 13, 14];

/// Runs a statement and hands over the rows of its result while they come.
pub(crate) async fn run(session: &Session, sql: &str, take: TakeRow<'_>) -> Result<(), EngineError> {
    let operation = Operation::new(request(session, sql));
    let started = session.client.execute_plan(operation.request().clone()).await;
    // Nothing was lost that had not begun; the caller may begin it again.
    let mut responses = started.map_err(|error| failure(&error))?;
    let mut last_sign = Instant::now();
    loop {
        let message = async { responses.message().await.map_err(SparkError::from_grpc_status) };
        let broken_by = match next(session, message).await {
            Next::Response(response) => {
                last_sign = Instant::now();
                operation.set_last_response_id(&response).await;
                if let Some(ResponseType::ArrowBatch(arrow)) = &response.response_type {
                    batch::rows(&arrow.data, take)?;
                }
                continue;
            }
            Next::Failed(error) if !is_broken(&error) => return Err(failure(&error)),
            Next::Failed(error) => words(&error),
            Next::Silent(reason) => reason,
            // A server ends a stream every few minutes; the result is only over when it says so.
            Next::End if operation.is_completed().await => return Ok(()),
            Next::End => "the result ended before it was over".to_owned(),
        };
        // A server that counted in silence was asked, and answered, while it was waited for.
        let end = last_sign.max(Instant::now() - (SILENCE + PATIENCE)) + TAKEN_UP_WITHIN;
        let mut pause = PAUSES[0];
        responses = loop {
            let taken_up = session.client.reattach_execute(operation.create_reattach_request().await);
            let reason = match timeout(PATIENCE, taken_up).await {
                Ok(Ok(responses)) => break responses,
                Ok(Err(error)) if !is_broken(&error) => return Err(failure(&error)),
                Ok(Err(error)) => words(&error),
                Err(_elapsed) => broken_by.clone(),
            };
            if Instant::now() + pause > end {
                return Err(EngineError::Lost { reason });
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES[1]);
        };
    }
}

/// Whether it was the connection that broke, so that the statement may still be there.
fn is_broken(error: &SparkError) -> bool {
    let is_of_connection =
        error.grpc_details().is_none() && error.grpc_code().is_some_and(|code| BROKEN.contains(&code));
    is_of_connection || error.get_condition().is_some_and(|name| name.starts_with("INVALID_CURSOR.DISCONNECTED"))
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

/// What an error means.
fn failure(error: &SparkError) -> EngineError {
    let reason = words(error);
    // A server that was started anew knows neither the session nor the operation.
    let is_forgotten = error.get_condition().is_some_and(|name| name.starts_with("INVALID_HANDLE"));
    if is_forgotten || is_broken(error) { EngineError::Lost { reason } } else { EngineError::Refused { reason } }
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
