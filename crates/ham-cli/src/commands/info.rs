//! `ham info`: the app, its cells, its signer; or the settings.

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, Row, Table};
use ham::holochain_client::AppInfo;
use ham::{CallError, Release};
use serde_json::{Value, json};

use crate::app;
use crate::connect;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags;
use crate::progress;
use crate::running;
use crate::settings::Values;

/// Shows the app, its cells and who signs.
#[derive(Debug, clap::Args)]
#[command(args = flags::app_interface(), arg = flags::wait())]
pub(crate) struct Args {
    /// Instead, show every setting and where it comes from; does not connect
    #[arg(long)]
    settings: bool,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    if args.settings {
        return show_settings(context);
    }
    let ham = connect::open(context, Some(context.settings.timeout)).await?;
    let asking = async { Ok::<_, CallError>((ham.app_info().await?, ham.release().await?)) };
    let asked = progress::during(context.output, "looking up the app", asking).await;
    connect::close(&ham).await;
    let (info, release) = asked?;
    let named =
        if context.settings.release.is_some() { " (set by HAM_HOLOCHAIN_RELEASE, not checked)" } else { "" };
    show(context, &info, (release, named), ham.signing())
}

fn show(
    context: &Context,
    info: &AppInfo,
    (release, named): (Release, &str),
    signing: &str,
) -> Result<(), Failure> {
    let (cells, status) = (app::cells(info), app::status(&info.status));
    let text = || {
        let mut table = plain(["role", "cell", "network seed", "state"]);
        for cell in &cells {
            let state = if cell.enabled { "enabled" } else { "disabled" };
            table.add_row([&cell.name, &cell.cell_id.dna_hash().to_string(), &cell.network_seed, state]);
        }
        format!(
            "app       {}\nstate     {status}\nagent     {}\nsigning   {signing}\nconductor Holochain \
             {release}{named}\n\n{}",
            info.installed_app_id,
            info.agent_pub_key,
            trimmed(&table)
        )
    };
    let value = json!({
        "app_id": info.installed_app_id,
        "status": status,
        "agent": info.agent_pub_key.to_string(),
        "installed_at": info.installed_at.to_string(),
        "signing": signing,
        "holochain_release": release.name(),
        "holochain_release_named": !named.is_empty(),
        "cells": cells.iter().map(app::Cell::json).collect::<Vec<_>>(),
    });
    context.output.result(text, &value)
}

fn show_settings(context: &Context) -> Result<(), Failure> {
    let values = &context.settings.values;
    if let Ok(Some(running)) = running::nearest(&context.settings) {
        let port = running.local_admin_port().unwrap_or_default();
        let app = running.app_id().unwrap_or("none");
        context.output.note(&format!("found a conductor that ham runs here: admin port {port}, app {app}"));
    }
    let text = || {
        let mut table = plain(["setting", "value", "source", "what it is"]);
        for (setting, value, source) in values.shown() {
            let line = values.position(setting.key).map(|position| format!(", line {}", position.line));
            let source = format!("{source}{}", line.unwrap_or_default());
            table.add_row([setting.key, value.as_deref().unwrap_or("-"), &source, setting.about]);
        }
        let file = values.file.as_ref().map_or("none".into(), |file| file.display().to_string());
        format!("{}\n\nconfiguration file: {file}", trimmed(&table))
    };
    context.output.result(text, &settings_json(values))
}

fn settings_json(values: &Values) -> Value {
    let settings: serde_json::Map<String, Value> = values
        .shown()
        .into_iter()
        .map(|(setting, value, source)| {
            let line = values.position(setting.key).map(|position| position.line);
            let shown = json!({ "value": value, "source": source.to_string(), "line": line,
                "variable": setting.variable() });
            (setting.key.to_owned(), shown)
        })
        .collect();
    json!({ "file": values.file, "settings": settings })
}

/// A table's text, without the blanks that pad its last column. On a narrower terminal each row becomes a list: a table
/// with wrapped lines is unreadable.
pub(crate) fn trimmed(table: &Table) -> String {
    fitted(table, table.width())
}

fn fitted(table: &Table, width: Option<u16>) -> String {
    let lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    let names: Vec<_> = table.header().map(texts).unwrap_or_default();
    if width.is_none_or(|width| widest <= width.into()) || names.is_empty() {
        return lines.join("\n");
    }
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let row = |row: &Row| {
        let lines = names.iter().zip(texts(row)).filter(|(_, text)| !text.is_empty());
        lines.map(|(name, text)| format!(" {name:<longest$}  {text}")).collect::<Vec<_>>().join("\n")
    };
    table.row_iter().map(row).collect::<Vec<_>>().join("\n\n")
}

fn texts(row: &Row) -> Vec<String> {
    row.cell_iter().map(Cell::content).collect()
}

/// A table without lines.
pub(crate) fn plain<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_header(header);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a narrow terminal rows wrapped, and the columns with them.
    #[test]
    fn a_table_that_does_not_fit_is_a_list() {
        let mut table = plain(["role", "what"]);
        table.add_row(["probe", "a long line of words"]).add_row(["ledger", ""]);
        let wide = " role    what\n probe   a long line of words\n ledger";
        assert_eq!(fitted(&table, None), wide);
        assert_eq!(fitted(&table, Some(80)), wide);
        assert_eq!(fitted(&table, Some(20)), " role  probe\n what  a long line of words\n\n role  ledger");
    }
}
