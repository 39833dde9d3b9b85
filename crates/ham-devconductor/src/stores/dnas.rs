//! What DNAs consist of: definitions, and the code of their zomes.

use std::sync::Arc;

use holo_hash::{DnaHash, HoloHashed};
use holochain_state::data::{DbWrite, Wasm};
use holochain_state::dna_def::DnaDefStore;
use holochain_state::mutations::StateMutationResult;
use holochain_state::prelude::WasmStore;
use holochain_state::query::StateQueryResult;
use holochain_types::dna::DnaFile;
use holochain_types::prelude::{AgentPubKey, CellId, DnaDef, DnaDefHashed, DnaWasmHashed};

use crate::budget::Budget;
use crate::error::{ConductorError, LoadError};
use crate::ribosome::Ribosome;

pub(crate) struct Dnas {
    wasms: WasmStore,
    definitions: DnaDefStore,
}

impl Dnas {
    pub(super) fn new(database: DbWrite<Wasm>) -> Self {
        let definitions = DnaDefStore::new(database.clone());
        Self { wasms: WasmStore::new(database), definitions }
    }

    /// Stores code and definition of a DNA.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn keep(&self, agent: &AgentPubKey, dna: DnaFile) -> Result<(), ConductorError> {
        for (hash, wasm) in dna.code() {
            self.keep_code(HoloHashed::with_pre_hashed(wasm.clone(), hash.clone())).await?;
        }
        Ok(self.keep_definition(agent, dna.dna_def()).await?)
    }

    /// Stores code that is not there yet.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn keep_code(&self, wasm: DnaWasmHashed) -> Result<(), ConductorError> {
        if !self.wasms.as_read().contains(&wasm.hash).await? {
            self.wasms.put(wasm).await?;
        }
        Ok(())
    }

    /// Stores a definition in place of the one that the agent had for this DNA.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn keep_definition(&self, agent: &AgentPubKey, dna: &DnaDef) -> StateMutationResult<()> {
        self.definitions.put(agent, dna).await
    }

    /// What a DNA consists of, as its cell has it.
    ///
    /// # Errors
    /// [`DnaDefMissing`](LoadError::DnaDefMissing), or the database failed.
    pub(crate) async fn definition(&self, cell: &CellId) -> Result<DnaDefHashed, LoadError> {
        let stored = self.definitions.as_read().get(cell).await?;
        stored.ok_or_else(|| LoadError::DnaDefMissing(cell.clone()))
    }

    /// The zomes of a cell; they are asked for their types.
    ///
    /// # Errors
    /// As [`definition`](Self::definition), and as [`Ribosome::load`].
    pub(crate) async fn load(&self, cell: &CellId, budget: &Budget) -> Result<Arc<Ribosome>, LoadError> {
        self.load_definition(self.definition(cell).await?, budget).await
    }

    /// The zomes of a definition, whether or not the definition is stored; their code is.
    ///
    /// # Errors
    /// As [`Ribosome::load`].
    pub(crate) async fn load_definition(
        &self,
        dna: DnaDefHashed,
        budget: &Budget,
    ) -> Result<Arc<Ribosome>, LoadError> {
        Ok(Arc::new(Ribosome::load(dna, &self.wasms, budget.clone()).await?))
    }

    /// The known DNAs.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn list(&self) -> StateQueryResult<Vec<DnaHash>> {
        Ok(self.definitions.as_read().list_dna_hashes().await?.into_iter().collect())
    }
}
