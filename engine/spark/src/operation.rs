//! One statement from its start to its end, over connections that may break.

use std::time::Duration;

use spark_connect_core::{ExecutePlanResponseReattachableIterator as Operation, SparkError};
use spark_connect_proto::execute_plan_response::ResponseType;
use spark_connect_proto::{ExecutePlanRequest, Plan, Relation, Sql, plan, relation};
use tidemark_engine::{EngineError, TakeRow};
use tokio::time::{Instant, sleep, timeout};

use crate::{PATIENCE, Session, batch, words};

/// How long after the last sign of the server it is tried to take a result up again where it broke off.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(20);

/// Pauses between two tries.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];

/// A server that counts tells every few seconds how far it is; after such a silence it is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(10);

/// gRPC's codes of a connection that broke: cancelled, unknown, internal, unavailable. A server that refuses says why in the details.
const BROKEN: [i32; 4] = [1, 2, 13, 14];

/// Runs a statement and hands over the rows of its result while they come; `last_sign` is when the server was last known to be there.
pub(crate) async fn run(
    session: &Session,
    sql: &str,
    take: TakeRow<'_>,
    last_sign: &mut Instant,
) -> Result<(), EngineError> {
    *last_sign = Instant::now();
    let operation = Operation::new(request(session, sql));
    let started = while_there(session, session.client.execute_plan(operation.request().clone()), last_sign).await;
    // Nothing was lost that had not begun; the caller may begin it again.
    let mut responses = match started {
        Ok(started) => started.map_err(|error| failure(&error))?,
        Err(reason) => return Err(EngineError::Lost { reason }),
    };
    loop {
        let broken_by = match while_there(session, responses.message(), last_sign).await {
            Ok(Ok(Some(response))) => {
                *last_sign = Instant::now();
                operation.set_last_response_id(&response).await;
                if let Some(ResponseType::ArrowBatch(arrow)) = &response.response_type {
                    batch::rows(&arrow.data, take)?;
                }
                continue;
            }
            // A server ends a stream every few minutes; the result is only over when it says so.
            Ok(Ok(None)) if operation.is_completed().await => return Ok(()),
            Ok(Ok(None)) => "the result ended before it was over".to_owned(),
            Ok(Err(status)) => match SparkError::from_grpc_status(status) {
                error if is_broken(&error) => words(&error),
                error => return Err(failure(&error)),
            },
            Err(reason) => reason,
        };
        let end = *last_sign + TAKEN_UP_WITHIN;
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

/// The answer, for as long as the server is there; otherwise, why it is not.
async fn while_there<T>(
    session: &Session,
    answer: impl Future<Output = T>,
    last_sign: &mut Instant,
) -> Result<T, String> {
    let mut answer = std::pin::pin!(answer);
    loop {
        // The wait goes on where it was: a response that is half there must not be dropped.
        match timeout(SILENCE, answer.as_mut()).await {
            Ok(answer) => return Ok(answer),
            Err(_elapsed) => {
                session.is_there().await?;
                *last_sign = Instant::now();
            }
        }
    }
}
