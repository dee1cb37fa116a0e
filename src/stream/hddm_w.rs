use serde::{Deserialize, Serialize};

use super::Signal;

/// HDDM-W: whether the weighted mean of what came since some cut lies above (or, two-sided, also below) the one of what came
/// before it, newer events weighing more.
///
/// ```text
/// drift: w₂ - w₁ > sqrt((b₁ + b₂) ln(1 / δ) / 2)
/// ```
/// w₁ and w₂ the exponentially weighted means before and since the cut, w ← λ x + (1 - λ) w; b the sums of the squared weights,
/// b ← λ² + (1 - λ)² b; δ the confidence asked for (McDiarmid's inequality). The cut moves to wherever the mean of all, plus its own
/// bound, is least. Inputs: numbers from 0 to 1, as errors are.
///
/// ```
/// use tidemark::stream::HddmW;
/// let mut detector = HddmW::default();
/// let errors = (0..600).map(|i| f64::from(u8::from(if i < 300 { i % 10 == 0 } else { i % 2 == 0 })));
/// let alarm = errors.into_iter().position(|error| detector.update(error).drift).unwrap();
/// assert!((300..360).contains(&alarm), "{alarm}");
/// ```
///
/// Source: Frías-Blanco and others, "Online and Non-Parametric Drift Detection Methods Based on Hoeffding's Bounds", IEEE TKDE 27(3),
/// 2015; alarms where River 0.26 has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HddmW {
    drift_confidence: f64,
    warning_confidence: f64,
    lambda: f64,
    two_sided: bool,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct State {
    all: Weighted,
    rise: Cut,
    fall: Cut,
    drift: bool,
}

/// A weighted mean with the sum of its squared weights, where there was an event.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Weighted(Option<(f64, f64)>);

impl Weighted {
    fn add(&mut self, x: f64, lambda: f64) {
        let squares = |before: f64| lambda * lambda + (1.0 - lambda) * (1.0 - lambda) * before;
        self.0 = Some(match self.0 {
            None => (x, squares(1.0)),
            Some((mean, before)) => (lambda * x + (1.0 - lambda) * mean, squares(before)),
        });
    }
}

/// What came before a cut and since.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Cut {
    /// The bound at which it was made.
    at: Option<f64>,
    before: Weighted,
    since: Weighted,
}

impl Cut {
    /// Moves the cut to now if `at` says so, and counts the event behind it if not.
    fn update(&mut self, moves: bool, at: f64, all: Weighted, x: f64, lambda: f64) {
        if moves {
            *self = Self { at: Some(at), before: all, since: Weighted::default() };
        } else {
            self.since.add(x, lambda);
        }
    }

    /// Whether `sign` times the mean rose from before the cut to since.
    fn changed(&self, sign: f64, confidence: f64) -> bool {
        let (Some((before, of_before)), Some((since, of_since))) = (self.before.0, self.since.0) else {
            return false;
        };
        sign * (since - before) > mcdiarmid(of_before + of_since, confidence)
    }
}

fn mcdiarmid(squares: f64, confidence: f64) -> f64 {
    (squares * libm::log(1.0 / confidence) / 2.0).sqrt()
}

impl Default for HddmW {
    /// River's settings: 0.001, 0.005 and λ = 0.05, for increases only.
    fn default() -> Self {
        Self::new(0.001, 0.005, 0.05, false)
    }
}

impl HddmW {
    /// The confidences of drift and warning, the weight of the newest event, and whether a decrease counts, too.
    pub fn new(drift_confidence: f64, warning_confidence: f64, lambda: f64, two_sided: bool) -> Self {
        Self { drift_confidence, warning_confidence, lambda, two_sided, state: State::default() }
    }

    /// Takes an event in.
    pub fn update(&mut self, x: f64) -> Signal {
        if self.state.drift {
            self.state = State::default();
        }
        let (state, lambda) = (&mut self.state, self.lambda);
        state.all.add(x, lambda);
        let (mean, squares) = state.all.0.expect("an event was just added");
        let bound = mcdiarmid(squares, self.drift_confidence);
        let (high, low) = (mean + bound, mean - bound);
        state.rise.update(state.rise.at.is_none_or(|at| high < at), high, state.all, x, lambda);
        state.fall.update(state.fall.at.is_none_or(|at| low > at), low, state.all, x, lambda);
        let mut signal = Signal::drift_if(state.rise.changed(1.0, self.drift_confidence));
        signal.warning = !signal.drift && state.rise.changed(1.0, self.warning_confidence);
        if self.two_sided {
            if state.fall.changed(-1.0, self.drift_confidence) {
                signal.drift = true;
            } else if state.fall.changed(-1.0, self.warning_confidence) {
                signal.warning = true;
            }
        }
        state.drift = signal.drift;
        signal
    }
}
