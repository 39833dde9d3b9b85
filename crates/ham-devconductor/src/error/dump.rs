//! Why a dump from another conductor is not opened.

use holo_hash::DnaHash;

use super::Cause;

/// Why a dump from another conductor is not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// It is not a full-state dump of 0.7.1 or later in JSON.
    #[error("it is not a full-state dump of a cell, in JSON as Holochain 0.7.1 has it")]
    NotADump {
        /// What does not match.
        source: serde_json::Error,
    },
    /// Its chain is empty, so it does not say of which DNA it is.
    #[error("its chain is empty, so it does not say of which DNA it is")]
    NoChain,
    /// No app here has its DNA.
    #[error("it is of the DNA {dna}, which no app here has")]
    AnotherDna {
        /// Its DNA.
        dna: DnaHash,
    },
    /// A database cannot be written.
    #[error("a database cannot be used")]
    Database {
        /// What the database says.
        source: Cause,
    },
}
