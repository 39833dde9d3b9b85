//! `ham chain`: the source chain of a cell, action by action. Needs the admin interface.

mod record;

use ham::Admin;
use ham::holochain_client::CellId;
use serde_json::{Value, json};

use self::record::{Record, records};
use crate::app;
use crate::commands::grants::installed;
use crate::commands::info::{plain, trimmed};
use crate::connect;
use crate::context::Context;
use crate::definition;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::progress;

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

/// How many actions are asked for at once.
const PAGE: u32 = 500;

/// How much of an entry stands in a line.
const SHOWN: usize = 100;

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let settings = context.target().await?;
    let admin = connect::admin(settings, connect::CONNECT_TIMEOUT.min(settings.timeout))?;
    let app_id = settings.app_id()?;
    let asking = installed(&admin, app_id);
    let cells = app::cells(&progress::during(context.output, "asking for the app", asking).await?);
    let known: Vec<_> = cells.iter().map(|cell| cell.name.clone()).collect();
    let wanted: Vec<_> =
        cells.into_iter().filter(|cell| args.role.as_ref().is_none_or(|role| *role == cell.name)).collect();
    if let (true, Some(role)) = (wanted.is_empty(), &args.role) {
        return Err(Failure::usage(
            format!("the app `{app_id}` has no role or clone `{role}`"),
            format!("it has {}", known.join(", ")),
        ));
    }
    for (nth, cell) in wanted.iter().enumerate() {
        let reading = chain(&admin, &cell.cell_id, args.from, args.limit);
        let chain = progress::during(context.output, "reading the chain", reading).await?;
        let zomes = definition::of(&admin, &cell.cell_id).await?.integrity_zomes;
        let zomes: Vec<_> = zomes.into_iter().map(|(name, _)| name.to_string()).collect();
        if context.output.json {
            for record in &chain {
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

/// The actions of a chain in order, page by page.
async fn chain(
    admin: &Admin,
    cell: &CellId,
    from: u32,
    limit: Option<usize>,
) -> Result<Vec<Record>, Failure> {
    let limit = limit.unwrap_or(usize::MAX);
    let mut chain: Vec<Record> = Vec::new();
    let mut after = from.checked_sub(1);
    while chain.len() < limit {
        let page = admin.dump_state(cell, after, Some(PAGE)).await?;
        let page = records(&page).ok_or_else(unreadable)?;
        let read = page.len();
        // Holochain 0.6 pays no heed to where the page is to begin, and sends all.
        let new = page.into_iter().filter(|record| after.is_none_or(|after| record.sequence > after));
        let before = chain.len();
        chain.extend(new);
        after = chain.last().map(|record| record.sequence);
        if chain.len() == before || read != PAGE as usize {
            break;
        }
    }
    chain.truncate(limit);
    Ok(chain)
}

fn unreadable() -> Failure {
    Failure::new(
        Exit::Refused,
        anyhow::anyhow!("the conductor's dump of the chain is not one that this version of ham reads"),
        "`ham info` shows the conductor's release; a later ham may read it",
    )
}

fn table(role: &str, chain: &[Record], zomes: &[String], full: bool) -> String {
    let mut table = plain(["seq", "action", "when", "hash", "what"]);
    for record in chain {
        let what = record.words(zomes);
        let what = match what.char_indices().nth(SHOWN) {
            Some((at, _)) if !full => format!("{}…", &what[..at]),
            _ => what,
        };
        table.add_row([&record.sequence.to_string(), &record.kind, &record.when, &record.hash, &what]);
    }
    format!("{role}: {} actions\n{}", chain.len(), trimmed(&table))
}
