//! Where pages wait until their row group is whole: in memory, and between two of them is time for a rest.

use bytes::Bytes;
use parquet::arrow::arrow_writer::{InMemoryPageStore, PageKey, PageStore, PageStoreArgs, PageStoreFactory};
use parquet::errors::Result;

/// Makes stores between whose pages a thread that works in bursts may rest: all columns fill their pages at the same row.
#[derive(Debug)]
pub(super) struct PagesInBursts;

impl PageStoreFactory for PagesInBursts {
    fn create(&self, _column: &PageStoreArgs<'_>) -> Result<Box<dyn PageStore>> {
        Ok(Box::new(Resting(InMemoryPageStore::default())))
    }
}

struct Resting(InMemoryPageStore);

impl PageStore for Resting {
    fn put(&mut self, page: Bytes) -> Result<PageKey> {
        tidemark::part_done();
        self.0.put(page)
    }

    fn take(&mut self, key: PageKey) -> Result<Bytes> {
        self.0.take(key)
    }

    fn memory_size(&self) -> usize {
        self.0.memory_size()
    }
}
