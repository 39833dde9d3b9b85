//! `ham chain`: the source chain of a cell, action by action. Needs the admin interface.

use serde_json::{Value, json};

use crate::app;
use crate::commands::grants::installed;
use crate::commands::info::{plain, trimmed};
use crate::connect;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags;
use crate::hash;
use crate::names::Names;
use crate::progress;
use crate::records::{self, Chain};

/// Shows the source chain of a cell: what was written, when, with entries decoded.
#[derive(Debug, clap::Args)]
#[command(args = flags::admin())]
pub(crate) struct Args {
    /// A role of the app, or a clone such as `role.0` [default: each cell in turn]
    #[arg(add = clap_complete::ArgValueCompleter::new(crate::complete::roles))]
    role: Option<String>,
    /// Begin with the action with this sequence number
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
    from: u32,
    /// Show at most this many actions of a chain
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
    /// Show entries in full; otherwise long ones are cut at 100 characters
    #[arg(long)]
    full: bool,
}

/// How much of an entry is shown in a line.
const SHOWN: usize = 100;

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let settings = &connect::with_app(context).await?;
    let admin = connect::admin(settings, connect::CONNECT_TIMEOUT.min(settings.timeout))?;
    let app_id = settings.app_id()?;
    let asking = installed(&admin, app_id);
    let info = progress::during(context.output, "looking up the app", asking).await?;
    let wanted = app::of_role(&info, args.role.as_deref())?;
    for (nth, cell) in wanted.iter().enumerate() {
        let reading = records::chain(&admin, &cell.cell_id, args.from, args.limit);
        let chain = progress::during(context.output, "reading the chain", reading).await;
        let chain = chain.map_err(|failure| app::explained(&info, cell, failure))?;
        let names = Names::of(&admin, settings, &cell.cell_id).await?;
        if context.output.json {
            for record in &chain.records {
                let mut value = record.json(&names);
                value["role"] = Value::from(cell.name.clone());
                context.output.result(String::new, &value)?;
            }
        } else {
            let space = if nth == 0 { "" } else { "\n" };
            context.output.text(&format!("{space}{}", table(&cell.name, &chain, &names, args.full)))?;
        }
    }
    if wanted.is_empty() {
        return context.output.result(|| "no cells".into(), &json!({ "cells": [] }));
    }
    Ok(())
}

fn table(role: &str, chain: &Chain, names: &Names, full: bool) -> String {
    let mut table = plain(["seq", "action", "when", "hash", "what"]);
    for record in &chain.records {
        let what = record.words(names);
        let what = if full { what } else { cut(what) };
        table.add_row([&record.sequence.to_string(), &record.kind, &record.when, &record.hash, &what]);
    }
    let (length, shown) = (chain.length, chain.records.len() as u64);
    let part = if shown == length { String::new() } else { format!(", {shown} of them shown") };
    format!("{role}: {length} actions{part}\n{}", trimmed(&table))
}

/// Cuts it to the length that is shown, but completes a hash that begins there: a truncated hash could not be copied.
fn cut(what: String) -> String {
    let Some((at, _)) = what.char_indices().nth(SHOWN) else { return what };
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    let bytes = what.as_bytes();
    let begin = at - bytes[..at].iter().rev().take_while(|byte| is_word(byte)).count();
    let end = at + bytes[at..].iter().take_while(|byte| is_word(byte)).count();
    let at = if hash::kind(&what[begin..end]).is_ok() { end } else { at };
    if at == what.len() { what } else { format!("{}…", &what[..at]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case: the target of a link could not be copied.
    #[test]
    fn no_hash_is_cut() {
        let hash = "uhCkkbGoWc-BgVMHOJ4UABXev43LAO_QZZFK1gbdg54oRoXKkVTZZ";
        let link = format!("{hash} → {hash}");
        assert_eq!(cut(link.clone()), link);
        assert_eq!(cut(format!("{link} \"a tag\"")), format!("{link}…"));
        assert_eq!(cut(format!("{{\"of\":{}}}", "ä".repeat(200))).chars().count(), SHOWN + 1);
        assert_eq!(cut(format!("uhCkk{}", "a".repeat(200))).chars().count(), SHOWN + 1);
    }
}
