//! What has to hold for every sample, whatever the numbers: laws where nobody has the number to compare with.

mod samples;

use samples::{pairs, sample, sorted};
use tidemark::data::Column;
use tidemark::judge::evidently;
use tidemark::profile::ColumnProfile;
use tidemark::random::{Rng, derive_seed};
use tidemark::schema::ColumnType;
use tidemark::stattest::histogram::Rule;
use tidemark::stattest::{
    Alternative, Current, Method, NotTested, Reference, Score, anderson_darling, chi_square, cramer_von_mises, energy,
    epps_singleton, fisher, hellinger, histogram, jensen_shannon, kl_divergence, kolmogorov, ks, levene, mann_whitney,
    proportions, psi, shares as shares_of, smirnov, t_test, tails, wasserstein, z,
};

type Answer = Result<f64, NotTested>;

/// A test or distance of two ascending samples, with the laws that it obeys.
struct Numerical {
    name: &'static str,
    run: fn(&[f64], &[f64]) -> Answer,
    is_p_value: bool,
    /// Swapping the sides changes nothing.
    is_symmetric: bool,
    /// Only the order of the values counts.
    is_by_rank: bool,
    /// Neither unit nor origin counts.
    is_affine: bool,
}

const fn p_value(name: &'static str, run: fn(&[f64], &[f64]) -> Answer) -> Numerical {
    Numerical { name, run, is_p_value: true, is_symmetric: true, is_by_rank: false, is_affine: true }
}

const fn by_rank(name: &'static str, run: fn(&[f64], &[f64]) -> Answer) -> Numerical {
    Numerical { is_by_rank: true, ..p_value(name, run) }
}

const fn distance(name: &'static str, run: fn(&[f64], &[f64]) -> Answer) -> Numerical {
    Numerical { name, run, is_p_value: false, is_symmetric: true, is_by_rank: false, is_affine: false }
}

fn mann_whitney_p(a: &[f64], b: &[f64], alternative: Alternative, p_value: mann_whitney::PValue) -> Answer {
    Ok(mann_whitney::test(Reference(a), Current(b), alternative, p_value)?.p_value)
}

fn t_test_p(a: &[f64], b: &[f64], alternative: Alternative, spread: t_test::Spread) -> Answer {
    Ok(t_test::two_sample(Reference(a), Current(b), alternative, spread)?.p_value)
}

fn smirnov_p(a: &[f64], b: &[f64], alternative: Alternative, p_value: smirnov::PValue) -> Answer {
    Ok(smirnov::test(Reference(a), Current(b), alternative, p_value)?.p_value)
}

fn numerical() -> Vec<Numerical> {
    use Alternative::{Greater, Less, TwoSided};
    use mann_whitney::PValue::{Normal, Scipy};
    use t_test::Spread::{Equal, Unequal};
    vec![
        by_rank("ks exact", |a, b| Ok(ks::test(Reference(a), Current(b), ks::PValue::Exact)?.p_value)),
        by_rank("ks limit", |a, b| Ok(ks::test(Reference(a), Current(b), ks::PValue::Limit)?.p_value)),
        Numerical { is_symmetric: false, ..by_rank("ks less", |a, b| smirnov_p(a, b, Less, smirnov::PValue::Exact)) },
        Numerical {
            is_symmetric: false,
            ..by_rank("ks greater, limit", |a, b| smirnov_p(a, b, Greater, smirnov::PValue::Limit))
        },
        by_rank("mann-whitney", |a, b| mann_whitney_p(a, b, TwoSided, Scipy)),
        by_rank("mann-whitney, normal", |a, b| mann_whitney_p(a, b, TwoSided, Normal)),
        Numerical { is_symmetric: false, ..by_rank("mann-whitney less", |a, b| mann_whitney_p(a, b, Less, Scipy)) },
        by_rank("anderson-darling", |a, b| anderson_darling::test(Reference(a), Current(b))),
        by_rank("cramér-von mises", |a, b| cramer_von_mises::test(Reference(a), Current(b))),
        p_value("student", |a, b| t_test_p(a, b, TwoSided, Equal)),
        p_value("welch", |a, b| t_test_p(a, b, TwoSided, Unequal)),
        Numerical { is_symmetric: false, ..p_value("welch less", |a, b| t_test_p(a, b, Less, Unequal)) },
        p_value("levene", |a, b| Ok(levene::test(Reference(a), Current(b))?.p_value)),
        Numerical {
            is_affine: false,
            ..p_value("epps-singleton", |a, b| epps_singleton::test(Reference(a), Current(b)))
        },
        distance("wasserstein", |a, b| Ok(wasserstein::distance(Reference(a), Current(b)))),
        distance("energy", |a, b| Ok(energy::distance(Reference(a), Current(b)))),
        Numerical {
            is_symmetric: false,
            is_affine: true,
            ..distance("wasserstein, normed", |a, b| Ok(wasserstein::normed(Reference(a), Current(b))))
        },
        Numerical {
            is_by_rank: true,
            is_affine: true,
            ..distance("largest gap", |a, b| Ok(ks::test(Reference(a), Current(b), ks::PValue::Limit)?.d))
        },
    ]
}

/// Equal but for rounding.
fn assert_same(found: &Answer, expected: &Answer, tolerance: f64, what: &str) {
    match (found, expected) {
        (Ok(found), Ok(expected)) => {
            let error = (found - expected).abs();
            assert!(error <= tolerance * expected.abs().max(1e-30), "{what}: {found:e}, not {expected:e}");
        }
        _ => assert_eq!(found, expected, "{what}"),
    }
}

#[test]
fn scores_stay_in_their_range() {
    for test in numerical() {
        for (what, a, b) in pairs() {
            if let Ok(score) = (test.run)(&a, &b) {
                let range = if test.is_p_value { 0.0..=1.0 } else { 0.0..=f64::MAX };
                assert!(range.contains(&score), "{} {what}: {score}", test.name);
            }
        }
    }
}

#[test]
fn swapping_the_sides_changes_nothing() {
    for test in numerical().into_iter().filter(|test| test.is_symmetric) {
        for (what, a, b) in pairs() {
            assert_same(&(test.run)(&b, &a), &(test.run)(&a, &b), 1e-9, &format!("{} {what}", test.name));
        }
    }
}

#[test]
fn ranks_are_all_that_a_rank_test_sees() {
    let maps: [fn(f64) -> f64; 2] = [|x| x * x * x + x, |x| if x < 2.0 { x - 1e6 } else { x * 1e6 }];
    for test in numerical().into_iter().filter(|test| test.is_by_rank) {
        for (what, a, b) in pairs() {
            for map in maps {
                let mapped = |values: &[f64]| values.iter().map(|x| map(*x)).collect::<Vec<_>>();
                let found = (test.run)(&mapped(&a), &mapped(&b));
                assert_eq!(found, (test.run)(&a, &b), "{} {what}", test.name);
            }
        }
    }
}

#[test]
fn unit_and_origin_do_not_count() {
    for test in numerical().into_iter().filter(|test| test.is_affine) {
        for (what, a, b) in pairs() {
            // Powers of two leave the digits alone; the sum does not, quite.
            let mapped = |values: &[f64]| values.iter().map(|x| x * 16.0 + 32.0).collect::<Vec<_>>();
            let found = (test.run)(&mapped(&a), &mapped(&b));
            assert_same(&found, &(test.run)(&a, &b), 1e-7, &format!("{} {what}", test.name));
        }
    }
}

#[test]
fn distances_grow_with_the_unit() {
    for (what, a, b) in pairs() {
        let times = |values: &[f64]| values.iter().map(|x| x * 4.0).collect::<Vec<_>>();
        let (a4, b4) = (times(&a), times(&b));
        let (near, far) =
            (wasserstein::distance(Reference(&a), Current(&b)), wasserstein::distance(Reference(&a4), Current(&b4)));
        assert!((far - 4.0 * near).abs() <= 1e-12 * far, "wasserstein {what}");
        let (near, far) =
            (energy::distance(Reference(&a), Current(&b)), energy::distance(Reference(&a4), Current(&b4)));
        assert!((far - 2.0 * near).abs() <= 1e-12 * far, "energy {what}");
    }
}

#[test]
fn a_sample_is_like_itself() {
    for test in numerical() {
        for (what, a, _) in pairs() {
            let Ok(score) = (test.run)(&a, &a) else { continue };
            let what = format!("{} {what}: {score}", test.name);
            match test.name {
                // Held inside the table's ends.
                "anderson-darling" => assert_eq!(score, anderson_darling::LARGEST_P, "{what}"),
                // Takes ties for evidence, and every value is tied here.
                "cramér-von mises" => assert!(score > 0.05, "{what}"),
                "mann-whitney less" | "welch less" => assert!((score - 0.5).abs() < 0.25, "{what}"),
                "mann-whitney" | "mann-whitney, normal" => assert!(score > 0.8, "{what}"),
                _ if test.is_p_value => assert!((score - 1.0).abs() < 1e-9, "{what}"),
                _ => assert_eq!(score, 0.0, "{what}"),
            }
        }
    }
}

#[test]
fn one_side_is_the_other_turned_over() {
    for (what, a, b) in pairs() {
        for p_value in [smirnov::PValue::Exact, smirnov::PValue::Limit] {
            let less = smirnov_p(&a, &b, Alternative::Less, p_value);
            assert_same(&less, &smirnov_p(&b, &a, Alternative::Greater, p_value), 1e-12, &what);
        }
        let less = mann_whitney_p(&a, &b, Alternative::Less, mann_whitney::PValue::Scipy);
        let turned = mann_whitney_p(&b, &a, Alternative::Greater, mann_whitney::PValue::Scipy);
        assert_same(&less, &turned, 1e-12, &what);
        let less = t_test_p(&a, &b, Alternative::Less, t_test::Spread::Unequal);
        assert_same(&less, &t_test_p(&b, &a, Alternative::Greater, t_test::Spread::Unequal), 1e-9, &what);
    }
}

#[test]
fn a_larger_shift_is_more_drift() {
    for (round, shape) in samples::SHAPES.into_iter().enumerate() {
        let a = sample(shape, 120, derive_seed(77, round as u64));
        for test in numerical() {
            // Spread does not shift, waves come round again, and the tail of "less" is the near one.
            if ["levene", "epps-singleton", "ks greater, limit"].contains(&test.name) {
                continue;
            }
            let scores: Vec<f64> = (0..12)
                .filter_map(|step| {
                    let b: Vec<f64> = a.iter().map(|x| x + f64::from(step * step) * 0.125).collect();
                    (test.run)(&a, &b).ok()
                })
                .collect();
            let sign = if test.is_p_value { -1.0 } else { 1.0 };
            // The series of this limit ends where scipy's does.
            let slack = if test.name == "cramér-von mises" { 1e-8 } else { 1e-9 };
            for pair in scores.windows(2) {
                assert!((pair[1] - pair[0]) * sign >= -slack, "{} {shape:?}: {scores:?}", test.name);
            }
        }
    }
}

#[test]
fn a_shift_is_its_own_wasserstein_distance() {
    for (what, a, _) in pairs() {
        let b: Vec<f64> = a.iter().map(|x| x + 0.5).collect();
        let found = wasserstein::distance(Reference(&a), Current(&b));
        assert!((found - 0.5).abs() < 1e-9 * a[a.len() - 1].abs().max(1.0), "{what}: {found}");
    }
}

/// Shares of `k` bins, some of them empty where `with_empty`.
fn shares(k: usize, seed: u64, with_empty: bool) -> Vec<f64> {
    let mut rng = Rng::new(seed);
    let mut weights: Vec<f64> = (0..k).map(|_| rng.uniform() + 1e-3).collect();
    if with_empty {
        for weight in &mut weights {
            if rng.uniform() < 0.3 {
                *weight = 0.0;
            }
        }
        weights[0] = weights[0].max(0.1);
    }
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}

#[test]
fn distances_of_shares_bound_each_other() {
    for seed in 0..400 {
        let k = 2 + (seed % 40) as usize;
        let (r, c) = (shares(k, 2 * seed, seed % 2 == 0), shares(k, 2 * seed + 1, seed % 3 == 0));
        let (r, c) = (r.as_slice(), c.as_slice());
        let js = jensen_shannon::distance(Reference(r), Current(c));
        let h = hellinger::distance(Reference(r), Current(c));
        let tv = shares_of::total_variation(Reference(r), Current(c));
        let kl = kl_divergence::relative_entropy(Reference(r), Current(c));
        let ln_2 = std::f64::consts::LN_2;
        assert!((0.0..=ln_2.sqrt() + 1e-15).contains(&js), "{seed}: JS {js}");
        assert!((0.0..=1.0).contains(&h) && (0.0..=1.0).contains(&tv) && kl >= 0.0, "{seed}: {h} {tv} {kl}");
        // Le Cam, Pinsker and Lin: each would break if one of them were scaled wrongly.
        assert!(h * h <= tv + 1e-12 && tv <= h * (2.0 - h * h).sqrt() + 1e-12, "{seed}: H {h}, TV {tv}");
        assert!(2.0 * tv * tv <= kl + 1e-12, "{seed}: TV {tv}, KL {kl}");
        assert!(js * js <= ln_2 * tv + 1e-12, "{seed}: JS {js}, TV {tv}");
        let base_2 = jensen_shannon::distance_in_base(Reference(r), Current(c), 2.0);
        assert!((base_2 * ln_2.sqrt() - js).abs() < 1e-15 && base_2 <= 1.0 + 1e-15);
        for (name, distance) in [
            ("js", jensen_shannon::distance as fn(Reference<&[f64]>, Current<&[f64]>) -> f64),
            ("hellinger", hellinger::distance),
            ("tv", shares_of::total_variation),
            ("psi", psi::index),
        ] {
            let (there, back) = (distance(Reference(r), Current(c)), distance(Reference(c), Current(r)));
            assert!((there - back).abs() <= 1e-12, "{name} {seed}: {there}, {back}");
            assert!(distance(Reference(r), Current(r)) < 1e-7, "{name} {seed}");
        }
        assert_eq!(kl_divergence::divergence(Reference(r), Current(r)), 0.0);
    }
}

#[test]
fn psi_is_both_relative_entropies() {
    for seed in 0..100 {
        let (r, c) = (shares(12, seed, false), shares(12, seed + 1000, false));
        let sum = kl_divergence::relative_entropy(Reference(&r), Current(&c))
            + kl_divergence::relative_entropy(Reference(&c), Current(&r));
        assert!((psi::index(Reference(&r), Current(&c)) - sum).abs() < 1e-12);
    }
}

/// Counts of `k` categories.
fn counts(k: usize, seed: u64) -> Vec<u64> {
    let mut rng = Rng::new(seed);
    (0..k).map(|_| (rng.uniform() * 60.0) as u64 + 1).collect()
}

#[test]
fn tests_of_counts_obey_their_laws() {
    for seed in 0..200 {
        let k = 2 + (seed % 7) as usize;
        let (r, c) = (counts(k, 2 * seed), counts(k, 2 * seed + 1));
        let p = chi_square::homogeneity(Reference(&r), Current(&c)).unwrap().p_value;
        let back = chi_square::homogeneity(Reference(&c), Current(&r)).unwrap().p_value;
        assert!((0.0..=1.0).contains(&p) && (p - back).abs() < 1e-12, "{seed}: {p} {back}");
        // The order of the categories is nothing.
        let reversed = |counts: &[u64]| counts.iter().rev().copied().collect::<Vec<_>>();
        let turned = chi_square::homogeneity(Reference(&reversed(&r)), Current(&reversed(&c))).unwrap().p_value;
        assert!((p - turned).abs() < 1e-12);
        let corrected = chi_square::homogeneity_with_correction(Reference(&r), Current(&c)).unwrap().p_value;
        assert!(corrected >= p - 1e-15, "the correction makes p larger");
        let same = chi_square::homogeneity(Reference(&r), Current(&r)).unwrap();
        assert_eq!((same.statistic, same.p_value), (0.0, 1.0));
        let doubled: Vec<u64> = r.iter().map(|count| count * 2).collect();
        for divergence in chi_square::Divergence::ALL {
            let found = chi_square::power_divergence(Reference(&r), Current(&doubled), divergence).unwrap();
            assert!(found.statistic < 1e-9 && found.p_value > 1.0 - 1e-6, "{divergence:?} {found:?}");
        }
    }
}

#[test]
fn tests_of_two_proportions_obey_their_laws() {
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let mut side = || {
            let n = 1 + (rng.uniform() * 400.0) as u64;
            ((rng.uniform() * (n + 1) as f64) as u64, n)
        };
        let (r, c) = (side(), side());
        let p = |r, c, side| fisher::test(Reference(r), Current(c), side).p_value;
        let (less, greater) = (p(r, c, Alternative::Less), p(r, c, Alternative::Greater));
        let two_sided = p(r, c, Alternative::TwoSided);
        assert!([less, greater, two_sided].iter().all(|p| *p > 0.0 && *p <= 1.0), "{r:?} {c:?}");
        // Together they count the table found twice and every other once.
        assert!(less + greater >= 1.0 - 1e-12 && two_sided >= less.min(greater) * (1.0 - 1e-9), "{r:?} {c:?}");
        let others = |(k, n): (u64, u64)| (n - k, n);
        for (name, turned) in [
            ("sides swapped", p(c, r, Alternative::TwoSided)),
            ("events and others swapped", p(others(r), others(c), Alternative::TwoSided)),
        ] {
            assert!((turned / two_sided - 1.0).abs() < 1e-9, "{name} {r:?} {c:?}: {turned} {two_sided}");
        }
        assert!((p(others(r), others(c), Alternative::Greater) / less - 1.0).abs() < 1e-9, "{r:?} {c:?}");
        let z_p = z::test(Reference(r), Current(c)).unwrap();
        assert!((0.0..=1.0).contains(&z_p) && z_p == z::test(Reference(c), Current(r)).unwrap());
        let difference = proportions::share_difference(Reference(r), Current(c));
        assert!(difference.low <= difference.difference && difference.difference <= difference.high);
        assert!((-1.0..=1.0).contains(&difference.low) && (-1.0..=1.0).contains(&difference.high));
    }
}

#[test]
fn tails_are_probabilities_that_fall() {
    type Tail = fn(f64) -> f64;
    let distributions: [(&str, Tail, Tail); 5] = [
        ("normal", tails::normal_sf, tails::normal_cdf),
        ("chi-square 3", |x| tails::chi_square_sf(x, 3), |x| tails::chi_square_cdf(x, 3)),
        ("chi-square 5000", |x| tails::chi_square_sf(x * 200.0, 5000), |x| tails::chi_square_cdf(x * 200.0, 5000)),
        ("t 4.5", |t| tails::student_sf(t, 4.5), |t| tails::student_sf(-t, 4.5)),
        ("f 3, 17", |f| tails::f_sf(f, 3.0, 17.0), |f| tails::f_cdf(f, 3.0, 17.0)),
    ];
    for (name, sf, cdf) in distributions {
        let mut before = 1.0;
        for step in -400..1200 {
            let x = f64::from(step) / 20.0;
            let (upper, lower) = (sf(x), cdf(x));
            assert!((upper + lower - 1.0).abs() < 1e-13, "{name} at {x}: {upper} + {lower}");
            assert!(upper <= before * (1.0 + 1e-13) && upper >= 0.0, "{name} at {x}: {upper} after {before}");
            before = upper;
        }
    }
    for n in [1, 7, 140, 3000] {
        for step in 1..100 {
            let x = f64::from(step) / 100.0;
            assert!(kolmogorov::sf(n, x) <= kolmogorov::sf(n, x - 0.01) + 1e-12, "{n} {x}");
        }
    }
    let limit = |x: f64| kolmogorov::limit_sf(x) - kolmogorov::sf(1_000_000, x / 1000.0);
    assert!((1..40).all(|step| limit(f64::from(step) / 10.0).abs() < 1e-3));
}

#[test]
fn the_quantile_is_the_inverse_of_the_tail() {
    for exponent in 1..300 {
        let p = 0.7 * power(0.1, exponent);
        let z = tails::normal_quantile(p);
        assert!((tails::normal_cdf(z) / p - 1.0).abs() < 1e-12, "{p:e}");
    }
    for step in 1..200 {
        let p = f64::from(step) / 200.0;
        let z = tails::normal_quantile(p);
        assert!((tails::normal_cdf(z) - p).abs() < 1e-15, "{p}");
        assert!((tails::normal_quantile(1.0 - p) + z).abs() < 1e-14, "{p}");
    }
    assert_eq!(tails::normal_quantile(0.0), f64::NEG_INFINITY);
    assert_eq!(tails::normal_quantile(1.0), f64::INFINITY);
    assert!(tails::normal_quantile(-0.1).is_nan() && tails::normal_quantile(f64::NAN).is_nan());
}

fn power(base: f64, exponent: u32) -> f64 {
    (0..exponent).map(|_| base).product()
}

#[test]
fn every_value_lies_in_one_bin() {
    for (what, a, _) in pairs() {
        for rule in [Rule::Sturges, Rule::Doane, Rule::FreedmanDiaconis, Rule::Scott, Rule::Auto] {
            let edges = histogram::edges(&a, rule, false);
            assert!(edges.windows(2).all(|pair| pair[0] < pair[1]), "{what} {rule:?}");
            let counts = tidemark::stattest::binning::count(&a, &edges);
            assert_eq!(counts.iter().sum::<u64>(), a.len() as u64, "{what} {rule:?}");
        }
    }
}

/// Numbers at every edge of what a double can hold.
fn extremes() -> Vec<Vec<f64>> {
    let tiny = f64::from_bits(1);
    let lists = [
        vec![f64::MAX; 30],
        vec![-f64::MAX, f64::MAX],
        vec![1e308, -1e308, 1e308, 0.0, 5.0, 1e-308],
        vec![tiny; 7],
        vec![0.0, tiny, 2.0 * tiny, 3.0 * tiny, 4.0 * tiny, 9.0 * tiny],
        vec![0.0; 12],
        vec![1.0],
        vec![1.0, 1.0 + f64::EPSILON, 1.0 - f64::EPSILON, 1.0, 1.0, 1.0],
        (0..40).map(|i| f64::from(i) * 4.4e306).collect(),
        (0..40).map(|i| if i % 2 == 0 { f64::MAX } else { f64::MIN_POSITIVE }).collect(),
        vec![1e300, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        (0..25).map(f64::from).collect(),
    ];
    lists.into_iter().map(sorted).collect()
}

#[test]
fn any_finite_input_gives_a_finite_score_or_a_reason() {
    for (i, a) in extremes().into_iter().enumerate() {
        for (j, b) in extremes().into_iter().enumerate() {
            let (reference, current) = (profile(&a), profile(&b));
            for method in Method::ALL {
                for column_type in [ColumnType::Numerical, ColumnType::Categorical] {
                    let options = evidently::Options { method: Some(method), ..evidently::Options::default() };
                    let found = evidently::judge("x", column_type, Reference(&reference), Current(&current), &options);
                    let Ok(outcome) = found else { continue };
                    let in_range = match outcome.score {
                        Score::PValue(p) => (0.0..=1.0).contains(&p),
                        Score::Distance(distance) => (0.0..=f64::MAX).contains(&distance),
                    };
                    assert!(in_range, "{} on {i} and {j}: {:?}", method.name(), outcome.score);
                }
            }
            for test in numerical().into_iter().filter(|test| test.is_p_value) {
                if let Ok(p) = (test.run)(&a, &b) {
                    assert!((0.0..=1.0).contains(&p), "{} on {i} and {j}: {p}", test.name);
                }
            }
        }
    }
}

fn profile(values: &[f64]) -> ColumnProfile {
    ColumnProfile::of(&Column::fractions("x", values.to_vec()))
}

/// Puts values in random order.
fn shuffled(values: &[f64], seed: u64) -> Vec<f64> {
    let mut rng = Rng::new(seed);
    let mut keyed: Vec<(u64, f64)> = values.iter().map(|value| (rng.next(), *value)).collect();
    keyed.sort_unstable_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, value)| value).collect()
}

/// What every method of the evidently judge says.
fn every_method(reference: &ColumnProfile, current: &ColumnProfile, column_type: ColumnType) -> Vec<String> {
    let judge = |method| {
        let options = evidently::Options { method: Some(method), ..evidently::Options::default() };
        format!("{:?}", evidently::judge("x", column_type, Reference(reference), Current(current), &options))
    };
    Method::ALL.into_iter().map(judge).collect()
}

#[test]
fn the_order_of_the_rows_is_nothing() {
    for (seed, (what, a, b)) in pairs().into_iter().enumerate() {
        let (seed, numerical) = (seed as u64, ColumnType::Numerical);
        let expected = every_method(&profile(&a), &profile(&b), numerical);
        let (a, b) = (shuffled(&a, seed), shuffled(&b, seed + 1));
        assert_eq!(every_method(&profile(&a), &profile(&b), numerical), expected, "{what}");
    }
}

#[test]
fn the_merge_of_parts_equals_the_whole() {
    for (seed, (what, a, b)) in pairs().into_iter().enumerate() {
        let mut rows = shuffled(&a, seed as u64);
        rows[0] = f64::NAN;
        rows[1] = f64::INFINITY;
        let merged = |cuts: usize| {
            let parts = rows.chunks(rows.len().div_ceil(cuts));
            parts.map(profile).reduce(|whole, part| whole.merge(&part).expect("both hold numbers")).expect("a part")
        };
        let whole = profile(&rows);
        let expected = every_method(&whole, &profile(&b), ColumnType::Numerical);
        for cuts in [2, 3, 5] {
            assert_eq!(merged(cuts), whole, "{what} in {cuts}");
            assert_eq!(every_method(&merged(cuts), &profile(&b), ColumnType::Numerical), expected, "{what} in {cuts}");
        }
    }
}

#[test]
fn parts_of_categories_merge_to_the_whole() {
    let names = ["a", "b", "", "é", "a ", "A"];
    for seed in 0..50 {
        let mut rng = Rng::new(seed);
        let pick = |rng: &mut Rng| (rng.uniform() > 0.1).then(|| names[(rng.uniform() * names.len() as f64) as usize]);
        let rows: Vec<Option<&'static str>> = (0..80).map(|_| pick(&mut rng)).collect();
        let part = |rows: &[Option<&'static str>]| ColumnProfile::of(&Column::strings("x", rows.iter().copied()));
        let cut = (rng.uniform() * 80.0) as usize;
        let whole = part(&rows);
        assert_eq!(part(&rows[..cut]).merge(&part(&rows[cut..])), Some(whole.clone()));
        assert_eq!(part(&rows[cut..]).merge(&part(&rows[..cut])), Some(whole));
    }
}
