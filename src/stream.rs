//! Detectors of change in a stream: one number after the other goes in, and each says whether something changed.
//!
//! A detector is plain data: it can be written down after any event and goes on from there. After it signalled drift, the
//! next event starts it anew, as in River. What is not finite is passed over.

use serde::{Deserialize, Serialize};

mod adwin;
pub mod alarms;
pub mod bench;
mod cusum;
mod ddm;
mod eddm;
mod fhddm;
mod hddm_a;
mod hddm_w;
mod kswin;
mod page_hinkley;
mod running;
mod sliding_ks;
mod sliding_wasserstein;

pub use adwin::Adwin;
pub use cusum::Cusum;
pub use ddm::Ddm;
pub use eddm::Eddm;
pub use fhddm::Fhddm;
pub use hddm_a::HddmA;
pub use hddm_w::HddmW;
pub use kswin::Kswin;
pub use page_hinkley::{Direction, PageHinkley};
pub use sliding_ks::SlidingKs;
pub use sliding_wasserstein::SlidingWasserstein;

/// What a detector says after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Signal {
    /// Something changed.
    pub drift: bool,
    /// Something may be about to change.
    pub warning: bool,
}

impl Signal {
    /// Nothing.
    pub const QUIET: Self = Self { drift: false, warning: false };

    const fn drift_if(drift: bool) -> Self {
        Self { drift, warning: false }
    }
}

/// Any of the detectors, with its settings and all that it remembers.
///
/// ```
/// use tidemark::stream::{Detector, PageHinkley};
/// let mut detector = Detector::PageHinkley(PageHinkley::default());
/// let quiet = (0..1000).all(|i| !detector.update(f64::from(i % 2)).drift);
/// // It is written down, read again, and goes on.
/// let stored = serde_json::to_string(&detector).unwrap();
/// let mut detector: Detector = serde_json::from_str(&stored).unwrap();
/// assert!(quiet && (0..200).any(|i| detector.update(f64::from(i % 2) + 2.0).drift));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Detector {
    /// See [`Adwin`].
    Adwin(Adwin),
    /// See [`PageHinkley`].
    PageHinkley(PageHinkley),
    /// See [`Cusum`].
    Cusum(Cusum),
    /// See [`Kswin`].
    Kswin(Kswin),
    /// See [`Ddm`].
    Ddm(Ddm),
    /// See [`Eddm`].
    Eddm(Eddm),
    /// See [`HddmA`].
    HddmA(HddmA),
    /// See [`HddmW`].
    HddmW(HddmW),
    /// See [`Fhddm`].
    Fhddm(Fhddm),
}

impl Detector {
    /// Every detector with its default settings.
    pub fn all() -> Vec<Self> {
        vec![
            Self::Adwin(Adwin::default()),
            Self::PageHinkley(PageHinkley::default()),
            Self::Cusum(Cusum::default()),
            Self::Kswin(Kswin::default()),
            Self::Ddm(Ddm::default()),
            Self::Eddm(Eddm::default()),
            Self::HddmA(HddmA::default()),
            Self::HddmW(HddmW::default()),
            Self::Fhddm(Fhddm::default()),
        ]
    }

    /// The detector's name as it is written in papers.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Adwin(_) => "ADWIN",
            Self::PageHinkley(_) => "PageHinkley",
            Self::Cusum(_) => "CUSUM",
            Self::Kswin(_) => "KSWIN",
            Self::Ddm(_) => "DDM",
            Self::Eddm(_) => "EDDM",
            Self::HddmA(_) => "HDDM_A",
            Self::HddmW(_) => "HDDM_W",
            Self::Fhddm(_) => "FHDDM",
        }
    }

    /// Whether it takes errors only: 1 for a row that was called wrong, 0 for one that was called right.
    pub const fn takes_errors(&self) -> bool {
        matches!(self, Self::Ddm(_) | Self::Eddm(_) | Self::HddmA(_) | Self::HddmW(_) | Self::Fhddm(_))
    }

    /// Takes an event in. One that is not finite changes nothing, and the answer is quiet.
    pub fn update(&mut self, x: f64) -> Signal {
        if !x.is_finite() {
            return Signal::QUIET;
        }
        match self {
            Self::Adwin(detector) => detector.update(x),
            Self::PageHinkley(detector) => detector.update(x),
            Self::Cusum(detector) => detector.update(x),
            Self::Kswin(detector) => detector.update(x),
            Self::Ddm(detector) => detector.update(x),
            Self::Eddm(detector) => detector.update(x),
            Self::HddmA(detector) => detector.update(x),
            Self::HddmW(detector) => detector.update(x),
            Self::Fhddm(detector) => detector.update(x),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    /// Errors that come in one of ten rows, then in six of ten.
    fn errors(rng: &mut Rng, at: usize, n: usize) -> Vec<f64> {
        let chance = |i: usize| if i < at { 0.1 } else { 0.6 };
        (0..n).map(|i| f64::from(u8::from(rng.uniform() < chance(i)))).collect()
    }

    #[test]
    fn a_restart_after_any_event_changes_nothing() {
        let stream = errors(&mut Rng::new(4), 1500, 3000);
        for detector in Detector::all() {
            let (mut kept, mut restarted) = (detector.clone(), detector);
            for (i, &x) in stream.iter().enumerate() {
                if i % 97 == 0 {
                    let text = serde_json::to_string(&restarted).unwrap();
                    restarted = serde_json::from_str(&text).unwrap();
                }
                assert_eq!(kept.update(x), restarted.update(x), "{} at {i}", kept.name());
            }
            assert_eq!(kept, restarted);
        }
    }

    #[test]
    fn every_detector_sees_errors_come_six_times_as_often() {
        for mut detector in Detector::all() {
            let stream = errors(&mut Rng::new(8), 1500, 3000);
            // FHDDM watches what is right, as its paper does.
            let is_right = matches!(detector, Detector::Fhddm(_));
            let alarms: Vec<usize> = (0..3000)
                .filter(|&i| detector.update(if is_right { 1.0 - stream[i] } else { stream[i] }).drift)
                .collect();
            let delay = alarms.iter().find(|&&at| at >= 1500).map(|at| at - 1500);
            assert!(delay.is_some_and(|delay| delay < 400), "{}: {alarms:?}", detector.name());
        }
    }

    #[test]
    fn what_is_not_finite_is_passed_over() {
        for mut detector in Detector::all() {
            let before = detector.clone();
            assert_eq!(detector.update(f64::NAN), Signal::QUIET);
            assert_eq!(detector.update(f64::INFINITY), Signal::QUIET);
            assert_eq!(detector, before, "{}", detector.name());
        }
    }
}
