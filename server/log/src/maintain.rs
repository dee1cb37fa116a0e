//! Keeping the log in shape, a bounded piece of work at a time.

use crate::bursts::in_bursts;
use crate::compact;
use crate::error::AppendError;
use crate::log::{Log, of_sealing};
use crate::record::Millis;
use crate::replica::keeper;
use crate::retention::{self, Retention};

/// What the log is kept like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What is kept.
    pub retention: Retention,
    /// Small segments are put together up to about this size, in bytes: it bounds what one call rewrites.
    pub segment_bytes: u64,
}

impl Default for Policy {
    fn default() -> Self {
        // What was made of a full file of the write-ahead log is not written again, and windows cover more segments wholly.
        Self { retention: Retention::default(), segment_bytes: 64 << 20 }
    }
}

/// What one call of [`Log::maintain`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Maintained {
    /// Segments that were deleted.
    pub n_retired: usize,
    /// Segments that were put together into one. If there were any, there may be more: it is worth calling again soon.
    pub n_compacted: usize,
}

impl Log {
    /// Does one round of what keeps the log in shape: moves into segments what is large or old enough, deletes what the
    /// policy does not keep, and puts one run of small segments together. Appending and reading go on meanwhile.
    ///
    /// Blocks while it reads and writes files: call it on a thread that may block, one call at a time, once in ten seconds
    /// for example. After an error the log is as whole as before, and the next call tries again.
    ///
    /// # Errors
    /// A segment cannot be read, or the folder cannot be written.
    pub fn maintain(&self, now: Millis, policy: &Policy) -> Result<Maintained, AppendError> {
        self.seal_due(now)?;
        if self.shared.replica.is_some() {
            let n_retired = keeper::retain(&self.shared, policy.retention, now).map_err(of_sealing)?;
            let n_compacted = keeper::compact(&self.shared, policy.segment_bytes).map_err(of_sealing)?;
            return Ok(Maintained { n_retired, n_compacted });
        }
        let _one_at_a_time = self.shared.maintenance();
        let n_retired = retention::apply_to_all(&self.shared, policy.retention, now)?;
        let compact = || compact::compact_one(&self.shared, policy.segment_bytes);
        let n_compacted = in_bursts(compact).map_err(of_sealing)?;
        Ok(Maintained { n_retired, n_compacted })
    }
}
