use serde::{Deserialize, Serialize};

use super::running::Spread;
use super::{Direction, Signal};

/// CUSUM: whether deviations from a level have summed up to more than chance makes of them.
///
/// ```text
/// z = (x - μ) / σ;  U ← max(0, U + z - k),  up: U > h;   L ← max(0, L - z - k),  down: L > h
/// ```
/// μ and σ the mean and the standard deviation of the first events, as many as `warm_start` says; k the deviation that is nothing and
/// h the threshold, both in standard deviations. Where all first events are one, σ is taken as 1.
///
/// With independent normal events, μ and σ known, k = 0.5 and h = 5, a false alarm comes once in 465 events in two directions, and a
/// shift of one standard deviation is seen after 10.4 on average (Montgomery, Statistical Quality Control, table 9.3).
///
/// ```
/// use tidemark::stream::Cusum;
/// let mut detector = Cusum::default();
/// let alarm = (0..1000).position(|i| detector.update(f64::from(i % 3) + if i < 500 { 0.0 } else { 1.5 }).drift).unwrap();
/// assert!((500..520).contains(&alarm), "{alarm}");
/// ```
///
/// Source: Page, "Continuous Inspection Schemes", Biometrika 41, 1954.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cusum {
    warm_start: u32,
    k: f64,
    h: f64,
    direction: Direction,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct State {
    first: Spread,
    up: f64,
    down: f64,
    drift: bool,
}

impl Default for Cusum {
    /// 100 events, k = 0.5 and h = 8 standard deviations, both directions: μ and σ are estimated here, which h = 5 leaves no room for.
    fn default() -> Self {
        Self::new(100, 0.5, 8.0, Direction::Both)
    }
}

impl Cusum {
    /// The settings of the formula.
    pub fn new(warm_start: u32, k: f64, h: f64, direction: Direction) -> Self {
        Self { warm_start, k, h, direction, state: State::default() }
    }

    /// Takes an event in.
    pub fn update(&mut self, x: f64) -> Signal {
        if self.state.drift {
            self.state = State::default();
        }
        let state = &mut self.state;
        if state.first.mean.n < f64::from(self.warm_start) {
            state.first.add(x);
            return Signal::QUIET;
        }
        let std = state.first.std();
        let z = (x - state.first.mean.value) / if std > 0.0 { std } else { 1.0 };
        state.up = (state.up + z - self.k).max(0.0);
        state.down = (state.down - z - self.k).max(0.0);
        let (is_up, is_down) = (state.up > self.h, state.down > self.h);
        state.drift = match self.direction {
            Direction::Up => is_up,
            Direction::Down => is_down,
            Direction::Both => is_up || is_down,
        };
        Signal::drift_if(state.drift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn runs_are_as_long_as_the_handbook_says() {
        // Montgomery, table 9.3: k = 0.5, h = 5 and a shift of one standard deviation: 10.4 events until the alarm, μ and σ known.
        let mut rng = Rng::new(3);
        let mut total = 0;
        for _ in 0..2000 {
            let mut detector = Cusum::new(2, 0.5, 5.0, Direction::Both);
            // Two events whose mean is 0 and whose standard deviation is 1.
            detector.update(std::f64::consts::FRAC_1_SQRT_2);
            detector.update(-std::f64::consts::FRAC_1_SQRT_2);
            total += (1..).find(|_| detector.update(rng.normal() + 1.0).drift).unwrap();
        }
        let mean = f64::from(total) / 2000.0;
        assert!((mean - 10.4).abs() < 0.4, "{mean}");
    }

    #[test]
    fn each_direction_sees_its_own_changes() {
        let alarm = |direction, shift: f64| {
            let mut detector = Cusum::new(100, 0.5, 8.0, direction);
            (0..600).any(|i| detector.update(f64::from(i % 5) + if i < 300 { 0.0 } else { shift }).drift)
        };
        assert!(alarm(Direction::Up, 4.0) && !alarm(Direction::Up, -4.0));
        assert!(alarm(Direction::Down, -4.0) && !alarm(Direction::Down, 4.0));
    }
}
