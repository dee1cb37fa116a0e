//! `tidemark log`: checks, replays and exports a prediction log.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use tidemark::data::datetime;
use tidemark_log::{Format, Line, Log, Millis, Options, ReadError, Reader, SharedBy, verify};

use super::Failure;
use super::files::write_atomically;
use super::shared::SharedArgs;

/// Check, replay or export the predictions that were logged
///
/// The log may be in use meanwhile: what it has acknowledged so far is read. Exit codes: 0 done, 1 the log is damaged (verify)
/// or could not be read.
#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    shared: SharedArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Check every file: checksums, positions without holes or doubles, footers that say what is there
    Verify {
        /// The folder that the service keeps everything in
        #[arg(long, value_name = "FOLDER", default_value = "tidemark-data")]
        data_dir: PathBuf,
    },
    /// Write what went into the model, a body of POST /predict per line
    Replay {
        #[command(flatten)]
        selection: Selection,
    },
    /// Write predictions for other programs
    Export {
        #[command(flatten)]
        selection: Selection,
        /// How to write them
        #[arg(long, value_enum, default_value_t = ExportFormat::Ndjson)]
        format: ExportFormat,
    },
}

/// Which predictions, and where to.
#[derive(ClapArgs)]
struct Selection {
    /// The folder that the service keeps everything in
    #[arg(long, value_name = "FOLDER", default_value = "tidemark-data")]
    data_dir: PathBuf,
    /// The model; may be left out if there is one only
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// A shadow version of the model instead of what was answered
    #[arg(long, value_name = "VERSION", requires = "model")]
    shadow: Option<String>,
    /// Predictions made at this time or later, such as 2026-11-24 or 2026-11-24T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Millis>,
    /// Predictions made before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<Millis>,
    /// Where to write them; standard output if not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ExportFormat {
    /// An object per line
    Ndjson,
    /// Comma-separated values; texts that a spreadsheet would compute get an apostrophe before them
    Csv,
    /// Parquet
    Parquet,
}

fn moment(text: &str) -> Result<Millis, String> {
    let moment = datetime::parse(text).ok_or("a time is 2026-11-24 or 2026-11-24T08:00:00Z")?;
    Ok(moment.micros().div_euclid(1000))
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Verify { data_dir } if args.shared.address()?.is_some() => {
            check_shared(&Opened::new(data_dir, &args.shared)?.reader)
        }
        Command::Verify { data_dir } => check(data_dir),
        Command::Replay { selection } => {
            let opened = Opened::new(&selection.data_dir, &args.shared)?;
            let (reader, line) = (&opened.reader, selection.line(&opened.reader)?);
            selection.write(|out| tidemark_log::replay(reader, &line, selection.times(), out).map(drop))
        }
        Command::Export { selection, format } => {
            let opened = Opened::new(&selection.data_dir, &args.shared)?;
            let (reader, line) = (&opened.reader, selection.line(&opened.reader)?);
            let format = match format {
                ExportFormat::Ndjson => Format::Ndjson,
                ExportFormat::Csv => Format::Csv,
                ExportFormat::Parquet => Format::Parquet,
            };
            selection.write(|out| tidemark_log::export(reader, &line, selection.times(), format, out).map(drop))
        }
    }
}

/// A log that is read, and changed by nobody through this.
struct Opened {
    reader: Reader,
    /// What is in no segment of a log that replicas share comes through the log itself.
    _log: Option<Log>,
}

impl Opened {
    fn new(data_dir: &Path, shared: &SharedArgs) -> Result<Self, Failure> {
        let Some(address) = shared.address()? else {
            let reader = Reader::open(data_dir).map_err(|error| Failure::new("the log", error))?;
            return Ok(Self { reader, _log: None });
        };
        let by = SharedBy { address, replica: "command line".to_owned() };
        let options = Options { seals_by_itself: false, ..Options::default() };
        let log = Log::open_shared(data_dir, &by, options).map_err(|error| Failure::new("the log", error))?;
        Ok(Self { reader: log.reader().clone(), _log: Some(log) })
    }
}

/// Reads every record of a log that replicas share: that each segment reads, and that positions follow each other.
fn check_shared(reader: &Reader) -> Result<(), Failure> {
    let lines = reader.lines();
    let mut n_records = 0;
    for line in &lines {
        let positions = reader.positions(line);
        n_records += match line {
            Line::Labels { model } => {
                count(line, positions.clone(), reader.labels(model, positions), |label| label.position)?
            }
            _ => count(line, positions.clone(), reader.records(line, positions), |record| record.position)?,
        };
    }
    super::files::write_or_print(None, &format!("{} lines, {n_records} records\n", lines.len()))
}

/// How many records a line has, if there is one at every position.
fn count<R>(
    line: &Line,
    positions: Range<u64>,
    chunks: impl Iterator<Item = Result<Vec<R>, ReadError>>,
    position: impl Fn(&R) -> u64,
) -> Result<u64, Failure> {
    let mut next = positions.start;
    for chunk in chunks {
        for record in chunk.map_err(|error| Failure::new(line, error))? {
            if position(&record) != next {
                let found = position(&record);
                return Err(Failure::Error(format!("{line}: expected the position {next}, found {found}")));
            }
            next += 1;
        }
    }
    if next == positions.end {
        return Ok(next - positions.start);
    }
    Err(Failure::Error(format!("{line}: ends before the position {next}, expected {}", positions.end)))
}

fn check(data_dir: &Path) -> Result<(), Failure> {
    let found = verify(data_dir).map_err(|error| Failure::new("the log", error))?;
    let text = format!(
        "{} lines, {} records in {} segments, {} in the write-ahead log, {} bytes of a write that was cut off\n",
        found.n_lines, found.n_sealed, found.n_segments, found.n_unsealed, found.torn_bytes
    );
    super::files::write_or_print(None, &text)?;
    if found.problems.is_empty() {
        return Ok(());
    }
    let problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    Err(Failure::Error(problems.join("\n")))
}

impl Selection {
    fn line(&self, reader: &Reader) -> Result<Line, Failure> {
        let lines = reader.lines();
        let models: Vec<&str> =
            lines.iter().filter(|line| matches!(line, Line::Predictions { .. })).map(Line::model).collect();
        let line = match (&self.model, &self.shadow, models.as_slice()) {
            (Some(model), Some(version), _) => Line::Shadow { model: model.clone(), version: version.clone() },
            (Some(model), None, _) => Line::predictions(model.clone()),
            (None, _, [model]) => Line::predictions(*model),
            (None, _, []) => return Err(Failure::file(&self.data_dir, "nothing was logged there")),
            (None, _, models) => {
                let names = models.join(", ");
                return Err(Failure::Error(format!("which model? --model takes one of {names}")));
            }
        };
        if lines.contains(&line) { Ok(line) } else { Err(Failure::Error(format!("there are no {line}"))) }
    }

    /// The times that were asked for; `None` for all of them.
    fn times(&self) -> Option<Range<Millis>> {
        let is_bounded = self.from.is_some() || self.to.is_some();
        is_bounded.then(|| self.from.unwrap_or(Millis::MIN)..self.to.unwrap_or(Millis::MAX))
    }

    fn write(&self, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Failure> {
        match &self.out {
            Some(path) => write_atomically(path, write),
            None => write(&mut std::io::stdout().lock()).or_else(|error| match error.kind() {
                std::io::ErrorKind::BrokenPipe => Ok(()),
                _ => Err(Failure::new("standard output", error)),
            }),
        }
    }
}
