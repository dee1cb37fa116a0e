//! A model's performance as pages, the API and metrics show it.

use std::ops::Range;
use std::sync::PoisonError;
use tidemark::performance::value::per_day;
use tidemark::performance::windows::BandsOf;
use tidemark::performance::{Ranking, Values};
use tidemark_app::error::AppError;
use tidemark_app::monitor::Window;
use tidemark_app::performance::{
    Alarm, LatestLabelled, Money, Performance, PerformanceQuery, PerformanceWindow, Series, WatchLine,
};
use tidemark_log::in_bursts;
use tidemark_watch::rules::Performance as Judged;
use tidemark_watch::store::{Figures, StoreError, Watched};

use super::deploys::Deploy;
use super::follow::{Follower, Labelled as OfTwo, State};
use super::mistakes::Labelled;
use crate::service::Service;
use crate::service::leading::{InTerm, or_others};
use crate::service::making::bounds_of;
use crate::service::pages::internal;
use crate::service::slot::Slot;

/// Windows on a page.
const WINDOWS: u64 = 60;
/// Rounds at one tick; what is left then waits for the next one.
const ROUNDS: usize = 4;
/// Alarms on a page.
const ALARMS: u64 = 200;
/// From this share of its labels on, a window says whether the band around its estimate was right.
const NEARLY_ALL: f64 = 0.9;
/// Points of the curve of worth.
const CURVE: usize = 100;
/// What is counted where nobody says what rows are worth: right calls less wrong ones.
const PLAIN: Values = Values { true_positive: 1.0, false_positive: -1.0, false_negative: -1.0, true_negative: 1.0 };

fn log(error: &tidemark_log::ReadError) -> StoreError {
    StoreError::Log(error.to_string())
}

impl Service {
    /// Takes in what is new of a model's predictions and labels, and stores what came of it; on a replica that does not lead it is for
    /// this one's pages alone.
    ///
    /// # Errors
    /// The log cannot be read, or the store not be written; the next round begins again where the last one was stored.
    pub(in crate::service) fn follow(&self, slot: &Slot) -> Result<(), StoreError> {
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        let term = self.store.term();
        // It comes back when all it found is stored; what fails is forgotten, and read again from the store. So is what was found
        // while another replica led, which stored it.
        let mut follower = match followers.remove(slot.name()) {
            Some(follower) if follower.term == term => follower.found,
            _ => self.resume(slot)?,
        };
        for _ in 0..ROUNDS {
            let before = follower.state.clone();
            let round = || follower.round(self.log.reader(), slot.name(), &slot.reference);
            let found = in_bursts(round).map_err(|error| log(&error))?;
            if follower.state == before && found.windows.is_empty() {
                break;
            }
            let is_behind = found.is_behind;
            let of_window = |figures: PerformanceWindow| Figures { window: bounds_of(figures.window), figures };
            let of_alarm = |alarm: Alarm| (alarm.at, alarm.series.name().to_owned(), alarm.detector.clone(), alarm);
            if self.store.leads() {
                let watched = Watched {
                    state: follower.state.clone(),
                    windows: found.windows.into_iter().map(of_window).collect(),
                    alarms: found.alarms.into_iter().map(of_alarm).collect(),
                };
                let saved = self.store.save_performance(slot.name(), term, &watched);
                if or_others(saved)?.is_none() {
                    return Ok(());
                }
            }
            if !is_behind {
                break;
            }
        }
        followers.insert(slot.name().to_owned(), InTerm { term, found: follower });
        Ok(())
    }

    fn resume(&self, slot: &Slot) -> Result<Follower, StoreError> {
        let state: Option<State> = self.store.performance_state(slot.name())?;
        let windows =
            self.store.performance_windows::<PerformanceWindow>(slot.name(), super::follow::MOST_ROWS as u64)?;
        let windows = windows.into_iter().map(|window| window.figures).collect();
        let rows = self.options.window_rows;
        Follower::resume(self.log.reader(), slot.name(), state, windows, &slot.reference, rows)
            .map_err(|error| log(&error))
    }

    /// What the scores of these rows let expect, as far as they are at hand.
    pub(in crate::service) fn expected(&self, slot: &Slot, positions: Range<u64>) -> Judged {
        let followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        let follower = followers.get(slot.name()).map(|follower| &follower.found);
        let estimated = follower.and_then(|follower| follower.estimate(positions, &slot.reference));
        Judged { realised: None, estimated: estimated.unwrap_or_default() }
    }

    /// How a model does.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(in crate::service) fn performance_page(
        &self,
        slot: &Slot,
        query: &PerformanceQuery,
    ) -> Result<Performance, StoreError> {
        let figures = self.window_figures(slot)?;
        let windows = &figures.windows;
        let alarms = self.store.performance_alarms(slot.name(), ALARMS)?;
        let followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        let follower = followers.get(slot.name()).map(|follower| &follower.found);
        let known = &slot.reference.known;
        let latest = follower.and_then(|follower| latest_labelled(windows, follower, query));
        let said = follower.and_then(|follower| Labelled::of(latest_window(windows)?, follower));
        let positive = follower.and_then(Follower::positive).map(|(_, name)| name.to_owned());
        let watches = follower.map(watch_lines).unwrap_or_default();
        drop(followers);
        let read = |said: Labelled| said.mistakes(self.log.reader(), slot).map_err(|error| log(&error));
        let mistakes = said.map(read).transpose()?.flatten();
        Ok(Performance {
            positive: positive.or_else(|| (known.classes.len() == 2).then(|| known.classes[1].clone())),
            watches,
            alarms,
            latest,
            mistakes,
            ..figures
        })
    }

    /// How a model does window by window, and nothing else: what needs no reading in the log.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(in crate::service) fn window_figures(&self, slot: &Slot) -> Result<Performance, StoreError> {
        let windows = self.store.performance_windows::<PerformanceWindow>(slot.name(), WINDOWS)?;
        let windows: Vec<PerformanceWindow> = windows.into_iter().map(|window| window.figures).collect();
        let estimator = slot.reference.estimator(self.options.window_rows);
        Ok(Performance {
            model: slot.name().to_owned(),
            models: self.model_names(),
            positive: None,
            not_estimated: estimator.as_ref().err().map(ToString::to_string),
            reference: estimator.as_ref().ok().map(|estimator| estimator.reference.clone()),
            thresholds: estimator.map(|estimator| estimator.thresholds.clone()).unwrap_or_default(),
            bands: bands(&windows),
            windows,
            watches: Vec::new(),
            alarms: Vec::new(),
            latest: None,
            mistakes: None,
            now: self.now(),
        })
    }

    /// When other versions of a model began to answer, oldest first.
    pub(in crate::service) fn deploys(&self, model: &str) -> Vec<Deploy> {
        let followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.get(model).map(|follower| follower.found.state.deploys().to_vec()).unwrap_or_default()
    }

    /// The latest window that is whole, and the latest one with labels, as they were worked out last.
    pub(crate) fn latest_figures(&self, model: &str) -> [Option<PerformanceWindow>; 2] {
        let followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(InTerm { found: follower, .. }) = followers.get(model) else { return [None, None] };
        let latest =
            |holds: fn(&PerformanceWindow) -> bool| follower.windows().rev().find(|window| holds(window)).cloned();
        let whole = latest(|window| !window.is_open).or_else(|| latest(|_| true));
        [whole, latest(|window| window.n_labelled > 0)]
    }

    /// How many alarms there were of a model, by series and detector.
    pub(crate) fn n_alarms(&self, model: &str) -> Result<Vec<(String, String, u64)>, AppError> {
        self.store.n_performance_alarms(model).map_err(internal)
    }
}

fn watch_lines(follower: &Follower) -> Vec<WatchLine> {
    let state = &follower.state;
    // With more classes than two there is no rate of one of them.
    let predictions = state.watches(Series::Predictions).filter(|_| !follower.has_several_classes());
    [(Series::Predictions, predictions), (Series::Errors, state.watches(Series::Errors))]
        .into_iter()
        .filter_map(|(series, watches)| Some(watches?.line(series)))
        .collect()
}

/// How often the bands were right, in whole windows nearly all of whose labels came.
fn bands(windows: &[PerformanceWindow]) -> Vec<BandsOf<String>> {
    let labelled = || windows.iter().filter(|window| !window.is_open && window.share_labelled() >= NEARLY_ALL);
    let of = |metric: &str| {
        let pairs = labelled().filter_map(|window| {
            let realised = window.realised.as_ref()?.figure(metric)?.value()?;
            let estimated = window.estimate_of(metric)?;
            Some((estimated.value?, estimated.sampling_error, realised))
        });
        BandsOf::of(metric.to_owned(), pairs)
    };
    let mut names: Vec<&str> = Vec::new();
    for found in windows.iter().flat_map(|window| &window.estimated) {
        if !names.contains(&found.metric.as_str()) {
            names.push(&found.metric);
        }
    }
    names.into_iter().filter_map(of).collect()
}

/// The latest window of which most labels came: it says more than a later one with a few.
fn latest_window(windows: &[PerformanceWindow]) -> Option<Window> {
    let most = windows.iter().rev().find(|window| window.n_labelled > 0 && window.share_labelled() >= 0.5);
    Some(most.or_else(|| windows.iter().rev().find(|window| window.n_labelled > 0))?.window)
}

fn latest_labelled(
    windows: &[PerformanceWindow],
    follower: &Follower,
    query: &PerformanceQuery,
) -> Option<LatestLabelled> {
    let window = latest_window(windows)?;
    let labelled = follower.labelled(window.first..window.end)?;
    if labelled.truths.is_empty() {
        return None;
    }
    let performance = labelled.performance();
    let span = u64::try_from(window.to - window.from).unwrap_or(0);
    Some(LatestLabelled {
        window,
        confusion: performance.confusion,
        reliability: performance.reliability.clone(),
        money: money(&labelled, span, query),
    })
}

fn money(labelled: &OfTwo, span_millis: u64, query: &PerformanceQuery) -> Money {
    let values = query.values.unwrap_or(PLAIN);
    let performance = labelled.performance();
    let ranking = Ranking::of(&labelled.truths, &labelled.ranked());
    let best = values.best(&ranking);
    let total = values.total(&performance.confusion);
    let asked = query.threshold.map(|threshold| {
        let confusion = ranking.at(threshold);
        values.worth(tidemark::performance::ranking::Operating { threshold: Some(threshold), confusion })
    });
    let curve = ranking.curve(CURVE).into_iter();
    Money {
        values,
        now: (total, per_day(total, span_millis)),
        best,
        best_per_day: per_day(best.total, span_millis),
        asked,
        curve: curve.filter_map(|at| Some((at.threshold?, values.total(&at.confusion)))).collect(),
    }
}
