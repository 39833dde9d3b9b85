//! `ham clone`: clones of an app's roles.

use ham::holochain_client::ClonedCell;
use ham::{CallError, PersistentHam};
use holochain_conductor_api::{AdminRequest, AdminResponse};
use holochain_types::prelude::{
    CloneCellId, CloneId, CreateCloneCellPayload, DeleteCloneCellPayload, DisableCloneCellPayload,
    DnaModifiersOpt, EnableCloneCellPayload, YamlProperties,
};
use serde_json::{Value, json};

use crate::app;
use crate::connect;
use crate::context::Context;
use crate::definition;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::progress;

/// Makes, switches and removes clones of the app's roles: cells of the same code on a network of their own.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// Make a clone of a role
    #[command(args = flags::app_interface())]
    New {
        /// The role
        role: String,
        /// A network seed for the clone: agents whose clones of the role have the same one share a network, others do not
        #[arg(long, value_name = "SEED")]
        network_seed: Option<String>,
        /// Properties of the clone, as JSON
        #[arg(long, value_name = "JSON")]
        properties: Option<String>,
        /// A name for people
        #[arg(long)]
        name: Option<String>,
    },
    /// Enable a clone that was disabled
    #[command(args = flags::app_interface())]
    Enable {
        /// The clone, such as `role.0`
        clone: String,
    },
    /// Disable a clone; its data stays
    #[command(args = flags::app_interface())]
    Disable {
        /// The clone, such as `role.0`
        clone: String,
    },
    /// Remove a disabled clone and its data for good; needs the admin interface
    #[command(args = flags::app_interface())]
    Delete {
        /// The clone, such as `role.0`
        clone: String,
    },
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    // Before anything is dialled.
    let asked = match args {
        Args::New { role, network_seed, properties, name } => {
            Asked::New(payload(role, network_seed, properties.as_deref(), name)?)
        }
        Args::Enable { clone } => Asked::Enable(id(&clone)?),
        Args::Disable { clone } => Asked::Disable(id(&clone)?),
        Args::Delete { clone } => Asked::Delete(id(&clone)?),
    };
    let ham = connect::open(context, Some(context.settings.timeout)).await?;
    let done = progress::during(context.output, "waiting for the conductor", asked.run(&ham)).await;
    connect::close(&ham).await;
    let (text, value) = done.map_err(|error| match error {
        // No cell was called, so the failure must not mention a chain.
        Failed::Call(error @ CallError::Refused { .. }) => Failure::new(
            Exit::Refused,
            error,
            "the conductor's message says why; `ham info` lists roles and clones",
        ),
        Failed::Call(error) => error.into(),
        Failed::Other(failure) => failure,
    })?;
    context.output.result(|| text, &value)
}

#[derive(Debug)]
enum Asked {
    New(CreateCloneCellPayload),
    Enable(CloneId),
    Disable(CloneId),
    Delete(CloneId),
}

impl Asked {
    async fn run(self, ham: &PersistentHam) -> Result<(String, Value), Failed> {
        let named = |verb: &str, id: &CloneId| {
            // A conductor accepts disabling a clone that does not exist, so this may be anything.
            let id = ham::masked(&id.to_string());
            (format!("{verb} {id}"), json!({ verb: id }))
        };
        Ok(match self {
            Self::New(payload) => {
                let cell = ham.create_clone(payload).await?;
                (
                    format!("{}  {}", cell.clone_id, cell.cell_id.dna_hash()),
                    json!({ "created": shown(&cell) }),
                )
            }
            Self::Enable(id) => {
                let payload = EnableCloneCellPayload { clone_cell_id: CloneCellId::CloneId(id.clone()) };
                ham.enable_clone(payload).await?;
                named("enabled", &id)
            }
            Self::Disable(id) => {
                let payload = DisableCloneCellPayload { clone_cell_id: CloneCellId::CloneId(id.clone()) };
                ham.disable_clone(payload).await?;
                named("disabled", &id)
            }
            Self::Delete(id) => {
                delete(ham, id.clone()).await?;
                named("deleted", &id)
            }
        })
    }
}

/// Why it was not done.
enum Failed {
    Call(CallError),
    Other(Failure),
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

async fn delete(ham: &PersistentHam, id: CloneId) -> Result<(), Failed> {
    let Some(admin) = ham.admin() else {
        let failure =
            Failure::usage("clones can only be deleted through the admin interface", "pass --admin-port");
        return Err(failure.into());
    };
    // Holochain 0.7.1 ends the connection if the clone is enabled.
    let info = ham.app_info().await?;
    let known = app::cells(&info).into_iter().find(|cell| cell.name == id.to_string());
    if known.is_none() {
        return Err(Failed::Other(Failure::new(
            Exit::Refused,
            anyhow::anyhow!("the app has no clone {id}"),
            "`ham info` lists roles and clones",
        )));
    }
    if known.is_some_and(|cell| cell.enabled) {
        return Err(Failed::Other(Failure::new(
            Exit::Refused,
            anyhow::anyhow!("the clone {id} is enabled, and only disabled clones can be deleted"),
            format!("first run `ham clone disable {id}`"),
        )));
    }
    let payload = DeleteCloneCellPayload {
        app_id: ham.config().app_id.clone(),
        clone_cell_id: CloneCellId::CloneId(id),
    };
    let request = AdminRequest::DeleteCloneCell(Box::new(payload));
    let asked = admin.request("delete_clone_cell", "`ham info` shows whether it exists", &request);
    match asked.await.map_err(Failure::from)? {
        AdminResponse::CloneCellDeleted => Ok(()),
        other => Err(definition::strange(&other).into()),
    }
}

fn payload(
    role: String,
    network_seed: Option<String>,
    properties: Option<&str>,
    name: Option<String>,
) -> Result<CreateCloneCellPayload, Failure> {
    let wrong = |why: serde_json::Error| {
        Failure::usage(format!("the properties are not JSON: {why}"), "quote them for the shell: '{\"a\":1}'")
    };
    let properties = properties.map(serde_json::from_str).transpose().map_err(wrong)?;
    if network_seed.is_none() && properties.is_none() {
        return Err(Failure::usage(
            "a clone needs its own network seed or properties: without them it would be the role's cell",
            "pass --network-seed or --properties",
        ));
    }
    let modifiers = DnaModifiersOpt { network_seed, properties: properties.map(YamlProperties::new) };
    Ok(CreateCloneCellPayload { role_name: role, modifiers, membrane_proof: None, name })
}

fn id(text: &str) -> Result<CloneId, Failure> {
    CloneId::try_from(text.to_owned()).map_err(|_| {
        Failure::usage(format!("`{text}` is not a clone"), "clones are named `role.0`; `ham info` lists them")
    })
}

fn shown(cell: &ClonedCell) -> Value {
    json!({
        "clone": cell.clone_id.to_string(),
        "dna": cell.cell_id.dna_hash().to_string(),
        "agent": cell.cell_id.agent_pubkey().to_string(),
        "network_seed": cell.dna_modifiers.network_seed,
        "name": cell.name,
        "enabled": cell.enabled,
    })
}
