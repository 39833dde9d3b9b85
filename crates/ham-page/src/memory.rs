//! What the server of the page knows: the apps, the actions of each DNA, the calls.

use std::collections::HashMap;
use std::sync::Arc;

use ham_devconductor::{CallId, Observer, ViewError};
use holo_hash::{ActionHash, DnaHash};
use holochain_types::prelude::CellId;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use crate::action_log::ActionLog;
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
    action_logs: HashMap<DnaHash, ActionLog>,
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
    pub(crate) async fn action_log(
        &mut self,
        observer: &Observer,
        dna: &DnaHash,
    ) -> Result<&mut ActionLog, ViewError> {
        if !self.action_logs.contains_key(dna) {
            let directory = self.directory(observer).await?;
            let mut log = ActionLog::read(observer, &directory, dna).await?;
            for (call, actions) in self.calls.written(dna) {
                log.written_by(call, actions);
            }
            self.action_logs.insert(dna.clone(), log);
        }
        Ok(self.action_logs.entry(dna.clone()).or_default())
    }

    /// A call wrote actions; an action log that is read later learns of it then.
    pub(crate) fn written_by(&mut self, call: CallId, actions: &[ActionHash]) {
        if let Some(log) = self.calls.dna(call).and_then(|dna| self.action_logs.get_mut(dna)) {
            log.written_by(call, actions);
        }
    }

    /// The last actions of the chains that have been read.
    pub(crate) fn heads(&self) -> HashMap<CellId, (u32, i64)> {
        self.action_logs.iter().flat_map(|(dna, log)| log.heads(dna)).collect()
    }

    /// Apps have changed: there may be other agents, and nobody reports chains that begin.
    pub(crate) fn apps_changed(&mut self) {
        self.directory = None;
        self.action_logs.clear();
    }

    /// The names of a DNA have changed.
    pub(crate) fn forget(&mut self, dna: &DnaHash) {
        self.action_logs.remove(dna);
    }
}
