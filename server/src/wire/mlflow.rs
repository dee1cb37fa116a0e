//! The bodies of MLflow's scoring protocol (`/invocations`): `dataframe_split`, `dataframe_records`, `instances`, `inputs`, and CSV.
//!
//! As in MLflow's own server, a body names exactly one of the four; `params` is read and has no meaning here. Columns may
//! come in any order where they are named.
//! Source: <https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/>, "Inference Server Specification".

use tidemark::data::{Values, csv};

use super::error::{BodyError, FieldErrors};
use super::json::{Kind, Malformed, Reader};
use super::predict::read_objects;
use super::rows::{RowFormat, Rows, check_count, number};

/// Reads a JSON body.
///
/// # Errors
/// 400 for what is no JSON, 422 for what holds no rows for this model, 413 for too many.
pub fn read_json(body: &[u8], format: &RowFormat) -> Result<Rows, BodyError> {
    let mut reader = Reader::new(body)?;
    let mut found: Option<(String, Reader<'_>)> = None;
    let mut errors = FieldErrors::default();
    reader.object(|reader, name| {
        let value = reader.skip()?;
        match &*name {
            "dataframe_split" | "dataframe_records" | "instances" | "inputs" => {
                if let Some((first, _)) = found.replace((name.to_string(), value)) {
                    errors.push("", &name, format!("a body holds one form of data, and this one has {first:?} too"));
                }
            }
            "params" | "signature_name" => {}
            _ => errors.push("", &name, "not a field of a scoring request"),
        }
        Ok::<_, BodyError>(())
    })?;
    reader.end()?;
    errors.into_result()?;
    let Some((name, mut value)) = found else {
        return Err(BodyError::at("", "expected dataframe_split, dataframe_records, instances or inputs"));
    };
    let at = format!("/{name}");
    match (&*name, value.kind()?) {
        ("dataframe_split", Kind::Object) => split(&mut value, format, &at),
        ("dataframe_records", Kind::Array) => {
            let mut errors = FieldErrors::default();
            let values = read_objects(&mut value, format, &at, &mut errors)?;
            errors.into_result().map(|()| format.rows(values))
        }
        ("instances" | "inputs", Kind::Array) => tensor(&mut value, format, &at),
        ("instances" | "inputs", Kind::Object) => columns(&mut value, format, &at),
        (_, kind) => Err(BodyError::at(at, format!("found {}, which holds no rows", kind.with_article()))),
    }
}

/// `{"columns": [names], "data": [[row], …], "index": ignored}`, in any order.
fn split(reader: &mut Reader<'_>, format: &RowFormat, at: &str) -> Result<Rows, BodyError> {
    let mut names: Option<Vec<String>> = None;
    let mut data = None;
    let mut errors = FieldErrors::default();
    reader.object(|reader, name| {
        match &*name {
            "columns" if names.is_none() => names = Some(strings(reader, &format!("{at}/columns"))?),
            "data" if data.is_none() => data = Some(reader.skip()?),
            "index" => {
                reader.skip()?;
            }
            other => {
                let detail =
                    if other == "columns" || other == "data" { "given twice" } else { "not a field of a frame" };
                errors.push(at, other, detail);
                reader.skip()?;
            }
        }
        Ok::<_, BodyError>(())
    })?;
    errors.into_result()?;
    let order = match names {
        Some(names) => format.order_of(&names, &format!("{at}/columns"))?,
        None => format.own_order(),
    };
    let Some(mut data) = data else { return Err(BodyError::at(format!("{at}/data"), "missing")) };
    arrays(&mut data, format, &order, &format!("{at}/data"))
}

/// Rows as arrays, in the model's order; or rows as objects.
fn tensor(reader: &mut Reader<'_>, format: &RowFormat, at: &str) -> Result<Rows, BodyError> {
    let mut first = None;
    let mut look = reader.clone();
    // Looks at the first item and goes no further.
    let looked = look.array(|reader| {
        first = Some(reader.kind()?);
        Err::<(), _>(reader.malformed("no more than the first item"))
    });
    drop(looked);
    if first == Some(Kind::Object) {
        let mut errors = FieldErrors::default();
        let values = read_objects(reader, format, at, &mut errors)?;
        return errors.into_result().map(|()| format.rows(values));
    }
    arrays(reader, format, &format.own_order(), at)
}

fn arrays(reader: &mut Reader<'_>, format: &RowFormat, order: &[usize], at: &str) -> Result<Rows, BodyError> {
    let (mut values, mut n_rows, mut errors) = (Vec::new(), 0, FieldErrors::default());
    if reader.kind()? != Kind::Array {
        return Err(BodyError::at(at, format!("expected an array, found {}", reader.kind()?.with_article())));
    }
    reader.array(|reader| {
        check_count(n_rows + 1)?;
        let place = || format!("{at}/{n_rows}");
        match reader.kind()? {
            Kind::Array => format.read_array(reader, order, &mut values, &place, &mut errors)?,
            other => {
                errors.push_at(place(), format!("expected an array, found {}", other.with_article()));
                reader.skip()?;
            }
        }
        n_rows += 1;
        Ok::<_, BodyError>(())
    })?;
    errors.into_result().map(|()| format.rows(values))
}

/// `{"feature": [values], …}`: columns of equal length.
fn columns(reader: &mut Reader<'_>, format: &RowFormat, at: &str) -> Result<Rows, BodyError> {
    let mut names: Vec<String> = Vec::new();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut errors = FieldErrors::default();
    reader.object(|reader, name| {
        columns.push(column(reader, &format!("{at}/{name}"), &mut errors)?);
        names.push(name.into_owned());
        Ok::<_, BodyError>(())
    })?;
    errors.into_result()?;
    let order = format.order_of(&names, at)?;
    by_rows(format, &order, &columns, at)
}

/// A column of numbers; each may be wrapped in an array of one, as tensors of shape [n, 1] are.
fn column(reader: &mut Reader<'_>, at: &str, errors: &mut FieldErrors) -> Result<Vec<f64>, BodyError> {
    let mut values = Vec::new();
    if reader.kind()? != Kind::Array {
        errors.push_at(at.to_owned(), format!("expected an array, found {}", reader.kind()?.with_article()));
        reader.skip()?;
        return Ok(values);
    }
    reader.array(|reader| {
        check_count(values.len() + 1)?;
        let mut found = Vec::new();
        if reader.kind()? == Kind::Array {
            reader.array(|reader| {
                found.push(number(reader)?);
                Ok::<_, Malformed>(())
            })?;
        } else {
            found.push(number(reader)?);
        }
        let single = if found.len() == 1 { found.remove(0) } else { Err("expected one number".to_owned()) };
        let place = values.len();
        values.push(single.unwrap_or_else(|detail| {
            errors.push_at(format!("{at}/{place}"), detail);
            f64::NAN
        }));
        Ok::<_, BodyError>(())
    })?;
    Ok(values)
}

/// Puts columns, the place of each in `order`, together as rows.
pub(super) fn by_rows<C: AsRef<[f64]>>(
    format: &RowFormat,
    order: &[usize],
    columns: &[C],
    at: &str,
) -> Result<Rows, BodyError> {
    let n_rows = columns.first().map_or(0, |column| column.as_ref().len());
    check_count(n_rows)?;
    let mut values = vec![f64::NAN; n_rows * format.n_features()];
    for (&place, column) in order.iter().zip(columns) {
        let column = column.as_ref();
        if column.len() != n_rows {
            let name = &format.names()[place];
            return Err(BodyError::at(
                at,
                format!("{name:?} has {} values where the first has {n_rows}", column.len()),
            ));
        }
        for (row, value) in column.iter().enumerate() {
            values[row * format.n_features() + place] = *value;
        }
    }
    Ok(format.rows(values))
}

fn strings(reader: &mut Reader<'_>, at: &str) -> Result<Vec<String>, BodyError> {
    let mut strings = Vec::new();
    if reader.kind()? != Kind::Array {
        return Err(BodyError::at(at, format!("expected an array, found {}", reader.kind()?.with_article())));
    }
    reader.array(|reader| {
        if reader.kind()? != Kind::String {
            let found = reader.kind()?.with_article();
            return Err(BodyError::at(format!("{at}/{}", strings.len()), format!("expected a string, found {found}")));
        }
        strings.push(reader.string()?.into_owned());
        Ok(())
    })?;
    Ok(strings)
}

/// Reads a CSV body: a header with the features in any order, and rows.
///
/// # Errors
/// 400 for what is no CSV, 422 for other columns or for text among the numbers, 413 for too many rows.
pub fn read_csv(body: &[u8], format: &RowFormat) -> Result<Rows, BodyError> {
    let data =
        csv::read(body).map_err(|error| BodyError::Malformed { reason: format!("the body is not CSV: {error}") })?;
    let names: Vec<&str> = data.columns().iter().map(|column| column.name.as_str()).collect();
    let order = format.order_of(&names, "")?;
    let mut errors = FieldErrors::default();
    let columns: Vec<&[f64]> = data
        .columns()
        .iter()
        .map(|column| match &column.values {
            Values::Numbers(numbers) if numbers.as_slice().iter().all(|value| !value.is_infinite()) => {
                numbers.as_slice()
            }
            Values::Numbers(_) => {
                errors.push("", &column.name, "a number is infinite or too large");
                &[]
            }
            _ => {
                errors.push("", &column.name, "expected numbers");
                &[]
            }
        })
        .collect();
    errors.into_result()?;
    by_rows(format, &order, &columns, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::MAX_ROWS;

    fn read(body: &str) -> Result<Vec<Vec<f64>>, BodyError> {
        let rows = read_json(body.as_bytes(), &RowFormat::new(["a", "b"]))?;
        Ok(rows.iter().map(<[f64]>::to_vec).collect())
    }

    #[test]
    fn every_form_holds_the_same_rows() {
        for body in [
            r#"{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}}"#,
            r#"{"dataframe_split": {"data": [[2, 1], [4, 3]], "index": [0, 1], "columns": ["b", "a"]}}"#,
            r#"{"dataframe_split": {"data": [[1, 2], [3, 4]]}}"#,
            r#"{"dataframe_records": [{"a": 1, "b": 2}, {"b": 4, "a": 3}], "params": {"x": 1}}"#,
            r#"{"instances": [[1, 2], [3, 4]]}"#,
            r#"{"instances": [{"a": 1, "b": 2}, {"b": 4, "a": 3}]}"#,
            r#"{"inputs": [[1, 2], [3, 4]]}"#,
            r#"{"inputs": {"b": [2, 4], "a": [1, 3]}}"#,
            r#"{"inputs": {"b": [[2], [4]], "a": [1, 3]}}"#,
        ] {
            assert_eq!(read(body), Ok(vec![vec![1.0, 2.0], vec![3.0, 4.0]]), "{body}");
        }
    }

    #[test]
    fn what_holds_no_rows_is_refused_with_its_place() {
        for (body, status, words) in [
            ("[[1, 2]]", 400, "an object"),
            ("{}", 422, "expected dataframe_split"),
            (r#"{"instances": 1}"#, 422, "/instances: found a number"),
            (r#"{"instances": [1]}"#, 422, "/instances/0: expected an array"),
            (r#"{"instances": [[1, "x"]]}"#, 422, "/instances/0/1: expected a number, found a string"),
            (r#"{"instances": [[1]]}"#, 422, "/instances/0: expected 2 numbers, found 1"),
            (r#"{"instances": [[1, 2]], "inputs": [[1, 2]]}"#, 422, "one form of data"),
            (r#"{"rows": [[1, 2]]}"#, 422, "/rows: not a field"),
            (r#"{"inputs": {"a": [1], "b": [1, 2]}}"#, 422, "\"b\" has 2 values where the first has 1"),
            (r#"{"inputs": {"a": [[1, 2]], "b": [1]}}"#, 422, "/inputs/a/0: expected one number"),
            (r#"{"dataframe_split": {"columns": ["a"], "data": [[1]]}}"#, 422, "\"b\" is missing"),
            (r#"{"dataframe_split": {"columns": ["a", "b"]}}"#, 422, "/dataframe_split/data: missing"),
            (r#"{"dataframe_split": {"columns": ["a", 1], "data": []}}"#, 422, "/dataframe_split/columns/1"),
            (r#"{"dataframe_records": [[1, 2]]}"#, 422, "/dataframe_records/0: expected an object"),
        ] {
            let error = read(body).unwrap_err();
            assert_eq!(error.status(), status, "{body}");
            assert!(error.sentence().contains(words), "{body}: {}", error.sentence());
        }
        let many = format!(r#"{{"inputs": {{"a": [{0}], "b": [{0}]}}}}"#, vec!["1"; 10_001].join(","));
        assert_eq!(read(&many), Err(BodyError::TooManyRows { most: MAX_ROWS }));
    }

    #[test]
    fn csv_is_read_by_its_header() {
        let format = RowFormat::new(["a", "b"]);
        let rows = read_csv(b"b,a\n2,1\n,3\n", &format).unwrap();
        let rows: Vec<&[f64]> = rows.iter().collect();
        assert_eq!(rows[0], [1.0, 2.0]);
        assert!(rows[1][0] == 3.0 && rows[1][1].is_nan());
        for (body, words) in
            [("a,b\n1,x\n", "/b: expected numbers"), ("a\n1\n", "\"b\" is missing"), ("a,b\n1,inf\n", "/b: a number")]
        {
            let error = read_csv(body.as_bytes(), &format).unwrap_err();
            assert_eq!(error.status(), 422, "{body}");
            assert!(error.sentence().contains(words), "{body}: {}", error.sentence());
        }
        assert_eq!(read_csv(b"a,b\n1\n", &format).unwrap_err().status(), 400);
    }
}
