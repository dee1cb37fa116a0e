//! One column's side in bytes.

use super::reader::Reader;
use super::writer::Writer;
use super::{MOST_ROWS, StoredError, bits, invalid, values};
use crate::data::Category;
use crate::profile::datetime::DatetimeProfile;
use crate::profile::row_ends::RowEnds;
use crate::profile::sort::{of_key, to_key};
use crate::profile::{ColumnProfile, ColumnSide, Shape, runs};
use crate::schema::{ColumnSpec, ColumnType};

/// The shapes, as a byte.
const FRACTIONS: u8 = 0;
const WHOLE_NUMBERS: u8 = 1;
const BOOLEANS: u8 = 2;
const NAMES: u8 = 3;

/// Places of a kept row that are no place of a value; those of the distinct values follow.
const MISSING: u64 = 0;
const INFINITE: u64 = 1;
const MINUS_INFINITE: u64 = 2;
const FIRST_VALUE: u64 = 3;

pub(super) fn write(to: &mut Writer, side: &ColumnSide) {
    let profile = side.values();
    for count in [profile.rows, profile.missing, profile.infinite] {
        to.count(count);
    }
    match &profile.shape {
        Shape::Numbers { sorted, is_integer } => {
            to.byte(if *is_integer { WHOLE_NUMBERS } else { FRACTIONS });
            values::write(to, sorted.iter().map(|value| to_key(*value)));
        }
        Shape::Categories { counts } => write_categories(to, counts),
    }
    if let Some(datetimes) = side.datetimes() {
        write_datetimes(to, datetimes);
    }
    to.optional(side.ends(), |to, ends| write_ends(to, ends, profile.sorted().unwrap_or(&[])));
}

pub(super) fn read(from: &mut Reader<'_>, spec: &ColumnSpec) -> Result<ColumnSide, StoredError> {
    let rows = from.count_up_to(MOST_ROWS, "more rows than can be counted")?;
    let missing = from.count_up_to(rows, "more missing values than rows")?;
    let infinite = from.count_up_to(rows - missing, "more infinite values than rows")?;
    let n = rows - missing - infinite;
    let shape = match from.byte()? {
        kind @ (FRACTIONS | WHOLE_NUMBERS) => read_numbers(from, kind == WHOLE_NUMBERS)?,
        BOOLEANS => read_booleans(from)?,
        NAMES => read_names(from)?,
        _ => return Err(invalid("an unknown kind of values")),
    };
    let present = match &shape {
        Shape::Numbers { sorted, .. } => Some(sorted.len() as u64),
        Shape::Categories { counts } => counts.iter().try_fold(0_u64, |sum, (_, count)| sum.checked_add(*count)),
    };
    let is_numerical = matches!(shape, Shape::Numbers { .. });
    if present != Some(n) || (infinite > 0 && !is_numerical) {
        return Err(invalid("other values than were counted"));
    }
    if matches!(shape, Shape::Numbers { is_integer: true, .. }) && n < rows {
        return Err(invalid("whole numbers with missing ones among them"));
    }
    let profile = ColumnProfile { rows, missing, infinite, shape };
    let datetimes = match spec.column_type {
        ColumnType::Datetime => Some(read_datetimes(from, rows - missing)?),
        _ => None,
    };
    let ends = from.optional(|from| read_ends(from, &profile))?;
    if ends.is_some() != (is_numerical && spec.column_type == ColumnType::Numerical) {
        return Err(invalid("rows where there are none, or none where there are"));
    }
    Ok(ColumnSide::new(profile, datetimes, ends))
}

fn read_numbers(from: &mut Reader<'_>, is_integer: bool) -> Result<Shape, StoredError> {
    let sorted: Vec<f64> = values::read(from)?.into_iter().map(of_key).collect();
    // Keys ascend, so the values do, with -0 below 0.
    let is_finite = |value: Option<&f64>| value.is_none_or(|value| value.is_finite());
    let minus_zero = sorted.partition_point(|value| value.total_cmp(&-0.0).is_lt());
    let has_minus_zero = sorted.get(minus_zero).is_some_and(|value| value.to_bits() == (-0.0_f64).to_bits());
    if !is_finite(sorted.first()) || !is_finite(sorted.last()) || has_minus_zero {
        return Err(invalid("numbers that are not finite"));
    }
    if is_integer && sorted.iter().any(|value| value.fract() != 0.0) {
        return Err(invalid("whole numbers that are not whole"));
    }
    Ok(Shape::Numbers { sorted, is_integer })
}

fn write_categories(to: &mut Writer, counts: &[(Category, u64)]) {
    if matches!(counts.first(), Some((Category::Boolean(_), _))) {
        let count = |wanted| counts.iter().find(|(category, _)| *category == Category::Boolean(wanted));
        to.byte(BOOLEANS);
        for wanted in [false, true] {
            to.count(count(wanted).map_or(0, |(_, count)| *count));
        }
        return;
    }
    to.byte(NAMES);
    to.count(counts.len() as u64);
    let mut before = "";
    for (category, count) in counts {
        let Category::Name(name) = category else { continue };
        let n_common = before.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        to.count(n_common as u64);
        to.text(&name.as_bytes()[n_common..]);
        to.count(*count);
        before = name;
    }
}

fn read_booleans(from: &mut Reader<'_>) -> Result<Shape, StoredError> {
    let counts = [(Category::Boolean(false), from.count()?), (Category::Boolean(true), from.count()?)];
    let counts = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    Ok(Shape::Categories { counts })
}

fn read_names(from: &mut Reader<'_>) -> Result<Shape, StoredError> {
    let n = from.count()?;
    let mut counts: Vec<(Category, u64)> = Vec::new();
    let mut before = Vec::new();
    for _ in 0..n {
        let n_common = from.count_up_to(before.len() as u64, "a name that goes on where none was")? as usize;
        let rest = from.text()?;
        let is_above = rest > &before[n_common..] || counts.is_empty();
        // A beginning that is not written takes no bytes either.
        from.make_room(1 + n_common as u64 / 8)?;
        before.truncate(n_common);
        before.extend_from_slice(rest);
        let name = String::from_utf8(before.clone()).or(Err(invalid("a name that is no text")))?;
        let count = from.count()?;
        if !is_above || count == 0 {
            return Err(invalid("names that do not ascend, or do not occur"));
        }
        counts.push((Category::Name(name), count));
    }
    Ok(Shape::Categories { counts })
}

/// A whole number that orders as the moment does.
const fn moment_key(micros: i64) -> u64 {
    micros.cast_unsigned() ^ 1 << 63
}

const fn moment_of_key(key: u64) -> i64 {
    (key ^ 1 << 63).cast_signed()
}

fn write_datetimes(to: &mut Writer, datetimes: &DatetimeProfile) {
    values::write(to, datetimes.sorted().iter().map(|micros| moment_key(*micros)));
    to.count(datetimes.unreadable());
    to.count(datetimes.out_of_order());
    if let Some((first, last)) = datetimes.ends() {
        to.bytes(&first.to_le_bytes());
        to.bytes(&last.to_le_bytes());
    }
}

fn read_datetimes(from: &mut Reader<'_>, n_present: u64) -> Result<DatetimeProfile, StoredError> {
    let sorted: Vec<i64> = values::read(from)?.into_iter().map(moment_of_key).collect();
    let unreadable = from.count()?;
    let out_of_order = from.count()?;
    let mut end = || Ok(i64::from_le_bytes(from.bytes(8)?.try_into().expect("eight bytes were taken")));
    let ends = if sorted.is_empty() { None } else { Some((end()?, end()?)) };
    if (sorted.len() as u64).checked_add(unreadable) != Some(n_present) {
        return Err(invalid("other moments than were counted"));
    }
    DatetimeProfile::of_stored(sorted, unreadable, out_of_order, ends).ok_or(invalid("moments that do not fit"))
}

fn write_ends(to: &mut Writer, ends: &RowEnds, sorted: &[f64]) {
    let distinct: Vec<f64> = runs(sorted).map(|(value, _)| value).collect();
    let place = |value: f64| match value {
        f64::INFINITY => INFINITE,
        f64::NEG_INFINITY => MINUS_INFINITE,
        value if value.is_nan() => MISSING,
        value => FIRST_VALUE + distinct.partition_point(|other| *other < value) as u64,
    };
    bits::write(to, FIRST_VALUE + distinct.len() as u64, ends.kept().iter().map(|value| place(*value)));
}

fn read_ends(from: &mut Reader<'_>, profile: &ColumnProfile) -> Result<RowEnds, StoredError> {
    let distinct: Vec<f64> = runs(profile.sorted().unwrap_or(&[])).map(|(value, _)| value).collect();
    let n_kept = RowEnds::n_kept(profile.rows);
    from.make_room(n_kept as u64)?;
    let places = bits::read(from, FIRST_VALUE + distinct.len() as u64, n_kept)?;
    let value = |place: u64| match place {
        MISSING => Some(f64::NAN),
        INFINITE => Some(f64::INFINITY),
        MINUS_INFINITE => Some(f64::NEG_INFINITY),
        place => distinct.get((place - FIRST_VALUE) as usize).copied(),
    };
    let kept: Option<Vec<f64>> = places.into_iter().map(value).collect();
    let ends = kept.and_then(|kept| RowEnds::of_kept(profile.rows, kept));
    ends.ok_or(invalid("a row with a value that the column does not have"))
}
