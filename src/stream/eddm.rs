use serde::{Deserialize, Serialize};

use super::Signal;
use super::running::Spread;

/// EDDM: whether errors follow each other faster than they did at their slowest.
///
/// ```text
/// level = (p' + 2 s') / max(p' + 2 s');  warning: level < alpha;  drift: level < beta
/// ```
/// p' and s' the mean and the standard deviation of the numbers of events from one error to the next. Inputs: 1 for an error, 0
/// for none. Nothing is said before there were more than `warm_start` events and errors.
///
/// It suits changes that come slowly; as in River, a level can be reached by chance soon after a restart, and false alarms are
/// many.
///
/// ```
/// use tidemark::stream::Eddm;
/// let mut detector = Eddm::default();
/// let errors = (0..2000).map(|i| f64::from(u8::from(if i < 1000 { i % 20 == 19 } else { i % 3 == 0 })));
/// let alarm = errors.into_iter().position(|error| detector.update(error).drift).unwrap();
/// assert!((1000..1200).contains(&alarm), "{alarm}");
/// ```
///
/// Source: Baena-García and others, "Early Drift Detection Method", IWKDDS 2006; alarms where River 0.26 has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Eddm {
    warm_start: u32,
    alpha: f64,
    beta: f64,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct State {
    distances: Spread,
    n: u64,
    last_error: u64,
    n_errors: u64,
    most: Option<f64>,
    signal: Signal,
}

impl Default for Eddm {
    /// River's settings: 30 events, 0.95 and 0.9.
    fn default() -> Self {
        Self::new(30, 0.95, 0.9)
    }
}

impl Eddm {
    /// The settings of the formula, `alpha` not below `beta`.
    pub fn new(warm_start: u32, alpha: f64, beta: f64) -> Self {
        Self { warm_start, alpha, beta, state: State::default() }
    }

    /// Takes an event in.
    pub fn update(&mut self, x: f64) -> Signal {
        if self.state.signal.drift {
            self.state = State::default();
        }
        let state = &mut self.state;
        state.n += 1;
        if x != 1.0 {
            return state.signal;
        }
        state.n_errors += 1;
        state.distances.add((state.n - state.last_error) as f64);
        state.last_error = state.n;
        if state.n > u64::from(self.warm_start) {
            let far = state.distances.mean.value + 2.0 * state.distances.std();
            match state.most {
                Some(most) if far <= most => {
                    if state.n_errors > u64::from(self.warm_start) {
                        let level = far / most;
                        if level < self.beta {
                            // A warning that was up stays up.
                            state.signal.drift = true;
                        } else {
                            state.signal.warning = level < self.alpha;
                        }
                    }
                }
                _ => state.most = Some(far),
            }
        }
        state.signal
    }
}
