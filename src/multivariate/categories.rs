//! A column's values as categories, to be counted and looked up.

use crate::data::Values;

/// A category that can be compared, and costs nothing to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CategoryKey<'a> {
    /// A number that stands for a kind, by its bits.
    Number(u64),
    /// A name. Truth values are called `true` and `false`, however they are written: the same column holds truth values
    /// where none is missing, and strings where one is.
    Name(&'a str),
}

/// The categories of a column in row order; `None` is a missing one.
pub(super) fn categories(values: &Values) -> Box<dyn Iterator<Item = Option<CategoryKey<'_>>> + '_> {
    match values {
        Values::Numbers(numbers) => Box::new(numbers.as_slice().iter().map(|value| {
            // Adding zero makes -0 and 0 one value.
            (!value.is_nan()).then(|| CategoryKey::Number((value + 0.0).to_bits()))
        })),
        Values::Booleans(values) => Box::new(values.iter().map(|&value| Some(truth(value)))),
        Values::Strings(strings) => Box::new(strings.iter().map(|string| string.map(name))),
    }
}

const fn truth(value: bool) -> CategoryKey<'static> {
    CategoryKey::Name(if value { "true" } else { "false" })
}

fn name(string: &str) -> CategoryKey<'_> {
    match string {
        string if string.eq_ignore_ascii_case("true") => truth(true),
        string if string.eq_ignore_ascii_case("false") => truth(false),
        string => CategoryKey::Name(string),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Column;

    #[test]
    fn truth_values_stay_themselves_when_one_goes_missing() {
        let whole = Values::Booleans(vec![true, false]);
        let holed = Column::strings("x", [Some("True"), None, Some("FALSE"), Some("truth")]).values;
        let found: Vec<_> = categories(&holed).collect();
        assert_eq!([found[0], found[2]], [categories(&whole).next().unwrap(), categories(&whole).nth(1).unwrap()]);
        assert_eq!(found[1], None);
        assert_eq!(found[3], Some(CategoryKey::Name("truth")));
    }

    #[test]
    fn both_zeros_are_one_category() {
        let column = Column::numbers("x", vec![0.0, -0.0, f64::NAN]);
        let found: Vec<_> = categories(&column.values).collect();
        assert_eq!(found[0], found[1]);
        assert_eq!(found[2], None);
    }
}
