//! Where detectors signal in a recorded series.

use serde::{Deserialize, Serialize};

use super::{Detector, SlidingKs, SlidingWasserstein};
use crate::anytime::{DistributionWatch, Watch};

/// What a detector said of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarms {
    /// Its name.
    pub detector: String,
    /// Why it was not run, if it was not.
    pub not_run: Option<NotRun>,
    /// The places in the series, from 0, at which it signalled drift. Of a detector that compares with a reference, and so may signal on
    /// and on: where it began to.
    pub drift_at: Vec<u64>,
    /// The places at which it warned.
    pub warning_at: Vec<u64>,
}

/// Why a detector was not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotRun {
    /// It takes errors, 0 or 1, and the series holds other numbers.
    TakesErrors,
}

/// The first part of a series, held against the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Against {
    /// Values of the series that are the reference.
    pub n_reference: usize,
    /// The newest values that are held against it.
    pub window: usize,
    /// The p-value at which the sliding Kolmogorov-Smirnov test signals, and the probability of any false alarm of the watches that may be
    /// looked at all the time.
    pub alpha: f64,
    /// The Wasserstein distance, in standard deviations of the reference, at which its window signals.
    pub distance: f64,
}

/// Whether a series holds nothing but errors: 0 and 1, and what is missing.
pub fn is_errors(series: &[f64]) -> bool {
    series.iter().all(|x| !x.is_finite() || [0.0, 1.0].contains(x))
}

/// Runs a detector over a series. What is not finite is passed over; positions are those of the series. FHDDM, which watches what is right,
/// is given 1 - error.
///
/// ```
/// use tidemark::stream::{Detector, PageHinkley, alarms::run};
/// let series: Vec<f64> = (0..1000).map(|i| if i < 500 { f64::from(i % 2) } else { f64::from(i % 2) + 2.0 }).collect();
/// let found = run(Detector::PageHinkley(PageHinkley::default()), &series);
/// assert!((500..600).contains(&found.drift_at[0]));
/// ```
pub fn run(mut detector: Detector, series: &[f64]) -> Alarms {
    let mut found = Alarms::of(detector.name());
    if detector.takes_errors() && !is_errors(series) {
        found.not_run = Some(NotRun::TakesErrors);
        return found;
    }
    let is_right = matches!(detector, Detector::Fhddm(_));
    for (place, &x) in (0..).zip(series) {
        let signal = detector.update(if is_right { 1.0 - x } else { x });
        if signal.drift {
            found.drift_at.push(place);
        }
        if signal.warning {
            found.warning_at.push(place);
        }
    }
    found
}

/// Holds the rest of a series against its first part: by the Kolmogorov-Smirnov distance and the Wasserstein distance of a sliding window,
/// and by the watches that may be looked at all the time. Nothing where the first part holds no number or the window no value.
pub fn run_against(series: &[f64], against: Against) -> Vec<Alarms> {
    let (reference, rest) = series.split_at(against.n_reference.min(series.len()));
    let mut found = Vec::new();
    let first = reference.len() as u64;
    // Where a signal begins.
    let mut begins = |name: String, signals: &mut dyn FnMut(f64) -> bool| {
        let (mut alarms, mut was) = (Alarms::of(&name), false);
        for (place, &x) in (first..).zip(rest) {
            let is = signals(x);
            if is && !was {
                alarms.drift_at.push(place);
            }
            was = is;
        }
        found.push(alarms);
    };
    if let Ok(mut window) = SlidingKs::new(reference, against.window, against.alpha) {
        begins(format!("sliding KS, {} values", against.window), &mut |x| window.update(x).drift);
    }
    if let Ok(mut window) = SlidingWasserstein::new(reference, against.window, against.distance) {
        begins(format!("sliding Wasserstein, {} values", against.window), &mut |x| window.update(x).drift);
    }
    if is_errors(series) {
        let n = reference.iter().filter(|x| x.is_finite()).count() as u64;
        let n_ones = reference.iter().filter(|x| **x == 1.0).count() as u64;
        if n > 0 {
            let mut watch = Watch::of_rate(n_ones, n, against.alpha);
            begins("anytime rate".to_owned(), &mut |x| {
                x.is_finite() && watch.update(x).is_some() || watch.alarm().is_some()
            });
        }
    }
    if let Ok(mut watch) = DistributionWatch::new(reference, against.alpha) {
        begins("anytime distribution".to_owned(), &mut |x| watch.update(x) || watch.is_raised());
    }
    found
}

impl Alarms {
    fn of(name: &str) -> Self {
        Self { detector: name.to_owned(), not_run: None, drift_at: Vec::new(), warning_at: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn a_change_is_seen_where_it_is_by_all_that_can_take_the_series() {
        let mut rng = Rng::new(3);
        let series: Vec<f64> = (0..6000).map(|i| rng.normal() + if i < 4000 { 0.0 } else { 1.5 }).collect();
        for detector in Detector::all() {
            let found = run(detector.clone(), &series);
            assert_eq!(found.not_run.is_some(), detector.takes_errors(), "{}", found.detector);
            if found.not_run.is_none() {
                assert!(found.drift_at.iter().any(|at| (4000..4200).contains(at)), "{found:?}");
            }
        }
        let against = Against { n_reference: 2000, window: 500, alpha: 1e-4, distance: 0.3 };
        let found = run_against(&series, against);
        assert_eq!(found.len(), 3);
        for found in &found {
            assert_eq!(found.drift_at.len(), 1, "{found:?}");
            assert!((4000..4300).contains(&found.drift_at[0]), "{found:?}");
        }
        // Errors bring the watch of rates, and missing values are passed over.
        let mut errors: Vec<f64> =
            (0..6000).map(|i| f64::from(u8::from(rng.uniform() < if i < 4000 { 0.1 } else { 0.3 }))).collect();
        errors[4500] = f64::NAN;
        let found = run_against(&errors, against);
        let watch = found.iter().find(|found| found.detector == "anytime rate").unwrap();
        assert!(watch.drift_at.len() == 1 && watch.drift_at[0] >= 4000, "{watch:?}");
        assert!(Detector::all().into_iter().all(|detector| run(detector, &errors).not_run.is_none()));
        assert!(run_against(&[], against).is_empty());
    }
}
