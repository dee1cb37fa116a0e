//! Names of tables as a person writes them.

use std::fmt;
use std::str::FromStr;

/// The parts of a table's name: `catalog.schema.table`. A part in double quotes may hold any sign, a doubled quote is one:
/// `"read me.parquet"`, `parquet."/data/2024.parquet"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName(Vec<String>);

impl TableName {
    /// Of parts, of which there is one at least and none is empty.
    ///
    /// # Panics
    /// There is none, or one is empty.
    pub fn of(parts: Vec<String>) -> Self {
        assert!(!parts.is_empty() && parts.iter().all(|part| !part.is_empty()), "a table's name has parts");
        Self(parts)
    }

    /// The parts, from the outside in; there is at least one.
    pub fn parts(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted: Vec<String> = self.0.iter().map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
        f.write_str(&quoted.join("."))
    }
}

impl FromStr for TableName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut parts, mut part, mut is_quoted) = (Vec::new(), String::new(), false);
        let mut signs = text.chars().peekable();
        while let Some(sign) = signs.next() {
            match sign {
                '"' if is_quoted && signs.peek() == Some(&'"') => part.extend(signs.next()),
                '"' => is_quoted = !is_quoted,
                '.' if !is_quoted => parts.push(std::mem::take(&mut part)),
                sign => part.push(sign),
            }
        }
        parts.push(part);
        if is_quoted {
            return Err(format!("a quote of the table's name {text:?} is not closed"));
        }
        if parts.iter().any(String::is_empty) {
            return Err(format!("a part of the table's name {text:?} is empty"));
        }
        Ok(Self(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_part_names_unless_they_are_quoted() {
        let parts = |text: &str| text.parse::<TableName>().map(|name| name.0);
        assert_eq!(parts("a.b"), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(parts("parquet.\"/x/a.b\""), Ok(vec!["parquet".to_owned(), "/x/a.b".to_owned()]));
        assert_eq!(parts("\"a\"\"b\""), Ok(vec!["a\"b".to_owned()]));
        let odd = TableName(vec!["a.b".to_owned(), "c\"".to_owned()]);
        assert_eq!(odd.to_string().parse(), Ok(odd));
        assert!(parts("a..b").is_err() && parts("\"a").is_err() && parts("").is_err());
    }
}
