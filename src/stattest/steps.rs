//! Walking through two ascending samples together, one distinct value at a time.

/// One distinct value of the pooled samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// The value.
    pub value: f64,
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
        Some(Step { value, below, equal })
    })
}

/// How many values at the start equal `value`.
fn run(values: &[f64], value: f64) -> usize {
    values.iter().take_while(|other| **other == value).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_within_and_between_the_sides_are_one_step() {
        let found: Vec<_> =
            steps(&[1.0, 2.0, 2.0], &[2.0, 3.0]).map(|step| (step.value, step.below, step.equal)).collect();
        assert_eq!(found, [(1.0, [0, 0], [1, 0]), (2.0, [1, 0], [2, 1]), (3.0, [3, 1], [0, 1])]);
        assert_eq!(steps(&[], &[]).count(), 0);
    }
}
