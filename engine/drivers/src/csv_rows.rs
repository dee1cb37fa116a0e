//! A result that comes as CSV.

use std::io::Read;
use tidemark_engine::{EngineError, TakeRow};

/// Hands over every row of a result without a header, as it is read.
pub(crate) fn each(result: impl Read, take: TakeRow<'_>) -> Result<(), EngineError> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(result);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| EngineError::Lost { reason: error.to_string() })? {
        take(&record.iter().collect::<Vec<_>>())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_any_sign() {
        let mut rows = Vec::new();
        each("\"a\"\"b,\nc\",double\nx,text,NO\n".as_bytes(), &mut |cells| {
            rows.push(cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>());
            Ok(())
        })
        .unwrap();
        assert_eq!(rows, [vec!["a\"b,\nc", "double"], vec!["x", "text", "NO"]]);
    }
}
