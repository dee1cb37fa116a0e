//! The models that are being served, and how they change under way.
//!
//! Requests take the [`Catalog`] as it is when they arrive and keep it to their end; a change makes a new one and puts it in
//! place of the old. So a request is answered wholly by the old models or wholly by the new ones, and none waits.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::service::slot::{Slot, SlotError};

pub mod folder;
pub mod manifest;

use folder::{ModelFolder, RegistryError};
use manifest::{Manifest, ManifestError, ModelEntry};

/// The models at one moment.
#[derive(Default)]
pub struct Catalog {
    manifest: Manifest,
    slots: Vec<Arc<Slot>>,
    left_out: Vec<LeftOut>,
}

/// A model that is on the list and cannot be made ready.
#[derive(Debug, Clone)]
pub struct LeftOut {
    entry: ModelEntry,
    reason: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the model {:?} is left out: {}", self.entry.name, self.reason)
    }
}

impl Catalog {
    /// The model of this name.
    pub fn slot(&self, name: &str) -> Option<&Arc<Slot>> {
        self.slots.iter().find(|slot| slot.name() == name)
    }

    /// The model that answers where no name is given.
    pub fn default_slot(&self) -> Option<&Arc<Slot>> {
        self.slot(self.manifest.default.as_deref()?)
    }

    /// All models, in the order of their arrival.
    pub fn slots(&self) -> &[Arc<Slot>] {
        &self.slots
    }

    /// The model of this name, if it cannot be made ready.
    pub fn left_out(&self, name: &str) -> Option<&LeftOut> {
        self.left_out.iter().find(|model| model.entry.name == name)
    }

    /// What is left out, and what answers instead, in sentences.
    pub fn warnings(&self) -> Vec<String> {
        let of_slots = self.slots.iter().flat_map(|slot| slot.warnings().iter().cloned());
        self.left_out.iter().map(LeftOut::to_string).chain(of_slots).collect()
    }

    /// The list that this was made from.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

/// Makes a model ready to answer; the old one, if there is one, lends what is unchanged.
pub type MakeSlot = dyn Fn(&ModelFolder, &ModelEntry, Option<&Slot>) -> Result<Slot, SlotError> + Send + Sync;

/// The models of a data folder, ready to answer.
pub struct Registry {
    folder: ModelFolder,
    make: Box<MakeSlot>,
    current: RwLock<Arc<Catalog>>,
    /// Held while a new catalog is made, so that the later change is also the one that stays.
    changing: Mutex<()>,
}

impl Registry {
    /// Reads the folder's models. One that cannot be read is left out, and the log says why.
    ///
    /// # Errors
    /// The list itself cannot be read.
    pub fn open(folder: ModelFolder, make: Box<MakeSlot>) -> Result<Self, RegistryError> {
        let manifest = folder.manifest()?;
        let (mut slots, mut left_out) = (Vec::new(), Vec::new());
        for entry in &manifest.models {
            match make(&folder, entry, None) {
                Ok(slot) => slots.push(Arc::new(slot)),
                Err(error) => {
                    let model = LeftOut { entry: entry.clone(), reason: error.to_string() };
                    tracing::error!("{model}");
                    left_out.push(model);
                }
            }
        }
        let current = RwLock::new(Arc::new(Catalog { manifest, slots, left_out }));
        Ok(Self { folder, make, current, changing: Mutex::new(()) })
    }

    /// The models as they are now.
    pub fn catalog(&self) -> Arc<Catalog> {
        // A catalog is replaced whole or not at all.
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where the models lie.
    pub const fn folder(&self) -> &ModelFolder {
        &self.folder
    }

    /// Changes the list, on disk and here.
    ///
    /// # Errors
    /// `change` says no, a file is not sound, or the folder cannot be written; then everything stays as it was.
    pub fn change(
        &self,
        change: impl Fn(&mut Manifest) -> Result<(), ManifestError>,
    ) -> Result<Arc<Catalog>, SlotError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        // What cannot be served is not written down.
        let mut trial = self.folder.manifest()?;
        change(&mut trial).map_err(RegistryError::from)?;
        let built = self.build(trial)?;
        let manifest = self.folder.change(change)?;
        // Nearly always nobody else changed the list meanwhile.
        if manifest == *built.manifest() { Ok(self.put(built)) } else { self.replace(manifest) }
    }

    /// Takes over what the command line changed on disk, if anything; `true` if there was something.
    ///
    /// # Errors
    /// The list or a file of it is not sound; then the old models go on answering.
    pub fn refresh(&self) -> Result<bool, SlotError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let manifest = self.folder.manifest()?;
        if manifest == *self.catalog().manifest() {
            return Ok(false);
        }
        self.replace(manifest).map(|_| true)
    }

    fn replace(&self, manifest: Manifest) -> Result<Arc<Catalog>, SlotError> {
        Ok(self.put(self.build(manifest)?))
    }

    fn put(&self, catalog: Catalog) -> Arc<Catalog> {
        let catalog = Arc::new(catalog);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&catalog);
        catalog
    }

    /// A catalog of this list: what did not change is taken from the current one.
    fn build(&self, manifest: Manifest) -> Result<Catalog, SlotError> {
        let before = self.catalog();
        let (mut slots, mut left_out) = (Vec::new(), Vec::new());
        for entry in &manifest.models {
            let old = before.slot(&entry.name);
            if let Some(old) = old.filter(|old| old.entry() == entry) {
                slots.push(Arc::clone(old));
                continue;
            }
            match (self.make)(&self.folder, entry, old.map(Arc::as_ref)) {
                Ok(slot) => slots.push(Arc::new(slot)),
                // What cannot be helped here is no reason to refuse a change of another model.
                Err(_) if before.left_out(&entry.name).is_some_and(|model| model.entry == *entry) => {
                    left_out.extend(before.left_out(&entry.name).cloned());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Catalog { manifest, slots, left_out })
    }
}
