//! `tidemark simulate`: plays a CSV file against a server.

use clap::{Args as ClapArgs, ValueEnum};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tidemark::data::{Dataset, Values};

use super::{Failure, files, progress, stop};
use crate::clock::{Clock, SystemClock, rfc3339};

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
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// One after the other
    Sequential,
    /// Several at a time
    Parallel,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let table = files::read_csv(&args.input_file)?;
    let log = File::options()
        .create(true)
        .append(true)
        .open(&args.log_file)
        .map_err(|error| Failure::file(&args.log_file, error))?;
    ping(&args.endpoint)?;
    let senders = if args.execution_mode == Mode::Parallel { args.workers } else { 1 };
    let bar = progress::bar(table.data.n_rows() as u64, "Sending", "rows");
    let played = play(
        &Traffic {
            bodies: Bodies::of(&table.data, &args.drop)?,
            endpoint: args.endpoint.clone(),
            senders: usize::try_from(senders).expect("at most 256"),
            pause: Pause::AfterEach(Duration::from_secs_f64(args.delay)),
            repeat: false,
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
    if played.failed > 0 {
        let failed = tidemark::render::format::plural(played.failed, "row");
        return Err(Failure::Error(format!("{failed} could not be sent; {} says why", args.log_file.display())));
    }
    Ok(())
}

/// Rows to send, and how.
pub(super) struct Traffic {
    pub(super) bodies: Bodies,
    pub(super) endpoint: String,
    pub(super) senders: usize,
    pub(super) pause: Pause,
    /// Starts over at the end.
    pub(super) repeat: bool,
}

/// When the next row goes.
pub(super) enum Pause {
    /// So long after the answer to the one before.
    AfterEach(Duration),
    /// At a steady rate, whatever the answers take.
    Every(Duration),
}

/// What became of the rows.
pub(super) struct Played {
    sent: u64,
    failed: u64,
    retries: u64,
    positives: u64,
    seconds: f64,
}

impl Played {
    fn summary(&self) -> String {
        use tidemark::render::format::{count, plural, share};
        let rate = self.sent as f64 / self.seconds.max(1e-9);
        format!(
            "{} answered in {:.1} s ({rate:.0} per second), {} positive ({}), {}, {} failed",
            plural(self.sent, "row"),
            self.seconds,
            count(self.positives),
            share(self.positives as f64 / self.sent.max(1) as f64),
            self.retries_text(),
            count(self.failed),
        )
    }

    fn retries_text(&self) -> String {
        if self.retries == 1 { "1 retry".to_owned() } else { format!("{} retries", self.retries) }
    }
}

/// Sends all rows; `on_answer` gets each answer's body, or why there is none.
pub(super) fn play(
    traffic: &Traffic,
    is_over: &(dyn Fn() -> bool + Sync),
    on_answer: &(dyn Fn(&Result<String, String>) + Sync),
) -> Played {
    let agent = agent();
    let next = AtomicUsize::new(0);
    let [sent, failed, retries, positives] = [0; 4].map(AtomicU64::new);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..traffic.senders {
            scope.spawn(|| {
                while !is_over() {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    let n = traffic.bodies.len();
                    if n == 0 || (turn >= n && !traffic.repeat) {
                        break;
                    }
                    if let Pause::Every(period) = traffic.pause {
                        let due = start + period.mul_f64(turn as f64);
                        if sleep_until(due, is_over) {
                            break;
                        }
                    }
                    let answer = post(&agent, &traffic.endpoint, &traffic.bodies.row(turn % n), &retries, is_over);
                    match &answer {
                        Ok(body) => {
                            sent.fetch_add(1, Ordering::Relaxed);
                            positives.fetch_add(u64::from(is_positive(body)), Ordering::Relaxed);
                        }
                        Err(_) => {
                            failed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    on_answer(&answer);
                    if let Pause::AfterEach(pause) = traffic.pause
                        && sleep_until(Instant::now() + pause, is_over)
                    {
                        break;
                    }
                }
            });
        }
    });
    Played {
        sent: sent.into_inner(),
        failed: failed.into_inner(),
        retries: retries.into_inner(),
        positives: positives.into_inner(),
        seconds: start.elapsed().as_secs_f64(),
    }
}

/// Sleeps in short steps; says whether it was woken because all is over.
fn sleep_until(due: Instant, is_over: &(dyn Fn() -> bool + Sync)) -> bool {
    loop {
        if is_over() {
            return true;
        }
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(10)))
        // An answer with an error status says in its body what is wrong.
        .http_status_as_error(false)
        .build()
        .into()
}

/// Pauses before the second, third and fourth attempt.
const PAUSES: [Duration; 3] = [Duration::from_millis(200), Duration::from_millis(800), Duration::from_millis(3200)];

/// Posts one row. What the server refuses as wrong (4xx) is not tried again; what may pass is.
fn post(
    agent: &ureq::Agent,
    endpoint: &str,
    body: &str,
    retries: &AtomicU64,
    is_over: &(dyn Fn() -> bool + Sync),
) -> Result<String, String> {
    let mut pauses = PAUSES.iter();
    loop {
        let (error, may_pass) = match agent.post(endpoint).content_type("application/json").send(body) {
            Ok(mut response) => {
                let status = response.status();
                let body = response.body_mut().read_to_string().map_err(|error| error.to_string())?;
                if status.is_success() {
                    return Ok(body);
                }
                (format!("{status}: {body}"), status.is_server_error() || status.as_u16() == 429)
            }
            Err(error) => (error.to_string(), true),
        };
        match pauses.next() {
            Some(pause) if may_pass && !sleep_until(Instant::now() + *pause, is_over) => {
                retries.fetch_add(1, Ordering::Relaxed);
            }
            _ => return Err(error),
        }
    }
}

fn is_positive(body: &str) -> bool {
    let answer: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    !matches!(&answer["prediction"], serde_json::Value::Number(class) if class.as_f64() == Some(0.0))
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

/// The rows of a data set as JSON objects, made one at a time.
pub(super) struct Bodies {
    columns: Vec<(String, Vec<f64>)>,
    n_rows: usize,
}

impl Bodies {
    /// Every column but those dropped. They have to be numbers, none missing: JSON has no other ones.
    pub(super) fn of(data: &Dataset, dropped: &[String]) -> Result<Self, Failure> {
        let kept = data.columns().iter().filter(|column| !dropped.contains(&column.name));
        let columns = kept.map(|column| match &column.values {
            Values::Numbers(numbers) if numbers.as_slice().iter().all(|value| value.is_finite()) => {
                // Quoted once and for all.
                Ok((serde_json::json!(column.name).to_string(), numbers.as_slice().to_vec()))
            }
            _ => Err(Failure::new(
                format!("column {:?}", column.name),
                "not every value is a finite number; leave it out with --drop",
            )),
        });
        Ok(Self { columns: columns.collect::<Result<_, _>>()?, n_rows: data.n_rows() })
    }

    fn len(&self) -> usize {
        self.n_rows
    }

    fn row(&self, row: usize) -> String {
        let fields: Vec<String> = self.columns.iter().map(|(name, values)| format!("{name}:{}", values[row])).collect();
        format!("{{{}}}", fields.join(","))
    }
}

fn parse_endpoint(text: &str) -> Result<String, String> {
    let is_address = text.starts_with("http://") || text.starts_with("https://");
    if is_address { Ok(text.to_owned()) } else { Err("expected http://… or https://…".to_owned()) }
}

fn parse_delay(text: &str) -> Result<f64, String> {
    let delay: f64 = text.parse().map_err(|_| "expected seconds".to_owned())?;
    if (0.0..=86_400.0).contains(&delay) { Ok(delay) } else { Err("expected 0 to 86400 seconds".to_owned()) }
}

/// All rows of a CSV file as bodies, without the label.
pub(super) fn bodies_of(path: &Path, dropped: &str) -> Result<Bodies, Failure> {
    Bodies::of(&files::read_csv(path)?.data, &[dropped.to_owned()])
}
