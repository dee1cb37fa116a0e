//! A model's timeline: its comparisons side by side in their order, what else happened meanwhile, and the stretch of the log that
//! somebody chooses on it.

use serde::{Deserialize, Serialize};

use crate::monitor::{Millis, SnapshotHead};
use crate::windows::Stretch;

/// What happened besides comparisons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Millis,
    /// What kind it is of.
    pub kind: EventKind,
    /// What happened, in a sentence.
    pub text: String,
    /// Where there is more about it.
    pub href: Option<String>,
}

/// What kind an [`Event`] is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Another version began to answer.
    Deploy,
    /// An alert began.
    Alert,
    /// An alert began that is merely worth knowing.
    Note,
}

/// Where the `index`th of `n` comparisons stands: a share of the width, 0 to 1.
pub fn place(index: usize, n: usize) -> f64 {
    (index as f64 + 0.5) / n.max(1) as f64
}

/// The comparison nearest to a share of the width; `None` where there is none.
pub fn nearest(share: f64, n: usize) -> Option<usize> {
    let index = (share.clamp(0.0, 1.0) * n as f64) as usize;
    n.checked_sub(1).map(|last| index.min(last))
}

/// Where a moment stands among comparisons, oldest first: between the last one that was made before it and the first one after it.
/// A share of the width; `None` where there are no comparisons.
pub fn place_of_moment(history: &[SnapshotHead], at: Millis) -> Option<f64> {
    let n = history.len();
    let after = history.partition_point(|head| head.created < at);
    let place = match (after.checked_sub(1).map(|before| &history[before]), history.get(after)) {
        (Some(before), Some(next)) => {
            let way = (at - before.created) as f64 / (next.created - before.created).max(1) as f64;
            place(after - 1, n) + way / n as f64
        }
        (None, Some(_)) => place(0, n),
        (Some(_), None) => place(n - 1, n) + 0.25 / n as f64,
        (None, None) => return None,
    };
    Some(place)
}

/// The rows from the window of one comparison to that of another, whichever of them is the earlier one.
pub fn stretch(history: &[SnapshotHead], one: usize, other: usize) -> Option<Stretch> {
    let (from, to) = (history.get(one.min(other))?, history.get(one.max(other))?);
    let (first, end) = (from.window.first, to.window.end);
    (1 <= first && first < end).then(|| Stretch { first, last: end - 1 })
}

/// The first and the last comparison whose windows lie within a stretch of the log.
pub fn covered(history: &[SnapshotHead], stretch: Stretch) -> Option<(usize, usize)> {
    let is_within = |head: &SnapshotHead| head.window.first >= stretch.first && head.window.end <= stretch.last + 1;
    let first = history.iter().position(is_within)?;
    let last = history.iter().rposition(is_within)?;
    Some((first, last))
}

/// Where the axis of shares ends: a share that four equal steps divide well, above every comparison and well above the threshold.
pub fn top(history: &[SnapshotHead], threshold: f64) -> f64 {
    let highest = history.iter().map(|head| head.share_drifted).fold(1.5 * threshold, f64::max);
    [0.04, 0.08, 0.12, 0.2, 0.4, 0.6, 0.8].into_iter().find(|top| *top >= highest).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Window;

    /// Comparisons of 100 rows each, one every second, every second row of windows apart.
    fn history(n: u32) -> Vec<SnapshotHead> {
        let head = |place: u32| {
            let (first, at) = (1 + 200 * u64::from(place), 1000 * Millis::from(place + 1));
            SnapshotHead {
                id: place.to_string(),
                created: at,
                window: Window { first, end: first + 100, from: at - 900, to: at - 100 },
                share_drifted: 0.05 * f64::from(place),
                n_drifted: u64::from(place),
                n_columns: 20,
                data_drifted: false,
                predictions_drifted: None,
                sentence: String::new(),
            }
        };
        (0..n).map(head).collect()
    }

    #[test]
    fn a_place_leads_back_to_its_comparison() {
        for n in 1..40 {
            for index in 0..n {
                assert_eq!(nearest(place(index, n), n), Some(index));
            }
        }
        assert_eq!((nearest(-3.0, 4), nearest(1.0, 4), nearest(0.5, 0)), (Some(0), Some(3), None));
    }

    #[test]
    fn a_moment_stands_between_its_neighbours() {
        let history = history(4);
        assert_eq!(place_of_moment(&history, 1000), Some(place(0, 4)));
        assert_eq!(place_of_moment(&history, 1500), Some(f64::midpoint(place(0, 4), place(1, 4))));
        assert_eq!(place_of_moment(&history, -5), Some(place(0, 4)));
        let late = place_of_moment(&history, 99_000).unwrap();
        assert!(late > place(3, 4) && late < 1.0, "{late}");
        assert_eq!(place_of_moment(&[], 1000), None);
    }

    #[test]
    fn a_stretch_reaches_from_the_earlier_window_to_the_later_one() {
        let history = history(4);
        let chosen = Stretch { first: 201, last: 500 };
        assert_eq!(stretch(&history, 1, 2), Some(chosen));
        assert_eq!(stretch(&history, 2, 1), Some(chosen));
        assert_eq!(covered(&history, chosen), Some((1, 2)));
        assert_eq!(stretch(&history, 1, 4), None);
        // One row less, and the last window is not within it any more.
        assert_eq!(covered(&history, Stretch { first: 201, last: 499 }), Some((1, 1)));
        assert_eq!(covered(&history, Stretch { first: 202, last: 299 }), None);
    }

    #[test]
    fn the_axis_ends_above_everything() {
        assert_eq!(top(&[], 0.1), 0.2);
        assert_eq!(top(&history(9), 0.1), 0.4);
    }
}
