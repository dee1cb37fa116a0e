//! `golden-tails/1`: functions of one point.

use serde_json::{Value, json};

use super::GoldenError;
use super::numbers::{numbers, written};
use crate::stattest::special::{beta_i, log_gamma};
use crate::stattest::{kolmogorov, tails};

pub(super) fn answer(case: &Value) -> Result<Value, GoldenError> {
    let function = case["function"].as_str().ok_or(GoldenError::Malformed { key: "function", expected: "a name" })?;
    let arguments = numbers(case, "args")?;
    // What stands in brackets after the name explains it.
    let name = function.split(" (").next().unwrap_or(function);
    let value = match (name, arguments.as_slice()) {
        ("norm.sf", &[z]) => tails::normal_sf(z),
        ("norm.cdf", &[z]) => tails::normal_cdf(z),
        ("norm.ppf", &[p]) => tails::normal_quantile(p),
        ("chi2.sf", &[x, df]) => tails::chi_square_sf(x, df as u64),
        ("chi2.cdf", &[x, df]) => tails::chi_square_cdf(x, df as u64),
        ("t.sf", &[t, df]) => tails::student_sf(t, df),
        ("f.sf", &[f, df1, df2]) => tails::f_sf(f, df1, df2),
        ("f.cdf", &[f, df1, df2]) => tails::f_cdf(f, df1, df2),
        ("kstwobign.sf", &[x]) => kolmogorov::limit_sf(x),
        ("kstwo.sf", &[x, n]) => kolmogorov::sf(n as u64, x),
        ("betainc", &[a, b, x]) => beta_i(a, b, x, 1.0 - x),
        ("gammaln", &[x]) => log_gamma(x),
        _ => return Err(GoldenError::Unknown(function.to_owned())),
    };
    Ok(json!({ "value": written(value) }))
}
