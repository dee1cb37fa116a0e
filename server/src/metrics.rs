//! What the service counts while it works, for Prometheus. [`Metrics::observe`] is on the way of every request and takes
//! no lock that another request could hold: counters are atomics, one set for each door.

use axum::http::StatusCode;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::routes::Door;

mod drift;
mod exposition;
mod histogram;
mod performance;
mod process;

pub use drift::drift;
pub use exposition::{Exposition, Format, Kind};
pub use histogram::Histogram;
pub use performance::performance;
pub(crate) use process::start;
pub use process::{process, stored};

/// Requests by door and status, predictions by model, and the comparisons.
pub struct Metrics {
    doors: Vec<DoorMetrics>,
    in_flight: AtomicI64,
    models: RwLock<BTreeMap<Arc<str>, Arc<ModelMetrics>>>,
    /// Rows of models beyond [`MAX_MODELS`], counted in no series of their own.
    dropped_models: AtomicU64,
    reports: AtomicU64,
    failed_reports: AtomicU64,
    report_seconds: Histogram,
}

struct DoorMetrics {
    route: String,
    method: String,
    /// By the first digit of the status, 1 to 5.
    by_class: [AtomicU64; 5],
    seconds: Histogram,
}

#[derive(Default)]
struct ModelMetrics {
    rows: AtomicU64,
    violations: AtomicU64,
    seconds: Histogram,
}

/// What an answer to a prediction request carries in its extensions, so that the rows are counted.
#[derive(Debug, Clone)]
pub struct Predicted {
    /// The model that answered.
    pub model: Arc<str>,
    /// Rows that were answered.
    pub rows: u64,
    /// Values that broke a rule which the reference taught.
    pub violations: u64,
}

/// So many models have series of their own.
const MAX_MODELS: usize = 100;

impl Metrics {
    /// Nothing counted yet, for requests through these doors.
    pub fn new(doors: &[Door]) -> Self {
        let named = doors.iter().map(|door| (door.path.clone(), door.method.to_string()));
        // The last one is for requests that found no door; an address that anyone may make up is no label.
        let all = named.chain([("(none)".to_owned(), "(any)".to_owned())]);
        let counters = |(route, method)| DoorMetrics {
            route,
            method,
            by_class: Default::default(),
            seconds: Histogram::default(),
        };
        Self {
            doors: all.map(counters).collect(),
            in_flight: AtomicI64::new(0),
            models: RwLock::default(),
            dropped_models: AtomicU64::new(0),
            reports: AtomicU64::new(0),
            failed_reports: AtomicU64::new(0),
            report_seconds: Histogram::default(),
        }
    }

    /// A request has come. It counts as under way until what is returned is dropped.
    pub fn enter(&self) -> impl Drop + '_ {
        struct Leave<'a>(&'a AtomicI64);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Leave(&self.in_flight)
    }

    /// A request was answered: through which door, how, how soon, and with which rows.
    pub fn observe(
        &self,
        door: Option<usize>,
        status: StatusCode,
        took: Duration,
        request_id: &str,
        predicted: Option<&Predicted>,
    ) {
        let door = &self.doors[door.unwrap_or(self.doors.len() - 1)];
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        door.by_class[class].fetch_add(1, Ordering::Relaxed);
        door.seconds.observe(took, request_id);
        if let Some(predicted) = predicted {
            let Some(model) = self.model(&predicted.model) else {
                self.dropped_models.fetch_add(predicted.rows, Ordering::Relaxed);
                return;
            };
            model.rows.fetch_add(predicted.rows, Ordering::Relaxed);
            model.violations.fetch_add(predicted.violations, Ordering::Relaxed);
            model.seconds.observe(took, request_id);
        }
    }

    /// A comparison of the loop has ended, with or without a report.
    pub fn observe_report(&self, took: Duration, succeeded: bool) {
        if succeeded {
            self.reports.fetch_add(1, Ordering::Relaxed);
            self.report_seconds.observe(took, "");
        } else {
            self.failed_reports.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn model(&self, name: &str) -> Option<Arc<ModelMetrics>> {
        if let Some(known) = self.models.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(Arc::clone(known));
        }
        let mut models = self.models.write().unwrap_or_else(PoisonError::into_inner);
        if models.len() >= MAX_MODELS && !models.contains_key(name) {
            return None;
        }
        Some(Arc::clone(models.entry(name.into()).or_default()))
    }

    /// Writes all that was counted.
    pub fn write(&self, to: &mut Exposition) {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        to.family("tidemark_http_requests", Kind::Counter, "Requests answered, by route, method and class of status.");
        for door in &self.doors {
            for (class, count) in ["1xx", "2xx", "3xx", "4xx", "5xx"].iter().zip(&door.by_class) {
                let count = load(count);
                if count > 0.0 {
                    to.sample(&[("route", &door.route), ("method", &door.method), ("status", class)], count);
                }
            }
        }
        to.family(
            "tidemark_http_request_duration_seconds",
            Kind::Histogram,
            "Time from a request's head to its answer.",
        );
        for door in self.doors.iter().filter(|door| door.seconds.count() > 0) {
            door.seconds.write(to, &[("route", &door.route), ("method", &door.method)]);
        }
        to.family("tidemark_http_requests_in_flight", Kind::Gauge, "Requests under way.");
        to.sample(&[], self.in_flight.load(Ordering::Relaxed) as f64);

        let models = self.models.read().unwrap_or_else(PoisonError::into_inner).clone();
        to.family("tidemark_predictions", Kind::Counter, "Rows answered and logged since the start.");
        for (name, model) in &models {
            to.sample(&[("model", name)], load(&model.rows));
        }
        to.family(
            "tidemark_prediction_duration_seconds",
            Kind::Histogram,
            "Time of prediction requests, log included.",
        );
        for (name, model) in &models {
            model.seconds.write(to, &[("model", name)]);
        }
        to.family(
            "tidemark_validation_violations",
            Kind::Counter,
            "Values that broke a rule which the reference taught, in rows that were answered all the same.",
        );
        for (name, model) in &models {
            to.sample(&[("model", name)], load(&model.violations));
        }
        to.family("tidemark_dropped_model_rows", Kind::Counter, "Rows of models beyond those that have series.");
        to.sample(&[], load(&self.dropped_models));
        to.family("tidemark_reports", Kind::Counter, "Comparisons made by the schedule since the start.");
        to.sample(&[], load(&self.reports));
        to.family("tidemark_failed_reports", Kind::Counter, "Comparisons of the schedule that failed.");
        to.sample(&[], load(&self.failed_reports));
        to.family("tidemark_report_duration_seconds", Kind::Histogram, "Time that a comparison took.");
        self.report_seconds.write(to, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::Access;
    use axum::http::Method;

    fn text(metrics: &Metrics, format: Format) -> String {
        let mut to = Exposition::new(format);
        metrics.write(&mut to);
        to.finish()
    }

    fn metrics() -> Metrics {
        let door = Door { path: "/predict".to_owned(), method: Method::POST, access: Access::Open };
        Metrics::new(&[door])
    }

    #[test]
    fn requests_are_counted_by_door_and_status() {
        let metrics = metrics();
        let predicted = Predicted { model: "m".into(), rows: 3, violations: 1 };
        metrics.observe(Some(0), StatusCode::OK, Duration::from_millis(2), "id-1", Some(&predicted));
        metrics.observe(Some(0), StatusCode::UNPROCESSABLE_ENTITY, Duration::from_millis(1), "id-2", None);
        metrics.observe(None, StatusCode::NOT_FOUND, Duration::ZERO, "id-3", None);
        let text = text(&metrics, Format::Prometheus);
        for line in [
            "tidemark_http_requests_total{route=\"/predict\",method=\"POST\",status=\"2xx\"} 1",
            "tidemark_http_requests_total{route=\"/predict\",method=\"POST\",status=\"4xx\"} 1",
            "tidemark_http_requests_total{route=\"(none)\",method=\"(any)\",status=\"4xx\"} 1",
            "tidemark_http_request_duration_seconds_count{route=\"/predict\",method=\"POST\"} 2",
            "tidemark_predictions_total{model=\"m\"} 3",
            "tidemark_validation_violations_total{model=\"m\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn what_is_under_way_is_counted_until_it_ends() {
        let metrics = metrics();
        let first = metrics.enter();
        assert!(text(&metrics, Format::Prometheus).contains("\ntidemark_http_requests_in_flight 1\n"));
        drop(first);
        assert!(text(&metrics, Format::Prometheus).contains("\ntidemark_http_requests_in_flight 0\n"));
    }

    #[test]
    fn models_beyond_the_limit_share_no_series_but_a_counter() {
        let metrics = metrics();
        for n in 0..MAX_MODELS + 2 {
            let predicted = Predicted { model: format!("m{n}").into(), rows: 1, violations: 0 };
            metrics.observe(Some(0), StatusCode::OK, Duration::ZERO, "", Some(&predicted));
        }
        let text = text(&metrics, Format::Prometheus);
        assert_eq!(text.matches("tidemark_predictions_total{").count(), MAX_MODELS);
        assert!(text.contains("\ntidemark_dropped_model_rows_total 2\n"));
    }

    #[test]
    fn exemplars_name_requests_in_openmetrics_only() {
        let metrics = metrics();
        metrics.observe(Some(0), StatusCode::OK, Duration::from_millis(2), "id-1", None);
        let open = text(&metrics, Format::OpenMetrics);
        assert!(open.contains("# {request_id=\"id-1\"} 0.002 "), "{open}");
        assert!(open.ends_with("# EOF\n"));
        assert!(!text(&metrics, Format::Prometheus).contains("id-1"));
    }
}
