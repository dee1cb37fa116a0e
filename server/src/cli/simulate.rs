//! `tidemark simulate`: plays a CSV file against a server.

use clap::{Args as ClapArgs, ValueEnum};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Failure, files, progress, stop};
use crate::clock::{Clock, SystemClock, rfc3339};

mod bodies;
mod labels;
mod play;

use play::agent;

pub(super) use bodies::Bodies;
pub(super) use labels::Labels;
pub(super) use play::{Pause, Traffic, play};

/// Play the rows of a CSV file against a server, as live traffic would come
///
/// Each row is posted as one JSON object. A request that fails is tried again, three times, with growing pauses. The
/// label column is not sent. What was answered goes to a log file.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// The rows to send
    #[arg(long, alias = "input_file", value_name = "FILE")]
    input_file: PathBuf,
    /// Where to send them: http://127.0.0.1:8000/predict
    #[arg(long, value_name = "URL", value_parser = parse_endpoint)]
    endpoint: String,
    /// Seconds between two rows; in parallel mode, between two rows of one sender
    #[arg(long, default_value_t = 1.0, value_parser = parse_delay)]
    delay: f64,
    /// One request after the other, or several at a time
    #[arg(long, alias = "execution_mode", value_enum, default_value_t = Mode::Sequential)]
    execution_mode: Mode,
    /// Senders in parallel mode
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=256))]
    workers: u64,
    /// Where the answers are logged, one line each
    #[arg(long, alias = "log_file", value_name = "FILE", default_value = "sim_log_file.txt")]
    log_file: PathBuf,
    /// Columns that are not sent
    #[arg(long, value_name = "COLUMN", default_value = "Class")]
    drop: Vec<String>,
    /// The column that holds what is true; sent as labels some time after each prediction
    #[arg(long, value_name = "COLUMN", requires = "labels_endpoint")]
    labels: Option<String>,
    /// Where labels go: http://127.0.0.1:8000/api/v1/models/MODEL/labels
    #[arg(long, value_name = "URL", value_parser = parse_endpoint)]
    labels_endpoint: Option<String>,
    /// Seconds until a label comes; those still to come are sent when all rows are
    #[arg(long, default_value_t = 10.0, value_parser = parse_delay)]
    label_delay: f64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// One after the other
    Sequential,
    /// Several at a time
    Parallel,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let data = files::read_table(&args.input_file)?.data;
    let dropped: Vec<String> = args.drop.iter().chain(&args.labels).cloned().collect();
    let bodies = Bodies::of(&data, &dropped)?;
    let labels = args.labels.as_ref().zip(args.labels_endpoint.clone()).map(|(column, endpoint)| {
        Labels::of(&data, column, &args.input_file, endpoint, Duration::from_secs_f64(args.label_delay))
    });
    let labels = labels.transpose()?;
    let log = File::options()
        .create(true)
        .append(true)
        .open(&args.log_file)
        .map_err(|error| Failure::file(&args.log_file, error))?;
    ping(&args.endpoint)?;
    let senders = if args.execution_mode == Mode::Parallel { args.workers } else { 1 };
    let bar = progress::bar(bodies.len() as u64, "Sending", "rows");
    let played = play(
        &Traffic {
            bodies,
            endpoint: args.endpoint.clone(),
            senders: usize::try_from(senders).expect("at most 256"),
            pause: Pause::AfterEach(Duration::from_secs_f64(args.delay)),
            repeat: false,
            labels,
        },
        &|| stop::asked(),
        &|answer| {
            bar.inc(1);
            log_answer(&log, answer)
        },
    );
    bar.finish_and_clear();
    println!("{}", played.summary());
    stop::check()?;
    if played.unlabelled > 0 {
        let failed = tidemark::render::format::plural(played.unlabelled, "label");
        return Err(Failure::Error(format!("{failed} could not be sent")));
    }
    if played.failed > 0 {
        let failed = tidemark::render::format::plural(played.failed, "row");
        return Err(Failure::Error(format!("{failed} could not be sent; {} says why", args.log_file.display())));
    }
    Ok(())
}

/// Fails early, and in plain words, when there is nobody to send to.
fn ping(endpoint: &str) -> Result<(), Failure> {
    let health = match endpoint.splitn(4, '/').collect::<Vec<_>>().as_slice() {
        [scheme, empty, host, ..] => format!("{scheme}/{empty}/{host}/health"),
        _ => return Err(Failure::new(endpoint, "that is no address")),
    };
    match agent().get(&health).call() {
        Ok(response) if response.status().is_server_error() => {
            Err(Failure::new(&health, format!("the server is not well: {}", response.status())))
        }
        // Another server's /health may be anything; it answered.
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(&health, format!("{error}; is the server running?"))),
    }
}

fn log_answer(log: &File, answer: &Result<String, String>) {
    static HAS_FAILED: AtomicBool = AtomicBool::new(false);
    static WRITING: Mutex<()> = Mutex::new(());
    let line = match answer {
        Ok(body) => format!("{} - INFO - API response: {body}\n", rfc3339(SystemClock.now())),
        Err(error) => format!("{} - ERROR - {error}\n", rfc3339(SystemClock.now())),
    };
    let _one_line_at_a_time = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut log = log;
    if let Err(error) = log.write_all(line.as_bytes())
        && !HAS_FAILED.swap(true, Ordering::Relaxed)
    {
        tracing::error!(%error, "the answers can no longer be logged");
    }
}

fn parse_endpoint(text: &str) -> Result<String, String> {
    let is_address = text.starts_with("http://") || text.starts_with("https://");
    if is_address { Ok(text.to_owned()) } else { Err("expected http://… or https://…".to_owned()) }
}

fn parse_delay(text: &str) -> Result<f64, String> {
    let delay: f64 = text.parse().map_err(|_not_a_number| "expected seconds".to_owned())?;
    if (0.0..=86_400.0).contains(&delay) { Ok(delay) } else { Err("expected 0 to 86400 seconds".to_owned()) }
}
