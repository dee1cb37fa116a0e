//! Numerical columns: the largest gap between both distribution functions.

use super::significance::Significance;
use super::{Options, Side, effects, unsettled};
use crate::judge::{EffectTest, EffectiveSize, TestResult};
use crate::stattest::ks::Walked;
use crate::stattest::serial_dependence::Dependence;
use crate::stattest::{Current, NotTested, Reference, kolmogorov, ks, ks_tail};

/// The Kolmogorov-Smirnov test. Where rows depend on their neighbours, sizes count as divided by the autocorrelation time.
pub(super) fn examine(
    reference: Reference<Side<'_>>,
    current: Current<Side<'_>>,
    walked: Option<&Walked>,
    options: &Options,
) -> TestResult<EffectTest> {
    let sides = [reference.0, current.0].map(|side| side.profile.sorted().unwrap_or(&[]));
    let times =
        if options.ordered { Dependence::times([reference.0.dependence, current.0.dependence]) } else { [None; 2] };
    match walked {
        Some(walked) => of_walk(sides, walked, times, options),
        None => test(Reference(sides[0]), Current(sides[1]), times, options),
    }
}

/// The same of ascending numbers, with the autocorrelation times of the sides that have one.
pub(super) fn test(
    reference: Reference<&[f64]>,
    current: Current<&[f64]>,
    times: [Option<f64>; 2],
    options: &Options,
) -> TestResult<EffectTest> {
    of_walk([reference.0, current.0], &ks::walk(reference, current)?, times, options)
}

fn of_walk([a, b]: [&[f64]; 2], walked: &Walked, times: [Option<f64>; 2], options: &Options) -> TestResult<EffectTest> {
    let found = ks::of_walk(walked, ks::PValue::Fast);
    if a[0] == a[a.len() - 1] && b[0] == b[b.len() - 1] && a[0] == b[0] {
        return Err(NotTested::Constant);
    }
    let (n, m) = (effective_size(a.len(), times[0]), effective_size(b.len(), times[1]));
    let is_dependent = times.iter().any(Option::is_some);
    let significance = if is_dependent { limit(n, m, found.d) } else { exact(n, m, &found) };
    let effect = effects::largest_gap(found.d, n, m, options.min_gap);
    let direction = effects::direction(&found);
    let effective = is_dependent.then_some(EffectiveSize { reference: n, current: m });
    Ok(EffectTest { effective, ..unsettled("Kolmogorov-Smirnov", significance, effect, direction) })
}

fn effective_size(n: usize, autocorrelation_time: Option<f64>) -> u64 {
    autocorrelation_time.map_or(n as u64, |time| (n as f64 / time).max(1.0) as u64)
}

/// The p-value of the test itself. The limit knows of no gap as large as 1, of which the exact one is known for all sizes.
fn exact(n: u64, m: u64, found: &ks::KolmogorovSmirnov) -> Significance {
    if found.d >= 1.0 {
        let ln_p = ks_tail::ln_p(n, m, found.d);
        return Significance::or_ln(libm::exp(ln_p), || ln_p);
    }
    Significance::or_ln(found.p_value, || ks_tail::ln_p(n, m, found.d))
}

/// The limit's p-value, for sizes that are no counts.
pub(super) fn limit(n: u64, m: u64, d: f64) -> Significance {
    let size = (n as f64 * m as f64 / (n + m) as f64).round_ties_even().max(1.0) as u64;
    if d >= 1.0 {
        let ln_p = ks_tail::ln_p(n, m, d);
        return Significance::or_ln(libm::exp(ln_p), || ln_p);
    }
    Significance::or_ln(kolmogorov::sf(size, d), || kolmogorov::ln_sf(size, d))
}
