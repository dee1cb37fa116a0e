//! What is known to be wrong with a method on data like these.

use crate::profile::{ColumnProfile, quantile};
use crate::stattest::binning::{MAX_DISTINCT_UNBINNED, align};
use crate::stattest::{Current, Method, Reference};

/// Below this many current rows an unchanged column passes a distance's threshold in more than 1% of cases.
const FEW_ROWS: u64 = 1000;

/// Values are far out when the range is so many times as wide as the middle 98% of the values.
const FAR_OUT: f64 = 10.0;

/// A category is rare up to this share of the reference.
const RARE_SHARE: f64 = 0.05;

/// The notes on a method's result for these two sides, the most important first.
pub(super) fn notes(
    method: Method,
    is_numerical: bool,
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
) -> Vec<String> {
    let smaller = current.0.n().min(reference.0.n());
    let few_rows = || {
        (current.0.n() < FEW_ROWS).then(|| format!("A fixed threshold on {smaller} rows: chance alone can pass it."))
    };
    let always = |note: &str| Some(note.to_owned());
    let notes = match method {
        Method::ChiSquare => [
            always(
                "Takes the reference as exact, so unchanged data of similar size are flagged far more often than the \
                 threshold says.",
            ),
            None,
        ],
        Method::Wasserstein => [few_rows(), stretched_spread(reference, current)],
        Method::JensenShannon | Method::Psi if is_numerical && reference.0.n_distinct() > MAX_DISTINCT_UNBINNED => {
            [few_rows(), stretched_bins(reference, current)]
        }
        Method::JensenShannon | Method::Psi => [few_rows(), rare_category(reference, current)],
        Method::KlDiv | Method::Hellinger if is_numerical => [stretched_bins(reference, current), None],
        Method::MannWhitney => {
            [always("One-sided: sees a shift upwards only. After a shift downwards p is near 1."), None]
        }
        Method::GTest | Method::FisherExact => [
            always("Takes sides of equal size only. With one row more on either side Evidently raises an error."),
            None,
        ],
        Method::Energy => {
            [always("Not scaled: in another unit the same data have another score, at the same threshold."), None]
        }
        _ => [None, None],
    };
    notes.into_iter().flatten().collect()
}

fn stretched_bins(reference: Reference<&ColumnProfile>, current: Current<&ColumnProfile>) -> Option<String> {
    has_far_values(reference, current).then(|| {
        "A few values far out stretch the bins, which are equally wide: a change of all the others hardly shows."
            .to_owned()
    })
}

fn stretched_spread(reference: Reference<&ColumnProfile>, current: Current<&ColumnProfile>) -> Option<String> {
    has_far_values(reference, current).then(|| {
        "A few values far out swell the standard deviation that the distance is divided by: a change of all the others \
         shows less."
            .to_owned()
    })
}

/// Whether the range of both sides is mostly empty. Looks at six values of each.
fn has_far_values(reference: Reference<&ColumnProfile>, current: Current<&ColumnProfile>) -> bool {
    let sides = [reference.0.sorted(), current.0.sorted()].map(|sorted| sorted.unwrap_or(&[]));
    let span = |low: f64, high: f64| {
        let ends = sides.map(|sorted| (quantile(sorted, low), quantile(sorted, high)));
        let lowest = ends.iter().filter_map(|(low, _)| *low).fold(f64::INFINITY, f64::min);
        let highest = ends.iter().filter_map(|(_, high)| *high).fold(f64::NEG_INFINITY, f64::max);
        highest - lowest
    };
    span(0.0, 1.0) > FAR_OUT * span(0.01, 0.99)
}

fn rare_category(reference: Reference<&ColumnProfile>, current: Current<&ColumnProfile>) -> Option<String> {
    let (r, c) = (reference.0.counts(), current.0.counts());
    let (categories, r, c) = align(Reference(&r), Current(&c));
    let (n, m) = (reference.0.n() as f64, current.0.n() as f64);
    let is_rare = |count: u64, total: f64| count as f64 <= RARE_SHARE * total;
    let mut rare = categories.iter().zip(r.iter().zip(&c)).filter(|(_, (r, c))| is_rare(**r, n) && is_rare(**c, m));
    let (category, _) = rare.next()?;
    let others = if rare.next().is_some() { " and others" } else { "" };
    Some(format!("Hardly moves when a rare category ({category}{others}) becomes many times as frequent."))
}
