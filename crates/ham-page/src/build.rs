//! How the app that is built beside the conductor stands, for the head of the page.

use std::sync::{Mutex, PoisonError};

use holochain_types::prelude::Timestamp;
use serde_json::{Value, json};

/// What a watcher of sources does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Build {
    /// It waits for a change; what was built last is what runs.
    Watching,
    /// It builds.
    Building,
    /// It could not build, so what was built before runs on.
    Failed {
        /// The first error, in a line.
        error: String,
    },
}

/// The last that was told, as the page has it.
#[derive(Debug, Default)]
pub(crate) struct LastBuild(Mutex<Value>);

impl LastBuild {
    pub(crate) fn set(&self, directory: &str, build: &Build) {
        let (state, error) = match build {
            Build::Watching => ("idle", None),
            Build::Building => ("building", None),
            Build::Failed { error } => ("failed", Some(error)),
        };
        let at = Timestamp::now().as_millis();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            json!({ "dir": directory, "state": state, "at": at, "error": error });
    }

    /// Null where nothing is watched.
    pub(crate) fn json(&self) -> Value {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
