//! Replaces the code of a cell, from this process.

use holochain_types::dna::CoordinatorBundle;
use holochain_types::prelude::CellId;

use super::DevConductor;
use crate::conductor::OtherZomes;
use crate::error::ReplaceError;

impl DevConductor {
    /// Makes a cell run the coordinator zomes of a bundle and no others, leaving its chain and its integrity zomes as they are. The
    /// request `UpdateCoordinators` keeps zomes that the bundle does not name, as in `holochain`.
    ///
    /// # Errors
    /// Variant by variant in [`ReplaceError`]. Nothing is then changed.
    ///
    /// # Cancel safety
    /// Dropping the future may leave it done.
    pub async fn replace_coordinators(
        &self,
        cell: &CellId,
        bundle: CoordinatorBundle,
    ) -> Result<(), ReplaceError> {
        let _guard = self.conductor.work().begin().await;
        let replaced = self.conductor.update_coordinators(cell, bundle, OtherZomes::Remove).await;
        replaced.map_err(|error| ReplaceError::of(cell, error))
    }
}
