//! A report's JSON, read piece by piece: that of ten thousand columns has sixty megabytes, and whoever read it at once would hold the
//! page up.

use std::sync::Arc;
use tidemark::report::{ColumnReport, DriftReport};

/// Bytes that are read at once.
const PIECE: usize = 2 << 20;

/// How far it has come.
pub struct Reading {
    json: Arc<str>,
    /// The next byte.
    at: usize,
    /// Brackets that are open there.
    depth: usize,
    in_string: bool,
    /// The list of columns without its brackets, as far as it was seen.
    list: Stretch,
    /// Both sides' data in numbers, which no page of the lab shows, as far as they were seen.
    quality: Stretch,
    /// Where the column begins that is being looked through.
    column: usize,
    columns: Vec<ColumnReport>,
}

/// A part of the text.
#[derive(Clone, Copy, Default)]
struct Stretch {
    begin: Option<usize>,
    end: Option<usize>,
}

impl Stretch {
    const fn is_open(self) -> bool {
        self.begin.is_some() && self.end.is_none()
    }
}

/// What became of a piece.
pub enum Piece {
    /// There are more.
    More(Reading),
    /// It was the last.
    Last(Arc<DriftReport>),
}

impl Reading {
    /// At the beginning.
    pub fn of(json: Arc<str>) -> Self {
        let (list, quality) = (Stretch::default(), Stretch::default());
        Self { json, at: 0, depth: 0, in_string: false, list, quality, column: 0, columns: Vec::new() }
    }

    /// Reads on.
    ///
    /// # Errors
    /// It is no report.
    pub fn piece(mut self) -> Result<Piece, serde_json::Error> {
        let json = self.json.clone();
        let bytes = json.as_bytes();
        let end = bytes.len().min(self.at.saturating_add(PIECE));
        while self.at < end {
            let byte = bytes[self.at];
            match byte {
                b'\\' if self.in_string => self.at += 1,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.open(&json),
                b'}' | b']' => self.close(&json)?,
                _ => {}
            }
            self.at += 1;
        }
        if self.at < bytes.len() {
            return Ok(Piece::More(self));
        }
        let Stretch { begin: Some(begin), end: Some(end) } = self.list else {
            return serde_json::from_str(&json).map(|report| Piece::Last(Arc::new(report)));
        };
        // Reports write their quality after their columns.
        let [between, quality, rest] = match self.quality {
            Stretch { begin: Some(from), end: Some(to) } if from > end => [&json[end..from], "null", &json[to..]],
            _ => [&json[end..], "", ""],
        };
        let report: DriftReport = serde_json::from_str(&[&json[..begin], between, quality, rest].concat())?;
        Ok(Piece::Last(Arc::new(DriftReport { columns: self.columns, ..report })))
    }

    fn open(&mut self, json: &str) {
        self.depth += 1;
        let follows = |key: &str| json[..self.at].trim_end().ends_with(key);
        match self.depth {
            2 if self.list.begin.is_none() && follows("\"columns\":") => self.list.begin = Some(self.at + 1),
            2 if self.quality.begin.is_none() && follows("\"quality\":") => self.quality.begin = Some(self.at),
            3 => self.column = self.at,
            _ => {}
        }
    }

    fn close(&mut self, json: &str) -> Result<(), serde_json::Error> {
        self.depth = self.depth.saturating_sub(1);
        match self.depth {
            2 if self.list.is_open() => self.columns.push(serde_json::from_str(&json[self.column..=self.at])?),
            1 if self.list.is_open() => self.list.end = Some(self.at),
            1 if self.quality.is_open() => self.quality.end = Some(self.at + 1),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark::data::csv;
    use tidemark::judge::Settings;
    use tidemark::report::{Source, compare};
    use tidemark::schema::{Schema, SchemaOverrides};
    use tidemark::stattest::{Current, Reference};

    fn read(json: &str) -> Result<(Arc<DriftReport>, usize), serde_json::Error> {
        let (mut reading, mut pieces) = (Reading::of(json.into()), 0);
        loop {
            pieces += 1;
            match reading.piece()? {
                Piece::More(rest) => reading = rest,
                Piece::Last(report) => return Ok((report, pieces)),
            }
        }
    }

    #[test]
    fn piece_by_piece_it_is_the_report_that_it_is_at_once() {
        let rows = |shift: usize| {
            let names: Vec<_> = (0..400).map(|column| format!("\"{column} \\ {{[\"\"]}},\"")).collect();
            let line = |row: usize| {
                (0..400).map(|column| format!("{}", (row * column + shift) % 97)).collect::<Vec<_>>().join(",")
            };
            let lines = (0..60).map(line).collect::<Vec<_>>().join("\n");
            csv::read(format!("{}\n{lines}\n", names.join(",")).as_bytes()).unwrap()
        };
        let (reference, current) = (rows(0), rows(11));
        let source = |data| Source { label: "\"columns\": [{", data, sha256: None };
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
        let report = compare(Reference(source(&reference)), Current(source(&current)), &schema, &Settings::default());
        assert!(report.quality.is_some());
        for json in [serde_json::to_string(&report).unwrap(), serde_json::to_string_pretty(&report).unwrap()] {
            let (found, pieces) = read(&json).unwrap();
            assert_eq!(*found, DriftReport { quality: None, ..report.clone() });
            assert!(pieces > 1, "{} bytes in {pieces}", json.len());
            assert!(read(&json[..json.len() / 2]).is_err(), "a report that is cut off");
        }
        let none = DriftReport { columns: Vec::new(), ..report };
        let found = read(&serde_json::to_string(&none).unwrap()).unwrap().0;
        assert_eq!(*found, DriftReport { quality: None, ..none });
        for nonsense in ["", "[]", "]]]]", "{\"columns\": [{}]}", "{\"columns\": [}{", "\"\\"] {
            assert!(read(nonsense).is_err(), "{nonsense}");
        }
    }
}
