use serde::{Deserialize, Serialize};

use super::Signal;
use super::running::Mean;

/// DDM: whether errors have become more frequent than they were at their rarest.
///
/// ```text
/// s_i = sqrt(p_i (1 - p_i) / i);  warning: p_i + s_i > p_min + w s_min;  drift: p_i + s_i > p_min + d s_min
/// ```
/// p_i the share of errors among the first i events, p_min and s_min those of the i at which p_i + s_i was least, w and d the
/// settings. Inputs: 1 for an error, 0 for none. The first events, as many as `warm_start` says, are only counted.
///
/// ```
/// use tidemark::stream::Ddm;
/// let mut detector = Ddm::default();
/// let errors = (0..400).map(|i| f64::from(u8::from(if i < 200 { i % 10 == 0 } else { i % 2 == 0 })));
/// let alarm = errors.into_iter().position(|error| detector.update(error).drift).unwrap();
/// assert!((200..260).contains(&alarm), "{alarm}");
/// ```
///
/// Source: Gama, Medas, Castillo and Rodrigues, "Learning with Drift Detection", SBIA 2004; alarms where River 0.26 has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ddm {
    warm_start: u32,
    warning_threshold: f64,
    drift_threshold: f64,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct State {
    errors: Mean,
    /// p_min and s_min.
    least: Option<(f64, f64)>,
    signal: Signal,
}

impl Default for Ddm {
    /// River's settings: 30 events, 2 and 3 standard deviations.
    fn default() -> Self {
        Self::new(30, 2.0, 3.0)
    }
}

impl Ddm {
    /// The settings of the formula.
    pub fn new(warm_start: u32, warning_threshold: f64, drift_threshold: f64) -> Self {
        Self { warm_start, warning_threshold, drift_threshold, state: State::default() }
    }

    /// Takes an event in.
    pub fn update(&mut self, x: f64) -> Signal {
        if self.state.signal.drift {
            self.state = State::default();
        }
        let state = &mut self.state;
        state.errors.add(x);
        let (p, n) = (state.errors.value, state.errors.n);
        let s = (p * (1.0 - p) / n).max(0.0).sqrt();
        if n > f64::from(self.warm_start) {
            let (p_min, s_min) = state.least.filter(|(p_min, s_min)| p + s > p_min + s_min).unwrap_or((p, s));
            state.least = Some((p_min, s_min));
            let drift = p + s > p_min + self.drift_threshold * s_min;
            let warning = !drift && p + s > p_min + self.warning_threshold * s_min;
            state.signal = Signal { drift, warning };
        }
        state.signal
    }
}
