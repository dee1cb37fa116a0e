//! Agreement with Evidently 0.7.23 on texts that both sides make by the same formula:
//!
//! ```text
//! class Lcg:
//!     def __init__(s, seed): s.x = seed
//!     def below(s, n):
//!         s.x = (s.x * 6364136223846793005 + 1442695040888963407) % 2**64
//!         return (s.x >> 33) % n
//! WORDS = [a + b for a in ["ka","lo","mi","nu","pe","ro","sa","ti","vu","ze"]
//!          for b in ["dan","fer","gol","hin","jup","kas","lem","mor","nit","pol"]]
//! def texts(seed, n, length, first, last):
//!     g = Lcg(seed)
//!     return ["the " + " ".join(WORDS[first + g.below(last - first)] for _ in range(length)) for _ in range(n)]
//! def ids(seed, n): g = Lcg(seed); return ["id%d" % g.below(10**9) for _ in range(n)]
//! mix = lambda a, b, k: [b[i] if i % k == 0 else a[i] for i in range(len(a))]
//! ```
//! `evidently.legacy.utils.data_drift_utils.calculate_text_drift_score(reference, current, bootstrap, ...)`, with scikit-learn
//! 1.9.1, numpy 2.4.6. Its score hangs on the order of the rows (through the split), so the expected value is the mean over
//! 20 random orders of both sides, with the standard deviation between them.

use super::*;

struct Lcg(u64);

impl Lcg {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn texts(seed: u64, n: usize, length: usize, first: u64, last: u64) -> Vec<String> {
    const BEGINNINGS: [&str; 10] = ["ka", "lo", "mi", "nu", "pe", "ro", "sa", "ti", "vu", "ze"];
    const ENDS: [&str; 10] = ["dan", "fer", "gol", "hin", "jup", "kas", "lem", "mor", "nit", "pol"];
    let mut random = Lcg(seed);
    let mut word = || {
        let number = (first + random.below(last - first)) as usize;
        format!("{}{}", BEGINNINGS[number / 10], ENDS[number % 10])
    };
    (0..n).map(|_| format!("the {}", (0..length).map(|_| word()).collect::<Vec<_>>().join(" "))).collect()
}

fn identifiers(seed: u64, n: usize) -> Vec<String> {
    let mut random = Lcg(seed);
    (0..n).map(|_| format!("id{}", random.below(1_000_000_000))).collect()
}

/// Each text with its count, as a profile has them.
fn counted(texts: &[String]) -> Vec<(String, u64)> {
    let mut sorted = texts.to_vec();
    sorted.sort();
    sorted.chunk_by(|a, b| a == b).map(|run| (run[0].clone(), run.len() as u64)).collect()
}

fn classified(reference: &[String], current: &[String]) -> TextContent {
    classify(Reference(&counted(reference)), Current(&counted(current))).unwrap()
}

/// A case of Evidently's: its mean area under the curve, the deviation between orders, and its verdict.
struct Expected {
    name: &'static str,
    sides: (Vec<String>, Vec<String>),
    auc: f64,
    deviation: f64,
    drifted: bool,
}

fn cases() -> [Expected; 8] {
    let case = |name, reference, current, auc, deviation, drifted| Expected {
        name,
        sides: (reference, current),
        auc,
        deviation,
        drifted,
    };
    [
        case("same", texts(1, 300, 6, 0, 60), texts(2, 300, 6, 0, 60), 0.4810, 0.0339, false),
        case("overlapping", texts(3, 300, 6, 0, 60), texts(4, 300, 6, 20, 80), 0.9317, 0.0158, true),
        case("slight", texts(5, 400, 6, 0, 60), texts(6, 400, 6, 6, 66), 0.8153, 0.0243, true),
        case("disjoint", texts(7, 120, 6, 0, 50), texts(8, 80, 6, 50, 100), 0.9998, 0.0005, true),
        case("few", texts(9, 40, 4, 0, 30), texts(10, 30, 4, 15, 45), 0.8739, 0.0497, true),
        case("large_same", texts(11, 1500, 5, 0, 100), texts(12, 1200, 5, 0, 100), 0.5040, 0.0164, false),
        case("identifiers", identifiers(16, 1200), identifiers(17, 1100), 0.5, 0.0, false),
        case("unequal", texts(18, 1100, 6, 0, 60), texts(19, 150, 6, 10, 70), 0.8464, 0.0279, true),
    ]
}

#[test]
fn scores_and_verdicts_are_evidentlys_up_to_chance() {
    for Expected { name, sides: (reference, current), auc, deviation, drifted } in cases() {
        let found = classified(&reference, &current);
        println!("{name}: {:.4}, Evidently {auc:.4} ± {deviation:.4}", found.auc);
        assert!((found.auc - auc).abs() <= 4.0 * deviation + 0.002, "{name}: {}, not {auc}", found.auc);
        let limit = if reference.len() > 1000 { 0.55 } else { found.random_auc(0.95) };
        assert_eq!(found.auc > limit, drifted, "{name}: {} against {limit}", found.auc);
    }
}

#[test]
fn a_tenth_of_new_words_is_as_hard_to_see_as_for_evidently() {
    // mix(texts(14,1500,5,0,50), texts(15,1500,5,50,100), 10) against texts(13,1500,5,0,50): 0.5472 ± 0.0131, on both
    // sides of the threshold of 0.55.
    let (usual, new) = (texts(14, 1500, 5, 0, 50), texts(15, 1500, 5, 50, 100));
    let mixed: Vec<String> = (0..1500).map(|i| if i % 10 == 0 { &new[i] } else { &usual[i] }.clone()).collect();
    let found = classified(&texts(13, 1500, 5, 0, 50), &mixed);
    assert!((found.auc - 0.5472).abs() < 4.0 * 0.0131, "{}", found.auc);
}

#[test]
fn the_order_of_rows_does_not_matter_and_the_answer_stays() {
    let (reference, current) = (texts(3, 100, 6, 0, 60), texts(4, 100, 6, 20, 80));
    let found = classified(&reference, &current);
    let mut reversed = current.clone();
    reversed.reverse();
    assert_eq!(found, classified(&reference, &reversed));
    assert_eq!(found.n_judged.0 + found.n_judged.1, 100);
}

#[test]
fn of_very_many_texts_some_are_drawn() {
    let many: Vec<(String, u64)> = [("apple pie".to_owned(), 15_000), ("plum jam".to_owned(), 15_000)].into();
    let few: Vec<(String, u64)> = [("hammer blow".to_owned(), 300), ("apple pie".to_owned(), 100)].into();
    let found = classify(Reference(&many), Current(&few)).unwrap();
    assert_eq!((found.n_reference, found.n_current), (MAX_TEXTS as u64, 400));
    // Three quarters of the current texts have words of their own.
    assert!(found.auc > 0.8, "{}", found.auc);
}

#[test]
fn nothing_to_learn_from_is_not_tested() {
    let one = |text: &str, count| vec![(text.to_owned(), count)];
    let classify = |a: &[(String, u64)], b: &[(String, u64)]| classify(Reference(a), Current(b));
    assert_eq!(classify(&one("the of and", 20), &one("a I or", 20)), Err(NotTested::NoWords));
    // A word in every text says nothing either.
    assert_eq!(classify(&one("apple", 20), &one("apple", 20)), Err(NotTested::NoWords));
    assert_eq!(classify(&one("apple", 1), &one("pear", 1)), Err(NotTested::OneSidedSplit));
    let empty = NotTested::Empty { n_reference: 0, n_current: 3 };
    assert_eq!(classify(&[], &one("pear", 3)), Err(empty));
}
