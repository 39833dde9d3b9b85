//! What is wrong with a configuration.

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {why}")]
pub struct Fault {
    /// The key in the file.
    pub key: &'static str,
    /// What is wrong, and what would be right.
    pub why: String,
}
