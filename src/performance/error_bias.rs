//! Which features lie otherwise where a model that predicts a number errs most, to either side.

use serde::{Deserialize, Serialize};

use super::figure::Figure;
use crate::data::{Category, Column, Values};
use crate::profile::quantile;

/// The share of rows on either side whose errors are called large.
const TAIL: f64 = 0.05;

/// What a feature is like among the rows of a kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Typical {
    /// The mean of its numbers.
    Mean {
        /// With its interval.
        mean: Figure,
    },
    /// The most common category.
    MostCommon {
        /// Its name; `None` where nothing is there. Of equals the one that comes first.
        category: Option<String>,
        /// The share of the rows of the kind that it has.
        share: Figure,
    },
}

/// A feature among all rows, and among those that are predicted too low and too high.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureBias {
    /// The feature.
    pub name: String,
    /// Among all rows. Evidently calls this the majority.
    pub all: Typical,
    /// Among the twentieth of rows that is predicted most too low.
    pub under: Typical,
    /// Among the twentieth that is predicted most too high.
    pub over: Typical,
    /// How much they differ, 0 to 100. Of numbers: |mean of `over` - mean of `under`| / (largest - smallest of all) in hundredths; of
    /// categories: 1 if the most common ones are not all the same, else 0. `None` where a mean is missing.
    pub range: Option<f64>,
}

/// What the features of rows with large errors are like.
///
/// Inputs: the features, and one truth and one prediction per row; rows that lack one of these two are left out. An error is prediction -
/// truth, and the tails are its 5% quantiles, interpolated. Missing values of a feature are left out of its means, and are no category.
///
/// ```
/// use tidemark::data::Column;
/// use tidemark::performance::error_bias::error_bias;
/// // Predicted too high where x is large.
/// let x: Vec<f64> = (0..100).map(f64::from).collect();
/// let said: Vec<f64> = x.iter().map(|x| if *x > 90.0 { 2.0 } else { 1.0 - x / 1000.0 }).collect();
/// let found = error_bias(&[&Column::fractions("x", x)], &vec![1.0; 100], &said);
/// assert_eq!(found[0].range, Some(100.0 * (95.0 - 88.0) / 99.0));
/// ```
///
/// Equal to Evidently 0.7, `error_bias_table`, which gives no intervals.
///
/// # Panics
/// When the features, truths and predictions differ in their rows.
pub fn error_bias(features: &[&Column], truths: &[f64], said: &[f64]) -> Vec<FeatureBias> {
    assert_eq!(truths.len(), said.len(), "one prediction per truth");
    assert!(features.iter().all(|feature| feature.len() == truths.len()), "one value per row and feature");
    let errors: Vec<f64> = truths.iter().zip(said).map(|(truth, said)| said - truth).collect();
    let mut sorted: Vec<f64> = errors.iter().copied().filter(|error| error.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (Some(low), Some(high)) = (quantile(&sorted, TAIL), quantile(&sorted, 1.0 - TAIL)) else { return Vec::new() };
    let rows = |is_kind: &dyn Fn(f64) -> bool| -> Vec<usize> {
        (0..errors.len()).filter(|&row| errors[row].is_finite() && is_kind(errors[row])).collect()
    };
    let kinds = [rows(&|_| true), rows(&|error| error <= low), rows(&|error| error >= high)];
    features.iter().map(|feature| bias(feature, &kinds)).collect()
}

fn bias(feature: &Column, kinds: &[Vec<usize>; 3]) -> FeatureBias {
    let name = feature.name.clone();
    if let Values::Numbers(numbers) = &feature.values {
        let values = numbers.as_slice();
        let [all, under, over] = kinds
            .each_ref()
            .map(|rows| rows.iter().map(|&row| values[row]).filter(|value| value.is_finite()).collect::<Vec<f64>>());
        let extreme = |choose: fn(f64, f64) -> f64| all.iter().copied().reduce(choose);
        let figures = [&all, &under, &over].map(|values| Figure::mean(values));
        let range = (|| {
            let apart = (figures[2].value()? - figures[1].value()?).abs();
            Some(if apart == 0.0 { 0.0 } else { 100.0 * apart / (extreme(f64::max)? - extreme(f64::min)?) })
        })();
        let [all, under, over] = figures.map(|mean| Typical::Mean { mean });
        return FeatureBias { name, all, under, over, range };
    }
    let categories = categories(feature);
    let [all, under, over] = kinds.each_ref().map(|rows| most_common(rows, &categories));
    let of = |typical: &Typical| match typical {
        Typical::MostCommon { category, .. } => category.clone(),
        Typical::Mean { .. } => None,
    };
    let is_same = of(&all).is_some() && of(&all) == of(&under) && of(&all) == of(&over);
    FeatureBias { name, all, under, over, range: Some(f64::from(u8::from(!is_same))) }
}

fn categories(column: &Column) -> Vec<Option<Category>> {
    match &column.values {
        Values::Numbers(numbers) => {
            let number = |value: &f64| (!value.is_nan()).then(|| Category::Number(value + 0.0));
            numbers.as_slice().iter().map(number).collect()
        }
        Values::Booleans(values) => values.iter().map(|value| Some(Category::Boolean(*value))).collect(),
        Values::Strings(strings) => {
            strings.iter().map(|name| name.map(|name| Category::Name(name.to_owned()))).collect()
        }
    }
}

fn most_common(rows: &[usize], categories: &[Option<Category>]) -> Typical {
    use std::collections::BTreeMap;
    // Counts, and where a category comes first.
    let mut counts: BTreeMap<&Category, (u64, usize)> = BTreeMap::new();
    for &row in rows {
        if let Some(category) = &categories[row] {
            counts.entry(category).or_insert((0, row)).0 += 1;
        }
    }
    let best = counts.into_iter().max_by(|(_, a), (_, b)| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
    let n = best.as_ref().map_or(0, |(_, (n, _))| *n);
    Typical::MostCommon {
        category: best.map(|(category, _)| category.to_string()),
        share: Figure::share(n, rows.len() as u64, super::Undefined::NoRows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_evidentlys() {
        // evidently 0.7.23, pandas 2.3.3: n = 200, i = 0..n; error e = ((i * 37) % 200 - 100) / 10, truth = 50, prediction = 50 + e,
        // size = ((i * i) % 97) + 3 * e (missing where i % 19 == 0), kind = "low" if e < -9.3 else "high" if e > 8.8 and i % 3 else "mid"
        // d = pd.DataFrame(dict(size=size, kind=kind, t=truth, p=prediction))
        // error_bias_table(d, error_with_quantiles(d, "p", "t", 0.05), ["size"], ["kind"])
        const SIZE: [f64; 4] = [47.611_111_111_111_114, 13.837_500_000_000_002, 70.85, 39.841_020_265_548_565];
        const KIND: [&str; 3] = ["mid", "low", "mid"];
        let e: Vec<f64> = (0..200).map(|i| f64::from((i * 37) % 200 - 100) / 10.0).collect();
        let size = (0..200).map(|i| if i % 19 == 0 { f64::NAN } else { f64::from((i * i) % 97) + 3.0 * e[i as usize] });
        let size = Column::fractions("size", size.collect());
        let kind = (0..200).map(|i: usize| match e[i] {
            e if e < -9.3 => "low",
            e if e > 8.8 && !i.is_multiple_of(3) => "high",
            _ => "mid",
        });
        let kind = Column::strings("kind", kind.map(Some).collect::<Vec<_>>());
        let said: Vec<f64> = e.iter().map(|e| 50.0 + e).collect();
        let found = error_bias(&[&size, &kind], &[50.0; 200], &said);
        let mean = |typical: &Typical| match typical {
            Typical::Mean { mean } => mean.value().unwrap(),
            Typical::MostCommon { .. } => panic!("a number"),
        };
        let means = [mean(&found[0].all), mean(&found[0].under), mean(&found[0].over), found[0].range.unwrap()];
        for (found, expected) in means.into_iter().zip(SIZE) {
            assert!((found - expected).abs() < 1e-9, "{found} for {expected}");
        }
        let category = |typical: &Typical| match typical {
            Typical::MostCommon { category, .. } => category.clone().unwrap(),
            Typical::Mean { .. } => panic!("a category"),
        };
        assert_eq!([&found[1].all, &found[1].under, &found[1].over].map(category), KIND);
        assert_eq!(found[1].range, Some(1.0));
    }

    #[test]
    fn what_does_not_differ_has_no_range_and_nothing_has_no_rows() {
        let truths = vec![1.0; 40];
        let said: Vec<f64> = (0..40).map(f64::from).collect();
        let constant = Column::fractions("c", vec![3.0; 40]);
        let one = Column::strings("k", vec![Some("k"); 40]);
        let empty = Column::strings("n", vec![None; 40]);
        let found = error_bias(&[&constant, &one, &empty], &truths, &said);
        assert_eq!(found.iter().map(|found| found.range).collect::<Vec<_>>(), [Some(0.0), Some(0.0), Some(1.0)]);
        let missing = Column::fractions("m", vec![f64::NAN; 40]);
        assert_eq!(error_bias(&[&missing], &truths, &said)[0].range, None);
        assert!(error_bias(&[&constant], &[f64::NAN; 40], &said).is_empty());
    }
}
