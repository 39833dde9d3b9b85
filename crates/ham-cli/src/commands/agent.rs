//! `ham agent`: the agents of a conductor. Needs the admin interface.

use std::collections::BTreeMap;

use serde_json::json;

use crate::app;
use crate::commands::info::{plain, trimmed};
use crate::connect;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags;
use crate::progress;

/// Makes and lists the agents of a conductor.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// Make a new agent key in the conductor's keystore, and print it
    #[command(args = flags::administration())]
    New,
    /// List the agents of the installed apps, with their cells
    #[command(args = flags::administration())]
    List,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let settings = context.target().await?;
    let admin = connect::admin(settings, connect::CONNECT_TIMEOUT.min(settings.timeout))?;
    match args {
        Args::New => {
            let making = admin.generate_agent_pub_key();
            let key = progress::during(context.output, "making a key", making).await?.to_string();
            context.output.result(|| key.clone(), &json!({ "agent": key }))
        }
        Args::List => {
            let asked = progress::during(context.output, "listing the apps", admin.list_apps(None)).await?;
            let mut agents: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for info in &asked {
                let cells = agents.entry(info.agent_pub_key.to_string()).or_default();
                let named = app::cells(info).into_iter();
                cells.extend(named.map(|cell| format!("{}/{}", info.installed_app_id, cell.name)));
            }
            let text = || {
                if agents.is_empty() {
                    return "no agents: no app is installed".to_owned();
                }
                let mut table = plain(["agent", "cells"]);
                for (agent, cells) in &agents {
                    table.add_row([agent, &cells.join(", ")]);
                }
                trimmed(&table)
            };
            let listed: Vec<_> =
                agents.iter().map(|(agent, cells)| json!({ "agent": agent, "cells": cells })).collect();
            context.output.result(text, &json!({ "agents": listed }))
        }
    }
}
