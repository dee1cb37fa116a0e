//! The log: what is handed in becomes durable, and can be read.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

use crate::compact;
use crate::disk::{Disk, RealDisk};
use crate::error::{AppendError, OpenError, ReadError, WriteFailure};
use crate::frame::{self, Encoded};
use crate::lookup::{self, Lookups};
use crate::profiler::Profiler;
use crate::queue::{Appended, Job, Queue, Refusal};
use crate::read::Reader;
use crate::record::{Entry, Label, Millis};
use crate::recover::{self, Recovered, Recovery};
use crate::replica::{Replica, ReplicaWriter, SharedBy, keeper};
use crate::retention::{self, Retention};
use crate::seal::{Closed, Sealer};
use crate::segment::SealError;
use crate::state::State;
use crate::stream::{self, Layout, Line, Stream};
use crate::wal::Spare;
use crate::writer::Writer;

/// When a record is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Once it is on disk: no crash and no loss of power takes it away.
    Commit,
    /// At once, if nobody gave it its name, else once the operating system has it. The disk has it within this time;
    /// a crash of the process or of the machine may take away what came later.
    Async {
        /// The longest time that a record is not on disk.
        flush_within: Duration,
    },
}

impl Durability {
    pub(crate) const fn is_async(self) -> bool {
        matches!(self, Self::Async { .. })
    }
}

/// How a log works.
#[derive(Clone)]
pub struct Options {
    /// When a record is acknowledged.
    pub durability: Durability,
    /// Bytes of the write-ahead log that become segments together. They are held in memory too.
    pub file_bytes: u64,
    /// Once this many bytes wait to become segments, which is several times `file_bytes`, no record is taken any more: they
    /// are held in memory.
    pub max_unsealed_bytes: u64,
    /// Records become a segment after this time, however few they are.
    pub seal_after: Duration,
    /// Whether segments are made by a thread of the log, or only when [`Log::tick`] or [`Log::seal`] is called.
    pub seals_by_itself: bool,
    /// Tells the time.
    pub clock: Arc<dyn Fn() -> Millis + Send + Sync>,
    /// Makes the changes to the file system.
    pub disk: Arc<dyn Disk>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            durability: Durability::Commit,
            file_bytes: 64 << 20,
            max_unsealed_bytes: 1 << 30,
            seal_after: Duration::from_secs(600),
            seals_by_itself: true,
            clock: Arc::new(now),
            disk: Arc::new(RealDisk),
        }
    }
}

/// The machine's clock.
fn now() -> Millis {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since_1970.as_millis()).unwrap_or(Millis::MAX)
}

/// What the log's threads and its callers share.
pub(crate) struct Shared {
    pub(crate) root: PathBuf,
    pub(crate) options: Options,
    pub(crate) queue: Arc<Queue>,
    /// Where the log is shared by replicas.
    pub(crate) replica: Option<Replica>,
    state: Arc<RwLock<State>>,
    pub(crate) profiler: OnceLock<Arc<dyn Profiler>>,
    /// Files that are written no more and not sealed, or not deleted yet, oldest first.
    closed: Mutex<Vec<Closed>>,
    /// The bytes of `closed`.
    pub(crate) closed_bytes: AtomicU64,
    pub(crate) something_closed: Condvar,
    /// What the next file is made of, if it was made ahead.
    spare: Mutex<Option<Spare>>,
    /// The length of the file that is being written.
    pub(crate) wal_bytes: AtomicU64,
    /// One change of segments at a time.
    maintenance: Mutex<()>,
    failure: Mutex<Option<WriteFailure>>,
    is_failing: AtomicBool,
    is_closing: AtomicBool,
    /// How often records were moved into segments.
    pub(crate) sealings: AtomicU64,
    /// When the first record of the file that is being written came; 0 if none did.
    unsealed_since: AtomicI64,
    n_groups: AtomicU64,
}

impl Shared {
    fn new(root: &Path, options: Options, state: State, closed: Vec<Closed>, replica: Option<Replica>) -> Self {
        let queue = replica.as_ref().map_or_else(Arc::default, |replica| replica.freshness.queue());
        Self {
            root: root.to_owned(),
            options,
            queue,
            replica,
            state: Arc::new(RwLock::new(state)),
            profiler: OnceLock::new(),
            closed_bytes: AtomicU64::new(closed.iter().map(|stretch| stretch.bytes).sum()),
            closed: Mutex::new(closed),
            something_closed: Condvar::new(),
            spare: Mutex::new(None),
            wal_bytes: AtomicU64::new(0),
            maintenance: Mutex::new(()),
            failure: Mutex::new(None),
            is_failing: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            sealings: AtomicU64::new(0),
            unsealed_since: AtomicI64::new(0),
            n_groups: AtomicU64::new(0),
        }
    }

    pub(crate) fn wal_folder(&self) -> PathBuf {
        recover::wal_folder(&self.root)
    }

    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        // Every change under this lock is a few pushes, which leave nothing half done.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn closed(&self) -> MutexGuard<'_, Vec<Closed>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn spare(&self) -> MutexGuard<'_, Option<Spare>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn maintenance(&self) -> MutexGuard<'_, ()> {
        self.maintenance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn close(&self, stretch: Closed) {
        self.closed_bytes.fetch_add(stretch.bytes, Ordering::Relaxed);
        self.closed().push(stretch);
        self.unsealed_since.store(0, Ordering::Release);
        self.something_closed.notify_all();
    }

    /// Forgets the oldest of the closed files.
    pub(crate) fn forget_oldest(&self) {
        let gone = self.closed().remove(0);
        self.closed_bytes.fetch_sub(gone.bytes, Ordering::Relaxed);
    }

    /// Puts a job into the queue, unless sealing has fallen behind.
    fn push_record(&self, job: Job) -> Result<(), AppendError> {
        if self.closed_bytes.load(Ordering::Relaxed) > self.options.max_unsealed_bytes {
            return Err(AppendError::Overloaded);
        }
        self.queue.push(job)
    }

    /// Nothing is left that is in no segment.
    pub(crate) fn nothing_unsealed(&self) {
        self.unsealed_since.store(0, Ordering::Release);
    }

    /// What readers read.
    pub(crate) fn state_of_readers(&self) -> Arc<RwLock<State>> {
        Arc::clone(&self.state)
    }

    /// The position of the first record of a line that nothing is known of.
    pub(crate) fn first_position(&self, line: &Line) -> u64 {
        // A line may have lost all it had, and its place in the write-ahead log with it. Replicas keep lines in a table.
        let floor = if self.replica.is_some() { None } else { retention::floor(&self.root, line).ok().flatten() };
        floor.unwrap_or(1)
    }

    pub(crate) fn note_group(&self, n_records: usize, received: Millis) {
        self.n_groups.fetch_add(1, Ordering::Relaxed);
        self.note_records(n_records, received);
    }

    pub(crate) fn note_records(&self, n_records: usize, received: Millis) {
        if n_records > 0 && self.unsealed_since.load(Ordering::Relaxed) == 0 {
            self.unsealed_since.store(received, Ordering::Release);
        }
    }

    /// When the first record of the file that is being written came.
    pub(crate) fn unsealed_since(&self) -> Option<Millis> {
        Some(self.unsealed_since.load(Ordering::Acquire)).filter(|since| *since != 0)
    }

    pub(crate) fn set_failure(&self, failure: Option<WriteFailure>) {
        self.is_failing.store(failure.is_some(), Ordering::Release);
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }
}

/// A log that is open for writing. One process at a time has it; share it behind an [`Arc`].
///
/// When it is dropped, everything that was handed in is made durable first.
pub struct Log {
    pub(crate) shared: Arc<Shared>,
    reader: Reader,
    lookups: Lookups,
    recovery: Recovery,
    writer: Option<JoinHandle<()>>,
    sealer: Option<JoinHandle<()>>,
    /// Locked as long as the log is open, unless others may have it too.
    lock: Option<File>,
}

impl Log {
    /// Opens the log in this data folder, and makes it if there is none. What a crash left half done is finished or
    /// taken back.
    ///
    /// # Errors
    /// Another process has it; a file is damaged where that is no torn last write; the folder cannot be read or written.
    pub fn open(root: &Path, options: Options) -> Result<Self, OpenError> {
        let lock = recover::prepare(root, &*options.disk)?;
        let Recovered { state, start, recovery, closed, stale } = recover::read(root)?;
        stale.iter().try_for_each(|path| retention::remove(&*options.disk, path))?;
        let shared = Arc::new(Shared::new(root, options, state, closed, None));
        let mut log = Self::around(shared, recovery, Some(lock))?;
        let writer = Writer::start(Arc::clone(&log.shared), start)?;
        log.start(move || writer.run())?;
        Ok(log)
    }

    /// Opens the log that replicas share, and makes it if there is none: its segments are in this folder, which all replicas
    /// reach, and what is in no segment is in the database. Any replica may die at any time. What one of them has acknowledged
    /// is durable by the database's commit, and the others read it from then on.
    ///
    /// `options.file_bytes`, `max_unsealed_bytes` and `seal_after` mean the same as elsewhere, for all replicas together. With
    /// [`Durability::Async`] a record goes to the database at once, and nobody waits for it.
    ///
    /// # Errors
    /// The database or the folder cannot be reached or written, or they are not of one log.
    pub fn open_shared(root: &Path, by: &SharedBy, options: Options) -> Result<Self, OpenError> {
        let queue = Arc::new(Queue::default());
        let replica = Replica::new(by, queue);
        let shared = Arc::new(Shared::new(root, options, State::default(), Vec::new(), Some(replica)));
        // The database's client may not be used where tasks are driven, which is where a service is put together.
        let opened = std::thread::scope(|scope| {
            let shared = Arc::clone(&shared);
            scope.spawn(move || ReplicaWriter::open(shared)).join()
        });
        let (writer, recovery) = opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let mut log = Self::around(shared, recovery, None)?;
        log.start(move || writer.run())?;
        Ok(log)
    }

    /// A log that has no threads yet that write it.
    fn around(shared: Arc<Shared>, recovery: Recovery, lock: Option<File>) -> Result<Self, OpenError> {
        let freshness = shared.replica.as_ref().map(|replica| Arc::clone(&replica.freshness));
        let reader = Reader::of(Arc::clone(&shared.state), freshness);
        let lookups = Lookups::start(reader.clone()).map_err(|error| WriteFailure::new(&shared.root, &error))?;
        Ok(Self { shared, reader, lookups, recovery, writer: None, sealer: None, lock })
    }

    fn start(&mut self, write: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let thread = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let started = std::thread::Builder::new().name(name.to_owned()).spawn(work);
            started.map_err(|error| WriteFailure::new(&self.shared.root, &error))
        };
        let writer = thread("log-writer", Box::new(write))?;
        let sealer = Sealer::new(Arc::clone(&self.shared));
        sealer.remove_sealed_files();
        let sealer = if self.shared.options.seals_by_itself {
            Some(thread("log-sealer", Box::new(move || sealer.run()))?)
        } else {
            None
        };
        self.writer = Some(writer);
        self.sealer = sealer;
        Ok(())
    }

    /// What was found when the log was opened.
    pub const fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Reads the log.
    pub const fn reader(&self) -> &Reader {
        &self.reader
    }

    /// From now on segments get profiles made by this, beside them. Asked again, it does nothing.
    pub fn profile_with(&self, profiler: Arc<dyn Profiler>) {
        drop(self.shared.profiler.set(profiler));
    }

    /// Groups of records that were made durable together, since the log was opened.
    pub fn n_groups(&self) -> u64 {
        self.shared.n_groups.load(Ordering::Relaxed)
    }

    /// Why the log cannot be written, if the last attempt failed. The next record tries again.
    pub fn failure(&self) -> Option<WriteFailure> {
        self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a version of a model known, once: records are appended to the stream that this returns. Asked again with
    /// the same arguments it returns the same stream, also after a restart.
    ///
    /// Blocks until the stream is on disk.
    ///
    /// # Errors
    /// A name cannot be, or the log cannot be written.
    pub fn stream(&self, line: Line, version: &str, layout: Layout) -> Result<Arc<Stream>, AppendError> {
        stream::check(&line, version, &layout)?;
        let version = version.to_owned();
        self.ask(|reply| Job::Stream { line, version, layout, reply })
    }

    /// The stream that a model's labels are appended to.
    ///
    /// Blocks until the stream is on disk.
    ///
    /// # Errors
    /// As [`Log::stream`].
    pub fn label_stream(&self, model: &str) -> Result<Arc<Stream>, AppendError> {
        let layout = Layout { features: Vec::new(), answers: stream::Answers::Names };
        self.stream(Line::labels(model), "", layout)
    }

    /// Appends a prediction, and returns once it is acknowledged.
    ///
    /// A prediction that is there already under this name, with the same content (all but the time and the request's
    /// id), is not appended again, and its position is returned. Where filters in memory do not rule out that a segment has
    /// the name, a thread of the log looks there.
    ///
    /// # Errors
    /// The entry does not fit its stream, its name stands for something else, or the log cannot be written.
    pub async fn append(&self, stream: &Arc<Stream>, entry: &Entry<'_>) -> Result<Appended, AppendError> {
        let encoded = frame::encode(stream, entry)?;
        loop {
            let looked = self.n_sealings();
            if let Some(known) = self.look(&encoded).await? {
                return Ok(known);
            }
            match self.submit(encoded.clone(), looked)? {
                Submitted::Answered(appended) => return Ok(appended),
                Submitted::Waits(answer) => match answer.await.map_err(|_gone| AppendError::Closed)? {
                    Err(Refusal::LookAgain) => {}
                    Err(Refusal::Error(error)) => return Err(error),
                    Ok(appended) => return Ok(appended),
                },
            }
        }
    }

    /// As [`Log::append`], for threads that may block. They look through segments themselves.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn append_blocking(&self, stream: &Arc<Stream>, entry: &Entry<'_>) -> Result<Appended, AppendError> {
        let encoded = frame::encode(stream, entry)?;
        loop {
            let looked = self.n_sealings();
            if let Some(known) = self.look_blocking(&encoded)? {
                return Ok(known);
            }
            match self.submit(encoded.clone(), looked)? {
                Submitted::Answered(appended) => return Ok(appended),
                Submitted::Waits(answer) => match answer.blocking_recv().map_err(|_gone| AppendError::Closed)? {
                    Err(Refusal::LookAgain) => {}
                    Err(Refusal::Error(error)) => return Err(error),
                    Ok(appended) => return Ok(appended),
                },
            }
        }
    }

    /// Appends predictions, all of them or none, and returns what became of each. Those that are there already are left
    /// as they are.
    ///
    /// # Errors
    /// As [`Log::append`], of the first that cannot be appended.
    pub async fn append_all(&self, stream: &Arc<Stream>, entries: &[Entry<'_>]) -> Result<Vec<Appended>, AppendError> {
        let encoded = entries.iter().map(|entry| frame::encode(stream, entry));
        self.append_batch(encoded.collect::<Result<_, _>>()?).await
    }

    /// As [`Log::append_all`], for threads that may block.
    ///
    /// # Errors
    /// As [`Log::append_all`].
    pub fn append_all_blocking(
        &self,
        stream: &Arc<Stream>,
        entries: &[Entry<'_>],
    ) -> Result<Vec<Appended>, AppendError> {
        let encoded = entries.iter().map(|entry| frame::encode(stream, entry));
        self.append_batch_blocking(encoded.collect::<Result<_, _>>()?)
    }

    /// Appends labels, all of them or none. Whether the predictions are known does not matter: they may come later.
    ///
    /// # Errors
    /// The stream is none of labels, or the log cannot be written.
    pub async fn add_labels(&self, stream: &Arc<Stream>, labels: &[Label]) -> Result<Vec<Appended>, AppendError> {
        let encoded = labels.iter().map(|label| frame::encode_label(stream, label));
        self.append_batch(encoded.collect::<Result<_, _>>()?).await
    }

    /// As [`Log::add_labels`], for threads that may block.
    ///
    /// # Errors
    /// As [`Log::add_labels`].
    pub fn add_labels_blocking(&self, stream: &Arc<Stream>, labels: &[Label]) -> Result<Vec<Appended>, AppendError> {
        let encoded = labels.iter().map(|label| frame::encode_label(stream, label));
        self.append_batch_blocking(encoded.collect::<Result<_, _>>()?)
    }

    async fn append_batch(&self, encoded: Vec<Encoded>) -> Result<Vec<Appended>, AppendError> {
        let mut batch = Batch::new(encoded);
        loop {
            let looked = self.n_sealings();
            for (encoded, known) in batch.open() {
                *known = self.look(encoded).await?;
            }
            let Some(answer) = batch.submit(self, looked)? else { return Ok(batch.finish()) };
            batch.take(answer.await.map_err(|_gone| AppendError::Closed)?)?;
        }
    }

    fn append_batch_blocking(&self, encoded: Vec<Encoded>) -> Result<Vec<Appended>, AppendError> {
        let mut batch = Batch::new(encoded);
        loop {
            let looked = self.n_sealings();
            for (encoded, known) in batch.open() {
                *known = self.look_blocking(encoded)?;
            }
            let Some(answer) = batch.submit(self, looked)? else { return Ok(batch.finish()) };
            batch.take(answer.blocking_recv().map_err(|_gone| AppendError::Closed)?)?;
        }
    }

    /// Makes everything durable that was handed in before, and so tries whether the log can be written.
    ///
    /// # Errors
    /// It cannot.
    pub async fn flush(&self) -> Result<(), AppendError> {
        let answer = self.send(|reply| Job::Flush { reply })?;
        answer.await.map_err(|_gone| AppendError::Closed)?.map_err(refused)
    }

    /// As [`Log::flush`], for threads that may block.
    ///
    /// # Errors
    /// As [`Log::flush`].
    pub fn flush_blocking(&self) -> Result<(), AppendError> {
        self.ask(|reply| Job::Flush { reply })
    }

    /// Moves everything into segments that was handed in before. Blocks until that is done.
    ///
    /// # Errors
    /// The log cannot be written.
    pub fn seal(&self) -> Result<(), AppendError> {
        self.ask(|reply| Job::Rotate { reply })?;
        match &self.shared.replica {
            None => Sealer::new(Arc::clone(&self.shared)).seal_closed().map_err(of_sealing),
            Some(_) => keeper::seal_waiting(&self.shared).map_err(of_sealing),
        }
    }

    /// Moves into segments what is large or old enough by now, as the log's own thread does: files that are written no
    /// more, and the one that is being written once its first record is old enough.
    ///
    /// # Errors
    /// As [`Log::seal`].
    pub fn tick(&self) -> Result<(), AppendError> {
        self.seal_due((self.shared.options.clock)())
    }

    pub(crate) fn seal_due(&self, now: Millis) -> Result<(), AppendError> {
        let sealer = Sealer::new(Arc::clone(&self.shared));
        sealer.make_spare_if_filling();
        sealer.ask_for_rotation_if_old(now);
        if sealer.is_due(now) { sealer.seal_closed().map_err(of_sealing) } else { Ok(()) }
    }

    /// Deletes the segments that are not to be kept, of every line, and returns how many. Positions stay what they are.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn retain(&self, retention: Retention) -> Result<usize, WriteFailure> {
        if self.shared.replica.is_some() {
            let now = (self.shared.options.clock)();
            return keeper::retain(&self.shared, retention, now).map_err(|error| match error {
                SealError::Read(error) => WriteFailure::of_database(&error.to_string()),
                SealError::Write(failure) => failure,
            });
        }
        let _one_at_a_time = self.shared.maintenance();
        retention::apply_to_all(&self.shared, retention, (self.shared.options.clock)())
    }

    /// Puts one run of neighbouring segments of one day of one line together, and returns how many went into it: 0 once
    /// there is nothing left to do. Together they have at most `target_bytes`, and the largest at most twice as many as the
    /// others: a large one is not written again for every small one beside it. Whoever reads the folder sees the small ones
    /// or the large one, never both.
    ///
    /// # Errors
    /// A segment cannot be read, or the folder cannot be written; then the small ones are still there.
    pub fn compact(&self, target_bytes: u64) -> Result<usize, AppendError> {
        if self.shared.replica.is_some() {
            return keeper::compact(&self.shared, target_bytes).map_err(of_sealing);
        }
        let _one_at_a_time = self.shared.maintenance();
        compact::compact_one(&self.shared, target_bytes).map_err(of_sealing)
    }

    /// How often records were moved into segments: whoever looks for a name in segments says what this was before.
    fn n_sealings(&self) -> u64 {
        self.shared.sealings.load(Ordering::Acquire)
    }

    /// What stands in a segment under the name of this record.
    async fn look(&self, encoded: &Encoded) -> Result<Option<Appended>, AppendError> {
        if encoded.is_fresh || !self.reader.may_be_sealed(encoded.stream.line(), &encoded.id) {
            return Ok(None);
        }
        self.lookups.ask(encoded.clone()).await
    }

    fn look_blocking(&self, encoded: &Encoded) -> Result<Option<Appended>, AppendError> {
        if encoded.is_fresh { Ok(None) } else { lookup::look(&self.reader, encoded) }
    }

    /// Hands a record to the writer whose name is in none of the segments that `looked` sealings made.
    fn submit(&self, encoded: Encoded, looked: u64) -> Result<Submitted, AppendError> {
        let may_go_ahead = encoded.is_fresh
            && self.shared.options.durability.is_async()
            && !self.shared.is_failing.load(Ordering::Acquire);
        if may_go_ahead {
            self.shared.push_record(Job::One { encoded, looked, reply: None })?;
            return Ok(Submitted::Answered(Appended { position: None, is_new: true }));
        }
        let (reply, answer) = oneshot::channel();
        self.shared.push_record(Job::One { encoded, looked, reply: Some(reply) })?;
        Ok(Submitted::Waits(answer))
    }

    fn send<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, Refusal>>) -> Job,
    ) -> Result<oneshot::Receiver<Result<T, Refusal>>, AppendError> {
        let (reply, answer) = oneshot::channel();
        let job = job(reply);
        if matches!(job, Job::Many { .. }) {
            self.shared.push_record(job)?
        } else {
            self.shared.queue.push(job)?
        }
        Ok(answer)
    }

    fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<Result<T, Refusal>>) -> Job) -> Result<T, AppendError> {
        self.send(job)?.blocking_recv().map_err(|_gone| AppendError::Closed)?.map_err(refused)
    }
}

pub(crate) fn of_sealing(error: SealError) -> AppendError {
    match error {
        SealError::Read(error) => error.into(),
        SealError::Write(failure) => failure.into(),
    }
}

fn refused(refusal: Refusal) -> AppendError {
    match refusal {
        Refusal::Error(error) => error,
        // Only records are looked for.
        Refusal::LookAgain => AppendError::Closed,
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.shared.is_closing.store(true, Ordering::Release);
        self.shared.queue.close();
        self.shared.something_closed.notify_all();
        for thread in [self.writer.take(), self.sealer.take()].into_iter().flatten() {
            if thread.join().is_err() {
                tracing::error!("a thread of the log had panicked");
            }
        }
        if let Some(spare) = self.shared.spare().take() {
            spare.remove(&*self.shared.options.disk);
        }
        // Closing the file would do, but for a child process that is just being started and has it open still.
        drop(self.lock.take().map(|lock| lock.unlock()));
    }
}

enum Submitted {
    Answered(Appended),
    Waits(oneshot::Receiver<Result<Appended, Refusal>>),
}

/// What the writer will have done with a batch.
type BatchAnswer = oneshot::Receiver<Result<Vec<Appended>, Refusal>>;

/// Records that are appended together.
struct Batch {
    encoded: Vec<Encoded>,
    /// What is known of each: those in segments from the start, the others once the writer has answered.
    known: Vec<Option<Appended>>,
}

impl Batch {
    fn new(encoded: Vec<Encoded>) -> Self {
        let known = vec![None; encoded.len()];
        Self { encoded, known }
    }

    /// The records of which nothing is known.
    fn open(&mut self) -> impl Iterator<Item = (&Encoded, &mut Option<Appended>)> {
        self.encoded.iter().zip(&mut self.known).filter(|(_, known)| known.is_none())
    }

    /// Hands those to the writer that are in no segment; `None` if there is nothing left to do.
    fn submit(&mut self, log: &Log, looked: u64) -> Result<Option<BatchAnswer>, AppendError> {
        let encoded: Vec<Encoded> = self.open().map(|(encoded, _)| encoded.clone()).collect();
        if encoded.is_empty() { Ok(None) } else { log.send(|reply| Job::Many { encoded, looked, reply }).map(Some) }
    }

    fn take(&mut self, answer: Result<Vec<Appended>, Refusal>) -> Result<(), AppendError> {
        match answer {
            Err(Refusal::LookAgain) => {}
            Err(Refusal::Error(error)) => return Err(error),
            Ok(appended) => {
                let open = self.known.iter_mut().filter(|known| known.is_none());
                open.zip(appended).for_each(|(known, appended)| *known = Some(appended));
            }
        }
        Ok(())
    }

    fn finish(self) -> Vec<Appended> {
        self.known.into_iter().flatten().collect()
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        Self::Error(error.into())
    }
}
