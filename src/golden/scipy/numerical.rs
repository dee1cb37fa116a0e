//! Pairs of numerical samples.

use serde_json::{Value, json};

use super::Question;
use crate::golden::GoldenError;
use crate::golden::numbers::{not_tested, numbers, written};
use crate::profile::quantile;
use crate::stattest::{
    Alternative, Current, NotTested, Reference, TestStatistic, anderson_darling, cramer_von_mises, energy,
    epps_singleton, histogram, levene, mann_whitney, moments, smirnov, t_test, wasserstein,
};

/// Both samples, ascending.
pub(super) struct Pair {
    x: Vec<f64>,
    y: Vec<f64>,
    pooled: Vec<f64>,
}

impl Pair {
    pub(super) fn read(case: &Value) -> Result<Self, GoldenError> {
        let sorted = |key| -> Result<Vec<f64>, GoldenError> {
            // Adding zero turns -0 into 0, as a profile does.
            let mut values: Vec<f64> = numbers(case, key)?.into_iter().map(|value| value + 0.0).collect();
            values.sort_unstable_by(f64::total_cmp);
            Ok(values)
        };
        let (x, y) = (sorted("x")?, sorted("y")?);
        let mut pooled = [x.as_slice(), y.as_slice()].concat();
        pooled.sort_unstable_by(f64::total_cmp);
        Ok(Self { x, y, pooled })
    }

    pub(super) fn answer(&self, question: &Question<'_>) -> Result<Value, GoldenError> {
        let (reference, current) = (Reference(self.x.as_slice()), Current(self.y.as_slice()));
        match question.test() {
            "ks_2samp" => self.smirnov(question),
            "mannwhitneyu" => self.mann_whitney(question),
            "ttest_ind" => self.t_test(question),
            "cramervonmises_2samp" => self.cramer_von_mises(question),
            "anderson_ksamp" => Ok(both(anderson_darling::two_sample(reference, current))),
            "epps_singleton_2samp" => Ok(both(epps_singleton::two_sample(reference, current))),
            "levene" => match question.word("center")? {
                "median" => Ok(both(levene::test(reference, current))),
                name => Err(question.unknown("center", name)),
            },
            "energy_distance" => Ok(json!({ "value": written(energy::distance(reference, current)) })),
            "wasserstein_distance" => Ok(json!({ "value": written(wasserstein::distance(reference, current)) })),
            "moments" => Ok(self.moments()),
            "histogram_bin_edges" => self.histogram(question),
            _ => Err(question.unknown_test()),
        }
    }

    fn smirnov(&self, question: &Question<'_>) -> Result<Value, GoldenError> {
        let alternative = question.alternative()?;
        let (n, m) = (self.x.len() as u64, self.y.len() as u64);
        let p_value = match question.word("method")? {
            "auto" => smirnov::PValue::Scipy,
            "exact" => smirnov::PValue::scipy_exact(alternative, n, m),
            "asymp" => smirnov::PValue::Limit,
            name => return Err(question.unknown("method", name)),
        };
        let found = smirnov::test(Reference(&self.x), Current(&self.y), alternative, p_value);
        Ok(match found {
            Ok(found) => json!({
                "statistic": found.d,
                "pvalue": found.p_value,
                "statistic_location": found.at,
                "statistic_sign": if found.reference_is_above { 1.0 } else { -1.0 },
            }),
            Err(reason) => not_tested(&reason),
        })
    }

    fn mann_whitney(&self, question: &Question<'_>) -> Result<Value, GoldenError> {
        let p_value = match question.word("method")? {
            "auto" => mann_whitney::PValue::Scipy,
            "exact" => mann_whitney::PValue::Exact,
            "asymptotic" => mann_whitney::PValue::Normal,
            name => return Err(question.unknown("method", name)),
        };
        let alternative: Alternative = question.alternative()?;
        Ok(both(mann_whitney::test(Reference(&self.x), Current(&self.y), alternative, p_value)))
    }

    fn t_test(&self, question: &Question<'_>) -> Result<Value, GoldenError> {
        let spread = if question.flag("equal_var")? { t_test::Spread::Equal } else { t_test::Spread::Unequal };
        let found = t_test::two_sample(Reference(&self.x), Current(&self.y), question.alternative()?, spread);
        Ok(match found {
            Ok(found) => json!({ "statistic": written(found.t), "pvalue": found.p_value, "df": found.df }),
            Err(reason) => not_tested(&reason),
        })
    }

    fn cramer_von_mises(&self, question: &Question<'_>) -> Result<Value, GoldenError> {
        let p_value = match question.word("method")? {
            "auto" => cramer_von_mises::PValue::Scipy,
            "exact" => cramer_von_mises::PValue::Exact,
            "asymptotic" => cramer_von_mises::PValue::Limit,
            name => return Err(question.unknown("method", name)),
        };
        Ok(both(cramer_von_mises::two_sample(Reference(&self.x), Current(&self.y), p_value)))
    }

    fn moments(&self) -> Value {
        let Some(found) = moments::moments(&self.x) else {
            return not_tested(&NotTested::Empty { n_reference: 0, n_current: self.y.len() as u64 });
        };
        let defined = |value: Option<f64>| written(value.unwrap_or(f64::NAN));
        let quantile = |q| defined(quantile(&self.x, q));
        json!({
            "mean_x": written(found.mean),
            "std_x_ddof0": written(found.std),
            "std_x_ddof1": defined(found.sample_std),
            "skew_x": defined(found.skewness),
            "kurtosis_x": defined(found.excess_kurtosis),
            "q05_x": quantile(0.05),
            "q25_x": quantile(0.25),
            "median_x": quantile(0.5),
            "q75_x": quantile(0.75),
            "q95_x": quantile(0.95),
        })
    }

    fn histogram(&self, question: &Question<'_>) -> Result<Value, GoldenError> {
        let name = question.word("bins")?;
        let rule = histogram::Rule::from_name(name).ok_or_else(|| question.unknown("bins", name))?;
        let edges = histogram::edges(&self.pooled, rule, false);
        Ok(json!({
            "n_bins": edges.len() - 1,
            "first": edges[0],
            "last": edges[edges.len() - 1],
            "width": edges[1] - edges[0],
        }))
    }
}

fn both(found: Result<TestStatistic, NotTested>) -> Value {
    match found {
        Ok(found) => json!({ "statistic": written(found.statistic), "pvalue": found.p_value }),
        Err(reason) => not_tested(&reason),
    }
}
