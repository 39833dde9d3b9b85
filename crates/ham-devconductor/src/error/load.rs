//! Why the data and the code of a cell cannot be loaded.

use holochain_state::query::StateQueryError;
use holochain_types::prelude::CellId;

use super::ribosome::RibosomeError;

/// [`ConductorError`](super::ConductorError) has these too, in the same words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("DNA definition was not found in the store: {0}")]
    DnaDefMissing(CellId),
    #[error(transparent)]
    StateQueryError(#[from] StateQueryError),
    #[error(transparent)]
    RibosomeError(#[from] RibosomeError),
    #[error("Other: {0}")]
    Other(String),
}
