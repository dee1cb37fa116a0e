//! The write-ahead log: files of frames, written from front to back and never changed.
//!
//! A file begins with a mark and a header, which repeats everything that has to be known of the files before it. Then
//! come groups of frames, each written, and made durable, as one. A file that failed is left as it is; the next one says
//! in its header which frames of it count. Where callers wait for groups to be durable, space is reserved by writing zeros ahead
//! of the frames, so that making a group durable does not have to make the file longer too; where much is written, another
//! thread does that for the next file: see [`Spare`].

use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, DiskFile};
use crate::error::{Damage, WriteFailure};
use crate::frame::{self, FrameKind, GROUP_BYTES, Group};
use crate::record::Millis;
use crate::stream::{Line, StreamSpec};

/// What a file of the write-ahead log begins with; the last byte is the format's version.
const MARK: [u8; 16] = *b"tidemark log\r\n\0\x01";

/// Space is reserved in pieces of this many bytes: whoever waits for the group that needs the next piece waits for it too.
const RESERVE: usize = 1 << 18;

/// The name of the [`Spare`] file.
const SPARE: &str = "spare.new";

/// What has to be known before a file can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileHeader {
    /// The number of the file's first frame, counted over all files from 1.
    pub(crate) sequence: u64,
    /// When the frame before was received.
    pub(crate) received: Millis,
    /// The streams so far.
    pub(crate) streams: Vec<StreamSpec>,
    /// The position that the next record of each line gets.
    pub(crate) lines: Vec<LineStart>,
}

/// Where a line goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LineStart {
    pub(crate) line: Line,
    pub(crate) next: u64,
}

/// Frames and positions are counted from 1, and no log ever comes to more than these.
const MOST_RECORDS: u64 = 1 << 53;

/// Whether a frame or a record may have this number.
pub(crate) const fn is_possible(number: u64) -> bool {
    1 <= number && number <= MOST_RECORDS
}

/// The path of the file of this number.
pub(crate) fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:012}.wal"))
}

/// The file that is being written.
pub(crate) struct WalFile {
    file: Box<dyn DiskFile>,
    pub(crate) path: PathBuf,
    /// Bytes written.
    pub(crate) length: u64,
    /// Bytes known to be on disk.
    pub(crate) synced: u64,
    /// Bytes written, zeros included; `None` where no zeros are written ahead.
    reserved: Option<u64>,
    /// Bytes of the header.
    header: u64,
}

/// A file of zeros, on disk, that becomes the next file of the log. Its name is cleared away when the log is opened.
pub(crate) struct Spare {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    length: u64,
}

impl Spare {
    /// Makes one for this many bytes.
    pub(crate) fn make(disk: &dyn Disk, folder: &Path, bytes: u64) -> io::Result<Self> {
        let path = folder.join(SPARE);
        let file = disk.create(&path)?;
        Self { file, path, length: 0 }.filled(disk, bytes)
    }

    /// Makes one for this many bytes of a file that is of no more use: its blocks on disk and its pages in memory need not be found
    /// again. `None` for one that is longer than usual; it is left as it is.
    ///
    /// # Errors
    /// Those of the file system; then the file may be gone.
    pub(crate) fn of_used(disk: &dyn Disk, folder: &Path, used: &Path, bytes: u64) -> io::Result<Option<Self>> {
        // All of it: behind its frames may lie what is left of a write that failed.
        let length = std::fs::metadata(used)?.len();
        if length > bytes + 2 * RESERVE as u64 {
            return Ok(None);
        }
        let path = folder.join(SPARE);
        disk.rename(used, &path)?;
        // Zeros may not be on disk before the new name is: under the old one they would be damage.
        let opened = disk.sync_folder(folder).and_then(|()| disk.reopen(&path));
        match opened {
            Ok(file) => Self { file, path, length: 0 }.filled(disk, length.max(bytes)).map(Some),
            Err(error) => {
                drop(disk.remove(&path));
                Err(error)
            }
        }
    }

    /// Writes the zeros. The disk is waited for in steps: whoever makes records durable meanwhile gets its turn.
    fn filled(mut self, disk: &dyn Disk, bytes: u64) -> io::Result<Self> {
        let zeros = vec![0; RESERVE];
        while self.length < bytes {
            let written = self.file.write_at(&zeros, self.length).and_then(|()| self.file.sync());
            if let Err(error) = written {
                self.remove(disk);
                return Err(error);
            }
            self.length += RESERVE as u64;
        }
        Ok(self)
    }

    /// Gives its space back.
    pub(crate) fn remove(self, disk: &dyn Disk) {
        // What cannot be deleted now is when the log is opened.
        drop(disk.remove(&self.path));
    }
}

impl WalFile {
    /// Makes a file that is whole, header and name, once this returns; of the spare one, if there is one. Zeros are written ahead
    /// in it where somebody waits for its groups.
    pub(crate) fn create(
        disk: &dyn Disk,
        folder: &Path,
        number: u64,
        header: &FileHeader,
        spare: Option<Spare>,
        is_waited_for: bool,
    ) -> Result<Self, WriteFailure> {
        let path = path_of(folder, number);
        let temporary = spare.as_ref().map_or_else(|| path.with_extension("new"), |spare| spare.path.clone());
        let file = match spare {
            Some(Spare { file, length, .. }) => Ok((file, Some(length))),
            None => disk.create(&temporary).map(|file| (file, is_waited_for.then_some(0))),
        };
        let made = file.and_then(|(file, reserved)| Self::begin(disk, file, reserved, &temporary, &path, header));
        made.and_then(|file| disk.sync_folder(folder).map(|()| file)).map_err(|error| {
            // What is left of the attempt takes up space that may be short, and its name.
            drop(disk.remove(&temporary));
            drop(disk.remove(&path));
            WriteFailure::new(&path, &error)
        })
    }

    /// Writes the header into a file that has `reserved` zeros, and gives it its name.
    fn begin(
        disk: &dyn Disk,
        file: Box<dyn DiskFile>,
        reserved: Option<u64>,
        temporary: &Path,
        path: &Path,
        header: &FileHeader,
    ) -> io::Result<Self> {
        let mut bytes = MARK.to_vec();
        bytes.extend_from_slice(&frame::encode_json(FrameKind::FileHeader, header));
        let mut file = Self { file, path: path.to_owned(), length: 0, synced: 0, reserved, header: bytes.len() as u64 };
        file.append(&bytes)?;
        file.sync()?;
        disk.rename(temporary, path)?;
        Ok(file)
    }

    /// Writes bytes behind those there are.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.length + bytes.len() as u64;
        if let Some(reserved) = &mut self.reserved
            && end > *reserved
        {
            let zeros = vec![0; RESERVE];
            while end > *reserved {
                self.file.write_at(&zeros, *reserved)?;
                *reserved += RESERVE as u64;
            }
        }
        self.file.write_at(bytes, self.length)?;
        self.length = end;
        Ok(())
    }

    /// Whether no group was written.
    pub(crate) const fn is_blank(&self) -> bool {
        self.length == self.header
    }

    /// Waits until everything written is on disk.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.file.sync()?;
        self.synced = self.length;
        Ok(())
    }
}

/// A frame in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) range: std::ops::Range<usize>,
    pub(crate) received: Millis,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scan {
    pub(crate) header: FileHeader,
    /// Frames of records, labels and streams, in order.
    pub(crate) frames: Vec<Found>,
    /// The number that the next frame would have.
    pub(crate) sequence: u64,
    /// Bytes of a write that did not come to its end, which do not count.
    pub(crate) torn: u64,
}

/// Reads a file's header alone.
pub(crate) fn read_header(path: &Path, bytes: &[u8]) -> Result<(FileHeader, usize), Damage> {
    let damage = |what: &str| Damage { path: path.to_owned(), offset: Some(0), what: what.to_owned() };
    let Some(rest) = bytes.strip_prefix(&MARK) else {
        return Err(damage(if bytes.starts_with(&MARK[..15]) {
            "the file was written by another version of Tidemark"
        } else {
            "this is no file of the log"
        }));
    };
    let frame = frame::read(rest).filter(|frame| frame.kind == FrameKind::FileHeader);
    let frame = frame.ok_or_else(|| damage("the header does not have its checksum"))?;
    let header: FileHeader = frame::decode_json(frame).map_err(|_malformed| damage("the header cannot be read"))?;
    if !is_possible(header.sequence) || !header.lines.iter().all(|line| is_possible(line.next)) {
        return Err(damage("the header counts from where no log gets to"));
    }
    Ok((header, MARK.len() + frame.bytes.len()))
}

/// Reads a file. `next` is the number of the next file's first frame: this file's frames count up to there, and have to
/// be whole. Without a next file the end may be torn, as far as nothing in the file says that it was on disk.
pub(crate) fn scan(path: &Path, bytes: &[u8], next: Option<u64>) -> Result<Scan, Damage> {
    let (header, mut offset) = read_header(path, bytes)?;
    let damage = |offset: usize, what: String| Damage { path: path.to_owned(), offset: Some(offset as u64), what };
    let mut frames = Vec::new();
    let mut sequence = header.sequence;
    let mut received = header.received;
    let mut left_in_group = 0;
    loop {
        if next == Some(sequence) {
            return Ok(Scan { header, frames, sequence, torn: 0 });
        }
        let rest = &bytes[offset.min(bytes.len())..];
        let Some(frame) = frame::read(rest) else {
            if let Some(next) = next {
                let what =
                    format!("frame {sequence} is missing or damaged; frames up to {} were acknowledged", next - 1);
                return Err(damage(offset, what));
            }
            if let Some(later) = Group::find(rest).find(|group| group.synced > offset as u64) {
                let what = format!(
                    "frame {sequence} is damaged; it was on disk before frame {} was written behind it",
                    later.sequence
                );
                return Err(damage(offset, what));
            }
            let torn = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1);
            return Ok(Scan { header, frames, sequence, torn });
        };
        match frame.kind {
            FrameKind::Group => {
                let group = Group::decode(frame).map_err(|_malformed| damage(offset, "no group header".to_owned()))?;
                if left_in_group > 0 || group.sequence != sequence {
                    let what =
                        format!("a group begins with frame {} where frame {sequence} should stand", group.sequence);
                    return Err(damage(offset, what));
                }
                left_in_group = group.n_frames;
                received = group.received;
            }
            FrameKind::FileHeader => return Err(damage(offset, "a second header".to_owned())),
            FrameKind::Record | FrameKind::Label | FrameKind::Stream => {
                if left_in_group == 0 {
                    return Err(damage(offset, format!("frame {sequence} stands in no group")));
                }
                left_in_group -= 1;
                frames.push(Found { range: offset..offset + frame.bytes.len(), received });
                sequence += 1;
            }
        }
        offset += frame.bytes.len();
    }
}

/// Bytes of the group header, to be filled in once the group is whole.
pub(crate) const GROUP_SPACE: [u8; GROUP_BYTES] = [0; GROUP_BYTES];
