//! Tables of two by two.

use serde_json::{Value, json};

use super::Question;
use crate::golden::GoldenError;
use crate::golden::numbers::{not_tested, written};
use crate::stattest::{Current, Reference, chi_square, fisher};

/// `[[a, b], [c, d]]`.
pub(super) struct Table([[u64; 2]; 2]);

impl Table {
    pub(super) fn read(value: &Value) -> Result<Self, GoldenError> {
        let cell = |i: usize, j: usize| {
            value[i][j].as_u64().ok_or(GoldenError::Malformed { key: "table", expected: "two rows of two counts" })
        };
        Ok(Self([[cell(0, 0)?, cell(0, 1)?], [cell(1, 0)?, cell(1, 1)?]]))
    }

    pub(super) fn answer(&self, question: &Question<'_>) -> Result<Value, GoldenError> {
        match question.test() {
            "fisher_exact" => self.fisher(question),
            "chi2_contingency" => contingency(question, &self.0[0], &self.0[1]),
            _ => Err(question.unknown_test()),
        }
    }

    pub(super) fn fisher(&self, question: &Question<'_>) -> Result<Value, GoldenError> {
        let Self([[a, b], [c, d]]) = *self;
        let found = fisher::test(Reference((a, a + b)), Current((c, c + d)), question.alternative()?);
        Ok(json!({ "statistic": written(found.statistic), "pvalue": found.p_value }))
    }
}

/// The rows are the sides.
pub(super) fn contingency(question: &Question<'_>, first: &[u64], second: &[u64]) -> Result<Value, GoldenError> {
    let test =
        if question.flag("correction")? { chi_square::homogeneity_with_correction } else { chi_square::homogeneity };
    Ok(match test(Reference(first), Current(second)) {
        Ok(found) => json!({ "statistic": found.statistic, "pvalue": found.p_value, "dof": found.df }),
        Err(reason) => not_tested(&reason),
    })
}
