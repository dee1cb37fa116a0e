//! A table as CSV.

use std::io::{self, Write};

use crate::data::{Dataset, Values};

/// Writes a table as CSV: a header, comma-separated values, missing ones empty, numbers as short as they read back the
/// same, strings quoted where they have to be.
///
/// # Errors
/// Those of `out`.
pub fn write(data: &Dataset, out: impl Write) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(1 << 16, out);
    for (place, column) in data.columns().iter().enumerate() {
        out.write_all(if place == 0 { b"" } else { b"," })?;
        write_text(&mut out, &column.name)?;
    }
    // Strings can only be read in row order, so every column of them is read as far as the row.
    let mut strings: Vec<_> = data
        .columns()
        .iter()
        .map(|column| match &column.values {
            Values::Strings(strings) => Some(strings.iter()),
            _ => None,
        })
        .collect();
    for row in 0..data.n_rows() {
        out.write_all(b"\n")?;
        for (place, (column, strings)) in data.columns().iter().zip(&mut strings).enumerate() {
            out.write_all(if place == 0 { b"" } else { b"," })?;
            match &column.values {
                Values::Numbers(numbers) if numbers.as_slice()[row].is_nan() => {}
                Values::Numbers(numbers) if numbers.is_integer() => write!(out, "{}", numbers.as_slice()[row])?,
                // A whole number among fractions keeps its point, so that the column reads back as what it is.
                Values::Numbers(numbers) => write!(out, "{:?}", numbers.as_slice()[row])?,
                Values::Booleans(values) => write!(out, "{}", values[row])?,
                Values::Strings(_) => {
                    if let Some(text) = strings.as_mut().and_then(Iterator::next).flatten() {
                        write_text(&mut out, text)?;
                    }
                }
            }
        }
    }
    out.write_all(b"\n")?;
    out.flush()
}

fn write_text(out: &mut impl Write, text: &str) -> io::Result<()> {
    // Any separator that a reader might take the header to be parted by, and the mark that it skips at the start of a file.
    if text.contains([',', ';', '\t', '|', '"', '\n', '\r']) || text.starts_with('\u{feff}') {
        write!(out, "\"{}\"", text.replace('"', "\"\""))
    } else {
        out.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Column;

    #[test]
    fn no_name_is_taken_for_a_separator_or_a_mark() {
        for name in ["a\tb\tc", "a;b", "a|b", "\u{feff}a"] {
            let data = Dataset::new(vec![Column::fractions(name, vec![0.5]), Column::fractions("x", vec![1.5])]);
            let data = data.expect("a row each");
            let mut csv = Vec::new();
            write(&data, &mut csv).expect("writing to memory does not fail");
            assert_eq!(crate::data::csv::read(&csv).as_ref(), Ok(&data), "{name:?}");
        }
    }

    #[test]
    fn csv_is_short_and_quotes_what_it_must() {
        let data = Dataset::new(vec![
            Column::fractions("a,b", vec![0.1, f64::NAN, -2.0]),
            Column::strings("name", [Some("x"), Some("say \"no\""), None]),
            Column { name: "yes".into(), values: Values::Booleans(vec![true, false, true]) },
        ])
        .expect("three rows each");
        let mut csv = Vec::new();
        write(&data, &mut csv).expect("writing to memory does not fail");
        assert_eq!(
            String::from_utf8(csv).expect("CSV is text"),
            "\"a,b\",name,yes\n0.1,x,true\n,\"say \"\"no\"\"\",false\n-2.0,,true\n"
        );
    }
}
