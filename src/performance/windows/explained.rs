//! Where in the current table a model errs.

use serde::{Deserialize, Serialize};

use super::regression::LabelledRows;
use super::{Asked, BinarySide, PerformanceError, column, multiclass, positive_class, regression};
use crate::data::{Column, Dataset};
use crate::performance::error_bias::{FeatureBias, error_bias};
use crate::performance::slices::{Losses, Slice, slices};
use crate::stattest::{Current, Reference};

/// Where a model errs, by the rows whose labels came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// The share of wrong rows, or the mean absolute error, by slices of every feature.
    pub slices: Vec<Slice>,
    /// What the features of rows with large errors are like; empty for classes.
    pub error_bias: Vec<FeatureBias>,
}

/// Looks at the labelled rows of the current table, by the features that were asked for.
///
/// # Errors
/// A column is not there or does not hold what it should.
pub fn explain(
    reference: Reference<&Dataset>,
    current: Current<&Dataset>,
    asked: &Asked,
) -> Result<Explained, PerformanceError> {
    let (reference, current) = (reference.0, current.0);
    let columns: Vec<&Column> =
        asked.features.iter().map(|name| column(current, name, true)).collect::<Result<_, _>>()?;
    let kept =
        |is_labelled: &[bool]| -> Vec<Column> { columns.iter().map(|column| column.keep(is_labelled)).collect() };
    let by_wrong = |wrong: &[Option<bool>]| {
        let is_labelled: Vec<bool> = wrong.iter().map(Option::is_some).collect();
        let (kept, wrong): (_, Vec<bool>) = (kept(&is_labelled), wrong.iter().copied().flatten().collect());
        let found = slices(&kept.iter().collect::<Vec<_>>(), Losses::Wrong(&wrong));
        Explained { slices: found, error_bias: Vec::new() }
    };
    if !asked.class_scores.is_empty() {
        return Ok(by_wrong(&multiclass::wrong(current, asked)?));
    }
    if let Some(score) = &asked.columns.score {
        let target = column(reference, &asked.columns.target, false)?;
        let positive = positive_class(target, asked.columns.positive.as_deref())?;
        let side = BinarySide::read(current, &asked.columns, score, &positive, true)?;
        let wrong: Vec<Option<bool>> =
            side.truths.iter().zip(&side.said).map(|(truth, said)| truth.map(|truth| truth != *said)).collect();
        return Ok(by_wrong(&wrong));
    }
    let LabelledRows { is_labelled, truths, said } = regression::labelled(current, asked)?;
    let kept = kept(&is_labelled);
    let kept: Vec<&Column> = kept.iter().collect();
    let errors: Vec<f64> = truths.iter().zip(&said).map(|(truth, said)| (said - truth).abs()).collect();
    Ok(Explained { slices: slices(&kept, Losses::Numbers(&errors)), error_bias: error_bias(&kept, &truths, &said) })
}

#[cfg(test)]
mod tests {
    use super::super::{Columns, Windows};
    use super::*;
    use crate::data::csv;

    #[test]
    fn wrong_rows_and_large_errors_are_found_where_they_lie() {
        let mut table = String::from("region,y,score,value,said\n");
        for i in 0..400 {
            let (region, is_south) = if i % 4 == 0 { ("south", true) } else { ("north", false) };
            let y = u32::from(i % 2 == 0);
            // Half of the south is called wrong, and its numbers come out too low; every tenth label has not come.
            let score = if (i % 2 == 0) != (is_south && i % 8 == 0) { 0.9 } else { 0.1 };
            let truth = if i % 10 == 9 { String::new() } else { y.to_string() };
            table += &format!("{region},{truth},{score},10,{}\n", if is_south { 5 } else { 10 + i % 2 });
        }
        let data = csv::read(table.as_bytes()).unwrap();
        let columns = Columns {
            target: "y".to_owned(),
            prediction: None,
            score: Some("score".to_owned()),
            positive: None,
            threshold: 0.5,
        };
        let features = vec!["region".to_owned()];
        let asked = Asked { columns, class_scores: Vec::new(), features, windows: Windows::default() };
        let found = explain(Reference(&data), Current(&data), &asked).unwrap();
        assert_eq!(found.slices.iter().map(|slice| slice.n_rows).sum::<u64>(), 360);
        let worse: Vec<bool> = found.slices.iter().map(|slice| slice.is_worse).collect();
        assert_eq!((worse, found.error_bias.len()), (vec![false, true], 0));
        let columns = Columns {
            target: "value".to_owned(),
            prediction: Some("said".to_owned()),
            score: None,
            ..asked.columns.clone()
        };
        let found = explain(Reference(&data), Current(&data), &Asked { columns, ..asked }).unwrap();
        assert_eq!(found.error_bias[0].range, Some(1.0));
        assert!(found.slices[1].is_worse && !found.slices[0].is_worse, "{:?}", found.slices);
    }
}
