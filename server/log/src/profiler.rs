//! What lies beside a segment besides its checksum: a profile, as whoever uses the log makes it.

use crate::rows::Rows;
use crate::stream::Line;

/// Makes profiles of segments, so that a window can be put together without reading its rows. The log keeps the bytes and
/// never looks into them.
///
/// It is called on the threads that make segments, which wait for it; what it declines is a segment without a profile,
/// whose rows have to be read.
pub trait Profiler: Send + Sync {
    /// Whether the segments of this line get profiles. Rows are gathered only where they do.
    fn wants(&self, line: &Line) -> bool;

    /// The profile of a segment of these rows.
    fn profile(&self, line: &Line, rows: Rows) -> Option<Vec<u8>>;

    /// The profile of a segment that takes the place of several, from theirs in the order of the rows.
    fn merge(&self, line: &Line, parts: &[Vec<u8>]) -> Option<Vec<u8>>;
}
