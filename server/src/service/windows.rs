//! Any two stretches of a model's log, held against each other.

use tidemark::report::DriftReport;
use tidemark_app::error::AppError;
use tidemark_app::windows::{Stretch, Windows, WindowsQuery};
use tidemark_log::ReadError;
use tidemark_watch::store::StoreError;

use super::pages::internal;
use super::{Service, profiles};

/// A stretch of more rows is refused: it lies in memory while it is compared.
const MOST_ROWS: u64 = 500_000;

fn failed(error: ReadError) -> AppError {
    internal(StoreError::Log(error.to_string()))
}

impl Service {
    /// Which stretches are asked for; where none are, the latest window and the one before it.
    pub(super) fn chosen_windows(&self, query: &WindowsQuery) -> Result<Windows, AppError> {
        let slot = self.slot(query.model.as_deref())?;
        let all = self.log.reader().positions(&slot.line());
        let log = (all.start < all.end).then(|| Stretch { first: all.start, last: all.end - 1 });
        let chosen = match log {
            Some(log) => self.choose(query, log)?,
            None => None,
        };
        Ok(Windows { model: slot.name().to_owned(), models: self.model_names(), log, chosen })
    }

    fn choose(&self, query: &WindowsQuery, log: Stretch) -> Result<Option<(Stretch, Stretch)>, AppError> {
        let read = |field: &str, text: &str| {
            let invalid = |reason: String| AppError::Invalid { field: field.to_owned(), reason };
            if text.trim().is_empty() {
                return Ok(None);
            }
            let stretch: Stretch =
                text.parse().map_err(|error: tidemark_app::windows::NoStretch| invalid(error.to_string()))?;
            if stretch.first < log.first || stretch.last > log.last {
                return Err(invalid(format!("the log has rows {} to {}", log.first, log.last)));
            }
            if stretch.rows() > MOST_ROWS {
                return Err(invalid(format!("at most {MOST_ROWS} rows are compared at once")));
            }
            Ok(Some(stretch))
        };
        // As many as a window has, or half of what there is.
        let rows = self.options.window_rows.min(log.rows() / 2).max(1);
        let (reference, current) = (read("reference", &query.reference)?, read("current", &query.current)?);
        let current =
            current.unwrap_or(Stretch { first: (log.last + 1).saturating_sub(rows).max(log.first), last: log.last });
        let before = || {
            let last = current.first.checked_sub(1).filter(|last| *last >= log.first)?;
            Some(Stretch { first: (last + 1).saturating_sub(rows).max(log.first), last })
        };
        Ok(reference.or_else(before).map(|reference| (reference, current)))
    }

    /// The report of the current stretch, held against the other; `None` where there are no two, or the model came without a
    /// reference, which says what its columns are.
    pub(super) fn compared_windows(&self, windows: &Windows) -> Result<Option<DriftReport>, AppError> {
        let slot = self.slot(Some(&windows.model))?;
        let (Some((reference, current)), Some(baseline)) = (windows.chosen, slot.baseline.as_ref()) else {
            return Ok(None);
        };
        let (reader, line, settings) = (self.log.reader(), slot.line(), &self.options.settings);
        let rows = reader.rows(&line, reference.first..reference.last + 1).map_err(failed)?;
        let Some(window) = profiles::window_of(&rows) else { return Ok(None) };
        let baseline = baseline.of_rows(profiles::label(&window), rows, settings, &[]);
        let report =
            profiles::report(reader, &line, current.first..current.last + 1, &baseline, settings).map_err(failed)?;
        Ok(report.map(|(_, report)| report))
    }
}
