//! Which detector suits a stream: a change of a chosen size is put into the stream's own numbers, again and again.

use serde::{Deserialize, Serialize};

use super::Detector;
use crate::anytime::{DistributionWatch, Watch};
use crate::random::{Rng, derive_seed};

/// What is put into the second half of every run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "size", rename_all = "snake_case")]
pub enum Injected {
    /// Every number grows by so many standard deviations of the stream.
    Shift(f64),
    /// Every number moves away from the mean by this factor.
    Scale(f64),
    /// Of a stream of 0 and 1: so large a share of the zeros becomes one.
    Errors(f64),
}

/// How a detector fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fared {
    /// Its name.
    pub detector: String,
    /// Alarms before the change, over all runs.
    pub n_false: u64,
    /// Runs with at least one of them.
    pub n_runs_with_false: u64,
    /// Runs in which the change was never seen.
    pub n_missed: u64,
    /// The mean number of events from the change to the first alarm after it, in runs in which there was one.
    pub mean_delay: Option<f64>,
}

/// What was done, and how each detector fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bench {
    /// What was injected.
    pub injected: Injected,
    /// Runs.
    pub n_runs: u64,
    /// Events before the change in every run, and as many after it.
    pub n_before: u64,
    /// The detectors, in the order of [`Detector::all`], then the watches that may be looked at all the time.
    pub fared: Vec<Fared>,
}

/// A detector, or a watch that knows a reference and may be looked at all the time.
enum Contender {
    Detector(Detector),
    Rate(Watch),
    Distribution(DistributionWatch),
}

impl Contender {
    /// Whether it raises an alarm now.
    fn update(&mut self, x: f64) -> bool {
        match self {
            // FHDDM watches what is right.
            Self::Detector(detector @ Detector::Fhddm(_)) => detector.update(1.0 - x).drift,
            Self::Detector(detector) => detector.update(x).drift,
            Self::Rate(watch) => watch.alarm().is_none() && watch.update(x).is_some(),
            Self::Distribution(watch) => !watch.is_raised() && watch.update(x),
        }
    }
}

/// Probability of any false alarm that the watches are given.
const ALPHA: f64 = 0.05;

/// Runs every detector on `n_runs` streams, each `2 n_before` events drawn from `series` without its order, the second half changed.
///
/// The order is dropped because the stream's own changes would be taken for false alarms; what hangs together from one event to the next is
/// dropped with it, and detectors that take events for independent will fare worse on the stream itself. The watches know the whole series as
/// their reference. Detectors of errors run only where all numbers are 0 or 1. `None` where `series` holds fewer than two finite numbers.
///
/// ```
/// use tidemark::stream::bench::{Injected, bench};
/// let series: Vec<f64> = (0..1000).map(|i| f64::from(i % 17)).collect();
/// let found = bench(&series, Injected::Shift(2.0), 10, 500, 1).unwrap();
/// let adwin = found.fared.iter().find(|fared| fared.detector == "ADWIN").unwrap();
/// assert_eq!((adwin.n_missed, adwin.n_false), (0, 0));
/// assert!(adwin.mean_delay.unwrap() < 100.0);
/// ```
pub fn bench(series: &[f64], injected: Injected, n_runs: u64, n_before: u64, seed: u64) -> Option<Bench> {
    let series: Vec<f64> = series.iter().copied().filter(|x| x.is_finite()).collect();
    if series.len() < 2 {
        return None;
    }
    let (mean, std) = crate::profile::moments(&series);
    let is_error = series.iter().all(|x| [0.0, 1.0].contains(x));
    let change = |x: f64, rng: &mut Rng| match injected {
        Injected::Shift(size) => x + size * std,
        Injected::Scale(factor) => mean + (x - mean) * factor,
        Injected::Errors(share) => {
            if rng.uniform() < share {
                1.0
            } else {
                x
            }
        }
    };
    let fared = contenders(&series, is_error)
        .into_iter()
        .map(|(name, make)| {
            let mut fared = Fared { detector: name, n_false: 0, n_runs_with_false: 0, n_missed: 0, mean_delay: None };
            let (mut delays, mut n_seen) = (0.0, 0.0);
            for run in 0..n_runs {
                let mut rng = Rng::new(derive_seed(seed, run));
                let mut contender = make();
                let mut draw = |is_changed: bool| {
                    let x = series[rng.below(series.len() as u64) as usize];
                    if is_changed { change(x, &mut rng) } else { x }
                };
                let n_false = (0..n_before).filter(|_| contender.update(draw(false))).count() as u64;
                fared.n_false += n_false;
                fared.n_runs_with_false += u64::from(n_false > 0);
                match (1..=n_before).find(|_| contender.update(draw(true))) {
                    Some(delay) => {
                        delays += delay as f64;
                        n_seen += 1.0;
                    }
                    None => fared.n_missed += 1,
                }
            }
            fared.mean_delay = (n_seen > 0.0).then(|| delays / n_seen);
            fared
        })
        .collect();
    Some(Bench { injected, n_runs, n_before, fared })
}

type Make = Box<dyn Fn() -> Contender>;

fn contenders(series: &[f64], is_error: bool) -> Vec<(String, Make)> {
    let detectors = Detector::all().into_iter().filter(|detector| is_error || !detector.takes_errors());
    let mut found: Vec<(String, Make)> = detectors
        .map(|detector| {
            let name = detector.name().to_owned();
            let make: Make = Box::new(move || Contender::Detector(detector.clone()));
            (name, make)
        })
        .collect();
    if is_error {
        let n_ones = series.iter().filter(|x| **x == 1.0).count() as u64;
        let watch = Watch::of_rate(n_ones, series.len() as u64, ALPHA);
        found.push(("anytime rate".to_owned(), Box::new(move || Contender::Rate(watch.clone()))));
    }
    if let Ok(watch) = DistributionWatch::new(series, ALPHA) {
        found.push(("anytime distribution".to_owned(), Box::new(move || Contender::Distribution(watch.clone()))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_bring_their_detectors_and_nothing_injected_is_never_seen() {
        let errors: Vec<f64> = (0..2000).map(|i| f64::from(u8::from(i % 10 == 0))).collect();
        let found = bench(&errors, Injected::Errors(0.4), 20, 600, 3).unwrap();
        assert_eq!(found.fared.len(), 11);
        for name in ["ADWIN", "DDM", "HDDM_A", "anytime rate"] {
            let fared = found.fared.iter().find(|fared| fared.detector == name).unwrap();
            assert!(fared.n_missed <= 1 && fared.mean_delay.unwrap() < 200.0, "{fared:?}");
        }
        let nothing = bench(&errors, Injected::Errors(0.0), 20, 600, 3).unwrap();
        let watch = nothing.fared.iter().find(|fared| fared.detector == "anytime rate").unwrap();
        assert!(watch.n_missed >= 19 && watch.n_runs_with_false <= 1, "{watch:?}");
        // Numbers that are no errors leave the detectors of errors out.
        let numbers: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(bench(&numbers, Injected::Scale(3.0), 2, 100, 1).unwrap().fared.len(), 5);
        assert!(bench(&[f64::NAN, 1.0], Injected::Shift(1.0), 1, 10, 1).is_none());
    }
}
