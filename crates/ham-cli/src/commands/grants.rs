//! `ham grants`: lists what is granted on the app's chains, and revokes grants.

use ham::holochain_client::{AppInfo, CellId, GrantedFunctions};
use ham::{Admin, CapGrantInfo, GrantedCapability};
use holo_hash::ActionHash;
use serde_json::{Value, json};

use crate::app;
use crate::commands::info::{plain, trimmed};
use crate::connect;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::hash;
use crate::progress;

/// Lists and revokes the capability grants of the app's cells. Needs the admin interface.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// List the grants, without their secrets
    #[command(args = flags::admin())]
    List {
        /// Also list grants that were revoked
        #[arg(long)]
        revoked: bool,
    },
    /// Revoke grants for good
    #[command(args = flags::admin())]
    Revoke {
        /// The grant, as `ham grants list` shows it
        #[arg(required = true, value_name = "HASH")]
        hashes: Vec<String>,
    },
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let settings = &connect::with_app(context).await?;
    let admin = connect::admin(settings, connect::CONNECT_TIMEOUT.min(settings.timeout))?;
    let app_id = settings.app_id()?;
    match args {
        Args::List { revoked } => {
            let asked = grants(&admin, app_id, revoked);
            let (cells, grants) = progress::during(context.output, "listing the grants", asked).await?;
            show(context, &cells, &grants)
        }
        Args::Revoke { hashes } => {
            let hashes = hashes.iter().map(|text| hash::action(text)).collect::<Result<Vec<_>, _>>()?;
            for hash in hashes {
                let revoked =
                    progress::during(context.output, "revoking", revoke(&admin, app_id, &hash)).await;
                let cell = revoked?;
                context.output.result(
                    || format!("revoked {hash}"),
                    &json!({ "revoked": hash.to_string(), "dna": cell.dna_hash().to_string() }),
                )?;
            }
            Ok(())
        }
    }
}

type Grants = Vec<(CellId, Vec<CapGrantInfo>)>;

/// The app's cells, for their names, and their grants.
async fn grants(admin: &Admin, app_id: &str, revoked: bool) -> Result<(Vec<app::Cell>, Grants), Failure> {
    let info = installed(admin, app_id).await?;
    Ok((app::cells(&info), admin.grants(app_id, revoked).await?))
}

/// The app, which the admin interface lists even if it is disabled.
pub(crate) async fn installed(admin: &Admin, app_id: &str) -> Result<AppInfo, Failure> {
    let apps = admin.list_apps(None).await?;
    let names: Vec<String> = apps.iter().map(|app| app.installed_app_id.clone()).collect();
    apps.into_iter().find(|app| app.installed_app_id == app_id).ok_or_else(|| {
        let installed = if names.is_empty() { "none".into() } else { names.join(", ") };
        ham::ConnectError::AppNotInstalled { app_id: app_id.to_owned(), installed }.into()
    })
}

async fn revoke(admin: &Admin, app_id: &str, hash: &ActionHash) -> Result<CellId, Failure> {
    let grants = admin.grants(app_id, false).await?;
    let found = grants.into_iter().find(|(_, grants)| grants.iter().any(|grant| grant.action_hash == *hash));
    let Some((cell, _)) = found else {
        return Err(Failure::new(
            Exit::Refused,
            anyhow::anyhow!("the app `{app_id}` has no such grant in force: {hash}"),
            "`ham grants list --revoked` shows all of them",
        ));
    };
    admin.revoke_grant(cell.clone(), hash.clone()).await?;
    Ok(cell)
}

fn show(context: &Context, cells: &[app::Cell], grants: &Grants) -> Result<(), Failure> {
    let rows: Vec<Value> = grants
        .iter()
        .flat_map(|(cell_id, grants)| grants.iter().map(move |grant| row(cells, cell_id, grant)))
        .collect();
    let text = || {
        if rows.is_empty() {
            return "no grants".to_owned();
        }
        let mut table = plain(["role", "grant", "tag", "access", "functions", "created", "revoked"]);
        for row in &rows {
            let shown = ["role", "grant", "tag", "access", "functions", "created", "revoked"];
            table.add_row(shown.map(|key| row[key].as_str().unwrap_or("-").to_owned()));
        }
        trimmed(&table)
    };
    context.output.result(text, &json!({ "grants": rows }))
}

fn row(cells: &[app::Cell], cell_id: &CellId, grant: &CapGrantInfo) -> Value {
    json!({
        "role": cells.iter().find(|cell| cell.cell_id == *cell_id).map(|cell| cell.name.clone()),
        "dna": cell_id.dna_hash().to_string(),
        "grant": grant.action_hash.to_string(),
        "tag": grant.tag,
        "access": grant.access,
        "functions": functions(&grant.capability),
        "created": grant.created_at.to_string(),
        "revoked": grant.revoked_at.map(|at| at.to_string()),
    })
}

fn functions(capability: &GrantedCapability) -> String {
    match capability {
        GrantedCapability::ZomeCall { functions } => match functions {
            GrantedFunctions::All => "all".into(),
            GrantedFunctions::Listed(listed) => {
                let mut names: Vec<String> =
                    listed.iter().map(|(zome, function)| format!("{zome}/{function}")).collect();
                names.sort();
                names.join(", ")
            }
        },
        GrantedCapability::DirectSignal => "direct signals".into(),
        GrantedCapability::Other(name) => format!("`{name}`, unknown to this version of ham"),
        _ => "something unknown to this version of ham".into(),
    }
}
