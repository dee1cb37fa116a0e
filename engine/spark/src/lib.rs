//! Counting on Apache Spark, by Spark Connect.
//!
//! Spark replaces an executor that dies by itself. What this crate looks after is the way to the server: a connection that breaks is
//! taken up where the result broke off; a server that comes back without the statement is asked once more from the start; one that
//! stays away is told with its reason, all of it within a minute.

#![deny(missing_docs)]

mod batch;
mod operation;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use spark_connect_core::{ChannelBuilder, RetryPolicy, SparkConnectClient, SparkError, get_runtime};
use spark_connect_proto::{AnalyzePlanRequest, UserContext, analyze_plan_request};
use tidemark_engine::{Cancel, Dialect, Engine, EngineError, TakeRow};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

/// How long one request may take that asks for no counting.
const PATIENCE: Duration = Duration::from_secs(8);

/// How long after its last sign a server that has lost a statement may take to be there for a new one. With a request that is under
/// way at its end, less than a minute.
const COMES_BACK_WITHIN: Duration = Duration::from_secs(48);

/// What of a result lies in the memory of Spark's driver until it is fetched, 54 bytes a line and more as long as it is not compressed:
/// of a driver's usual gigabyte as much as leaves room for its work.
const LINES_AT_ONCE: u64 = 2_000_000;

/// A Spark Connect server.
pub struct Spark {
    address: ChannelBuilder,
    shared: Arc<Shared>,
    /// Whether the statement that was lost has been asked for once more.
    was_retried: bool,
    /// When the server was last known to be there.
    last_sign: Instant,
}

/// What whoever cancels has in common with what waits.
struct Shared {
    session: Mutex<Arc<Session>>,
    is_cancelled: AtomicBool,
    cancelled: Notify,
}

/// A session at the server.
struct Session {
    client: SparkConnectClient,
}

impl Spark {
    /// Connects to `sc://host:15002/;use_ssl=true`; `token` goes before one that stands in the address.
    ///
    /// # Errors
    /// The address is none, or there is no server.
    pub fn connect(address: &str, token: Option<&str>) -> Result<Self, EngineError> {
        // What stood in it is not told, as it may hold a token.
        let Ok(mut address) = ChannelBuilder::parse(address) else {
            let reason =
                "the address of a Spark Connect server is sc://host:15002, with /;use_ssl=true behind it for TLS";
            return Err(EngineError::Unavailable { reason: reason.to_owned() });
        };
        if let Some(token) = token {
            address.set("token", token);
        }
        let place = format!("{}:{}", address.host(), address.port());
        let unavailable = |reason: String| EngineError::Unavailable { reason: format!("{place}: {reason}") };
        let session = Session::open(&address).map_err(unavailable)?;
        get_runtime().block_on(session.begin()).map_err(unavailable)?;
        let session = Mutex::new(Arc::new(session));
        let shared = Shared { session, is_cancelled: AtomicBool::new(false), cancelled: Notify::new() };
        Ok(Self { address, shared: Arc::new(shared), was_retried: false, last_sign: Instant::now() })
    }
}

impl Drop for Spark {
    fn drop(&mut self) {
        let session = self.shared.session();
        // Only politeness: a server gives up a session that is silent.
        let released = async { timeout(Duration::from_secs(2), session.client.release_session()).await };
        drop(get_runtime().block_on(released));
    }
}

impl Shared {
    fn session(&self) -> Arc<Session> {
        Arc::clone(&self.session.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Acquire)
    }
}

impl Session {
    fn open(address: &ChannelBuilder) -> Result<Self, String> {
        let client = get_runtime().block_on(SparkConnectClient::connect(address));
        let mut client = client.map_err(|error| words(&error))?;
        client.set_retry_policy(RetryPolicy::no_retries());
        Ok(Self { client })
    }

    fn user_context(&self) -> UserContext {
        UserContext { user_id: self.client.user_id().unwrap_or_default().to_owned(), ..UserContext::default() }
    }

    /// What a session begins with.
    async fn begin(&self) -> Result<(), String> {
        self.is_there().await?;
        // Only thrift: the words that stand in every line take no room then. Not every server knows it.
        let compressed = self.client.set_config("spark.sql.execution.arrow.compression.codec", "zstd");
        drop(timeout(Duration::from_secs(2), compressed).await);
        Ok(())
    }

    /// Whether the server answers.
    async fn is_there(&self) -> Result<(), String> {
        let request = AnalyzePlanRequest {
            session_id: self.client.session_id().to_owned(),
            user_context: Some(self.user_context()),
            analyze: Some(analyze_plan_request::Analyze::SparkVersion(analyze_plan_request::SparkVersion::default())),
            ..AnalyzePlanRequest::default()
        };
        match timeout(PATIENCE, self.client.analyze_plan(request)).await {
            Ok(Ok(_version)) => Ok(()),
            Ok(Err(error)) => Err(words(&error)),
            Err(_elapsed) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }
}

/// What an error says, without the server's stack and plan.
fn words(error: &SparkError) -> String {
    let message = error.message();
    let words = message.split("\n\nJVM stacktrace").next().unwrap_or_default();
    let words = words.split(";\n'").next().unwrap_or_default().trim();
    // The server says the condition, and the client says it again.
    let condition = error.get_condition().map(|condition| format!("[{condition}] ")).unwrap_or_default();
    words.strip_prefix(&condition).filter(|words| words.starts_with(&condition)).unwrap_or(words).to_owned()
}

impl Engine for Spark {
    fn name(&self) -> &'static str {
        "spark"
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &tidemark_engine::Spark
    }

    fn run(&mut self, sql: &str, take: TakeRow<'_>) -> Result<(), EngineError> {
        let session = self.shared.session();
        let statement = sql.trim().trim_end_matches(';');
        let ended = get_runtime().block_on(async {
            tokio::select! {
                ended = operation::run(&session, statement, take, &mut self.last_sign) => ended,
                () = self.shared.cancelled.notified() => Err(EngineError::Refused { reason: "it was cancelled".to_owned() }),
            }
        });
        // The next statement may be lost once, too.
        self.was_retried &= ended.is_err();
        ended
    }

    fn lines_at_once(&self) -> Option<u64> {
        Some(LINES_AT_ONCE)
    }

    fn may_run_again(&mut self) -> bool {
        let end = self.last_sign + COMES_BACK_WITHIN;
        while !self.was_retried && !self.shared.is_cancelled() && Instant::now() < end {
            // The server has forgotten the session, or is another one.
            let session = Session::open(&self.address).ok();
            if let Some(session) = session.filter(|session| get_runtime().block_on(session.begin()).is_ok()) {
                *self.shared.session.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(session);
                self.was_retried = true;
                return true;
            }
            // Within the runtime: a sleep can't be made outside of one.
            get_runtime().block_on(async { sleep(Duration::from_secs(1)).await });
        }
        false
    }

    fn cancel(&self) -> Arc<dyn Cancel> {
        Arc::clone(&self.shared) as Arc<dyn Cancel>
    }
}

impl Cancel for Shared {
    fn cancel(&self) -> Result<(), String> {
        self.is_cancelled.store(true, Ordering::Release);
        let session = self.session();
        let answer = get_runtime().block_on(async { timeout(PATIENCE, session.client.interrupt_all()).await });
        // Whether the server heard of it or not: nobody waits any longer.
        self.cancelled.notify_one();
        match answer {
            Ok(Ok(_operations)) => Ok(()),
            Ok(Err(error)) => Err(format!("Spark was not told to stop: {}", words(&error))),
            Err(_elapsed) => Err("Spark was not told to stop: no answer".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_tells_a_token() {
        for address in
            ["sc://127.0.0.1:1/;token=hunter2", "sc://db.example/;token=hunter2", "http://hunter2", "sc://h/;hunter2"]
        {
            for token in [None, Some("hunter2")] {
                let Err(error) = Spark::connect(address, token) else { panic!("{address}: nobody listens there") };
                assert!(matches!(error, EngineError::Unavailable { .. }), "{error:?}");
                assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
            }
        }
    }
}
