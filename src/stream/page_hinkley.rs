use serde::{Deserialize, Serialize};

use super::Signal;
use super::running::Mean;

/// The changes that are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Increases.
    Up,
    /// Decreases.
    Down,
    /// Either.
    #[default]
    Both,
}

/// Page-Hinkley: whether what lies above (or below) the mean of all events has summed up to more than it should.
///
/// ```text
/// U ← α U + (x - mean) - δ,  up: U - min U > λ;   L ← α L + (x - mean) + δ,  down: max L - L > λ
/// ```
/// δ the deviation that is nothing, λ the threshold, α how much of the sums is kept from one event to the next. Inputs: numbers, λ and
/// δ in their unit. The first events, as many as `min_instances` says, raise no alarm.
///
/// ```
/// use tidemark::stream::PageHinkley;
/// let mut detector = PageHinkley::default();
/// let alarm = (0..2000).position(|i| detector.update(f64::from(i % 3) + if i < 1000 { 0.0 } else { 1.0 }).drift).unwrap();
/// assert!((1000..1200).contains(&alarm), "{alarm}");
/// ```
///
/// Source: Page, Biometrika 41, 1954; Hinkley, Biometrika 58(3), 1971; alarms where River 0.26 has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageHinkley {
    min_instances: u32,
    delta: f64,
    threshold: f64,
    alpha: f64,
    direction: Direction,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct State {
    mean: Mean,
    up: f64,
    down: f64,
    /// The least `up`, and the largest `down`.
    ends: Option<(f64, f64)>,
    drift: bool,
}

/// What River takes for the largest sum of decreases before there is one.
const FIRST_MOST: f64 = -1.0;

impl Default for PageHinkley {
    /// River's settings: 30 events, δ = 0.005, λ = 50, α = 0.9999, both directions.
    fn default() -> Self {
        Self::new(30, 0.005, 50.0, 1.0 - 0.0001, Direction::Both)
    }
}

impl PageHinkley {
    /// The settings of the formula.
    pub fn new(min_instances: u32, delta: f64, threshold: f64, alpha: f64, direction: Direction) -> Self {
        Self { min_instances, delta, threshold, alpha, direction, state: State::default() }
    }

    /// Takes an event in.
    pub fn update(&mut self, x: f64) -> Signal {
        if self.state.drift {
            self.state = State::default();
        }
        let state = &mut self.state;
        state.mean.add(x);
        let deviation = x - state.mean.value;
        state.up = self.alpha * state.up + deviation - self.delta;
        state.down = self.alpha * state.down + deviation + self.delta;
        let (least, most) = state.ends.unwrap_or((f64::INFINITY, FIRST_MOST));
        let (least, most) = (least.min(state.up), most.max(state.down));
        state.ends = Some((least, most));
        if state.mean.n >= f64::from(self.min_instances) {
            let is_up = state.up - least > self.threshold;
            let is_down = most - state.down > self.threshold;
            state.drift = match self.direction {
                Direction::Up => is_up,
                Direction::Down => is_down,
                Direction::Both => is_up || is_down,
            };
        }
        Signal::drift_if(state.drift)
    }
}
