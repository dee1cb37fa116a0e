//! All models at a glance, as `/` shows them.

use tidemark_app::error::AppError;
use tidemark_app::models::standing::Known;
use tidemark_app::models::{ModelLine, Models};
use tidemark_watch::store::{Alert, StoreError};

use super::pages::internal;
use super::slot::Slot;
use super::{Service, model_card};

/// Alerts that are looked through for those that go on.
const ALERTS: u64 = 200;

impl Service {
    /// How each model is doing.
    ///
    /// # Errors
    /// The store or the log cannot be read.
    pub(super) fn all_models(&self) -> Result<Models, AppError> {
        let alerts = self.store.alerts(None, ALERTS).map_err(internal)?;
        let catalog = self.catalog();
        let lines = catalog.slots().iter().map(|slot| self.model_line(slot, &alerts));
        lines.collect::<Result<_, _>>().map(Models::of).map_err(internal)
    }

    fn model_line(&self, slot: &Slot, alerts: &[Alert]) -> Result<ModelLine, StoreError> {
        let goes_on = |alert: &&Alert| alert.model == slot.name() && alert.ended.is_none();
        Ok(ModelLine::of(Known {
            model: model_card(slot),
            traffic: self.traffic(slot).map_err(|error| StoreError::Log(error.to_string()))?,
            history: self.history(slot.name())?,
            performance: self.window_figures(slot)?,
            n_alerts: alerts.iter().filter(goes_on).count() as u64,
            min_window_rows: self.options.min_window_rows,
        }))
    }
}
