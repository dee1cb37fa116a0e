//! As much of ONNX's protocol buffers as a tree ensemble needs.
//!
//! Field numbers are those of `onnx.proto` (onnx 1.23). A reader of our own, because it is small, copies nothing that is
//! not asked for, and bounds what a hostile file can make it do: lengths are held against the bytes that are left, messages
//! are entered only to the depth of these types, and a list never takes more memory than eight bytes for each of its own.

use super::OnnxError;

/// A message's bytes, and where they begin in the file.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A field's value.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    Varint(u64),
    Fixed32([u8; 4]),
    Fixed64([u8; 8]),
    Bytes(Message<'a>),
}

impl<'a> Message<'a> {
    fn error(self, what: &'static str) -> OnnxError {
        OnnxError::Malformed { at: self.at, what }
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], OnnxError> {
        let (taken, left) = self.bytes.split_at_checked(n).ok_or_else(|| self.error("a field is cut short"))?;
        self.bytes = left;
        self.at += n;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], OnnxError> {
        Ok(self.take(N)?.try_into().expect("as many bytes were taken"))
    }

    fn varint(&mut self) -> Result<u64, OnnxError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.error("a number has too many digits"))
    }

    /// The next field: its number and value.
    pub fn field(&mut self) -> Result<Option<(u64, Value<'a>)>, OnnxError> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(self.fixed()?),
            2 => {
                let length = self.varint()?;
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let at = self.at;
                Value::Bytes(Message { bytes: self.take(length)?, at })
            }
            5 => Value::Fixed32(self.fixed()?),
            _ => return Err(self.error("a field has a type there is not")),
        };
        Ok(Some((key >> 3, value)))
    }

    fn text(self) -> Result<&'a str, OnnxError> {
        std::str::from_utf8(self.bytes).map_err(|_not_utf8| self.error("a text is not UTF-8"))
    }
}

impl<'a> Value<'a> {
    fn message(self) -> Result<Message<'a>, OnnxError> {
        match self {
            Self::Bytes(message) => Ok(message),
            _ => Err(OnnxError::Malformed { at: 0, what: "a number stands where a message is expected" }),
        }
    }

    fn text(self) -> Result<&'a str, OnnxError> {
        self.message()?.text()
    }

    fn int(self) -> i64 {
        match self {
            Self::Varint(value) => value.cast_signed(),
            // No writer does this; whatever it is, it names nothing.
            _ => -1,
        }
    }

    /// Adds one number, or a packed list of them.
    fn ints(self, to: &mut Vec<i64>) -> Result<(), OnnxError> {
        match self {
            Self::Bytes(mut packed) => {
                while !packed.bytes.is_empty() {
                    to.push(packed.varint()?.cast_signed());
                }
            }
            one => to.push(one.int()),
        }
        Ok(())
    }

    fn floats(self, to: &mut Vec<f32>) -> Result<(), OnnxError> {
        match self {
            Self::Bytes(packed) => {
                let (floats, rest) = packed.bytes.as_chunks();
                if !rest.is_empty() {
                    return Err(packed.error("a list of floats is cut short"));
                }
                to.extend(floats.iter().map(|float| f32::from_le_bytes(*float)));
            }
            Self::Fixed32(float) => to.push(f32::from_le_bytes(float)),
            _ => return Err(OnnxError::Malformed { at: 0, what: "something else stands where a float is expected" }),
        }
        Ok(())
    }
}

/// `ModelProto`.
pub struct Model<'a> {
    pub producer: String,
    pub graph: Graph<'a>,
}

/// `GraphProto`.
#[derive(Default)]
pub struct Graph<'a> {
    pub nodes: Vec<Node<'a>>,
    pub inputs: Vec<Input<'a>>,
    pub outputs: Vec<&'a str>,
    /// Names of the constants.
    pub constants: Vec<&'a str>,
}

/// `ValueInfoProto` of an input.
pub struct Input<'a> {
    pub name: &'a str,
    /// `TensorProto.DataType`; 0 when unknown.
    pub elem_type: i64,
    /// Columns, where they are given.
    pub n_columns: Option<usize>,
}

/// `NodeProto`.
#[derive(Default)]
pub struct Node<'a> {
    pub inputs: Vec<&'a str>,
    pub outputs: Vec<&'a str>,
    pub op_type: &'a str,
    pub domain: &'a str,
    pub attributes: Vec<(&'a str, Message<'a>)>,
}

/// `AttributeProto`.
#[derive(Default)]
pub struct Attribute<'a> {
    pub int: Option<i64>,
    pub text: Option<&'a str>,
    pub tensor: Option<Message<'a>>,
    pub floats: Vec<f32>,
    pub ints: Vec<i64>,
    pub texts: Vec<&'a str>,
}

/// Reads `ModelProto`.
pub fn model(bytes: &[u8]) -> Result<Model<'_>, OnnxError> {
    let (mut producer, mut version, mut graph) = ("", "", None);
    let mut message = Message { bytes, at: 0 };
    while let Some((number, value)) = message.field()? {
        match number {
            2 => producer = value.text()?,
            3 => version = value.text()?,
            7 => graph = Some(value.message()?),
            _ => {}
        }
    }
    let graph = self::graph(graph.ok_or(OnnxError::Absent { what: "graph" })?)?;
    Ok(Model { producer: format!("{producer} {version}").trim().to_owned(), graph })
}

fn graph(mut message: Message<'_>) -> Result<Graph<'_>, OnnxError> {
    let mut graph = Graph::default();
    while let Some((number, value)) = message.field()? {
        match number {
            1 => graph.nodes.push(node(value.message()?)?),
            // `initializer` is a tensor, whose name is field 8.
            5 => graph.constants.push(first_text(value.message()?, 8)?),
            11 => graph.inputs.push(input(value.message()?)?),
            12 => graph.outputs.push(first_text(value.message()?, 1)?),
            _ => {}
        }
    }
    Ok(graph)
}

/// The text in a field, or none.
fn first_text(mut message: Message<'_>, of: u64) -> Result<&str, OnnxError> {
    while let Some((number, value)) = message.field()? {
        if number == of {
            return value.text();
        }
    }
    Ok("")
}

/// The message in a field.
fn inner(mut message: Message<'_>, of: u64) -> Result<Option<Message<'_>>, OnnxError> {
    while let Some((number, value)) = message.field()? {
        if number == of {
            return value.message().map(Some);
        }
    }
    Ok(None)
}

fn input(message: Message<'_>) -> Result<Input<'_>, OnnxError> {
    let mut input = Input { name: first_text(message, 1)?, elem_type: 0, n_columns: None };
    // ValueInfoProto.type, TypeProto.tensor_type
    let Some(mut tensor) = inner(message, 2)?.map(|kind| inner(kind, 1)).transpose()?.flatten() else {
        return Ok(input);
    };
    while let Some((number, value)) = tensor.field()? {
        match number {
            1 => input.elem_type = value.int(),
            2 => input.n_columns = columns(value.message()?)?,
            _ => {}
        }
    }
    Ok(input)
}

/// The second of the dimensions, if it has a size.
fn columns(mut shape: Message<'_>) -> Result<Option<usize>, OnnxError> {
    let (mut n_dimensions, mut size) = (0, None);
    while let Some((number, value)) = shape.field()? {
        if number == 1 {
            n_dimensions += 1;
            let mut dimension = value.message()?;
            while let Some((number, value)) = dimension.field()? {
                if number == 1 && n_dimensions == 2 {
                    size = usize::try_from(value.int()).ok().filter(|size| *size > 0);
                }
            }
        }
    }
    Ok(size)
}

fn node(mut message: Message<'_>) -> Result<Node<'_>, OnnxError> {
    let mut node = Node::default();
    while let Some((number, value)) = message.field()? {
        match number {
            1 => node.inputs.push(value.text()?),
            2 => node.outputs.push(value.text()?),
            4 => node.op_type = value.text()?,
            5 => {
                let attribute = value.message()?;
                node.attributes.push((first_text(attribute, 1)?, attribute));
            }
            7 => node.domain = value.text()?,
            _ => {}
        }
    }
    Ok(node)
}

/// Reads `AttributeProto`.
pub fn attribute(mut message: Message<'_>) -> Result<Attribute<'_>, OnnxError> {
    let mut attribute = Attribute::default();
    while let Some((number, value)) = message.field()? {
        match number {
            3 => attribute.int = Some(value.int()),
            4 => attribute.text = Some(value.text()?),
            5 => attribute.tensor = Some(value.message()?),
            7 => value.floats(&mut attribute.floats)?,
            8 => value.ints(&mut attribute.ints)?,
            9 => attribute.texts.push(value.text()?),
            _ => {}
        }
    }
    Ok(attribute)
}

/// The numbers of a tensor of floats, doubles or small whole numbers, and whether they are doubles.
pub fn tensor(mut message: Message<'_>) -> Result<(Vec<f64>, bool), OnnxError> {
    const FLOAT: i64 = 1;
    const UINT8: i64 = 2;
    const DOUBLE: i64 = 11;
    let whole = message;
    let (mut kind, mut floats, mut ints, mut doubles, mut raw) = (0, Vec::new(), Vec::new(), Vec::new(), None);
    while let Some((number, value)) = message.field()? {
        match (number, value) {
            (2, value) => kind = value.int(),
            (4, value) => value.floats(&mut floats)?,
            (5, value) => value.ints(&mut ints)?,
            (9, Value::Bytes(bytes)) => raw = Some(bytes),
            (10, Value::Bytes(packed)) => {
                let (chunks, rest) = packed.bytes.as_chunks();
                if !rest.is_empty() {
                    return Err(packed.error("a list of doubles is cut short"));
                }
                doubles.extend(chunks.iter().map(|double| f64::from_le_bytes(*double)));
            }
            (10, Value::Fixed64(double)) => doubles.push(f64::from_le_bytes(double)),
            _ => {}
        }
    }
    let numbers = match (kind, raw) {
        (FLOAT, Some(raw)) => raw.bytes.as_chunks().0.iter().map(|float| f32::from_le_bytes(*float).into()).collect(),
        (FLOAT, None) => floats.into_iter().map(f64::from).collect(),
        (DOUBLE, Some(raw)) => raw.bytes.as_chunks().0.iter().map(|double| f64::from_le_bytes(*double)).collect(),
        (DOUBLE, None) => doubles,
        (UINT8, Some(raw)) => raw.bytes.iter().map(|byte| f64::from(*byte)).collect(),
        (UINT8, None) => ints.into_iter().map(|int| int as f64).collect(),
        _ => return Err(whole.error("a tensor of neither floats nor doubles")),
    };
    Ok((numbers, kind == DOUBLE))
}
