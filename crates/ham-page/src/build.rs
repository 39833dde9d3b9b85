//! The state of the app that is built beside the conductor, for the head of the page.

use std::sync::{Mutex, PoisonError};

use holochain_types::prelude::Timestamp;
use serde_json::{Value, json};

/// What the watcher of sources is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Build {
    /// It waits for a change; the last build is running.
    Watching,
    /// It is building.
    Building,
    /// It could not build, so the previous build keeps running.
    Failed {
        /// The first error, in one line.
        error: String,
    },
    /// It has built, but the app does not run the result.
    NotRun {
        /// Why, in one line.
        error: String,
        /// What to do about it.
        advice: String,
    },
}

/// The last state reported, as the page shows it.
#[derive(Debug, Default)]
pub(crate) struct LastBuild(Mutex<Value>);

impl LastBuild {
    pub(crate) fn set(&self, directory: &str, build: &Build) {
        let (state, error, advice) = match build {
            Build::Watching => ("idle", None, None),
            Build::Building => ("building", None, None),
            Build::Failed { error } => ("failed", Some(error), None),
            Build::NotRun { error, advice } => ("not_run", Some(error), Some(advice)),
        };
        let at = Timestamp::now().as_millis();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            json!({ "dir": directory, "state": state, "at": at, "error": error, "advice": advice });
    }

    /// Null if nothing is watched.
    pub(crate) fn json(&self) -> Value {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
