//! The bodies of `/predict` (an object with the model's features) and of its batches (`{"rows": [such objects]}`).

use super::error::{BodyError, FieldErrors};
use super::json::{Kind, Reader};
use super::rows::{RowFormat, Rows, check_count};

/// Reads one row.
///
/// # Errors
/// 400 for what is no JSON object, 422 with every offending field named: absent, unknown, repeated, not a number, too large
/// to be one.
pub fn read_row(body: &[u8], format: &RowFormat) -> Result<Vec<f64>, BodyError> {
    let mut reader = Reader::new(body)?;
    let mut values = Vec::with_capacity(format.n_features());
    let mut errors = FieldErrors::default();
    format.read_object(&mut reader, &mut values, &String::new, &mut errors)?;
    reader.end()?;
    errors.into_result().map(|()| values)
}

/// Reads a batch: `{"rows": [{…}, …]}`.
///
/// # Errors
/// As [`read_row`], and 413 for more than [`MAX_ROWS`](super::MAX_ROWS) rows.
pub fn read_batch(body: &[u8], format: &RowFormat) -> Result<Rows, BodyError> {
    let mut reader = Reader::new(body)?;
    let mut values = None;
    let mut errors = FieldErrors::default();
    reader.object(|reader, name| {
        if name != "rows" {
            errors.push("", &name, "a batch has \"rows\" and nothing else");
            reader.skip()?;
        } else if values.is_some() {
            errors.push("", "rows", "given twice");
            reader.skip()?;
        } else if reader.kind()? == Kind::Array {
            values = Some(read_objects(reader, format, "/rows", &mut errors)?);
        } else {
            let found = reader.kind()?.with_article();
            errors.push("", "rows", format!("expected an array, found {found}"));
            values = Some(Vec::new());
            reader.skip()?;
        }
        Ok::<_, BodyError>(())
    })?;
    reader.end()?;
    if values.is_none() {
        errors.push("", "rows", "missing");
    }
    errors.into_result()?;
    Ok(format.rows(values.unwrap_or_default()))
}

/// Whether a body is a batch rather than a row: its first field is `rows`, and no feature has that name.
pub fn is_batch(body: &[u8], format: &RowFormat) -> bool {
    let mut is_batch = false;
    if let (None, Ok(mut reader)) = (format.place("rows"), Reader::new(body)) {
        // One look at the first name: whether the rest is sound is for others to say.
        let first = reader.object(|reader, name| {
            is_batch = name == "rows";
            Err::<(), _>(reader.malformed("no more than the first field"))
        });
        drop(first);
    }
    is_batch
}

/// Reads an array of objects, row after row.
pub(super) fn read_objects(
    reader: &mut Reader<'_>,
    format: &RowFormat,
    at: &str,
    errors: &mut FieldErrors,
) -> Result<Vec<f64>, BodyError> {
    let mut values = Vec::new();
    let mut n_rows = 0;
    reader.array(|reader| {
        check_count(n_rows + 1)?;
        if reader.kind()? == Kind::Object {
            format.read_object(reader, &mut values, &|| format!("{at}/{n_rows}"), errors)?;
        } else {
            let found = reader.kind()?.with_article();
            errors.push_at(format!("{at}/{n_rows}"), format!("expected an object, found {found}"));
            reader.skip()?;
        }
        n_rows += 1;
        Ok::<_, BodyError>(())
    })?;
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;
    use crate::wire::MAX_ROWS;
    use serde_json::json;

    fn format() -> RowFormat {
        RowFormat::new(["a", "b"])
    }

    fn errors(body: &str) -> serde_json::Value {
        let problem: Problem = read_row(body.as_bytes(), &format()).unwrap_err().into();
        serde_json::to_value(problem).unwrap()
    }

    #[test]
    fn values_are_put_in_the_models_order() {
        assert_eq!(read_row(br#"{"b": -2, "a": 1.5e3}"#, &format()), Ok(vec![1500.0, -2.0]));
        assert_eq!(read_row(br#"{"a": 1, "b": 2}"#, &format()), Ok(vec![1.0, 2.0]));
        assert_eq!(read_row(br#"{"\u0061": 1, "b": 2}"#, &format()), Ok(vec![1.0, 2.0]));
    }

    #[test]
    fn null_is_a_missing_value() {
        let row = read_row(br#"{"a": null, "b": 2}"#, &format()).unwrap();
        assert!(row[0].is_nan() && row[1] == 2.0);
    }

    #[test]
    fn every_offending_field_is_named_once() {
        let problem = errors(r#"{"a": "1", "c/d": 1}"#);
        assert_eq!(problem["status"], 422);
        assert_eq!(
            problem["errors"],
            json!([
                {"pointer": "/a", "detail": "expected a number, found a string"},
                {"pointer": "/c~1d", "detail": "the model has no such feature"},
                {"pointer": "/b", "detail": "missing"},
            ])
        );
    }

    #[test]
    fn what_is_no_finite_number_is_refused() {
        for (value, detail) in [
            ("1e999", "the number is too large"),
            ("-1e999", "the number is too large"),
            ("true", "expected a number, found a truth value"),
            ("[1]", "expected a number, found an array"),
            ("{}", "expected a number, found an object"),
        ] {
            let problem = errors(&format!(r#"{{"a": {value}, "b": 0}}"#));
            assert_eq!(problem["errors"][0]["detail"], detail, "{value}");
        }
        for twice in [r#"{"a": 1, "a": 2, "b": 0}"#, r#"{"a": null, "a": 2, "b": 0}"#, r#"{"a": "x", "a": 2, "b": 0}"#]
        {
            assert!(errors(twice)["errors"].to_string().contains("given twice"), "{twice}");
        }
    }

    #[test]
    fn what_is_no_json_object_is_malformed() {
        for body in ["", "{", "[]", "1", r#"{"a": NaN}"#, r#"{"a": 1} x"#] {
            assert_eq!(errors(body)["status"], 400, "{body:?}");
        }
    }

    #[test]
    fn a_batch_is_read_row_by_row() {
        let rows = read_batch(br#"{"rows": [{"a": 1, "b": 2}, {"b": 4, "a": 3}]}"#, &format()).unwrap();
        assert_eq!(rows.iter().collect::<Vec<_>>(), [[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!(read_batch(br#"{"rows": []}"#, &format()).unwrap().len(), 0);
        let error = read_batch(br#"{"rows": [{"a": 1, "b": 2}, {"a": 1}, 7]}"#, &format()).unwrap_err();
        assert_eq!(error.sentence(), "/rows/1/b: missing; /rows/2: expected an object, found a number");
        for (body, status) in [
            ("{}", 422),
            (r#"{"rows": 1}"#, 422),
            (r#"{"rows": [], "rows": []}"#, 422),
            (r#"{"rows": [], "x": 1}"#, 422),
            ("[]", 400),
            (r#"{"rows": [}"#, 400),
        ] {
            assert_eq!(read_batch(body.as_bytes(), &format()).unwrap_err().status(), status, "{body}");
        }
    }

    #[test]
    fn a_batch_has_at_most_ten_thousand_rows() {
        let batch = |n| format!(r#"{{"rows": [{}]}}"#, vec![r#"{"a":1,"b":2}"#; n].join(","));
        assert_eq!(read_batch(batch(10_000).as_bytes(), &format()).unwrap().len(), 10_000);
        assert_eq!(read_batch(batch(10_001).as_bytes(), &format()), Err(BodyError::TooManyRows { most: MAX_ROWS }));
    }

    #[test]
    fn one_row_is_told_from_a_batch() {
        assert!(is_batch(br#"{"rows": [{"a": 1, "b": 2}]}"#, &format()));
        assert!(is_batch(br#"{"rows": "#, &format()));
        assert!(!is_batch(br#"{"a": 1, "rows": 2}"#, &format()));
        assert!(!is_batch(br#"{"rows": 3}"#, &RowFormat::new(["rows"])));
        assert!(!is_batch(b"{", &format()));
    }
}
