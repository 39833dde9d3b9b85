//! Why a scripted attempt failed.

use ham_persistent::{ConnectError, Permanence};

/// Why a scripted attempt failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ScriptedError {
    text: String,
    permanence: Permanence,
}

impl ScriptedError {
    /// An error that renders as `text`.
    #[must_use]
    pub fn new(text: &str, permanence: Permanence) -> Self {
        Self { text: text.to_owned(), permanence }
    }
}

impl ConnectError for ScriptedError {
    fn permanence(&self) -> Permanence {
        self.permanence
    }
}
