//! Walking through two ascending samples together, one distinct value at a time.

/// One distinct value of the pooled samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// How many values of each side lie below it: reference, current.
    pub below: [usize; 2],
    /// How many equal it, at least one in all.
    pub equal: [usize; 2],
}

/// The distinct values of both ascending slices, ascending.
pub(super) fn steps<'a>(a: &'a [f64], b: &'a [f64]) -> impl Iterator<Item = Step> + 'a {
    let (mut i, mut j) = (0, 0);
    std::iter::from_fn(move || {
        let value = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => x.min(*y),
            (Some(x), None) => *x,
            (None, Some(y)) => *y,
            (None, None) => return None,
        };
        let equal = [run(&a[i..], value), run(&b[j..], value)];
        let below = [i, j];
        i += equal[0];
        j += equal[1];
        Some(Step { below, equal })
    })
}

/// How many values at the start equal `value`.
fn run(values: &[f64], value: f64) -> usize {
    values.iter().take_while(|other| **other == value).count()
}

/// Shows every value of both ascending slices to `visit`, ascending, and whether it is the reference's; of equal ones those of the
/// reference come first. Which side is next is not to be foretold, so the step is made without a jump: this is the walk
/// that every report takes through every value, and [`steps`] is the one that is easy to read.
#[inline]
pub(super) fn merge(a: &[f64], b: &[f64], mut visit: impl FnMut(f64, bool)) {
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let (x, y) = (a[i], b[j]);
        let is_reference = x <= y;
        i += usize::from(is_reference);
        j += usize::from(!is_reference);
        // Written like this it is one instruction, the smaller of two numbers.
        visit(if y < x { y } else { x }, is_reference);
    }
    a[i..].iter().for_each(|&value| visit(value, true));
    b[j..].iter().for_each(|&value| visit(value, false));
}

/// Shows each two neighbours among the values of both ascending slices to `visit`: their distance, and the gap
/// `|F - G|`, 0 to 1, of the two distribution functions between them.
#[inline]
pub(super) fn gaps(a: &[f64], b: &[f64], mut visit: impl FnMut(f64, f64)) {
    let (n, m) = (a.len() as i64, b.len() as i64);
    let scale = 1.0 / (n as f64 * m as f64);
    // `i m - j n` after `i` and `j` values.
    let mut difference = 0_i64;
    let (Some(&x), Some(&y)) = (a.first(), b.first()) else { return };
    let mut before = x.min(y);
    merge(a, b, |value, is_reference| {
        visit(difference.abs() as f64 * scale, value - before);
        before = value;
        difference += if is_reference { m } else { -n };
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_walk_meets_all_values_in_order_and_the_gaps_between_them() {
        let (a, b) = ([1.0, 2.0, 2.0], [2.0, 3.0]);
        let mut met = Vec::new();
        merge(&a, &b, |value, is_reference| met.push((value, is_reference)));
        assert_eq!(met, [(1.0, true), (2.0, true), (2.0, true), (2.0, false), (3.0, false)]);
        let mut wide = Vec::new();
        gaps(&a, &b, |gap, width| wide.extend((width > 0.0).then_some((gap, width))));
        assert_eq!(wide, [(2.0 * (1.0 / 6.0), 1.0), (3.0 * (1.0 / 6.0), 1.0)]);
    }

    #[test]
    fn ties_within_and_between_the_sides_are_one_step() {
        let found: Vec<_> = steps(&[1.0, 2.0, 2.0], &[2.0, 3.0]).map(|step| (step.below, step.equal)).collect();
        assert_eq!(found, [([0, 0], [1, 0]), ([1, 0], [2, 1]), ([3, 1], [0, 1])]);
        assert_eq!(steps(&[], &[]).count(), 0);
    }
}
