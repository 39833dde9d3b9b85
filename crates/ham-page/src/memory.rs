//! What the server of the page knows: the apps, the actions of each DNA, the calls.

use std::collections::HashMap;
use std::sync::Arc;

use ham_devconductor::{CallId, Observer, ViewError};
use holo_hash::{ActionHash, DnaHash};
use holochain_types::prelude::CellId;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use crate::book::Book;
use crate::calls::Calls;
use crate::directory::Directory;
use crate::stream::Hub;

/// Shared by the recorder, which writes, and the requests, which read.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) observer: Observer,
    pub(crate) hub: Hub,
    known: Mutex<Known>,
}

/// What is known.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// `None` until it is requested, and after apps have changed.
    directory: Option<Arc<Directory>>,
    books: HashMap<DnaHash, Book>,
    pub(crate) calls: Calls,
    /// The faults that the pages have been told about.
    pub(crate) faults: Value,
}

impl Memory {
    pub(crate) fn new(observer: Observer) -> Self {
        Self { observer, hub: Hub::new(), known: Mutex::default() }
    }

    /// What is known, for reading or writing. Its holder may wait for the conductor's stores, but never for a client.
    pub(crate) async fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().await
    }
}

impl Known {
    pub(crate) async fn directory(&mut self, observer: &Observer) -> Result<Arc<Directory>, ViewError> {
        if let Some(directory) = &self.directory {
            return Ok(Arc::clone(directory));
        }
        let directory = Arc::new(Directory::of(observer).await?);
        self.directory = Some(Arc::clone(&directory));
        Ok(directory)
    }

    /// The actions of a DNA, read from its store on first use.
    pub(crate) async fn book(&mut self, observer: &Observer, dna: &DnaHash) -> Result<&mut Book, ViewError> {
        if !self.books.contains_key(dna) {
            let directory = self.directory(observer).await?;
            let mut book = Book::read(observer, &directory, dna).await?;
            for (call, actions) in self.calls.written(dna) {
                book.written_by(call, actions);
            }
            self.books.insert(dna.clone(), book);
        }
        Ok(self.books.entry(dna.clone()).or_default())
    }

    /// A call wrote actions; a book that is read later learns of it then.
    pub(crate) fn written_by(&mut self, call: CallId, actions: &[ActionHash]) {
        if let Some(book) = self.calls.dna(call).and_then(|dna| self.books.get_mut(dna)) {
            book.written_by(call, actions);
        }
    }

    /// The last actions of the chains that have been read.
    pub(crate) fn heads(&self) -> HashMap<CellId, (u32, i64)> {
        self.books.iter().flat_map(|(dna, book)| book.heads(dna)).collect()
    }

    /// Apps have changed: there may be other agents, and nobody reports chains that begin.
    pub(crate) fn apps_changed(&mut self) {
        self.directory = None;
        self.books.clear();
    }

    /// The names of a DNA have changed.
    pub(crate) fn forget(&mut self, dna: &DnaHash) {
        self.books.remove(dna);
    }
}
