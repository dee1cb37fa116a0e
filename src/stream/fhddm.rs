use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

use super::Signal;

/// FHDDM: whether the share of ones in a sliding window has fallen far below the largest that was seen.
///
/// ```text
/// drift: u_max - u > sqrt(ln(1 / δ) / (2 n))
/// ```
/// u the share of ones among the last n events, u_max the largest such share, δ the probability of a false alarm at one look
/// (Hoeffding's inequality). Inputs: in the paper 1 for a row that was called *right*, so that a fall is a loss. Beside the long
/// window there may be a short one, which reacts faster.
///
/// ```
/// use tidemark::stream::Fhddm;
/// let mut detector = Fhddm::default();
/// let right = (0..600).map(|i| f64::from(u8::from(if i < 300 { i % 10 > 0 } else { i % 2 == 0 })));
/// let alarm = right.into_iter().position(|right| detector.update(right).drift).unwrap();
/// assert!((300..380).contains(&alarm), "{alarm}");
/// ```
///
/// Source: Pesaranghader and Viktor, "Fast Hoeffding Drift Detection Method for Evolving Data Streams", ECML PKDD 2016; alarms where
/// River 0.26 has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fhddm {
    window: usize,
    confidence: f64,
    short_window: Option<usize>,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct State {
    /// The events of the long window but for the newest, once it is full.
    events: VecDeque<f64>,
    sum: f64,
    most: f64,
    most_short: f64,
    drift: bool,
}

impl Default for Fhddm {
    /// River's settings: 100 events, 1e-6, no short window.
    fn default() -> Self {
        Self::new(100, 1e-6, None)
    }
}

impl Fhddm {
    /// The settings of the formula; windows in events, the short one not longer than the long one.
    pub fn new(window: usize, confidence: f64, short_window: Option<usize>) -> Self {
        Self { window, confidence, short_window, state: State::default() }
    }

    /// Takes an event in.
    pub fn update(&mut self, x: f64) -> Signal {
        if self.state.drift {
            self.state = State::default();
        }
        let bound = |n: usize| (libm::log(1.0 / self.confidence) / (2.0 * n as f64)).sqrt();
        let state = &mut self.state;
        state.events.push_back(x);
        state.sum += x;
        if state.events.len() == self.window {
            let share = state.sum / self.window as f64;
            state.most = state.most.max(share);
            let is_short_down = self.short_window.is_some_and(|short| {
                let newest: f64 = state.events.iter().skip(self.window - short).sum();
                let share = newest / short as f64;
                state.most_short = state.most_short.max(share);
                state.most_short - share > bound(short)
            });
            state.drift = is_short_down || state.most - share > bound(self.window);
            state.sum -= state.events.pop_front().unwrap_or(0.0);
        }
        Signal::drift_if(state.drift)
    }
}
