//! A reader of JSON that hands out one piece after the other and builds nothing on the way.
//!
//! Bodies are rows of numbers whose shape is known, so a tree of values would be made only to be taken apart. The reader
//! accepts what RFC 8259 does, and no more; it goes at most [`MAX_DEPTH`] deep and never back.

use std::borrow::Cow;
use std::fmt;

/// Arrays and objects within each other, at most.
pub const MAX_DEPTH: usize = 32;

/// Text that is not the JSON it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Bytes before it.
    pub at: usize,
    /// What should have come there.
    pub expected: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at byte {}", self.expected, self.at)
    }
}

impl std::error::Error for Malformed {}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{`
    Object,
    /// `[`
    Array,
    /// `"`
    String,
    /// A digit or a minus.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`
    Null,
}

impl Kind {
    /// The kind with its article, for sentences.
    pub const fn with_article(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Boolean => "a truth value",
            Self::Null => "null",
        }
    }
}

/// Where one is in a text.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// Begins at the first byte.
    ///
    /// # Errors
    /// The bytes are no UTF-8.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Malformed> {
        match str::from_utf8(bytes) {
            Ok(text) => Ok(Self { text, at: 0, depth: 0 }),
            Err(error) => Err(Malformed { at: error.valid_up_to(), expected: "UTF-8" }),
        }
    }

    /// What comes next.
    ///
    /// # Errors
    /// No value can begin with it.
    pub fn kind(&mut self) -> Result<Kind, Malformed> {
        match self.peek() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Boolean),
            Some(b'n') => Ok(Kind::Null),
            _ => Err(self.malformed("a value")),
        }
    }

    /// Reads an object: `field` gets each name, in order and repeated ones included, and has to read its value.
    ///
    /// # Errors
    /// There is no object, or `field` fails.
    pub fn object<E: From<Malformed>>(
        &mut self,
        mut field: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.open(b'{', "an object")?;
        if !self.take(b'}') {
            loop {
                let name = self.string()?;
                if !self.take(b':') {
                    return Err(self.malformed("a colon").into());
                }
                field(self, name)?;
                if self.take(b'}') {
                    break;
                }
                if !self.take(b',') {
                    return Err(self.malformed("a comma or the object's end").into());
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads an array: `item` is called before each item and has to read it.
    ///
    /// # Errors
    /// There is no array, or `item` fails.
    pub fn array<E: From<Malformed>>(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), E>) -> Result<(), E> {
        self.open(b'[', "an array")?;
        if !self.take(b']') {
            loop {
                item(self)?;
                if self.take(b']') {
                    break;
                }
                if !self.take(b',') {
                    return Err(self.malformed("a comma or the array's end").into());
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads a number, to the nearest double; one too large for that is infinite.
    ///
    /// # Errors
    /// There is no number.
    pub fn number(&mut self) -> Result<f64, Malformed> {
        let text = self.number_text()?;
        // The scanned grammar is a part of what this reads.
        fast_float2::parse(text).map_err(|_unread| self.malformed("a number"))
    }

    /// Reads a number and leaves it text: a large whole number would lose digits as a double.
    ///
    /// # Errors
    /// There is no number.
    pub fn number_text(&mut self) -> Result<&'a str, Malformed> {
        self.skip_space();
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start;
        let digits = |at: &mut usize| {
            let first = *at;
            while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
                *at += 1;
            }
            *at > first
        };
        at += usize::from(bytes.get(at) == Some(&b'-'));
        let leading_zero = bytes.get(at) == Some(&b'0');
        let first = at;
        let mut is_sound = digits(&mut at) && !(leading_zero && at > first + 1);
        if bytes.get(at) == Some(&b'.') {
            at += 1;
            is_sound &= digits(&mut at);
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            at += 1;
            at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
            is_sound &= digits(&mut at);
        }
        if !is_sound {
            return Err(self.malformed("a number"));
        }
        self.at = at;
        Ok(&self.text[start..at])
    }

    /// Reads a string.
    ///
    /// # Errors
    /// There is no string, or one with a lone surrogate or a control character in it.
    pub fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        let start = self.begin_string()?;
        let bytes = self.text.as_bytes();
        let mut at = start;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'"' => {
                    self.at = at + 1;
                    return Ok(Cow::Borrowed(&self.text[start..at]));
                }
                b'\\' => return self.escaped(start, at).map(Cow::Owned),
                0..0x20 => break,
                _ => at += 1,
            }
        }
        self.at = at;
        Err(self.malformed("the string's end"))
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// There is neither.
    pub fn boolean(&mut self) -> Result<bool, Malformed> {
        if self.word("true") {
            Ok(true)
        } else if self.word("false") {
            Ok(false)
        } else {
            Err(self.malformed("true or false"))
        }
    }

    /// Reads `null`.
    ///
    /// # Errors
    /// There is something else.
    pub fn null(&mut self) -> Result<(), Malformed> {
        if self.word("null") { Ok(()) } else { Err(self.malformed("null")) }
    }

    /// Reads any value and returns a reader of it, to come back to it later.
    ///
    /// # Errors
    /// There is no value.
    pub fn skip(&mut self) -> Result<Self, Malformed> {
        self.skip_space();
        let start = self.clone();
        match self.kind()? {
            Kind::Object => self.object(|reader, _| reader.skip().map(|_| ()))?,
            Kind::Array => self.array(|reader| reader.skip().map(|_| ()))?,
            Kind::String => drop(self.string()?),
            Kind::Number => drop(self.number_text()?),
            Kind::Boolean => drop(self.boolean()?),
            Kind::Null => self.null()?,
        }
        Ok(Self { text: &self.text[..self.at], ..start })
    }

    /// The text that is left: of a reader that [`Reader::skip`] returned, the whole value.
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Checks that nothing but space is left.
    ///
    /// # Errors
    /// Something is.
    pub fn end(&mut self) -> Result<(), Malformed> {
        if self.peek().is_none() { Ok(()) } else { Err(self.malformed("the end")) }
    }

    /// An error at this place.
    pub const fn malformed(&self, expected: &'static str) -> Malformed {
        Malformed { at: self.at, expected }
    }

    fn skip_space(&mut self) {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }

    fn word(&mut self, word: &str) -> bool {
        self.skip_space();
        let is_it = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        if is_it {
            self.at += word.len();
        }
        is_it
    }

    fn open(&mut self, bracket: u8, expected: &'static str) -> Result<(), Malformed> {
        if self.depth == MAX_DEPTH {
            return Err(self.malformed("at most 32 arrays and objects within each other"));
        }
        if !self.take(bracket) {
            return Err(self.malformed(expected));
        }
        self.depth += 1;
        Ok(())
    }

    fn begin_string(&mut self) -> Result<usize, Malformed> {
        if self.take(b'"') { Ok(self.at) } else { Err(self.malformed("a string")) }
    }

    /// The string from `start` on, whose first backslash stands at `at`.
    fn escaped(&mut self, start: usize, mut at: usize) -> Result<String, Malformed> {
        let bytes = self.text.as_bytes();
        let mut string = self.text[start..at].to_owned();
        loop {
            self.at = at;
            match bytes.get(at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => {
                    let (character, length) = self.escape(at + 1)?;
                    string.push(character);
                    at += 1 + length;
                }
                None | Some(0..0x20) => return Err(self.malformed("the string's end")),
                Some(_) => {
                    let rest = &bytes[at..];
                    let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
                    let end = at + plain.unwrap_or(rest.len());
                    string.push_str(&self.text[at..end]);
                    at = end;
                }
            }
        }
    }

    /// The character whose escape goes on at `at`, and how long that is.
    fn escape(&self, at: usize) -> Result<(char, usize), Malformed> {
        let simple = match self.text.as_bytes().get(at) {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(at + 1).map(|(character, length)| (character, length + 1)),
            _ => return Err(self.malformed("an escape")),
        };
        Ok((simple, 1))
    }

    fn unicode(&self, at: usize) -> Result<(char, usize), Malformed> {
        let unit = |at: usize| {
            let digits = self.text.as_bytes().get(at..at + 4)?;
            let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
            is_hex.then(|| u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()).flatten()
        };
        let high = unit(at).ok_or(self.malformed("four hex digits"))?;
        if let Some(character) = char::from_u32(high) {
            return Ok((character, 4));
        }
        let low = self.text.as_bytes().get(at + 4..at + 6).filter(|mark| *mark == b"\\u").and_then(|_| unit(at + 6));
        let low = low.filter(|low| (0xDC00..0xE000).contains(low) && high < 0xDC00);
        let pair = low.and_then(|low| char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)));
        pair.map(|character| (character, 10)).ok_or(self.malformed("a pair of surrogates"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use tidemark::random::Rng;

    /// The same text as a tree, by way of the reader.
    fn tree(reader: &mut Reader<'_>) -> Result<Value, Malformed> {
        Ok(match reader.kind()? {
            Kind::Object => {
                let mut fields = serde_json::Map::new();
                reader.object(|reader, name| {
                    fields.insert(name.into_owned(), tree(reader)?);
                    Ok::<_, Malformed>(())
                })?;
                Value::Object(fields)
            }
            Kind::Array => {
                let mut items = Vec::new();
                reader.array(|reader| {
                    items.push(tree(reader)?);
                    Ok::<_, Malformed>(())
                })?;
                Value::Array(items)
            }
            Kind::String => Value::String(reader.string()?.into_owned()),
            Kind::Number => serde_json::Number::from_f64(reader.number()?).map_or(Value::Null, Value::Number),
            Kind::Boolean => Value::Bool(reader.boolean()?),
            Kind::Null => {
                reader.null()?;
                Value::Null
            }
        })
    }

    fn read(text: &[u8]) -> Result<Value, Malformed> {
        let mut reader = Reader::new(text)?;
        let value = tree(&mut reader)?;
        reader.end()?;
        let mut skipping = Reader::new(text)?;
        let skipped = skipping.skip()?;
        assert_eq!(skipped.rest(), str::from_utf8(text).unwrap().trim_matches([' ', '\n', '\r', '\t']));
        Ok(value)
    }

    /// serde_json's word on it, every number as a double.
    fn expected(text: &[u8]) -> Option<Value> {
        fn doubles(value: Value) -> Value {
            match value {
                Value::Number(number) => number.as_f64().and_then(serde_json::Number::from_f64).into(),
                Value::Array(items) => items.into_iter().map(doubles).collect(),
                Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, doubles(value))).collect(),
                other => other,
            }
        }
        serde_json::from_slice(text).ok().map(doubles)
    }

    #[test]
    fn reads_what_serde_json_reads_and_refuses_what_it_refuses() {
        for text in [
            r#"{"a":[1,2.5,-0,1e3,1E-3,1e+2],"b":{"c":null,"d":true,"e":false},"f":"x"}"#,
            r#" [ ] "#,
            r#"{"":{}}"#,
            r#""\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00""#,
            "[0.1,123456789012345678901234567890,5e-324,1.7976931348623157e308]",
            "",
            " ",
            "{",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{a:1}"#,
            "01",
            "-",
            "-01",
            "1.",
            ".5",
            "1e",
            "1e+",
            "+1",
            "NaN",
            "Infinity",
            "0x1",
            "1 2",
            "tru",
            "nul",
            "truefalse",
            "\"",
            "\"\\\"",
            r#""\x""#,
            r#""\u12""#,
            r#""\u+123""#,
            r#""\ud800""#,
            r#""\ud800\u0041""#,
            r#""\udc00\ud800""#,
            "\"\u{1}\"",
            "[1]]",
            "\u{feff}1",
        ] {
            assert_eq!(read(text.as_bytes()).ok(), expected(text.as_bytes()), "{text:?}");
        }
        assert_eq!(read(b"\"\xff\"").unwrap_err().expected, "UTF-8");
    }

    #[test]
    fn damaged_bodies_are_read_as_serde_json_reads_them() {
        let sound = r#"{"id":"\u00e9 x","rows":[{"V1":-1.359807133673,"n":null,"b":true},{"V1":1e-7,"c":["a\\"]}]}"#;
        let letters: &[u8] = b"{}[]\",:\\u0123456789.eE+-tfn \n\x01";
        let mut rng = Rng::new(5);
        for _ in 0..20_000 {
            let mut text = sound.as_bytes().to_vec();
            for _ in 0..=rng.below(2) {
                let place = rng.below(text.len() as u64) as usize;
                match rng.below(3) {
                    0 => drop(text.remove(place)),
                    1 => text.insert(place, letters[rng.below(letters.len() as u64) as usize]),
                    _ => text[place] = letters[rng.below(letters.len() as u64) as usize],
                }
            }
            let (found, expected) = (read(&text).ok(), expected(&text));
            // serde_json refuses numbers too large for a double; the reader calls them infinite.
            let is_too_large =
                expected.is_none() && found.as_ref().is_some_and(|found| found.to_string().contains("null"));
            assert!(found == expected || is_too_large, "{}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn numbers_too_large_are_infinite() {
        assert_eq!(Reader::new(b"1e999").unwrap().number(), Ok(f64::INFINITY));
        assert_eq!(Reader::new(b"-1e999").unwrap().number(), Ok(f64::NEG_INFINITY));
        let digits = format!("1{}", "0".repeat(400));
        assert_eq!(Reader::new(digits.as_bytes()).unwrap().number(), Ok(f64::INFINITY));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(read(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err().at, MAX_DEPTH);
        assert!(read("[".repeat(1_000_000).as_bytes()).is_err());
    }
}
