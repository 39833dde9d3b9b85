//! `ham schema`: the zomes of an app, which functions they have, and what they write.

use std::path::{Path, PathBuf};

use ham::Admin;
use ham_devconductor::{Config, DevConductor};
use holochain_types::dna::DnaFile;
use holochain_zome_types::prelude::{DnaDef, EntryDefId, EntryVisibility, ZomeInfo};
use serde_json::{Value, json};

use crate::app;
use crate::code;
use crate::commands::grants::installed;
use crate::conductor::embedded;
use crate::connect;
use crate::context::Context;
use crate::definition;
use crate::exports;
use crate::failure::Failure;
use crate::flags;
use crate::infos;
use crate::input;
use crate::progress;

/// Shows the zomes of an app: the functions that can be called, and the types of entries and links.
#[derive(Debug, clap::Args)]
#[command(
    args = flags::administration(),
    after_help = "Of a bundle, everything is shown: an embedded conductor asks its zomes. A running `ham dev` shows the same, but\n\
    `holochain` reports only the names of zomes. Functions do not publish the types of arguments and answers, and links\nhave no names."
)]
pub(crate) struct Args {
    /// The bundle of an app [default: the app that a running conductor has]
    #[arg(value_name = "FILE.happ")]
    bundle: Option<PathBuf>,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let roles = match args.bundle {
        Some(file) => of_bundle(context, &file).await?,
        None => of_installed(context).await?,
    };
    context
        .output
        .result(|| roles.iter().map(text).collect::<Vec<_>>().join("\n"), &json!({ "roles": roles }))
}

async fn of_installed(context: &Context) -> Result<Vec<Value>, Failure> {
    let settings = &connect::with_app(context).await?;
    let admin = connect::admin(settings, connect::CONNECT_TIMEOUT.min(settings.timeout))?;
    let asking = installed(&admin, settings.app_id()?);
    let info = progress::during(context.output, "looking up the app", asking).await?;
    let (mut roles, mut is_told) = (Vec::new(), true);
    for cell in app::cells(&info).into_iter().filter(app::Cell::is_provisioned) {
        let definition = definition::of(&admin, &cell.cell_id).await?;
        let infos = infos::of(settings, &cell.cell_id).await?;
        is_told &= infos.is_some();
        roles.push(role(&cell.name, &definition, &infos.unwrap_or_default(), None));
    }
    app::warn(context.output, &info);
    if !is_told {
        context
            .output
            .note("this conductor does not report functions and types: `ham schema FILE.happ` shows them");
    }
    Ok(roles)
}

async fn of_bundle(context: &Context, file: &Path) -> Result<Vec<Value>, Failure> {
    let bytes = input::bundle(file).await?;
    let bundle = code::unpacked(&bytes)?;
    let names: Vec<_> = bundle.manifest().app_roles().into_iter().map(|role| role.name).collect();
    let dnas = code::roles(bundle).await?;
    let conductor = embedded::start(context.output, Config::default()).await?;
    let infos = of_zomes(context, &conductor, bytes).await;
    conductor.shut_down().await;
    let infos = infos.unwrap_or_else(|failure| {
        let why = failure.causes().join(": ");
        context.output.note(&format!("the types are unknown, because the app cannot run here: {why}"));
        Vec::new()
    });
    let shown = names.iter().filter_map(|name| {
        let dna = dnas.get(name)?;
        let infos = infos.iter().find(|(role, _)| role == name).map(|(_, infos)| infos.as_slice());
        Some(role(name, dna.dna_def(), infos.unwrap_or_default(), Some(dna)))
    });
    Ok(shown.collect())
}

/// What each role's zomes say about themselves, by role.
async fn of_zomes(
    context: &Context,
    conductor: &DevConductor,
    bundle: Vec<u8>,
) -> Result<Vec<(String, Vec<ZomeInfo>)>, Failure> {
    let id = embedded::install(context.output, conductor, bundle, None).await?;
    let info = installed(&Admin::local(conductor.admin_port()), &id).await?;
    Ok(app::cells(&info).into_iter().map(|cell| (cell.name, conductor.zome_infos(&cell.cell_id))).collect())
}

/// A role, for programs. Unknown values are null.
fn role(name: &str, definition: &DnaDef, infos: &[ZomeInfo], dna: Option<&DnaFile>) -> Value {
    let info = |zome: &str| infos.iter().find(|info| info.name.0 == *zome);
    let integrity = definition.integrity_zomes.iter().map(|(zome, _)| {
        let info = info(&zome.0);
        json!({
            "zome": zome.to_string(),
            "entry_types": info.map(entry_types),
            "link_types": info.map(|info| info.zome_types.links.0.iter().map(|(_, types)| types.len()).sum::<usize>()),
        })
    });
    let coordinators = definition.coordinator_zomes.iter().map(|(zome, of)| {
        let depends: Vec<_> = of.as_any_zome_def().dependencies().iter().map(ToString::to_string).collect();
        let functions: Option<Vec<String>> = match dna {
            Some(dna) => exports::functions(dna, zome),
            None => info(&zome.0).map(infos::functions),
        };
        json!({ "zome": zome.to_string(), "depends_on": depends, "functions": functions })
    });
    json!({
        "role": name,
        "dna": definition.name,
        "integrity": integrity.collect::<Vec<_>>(),
        "coordinators": coordinators.collect::<Vec<_>>(),
    })
}

fn entry_types(info: &ZomeInfo) -> Vec<Value> {
    let shown = info.entry_defs.0.iter().map(|entry| {
        let name = match &entry.id {
            EntryDefId::App(name) => name.to_string(),
            other => format!("{other:?}"),
        };
        json!({
            "name": name,
            "private": entry.visibility == EntryVisibility::Private,
            "required_validations": entry.required_validations.0,
        })
    });
    shown.collect()
}

/// The form for people, made from the one for programs.
fn text(role: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = |value: &Value, shown: &dyn Fn(&Value) -> String| match value.as_array() {
        Some(items) if items.is_empty() => "none".to_owned(),
        Some(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        None => "not told".to_owned(),
    };
    let entry = |entry: &Value| {
        format!("{}{}", word(&entry["name"]), if entry["private"] == true { " (private)" } else { "" })
    };
    let mut lines = vec![word(&role["role"])];
    for zome in role["integrity"].as_array().into_iter().flatten() {
        lines.push(format!("  {}, an integrity zome", word(&zome["zome"])));
        lines.push(format!("    entry types  {}", all(&zome["entry_types"], &entry)));
        let links =
            zome["link_types"].as_u64().map_or_else(|| "not told".to_owned(), |links| links.to_string());
        lines.push(format!("    link types   {links}"));
    }
    for zome in role["coordinators"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  {}, a coordinator of {}",
            word(&zome["zome"]),
            all(&zome["depends_on"], &word)
        ));
        lines.push(format!("    functions    {}", all(&zome["functions"], &word)));
    }
    lines.join("\n")
}
