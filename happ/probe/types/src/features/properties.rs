//! How a cell behaves from its start, chosen by whoever installs it.

use crate::features::Outcome;
use holo_hash::ActionHash;
use holochain_zome_types::prelude::MigrationTarget;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The DNA properties of the role `features`. A cell without properties passes everywhere.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Properties {
    /// What `init` answers, by coordinator zome.
    #[serde(default)]
    pub init: BTreeMap<String, Outcome>,
    /// What `genesis_self_check` answers, by integrity zome.
    #[serde(default)]
    pub genesis: BTreeMap<String, Outcome>,
}

/// The init properties of a cell: known to its conductor only, and only until `init` is through.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InitPlan {
    /// What `init` answers, by coordinator zome; it goes before the DNA properties.
    #[serde(default)]
    pub init: BTreeMap<String, Outcome>,
    /// The zome `features` writes this note during `init`.
    #[serde(default)]
    pub note: Option<String>,
    /// The zome `features` opens the chain with it during `init`.
    #[serde(default)]
    pub open: Option<(MigrationTarget, ActionHash)>,
}
