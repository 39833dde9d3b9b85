//! `ham dht`: what a conductor holds about a hash. Needs the admin interface.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::app;
use crate::commands::grants::installed;
use crate::commands::info::{plain, trimmed};
use crate::connect;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::hash;
use crate::names::Names;
use crate::progress;
use crate::records::{Dht, Held};

/// Shows what a conductor holds about a hash: the record, what updated and deleted it, links, and an agent's activity.
#[derive(Debug, clap::Args)]
#[command(
    args = flags::admin(),
    after_help = "Other conductors may hold more. Private entries are shown where they are this agent's own.\n\
    A release before 0.7.1 shows only the cell's own chain."
)]
pub(crate) struct Args {
    /// The hash of an action or an entry, an agent's key, or any base or target of links
    hash: String,
    /// A role of the app, or a clone such as `role.0` [default: each in turn]
    #[arg(add = clap_complete::ArgValueCompleter::new(crate::complete::roles))]
    role: Option<String>,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let kind = hash::kind(&args.hash)?;
    let settings = &connect::with_app(context).await?;
    let admin = connect::admin(settings, connect::CONNECT_TIMEOUT.min(settings.timeout))?;
    let app_id = settings.app_id()?;
    let asking = installed(&admin, app_id);
    let info = progress::during(context.output, "looking up the app", asking).await?;
    let mut asked = BTreeSet::new();
    let mut found = false;
    for cell in app::of_role(&info, args.role.as_deref())? {
        // Agents of one DNA share what the conductor holds.
        if !asked.insert(cell.cell_id.dna_hash().clone()) {
            continue;
        }
        let reading = Dht::of(&admin, &cell.cell_id);
        let dht = progress::during(context.output, "reading the data", reading).await;
        let dht = dht.map_err(|failure| app::explained(&info, &cell, failure))?;
        if dht.is_chain_only {
            context.output.note("this conductor shows only the cell's own chain");
        }
        let names = Names::of(&admin, settings, &cell.cell_id).await?;
        let about = About::of(&dht, &args.hash);
        if about.is_empty() {
            continue;
        }
        let heading = format!("{}{}: {kind} {}\n", if found { "\n" } else { "" }, cell.name, args.hash);
        let mut value = about.json(&names);
        value.insert("role".into(), cell.name.into());
        value.insert("hash".into(), args.hash.as_str().into());
        value.insert("kind".into(), kind.into());
        context.output.result(|| heading + &about.text(&names), &value.into())?;
        found = true;
    }
    if found {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Refused,
        anyhow::anyhow!("this conductor holds nothing about {}", args.hash),
        "another conductor may; `ham chain` shows the hashes of this agent's actions",
    ))
}

/// What is held, grouped by its relation to the hash.
struct About<'a>(Vec<(&'static str, Vec<&'a Held>)>);

impl<'a> About<'a> {
    fn of(dht: &'a Dht, hash: &str) -> Self {
        let named = |keys: &[&str], kinds: &[&str]| -> Vec<&'a Held> {
            let of_kind = |held: &&Held| kinds.is_empty() || kinds.contains(&held.record.kind.as_str());
            let names = |held: &&Held| keys.iter().any(|key| held.record.names(key, hash));
            dht.records.iter().filter(of_kind).filter(names).collect()
        };
        let links = named(&["base_address"], &["CreateLink"]);
        let gone = |link: &&Held| {
            let is_of = |held: &Held| held.record.names("link_add_address", &link.record.hash);
            dht.records.iter().any(is_of)
        };
        let (deleted, live) = links.into_iter().partition(gone);
        Self(vec![
            ("record", dht.records.iter().filter(|held| held.record.hash == hash).collect()),
            ("written by", named(&["entry_hash"], &[])),
            ("updates", named(&["original_action_address", "original_entry_address"], &[])),
            ("deletes", named(&["deletes_address", "deletes_entry_address", "link_add_address"], &[])),
            ("links", live),
            ("deleted links", deleted),
            ("linked from", named(&["target_address"], &["CreateLink"])),
            ("activity", dht.records.iter().filter(|held| held.record.author() == hash).collect()),
        ])
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, held)| held.is_empty())
    }

    fn text(&self, names: &Names) -> String {
        let mut text = Vec::new();
        for (what, held) in self.0.iter().filter(|(_, held)| !held.is_empty()) {
            let mut table = plain(["seq", "action", "when", "author", "hash", "state", "what"]);
            for Held { record, state } in held {
                let sequence = record.sequence.to_string();
                let words = record.words(names);
                table.add_row([
                    &sequence,
                    &record.kind,
                    &record.when,
                    record.author(),
                    &record.hash,
                    *state,
                    &words,
                ]);
            }
            text.push(format!("{what}\n{}", trimmed(&table)));
        }
        text.join("\n\n")
    }

    fn json(&self, names: &Names) -> Map<String, Value> {
        let shown = |held: &&Held| {
            let mut value = held.record.json(names);
            value["state"] = held.state.into();
            value
        };
        let lists = self.0.iter().map(|(what, held)| {
            let held: Vec<Value> = held.iter().map(shown).collect();
            (what.replace(' ', "_"), json!(held))
        });
        lists.collect()
    }
}
