//! Following a model's predictions and labels through the log, each of them once: windows with their figures, and the detectors.
//!
//! The latest rows stay in memory with what was said of them, so that a label finds its row without a look into the log. What is stored
//! is how far the log was read, what the detectors remember, and the figures. After a restart the rows are read again up to there, and
//! a pair of prediction and label of which both lie before that point has been counted.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use tidemark::performance::estimated::Estimated;
use tidemark::performance::windows::Split;
use tidemark::performance::{BinaryPerformance, MulticlassPerformance, RegressionPerformance, Summary};
use tidemark_app::monitor::{Millis, Window};
use tidemark_app::performance::{Alarm, PerformanceWindow, Series};
use tidemark_log::{Answer, Answers, Id, LabelRecord, Line, Outcome, ReadError, Reader, Record, RowsBuilder, Value};

use super::deploys::{Deploy, Deploys};
use super::detectors::{Said, Watches};
use super::estimator::{Estimator, Word};
use super::known::{Known, Reference};
use super::text_of;

/// Rows that labels can still find. A label that comes after so many further predictions is not counted.
pub(super) const MOST_ROWS: usize = 100_000;
/// Records that are taken in at once; the next round takes the rest.
const MOST_AT_ONCE: u64 = 50_000;
/// Labelled rows below which a window says nothing of where a change comes from.
const FEWEST_TO_SPLIT: u64 = 100;

/// How far the following has come: what is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// The next prediction's position.
    next: u64,
    /// The next label's position.
    next_label: u64,
    /// The first row of the window that still fills.
    open: u64,
    /// By which model version or reference the detectors know what to expect.
    mark: String,
    predictions: Option<Watches>,
    errors: Option<Watches>,
    #[serde(default)]
    deploys: Deploys,
}

impl Default for State {
    fn default() -> Self {
        Self {
            next: 1,
            next_label: 1,
            open: 1,
            mark: String::new(),
            predictions: None,
            errors: None,
            deploys: Deploys::default(),
        }
    }
}

impl State {
    /// When other versions began to answer, oldest first.
    pub(super) fn deploys(&self) -> &[Deploy] {
        self.deploys.all()
    }

    /// What watches a series.
    pub(super) const fn watches(&self, series: Series) -> Option<&Watches> {
        match series {
            Series::Predictions => self.predictions.as_ref(),
            Series::Errors => self.errors.as_ref(),
        }
    }
}

/// A row of the log: the class by its place among the names or the number that was said, and the truth in the same way; NaN where it has
/// not come, or is none that the model knows.
#[derive(Debug, Clone)]
struct Row {
    id: Id,
    time: Millis,
    said: f64,
    /// The score of the last class.
    score: f64,
    /// Of more than two classes the score of each; of numbers the losses that its features let expect.
    more: Box<[f64]>,
    truth: f64,
}

impl Row {
    fn word(&self) -> Word<'_> {
        Word { said: self.said, score: self.score, more: &self.more }
    }

    const fn is_labelled(&self) -> bool {
        !self.truth.is_nan() && !self.said.is_nan()
    }
}

/// What a round found.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Found {
    /// Windows that are new or have other figures.
    pub(super) windows: Vec<PerformanceWindow>,
    /// New alarms.
    pub(super) alarms: Vec<Alarm>,
    /// More is left for another round.
    pub(super) is_behind: bool,
}

/// Rows of two classes whose truth is known.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Labelled {
    pub(super) truths: Vec<bool>,
    pub(super) said: Vec<bool>,
    pub(super) scores: Vec<f64>,
}

impl Labelled {
    /// The figures.
    pub(super) fn performance(&self) -> BinaryPerformance {
        BinaryPerformance::of(&self.truths, &self.said, &self.ranked())
    }

    /// Scores to rank by: without one the word is its own.
    pub(super) fn ranked(&self) -> Vec<f64> {
        let score = |(score, said): (&f64, &bool)| if score.is_nan() { f64::from(u8::from(*said)) } else { *score };
        self.scores.iter().zip(&self.said).map(score).collect()
    }
}

/// Follows one model.
pub(in crate::service) struct Follower {
    pub(super) state: State,
    window_rows: u64,
    are_numbers: bool,
    /// Classes in the order of their places.
    names: Vec<String>,
    /// What the reference says.
    known: Arc<Known>,
    rows: VecDeque<Row>,
    /// The position of the first of them.
    first: u64,
    /// Where a row lies, once there are labels.
    places: Option<HashMap<Id, u64>>,
    /// Labels that came before their rows.
    early: HashMap<Id, (Millis, Value)>,
    /// Windows whose rows lie in memory, by their first row.
    windows: BTreeMap<u64, PerformanceWindow>,
    /// Windows with something new, by their first row, and where those end that were closed just now.
    changed: BTreeMap<u64, Option<u64>>,
    alarms: Vec<Alarm>,
}

impl Follower {
    /// Goes on from where the following stood: reads again what is to be remembered.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(super) fn resume(
        reader: &Reader,
        model: &str,
        state: Option<State>,
        windows: Vec<PerformanceWindow>,
        reference: &Reference,
        window_rows: u64,
    ) -> Result<Self, ReadError> {
        let known = &reference.known;
        let mut state = state.unwrap_or_default();
        let positions = reader.positions(&Line::predictions(model));
        // What retention took away, or lay beyond memory before anybody followed, is passed over.
        state.next = state.next.max(positions.start).min(positions.end);
        let reach = MOST_ROWS as u64;
        if state.next < positions.end.saturating_sub(reach) {
            state.next = positions.end - reach;
        }
        state.open = state.open.clamp(positions.start, state.next);
        let first = positions.start.max(state.next.saturating_sub(reach));
        if state.open < first {
            state.open = state.next;
        }
        let mut follower = Self {
            window_rows: window_rows.clamp(1, reach / 2),
            are_numbers: false,
            names: known.classes.clone(),
            known: Arc::clone(known),
            rows: VecDeque::new(),
            first,
            places: None,
            early: HashMap::new(),
            windows: windows.into_iter().map(|window| (window.window.first, window)).collect(),
            changed: BTreeMap::new(),
            alarms: Vec::new(),
            state,
        };
        follower.windows.retain(|start, _| *start >= first);
        let until = follower.state.next;
        read(reader, model, first..until, reference, window_rows, |answer, losses| {
            follower.push(answer, losses);
        })?;
        let label_line = Line::labels(model);
        for chunk in reader.labels(model, reader.positions(&label_line).start..follower.state.next_label) {
            for label in chunk? {
                follower.take_label(label, false);
            }
        }
        follower.changed.clear();
        Ok(follower)
    }

    /// Takes in what is new in the log.
    ///
    /// # Errors
    /// The log cannot be read; what was taken in before stays.
    pub(super) fn round(&mut self, reader: &Reader, model: &str, reference: &Reference) -> Result<Found, ReadError> {
        self.expect(&reference.known);
        let new = self.state.next..reader.end(&Line::predictions(model));
        let until = new.end.min(new.start.saturating_add(MOST_AT_ONCE));
        read(reader, model, new.start..until, reference, self.window_rows, |answer, losses| {
            self.take_prediction(answer, losses);
        })?;
        self.state.next = self.state.next.max(until);
        let labels = self.state.next_label..reader.end(&Line::labels(model));
        let labels_until = labels.end.min(labels.start.saturating_add(MOST_AT_ONCE));
        for chunk in reader.labels(model, labels.start..labels_until) {
            for label in chunk? {
                self.state.next_label = label.position + 1;
                self.take_label(label, true);
            }
        }
        self.state.next_label = self.state.next_label.max(labels_until);
        self.forget();
        Ok(Found {
            windows: self.figures(reference),
            alarms: std::mem::take(&mut self.alarms),
            is_behind: until < new.end || labels_until < labels.end,
        })
    }

    /// Another version or reference is another life of the detectors.
    fn expect(&mut self, known: &Arc<Known>) {
        self.known = Arc::clone(known);
        if self.state.mark != known.mark || self.state.errors.is_none() {
            self.state.mark.clone_from(&known.mark);
            if self.are_numbers {
                // What another version's errors let expect says nothing of this one's.
                self.rows.iter_mut().for_each(|row| row.more = Box::default());
            }
            (self.state.predictions, self.state.errors) = (None, None);
            self.watches_of(known);
        }
    }

    fn watches_of(&mut self, known: &Known) {
        let rate = |rate| Some(Watches::of_rate(rate));
        if self.are_numbers {
            (self.state.predictions, self.state.errors) = self.numbers();
        } else {
            (self.state.predictions, self.state.errors) = (rate(known.n_called()), rate(known.n_wrong()));
        }
    }

    fn push(&mut self, record: Answer, losses: Box<[f64]>) -> usize {
        if self.rows.is_empty() {
            self.first = record.position;
        }
        let answers = &record.stream.layout().answers;
        let said = match (&record.outcome, answers) {
            (Outcome::Number(number), _) => {
                if !self.are_numbers {
                    self.are_numbers = true;
                    (self.state.predictions, self.state.errors) = self.numbers();
                }
                *number
            }
            (Outcome::Class(class), Answers::Classes(classes)) => match classes.get(*class as usize) {
                Some(name) => self.place_of(name),
                None => f64::NAN,
            },
            (Outcome::Class(class), _) => self.place_of(&class.to_string()),
            (Outcome::Label(name), _) => self.place_of(name),
        };
        let score = record.scores.last().copied().unwrap_or(f64::NAN);
        let more = if record.scores.len() > 2 { record.scores.into_boxed_slice() } else { losses };
        let place = self.rows.len();
        if let Some(places) = &mut self.places {
            places.insert(record.id.clone(), record.position);
        }
        self.rows.push_back(Row { id: record.id, time: record.time, said, score, more, truth: f64::NAN });
        place
    }

    /// The detectors of a model that answers with numbers; those that watched it before go on.
    fn numbers(&self) -> (Option<Watches>, Option<Watches>) {
        let known = self.known.numbers();
        let of = |before: &Option<Watches>, series: usize| match before {
            Some(before) if before.is_of_numbers() => Some(before.clone()),
            _ => Some(Watches::of_numbers(known.as_ref().map(|known| known[series].as_slice()))),
        };
        (of(&self.state.predictions, 0), of(&self.state.errors, 1))
    }

    fn place_of(&mut self, name: &str) -> f64 {
        let place = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        place as f64
    }

    /// Whether it answers with more than two classes.
    pub(super) const fn has_several_classes(&self) -> bool {
        !self.are_numbers && self.names.len() > 2
    }

    /// Of two classes the positive one: the later one in the model's order, or else in that of their names.
    pub(super) fn positive(&self) -> Option<(f64, &str)> {
        let [first, second] = self.names.as_slice() else { return None };
        let later = match self.known.classes.as_slice() {
            [_, later] => later,
            _ => first.max(second),
        };
        Some(if later == first { (0.0, first) } else { (1.0, second) })
    }

    fn take_prediction(&mut self, record: Answer, losses: Box<[f64]>) {
        self.state.deploys.take(record.position, record.stream.version(), record.time, self.window_rows);
        let place = self.push(record, losses);
        let position = self.first + place as u64;
        self.state.next = position + 1;
        let row = &self.rows[place];
        let (time, said) = (row.time, row.said);
        let event = if self.are_numbers {
            Some(said)
        } else {
            // With more classes than two there is no rate of one of them.
            let positive = self.positive().map_or(1.0, |(place, _)| place);
            (self.names.len() <= 2 && !said.is_nan()).then(|| f64::from(u8::from(said == positive)))
        };
        if let Some(event) = event {
            self.watch(Series::Predictions, time, event);
        }
        if let Some((received, value)) = self.early.remove(&self.rows[place].id) {
            self.tell_truth(place, &value, received.max(time), true);
        }
        let window = self.state.open;
        let is_full = position + 1 - window >= self.window_rows;
        self.changed.insert(window, is_full.then_some(position + 1));
        if is_full {
            self.state.open = position + 1;
        }
    }

    /// `counts` says whether it is new to the detectors.
    fn take_label(&mut self, record: LabelRecord, counts: bool) {
        let (rows, first) = (&self.rows, self.first);
        let places = self.places.get_or_insert_with(|| {
            rows.iter().zip(first..).map(|(row, position)| (row.id.clone(), position)).collect()
        });
        let Some(position) = places.get(&record.label.id).copied() else {
            if self.early.len() >= MOST_ROWS {
                // Most of them belong to rows that are long gone.
                self.early.clear();
            }
            self.early.insert(record.label.id, (record.received, record.label.value));
            return;
        };
        let place = usize::try_from(position - self.first).expect("as many rows as lie in memory");
        self.tell_truth(place, &record.label.value, record.received, counts);
    }

    fn tell_truth(&mut self, place: usize, value: &Value, at: Millis, counts: bool) {
        let truth = match value {
            Value::Number(number) if self.are_numbers => *number,
            _ if self.are_numbers => f64::NAN,
            value => text_of(value).map_or(f64::NAN, |name| {
                self.names.iter().position(|known| *known == name).map_or_else(
                    // A class that was never said, where the model's own are not known, is one all the same.
                    || if self.names.len() < 2 { self.place_of(&name) } else { f64::NAN },
                    |place| place as f64,
                )
            }),
        };
        let position = self.first + place as u64;
        let row = &mut self.rows[place];
        let is_first = row.truth.is_nan();
        row.truth = truth;
        let said = row.said;
        let known = self.windows.range(..=position).next_back().map(|(start, _)| *start);
        let window = if position >= self.state.open { Some(self.state.open) } else { known };
        if let Some(window) = window {
            self.changed.entry(window).or_default();
        }
        if counts && is_first && !truth.is_nan() && !said.is_nan() {
            let error = if self.are_numbers { (truth - said).abs() } else { f64::from(u8::from(truth != said)) };
            self.watch(Series::Errors, at, error);
        }
    }

    fn watch(&mut self, series: Series, at: Millis, event: f64) {
        let watches = match series {
            Series::Predictions => &mut self.state.predictions,
            Series::Errors => &mut self.state.errors,
        };
        let Some(watches) = watches else { return };
        let said = watches.update(event);
        let (event, recent) = (watches.n(), watches.recent());
        self.alarms.extend(said.into_iter().map(|Said { detector, change }| Alarm {
            at,
            series,
            detector: detector.to_owned(),
            event,
            change,
            recent,
        }));
    }

    /// Lets rows go that lie too far back, with their windows; figures that are stored stay.
    fn forget(&mut self) {
        while self.rows.len() > MOST_ROWS {
            let Some(row) = self.rows.pop_front() else { break };
            self.first += 1;
            if let Some(places) = &mut self.places {
                places.remove(&row.id);
            }
        }
        let first = self.first;
        self.windows.retain(|start, _| *start >= first);
        self.changed.retain(|start, _| *start >= first);
    }

    /// The windows whose rows lie in memory, oldest first.
    pub(super) fn windows(&self) -> impl DoubleEndedIterator<Item = &PerformanceWindow> {
        self.windows.values()
    }

    /// The rows of these positions as far as they lie in memory.
    fn rows_at(&self, positions: Range<u64>) -> impl ExactSizeIterator<Item = &Row> {
        let place = |position: u64| {
            usize::try_from(position.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.rows.len())
        };
        self.rows.range(place(positions.start)..place(positions.end).max(place(positions.start)))
    }

    /// What the scores of these rows let expect; `None` where not all of them lie in memory, or one has no score.
    pub(super) fn estimate(&self, positions: Range<u64>, reference: &Reference) -> Option<Vec<Estimated<String>>> {
        let estimator = reference.estimator(self.window_rows).ok()?;
        let n = usize::try_from(positions.end.checked_sub(positions.start)?).ok()?;
        let rows = self.rows_at(positions.clone());
        if positions.start < self.first || rows.len() != n {
            return None;
        }
        let positive = self.positive().map(|(place, _)| place);
        Some(estimator.estimate(&estimator.said(rows.map(Row::word), positive)?))
    }

    /// What was said to each row of these positions and, where its label has come, what was true, as [`Row`] has them; `None` where not all
    /// of them lie in memory.
    pub(super) fn pairs(&self, positions: Range<u64>) -> Option<Vec<(f64, f64)>> {
        let rows = self.rows_at(positions.clone());
        let is_whole = positions.start >= self.first && rows.len() as u64 == positions.end - positions.start;
        is_whole.then(|| rows.map(|row| (row.said, row.truth)).collect())
    }

    /// Whether it answers with numbers.
    pub(super) const fn answers_with_numbers(&self) -> bool {
        self.are_numbers
    }

    /// The classes in the order of their places.
    pub(super) fn classes(&self) -> &[String] {
        &self.names
    }

    /// The labelled rows of these positions, of a model of two classes.
    pub(super) fn labelled(&self, positions: Range<u64>) -> Option<Labelled> {
        let (positive, _) = self.positive()?;
        let mut found = Labelled::default();
        for row in self.rows_at(positions).filter(|row| row.is_labelled()) {
            found.truths.push(row.truth == positive);
            found.said.push(row.said == positive);
            found.scores.push(row.score);
        }
        Some(found)
    }

    /// The windows that changed, with their figures.
    fn figures(&mut self, reference: &Reference) -> Vec<PerformanceWindow> {
        let changed = std::mem::take(&mut self.changed);
        let mut found = Vec::with_capacity(changed.len());
        for (start, closed) in changed {
            // Windows that were closed keep their bounds, whatever the settings say now.
            let before = self.windows.get(&start).filter(|window| !window.is_open);
            let closed = before.map(|window| window.window.end).or(closed);
            let end = closed.unwrap_or(self.state.next);
            let window = self.window(start..end, closed.is_none(), before, reference);
            let Some(window) = window else { continue };
            self.windows.insert(start, window.clone());
            found.push(window);
        }
        found
    }

    fn window(
        &self,
        positions: Range<u64>,
        is_open: bool,
        before: Option<&PerformanceWindow>,
        reference: &Reference,
    ) -> Option<PerformanceWindow> {
        let times = self.rows_at(positions.clone()).map(|row| row.time);
        let (from, to) = times.fold(None, |ends: Option<(Millis, Millis)>, time| {
            Some(ends.map_or((time, time), |(from, to)| (from.min(time), to.max(time))))
        })?;
        let window = Window { first: positions.start, end: positions.end, from, to };
        let mark = &reference.known.mark;
        // What was expected of a window stays, though the model has another version by now.
        let (by, estimated) = match before {
            Some(before) => (before.by.clone(), before.estimated.clone()),
            None => match self.estimate(positions.clone(), reference) {
                Some(estimated) => (mark.clone(), estimated),
                None => (String::new(), Vec::new()),
            },
        };
        let realised = self.realised(positions.clone(), window.rows());
        let of_before = || before.map(|before| before.splits.clone()).unwrap_or_default();
        let splits = match (&realised, reference.estimator(self.window_rows)) {
            (Some(realised), Ok(estimator)) if by == *mark => self.splits(positions, realised, estimator),
            _ => None,
        };
        Some(PerformanceWindow {
            window,
            n_labelled: realised.as_ref().map_or(0, |summary| summary.n_labelled),
            is_open,
            by,
            estimated,
            splits: splits.unwrap_or_else(of_before),
            realised,
        })
    }

    /// Where the change since the reference comes from; `None` where too few rows are labelled, or one has no score.
    fn splits(&self, positions: Range<u64>, realised: &Summary, estimator: &Estimator) -> Option<Vec<Split<String>>> {
        if realised.n_labelled < FEWEST_TO_SPLIT {
            return None;
        }
        let labelled = self.rows_at(positions).filter(|row| row.is_labelled());
        let said = estimator.said(labelled.map(Row::word), self.positive().map(|(place, _)| place))?;
        Some(estimator.splits(&said, realised))
    }

    /// The figures of the rows whose labels came, of `n_rows`; `None` while there is none.
    fn realised(&self, positions: Range<u64>, n_rows: u64) -> Option<Summary> {
        if let Some(labelled) = self.labelled(positions.clone()) {
            return (!labelled.truths.is_empty()).then(|| Summary::of_binary(n_rows, &labelled.performance()));
        }
        let labelled: Vec<&Row> = self.rows_at(positions).filter(|row| row.is_labelled()).collect();
        if labelled.is_empty() {
            return None;
        }
        if self.are_numbers {
            let (truths, said): (Vec<f64>, Vec<f64>) = labelled.iter().map(|row| (row.truth, row.said)).unzip();
            return Some(Summary::of_regression(n_rows, &RegressionPerformance::of(&truths, &said)));
        }
        let n_classes = self.names.len();
        let (truths, said): (Vec<u32>, Vec<u32>) =
            labelled.iter().map(|row| (row.truth as u32, row.said as u32)).unzip();
        if labelled.iter().any(|row| row.more.len() != n_classes) {
            return Some(super::of_unscored_classes(n_rows, &truths, &said, n_classes));
        }
        let scores: Vec<f64> = labelled.iter().flat_map(|row| row.more.iter().copied()).collect();
        Some(Summary::of_multiclass(n_rows, &MulticlassPerformance::of(&truths, &said, &scores, n_classes)))
    }
}

/// Reads predictions, each with the losses that its features let expect where the estimator looks at features; else these are not read.
fn read(
    reader: &Reader,
    model: &str,
    positions: Range<u64>,
    reference: &Reference,
    window_rows: u64,
    mut take: impl FnMut(Answer, Box<[f64]>),
) -> Result<(), ReadError> {
    let line = Line::predictions(model);
    let estimator = reference.estimator(window_rows).ok().filter(|estimator| estimator.needs_features());
    let Some(estimator) = estimator else {
        for chunk in reader.answers(&line, positions) {
            chunk?.into_iter().for_each(|answer| take(answer, Box::default()));
        }
        return Ok(());
    };
    for chunk in reader.records(&line, positions) {
        let chunk = chunk?;
        let losses = losses(&chunk, estimator).unwrap_or_else(|| vec![Box::default(); chunk.len()]);
        chunk.into_iter().map(Answer::from).zip(losses).for_each(|(answer, losses)| take(answer, losses));
    }
    Ok(())
}

/// The losses that each row lets expect; `None` if one answers with no number.
fn losses(records: &[Record], estimator: &Estimator) -> Option<Vec<Box<[f64]>>> {
    let number = |record: &Record| match record.outcome {
        Outcome::Number(number) if number.is_finite() => Some(number),
        _ => None,
    };
    let said: Vec<f64> = records.iter().map(number).collect::<Option<_>>()?;
    let mut rows = RowsBuilder::default();
    records.iter().cloned().for_each(|record| rows.push(record));
    Some(estimator.losses(&rows.finish().features, &said))
}
