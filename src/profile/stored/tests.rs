use super::*;
use crate::data::{Column, Dataset, Values};
use crate::random::Rng;
use crate::schema::{ColumnType, Schema, SchemaOverrides};

fn table(n: usize, rng: &mut Rng) -> TableProfile {
    let mut numbers =
        |name: &str, draw: &dyn Fn(&mut Rng) -> f64| Column::numbers(name, (0..n).map(|_| draw(rng)).collect());
    let mut columns = vec![
        numbers("normal", &Rng::normal),
        numbers("holes", &|rng| [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1.25, -7.5][rng.below(6) as usize]),
        numbers("any bits", &|rng| Some(f64::from_bits(rng.next())).filter(|x| x.is_finite()).unwrap_or(0.0)),
        numbers("whole", &|rng| rng.below(40) as f64),
        numbers("constant", &|_| 3.5),
    ];
    let names: Vec<String> = (0..n).map(|_| format!("näme {}", rng.below(n as u64))).collect();
    let some = |name: &'static str, i: usize| (!i.is_multiple_of(7)).then_some(name);
    columns.push(Column::strings("name", names.iter().map(|name| Some(name.as_str()))));
    columns.push(Column::strings("few", (0..n).map(|i| some(["", "a", "ab"][i % 3], i))));
    columns.push(Column { name: "flag".to_owned(), values: Values::Booleans((0..n).map(|i| i % 9 == 0).collect()) });
    let moment = |rng: &mut Rng| format!("20{:02}-03-01 0{}:00:00.25", 10 + rng.below(20), rng.below(9));
    let moments: Vec<String> = (0..n).map(|_| moment(rng)).collect();
    columns.push(Column::strings("at", moments.iter().map(|at| Some(at.as_str()))));
    columns.push(Column::strings("gone", vec![None; n]));
    let data = Dataset::new(columns).unwrap();
    let types = [("whole".to_owned(), ColumnType::Numerical), ("gone".to_owned(), ColumnType::Numerical)].into();
    let mut schema = Schema::infer(&data, &SchemaOverrides { types, ..SchemaOverrides::default() }).unwrap();
    let absent = ColumnSpec { name: "absent".to_owned(), ..schema.columns[0].clone() };
    schema.columns.push(absent);
    TableProfile::of(&data, &schema)
}

fn everything(profile: &TableProfile) -> String {
    // Debug shows every digit of every number.
    format!("{profile:?}")
}

#[test]
fn what_is_read_is_what_was_written() {
    let mut rng = Rng::new(1);
    for n in [0, 1, 2, 300, 20_000] {
        let profile = table(n, &mut rng);
        let bytes = profile.to_bytes();
        let read = TableProfile::from_bytes(&bytes, 1_000_000).unwrap();
        let minus_zero_is_zero = |text: String| text.replace("-0.0,", "0.0,");
        assert!(minus_zero_is_zero(everything(&read)) == minus_zero_is_zero(everything(&profile)), "{n} rows");
        assert_eq!(read.to_bytes(), bytes, "{n} rows");
    }
}

#[test]
fn few_values_take_few_bytes_and_many_less_than_themselves() {
    let bytes = |values: Vec<f64>| {
        let data = Dataset::new(vec![Column::fractions("x", values)]).unwrap();
        let schema = Schema::infer(&data, &SchemaOverrides::default()).unwrap();
        TableProfile::of(&data, &schema).to_bytes().len()
    };
    let mut rng = Rng::new(2);
    let n = 100_000;
    // The kept rows take 2 and 7 bits each.
    assert!(bytes(vec![1.5; n]) < 5_000);
    assert!(bytes((0..n).map(|_| rng.below(100) as f64).collect()) < 16_000);
    assert!(bytes((0..n).map(|_| rng.normal()).collect()) < 8 * n * 9 / 10);
}

/// The same body with a checksum that fits: what somebody writes who means harm.
fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let checksum = Sha256::digest(&body);
    body.extend_from_slice(&checksum);
    body
}

#[test]
fn damage_is_noticed() {
    let bytes = table(40, &mut Rng::new(3)).to_bytes();
    for length in 0..bytes.len() {
        assert!(TableProfile::from_bytes(&bytes[..length], 10_000).is_err(), "{length}");
    }
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(TableProfile::from_bytes(&flipped, 10_000).is_err(), "{at}");
    }
    assert_eq!(TableProfile::from_bytes(b"x,y\n1,2\n", 10).unwrap_err(), StoredError::NoProfile);
    let mut newer = bytes.clone();
    newer[4] = 9;
    assert_eq!(TableProfile::from_bytes(&newer, 10).unwrap_err(), StoredError::Version { found: 9 });
}

#[test]
fn hostile_bytes_are_an_error_or_a_profile_that_can_be_compared() {
    use crate::judge::Settings;
    use crate::report::{Profiled, compare_profiles};
    use crate::stattest::{Current, Reference};
    let profile = table(40, &mut Rng::new(4));
    let bytes = profile.to_bytes();
    let body = &bytes[..bytes.len() - CHECKSUM];
    let mut rng = Rng::new(5);
    let (mut n_read, mut n_refused) = (0, 0);
    for round in 0..6000 {
        let mut changed = body.to_vec();
        for _ in 0..1 + round % 3 {
            let at = 5 + rng.below(body.len() as u64 - 5) as usize;
            changed[at] = rng.next() as u8;
        }
        if round % 5 == 0 {
            changed.truncate(rng.below(body.len() as u64 + 1) as usize);
        }
        match TableProfile::from_bytes(&sealed(changed), 10_000) {
            Err(_) => n_refused += 1,
            Ok(read) => {
                n_read += 1;
                let side = |profile| Profiled { label: "", profile, sha256: None };
                // A changed name or type makes another schema; that is an error of its own.
                let report = compare_profiles(Reference(side(&profile)), Current(side(&read)), &Settings::default());
                if let Ok(report) = report {
                    serde_json::to_string(&report).unwrap();
                }
            }
        }
    }
    assert!(n_read > 100 && n_refused > 1000, "{n_read} read, {n_refused} refused");
}

#[test]
fn a_few_bytes_cannot_ask_for_much_memory() {
    let data = Dataset::new(vec![Column::fractions("x", vec![1.5; 5000])]).unwrap();
    let schema = Schema::infer(&data, &SchemaOverrides::default()).unwrap();
    let bytes = TableProfile::of(&data, &schema).to_bytes();
    assert_eq!(TableProfile::from_bytes(&bytes, 10_000).unwrap().rows(), 5000);
    let too_large = StoredError::TooLarge { most_values: 9_999 };
    assert_eq!(TableProfile::from_bytes(&bytes, 9_999).unwrap_err(), too_large);
}
