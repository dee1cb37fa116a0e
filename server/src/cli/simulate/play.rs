//! Sending rows at a pace, and what became of them.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tidemark::render::format::{count, plural, share};

use super::bodies::Bodies;
use super::labels::Labels;

/// Rows to send, and how.
pub(in crate::cli) struct Traffic {
    pub bodies: Bodies,
    pub endpoint: String,
    pub senders: usize,
    pub pause: Pause,
    /// Starts over at the end.
    pub repeat: bool,
    /// What turns out to be true of them.
    pub labels: Option<Labels>,
}

/// When the next row goes.
pub(in crate::cli) enum Pause {
    /// So long after the answer to the one before.
    AfterEach(Duration),
    /// At a steady rate, whatever the answers take.
    Every(Duration),
}

/// What became of the rows.
pub(in crate::cli) struct Played {
    sent: u64,
    /// Rows that could not be sent.
    pub failed: u64,
    retries: u64,
    /// Labels that could not be sent.
    pub unlabelled: u64,
    /// Rows that the model of two classes called positive; `None` of any other model.
    positives: Option<u64>,
    seconds: f64,
}

impl Played {
    pub fn summary(&self) -> String {
        let rate = self.sent as f64 / self.seconds.max(1e-9);
        let positives = self.positives.map_or_else(String::new, |positives| {
            format!(", {} positive ({})", count(positives), share(positives as f64 / self.sent.max(1) as f64))
        });
        format!(
            "{} answered in {:.1} s ({rate:.0} per second){positives}, {}, {} failed",
            plural(self.sent, "row"),
            self.seconds,
            self.retries_text(),
            count(self.failed),
        )
    }

    fn retries_text(&self) -> String {
        if self.retries == 1 { "1 retry".to_owned() } else { format!("{} retries", self.retries) }
    }
}

/// Sends all rows; `on_answer` gets each answer's body, or why there is none.
pub(in crate::cli) fn play(
    traffic: &Traffic,
    is_over: &(dyn Fn() -> bool + Sync),
    on_answer: &(dyn Fn(&Result<String, String>) + Sync),
) -> Played {
    let agent = agent();
    let next = AtomicUsize::new(0);
    let [sent, failed, retries, positives, others] = [0; 5].map(AtomicU64::new);
    let start = Instant::now();
    let left = AtomicUsize::new(traffic.senders);
    let all_sent = || is_over() || left.load(Ordering::Acquire) == 0;
    let unlabelled = std::thread::scope(|scope| {
        let labelling = traffic.labels.as_ref().map(|labels| scope.spawn(|| labels.send(&agent, &all_sent)));
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
                            if let Some(labels) = &traffic.labels {
                                labels.wait_for(turn % n, body);
                            }
                            sent.fetch_add(1, Ordering::Relaxed);
                            match positive(body) {
                                Some(positive) => positives.fetch_add(u64::from(positive), Ordering::Relaxed),
                                None => others.fetch_add(1, Ordering::Relaxed),
                            };
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
                left.fetch_sub(1, Ordering::Release);
            });
        }
        labelling.map_or(0, |labelling| labelling.join().unwrap_or_default())
    });
    Played {
        sent: sent.into_inner(),
        failed: failed.into_inner(),
        retries: retries.into_inner(),
        unlabelled,
        positives: (others.into_inner() == 0).then(|| positives.into_inner()),
        seconds: start.elapsed().as_secs_f64(),
    }
}

/// Sleeps in short steps; says whether it was woken because all is over.
pub(super) fn sleep_until(due: Instant, is_over: &(dyn Fn() -> bool + Sync)) -> bool {
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

pub fn agent() -> ureq::Agent {
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

/// Whether an answer is the positive one of two classes; `None` where it is one of more, or a number.
fn positive(body: &str) -> Option<bool> {
    let answer: serde_json::Value = serde_json::from_str(body).ok()?;
    match &answer["prediction"] {
        serde_json::Value::Bool(positive) => Some(*positive),
        serde_json::Value::Number(class) if class.as_u64().is_some_and(|class| class < 2) => {
            Some(class.as_u64() == Some(1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_of_two_classes_one_is_positive() {
        let said = |prediction: &str| positive(&format!(r#"{{"prediction":{prediction}}}"#));
        assert_eq!(
            [said("0"), said("1"), said("false"), said("true")],
            [Some(false), Some(true), Some(false), Some(true)]
        );
        assert_eq!([said("2"), said("0.5"), said("\"web\""), said("null")], [None; 4]);
        assert_eq!(positive("no JSON"), None);
    }
}
