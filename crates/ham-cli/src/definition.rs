//! The parts of a cell's DNA.

use ham::Admin;
use ham::holochain_client::CellId;
use holochain_conductor_api::{AdminRequest, AdminResponse};
use holochain_zome_types::prelude::DnaDef;

use crate::exit::Exit;
use crate::failure::Failure;

/// Asks the conductor.
pub(crate) async fn of(admin: &Admin, cell: &CellId) -> Result<DnaDef, Failure> {
    let request = AdminRequest::GetDnaDefinition(Box::new(cell.clone()));
    match admin.request("get_dna_definition", "it only reads", &request).await? {
        AdminResponse::DnaDefinitionReturned(definition) => Ok(definition),
        other => Err(strange(&other)),
    }
}

/// The names of the integrity zomes, in the order in which entry types refer to them.
pub(crate) async fn integrity_zomes(admin: &Admin, cell: &CellId) -> Result<Vec<String>, Failure> {
    let zomes = of(admin, cell).await?.integrity_zomes;
    Ok(zomes.into_iter().map(|(name, _)| name.to_string()).collect())
}

/// An answer that does not fit the request. It is not quoted.
pub(crate) fn strange(answer: &AdminResponse) -> Failure {
    let name = format!("{answer:?}");
    let name = name.split(|other: char| !other.is_alphanumeric()).next().unwrap_or_default();
    Failure::new(
        Exit::Refused,
        anyhow::anyhow!("the conductor answered `{name}`, which does not answer this request"),
        "its log may say why",
    )
}
