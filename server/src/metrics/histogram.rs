//! A histogram of times whose buckets are atomics, with the latest request of each bucket as its exemplar.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::exposition::Exposition;

/// Upper bounds in seconds: from what a forest takes to what a client waits for.
const BOUNDS: [f64; 15] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Times, counted.
#[derive(Default)]
pub struct Histogram {
    buckets: [Bucket; BOUNDS.len() + 1],
    sum_nanos: AtomicU64,
}

#[derive(Default)]
struct Bucket {
    count: AtomicU64,
    /// The second in which the exemplar was taken. One a second is enough, so most requests do not touch it.
    exemplar_second: AtomicI64,
    exemplar: Mutex<Option<Exemplar>>,
}

#[derive(Debug, Clone)]
pub(super) struct Exemplar {
    pub(super) request_id: String,
    pub(super) value: f64,
    pub(super) at: f64,
}

impl Histogram {
    /// Counts a time, of the request of this identifier if there was one.
    pub fn observe(&self, took: Duration, request_id: &str) {
        let seconds = took.as_secs_f64();
        let place = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        let bucket = &self.buckets[place];
        bucket.count.fetch_add(1, Ordering::Relaxed);
        self.sum_nanos.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        if request_id.is_empty() {
            return;
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        if bucket.exemplar_second.swap(at as i64, Ordering::Relaxed) != at as i64
            // Who would have to wait for it leaves it.
            && let Ok(mut exemplar) = bucket.exemplar.try_lock()
        {
            *exemplar = Some(Exemplar { request_id: request_id.to_owned(), value: seconds, at });
        }
    }

    /// Times counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.count.load(Ordering::Relaxed)).sum()
    }

    /// Writes the samples of the family that was begun, with these labels.
    pub fn write(&self, to: &mut Exposition, labels: &[(&str, &str)]) {
        let mut below = 0;
        for (place, bucket) in self.buckets.iter().enumerate() {
            below += bucket.count.load(Ordering::Relaxed);
            let bound = BOUNDS.get(place).map_or_else(|| "+Inf".to_owned(), |bound| format!("{bound:?}"));
            let exemplar = bucket.exemplar.lock().map_or(None, |exemplar| exemplar.clone());
            to.bucket(labels, &bound, below, exemplar.as_ref());
        }
        to.suffixed("_sum", labels, Duration::from_nanos(self.sum_nanos.load(Ordering::Relaxed)).as_secs_f64());
        to.suffixed("_count", labels, below as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::super::exposition::{Format, Kind};
    use super::*;

    #[test]
    fn a_time_counts_in_its_bucket_and_every_larger_one() {
        let histogram = Histogram::default();
        for millis in [1, 2, 60_000] {
            histogram.observe(Duration::from_millis(millis), "");
        }
        let mut to = Exposition::new(Format::Prometheus);
        to.family("x_seconds", Kind::Histogram, "X.");
        histogram.write(&mut to, &[]);
        let text = to.finish();
        for line in [
            "x_seconds_bucket{le=\"0.0005\"} 0",
            "x_seconds_bucket{le=\"0.001\"} 1",
            "x_seconds_bucket{le=\"0.0025\"} 2",
            "x_seconds_bucket{le=\"10.0\"} 2",
            "x_seconds_bucket{le=\"+Inf\"} 3",
            "x_seconds_sum 60.003",
            "x_seconds_count 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
