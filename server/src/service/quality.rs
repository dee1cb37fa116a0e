//! What the data of a model are like, over its latest windows.

use tidemark::validation::Rule;
use tidemark_app::error::AppError;
use tidemark_app::quality::QualityPage;
use tidemark_watch::store::{Cursor, StoreError};

use super::pages::internal;
use super::{Service, making};

/// Windows that are read for what was missing over time.
const WINDOWS: u64 = 24;
/// Columns that are read altogether: of wide tables it is fewer windows.
const COLUMNS: u64 = 2400;

/// What a value that breaks a rule is like.
const fn words(rule: Rule) -> &'static str {
    match rule {
        Rule::Missing => "missing, where the reference misses none",
        Rule::Type => "a name among numbers, or a number among names",
        Rule::Range => "outside the range",
        Rule::Whole => "with a fraction among whole numbers",
        Rule::Category => "a category that the reference does not have",
    }
}

impl Service {
    /// Of a model; the default one where none is named.
    pub(super) fn quality_page(&self, model: Option<&str>) -> Result<QualityPage, AppError> {
        let slot = self.slot(model)?;
        let of = Cursor::Model(slot.name());
        let read = || -> Result<Vec<_>, StoreError> {
            let heads = self.store.latest(of, None, WINDOWS)?;
            let n = heads.last().map_or(0, |head| (COLUMNS / head.n_columns.max(1)).max(1)) as usize;
            let n_heads = heads.len();
            let whole = heads
                .into_iter()
                .skip(n_heads.saturating_sub(n))
                .map(|head| Ok(self.store.snapshot(head.id)?.map(|found| (making::head_of(found.head), found.report))));
            // One may have been retired meanwhile.
            whole.filter_map(Result::transpose).collect()
        };
        let windows = read().map_err(internal)?;
        let broken = slot.violations.by_rule().filter(|(_, n)| *n > 0);
        let violations = broken.map(|(rule, n)| (words(rule).to_owned(), n)).collect();
        Ok(QualityPage::of(slot.name().to_owned(), self.model_names(), &windows, violations))
    }
}
