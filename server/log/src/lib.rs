//! Tidemark's prediction log: acknowledged means on disk, and what was logged can be read by anyone.
//!
//! ```
//! use tidemark_log::{Answers, Entry, Feature, Features, Id, Kind, Layout, Line, Log, Options, Origin, Outcome};
//!
//! let folder = std::env::temp_dir().join(format!("tidemark-log-{}", Id::fresh(0)));
//! let log = Log::open(&folder, Options::default())?;
//! let features = vec![Feature { name: "Amount".into(), kind: Kind::Number }];
//! let layout = Layout { features, answers: Answers::Classes(vec!["0".into(), "1".into()]) };
//! let stream = log.stream(Line::predictions("fraud"), "1", layout)?;
//! let entry = Entry {
//!     id: Id::fresh(1_795_478_400_000),
//!     is_fresh: true,
//!     time: 1_795_478_400_000,
//!     origin: Origin::Answered,
//!     features: Features::Numbers(&[12.5]),
//!     outcome: Outcome::Class(1),
//!     scores: &[0.2, 0.8],
//!     violations: &[],
//!     request_id: None,
//! };
//! // The record is on disk once this returns.
//! assert_eq!(log.append_blocking(&stream, &entry)?.position, Some(1));
//! let rows = log.reader().latest(stream.line(), 100)?;
//! assert_eq!(rows.outcomes, [Outcome::Class(1)]);
//! # drop(log);
//! # std::fs::remove_dir_all(folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Records go into a write-ahead log (`wal/`), one write and one flush for all that wait, and from there into Parquet
//! (`predictions/model=NAME/date=DAY/part-FIRST-END.parquet`), which pandas, Polars and DuckDB read as it lies there.
//!
//! A folder is of one process ([`Log::open`]), or of replicas that share a log by PostgreSQL ([`Log::open_shared`]): their
//! write-ahead log is a table.

mod bursts;
mod compact;
mod disk;
mod error;
mod export;
mod frame;
mod id;
mod ledger;
mod log;
mod lookup;
mod maintain;
mod profiler;
mod queue;
mod read;
mod record;
mod recover;
mod replica;
mod retention;
mod rows;
mod seal;
mod segment;
mod state;
mod stream;
mod verify;
mod wal;
mod writer;

pub use bursts::in_bursts;
pub use disk::{Disk, DiskFile, RealDisk};
pub use error::{AppendError, Cause, Damage, OpenError, ReadError, WriteFailure};
pub use export::{Format, export, replay};
pub use frame::{BadEntry, MAX_RECORD_BYTES};
pub use id::{BadId, Id};
pub use log::{Durability, Log, Options};
pub use maintain::{Maintained, Policy};
pub use profiler::Profiler;
pub use queue::Appended;
pub use read::{Chunks, Reader, SegmentInfo, SegmentProfile};
pub use record::{Answer, Entry, Features, Label, LabelRecord, Millis, Origin, Outcome, Record, Value};
pub use recover::Recovery;
pub use replica::SharedBy;
pub use retention::Retention;
pub use rows::{Rows, RowsBuilder};
pub use stream::{Answers, BadStream, Feature, Kind, Layout, Line, Stream};
pub use verify::{Verified, verify};
