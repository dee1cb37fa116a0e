//! Categorical columns: the share of the population that moved, and the rate of what is rare.

use std::borrow::Cow;

use super::significance::Significance;
use super::{Options, effects, total_variation, two_proportions, unsettled};
use crate::data::Category;
use crate::judge::{Direction, EffectTest, TestResult};
use crate::profile::{ColumnProfile, Shape};
use crate::schema::ColumnType;
use crate::stattest::contingency::{self, MonteCarlo};
use crate::stattest::proportions::{RateRatio, Z_95, rate_ratio};
use crate::stattest::tails::{ln_binomial_at_least, ln_chi_square_sf, ln_normal_sf, normal_sf};
use crate::stattest::{Current, NotTested, Reference, chi_square};

/// At most this many categories are named; a column of identifiers has thousands of new ones.
const MAX_NOVELTIES: usize = 20;
/// From this share of distinct values on both sides a column holds identifiers, or free text.
const IDENTIFIER_SHARE: f64 = 0.95;
/// Columns with at most so many categories stand for states, of which a rare one matters by itself: a third kind of fraud. Among the
/// cities of a column of fifty, some always are half as frequent again.
const MAX_STATES: usize = 10;

/// How often each category occurs on both sides, ascending by category.
pub(super) struct Table<'a> {
    categories: Vec<Counted<'a>>,
    n: u64,
    m: u64,
}

#[derive(Clone)]
struct Counted<'a> {
    category: Cow<'a, Category>,
    reference: u64,
    current: u64,
}

impl Counted<'_> {
    const fn pooled(&self) -> u64 {
        self.reference + self.current
    }
}

impl<'a> Table<'a> {
    /// Puts both sides' counts on the union of their categories. No name is copied: there may be a million.
    pub fn of(reference: Reference<&'a ColumnProfile>, current: Current<&'a ColumnProfile>) -> Self {
        let (mut a, mut b) = (counts(reference.0).peekable(), counts(current.0).peekable());
        let mut categories = Vec::new();
        loop {
            let order = match (a.peek(), b.peek()) {
                (Some((x, _)), Some((y, _))) => x.cmp(y),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => break,
            };
            let from_reference = if order.is_le() { a.next() } else { None };
            let from_current = if order.is_ge() { b.next() } else { None };
            let reference = from_reference.as_ref().map_or(0, |(_, count)| *count);
            let current = from_current.as_ref().map_or(0, |(_, count)| *count);
            if let Some((category, _)) = from_reference.or(from_current) {
                categories.push(Counted { category, reference, current });
            }
        }
        Self { categories, n: reference.0.n(), m: current.0.n() }
    }

    /// Categories that only the current data have, and those that only the reference has, the most frequent first.
    pub fn novelties(&self) -> (Vec<String>, Vec<String>) {
        let only = |here: fn(&Counted<'_>) -> u64, there: fn(&Counted<'_>) -> u64| {
            let is_only_here = |(_, counted): &(usize, &Counted<'_>)| here(counted) > 0 && there(counted) == 0;
            let mut only: Vec<_> = self.categories.iter().enumerate().filter(is_only_here).collect();
            // Places order as the categories do, and take no look at them.
            let order =
                |a: &(usize, &Counted<'_>), b: &(usize, &Counted<'_>)| here(b.1).cmp(&here(a.1)).then(a.0.cmp(&b.0));
            if only.len() > MAX_NOVELTIES {
                only.select_nth_unstable_by(MAX_NOVELTIES - 1, order);
                only.truncate(MAX_NOVELTIES);
            }
            only.sort_by(order);
            only.into_iter().map(|(_, counted)| counted.category.to_string()).collect()
        };
        (only(|c| c.current, |c| c.reference), only(|c| c.reference, |c| c.current))
    }

    fn sides(categories: &[Counted<'_>]) -> (Vec<u64>, Vec<u64>) {
        categories.iter().map(|counted| (counted.reference, counted.current)).unzip()
    }

    /// Whether nearly every value of both sides occurs once.
    fn identifiers(&self) -> Option<NotTested> {
        let n_reference = self.categories.iter().filter(|counted| counted.reference > 0).count() as u64;
        let n_current = self.categories.iter().filter(|counted| counted.current > 0).count() as u64;
        let are_distinct = |distinct: u64, n: u64| distinct as f64 >= IDENTIFIER_SHARE * n as f64;
        (are_distinct(n_reference, self.n) && are_distinct(n_current, self.m))
            .then_some(NotTested::Identifiers { n_reference, n_current })
    }

    /// The `top` most frequent categories of both sides together, and all others as one. Chosen by both sides: the most
    /// frequent ones of the reference alone are less frequent in any other sample, unchanged or not.
    fn split(&self, top: usize) -> (Vec<Counted<'a>>, Vec<Counted<'a>>) {
        let mut order: Vec<usize> = (0..self.categories.len()).collect();
        let by_frequency = |a: &usize, b: &usize| {
            self.categories[*b].pooled().cmp(&self.categories[*a].pooled()).then_with(|| a.cmp(b))
        };
        order.select_nth_unstable_by(top, by_frequency);
        let mut rest = order.split_off(top);
        order.sort_unstable();
        rest.sort_unstable();
        let pick = |indices: Vec<usize>| indices.into_iter().map(|index| self.categories[index].clone()).collect();
        (pick(order), pick(rest))
    }
}

fn counts(profile: &ColumnProfile) -> impl Iterator<Item = (Cow<'_, Category>, u64)> {
    let (named, numbers): (&[(Category, u64)], &[f64]) = match &profile.shape {
        Shape::Categories { counts } => (counts, &[]),
        Shape::Numbers { sorted, .. } => (&[], sorted),
    };
    let named = named.iter().map(|(category, count)| (Cow::Borrowed(category), *count));
    let numbers = crate::profile::runs(numbers).map(|(value, count)| (Cow::Owned(Category::Number(value)), count));
    named.chain(numbers)
}

/// The test of a categorical column, by the number of its categories.
pub(super) fn examine(column_type: ColumnType, table: &Table<'_>, options: &Options) -> TestResult<EffectTest> {
    let n_categories = table.categories.len();
    let top = usize::try_from(options.top_categories).unwrap_or(usize::MAX).max(1);
    let may_identify = matches!(column_type, ColumnType::Categorical | ColumnType::Text) && n_categories > top;
    if may_identify && let Some(reason) = table.identifiers() {
        return Err(reason);
    }
    match n_categories {
        _ if column_type != ColumnType::Categorical => Err(NotTested::TypeNotCovered { column_type }),
        0 | 1 => Err(NotTested::Constant),
        2 => Ok(two_valued(table, options)),
        _ if n_categories <= top => several(table, options),
        _ => many(table, top, options),
    }
}

/// A flag: the rate of the rarer value where it is rare, the difference of the shares where it is not.
fn two_valued(table: &Table<'_>, options: &Options) -> EffectTest {
    let [first, second] = [&table.categories[0], &table.categories[1]];
    let event = if second.reference <= first.reference { second } else { first };
    if is_rare(event, table, options)
        && let Some(test) = rate(event, table, options)
    {
        return test;
    }
    let (r, c) = Table::sides(&table.categories);
    let effect = total_variation::effect(&r, &c, options.min_total_variation);
    let significance = two_proportions(Reference((r[0], table.n)), Current((c[0], table.m)));
    unsettled("Test of two proportions", significance, effect, None)
}

fn is_rare(counted: &Counted<'_>, table: &Table<'_>, options: &Options) -> bool {
    counted.reference as f64 <= options.rare_share * table.n as f64
}

/// The exact test of one value's rate.
fn rate(counted: &Counted<'_>, table: &Table<'_>, options: &Options) -> Option<EffectTest> {
    let (k_r, k_c) = (counted.reference, counted.current);
    let found = rate_ratio(Reference((k_r, table.n)), Current((k_c, table.m)))?;
    let significance = Significance::or_ln(found.p_value, || ln_rate_p(&found, [k_r, table.n], [k_c, table.m]));
    let effect = effects::rate_ratio(&found, options.min_rate_ratio);
    let direction = Some(if found.ratio >= 1.0 { Direction::Up } else { Direction::Down });
    let category = Some(counted.category.to_string());
    Some(EffectTest { category, ..unsettled("Exact test of two rates", significance, effect, direction) })
}

/// `ln` of the smaller tail, doubled, as [`rate_ratio`] takes it.
fn ln_rate_p(found: &RateRatio, [k_r, n]: [u64; 2], [k_c, m]: [u64; 2]) -> f64 {
    let share = |here: u64, there: u64| here as f64 / (here + there) as f64;
    let tail = if found.ratio >= 1.0 {
        ln_binomial_at_least(k_c, k_r + k_c, share(m, n))
    } else {
        ln_binomial_at_least(k_r, k_r + k_c, share(n, m))
    };
    std::f64::consts::LN_2 + tail
}

/// Three categories or more, each compared by itself.
///
/// Where the shares as a whole changed, but by too little to matter, rare states are looked at one by one. That comes only
/// after the whole has been found to differ, and the weaker of both p-values counts, so that the looks cost the whole nothing
/// (closed testing: Marcus, Peritz and Gabriel, Biometrika 63 (1976)).
fn several(table: &Table<'_>, options: &Options) -> TestResult<EffectTest> {
    let whole = whole(&table.categories, options)?;
    if table.categories.len() > MAX_STATES || whole.p_value > options.q || whole.effect.reaches_minimum() {
        return Ok(whole);
    }
    let rare: Vec<&Counted<'_>> = table.categories.iter().filter(|counted| is_rare(counted, table, options)).collect();
    let looks = rare.len() as f64;
    let mut leading: Option<(EffectTest, Significance)> = None;
    for test in rare.into_iter().filter_map(|counted| rate(counted, table, options)) {
        let found = significance(&test).times(looks).weaker(significance(&whole));
        let is_better =
            leading.as_ref().is_none_or(|(best, _)| significance(&test).is_stronger_than(&significance(best)));
        if found.p_value <= options.q && test.effect.reaches_minimum() && is_better {
            leading = Some((test, found));
        }
    }
    Ok(leading.map_or(whole, |(test, found)| with(test, found)))
}

const fn significance(test: &EffectTest) -> Significance {
    Significance { p_value: test.p_value, log10_p: test.log10_p }
}

fn with(test: EffectTest, found: Significance) -> EffectTest {
    EffectTest {
        p_value: found.p_value,
        p_adjusted: found.p_value,
        log10_p: found.log10_p,
        log10_p_adjusted: found.log10_p,
        ..test
    }
}

/// Whether the shares as a whole are the same.
fn whole(categories: &[Counted<'_>], options: &Options) -> TestResult<EffectTest> {
    let (r, c) = Table::sides(categories);
    let effect = total_variation::effect(&r, &c, options.min_total_variation);
    let (found, monte_carlo) = homogeneity(&r, &c)?;
    let name = if monte_carlo.is_some() {
        "Chi-square of both samples, by random tables"
    } else {
        "Chi-square of both samples"
    };
    Ok(EffectTest { monte_carlo, ..unsettled(name, found, effect, None) })
}

/// Beyond this a p-value is taken from the chi-square distribution though some counts are small: no number of random tables
/// that could be drawn says as much.
const BEYOND_DRAWING: f64 = 1e-6;

/// The p-value of the chi-square statistic; by random tables where counts are small.
///
/// Where the random tables reach their floor, or would, rare categories are pooled and the chi-square distribution is asked,
/// for otherwise no column among thousands could be found to differ. That holds: the pooled p-value is one by itself, and is
/// only believed where it is smaller than the floor.
fn homogeneity(r: &[u64], c: &[u64]) -> TestResult<(Significance, Option<MonteCarlo>)> {
    let (reference, current) = (Reference(r), Current(c));
    if !contingency::has_small_counts(reference, current) {
        return Ok((by_distribution(r, c)?, None));
    }
    let pooled = {
        let (r, c) = effects::pool_rare(r, c);
        by_distribution(&r, &c).ok()
    };
    if let Some(pooled) = pooled.filter(|pooled| pooled.p_value < BEYOND_DRAWING) {
        return Ok((pooled, None));
    }
    let drawn = contingency::monte_carlo(reference, current)?;
    let found = Significance::of(drawn.p_value());
    let found = match pooled {
        Some(pooled) if drawn.is_at_floor() && pooled.is_stronger_than(&found) => pooled,
        _ => found,
    };
    Ok((found, Some(drawn)))
}

fn by_distribution(r: &[u64], c: &[u64]) -> TestResult<Significance> {
    let found = chi_square::homogeneity(Reference(r), Current(c))?;
    Ok(Significance::or_ln(found.p_value, || ln_chi_square_sf(found.statistic, found.df)))
}

/// More categories than are compared one by one: the most frequent ones and all others together; and, by itself, how much of the
/// current data lies in categories that the reference does not have. Each p-value counts twice.
fn many(table: &Table<'_>, top: usize, options: &Options) -> TestResult<EffectTest> {
    let (mut compared, rest) = table.split(top);
    let novelty = Novelty::of(&rest, table);
    compared.push(rest.into_iter().reduce(Counted::plus).expect("there are more than `top` categories"));
    let test = whole(&compared, options)?;
    let Some(novelty) = novelty else { return Ok(test) };
    let (frequent, new) = (significance(&test).times(2.0), novelty.significance().times(2.0));
    let mut effect = test.effect.clone();
    let is_larger = novelty.excess > effect.value;
    // Both looks have paid for each other, so either may lead: the larger effect that is no chance.
    if !(is_larger && new.p_value <= options.q || new.is_stronger_than(&frequent)) {
        return Ok(with(test, frequent));
    }
    if is_larger {
        let half = Z_95 * novelty.error;
        effect.value = novelty.excess.clamp(0.0, 1.0);
        effect.low = (novelty.excess - half).clamp(0.0, 1.0);
        effect.high = effect.high.map(|high| high.max(novelty.excess + half).min(1.0));
    }
    Ok(unsettled("New values among the rare ones", new, effect, None))
}

impl Counted<'_> {
    fn plus(mut self, other: Self) -> Self {
        self.reference += other.reference;
        self.current += other.current;
        self
    }
}

/// The rows of the current data in rare categories that the reference does not have.
///
/// Some are always new: of two samples of one population with many rare categories, each has some that the other lacks.
struct Novelty {
    /// How far the new rows are beyond those that chance makes, in standard deviations.
    z: f64,
    /// The share of new rows, in frequent categories too, beyond what the reference lets expect.
    excess: f64,
    /// Standard error of that.
    error: f64,
}

impl Novelty {
    /// `None` for fewer categories than make a normal sum.
    ///
    /// For `z`: given how often each category occurs on both sides together, one of `t` rows lies wholly in the current data with
    /// probability `b^t`, where `b` is the current side's share of all rows; and the sizes of the sides are given.
    /// For the excess: the share of a population that a sample has not seen is about that of the values it has seen once
    /// (Good, "The Population Frequencies of Species", Biometrika 40 (1953), eq. 9; its error by Esty, Annals of Statistics 11
    /// (1983)).
    fn of(rest: &[Counted<'_>], table: &Table<'_>) -> Option<Self> {
        const MIN_CATEGORIES: usize = 30;
        if rest.len() < MIN_CATEGORIES {
            return None;
        }
        let (n, m) = (table.n as f64, table.m as f64);
        let b = m / (n + m);
        let (mut expected, mut variance, mut covariance) = (0.0, 0.0, 0.0);
        for counted in rest {
            let t = counted.pooled() as f64;
            let all_current = libm::pow(b, t);
            expected += t * all_current;
            variance += t * t * all_current * (1.0 - all_current);
            covariance += t * t * all_current * (1.0 - b);
        }
        // What goes with the sizes of the sides explains its part of the variance.
        let variance = variance - covariance * covariance / ((n + m) * b * (1.0 - b));
        if variance < 1.0 {
            return None;
        }
        let new_rows = |categories: &[Counted<'_>]| {
            categories.iter().filter(|counted| counted.reference == 0).map(|counted| counted.current).sum::<u64>()
                as f64
        };
        let new = new_rows(&table.categories);
        let seen = |times: u64| table.categories.iter().filter(|counted| counted.reference == times).count() as f64;
        let (once, twice) = (seen(1), seen(2));
        let error = (new / m * (1.0 - new / m) / m + (once + 2.0 * twice) / (n * n)).sqrt();
        Some(Self { z: (new_rows(rest) - expected) / variance.sqrt(), excess: new / m - once / n, error })
    }

    /// That so many, or more, are new by chance.
    fn significance(&self) -> Significance {
        Significance::or_ln(normal_sf(self.z), || ln_normal_sf(self.z))
    }
}
