//! What the service tells its pages every second: numbers that change when there is something new.

use tidemark_app::live::News;
use tidemark_watch::store::StoreError;
use tokio::sync::watch;

use super::Service;

/// The numbers, for whoever listens.
#[derive(Debug)]
pub(super) struct Told(watch::Sender<News>);

impl Default for Told {
    fn default() -> Self {
        Self(watch::Sender::new(News::default()))
    }
}

impl Service {
    /// Says the numbers as they are now. Every tick does.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn tell(&self) -> Result<(), StoreError> {
        let reader = self.log.reader();
        let predictions = self.catalog().slots().iter().map(|slot| reader.end(&slot.line()) - 1).sum();
        let stored = self.store.news()?;
        let news = News { predictions, reports: stored.snapshots, alerts: stored.alerts };
        self.told.0.send_if_modified(|told| std::mem::replace(told, news) != news);
        Ok(())
    }

    /// Listens.
    pub fn news(&self) -> watch::Receiver<News> {
        self.told.0.subscribe()
    }
}
