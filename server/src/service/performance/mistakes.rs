//! Where a model errs, in a window whose labels came.

use tidemark::data::Column;
use tidemark::performance::error_bias::error_bias;
use tidemark::performance::multiclass::confusion_matrix;
use tidemark::performance::ranking::Lift;
use tidemark::performance::slices::{Losses, slices};
use tidemark_app::monitor::Window;
use tidemark_app::performance::Mistakes;
use tidemark_log::{ReadError, Reader};

use super::follow::Follower;
use crate::service::slot::Slot;

/// Features of which it is told what they are like among rows with large errors.
const MOST_BIASED: usize = 10;

/// What was said to the rows of a window and what was true, without their features.
pub(super) struct Labelled {
    window: Window,
    /// NaN where the label has not come.
    pairs: Vec<(f64, f64)>,
    are_numbers: bool,
    classes: Vec<String>,
    lift: Vec<Lift>,
}

impl Labelled {
    /// The rows of a window; `None` where not all of them are at hand.
    pub(super) fn of(window: Window, follower: &Follower) -> Option<Self> {
        let positions = window.first..window.end;
        let of_two = follower.labelled(positions.clone()).filter(|of_two| !of_two.truths.is_empty());
        Some(Self {
            window,
            pairs: follower.pairs(positions)?,
            are_numbers: follower.answers_with_numbers(),
            classes: follower.classes().to_vec(),
            lift: of_two.map(|of_two| of_two.performance().lift).unwrap_or_default(),
        })
    }

    /// Where the model errs; `None` where the log does not have these rows any more.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(super) fn mistakes(self, reader: &Reader, slot: &Slot) -> Result<Option<Mistakes>, ReadError> {
        let Self { window, pairs, are_numbers, classes, lift } = self;
        let rows = reader.rows(&slot.line(), window.first..window.end)?;
        if rows.len() != pairs.len() {
            return Ok(None);
        }
        let is_labelled: Vec<bool> = pairs.iter().map(|(said, truth)| !said.is_nan() && !truth.is_nan()).collect();
        let features: Vec<Column> = rows.features.columns().iter().map(|column| column.keep(&is_labelled)).collect();
        let features: Vec<&Column> = features.iter().collect();
        let labelled = pairs.iter().zip(&is_labelled).filter(|(_, is_labelled)| **is_labelled).map(|(pair, _)| *pair);
        let (said, truths): (Vec<f64>, Vec<f64>) = labelled.unzip();
        let (found, bias) = if are_numbers {
            let errors: Vec<f64> = said.iter().zip(&truths).map(|(said, truth)| (said - truth).abs()).collect();
            (slices(&features, Losses::Numbers(&errors)), error_bias(&features, &truths, &said))
        } else {
            let wrong: Vec<bool> = said.iter().zip(&truths).map(|(said, truth)| said != truth).collect();
            (slices(&features, Losses::Wrong(&wrong)), Vec::new())
        };
        let n_slices = found.len() as u64;
        let mut worse: Vec<_> = found.into_iter().filter(|slice| slice.is_worse).collect();
        worse.sort_by(|a, b| a.p_value.unwrap_or(1.0).total_cmp(&b.p_value.unwrap_or(1.0)));
        let mut error_bias: Vec<_> = bias.into_iter().filter(|feature| feature.range.is_some()).collect();
        error_bias.sort_by(|a, b| b.range.unwrap_or(0.0).total_cmp(&a.range.unwrap_or(0.0)));
        error_bias.truncate(MOST_BIASED);
        let place = |places: &[f64]| -> Vec<u32> { places.iter().map(|place| *place as u32).collect() };
        let confusion = (!are_numbers && classes.len() > 2).then(|| {
            let matrix = confusion_matrix(&place(&truths), &place(&said), classes.len());
            (classes, matrix)
        });
        Ok(Some(Mistakes { window, worse, n_slices, error_bias, confusion, lift }))
    }
}
