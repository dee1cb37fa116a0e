//! Sketches against the exact profiles of the same rows.

use super::*;
use crate::judge::Verdict;
use crate::profile::quantile;
use crate::random::Rng;
use crate::stattest::{Current, NotTested, Reference, ks, wasserstein};

fn numbers(values: &[f64]) -> Column {
    Column::fractions("x", values.to_vec())
}

/// Small sketches, so that little data is coarse.
fn small(seed: u64) -> SketchSettings {
    SketchSettings { k: 128, lg_frequent: 6, lg_distinct: 8, seed }
}

fn normals(n: usize, seed: u64) -> Vec<f64> {
    let mut rng = Rng::new(seed);
    (0..n).map(|_| rng.normal()).collect()
}

/// The sketch of rows in any order, cut into `n_parts` at random places and merged in random order.
fn of_parts(values: &[f64], n_parts: usize, settings: &SketchSettings, rng: &mut Rng) -> SketchedProfile {
    let mut values = values.to_vec();
    rng.shuffle(&mut values);
    let mut cuts: Vec<usize> = (1..n_parts).map(|_| rng.below(values.len() as u64 + 1) as usize).collect();
    cuts.extend([0, values.len()]);
    cuts.sort_unstable();
    let parts = cuts.windows(2).zip(0..);
    let mut parts: Vec<SketchedProfile> =
        parts.map(|(cut, part)| SketchedProfile::of(&numbers(&values[cut[0]..cut[1]]), settings, part)).collect();
    rng.shuffle(&mut parts);
    parts.into_iter().reduce(|a, b| a.merge(&b).unwrap()).unwrap()
}

/// Largest distance between the sketched and the true distribution function.
fn true_rank_error(sketch: &Quantiles, sorted: &[f64]) -> f64 {
    let mut up_to = 0;
    let weighted = sketch.weighted();
    let error = |value: f64, up_to: u64, before: u64| {
        let at_most = sorted.partition_point(|other| *other <= value) as u64;
        let below = sorted.partition_point(|other| *other < value) as u64;
        up_to.abs_diff(at_most).max(before.abs_diff(below))
    };
    let mut largest = 0;
    for (value, weight) in weighted {
        largest = largest.max(error(value, up_to + weight, up_to));
        up_to += weight;
    }
    largest as f64 / sorted.len() as f64
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

#[test]
fn exact_profiles_of_any_parts_in_any_order_merge_to_that_of_the_whole() {
    let mut rng = Rng::new(1);
    let values: Vec<f64> = (0..2_000).map(|i| if i % 50 == 0 { f64::NAN } else { rng.below(300) as f64 }).collect();
    let whole = ColumnProfile::of(&numbers(&values));
    for n_parts in [1, 2, 3, 17, 64] {
        let mut parts: Vec<ColumnProfile> =
            values.chunks(2_000_usize.div_ceil(n_parts)).map(|part| ColumnProfile::of(&numbers(part))).collect();
        rng.shuffle(&mut parts);
        let merged = parts.into_iter().reduce(|a, b| a.merge(&b).unwrap()).unwrap();
        assert_eq!(format!("{merged:?}"), format!("{whole:?}"));
        // And so do sketches that still hold everything.
        let finite: Vec<f64> = values[..100].to_vec();
        let sketched = of_parts(&finite, n_parts, &SketchSettings::default(), &mut rng);
        assert_eq!(sketched.to_exact(), Some(ColumnProfile::of(&numbers(&finite))));
        assert_eq!(sketched.exactness(0.99), Exactness::Exact);
    }
}

#[test]
fn the_distribution_function_is_as_close_as_the_bound_says_however_the_rows_are_cut() {
    let mut rng = Rng::new(2);
    let mut tightest: f64 = 0.0;
    for trial in 0..60 {
        let mut values = normals(8_000, trial);
        if trial % 3 == 0 {
            values.iter_mut().for_each(|value| *value = (*value * 3.0).round());
        }
        let n_parts = [1, 2, 5, 16, 64][trial as usize % 5];
        let sketch = of_parts(&values, n_parts, &small(trial), &mut rng);
        let quantiles = sketch.quantiles().unwrap();
        let (found, bound) = (true_rank_error(quantiles, &sorted(&values)), quantiles.rank_error(0.99));
        assert!(found <= bound, "{n_parts} parts: {found} is above {bound}");
        assert!(bound < 0.2, "{n_parts} parts: {bound}");
        tightest = tightest.max(found / bound);
    }
    // A bound ten times too wide would be of no use.
    assert!(tightest > 0.1, "{tightest}");
}

#[test]
fn quantiles_gap_and_distance_lie_within_their_bounds() {
    let mut rng = Rng::new(3);
    let (mut outside, mut looked_at) = (0, 0);
    for trial in 0..60_u64 {
        let a = normals(6_000, 2 * trial);
        let shift = f64::from(trial as u32 % 6) * 0.1;
        let b: Vec<f64> = normals(5_000, 2 * trial + 1).iter().map(|value| value * 1.1 + shift).collect();
        let n_parts = 1 + rng.below(64) as usize;
        let r = of_parts(&a, n_parts, &small(trial), &mut rng);
        let c = of_parts(&b, n_parts, &small(1_000 + trial), &mut rng);
        let found = compare(Reference(&r), Current(&c), &Options::default());
        let (a, b) = (sorted(&a), sorted(&b));
        let gap = ks::statistic(Reference(&a), Current(&b)).unwrap();
        let distance = wasserstein::distance(Reference(&a), Current(&b));
        let mut look = |bounded: Bounded, truth: f64| {
            assert!(bounded.low <= bounded.estimate && bounded.estimate <= bounded.high, "{bounded:?}");
            looked_at += 1;
            outside += u32::from(truth < bounded.low || bounded.high < truth);
        };
        look(found.gap.unwrap(), gap);
        look(found.wasserstein.unwrap(), distance);
        for found in &found.quantiles {
            look(found.reference, quantile(&a, found.q).unwrap());
            look(found.current, quantile(&b, found.q).unwrap());
        }
    }
    assert_eq!(looked_at, 60 * 12);
    // Stated: 0.99. Of 720, more than 17 outside would have a probability of 0.0004 (binomial, mean 7.2).
    assert!(outside <= 17, "{outside}");
}

#[test]
fn a_verdict_is_reached_only_where_the_exact_one_is_the_same() {
    let mut rng = Rng::new(4);
    let (mut reached, mut coarse) = (std::collections::BTreeSet::new(), 0);
    for trial in 0..80_u64 {
        let shift = f64::from(trial as u32 % 20) * 0.04;
        let a = normals(20_000, 2 * trial);
        let b: Vec<f64> = normals(15_000, 2 * trial + 1).iter().map(|value| value + shift).collect();
        let settings = |seed| SketchSettings { k: 1024, ..small(seed) };
        let r = of_parts(&a, 3, &settings(trial), &mut rng);
        let c = of_parts(&b, 4, &settings(1_000 + trial), &mut rng);
        let options = Options::default();
        let exact = crate::judge::calibrated::alone::of_values(
            crate::schema::ColumnType::Numerical,
            Reference(&ColumnProfile::of(&numbers(&a))),
            Current(&ColumnProfile::of(&numbers(&b))),
            &options.calibrated,
        );
        let exact = exact.unwrap().verdict;
        match compare(Reference(&r), Current(&c), &options).verdict {
            SketchVerdict::Reached(verdict) => {
                assert_eq!(verdict, exact, "shift {shift}");
                reached.insert(verdict);
            }
            SketchVerdict::TooCoarse { at_low, at_high } => {
                assert_ne!(at_low, at_high);
                coarse += 1;
            }
            SketchVerdict::NotTested(reason) => panic!("{reason}"),
        }
    }
    assert!(reached.contains(&Verdict::Drifted) && reached.contains(&Verdict::Minor), "{reached:?}");
    assert!(coarse > 0 && coarse < 60, "{coarse}");
}

#[test]
fn small_data_are_judged_as_the_exact_profiles_are() {
    let (a, b) = (numbers(&normals(200, 1)), numbers(&normals(300, 2)));
    let settings = SketchSettings::default();
    let (r, c) = (SketchedProfile::of(&a, &settings, 0), SketchedProfile::of(&b, &settings, 0));
    let found = compare(Reference(&r), Current(&c), &Options::default());
    let exact =
        ks::test(Reference(&sorted(&normals(200, 1))), Current(&sorted(&normals(300, 2))), ks::PValue::Fast).unwrap();
    let exactly = |value: f64| Some(Bounded { estimate: value, low: value, high: value });
    assert_eq!((found.gap, found.p_value), (exactly(exact.d), exactly(exact.p_value)));
    assert_eq!((found.reference, found.current), (Exactness::Exact, Exactness::Exact));
    let distance = found.wasserstein.unwrap();
    assert!(distance.low == distance.high, "{distance:?}");
}

fn names(counts: &[(&str, usize)]) -> Column {
    let values = counts.iter().flat_map(|(name, count)| std::iter::repeat_n(Some(*name), *count));
    Column::strings("kind", values)
}

#[test]
fn few_categories_are_exact_and_many_lie_within_their_bounds() {
    let settings = small(1);
    let of = |counts: &[(&str, usize)], part| SketchedProfile::of(&names(counts), &settings, part);
    let (r, c) = (of(&[("a", 500), ("b", 500)], 0), of(&[("a", 400), ("b", 500), ("c", 100)], 1));
    let found = compare(Reference(&r), Current(&c), &Options::default());
    // 1/2 (|0.5 - 0.4| + 0 + 0.1) = 0.1
    assert_eq!(found.total_variation, Some(Bounded { estimate: 0.1, low: 0.1, high: 0.1 }));
    assert_eq!(found.verdict, SketchVerdict::Reached(Verdict::Drifted));

    let mut rng = Rng::new(5);
    for trial in 0..20 {
        let draw = |rng: &mut Rng, power: f64| {
            let value = libm::exp(rng.uniform() * power) as u64;
            format!("name {value}")
        };
        let a: Vec<String> = (0..5_000).map(|_| draw(&mut rng, 8.0)).collect();
        let b: Vec<String> = (0..4_000).map(|_| draw(&mut rng, 6.0 + 0.1 * f64::from(trial))).collect();
        let column = |values: &[String]| Column::strings("kind", values.iter().map(|value| Some(value.as_str())));
        let part = |values: &[String], part| SketchedProfile::of(&column(values), &settings, part);
        let merged = |values: &[String], n: usize| {
            let parts = values.chunks(values.len().div_ceil(n)).zip(0..).map(|(values, number)| part(values, number));
            parts.reduce(|a, b| a.merge(&b).unwrap()).unwrap()
        };
        let (r, c) = (merged(&a, 1 + trial as usize), merged(&b, 7));
        assert!(r.frequent().error() > 0);
        let found = compare(Reference(&r), Current(&c), &Options::default());
        let (x, y) = (ColumnProfile::of(&column(&a)), ColumnProfile::of(&column(&b)));
        let (x, y) = (x.counts(), y.counts());
        let (_, x, y) = crate::stattest::binning::align(Reference(&x), Current(&y));
        let shares = x.iter().zip(&y).map(|(&x, &y)| (x as f64 / 5e3 - y as f64 / 4e3).abs());
        let truth = shares.sum::<f64>() / 2.0;
        let bounds = found.total_variation.unwrap();
        assert!(bounds.low <= truth + 1e-12 && truth <= bounds.high + 1e-12, "{truth} is not in {bounds:?}");
        assert!(bounds.low <= bounds.estimate && bounds.estimate <= bounds.high, "{bounds:?}");
        assert!(bounds.high < 1.0 || truth > 0.5, "{bounds:?}");
    }
}

#[test]
fn many_categories_drift_only_when_the_whole_interval_says_so() {
    // 30,000 rows on 2,000 names, which is more than the table holds, and on one name a share of the rows.
    let settings = SketchSettings { lg_frequent: 10, ..small(1) };
    let column = |seed: u64, heavy: u64| {
        let mut rng = Rng::new(seed);
        let draw = |_| if rng.below(100) < heavy { "heavy".to_owned() } else { format!("name {}", rng.below(2_000)) };
        let values: Vec<String> = (0..30_000).map(draw).collect();
        Column::strings("kind", values.iter().map(|value| Some(value.as_str())))
    };
    let of = |seed, heavy| SketchedProfile::of(&column(seed, heavy), &settings, seed);
    let verdict = |seed, heavy| {
        let (r, c) = (of(1, 20), of(seed, heavy));
        assert!(r.frequent().error() > 0);
        compare(Reference(&r), Current(&c), &Options::default()).verdict
    };
    assert_eq!(verdict(3, 90), SketchVerdict::Reached(Verdict::Drifted));
    // Nothing changed: the interval is too wide to say so, but its lower end is no change.
    match verdict(2, 20) {
        SketchVerdict::TooCoarse { at_low, .. } | SketchVerdict::Reached(at_low) => {
            assert!(at_low >= Verdict::NotEnoughData, "{at_low:?}");
        }
        SketchVerdict::NotTested(reason) => panic!("{reason}"),
    }
}

#[test]
fn missing_and_infinite_values_are_counted_in_every_cut() {
    let values = [1.0, f64::NAN, f64::INFINITY, 2.0, f64::NEG_INFINITY, f64::NAN];
    let settings = SketchSettings::default();
    let (r, c) = (SketchedProfile::of(&numbers(&values), &settings, 0), {
        let parts =
            values.chunks(2).zip(1..).map(|(part, number)| SketchedProfile::of(&numbers(part), &settings, number));
        parts.reduce(|a, b| a.merge(&b).unwrap()).unwrap()
    });
    assert_eq!([r.rows(), r.missing(), r.infinite(), r.n()], [6, 2, 2, 2]);
    assert_eq!(c.to_exact(), r.to_exact());
    let full = SketchedProfile::of(&numbers(&[1.0; 6]), &settings, 9);
    let found = compare(Reference(&full), Current(&r), &Options::default());
    assert!((found.missing.outcome().unwrap().effect.value - 1.0 / 3.0).abs() < 1e-15);
}

#[test]
fn what_cannot_be_compared_says_why() {
    let settings = small(1);
    let of = |column: &Column| SketchedProfile::of(column, &settings, 0);
    let verdict = |r: &Column, c: &Column| compare(Reference(&of(r)), Current(&of(c)), &Options::default()).verdict;
    let nothing = SketchVerdict::NotTested(NotTested::Empty { n_reference: 0, n_current: 1 });
    assert_eq!(verdict(&numbers(&[]), &numbers(&[1.0])), nothing);
    let mismatch = verdict(&numbers(&[1.0]), &names(&[("a", 1)]));
    assert!(matches!(mismatch, SketchVerdict::NotTested(NotTested::TypeMismatch { .. })), "{mismatch:?}");
    let constant = numbers(&vec![7.0; 5_000]);
    assert_eq!(verdict(&constant, &constant), SketchVerdict::NotTested(NotTested::Constant));
}

#[test]
fn numbers_that_stand_for_kinds_are_judged_by_their_shares() {
    let kinds = |shift: usize| {
        let values: Vec<f64> = (0..5_000).map(|i| if i % 10 < 3 + shift { 1.0 } else { 2.0 }).collect();
        numbers(&values)
    };
    let settings = small(1);
    let (r, c) = (SketchedProfile::of(&kinds(0), &settings, 0), SketchedProfile::of(&kinds(2), &settings, 1));
    let options = Options { numbers_are_categories: true, ..Options::default() };
    let found = compare(Reference(&r), Current(&c), &options);
    assert_eq!(found.total_variation, Some(Bounded { estimate: 0.2, low: 0.2, high: 0.2 }));
    assert_eq!(found.verdict, SketchVerdict::Reached(Verdict::Drifted));
    assert_eq!(found.distinct_current, Bounded { estimate: 2.0, low: 2.0, high: 3.0 });
}

#[test]
fn the_same_rows_and_seed_give_the_same_bytes_and_the_order_of_two_parts_makes_no_difference() {
    let values = normals(50_000, 8);
    let of = |values: &[f64], settings: &SketchSettings, part| SketchedProfile::of(&numbers(values), settings, part);
    let json = |profile: &SketchedProfile| serde_json::to_string(profile).unwrap();
    assert_eq!(json(&of(&values, &small(1), 0)), json(&of(&values, &small(1), 0)));
    assert_ne!(json(&of(&values, &small(1), 0)), json(&of(&values, &small(2), 0)));
    let (a, b) = (of(&values[..30_000], &small(1), 0), of(&values[30_000..], &small(1), 1));
    assert_eq!(a.merge(&b).unwrap().quantiles(), b.merge(&a).unwrap().quantiles());
    // Taken in pieces or at once.
    let mut pieces = SketchedProfile::empty(&numbers(&[]), &small(1), 0);
    values.chunks(4096).for_each(|piece| pieces.take(&numbers(piece)).unwrap());
    assert_eq!(json(&pieces), json(&of(&values, &small(1), 0)));
}

#[test]
fn parts_with_the_same_coins_do_not_merge() {
    let values = normals(5_000, 9);
    let of = |settings: &SketchSettings, part| SketchedProfile::of(&numbers(&values), settings, part);
    assert!(matches!(of(&small(1), 3).merge(&of(&small(1), 3)), Err(MergeError::SameSeed { .. })));
    assert!(of(&small(1), 3).merge(&of(&small(1), 4)).is_ok());
    let other = SketchSettings { k: 64, ..small(1) };
    assert_eq!(of(&small(1), 3).merge(&of(&other, 4)).err(), Some(MergeError::SettingsDiffer));
}

#[test]
fn the_stored_form_comes_back_and_what_does_not_add_up_is_refused() {
    let profile = SketchedProfile::of(&numbers(&normals(3_000, 10)), &small(1), 0);
    let json = serde_json::to_string(&profile).unwrap();
    let back: SketchedProfile = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), json);
    for (from, to) in [
        ("\"rows\":3000", "\"rows\":3001"),
        ("\"rows\":3000", "\"rows\":9007199254740993"),
        ("\"missing\":0", "\"missing\":4000"),
        ("\"k\":128", "\"k\":8"),
        ("\"kind\":\"numbers\"", "\"kind\":\"booleans\""),
    ] {
        assert!(json.contains(from), "{from}");
        assert!(serde_json::from_str::<SketchedProfile>(&json.replacen(from, to, 1)).is_err(), "{to}");
    }
}

#[test]
fn ten_million_values_take_bounded_room() {
    let settings = SketchSettings::default();
    let mut rng = Rng::new(11);
    let mut profile = SketchedProfile::empty(&numbers(&[]), &settings, 0);
    let (mut largest, mut below) = (0, 0_u64);
    for _ in 0..100 {
        let block: Vec<f64> = (0..100_000).map(|_| rng.uniform()).collect();
        below += block.iter().filter(|value| **value <= 0.3).count() as u64;
        profile.take(&numbers(&block)).unwrap();
        largest = largest.max(profile.size_in_bytes());
    }
    assert_eq!(profile.n(), 10_000_000);
    // Three quarters of 1024 values of 16 bytes, 4096 registers, and 3 * 1024 values of 8 bytes with what the levels
    // below 8 add.
    assert!(largest <= 12_288 + 32 + 4_096 + 40 + 8 * (3 * 1024 + 8 * 20), "{largest}");
    let Exactness::Sketched { rank_error, .. } = profile.exactness(0.99) else { panic!("10 million are not kept") };
    let quantiles = profile.quantiles().unwrap();
    let sketched: u64 = quantiles.weighted().iter().filter(|(value, _)| *value <= 0.3).map(|(_, weight)| weight).sum();
    assert!(sketched.abs_diff(below) as f64 / 1e7 <= rank_error, "{sketched} against {below}");
    // Found: 0.0045, and 40,648 bytes.
    assert!(rank_error < 0.006, "{rank_error}");
}
