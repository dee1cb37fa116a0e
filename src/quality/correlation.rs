//! How two columns go together: Pearson, Spearman, Kendall and Cramér, and matrices of them.

use serde::{Deserialize, Serialize};

use crate::data::{Column, Values};
use crate::num::Sum;

/// A measure of association between two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CorrelationKind {
    /// [`pearson`]: how close two numerical columns are to a straight line.
    Pearson,
    /// [`spearman`]: the same of their ranks.
    Spearman,
    /// [`kendall`]: pairs of rows that agree in their order, less those that do not.
    Kendall,
    /// [`cramers_v`]: association of two categorical columns.
    #[serde(rename = "cramer_v")]
    CramersV,
}

impl CorrelationKind {
    /// Every kind, in the order of a report.
    pub const ALL: [Self; 4] = [Self::Pearson, Self::Spearman, Self::Kendall, Self::CramersV];

    /// The name, as it is stored; Evidently's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pearson => "pearson",
            Self::Spearman => "spearman",
            Self::Kendall => "kendall",
            Self::CramersV => "cramer_v",
        }
    }

    /// The name a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pearson => "Pearson",
            Self::Spearman => "Spearman",
            Self::Kendall => "Kendall's tau-b",
            Self::CramersV => "Cramér's V",
        }
    }
}

/// How close the points `(x, y)` lie to a straight line.
///
/// ```text
/// r = sum (x - mean x)(y - mean y) / sqrt(sum (x - mean x)^2 * sum (y - mean y)^2)
/// ```
///
/// Inputs: two slices of equal length, row by row. A row in which either value is missing (NaN) or infinite is left
/// out. Score: -1 (a falling line) to 1 (a rising one); 0 is no straight relation. Declines (`None`) with fewer than
/// two rows, when a side is constant, and when the sums leave the finite numbers.
///
/// ```
/// // scipy 1.17: pearsonr([1, 2, 3, 4], [2, 1, 4, 3]).statistic
/// let r = tidemark::quality::correlation::pearson(&[1.0, 2.0, 3.0, 4.0], &[2.0, 1.0, 4.0, 3.0]);
/// assert_eq!(r, Some(0.6));
/// ```
///
/// Source: Pearson, Proceedings of the Royal Society 58 (1895); agrees with `pandas.DataFrame.corr` of pandas 2.3.
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    match complete_pairs(x, y) {
        Some((x, y)) => pearson_of_complete(&x, &y),
        None => pearson_of_complete(x, y),
    }
}

/// How close `y` is to rising or falling with `x`, straight or not: [`pearson`] of the ranks.
///
/// ```text
/// rho = pearson(rank x, rank y),  equal values share the mean of their ranks
/// ```
///
/// Inputs, score and when it declines: as [`pearson`]; ranks are taken among the rows that are complete.
///
/// ```
/// // scipy 1.17: spearmanr([1, 2, 2, 4], [1, 3, 9, 27]).statistic
/// let rho = tidemark::quality::correlation::spearman(&[1.0, 2.0, 2.0, 4.0], &[1.0, 3.0, 9.0, 27.0]).unwrap();
/// assert!((rho - 0.9486832980505138).abs() < 1e-15);
/// ```
///
/// Source: Spearman, American Journal of Psychology 15 (1904); agrees with `pandas.DataFrame.corr` of pandas 2.3.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    match complete_pairs(x, y) {
        Some((x, y)) => pearson_of_complete(&Ranked::of(&x).mean_ranks(), &Ranked::of(&y).mean_ranks()),
        None => pearson_of_complete(&Ranked::of(x).mean_ranks(), &Ranked::of(y).mean_ranks()),
    }
}

/// How much more often two rows agree in the order of `x` and `y` than they disagree (tau-b).
///
/// ```text
/// tau = (C - D) / sqrt((N - T_x)(N - T_y))
/// ```
/// with `C` concordant and `D` discordant pairs of rows among all `N`, and `T_x`, `T_y` the pairs that are tied in `x`,
/// in `y`. Pairs are counted by sorting, in `n log n` steps, and as whole numbers.
///
/// Inputs, score and when it declines: as [`pearson`].
///
/// ```
/// // scipy 1.17: kendalltau([1, 2, 2, 4], [1, 3, 9, 27]).statistic
/// let tau = tidemark::quality::correlation::kendall(&[1.0, 2.0, 2.0, 4.0], &[1.0, 3.0, 9.0, 27.0]).unwrap();
/// assert!((tau - 0.9128709291752769).abs() < 1e-15);
/// ```
///
/// Source: Kendall, Biometrika 33 (1945); Knight, JASA 61 (1966) for the counting; agrees with
/// `scipy.stats.kendalltau` of scipy 1.17.
pub fn kendall(x: &[f64], y: &[f64]) -> Option<f64> {
    match complete_pairs(x, y) {
        Some((x, y)) => kendall_of_ranked(&Ranked::of(&x), &Ranked::of(&y)),
        None => kendall_of_ranked(&Ranked::of(x), &Ranked::of(y)),
    }
}

/// How strongly two categorical columns are associated.
///
/// ```text
/// V = sqrt(X2 / (n * min(r - 1, c - 1))),  X2 = sum (o - e)^2 / e over the r x c table of counts
/// ```
/// where `e` is the product of a cell's row and column totals over `n`. Neither Yates' correction nor one for bias.
///
/// Inputs: two slices of equal length with a number per category, `None` for a missing value; a row with a missing value
/// is left out. Score: 0 (independent) to 1 (one decides the other). Declines (`None`) when a side has fewer than two
/// categories.
///
/// ```
/// // scipy 1.17: contingency.association([[2, 1], [1, 2]], method="cramer")
/// let (x, y) = ([0, 0, 0, 1, 1, 1].map(Some), [0, 0, 1, 0, 1, 1].map(Some));
/// let v = tidemark::quality::correlation::cramers_v(&x, &y).unwrap();
/// assert!((v - 1.0 / 3.0).abs() < 1e-15);
/// ```
///
/// Source: Cramér, "Mathematical Methods of Statistics" (1946), 21.9; agrees with Evidently 0.7, `_cramer_v`.
pub fn cramers_v(x: &[Option<u32>], y: &[Option<u32>]) -> Option<f64> {
    let mut cells: Vec<(u32, u32)> = x.iter().zip(y).filter_map(|(x, y)| x.zip(*y)).collect();
    cells.sort_unstable();
    let n = cells.len() as f64;
    let rows = counts(cells.iter().map(|cell| cell.0));
    let mut second: Vec<u32> = cells.iter().map(|cell| cell.1).collect();
    second.sort_unstable();
    let columns = counts(second.iter().copied());
    let smaller = rows.len().min(columns.len());
    if smaller < 2 {
        return None;
    }
    let total = |counts: &[(u32, u64)], code: u32| {
        counts[counts.binary_search_by_key(&code, |(code, _)| *code).expect("the category was counted")].1 as f64
    };
    let (mut statistic, mut expected_here, mut n_cells) = (Sum::default(), Sum::default(), 0_usize);
    for cell in cells.chunk_by(|a, b| a == b) {
        let expected = total(&rows, cell[0].0) * total(&columns, cell[0].1) / n;
        let difference = cell.len() as f64 - expected;
        statistic.add(difference * difference / expected);
        expected_here.add(expected);
        n_cells += 1;
    }
    // An empty cell adds what was expected in it. All cells together are expected to hold n.
    if n_cells < rows.len() * columns.len() {
        statistic.add(n - expected_here.value());
    }
    Some((statistic.value() / n / (smaller - 1) as f64).sqrt().min(1.0))
}

/// How often each code occurs; the codes ascend.
fn counts(codes: impl Iterator<Item = u32>) -> Vec<(u32, u64)> {
    let mut counts: Vec<(u32, u64)> = Vec::new();
    for code in codes {
        match counts.last_mut() {
            Some((last, count)) if *last == code => *count += 1,
            _ => counts.push((code, 1)),
        }
    }
    counts
}

/// The pairs in which both values are finite, or `None` when all of them are.
fn complete_pairs(x: &[f64], y: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
    let is_complete = |(x, y): &(&f64, &f64)| x.is_finite() && y.is_finite();
    let pairs = || x.iter().zip(y);
    (!pairs().all(|pair| is_complete(&pair)) || x.len() != y.len()).then(|| pairs().filter(is_complete).unzip())
}

fn pearson_of_complete(x: &[f64], y: &[f64]) -> Option<f64> {
    // The mean of equal numbers may differ from them by a rounding, so that spread is looked for here.
    let is_constant = |values: &[f64]| values.iter().all(|value| *value == values[0]);
    if x.len() < 2 || is_constant(x) || is_constant(y) {
        return None;
    }
    let mean = |values: &[f64]| values.iter().copied().collect::<Sum>().value() / values.len() as f64;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let (mut xx, mut yy, mut xy) = (Sum::default(), Sum::default(), Sum::default());
    for (x, y) in x.iter().zip(y) {
        let (dx, dy) = (x - mean_x, y - mean_y);
        xx.add(dx * dx);
        yy.add(dy * dy);
        xy.add(dx * dy);
    }
    let product = xx.value() * yy.value();
    // One root loses less than two do, but the product may leave the range of numbers where the roots do not.
    let scale = if product.is_normal() { product.sqrt() } else { xx.value().sqrt() * yy.value().sqrt() };
    let r = xy.value() / scale;
    r.is_finite().then(|| r.clamp(-1.0, 1.0))
}

/// A column's values as places in their order.
struct Ranked {
    /// Rows by ascending value.
    order: Vec<u32>,
    /// Each row's place among the distinct values, from 0.
    places: Vec<u32>,
    /// How often each distinct value occurs.
    counts: Vec<u32>,
}

impl Ranked {
    /// # Panics
    /// With 2^32 rows or more.
    fn of(values: &[f64]) -> Self {
        let n = u32::try_from(values.len()).expect("fewer than 2^32 rows");
        let mut order: Vec<u32> = (0..n).collect();
        // Adding zero makes -0 and 0 one value. Rows of equal value keep their order, so that nothing hangs on the sort.
        let key = |row: u32| values[row as usize] + 0.0;
        order.sort_unstable_by(|&a, &b| key(a).total_cmp(&key(b)).then(a.cmp(&b)));
        let mut places = vec![0; values.len()];
        let mut counts = Vec::new();
        for run in order.chunk_by(|&a, &b| key(a) == key(b)) {
            for &row in run {
                places[row as usize] = counts.len() as u32;
            }
            counts.push(run.len() as u32);
        }
        Self { order, places, counts }
    }

    /// Ranks from 1; equal values share the mean of theirs.
    fn mean_ranks(&self) -> Vec<f64> {
        let mut below = 0_u64;
        let rank_of_place: Vec<f64> = self
            .counts
            .iter()
            .map(|&count| {
                let rank = below as f64 + (f64::from(count) + 1.0) / 2.0;
                below += u64::from(count);
                rank
            })
            .collect();
        self.places.iter().map(|&place| rank_of_place[place as usize]).collect()
    }

    /// Pairs of rows with equal values.
    fn ties(&self) -> u64 {
        self.counts.iter().map(|&count| pairs(u64::from(count))).sum()
    }
}

const fn pairs(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}

fn kendall_of_ranked(x: &Ranked, y: &Ranked) -> Option<f64> {
    let all = pairs(x.order.len() as u64);
    let (untied_x, untied_y) = (all - x.ties(), all - y.ties());
    if untied_x == 0 || untied_y == 0 {
        return None;
    }
    // y in the order of x; where x is tied, in its own order, so that such pairs count as no disagreement.
    let mut sequence: Vec<u32> = x.order.iter().map(|&row| y.places[row as usize]).collect();
    let mut tied_in_both = 0;
    let mut start = 0;
    for &count in &x.counts {
        let run = &mut sequence[start..start + count as usize];
        start += count as usize;
        // Most runs are of one row where values are fractions.
        if run.len() > 1 {
            run.sort_unstable();
            tied_in_both += run.chunk_by(|a, b| a == b).map(|same| pairs(same.len() as u64)).sum::<u64>();
        }
    }
    let discordant = inversions(sequence);
    let untied = all - x.ties() - y.ties() + tied_in_both;
    let difference = untied as f64 - 2.0 * discordant as f64;
    Some((difference / (untied_x as f64 * untied_y as f64).sqrt()).clamp(-1.0, 1.0))
}

/// Pairs that stand in descending order, counted while sorting.
fn inversions(mut values: Vec<u32>) -> u64 {
    let mut count = 0;
    // Short blocks are sorted where they are.
    for block in values.chunks_mut(BLOCK) {
        for end in 1..block.len() {
            let value = block[end];
            let place = block[..end].iter().rev().take_while(|before| **before > value).count();
            block.copy_within(end - place..end, end - place + 1);
            block[end - place] = value;
            count += place as u64;
        }
    }
    let mut merged = vec![0; values.len()];
    let mut width = BLOCK;
    while width < values.len() {
        for (pair, merged) in values.chunks(2 * width).zip(merged.chunks_mut(2 * width)) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            count += merge_counting(left, right, merged);
        }
        std::mem::swap(&mut values, &mut merged);
        width *= 2;
    }
    count
}

/// Blocks of this length are sorted by insertion.
const BLOCK: usize = 8;

/// Merges two ascending slices, and counts the pairs whose left value is the larger.
fn merge_counting(left: &[u32], right: &[u32], merged: &mut [u32]) -> u64 {
    let (mut i, mut j, mut count) = (0, 0, 0);
    // Which side comes next cannot be foreseen: adding a truth value is faster than a branch on it.
    while i < left.len() && j < right.len() {
        let (from_left, from_right) = (left[i], right[j]);
        let takes_left = from_left <= from_right;
        merged[i + j] = if takes_left { from_left } else { from_right };
        // Everything already taken from the right is smaller than what comes from the left.
        count += if takes_left { j as u64 } else { 0 };
        i += usize::from(takes_left);
        j += usize::from(!takes_left);
    }
    count += ((left.len() - i) * right.len()) as u64;
    let rest = i + j;
    merged[rest..rest + left.len() - i].copy_from_slice(&left[i..]);
    merged[left.len() + j..].copy_from_slice(&right[j..]);
    count
}

/// The association of every column with every other.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationMatrix {
    /// What is measured.
    pub kind: CorrelationKind,
    /// The columns, in order.
    pub columns: Vec<String>,
    /// Row by row; 1 on the diagonal, `None` where the measure declines.
    pub values: Vec<Vec<Option<f64>>>,
}

/// The matrix of `columns` that the kind applies to: columns of numbers, or (for [`CorrelationKind::CramersV`])
/// columns whose values are taken as categories.
///
/// ```
/// use tidemark::data::Column;
/// use tidemark::quality::correlation::{CorrelationKind, matrix};
///
/// let columns = [Column::fractions("a", vec![1.0, 2.0, 3.0]), Column::fractions("b", vec![3.0, 2.0, 1.0])];
/// let found = matrix(CorrelationKind::Kendall, &columns.iter().collect::<Vec<_>>());
/// assert_eq!(found.values, [[Some(1.0), Some(-1.0)], [Some(-1.0), Some(1.0)]]);
/// ```
pub fn matrix(kind: CorrelationKind, columns: &[&Column]) -> CorrelationMatrix {
    matrices(&[kind], columns).pop().expect("one kind, one matrix")
}

/// Several matrices of the same columns; they share the sorting.
pub fn matrices(kinds: &[CorrelationKind], columns: &[&Column]) -> Vec<CorrelationMatrix> {
    let prepared: Vec<Prepared<'_>> = crate::parallel::map(columns, |column| Prepared::of(column, kinds));
    let pairs: Vec<(usize, usize)> = (0..columns.len()).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    let found = crate::parallel::map(&pairs, |&(i, j)| {
        kinds.iter().map(|kind| prepared[i].with(&prepared[j], *kind)).collect::<Vec<_>>()
    });
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let matrix = |(at, &kind): (usize, &CorrelationKind)| {
        let mut values = vec![vec![Some(1.0); columns.len()]; columns.len()];
        for (&(i, j), found) in pairs.iter().zip(&found) {
            values[i][j] = found[at];
            values[j][i] = found[at];
        }
        CorrelationMatrix { kind, columns: names.clone(), values }
    };
    kinds.iter().enumerate().map(matrix).collect()
}

/// What is worked out once per column rather than once per pair.
struct Prepared<'a> {
    numbers: &'a [f64],
    /// Where every value is finite, and ranks are asked for.
    ranked: Option<(Ranked, Vec<f64>)>,
    codes: Vec<Option<u32>>,
}

impl<'a> Prepared<'a> {
    fn of(column: &'a Column, kinds: &[CorrelationKind]) -> Self {
        let numbers = match &column.values {
            Values::Numbers(numbers) => numbers.as_slice(),
            _ => &[],
        };
        let wants_ranks = kinds.iter().any(|kind| matches!(kind, CorrelationKind::Spearman | CorrelationKind::Kendall));
        let is_complete = numbers.iter().all(|value| value.is_finite());
        let ranked = (wants_ranks && is_complete).then(|| {
            let ranked = Ranked::of(numbers);
            let ranks = ranked.mean_ranks();
            (ranked, ranks)
        });
        let codes = if kinds.contains(&CorrelationKind::CramersV) { codes(column) } else { Vec::new() };
        Self { numbers, ranked, codes }
    }

    fn with(&self, other: &Self, kind: CorrelationKind) -> Option<f64> {
        match (kind, &self.ranked, &other.ranked) {
            (CorrelationKind::CramersV, ..) => cramers_v(&self.codes, &other.codes),
            (CorrelationKind::Pearson, ..) => pearson(self.numbers, other.numbers),
            (CorrelationKind::Spearman, Some((_, a)), Some((_, b))) => pearson_of_complete(a, b),
            (CorrelationKind::Spearman, ..) => spearman(self.numbers, other.numbers),
            (CorrelationKind::Kendall, Some((a, _)), Some((b, _))) => kendall_of_ranked(a, b),
            (CorrelationKind::Kendall, ..) => kendall(self.numbers, other.numbers),
        }
    }
}

/// A number per category, in row order; equal numbers are equal categories within this column. Infinite numbers are
/// taken as missing.
pub fn codes(column: &Column) -> Vec<Option<u32>> {
    match &column.values {
        Values::Numbers(numbers) => {
            let values = numbers.as_slice();
            let mut distinct: Vec<f64> =
                values.iter().filter(|value| value.is_finite()).map(|value| value + 0.0).collect();
            distinct.sort_unstable_by(f64::total_cmp);
            distinct.dedup();
            let code = |value: &f64| distinct.binary_search_by(|known| known.total_cmp(&(value + 0.0))).ok();
            values.iter().map(|value| code(value).map(|place| place as u32)).collect()
        }
        Values::Booleans(values) => values.iter().map(|value| Some(u32::from(*value))).collect(),
        Values::Strings(strings) => strings.codes().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    /// Few distinct values, so that ties abound.
    fn sample(rng: &mut Rng, n: usize, distinct: f64) -> Vec<f64> {
        (0..n).map(|_| (rng.uniform() * distinct).floor()).collect()
    }

    #[test]
    fn kendall_equals_the_definition() {
        let mut rng = Rng::new(5);
        for n in [2_usize, 3, 7, 40, 65] {
            for distinct in [2.0, 5.0, 1e9] {
                let (x, y) = (sample(&mut rng, n, distinct), sample(&mut rng, n, distinct));
                let (mut difference, mut untied_x, mut untied_y) = (0.0, 0.0, 0.0);
                for i in 0..n {
                    for j in 0..i {
                        let sign = |values: &[f64]| f64::from(values[i].total_cmp(&values[j]) as i8);
                        difference += sign(&x) * sign(&y);
                        untied_x += sign(&x).abs();
                        untied_y += sign(&y).abs();
                    }
                }
                let expected =
                    if untied_x * untied_y == 0.0 { None } else { Some(difference / f64::sqrt(untied_x * untied_y)) };
                assert_eq!(kendall(&x, &y), expected, "{n} rows of {distinct}");
            }
        }
    }

    #[test]
    fn rows_with_a_missing_or_infinite_value_are_left_out_pair_by_pair() {
        let x = [1.0, 2.0, f64::NAN, 4.0, 5.0, f64::INFINITY];
        let y = [2.0, f64::NAN, 3.0, 1.0, 9.0, 4.0];
        let (x_left, y_left) = ([1.0, 4.0, 5.0], [2.0, 1.0, 9.0]);
        for measure in [pearson, spearman, kendall] {
            assert!(measure(&x, &y).is_some());
            assert_eq!(measure(&x, &y), measure(&x_left, &y_left));
        }
        // pandas 2.3: pd.DataFrame({"x": x, "y": y}).corr(method=...)
        assert!((pearson(&x, &y).unwrap() - 0.606_142_645_655_782_1).abs() < 1e-15);
        let x = [Some(0), Some(1), None, Some(1)];
        assert_eq!(cramers_v(&x, &[Some(3), Some(5), Some(3), None]), Some(1.0));
    }

    #[test]
    fn degenerate_columns_decline() {
        for measure in [pearson, spearman, kendall] {
            assert_eq!(measure(&[], &[]), None);
            assert_eq!(measure(&[1.0], &[2.0]), None);
            assert_eq!(measure(&[0.1; 7], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), None);
        }
        assert_eq!(pearson(&[-f64::MAX, f64::MAX], &[1.0, 2.0]), None);
        assert_eq!(cramers_v(&[Some(1), Some(1)], &[Some(1), Some(2)]), None);
        assert_eq!(cramers_v(&[], &[]), None);
    }

    #[test]
    fn laws_hold_on_random_samples() {
        let mut rng = Rng::new(9);
        for n in [5_usize, 50, 300] {
            let (x, y) = (sample(&mut rng, n, 8.0), sample(&mut rng, n, 8.0));
            let falling: Vec<f64> = x.iter().map(|x| 3.0 - 2.0 * x).collect();
            let bent: Vec<f64> = x.iter().map(|x| libm::exp(*x)).collect();
            for measure in [pearson, spearman, kendall] {
                assert_eq!(measure(&x, &y), measure(&y, &x));
                assert!((measure(&x, &falling).unwrap() + 1.0).abs() < 1e-12);
            }
            assert!((spearman(&x, &bent).unwrap() - 1.0).abs() < 1e-12);
            assert!((kendall(&x, &bent).unwrap() - 1.0).abs() < 1e-12);
            let code = |values: &[f64]| values.iter().map(|value| Some(*value as u32)).collect::<Vec<_>>();
            let v = cramers_v(&code(&x), &code(&y)).unwrap();
            assert!((0.0..=1.0).contains(&v));
            assert!((cramers_v(&code(&y), &code(&x)).unwrap() - v).abs() < 1e-12);
            assert!((cramers_v(&code(&x), &code(&x)).unwrap() - 1.0).abs() < 1e-12);
        }
        // Exactly independent: every cell holds what is expected.
        assert_eq!(cramers_v(&[0, 0, 1, 1].map(Some), &[0, 1, 0, 1].map(Some)), Some(0.0));
    }

    #[test]
    fn a_matrix_holds_what_the_measures_say() {
        let mut rng = Rng::new(2);
        let mut gaps = sample(&mut rng, 90, 6.0);
        gaps[4] = f64::NAN;
        let columns = [
            Column::fractions("a", sample(&mut rng, 90, 6.0)),
            Column::fractions("gaps", gaps),
            Column::fractions("c", sample(&mut rng, 90, 1e6)),
        ];
        let numbers = |i: usize| match &columns[i].values {
            Values::Numbers(numbers) => numbers.as_slice(),
            _ => panic!("numbers"),
        };
        let found = matrices(&CorrelationKind::ALL, &columns.iter().collect::<Vec<_>>());
        for (i, j) in [(1, 0), (2, 0), (2, 1)] {
            assert_eq!(found[0].values[i][j], pearson(numbers(i), numbers(j)));
            assert_eq!(found[1].values[j][i], spearman(numbers(i), numbers(j)));
            assert_eq!(found[2].values[i][j], kendall(numbers(i), numbers(j)));
            assert_eq!(found[3].values[i][j], cramers_v(&codes(&columns[i]), &codes(&columns[j])));
        }
    }
}
