//! What watches a series event by event: a watch that may be looked at for ever, ADWIN and Page-Hinkley. All of it is plain data, which
//! is stored with how far the log has been read, so that every event counts once.

use serde::{Deserialize, Serialize};
use tidemark::anytime::{Change, DistributionWatch, Watch};
use tidemark::stream::{Adwin, Direction, PageHinkley};
use tidemark_app::performance::{Series, WatchLine};

/// The probability of ever raising a false alarm in a series.
pub(super) const LIFETIME_ALPHA: f64 = 0.01;
/// Where the reference does not say what is usual, so many first events do.
const LEARNT_FROM: u64 = 1000;
/// A shift of numbers, in standard deviations, that PageHinkley passes over. By River's settings (0.005, and a memory that fades) it signals
/// several times in every few thousand normal numbers that do not change: `cargo bench --bench alarms`. With this one, and a memory that
/// does not fade, once in e^(2 · 0.1 · 50) / (2 · 0.1²), about a million.
const NOTHING: f64 = 0.1;
/// The weight of a new event in the recent mean: about the last hundred count.
const RECENT: f64 = 0.01;

/// What detectors said to an event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) detector: &'static str,
    pub(super) change: Option<Change>,
}

/// All that watches a series, with what it remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Watches {
    n: u64,
    recent: Option<f64>,
    scale: Scale,
    /// `None` of numbers that were watched before numbers had one.
    anytime: Option<Anytime>,
    adwin: Adwin,
    page_hinkley: PageHinkley,
}

/// How events come to the detectors whose settings have a unit: rates as they are, numbers in standard deviations of the first ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Scale {
    AsIs,
    Learning { n: u64, first: f64, sum: f64, squares: f64 },
    Learnt { mean: f64, deviation: f64 },
}

/// Watches a rate, or the distribution of numbers, for as long as the model lives, through several alarms: each next watch has half of the probability that is left, so
/// that all together stay below [`LIFETIME_ALPHA`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Anytime {
    alpha: f64,
    level: Level,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Learning { part: u64, whole: u64 },
    Watching { watch: Box<Watch>, part: u64, whole: u64 },
    LearningNumbers { sample: Vec<f64> },
    WatchingNumbers { watch: Box<DistributionWatch> },
}

impl Anytime {
    fn of(known: Option<(u64, u64)>) -> Self {
        let mut anytime = Self { alpha: LIFETIME_ALPHA, level: Level::Learning { part: 0, whole: 0 } };
        if let Some((part, whole)) = known {
            anytime.begin(part, whole);
        }
        anytime
    }

    fn of_numbers(known: Option<&[f64]>) -> Self {
        let mut anytime = Self { alpha: LIFETIME_ALPHA, level: Level::LearningNumbers { sample: Vec::new() } };
        if let Some(known) = known.filter(|known| known.len() as u64 >= LEARNT_FROM) {
            anytime.begin_numbers(known);
        }
        anytime
    }

    /// Numbers that are none to go by are learnt anew.
    fn begin_numbers(&mut self, sample: &[f64]) {
        self.level = match DistributionWatch::new(sample, self.alpha / 2.0) {
            Ok(watch) => {
                self.alpha /= 2.0;
                Level::WatchingNumbers { watch: Box::new(watch) }
            }
            Err(_) => Level::LearningNumbers { sample: Vec::new() },
        };
    }

    const fn is_learning(&self) -> bool {
        matches!(self.level, Level::Learning { .. } | Level::LearningNumbers { .. })
    }

    fn begin(&mut self, part: u64, whole: u64) {
        self.alpha /= 2.0;
        self.level = Level::Watching { watch: Box::new(Watch::of_rate(part, whole, self.alpha)), part, whole };
    }

    /// After an alarm the next events show the level that is watched from then on.
    fn update(&mut self, x: f64) -> Option<Said> {
        let raised = |change| Some(Said { detector: "anytime-valid watch", change });
        match &mut self.level {
            Level::Learning { part, whole } => {
                (*part, *whole) = (*part + u64::from(x > 0.5), *whole + 1);
                if *whole >= LEARNT_FROM {
                    let (part, whole) = (*part, *whole);
                    self.begin(part, whole);
                }
                None
            }
            Level::Watching { watch, .. } => {
                let change = watch.update(x)?;
                self.level = Level::Learning { part: 0, whole: 0 };
                raised(Some(change))
            }
            Level::LearningNumbers { sample } => {
                sample.push(x);
                if sample.len() as u64 >= LEARNT_FROM {
                    let sample = std::mem::take(sample);
                    self.begin_numbers(&sample);
                }
                None
            }
            Level::WatchingNumbers { watch } => {
                if !watch.update(x) {
                    return None;
                }
                self.level = Level::LearningNumbers { sample: Vec::new() };
                raised(None)
            }
        }
    }
}

impl Scale {
    fn of(&mut self, x: f64) -> Option<f64> {
        match self {
            Self::AsIs => Some(x),
            Self::Learning { n, first, sum, squares } => {
                if *n == 0 {
                    *first = x;
                }
                // Numbers may lie far from 0 and near each other.
                let moved = x - *first;
                (*n, *sum, *squares) = (*n + 1, *sum + moved, *squares + moved * moved);
                if *n >= LEARNT_FROM {
                    let mean = *sum / *n as f64;
                    let variance = *squares / *n as f64 - mean * mean;
                    *self = Self::Learnt { mean: *first + mean, deviation: variance.max(0.0).sqrt() };
                }
                None
            }
            Self::Learnt { mean, deviation } => (*deviation > 0.0).then(|| (x - *mean) / *deviation),
        }
    }
}

impl Watches {
    /// Of a rate, of which the reference knows how many of how many, if it does.
    pub(super) fn of_rate(known: Option<(u64, u64)>) -> Self {
        Self::new(Scale::AsIs, Some(Anytime::of(known)), PageHinkley::default())
    }

    /// Of numbers without bounds, of which the reference knows these, if it does.
    pub(super) fn of_numbers(known: Option<&[f64]>) -> Self {
        let page_hinkley = PageHinkley::new(30, NOTHING, 50.0, 1.0, Direction::Both);
        let scale = Scale::Learning { n: 0, first: 0.0, sum: 0.0, squares: 0.0 };
        Self::new(scale, Some(Anytime::of_numbers(known)), page_hinkley)
    }

    fn new(scale: Scale, anytime: Option<Anytime>, page_hinkley: PageHinkley) -> Self {
        Self { n: 0, recent: None, scale, anytime, adwin: Adwin::default(), page_hinkley }
    }

    /// Takes an event in, and says which detectors raised an alarm. What is not finite is no event.
    pub(super) fn update(&mut self, x: f64) -> Vec<Said> {
        if !x.is_finite() {
            return Vec::new();
        }
        self.n += 1;
        // The first hundred count alike.
        let weight = RECENT.max(1.0 / self.n as f64);
        let recent = self.recent.unwrap_or(x);
        self.recent = Some(recent + weight * (x - recent));
        let mut said = Vec::new();
        said.extend(self.anytime.as_mut().and_then(|anytime| anytime.update(x)));
        if let Some(x) = self.scale.of(x) {
            if self.adwin.update(x).drift {
                said.push(Said { detector: "ADWIN", change: None });
            }
            if self.page_hinkley.update(x).drift {
                said.push(Said { detector: "PageHinkley", change: None });
            }
        }
        said
    }

    /// Whether it watches numbers without bounds.
    pub(super) const fn is_of_numbers(&self) -> bool {
        !matches!(self.scale, Scale::AsIs)
    }

    /// Events so far.
    pub(super) const fn n(&self) -> u64 {
        self.n
    }

    /// The mean of about the last hundred events.
    pub(super) fn recent(&self) -> f64 {
        self.recent.unwrap_or_default()
    }

    /// What pages show of it.
    pub(super) fn line(&self, series: Series) -> WatchLine {
        let level = self.anytime.as_ref().map(|anytime| &anytime.level);
        WatchLine {
            series,
            n_events: self.n,
            recent: self.recent,
            expected: match level {
                Some(Level::Watching { part, whole, .. }) => {
                    let share =
                        tidemark::performance::Figure::share(*part, *whole, tidemark::performance::Undefined::NoRows);
                    share.interval().map(|interval| (interval.lower, interval.upper))
                }
                _ => None,
            },
            lifetime_alpha: level.map(|_| LIFETIME_ALPHA),
            is_rate: !self.is_of_numbers(),
            is_learning: self.anytime.as_ref().is_some_and(Anytime::is_learning),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark::random::Rng;

    fn detectors(watches: &mut Watches, rng: &mut Rng, n: usize, rate: f64) -> Vec<(u64, &'static str)> {
        let mut found = Vec::new();
        for _ in 0..n {
            let said = watches.update(f64::from(u8::from(rng.uniform() < rate)));
            found.extend(said.iter().map(|said| (watches.n(), said.detector)));
        }
        found
    }

    #[test]
    fn a_rate_that_the_reference_knows_is_watched_from_the_first_event_on() {
        let mut rng = Rng::new(3);
        let mut watches = Watches::of_rate(Some((400, 4000)));
        assert_eq!(detectors(&mut watches, &mut rng, 5000, 0.1), []);
        let found = detectors(&mut watches, &mut rng, 3000, 0.3);
        for detector in ["anytime-valid watch", "ADWIN", "PageHinkley"] {
            let first = found.iter().find(|(_, name)| *name == detector).map(|(at, _)| *at);
            assert!(first.is_some_and(|at| at < 5600), "{detector}: {found:?}");
        }
        // The new level was learnt, and is what is expected from then on.
        let expected = watches.line(Series::Errors).expected.unwrap();
        assert!(expected.0 < 0.3 && expected.1 > 0.3 && expected.0 > 0.2, "{expected:?}");
        let again = detectors(&mut watches, &mut rng, 3000, 0.3);
        assert!(again.iter().all(|(_, name)| *name != "anytime-valid watch"), "{again:?}");
        assert!(detectors(&mut watches, &mut rng, 3000, 0.05).iter().any(|(_, name)| *name == "anytime-valid watch"));
    }

    #[test]
    fn numbers_are_watched_in_their_own_deviations() {
        let mut rng = Rng::new(4);
        let reference: Vec<f64> = (0..5000).map(|_| 1e9 + rng.normal()).collect();
        for known in [None, Some(reference.as_slice())] {
            let mut watches = Watches::of_numbers(known);
            assert_eq!(watches.line(Series::Predictions).is_learning, known.is_none());
            // Far from 0 beside how they vary.
            let mut feed = |watches: &mut Watches, mean: f64| -> Vec<&str> {
                let said = (0..4000).flat_map(|_| watches.update(1e9 + mean + rng.normal()));
                said.map(|said| said.detector).collect()
            };
            assert!(feed(&mut watches, 0.0).is_empty());
            let found = feed(&mut watches, 1.0);
            for detector in ["anytime-valid watch", "ADWIN", "PageHinkley"] {
                assert!(found.contains(&detector), "{found:?}");
            }
            let line = watches.line(Series::Predictions);
            assert_eq!((line.lifetime_alpha, line.is_rate, line.is_learning), (Some(LIFETIME_ALPHA), false, false));
            assert!(watches.update(f64::NAN).is_empty() && watches.n() == 8000);
        }
    }
}
