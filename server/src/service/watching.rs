//! What is watched, and the ticks: what became due is planned, made and stored, monitor by monitor.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tidemark_app::monitor::{Millis, SnapshotHead};
use tidemark_watch::config::Config;
use tidemark_watch::deliver::Sender;
use tidemark_watch::monitor::{Invalid, Monitor, Schedule, Window};
use tidemark_watch::plan::{beginning, due};
use tidemark_watch::span::Span;
use tidemark_watch::store::{Made, Run, RunState, StoreError};

use super::Service;
use super::leading::or_others;
use super::making::{Kept, head_of};
use super::slot::Slot;

/// Who wrote a monitor down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nobody: a model that nobody wrote a monitor for is watched by the command line's settings.
    Default,
    /// The set-up file.
    File,
    /// The page or the API.
    Made,
}

impl Origin {
    /// Its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Made => "made",
        }
    }
}

/// A monitor, and who wrote it down.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// The monitor.
    pub monitor: Monitor,
    /// Who wrote it down.
    pub origin: Origin,
}

/// Why a monitor stays as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MonitorError {
    /// A setting makes no sense.
    Invalid(Invalid),
    /// The set-up file has it, and the file is where it is changed.
    InFile(String),
    /// The store cannot be written.
    Store(StoreError),
}

impl fmt::Display for MonitorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::InFile(name) => write!(f, "{name:?} stands in the set-up file; change it there"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for MonitorError {}

impl From<Invalid> for MonitorError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<StoreError> for MonitorError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What the set-up file says, and what is kept between ticks.
pub(super) struct Watching {
    config: Config,
    sender: Sender,
    /// What windows are held against, by monitor, where that is not simply the model's reference.
    pub(super) kept: Mutex<HashMap<String, Kept>>,
    /// One tick at a time.
    ticking: Mutex<()>,
    /// This process, as runs and leases have it.
    pub(super) owner: String,
}

/// A run that takes longer counts as one whose process died.
const LEASE: Millis = 15 * 60_000;

impl Watching {
    pub(super) fn new(config: Config, base_url: Option<String>, replica: Option<&str>) -> Self {
        let sender = Sender::new(config.channels.clone(), base_url);
        // A replica that is started again is another one: the one before may not be dead.
        let id = uuid::Uuid::now_v7();
        let owner = replica.map_or_else(|| id.to_string(), |name| format!("{name} {id}"));
        Self { config, sender, kept: Mutex::default(), ticking: Mutex::default(), owner }
    }
}

impl Service {
    /// What is watched: the file's monitors, then those that were made here, then a default one for each model that has none.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn monitors(&self) -> Result<Vec<Watched>, StoreError> {
        let of_file = self.watching.config.monitors.iter().cloned();
        let mut watched: Vec<Watched> = of_file.map(|monitor| Watched { monitor, origin: Origin::File }).collect();
        for monitor in self.store.monitors()? {
            if watched.iter().all(|other| other.monitor.name != monitor.name) {
                watched.push(Watched { monitor, origin: Origin::Made });
            }
        }
        let catalog = self.catalog();
        for slot in catalog.slots() {
            if watched.iter().all(|watched| watched.monitor.model != slot.name()) {
                watched.push(Watched { monitor: self.default_monitor(slot), origin: Origin::Default });
            }
        }
        Ok(watched)
    }

    /// The monitor of this name.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn monitor(&self, name: &str) -> Result<Option<Watched>, StoreError> {
        Ok(self.monitors()?.into_iter().find(|watched| watched.monitor.name == name))
    }

    /// Makes a monitor, or changes the one of its name.
    ///
    /// # Errors
    /// A setting makes no sense here, the file has the monitor, or the store cannot be written.
    pub fn put_monitor(&self, monitor: &Monitor) -> Result<(), MonitorError> {
        monitor.check()?;
        self.check_monitor(monitor)?;
        self.not_in_file(&monitor.name)?;
        self.store.put_monitor(monitor)?;
        self.forget(&monitor.name);
        Ok(())
    }

    /// Removes a monitor that was made here. Says whether there was one.
    ///
    /// # Errors
    /// The file has the monitor, or the store cannot be written.
    pub fn remove_monitor(&self, name: &str) -> Result<bool, MonitorError> {
        self.not_in_file(name)?;
        self.forget(name);
        Ok(self.store.remove_monitor(name)?)
    }

    /// The whole set-up, as a file would have it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn set_up(&self) -> Result<Config, StoreError> {
        let monitors = self.monitors()?.into_iter().map(|watched| watched.monitor).collect();
        Ok(Config { channels: self.watching.config.channels.clone(), monitors })
    }

    /// What sends messages.
    pub const fn sender(&self) -> &Sender {
        &self.watching.sender
    }

    /// Whether the monitor's model, columns and channels are there.
    pub(super) fn check_monitor(&self, monitor: &Monitor) -> Result<(), Invalid> {
        let catalog = self.catalog();
        let Some(slot) = catalog.slot(&monitor.model) else {
            let known: Vec<&str> = catalog.slots().iter().map(|slot| slot.name()).collect();
            return Err(Invalid::new("model", format!("there is no model {:?}; there are {known:?}", monitor.model)));
        };
        if let Some(baseline) = &slot.baseline {
            let has = |name: &str| baseline.column_names().any(|known| known == name);
            let segment = monitor.segment.iter().map(|segment| ("segment.column", &segment.column));
            for (field, name) in monitor.columns.iter().map(|name| ("columns", name)).chain(segment) {
                if !has(name) {
                    let reason = format!("the model {:?} has no column {name:?}", monitor.model);
                    return Err(Invalid::new(field, reason));
                }
            }
        }
        self.watching.config.check_channels(monitor)
    }

    /// Whether what the file watches is there.
    ///
    /// # Errors
    /// The first setting that does not go with the models.
    pub fn check_set_up(&self) -> Result<(), Invalid> {
        for (nth, monitor) in self.watching.config.monitors.iter().enumerate() {
            self.check_monitor(monitor)
                .map_err(|Invalid { field, reason }| Invalid::new(format!("monitor[{nth}].{field}"), reason))?;
        }
        Ok(())
    }

    fn not_in_file(&self, name: &str) -> Result<(), MonitorError> {
        let is_in_file = self.watching.config.monitors.iter().any(|monitor| monitor.name == name);
        if is_in_file { Err(MonitorError::InFile(name.to_owned())) } else { Ok(()) }
    }

    pub(super) fn forget(&self, name: &str) {
        self.watching.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    pub(super) fn default_monitor(&self, slot: &Slot) -> Monitor {
        let options = &self.options;
        let interval = u32::try_from(options.interval_seconds).unwrap_or(u32::MAX);
        Monitor {
            window: Window::Rows(options.window_rows),
            min_rows: options.min_window_rows,
            schedule: Schedule::Every(Span::of_seconds(interval)),
            settings: options.settings.clone(),
            ..Monitor::new(slot.name(), slot.name())
        }
    }

    /// Takes over what the command line changed, then makes what became due of every monitor, unless another replica leads. What
    /// fails is on record as a failed run.
    ///
    /// # Errors
    /// The store cannot be read or written; what was not stored is made at the next tick.
    pub fn tick(&self) -> Result<Vec<SnapshotHead>, StoreError> {
        let _one_at_a_time = self.watching.ticking.lock().unwrap_or_else(PoisonError::into_inner);
        match self.registry.refresh() {
            Ok(true) => tracing::info!("the models changed"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the models were changed to something unsound; the old ones go on"),
        }
        for slot in self.catalog().slots() {
            self.follow(slot)?;
        }
        let mut heads = Vec::new();
        if self.store.leads() {
            for Watched { monitor, .. } in self.monitors()? {
                let catalog = self.catalog();
                // A model that is gone, or has nothing to be held against, has no windows either.
                let Some(slot) = catalog.slot(&monitor.model).filter(|slot| slot.baseline.is_some()) else { continue };
                let Some(made) = or_others(self.tick_monitor(slot, &monitor))? else { break };
                heads.extend(made);
            }
        }
        self.tell()?;
        Ok(heads)
    }

    fn tick_monitor(&self, slot: &Arc<Slot>, monitor: &Monitor) -> Result<Vec<SnapshotHead>, StoreError> {
        let n_rows = self.log.reader().end(&slot.line()) - 1;
        let now = self.now();
        self.store.plan(&monitor.name, now, |last| {
            let last = last.unwrap_or_else(|| beginning(monitor, now, n_rows));
            (last, due(monitor, last, now, n_rows))
        })?;
        let mut heads = Vec::new();
        while let Some(claim) = self.store.claim(&monitor.name, &self.watching.owner, self.now(), LEASE)? {
            // A panic within a comparison fails this run and no other.
            let work = std::panic::AssertUnwindSafe(|| self.make(slot, monitor, &claim.run));
            let made = std::panic::catch_unwind(work).unwrap_or_else(|_panic| {
                Made::Failed("the comparison broke off; the service's log says where".to_owned())
            });
            if let Some((run, head)) = self.store.finish(&claim, monitor, &made, self.now())? {
                tell(&run);
                heads.extend(head.map(head_of));
            }
        }
        Ok(heads)
    }

    /// Sends the messages that are due. Says how many were tried. Blocks.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn send_messages(&self) -> Result<u64, StoreError> {
        let mut n = 0;
        if !self.store.leads() {
            return Ok(n);
        }
        while or_others(self.watching.sender.send_next(&self.store, || self.now()))? == Some(true) {
            n += 1;
        }
        Ok(n)
    }
}

/// What the service's log says of a run.
fn tell(run: &Run) {
    let detail = run.detail.as_deref().unwrap_or_default();
    match run.state {
        RunState::Failed => {
            tracing::error!(monitor = run.monitor, detail, "a run failed; the next one comes as planned")
        }
        _ => tracing::debug!(monitor = run.monitor, state = run.state.name(), detail, "a run is over"),
    }
}
