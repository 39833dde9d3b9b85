//! Why a node's own files lead to no keystore.

/// Why a node's files offer no keystore.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NodeError {
    /// There is no keystore to reach, and nobody made a mistake.
    #[cfg_attr(not(feature = "lair"), expect(dead_code, reason = "found out by reading the files"))]
    #[error("{0}")]
    NoKeystore(String),
    /// The files exist but are wrong.
    #[error("{0}")]
    Unusable(String),
}
