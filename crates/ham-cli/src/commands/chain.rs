//! `ham chain`: the source chain of a cell, action by action. Needs the admin interface.

use serde_json::{Value, json};

use crate::app;
use crate::commands::grants::installed;
use crate::commands::info::{plain, trimmed};
use crate::connect;
use crate::context::Context;
use crate::definition;
use crate::failure::Failure;
use crate::flags;
use crate::progress;
use crate::records::{self, Chain};

/// Shows the source chain of a cell: what was written, when, with entries decoded.
#[derive(Debug, clap::Args)]
#[command(args = flags::admin())]
pub(crate) struct Args {
    /// A role of the app, or a clone such as `role.0` [default: each cell in turn]
    #[arg(add = clap_complete::ArgValueCompleter::new(crate::complete::roles))]
    role: Option<String>,
    /// Begin with the action of this sequence number
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
    from: u32,
    /// Show at most so many actions of a chain
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
    /// Show entries in full; otherwise long ones are cut at 100 characters
    #[arg(long)]
    full: bool,
}

/// How much of an entry stands in a line.
const SHOWN: usize = 100;

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let settings = &connect::with_app(context).await?;
    let admin = connect::admin(settings, connect::CONNECT_TIMEOUT.min(settings.timeout))?;
    let app_id = settings.app_id()?;
    let asking = installed(&admin, app_id);
    let info = progress::during(context.output, "asking for the app", asking).await?;
    let wanted = app::of_role(&info, args.role.as_deref())?;
    for (nth, cell) in wanted.iter().enumerate() {
        let reading = records::chain(&admin, &cell.cell_id, args.from, args.limit);
        let chain = progress::during(context.output, "reading the chain", reading).await;
        let chain = chain.map_err(|failure| app::explained(&info, cell, failure))?;
        let zomes = definition::integrity_zomes(&admin, &cell.cell_id).await?;
        if context.output.json {
            for record in &chain.records {
                let mut value = record.json(&zomes);
                value["role"] = Value::from(cell.name.clone());
                context.output.result(String::new, &value)?;
            }
        } else {
            let space = if nth == 0 { "" } else { "\n" };
            context.output.text(&format!("{space}{}", table(&cell.name, &chain, &zomes, args.full)))?;
        }
    }
    if wanted.is_empty() {
        return context.output.result(|| "no cells".into(), &json!({ "cells": [] }));
    }
    Ok(())
}

fn table(role: &str, chain: &Chain, zomes: &[String], full: bool) -> String {
    let mut table = plain(["seq", "action", "when", "hash", "what"]);
    for record in &chain.records {
        let what = record.words(zomes);
        let what = match what.char_indices().nth(SHOWN) {
            Some((at, _)) if !full => format!("{}…", &what[..at]),
            _ => what,
        };
        table.add_row([&record.sequence.to_string(), &record.kind, &record.when, &record.hash, &what]);
    }
    let (length, shown) = (chain.length, chain.records.len() as u64);
    let part = if shown == length { String::new() } else { format!(", {shown} of them shown") };
    format!("{role}: {length} actions{part}\n{}", trimmed(&table))
}
