//! The Open Inference Protocol, version 2, over REST: tensors in, tensors out.
//!
//! A request holds either one tensor of shape [n, features], whose columns are in the model's order, or one tensor of shape
//! [n] or [n, 1] per feature, called after it. Data may be nested or flat, as JSON or as raw little-endian bytes behind it (the
//! protocol's binary extension, which Triton's and KServe's clients use unless told otherwise).
//! Source: <https://github.com/kserve/open-inference-protocol>, `specification/protocol/inference_rest.md`; binary data:
//! Triton's `protocol/extension_binary_data.md`.

use serde::Serialize;

use super::error::{BodyError, FieldErrors};
use super::json::{Kind, Malformed, Reader};
use super::mlflow::by_rows;
use super::rows::{RowFormat, Rows, check_count};

/// The most tensors in one request, beside which a model's features count.
const MAX_TENSORS: usize = 10_000;

/// What a request asks.
#[derive(Debug, Clone, PartialEq)]
pub struct InferRequest {
    /// The caller's name for it, which the answer repeats.
    pub id: Option<String>,
    /// The rows.
    pub rows: Rows,
    /// The outputs asked for; all of them where none is named.
    pub outputs: Vec<String>,
}

/// What an element of a tensor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Datatype {
    Bool,
    Signed(u32),
    Unsigned(u32),
    Fp32,
    Fp64,
    Bytes,
}

impl Datatype {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "BOOL" => Self::Bool,
            "INT8" => Self::Signed(8),
            "INT16" => Self::Signed(16),
            "INT32" => Self::Signed(32),
            "INT64" => Self::Signed(64),
            "UINT8" => Self::Unsigned(8),
            "UINT16" => Self::Unsigned(16),
            "UINT32" => Self::Unsigned(32),
            "UINT64" => Self::Unsigned(64),
            "FP32" => Self::Fp32,
            "FP64" => Self::Fp64,
            "BYTES" => Self::Bytes,
            _ => return None,
        })
    }

    /// Bytes of an element in binary data; a `BYTES` element says its own length.
    const fn width(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::Signed(bits) | Self::Unsigned(bits) => bits as usize / 8,
            Self::Fp32 => 4,
            Self::Fp64 | Self::Bytes => 8,
        }
    }

    /// The element of these bytes, `width` of them, little-endian.
    fn decode(self, bytes: &[u8]) -> f64 {
        let mut wide = [0; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        let unsigned = u64::from_le_bytes(wide);
        match self {
            Self::Bool => f64::from(u8::from(unsigned != 0)),
            Self::Signed(bits) => (unsigned.cast_signed() << (64 - bits) >> (64 - bits)) as f64,
            Self::Unsigned(_) => unsigned as f64,
            Self::Fp32 => f64::from(f32::from_bits(unsigned as u32)),
            Self::Fp64 | Self::Bytes => f64::from_bits(unsigned),
        }
    }

    /// The number this type makes of a JSON number, or what is wrong with it.
    fn hold(self, value: f64) -> Result<f64, String> {
        let (low, high) = match self {
            // As the exporter's float would be, not as its decimal digits.
            Self::Fp32 => {
                let single = f64::from(value as f32);
                return if single.is_finite() { Ok(single) } else { Err("the number is too large".to_owned()) };
            }
            Self::Fp64 if value.is_finite() => return Ok(value),
            Self::Fp64 => return Err("the number is too large".to_owned()),
            Self::Signed(bits) => (-(2.0_f64.powi(bits as i32 - 1)), 2.0_f64.powi(bits as i32 - 1)),
            Self::Unsigned(bits) => (0.0, 2.0_f64.powi(bits as i32)),
            Self::Bool => (0.0, 2.0),
            Self::Bytes => return Err("a number among strings".to_owned()),
        };
        let is_held = value.fract() == 0.0 && value >= low && value < high;
        if is_held { Ok(value) } else { Err(format!("{value} is not a value of the tensor's type")) }
    }
}

/// A tensor as it was declared, its data unread.
struct Tensor<'a> {
    name: String,
    shape: Vec<usize>,
    datatype: Datatype,
    data: Data<'a>,
}

enum Data<'a> {
    Json(Reader<'a>),
    Binary(&'a [u8]),
}

/// Reads a request. `binary` is what follows the JSON, where the client sent data that way.
///
/// # Errors
/// The request is no such JSON, or its tensors hold no rows for the model.
pub fn read(json: &[u8], binary: &[u8], format: &RowFormat) -> Result<InferRequest, BodyError> {
    let mut reader = Reader::new(json)?;
    let (mut id, mut tensors, mut outputs) = (None, None, None);
    let mut binary = Some(binary);
    let mut errors = FieldErrors::default();
    reader.object(|reader, name| {
        match (&*name, reader.kind()?) {
            ("id", Kind::String) if id.is_none() => id = Some(reader.string()?.into_owned()),
            ("inputs", Kind::Array) if tensors.is_none() => tensors = Some(read_tensors(reader, &mut binary)?),
            ("outputs", Kind::Array) if outputs.is_none() => outputs = Some(read_outputs(reader)?),
            ("parameters", _) => {
                reader.skip()?;
            }
            ("id" | "inputs" | "outputs", kind) => {
                errors.push("", &name, format!("given twice, or {} where something else belongs", kind.with_article()));
                reader.skip()?;
            }
            _ => {
                errors.push("", &name, "not a field of an inference request");
                reader.skip()?;
            }
        }
        Ok::<_, BodyError>(())
    })?;
    reader.end()?;
    errors.into_result()?;
    let Some(tensors) = tensors else { return Err(BodyError::at("/inputs", "missing")) };
    if binary.is_some_and(|rest| !rest.is_empty()) {
        return Err(BodyError::at("/inputs", "there are more bytes of binary data than the tensors declare"));
    }
    let rows = rows_of(tensors, format)?;
    Ok(InferRequest { id, rows, outputs: outputs.unwrap_or_default() })
}

fn rows_of(tensors: Vec<Tensor<'_>>, format: &RowFormat) -> Result<Rows, BodyError> {
    let n_features = format.n_features();
    if let [tensor] = &tensors[..]
        && let [n_rows, width] = tensor.shape[..]
        && (format.place(&tensor.name).is_none() || n_features > 1)
    {
        if width != n_features {
            let detail = format!("the model takes {n_features} features, the shape says {width}");
            return Err(BodyError::at("/inputs/0/shape", detail));
        }
        check_count(n_rows)?;
        let mut errors = FieldErrors::default();
        let values = elements(&tensors[0], 0, &mut errors)?;
        return errors.into_result().map(|()| format.rows(values));
    }
    let names: Vec<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    let order = format.order_of(&names, "/inputs")?;
    let mut errors = FieldErrors::default();
    let mut columns = Vec::with_capacity(tensors.len());
    for (index, tensor) in tensors.iter().enumerate() {
        if !matches!(tensor.shape[..], [_] | [_, 1]) {
            errors.push_at(format!("/inputs/{index}/shape"), "expected [n] or [n, 1]");
            continue;
        }
        check_count(tensor.shape[0])?;
        columns.push(elements(tensor, index, &mut errors)?);
    }
    errors.into_result()?;
    by_rows(format, &order, &columns, "/inputs")
}

fn read_tensors<'a>(reader: &mut Reader<'a>, binary: &mut Option<&'a [u8]>) -> Result<Vec<Tensor<'a>>, BodyError> {
    let mut tensors = Vec::new();
    reader.array(|reader| {
        if tensors.len() == MAX_TENSORS {
            return Err(BodyError::at("/inputs", format!("more than {MAX_TENSORS} tensors")));
        }
        tensors.push(read_tensor(reader, &format!("/inputs/{}", tensors.len()), binary)?);
        Ok(())
    })?;
    Ok(tensors)
}

fn read_tensor<'a>(reader: &mut Reader<'a>, at: &str, binary: &mut Option<&'a [u8]>) -> Result<Tensor<'a>, BodyError> {
    let (mut name, mut shape, mut datatype, mut data, mut n_binary) = (None, None, None, None, None);
    let mut errors = FieldErrors::default();
    if reader.kind()? != Kind::Object {
        return Err(BodyError::at(at, format!("expected a tensor, found {}", reader.kind()?.with_article())));
    }
    reader.object(|reader, field| {
        match (&*field, reader.kind()?) {
            ("name", Kind::String) if name.is_none() => name = Some(reader.string()?.into_owned()),
            ("datatype", Kind::String) if datatype.is_none() => {
                let text = reader.string()?;
                datatype = Datatype::parse(&text);
                if datatype.is_none() {
                    errors.push(at, "datatype", format!("{text:?} is not taken"));
                }
            }
            ("shape", Kind::Array) if shape.is_none() => shape = Some(read_shape(reader, at, &mut errors)?),
            ("data", Kind::Array) if data.is_none() => data = Some(reader.skip()?),
            ("parameters", Kind::Object) => n_binary = binary_size(reader)?,
            ("name" | "datatype" | "shape" | "data" | "parameters", kind) => {
                errors.push(
                    at,
                    &field,
                    format!("given twice, or {} where something else belongs", kind.with_article()),
                );
                reader.skip()?;
            }
            _ => {
                errors.push(at, &field, "not a field of a tensor");
                reader.skip()?;
            }
        }
        Ok::<_, BodyError>(())
    })?;
    errors.into_result()?;
    let missing = |field: &str| BodyError::at(format!("{at}/{field}"), "missing");
    let data = match (data, n_binary) {
        (Some(json), None) => Data::Json(json),
        (None, Some(size)) => {
            let (own, rest) = binary
                .and_then(|bytes| bytes.split_at_checked(size))
                .ok_or_else(|| BodyError::at(at, format!("{size} bytes of binary data declared, fewer are there")))?;
            *binary = Some(rest);
            Data::Binary(own)
        }
        (Some(_), Some(_)) => return Err(BodyError::at(at, "data both as JSON and as bytes")),
        (None, None) => return Err(missing("data")),
    };
    Ok(Tensor {
        name: name.ok_or_else(|| missing("name"))?,
        shape: shape.ok_or_else(|| missing("shape"))?,
        datatype: datatype.ok_or_else(|| missing("datatype"))?,
        data,
    })
}

fn read_shape(reader: &mut Reader<'_>, at: &str, errors: &mut FieldErrors) -> Result<Vec<usize>, Malformed> {
    let mut shape = Vec::new();
    reader.array(|reader| {
        if reader.kind()? == Kind::Number {
            match reader.number_text()?.parse::<usize>() {
                Ok(size) if shape.len() < 2 => shape.push(size),
                _ => errors.push(at, "shape", "expected one or two sizes"),
            }
        } else {
            errors.push(at, "shape", "expected whole numbers");
            reader.skip()?;
        }
        Ok::<_, Malformed>(())
    })?;
    if shape.is_empty() {
        errors.push(at, "shape", "expected one or two sizes");
    }
    Ok(shape)
}

fn binary_size(reader: &mut Reader<'_>) -> Result<Option<usize>, Malformed> {
    let mut size = None;
    reader.object(|reader, name| {
        if name == "binary_data_size" && reader.kind()? == Kind::Number {
            size = reader.number_text()?.parse().ok();
        } else {
            reader.skip()?;
        }
        Ok::<_, Malformed>(())
    })?;
    Ok(size)
}

fn read_outputs(reader: &mut Reader<'_>) -> Result<Vec<String>, BodyError> {
    let mut names = Vec::new();
    reader.array(|reader| {
        let at = format!("/outputs/{}", names.len());
        if reader.kind()? != Kind::Object {
            return Err(BodyError::at(at, "expected an output"));
        }
        let mut name = None;
        reader.object(|reader, field| {
            if field == "name" && reader.kind()? == Kind::String {
                name = Some(reader.string()?.into_owned());
            } else {
                reader.skip()?;
            }
            Ok::<_, Malformed>(())
        })?;
        names.push(name.ok_or_else(|| BodyError::at(format!("{at}/name"), "missing"))?);
        Ok(())
    })?;
    Ok(names)
}

/// The elements in row-major order, as many as the shape says.
fn elements(tensor: &Tensor<'_>, index: usize, errors: &mut FieldErrors) -> Result<Vec<f64>, BodyError> {
    let expected = tensor.shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
    let expected = expected.unwrap_or(usize::MAX);
    let at = format!("/inputs/{index}/data");
    let mut values = Vec::new();
    match &tensor.data {
        Data::Json(json) => flatten(&mut json.clone(), tensor.datatype, expected, &at, &mut values, errors)?,
        Data::Binary(_) if tensor.datatype == Datatype::Bytes => errors.push_at(at.clone(), NO_STRINGS),
        Data::Binary(bytes) => {
            let width = tensor.datatype.width();
            if !bytes.len().is_multiple_of(width) {
                errors.push_at(at.clone(), format!("{} bytes are no whole number of elements", bytes.len()));
            }
            values.extend(bytes.chunks_exact(width).map(|bytes| tensor.datatype.decode(bytes)));
            if values.iter().any(|value| value.is_infinite()) {
                errors.push_at(at.clone(), "an element is infinite");
            }
        }
    }
    if values.len() != expected && tensor.datatype != Datatype::Bytes {
        errors.push_at(at, format!("the shape says {expected} elements, found {}", values.len()));
        values.clear();
    }
    Ok(values)
}

const NO_STRINGS: &str = "the model takes numbers, not strings";

fn flatten(
    reader: &mut Reader<'_>,
    datatype: Datatype,
    expected: usize,
    at: &str,
    values: &mut Vec<f64>,
    errors: &mut FieldErrors,
) -> Result<(), Malformed> {
    reader.array(|reader| {
        let place = values.len();
        let element = match (reader.kind()?, datatype) {
            (Kind::Array, _) => return flatten(reader, datatype, expected, at, values, errors),
            (Kind::Number, _) => datatype.hold(reader.number()?),
            (Kind::Boolean, Datatype::Bool) => Ok(f64::from(u8::from(reader.boolean()?))),
            (Kind::Null, Datatype::Fp32 | Datatype::Fp64) => reader.null().map(|()| Ok(f64::NAN))?,
            (Kind::String, Datatype::Bytes) => reader.string().map(|_| Err(NO_STRINGS.to_owned()))?,
            (other, _) => {
                reader.skip()?;
                Err(format!("{} is not a value of the tensor's type", other.with_article()))
            }
        };
        // More than the shape says is counted no further than that.
        if values.len() <= expected {
            values.push(element.unwrap_or_else(|detail| {
                errors.push_at(format!("{at}/{place}"), detail);
                f64::NAN
            }));
        }
        Ok(())
    })
}

/// A tensor as it is described or answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TensorDescription<'a> {
    /// Its name.
    pub name: &'a str,
    /// What its elements are.
    pub datatype: &'static str,
    /// Its sizes; -1 is any.
    pub shape: Vec<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::MAX_ROWS;

    fn format() -> RowFormat {
        RowFormat::new(["a", "b"])
    }

    fn read_text(body: &str) -> Result<InferRequest, BodyError> {
        read(body.as_bytes(), &[], &format())
    }

    fn rows(request: &InferRequest) -> Vec<Vec<f64>> {
        request.rows.iter().map(<[f64]>::to_vec).collect()
    }

    #[test]
    fn one_tensor_or_one_per_feature_flat_or_nested() {
        for inputs in [
            r#"[{"name": "x", "shape": [2, 2], "datatype": "FP64", "data": [1, 2, 3, 4]}]"#,
            r#"[{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [[1, 2], [3, 4]]}]"#,
            r#"[{"name": "x", "shape": [2, 2], "datatype": "INT64", "data": [[1, 2], [3, 4]], "parameters": {}}]"#,
            r#"[{"name": "b", "shape": [2], "datatype": "FP64", "data": [2, 4]},
                {"name": "a", "shape": [2, 1], "datatype": "UINT8", "data": [[1], [3]]}]"#,
        ] {
            let request = read_text(&format!(r#"{{"id": "q", "inputs": {inputs}}}"#)).unwrap();
            assert_eq!(request.id.as_deref(), Some("q"));
            assert_eq!(rows(&request), [[1.0, 2.0], [3.0, 4.0]], "{inputs}");
        }
    }

    #[test]
    fn elements_are_held_by_their_type() {
        let one = |datatype: &str, value: &str| {
            let body = format!(
                r#"{{"inputs": [{{"name": "x", "shape": [1, 2], "datatype": "{datatype}", "data": [{value}, {value}]}}]}}"#
            );
            read_text(&body).map(|request| rows(&request)[0][0])
        };
        assert_eq!(one("FP32", "0.1"), Ok(f64::from(0.1_f32)));
        assert_eq!(one("FP64", "0.1"), Ok(0.1));
        assert_eq!(one("BOOL", "true"), Ok(1.0));
        assert_eq!(one("INT8", "-128"), Ok(-128.0));
        assert!(one("FP32", "null").unwrap().is_nan());
        for (datatype, value) in [
            ("INT8", "128"),
            ("INT8", "-129"),
            ("UINT8", "-1"),
            ("UINT8", "256"),
            ("INT32", "0.5"),
            ("BOOL", "2"),
            ("FP32", "1e39"),
            ("FP64", "1e309"),
            ("FP64", "\"1\""),
            ("INT64", "null"),
            ("INT64", "true"),
            ("BYTES", "\"1\""),
            ("BYTES", "1"),
            ("FP16", "1"),
            ("fp64", "1"),
        ] {
            assert_eq!(one(datatype, value).unwrap_err().status(), 422, "{datatype} {value}");
        }
    }

    #[test]
    fn binary_data_follow_the_json() {
        let single: Vec<u8> = [1.5_f32, -2.0, 3.0, f32::NAN].iter().flat_map(|value| value.to_le_bytes()).collect();
        let json = r#"{"inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "parameters": {"binary_data_size": 16}}],
            "parameters": {"binary_data_output": true}}"#;
        let request = read(json.as_bytes(), &single, &format()).unwrap();
        let found = rows(&request);
        assert_eq!((found[0].clone(), found[1][0]), (vec![1.5, -2.0], 3.0));
        assert!(found[1][1].is_nan());

        let json = r#"{"inputs": [{"name": "a", "shape": [2], "datatype": "INT16", "parameters": {"binary_data_size": 4}},
            {"name": "b", "shape": [2], "datatype": "FP64", "data": [0, 1]}]}"#;
        let request = read(json.as_bytes(), &[254, 255, 1, 1], &format()).unwrap();
        assert_eq!(rows(&request), [[-2.0, 0.0], [257.0, 1.0]]);
        for bytes in [&[254, 255, 1][..], &[254, 255, 1, 1, 1]] {
            assert_eq!(read(json.as_bytes(), bytes, &format()).unwrap_err().status(), 422);
        }
    }

    #[test]
    fn tensors_that_hold_no_rows_are_refused() {
        let input = |rest: &str| format!(r#"{{"inputs": [{{"name": "x", {rest}}}]}}"#);
        for (body, status, words) in [
            ("{}".to_owned(), 422, "/inputs: missing"),
            ("[]".to_owned(), 400, "an object"),
            (r#"{"inputs": [1]}"#.to_owned(), 422, "/inputs/0: expected a tensor"),
            (r#"{"inputs": []}"#.to_owned(), 422, "\"a\" is missing"),
            (r#"{"id": 3, "inputs": []}"#.to_owned(), 422, "/id"),
            (input(r#""shape": [1, 2], "datatype": "FP64""#), 422, "/inputs/0/data: missing"),
            (input(r#""shape": [1, 3], "datatype": "FP64", "data": [1, 2, 3]"#), 422, "2 features, the shape says 3"),
            (input(r#""shape": [1, 2], "datatype": "FP64", "data": [1, 2, 3]"#), 422, "says 2 elements, found 3"),
            (input(r#""shape": [2, 2], "datatype": "FP64", "data": [1, 2, 3]"#), 422, "says 4 elements, found 3"),
            (input(r#""shape": [-1, 2], "datatype": "FP64", "data": [1, 2]"#), 422, "/inputs/0/shape"),
            (input(r#""shape": [1, 1, 2], "datatype": "FP64", "data": [1, 2]"#), 422, "/inputs/0/shape"),
            (input(r#""shape": [1, 2], "datatype": "FP64", "data": [1, 2], "data": [1, 2]"#), 422, "given twice"),
            (input(r#""shape": [2], "datatype": "FP64", "data": [1, 2]"#), 422, "no feature \"x\""),
        ] {
            let error = read_text(&body).unwrap_err();
            assert_eq!(error.status(), status, "{body}");
            assert!(error.sentence().contains(words), "{body}: {}", error.sentence());
        }
        let huge = input(r#""shape": [18446744073709551615, 2], "datatype": "FP64", "data": [1, 2]"#);
        assert_eq!(read_text(&huge), Err(BodyError::TooManyRows { most: MAX_ROWS }));
    }

    #[test]
    fn outputs_can_be_chosen() {
        let body = r#"{"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [1, 2]}],
            "outputs": [{"name": "probability", "parameters": {"binary_data": false}}]}"#;
        assert_eq!(read_text(body).unwrap().outputs, ["probability"]);
    }
}
