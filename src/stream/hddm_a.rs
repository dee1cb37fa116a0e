use serde::{Deserialize, Serialize};

use super::Signal;
use super::running::Mean;

/// HDDM-A: whether the mean of what came since some cut lies above (or, two-sided, also below) the mean of what came before it.
///
/// ```text
/// drift: z - x ≥ sqrt(m / 2 ln(2 / δ)),  m = (n_z - n_x) / (n_x n_z)
/// ```
/// z the mean of all n_z events, x that of the first n_x, the cut moving to wherever x + sqrt(ln(1 / δ) / (2 n_x)) was least; δ the
/// confidence asked for (Hoeffding's inequality for averages). Inputs: numbers from 0 to 1, as errors are.
///
/// ```
/// use tidemark::stream::HddmA;
/// let mut detector = HddmA::default();
/// let errors = (0..600).map(|i| f64::from(u8::from(if i < 300 { i % 10 == 0 } else { i % 2 == 0 })));
/// let alarm = errors.into_iter().position(|error| detector.update(error).drift).unwrap();
/// assert!((300..360).contains(&alarm), "{alarm}");
/// ```
///
/// Source: Frías-Blanco and others, "Online and Non-Parametric Drift Detection Methods Based on Hoeffding's Bounds", IEEE TKDE 27(3),
/// 2015; alarms where River 0.26 has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HddmA {
    drift_confidence: f64,
    warning_confidence: f64,
    two_sided: bool,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct State {
    all: Mean,
    /// The first events, up to the cut at which they were lowest.
    lowest: Mean,
    /// The same at which they were highest.
    highest: Mean,
    drift: bool,
}

impl Default for HddmA {
    /// River's settings: 0.001 and 0.005, for increases only.
    fn default() -> Self {
        Self::new(0.001, 0.005, false)
    }
}

impl HddmA {
    /// The confidences of drift and warning, and whether a decrease counts, too.
    pub fn new(drift_confidence: f64, warning_confidence: f64, two_sided: bool) -> Self {
        Self { drift_confidence, warning_confidence, two_sided, state: State::default() }
    }

    /// Takes an event in.
    pub fn update(&mut self, x: f64) -> Signal {
        if self.state.drift {
            self.state = State::default();
        }
        let bound = |n: f64| (1.0 / (2.0 * n) * libm::log(1.0 / self.drift_confidence)).sqrt();
        let state = &mut self.state;
        state.all.add(x);
        let of_all = bound(state.all.n);
        if state.lowest.n == 0.0 || state.lowest.value + bound(state.lowest.n) >= state.all.value + of_all {
            state.lowest = state.all;
        }
        if state.highest.n == 0.0 || state.highest.value - bound(state.highest.n) <= state.all.value - of_all {
            state.highest = state.all;
        }
        let (all, lowest, highest) = (state.all, state.lowest, state.highest);
        let rose = |confidence| all.value - lowest.value >= changed_by(lowest, all, confidence);
        let fell = |confidence| highest.value - all.value >= changed_by(highest, all, confidence);
        let mut signal = Signal::drift_if(rose(self.drift_confidence));
        signal.warning = !signal.drift && rose(self.warning_confidence);
        if self.two_sided {
            if fell(self.drift_confidence) {
                signal.drift = true;
            } else if fell(self.warning_confidence) {
                signal.warning = true;
            }
        }
        self.state.drift = signal.drift;
        signal
    }
}

/// By how much the mean of all must differ from that of the first; more than anything while there is nothing behind the cut.
fn changed_by(first: Mean, all: Mean, confidence: f64) -> f64 {
    if first.n == all.n {
        return f64::INFINITY;
    }
    let m = (all.n - first.n) / first.n * (1.0 / all.n);
    (m / 2.0 * libm::log(2.0 / confidence)).sqrt()
}
