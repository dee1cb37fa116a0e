//! What a log's folder holds, and where it goes on.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::Disk;
use crate::error::{Damage, OpenError, ReadError, WriteFailure};
use crate::frame::{self, FrameKind, NewStream};
use crate::ledger::{Start, WriterLine};
use crate::record::Millis;
use crate::retention;
use crate::seal::{Closed, Stretch};
use crate::segment::{self, Segment};
use crate::state::{HotRow, LineState, State};
use crate::stream::{Line, Stream, StreamSpec};
use crate::wal::{self, FileHeader};

/// What was found when a log was opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Files of the write-ahead log that were read.
    pub n_files: usize,
    /// Records and labels that were in them and in no segment.
    pub n_records: u64,
    /// Bytes at the end of the last file that a write left when it was cut off: nobody got an answer for what they were
    /// to become.
    pub torn_bytes: u64,
}

pub(crate) struct Recovered {
    pub(crate) state: State,
    pub(crate) start: Start,
    pub(crate) recovery: Recovery,
    pub(crate) closed: Vec<Closed>,
    /// Segments that are not to be kept.
    pub(crate) stale: Vec<PathBuf>,
}

/// The folder of the write-ahead log.
pub(crate) fn wal_folder(root: &Path) -> PathBuf {
    root.join("wal")
}

/// The folders that segments lie in.
pub(crate) const SEGMENT_FOLDERS: [&str; 3] = ["predictions", "shadow", "labels"];

/// The file that says that replicas share the folder, and of which log it is.
pub(crate) const SHARED_BY: &str = ".tidemark-log";

/// Makes sure that no other process has the log, and clears away what a crash left half done.
pub(crate) fn prepare(root: &Path, disk: &dyn Disk) -> Result<File, OpenError> {
    let shared_by = root.join(SHARED_BY);
    if shared_by.exists() {
        return Err(OpenError::OtherLog { path: shared_by });
    }
    let folder = wal_folder(root);
    disk.create_folders(&folder).map_err(|error| WriteFailure::new(&folder, &error))?;
    let path = folder.join("lock");
    let failed = |error: &std::io::Error| OpenError::Write(WriteFailure::new(&path, error));
    let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(|error| failed(&error))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OpenError::Locked { path }),
        Err(TryLockError::Error(error)) => return Err(failed(&error)),
    }
    let mut half_done: Vec<PathBuf> = list(&folder)?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "new"))
        .collect();
    for name in SEGMENT_FOLDERS {
        walk(&root.join(name), &mut |path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_new = name.starts_with('.') && name.ends_with(".new");
            if is_new || segment::segment_beside(path).is_some_and(|segment| !segment.exists()) {
                half_done.push(path.to_owned());
            }
        })?;
    }
    for path in half_done {
        let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { disk.remove(&path) };
        removed.map_err(|error| OpenError::Write(WriteFailure::new(&path, &error)))?;
    }
    Ok(lock)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let failed = |error: &std::io::Error| ReadError::io(folder, error);
    match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(&error)),
        Ok(entries) => {
            let paths = entries.map(|entry| entry.map(|entry| entry.path()));
            let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(|error| failed(&error))?;
            paths.sort();
            Ok(paths)
        }
    }
}

/// Visits everything below a folder whose name is not hidden, and what is hidden itself.
pub(crate) fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) -> Result<(), ReadError> {
    for path in list(folder)? {
        visit(&path);
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !is_hidden && path.is_dir() {
            walk(&path, visit)?;
        }
    }
    Ok(())
}

/// Whether anything in a folder is of a log.
pub(crate) fn has_log(root: &Path) -> bool {
    wal_folder(root).is_dir() || SEGMENT_FOLDERS.iter().any(|name| root.join(name).is_dir())
}

/// Reads a folder that another process may be writing. It has to have been a log's.
pub(crate) fn read_unlocked(root: &Path) -> Result<Recovered, ReadError> {
    if !has_log(root) {
        return Err(ReadError::NoLog { folder: root.to_owned() });
    }
    // Files may be sealed and deleted, or used again, between being listed and being read. That happens every few seconds at most.
    let mut attempts = 0;
    loop {
        attempts += 1;
        match read(root) {
            Err(ReadError::Io { path, .. } | ReadError::Damaged(Damage { path, .. }))
                if attempts < 10 && !path.exists() && root.exists() => {}
            result => return result,
        }
    }
}

/// Reads a folder.
pub(crate) fn read(root: &Path) -> Result<Recovered, ReadError> {
    // First the write-ahead log: what is sealed meanwhile is then found twice, and not missed.
    let files = read_files(root)?;
    let mut recovering = Recovering::new(root);
    for segment in read_segments(root)? {
        recovering.add_segment(segment)?;
    }
    for place in 0..files.len() {
        let next = files.get(place + 1).map(|(path, bytes)| wal::read_header(path, bytes)).transpose()?;
        let (path, bytes) = &files[place];
        recovering.add_file(path, bytes, next.map(|(header, _)| header.sequence))?;
    }
    Ok(recovering.finish(&files))
}

fn read_files(root: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, ReadError> {
    let paths = list(&wal_folder(root))?.into_iter();
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == "wal"));
    paths
        .map(|path| {
            let bytes = std::fs::read(&path).map_err(|error| ReadError::io(&path, &error))?;
            Ok((path, bytes))
        })
        .collect()
}

/// The files of all segments.
pub(crate) fn segment_paths(root: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let mut paths = Vec::new();
    for name in SEGMENT_FOLDERS {
        walk(&root.join(name), &mut |path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("part-") && name.ends_with(".parquet") {
                paths.push(path.to_owned());
            }
        })?;
    }
    Ok(paths)
}

/// All segments, each line's in order.
fn read_segments(root: &Path) -> Result<Vec<Segment>, ReadError> {
    let paths = segment_paths(root)?;
    let mut segments = paths.iter().map(|path| Segment::open(path)).collect::<Result<Vec<_>, _>>()?;
    // Of two that begin together the longer one holds all of the other: that was made before, and its making failed late.
    segments.sort_by(|a, b| (&a.line, a.first, b.end).cmp(&(&b.line, b.first, a.end)));
    Ok(segments)
}

struct Recovering<'a> {
    root: &'a Path,
    state: State,
    lines: Vec<WriterLine>,
    /// For every line, whether the write-ahead log has said where it stands. Until then `lines` says where its segments end.
    is_placed: Vec<bool>,
    streams: BTreeMap<u32, (Arc<Stream>, usize)>,
    sequence: u64,
    received: Millis,
    recovery: Recovery,
    closed: Vec<Closed>,
    has_begun: bool,
    stale: Vec<PathBuf>,
}

impl<'a> Recovering<'a> {
    fn new(root: &'a Path) -> Self {
        Self {
            root,
            state: State::default(),
            lines: Vec::new(),
            is_placed: Vec::new(),
            streams: BTreeMap::new(),
            sequence: 1,
            received: 0,
            recovery: Recovery::default(),
            closed: Vec::new(),
            has_begun: false,
            stale: Vec::new(),
        }
    }

    fn line(&mut self, line: &Line) -> Result<usize, ReadError> {
        if let Some(place) = self.state.place_of(line) {
            return Ok(place);
        }
        let first = retention::floor(self.root, line)?.unwrap_or(1);
        self.lines.push(WriterLine::new(first));
        self.is_placed.push(false);
        Ok(self.state.add_line(line, first))
    }

    fn add_stream(&mut self, spec: StreamSpec) -> Result<usize, ReadError> {
        let place = self.line(&spec.line)?;
        let stream = Arc::new(Stream::from(spec));
        self.state.streams.insert(stream.number(), Arc::clone(&stream));
        self.streams.insert(stream.number(), (stream, place));
        Ok(place)
    }

    /// Takes over a stream that the write-ahead log makes known. A line that no header named begins here, and what follows
    /// may be in segments already. Returns the position at which the line goes on by all that was read before.
    fn begin_stream(&mut self, made: &NewStream) -> Result<u64, ReadError> {
        let place = self.add_stream(made.spec.clone())?;
        if !std::mem::replace(&mut self.is_placed[place], true) {
            let line = &self.state.lines[place].line;
            let first =
                made.next.map_or_else(|| retention::floor(self.root, line).map(|floor| floor.unwrap_or(1)), Ok)?;
            self.lines[place].next = first;
        }
        Ok(self.lines[place].next)
    }

    fn add_segment(&mut self, segment: Segment) -> Result<(), ReadError> {
        for stream in &segment.streams {
            self.add_stream(stream.spec().clone())?;
        }
        let place = self.line(&segment.line)?;
        let line = &mut self.state.lines[place];
        if segment.end <= line.hot_first {
            // Retention was about to delete it, or another one holds it.
            self.stale.push(segment.path);
            return Ok(());
        }
        if let Some(before) = line.segments.last()
            && before.end != segment.first
        {
            let what = format!("it begins at position {} where {} is expected", segment.first, before.end);
            return Err(segment::damage(&segment.path, what).into());
        }
        self.received = self.received.max(segment.received[1]);
        line.hot_first = segment.end;
        self.lines[place].next = segment.end;
        line.segments.push(Arc::new(segment));
        Ok(())
    }

    fn add_file(&mut self, path: &Path, bytes: &[u8], next: Option<u64>) -> Result<(), ReadError> {
        let scan = wal::scan(path, bytes, next)?;
        self.begin_file(path, &scan.header)?;
        for found in &scan.frames {
            let damaged = || Damage {
                path: path.to_owned(),
                offset: Some(found.range.start as u64),
                what: "a frame whose checksum is right does not read as what it should be".to_owned(),
            };
            self.received = self.received.max(found.received);
            let bytes = &bytes[found.range.clone()];
            let frame = frame::read(bytes).ok_or_else(damaged)?;
            if frame.kind == FrameKind::Stream {
                let made: NewStream = frame::decode_json(frame).map_err(|_malformed| damaged())?;
                if made.next.is_some_and(|next| !wal::is_possible(next)) {
                    return Err(damaged().into());
                }
                let expected = self.begin_stream(&made)?;
                if let Some(next) = made.next.filter(|next| *next != expected) {
                    let what = format!("the {} go on at position {next} where {expected} is expected", made.spec.line);
                    return Err(Damage { what, ..damaged() }.into());
                }
                continue;
            }
            let number = frame::stream_number(frame).map_err(|_malformed| damaged())?;
            let place = self.streams.get(&number).ok_or_else(damaged)?.1;
            let position = self.lines[place].next;
            self.lines[place].next += 1;
            let line = &mut self.state.lines[place];
            if position < line.hot_first {
                continue;
            }
            if frame.kind == FrameKind::Record {
                self.lines[place].insert(frame::id(frame).map_err(|_malformed| damaged())?, position);
            }
            line.hot.push_back(HotRow { frame: Arc::from(bytes), received: found.received });
            self.recovery.n_records += 1;
        }
        self.sequence = scan.sequence;
        self.recovery.n_files += 1;
        self.recovery.torn_bytes += scan.torn;
        let ends = self.lines.iter().map(|line| line.next).collect();
        let written = scan.frames.last().map_or(0, |found| found.range.end);
        self.closed.push(Closed {
            stretch: Stretch::File(path.to_owned()),
            bytes: written as u64,
            ends,
            closed: self.received,
        });
        for line in &mut self.lines {
            line.close_names();
        }
        Ok(())
    }

    /// Takes over from the header where the lines stand, or sees that they stand there.
    fn begin_file(&mut self, path: &Path, header: &FileHeader) -> Result<(), ReadError> {
        for spec in &header.streams {
            if !self.streams.contains_key(&spec.number) {
                self.add_stream(spec.clone())?;
            }
        }
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        if is_first {
            self.received = self.received.max(header.received);
        }
        for start in &header.lines {
            let place = self.line(&start.line)?;
            self.is_placed[place] = true;
            let (line, found) = (&self.state.lines[place], self.lines[place].next);
            // In the first file positions may go back to what is sealed by now, in the others nothing is open.
            let is_fine = if is_first { start.next <= line.hot_first } else { start.next == found };
            let is_new = is_first && line.segments.is_empty() && line.hot_first == 1;
            if !is_fine && !is_new {
                let expected = if is_first { line.hot_first } else { found };
                let what = format!("the {} go on at position {} where {expected} is expected", start.line, start.next);
                return Err(Damage { path: path.to_owned(), offset: Some(0), what }.into());
            }
            if is_first {
                self.lines[place].next = start.next;
                if is_new {
                    // All before was deleted, and nothing says so any more but this.
                    self.state.lines[place].hot_first = start.next;
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, files: &[(PathBuf, Vec<u8>)]) -> Recovered {
        // A log that lost its write-ahead log, or never had one, goes on behind its segments.
        for (line, state) in self.lines.iter_mut().zip(&self.state.lines) {
            line.next = line.next.max(state.end());
        }
        let number = |(path, _): &(PathBuf, Vec<u8>)| path.file_stem()?.to_str()?.parse::<u64>().ok();
        let next_file = files.iter().filter_map(number).max().unwrap_or(0) + 1;
        let start = Start {
            next_file,
            sequence: self.sequence.max(1),
            received: self.received,
            streams: std::mem::take(&mut self.streams).into_values().collect(),
            lines: self.lines,
        };
        Recovered { state: self.state, start, recovery: self.recovery, closed: self.closed, stale: self.stale }
    }
}

impl LineState {
    /// Whether everything up to `end` is in segments or deleted.
    pub(crate) const fn is_sealed_to(&self, end: u64) -> bool {
        end <= self.hot_first
    }
}
