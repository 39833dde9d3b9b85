//! `ham app`: the apps of a conductor. Needs the admin interface.

use std::path::PathBuf;

use ham::holochain_client::{AppInfo, InstallAppPayload};
use ham::{Admin, Release};
use holochain_types::prelude::AppBundleSource;
use serde_json::{Value, json};

use crate::app;
use crate::built_with;
use crate::commands::info::{plain, trimmed};
use crate::connect;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags;
use crate::hash;
use crate::input;
use crate::progress;
use crate::running;

mod proofs;
mod update;

/// Installs, lists, switches and removes apps.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// List the apps: id, state, agent and roles
    #[command(args = flags::administration())]
    List,
    /// Install an app from its bundle, and enable it
    #[command(args = flags::administration())]
    Install {
        /// The app's bundle; `-` is standard input
        #[arg(value_name = "FILE.happ")]
        bundle: PathBuf,
        /// The id of the app [default: --app-id, else the name in the bundle]
        #[arg(long)]
        id: Option<String>,
        /// The agent of its cells, as `ham agent new` prints it [default: a new one]
        #[arg(long, value_name = "KEY")]
        agent: Option<String>,
        /// A network seed for all its roles, for a network of its own
        #[arg(long, value_name = "SEED")]
        network_seed: Option<String>,
        /// Settings of its roles (modifiers, membrane proofs, init properties), in a YAML file as `hc` takes it
        #[arg(long, value_name = "FILE")]
        roles_settings: Option<PathBuf>,
        /// Leave it disabled: nothing runs until `ham app enable`
        #[arg(long)]
        disabled: bool,
    },
    /// Enable an app: its cells start
    #[command(args = flags::administration())]
    Enable {
        /// The app's id [default: --app-id]
        id: Option<String>,
    },
    /// Disable an app: its cells stop, its data stays
    #[command(args = flags::administration())]
    Disable {
        /// The app's id [default: --app-id]
        id: Option<String>,
    },
    /// Remove an app and its data for good
    #[command(args = flags::administration())]
    Uninstall {
        /// The app's id
        id: String,
        /// Remove it even if another app uses its cells, whose calls to them fail from then on
        #[arg(long)]
        force: bool,
    },
    /// Provide the membrane proofs that an installed app waits for
    #[command(args = flags::app_interface())]
    Memproofs {
        /// A role, and the file with its proof, which is MessagePack
        #[arg(value_name = "ROLE=FILE", required = true)]
        proofs: Vec<String>,
    },
    /// Replace the running coordinator zomes with those of a bundle
    #[command(args = flags::administration())]
    Update {
        /// The app's bundle; `-` is standard input
        #[arg(value_name = "FILE.happ")]
        bundle: PathBuf,
        /// The app's id [default: --app-id, else the name in the bundle]
        #[arg(long)]
        id: Option<String>,
    },
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    if let Args::Memproofs { proofs } = &args {
        return proofs::provide(context, proofs).await;
    }
    let settings = context.target().await?;
    let within = match args {
        Args::List | Args::Disable { .. } => connect::CONNECT_TIMEOUT.min(settings.timeout),
        // A conductor compiles zomes, and runs genesis and `init`: that has no time limit.
        _ => settings.timeout,
    };
    let admin = connect::admin(settings, within)?;
    // When another app is installed or switched, the app of a discovered conductor is not the one meant.
    let given = &context.settings;
    let named = |id: Option<String>| id.map_or_else(|| given.app_id().map(str::to_owned), Ok);
    match args {
        Args::List => list(context, &admin).await,
        Args::Install { bundle, id, agent, network_seed, roles_settings, disabled } => {
            let agent_key = agent.as_deref().map(hash::agent).transpose()?;
            let bundle = input::bundle(&bundle).await?;
            // If it does not answer, the installation fails and says so.
            if let Ok(release) = admin.release().await {
                // An embedded conductor has the HDK of one release, whichever release it speaks.
                let control = settings.local_admin_port().and_then(running::control_of);
                let release = control.map_or(release, |_| Release::V0_7_1);
                if let Some(told) = built_with::for_another_release(&bundle, release).await {
                    context.output.warning(&told);
                }
            }
            let source = AppBundleSource::Bytes(bundle.into());
            let installed_app_id = id.or_else(|| given.app_id().ok().map(str::to_owned));
            let installed_app_id = installed_app_id.map(app::id).transpose()?;
            let payload = InstallAppPayload {
                source,
                agent_key,
                installed_app_id,
                network_seed,
                roles_settings: roles_settings.as_deref().map(proofs::settings).transpose()?,
                ignore_genesis_failure: false,
                restore_from_dht: false,
            };
            install(context, &admin, payload, disabled).await
        }
        Args::Enable { id } => {
            let enabling = admin.enable_app(named(id)?);
            let info = progress::during(context.output, "enabling the app", enabling).await?;
            told(context, "enabled", &info.installed_app_id)
        }
        Args::Disable { id } => {
            let id = named(id)?;
            progress::during(context.output, "disabling the app", disable(&admin, &id)).await?;
            told(context, "disabled", &id)
        }
        Args::Uninstall { id, force } => {
            progress::during(context.output, "removing the app", admin.uninstall_app(&id, force)).await?;
            told(context, "uninstalled", &id)
        }
        // Its client is an app's, and has done this already.
        Args::Memproofs { .. } => Ok(()),
        Args::Update { bundle, id } => {
            let id = id.or_else(|| given.app_id().ok().map(str::to_owned));
            update::run(context, &admin, &bundle, id).await
        }
    }
}

async fn list(context: &Context, admin: &Admin) -> Result<(), Failure> {
    let apps = progress::during(context.output, "listing the apps", admin.list_apps(None)).await?;
    let text = || {
        if apps.is_empty() {
            return "no apps".to_owned();
        }
        let mut table = plain(["app", "state", "agent", "roles"]);
        for info in &apps {
            let roles: Vec<_> = app::cells(info).into_iter().map(|cell| cell.name).collect();
            let (status, agent) = (app::status(&info.status), info.agent_pub_key.to_string());
            table.add_row([&info.installed_app_id, &status, &agent, &roles.join(", ")]);
        }
        trimmed(&table)
    };
    context.output.result(text, &json!({ "apps": apps.iter().map(shown).collect::<Vec<_>>() }))
}

async fn install(
    context: &Context,
    admin: &Admin,
    payload: InstallAppPayload,
    disabled: bool,
) -> Result<(), Failure> {
    let info = progress::during(context.output, "installing the app", admin.install_app(payload)).await?;
    // It is installed, but cannot be enabled before somebody provides them.
    let awaits = app::awaits_proofs(&info);
    let info = if disabled || awaits.is_some() {
        info
    } else {
        let enabling = admin.enable_app(&info.installed_app_id);
        progress::during(context.output, "enabling the app", enabling).await?
    };
    let text = || {
        let cells: Vec<_> = app::cells(&info)
            .iter()
            .map(|cell| format!("\n  {}  {}", cell.name, cell.cell_id.dna_hash()))
            .collect();
        let (id, agent, status) = (&info.installed_app_id, &info.agent_pub_key, app::status(&info.status));
        format!("installed {id}, {status}\n  agent  {agent}{}", cells.concat())
    };
    context.output.result(text, &json!({ "installed": shown(&info) }))?;
    if let Some(awaits) = awaits {
        context.output.warning(&awaits);
    }
    Ok(())
}

/// Disables an app, unless it awaits membrane proofs: a conductor would then neither take them nor enable it any more.
async fn disable(admin: &Admin, id: &str) -> Result<(), Failure> {
    let apps = admin.list_apps(None).await?;
    match apps.iter().find(|info| info.installed_app_id == id).and_then(app::ruined_by_disabling) {
        Some(refused) => Err(refused),
        None => Ok(admin.disable_app(id).await?),
    }
}

fn told(context: &Context, what: &str, id: &str) -> Result<(), Failure> {
    context.output.result(|| format!("{what} {id}"), &json!({ what: id }))
}

/// An app, for programs.
fn shown(info: &AppInfo) -> Value {
    json!({
        "app_id": info.installed_app_id,
        "status": app::status(&info.status),
        "agent": info.agent_pub_key.to_string(),
        "installed_at": info.installed_at.to_string(),
        "cells": app::cells(info).iter().map(app::Cell::json).collect::<Vec<_>>(),
    })
}
