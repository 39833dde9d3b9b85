//! `ham dump`: the conductor's report of its state, unchanged. Needs the admin interface.

use ham::Admin;
use ham::holochain_client::CellId;
use holo_hash::DnaHash;
use holochain_conductor_api::{AdminRequest, AdminResponse, FullStateDump};
use serde_json::{Value, json};

use crate::app;
use crate::commands::grants::installed;
use crate::connect;
use crate::context::Context;
use crate::definition;
use crate::failure::Failure;
use crate::flags;
use crate::progress;

/// Prints a conductor's state as raw JSON. It contains the secrets of grants.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// A cell: its chain, and the operations that the conductor holds of its DNA
    #[command(args = flags::admin())]
    Cell {
        /// A role of the app, or a clone such as `role.0` [default: the first]
        #[arg(add = clap_complete::ArgValueCompleter::new(crate::complete::roles))]
        role: Option<String>,
    },
    /// When the operations of a cell's DNA arrived and were integrated
    #[command(args = flags::admin())]
    Timings {
        /// A role of the app, or a clone such as `role.0` [default: the first]
        #[arg(add = clap_complete::ArgValueCompleter::new(crate::complete::roles))]
        role: Option<String>,
    },
    /// The conductor: its apps, interfaces and running cells
    #[command(args = flags::administration())]
    Conductor,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let settings = context.target().await?;
    let admin = connect::admin(settings, connect::CONNECT_TIMEOUT.min(settings.timeout))?;
    let cell = async |role: Option<String>| {
        let info = installed(&admin, connect::with_app(context).await?.app_id()?).await?;
        let cells = app::of_role(&info, role.as_deref())?;
        let cell = cells.into_iter().next().ok_or_else(|| {
            Failure::usage(
                "the app has no cell",
                "`ham info` lists its roles; `ham clone new` makes a clone of one",
            )
        })?;
        Ok::<_, Failure>((info, cell))
    };
    let dumping = async {
        match args {
            Args::Cell { role } => {
                let (info, cell) = cell(role).await?;
                full(&admin, &cell.cell_id).await.map_err(|failure| app::explained(&info, &cell, failure))
            }
            Args::Timings { role } => {
                let (info, cell) = cell(role).await?;
                let dumped = timings(&admin, cell.cell_id.dna_hash().clone()).await;
                dumped.map_err(|failure| app::explained(&info, &cell, failure))
            }
            Args::Conductor => conductor(&admin).await,
        }
    };
    let dumped = progress::during(context.output, "reading the state", dumping).await?;
    context.output.bytes(format!("{dumped}\n").as_bytes())
}

/// All pages combined.
async fn full(admin: &Admin, cell: &CellId) -> Result<Value, Failure> {
    let mut whole: Option<FullStateDump> = None;
    loop {
        let after = whole.as_ref().and_then(|whole| whole.integration_dump.dht_ops_cursor.clone());
        let (cell_id, dht_ops_cursor) = (Box::new(cell.clone()), after.clone());
        let request = AdminRequest::DumpFullState { cell_id, dht_ops_cursor, limit: Some(PAGE) };
        let page = match admin.request("dump_full_state", "it only reads", &request).await? {
            AdminResponse::FullStateDumped(page) => page,
            other => return Err(definition::strange(&other)),
        };
        let next = page.integration_dump.dht_ops_cursor.clone();
        let is_last = next.is_none() || next == after;
        match &mut whole {
            None => whole = Some(page),
            Some(whole) => {
                let (all, more) = (&mut whole.integration_dump, page.integration_dump);
                all.validation_limbo.extend(more.validation_limbo);
                all.integration_limbo.extend(more.integration_limbo);
                all.integrated.extend(more.integrated);
                all.dht_ops_cursor = next;
            }
        }
        if is_last {
            return Ok(json!(whole));
        }
    }
}

async fn timings(admin: &Admin, dna_hash: DnaHash) -> Result<Value, Failure> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let request = AdminRequest::DumpOpTimings {
            dna_hash: dna_hash.clone(),
            cursor: cursor.clone(),
            limit: Some(PAGE),
        };
        let page = match admin.request("dump_op_timings", "it only reads", &request).await? {
            AdminResponse::OpTimingsDumped(page) => page,
            other => return Err(definition::strange(&other)),
        };
        all.extend(page.timings);
        if page.cursor.is_none() || page.cursor == cursor {
            return Ok(json!({ "timings": all }));
        }
        cursor = page.cursor;
    }
}

async fn conductor(admin: &Admin) -> Result<Value, Failure> {
    match admin.request("dump_conductor_state", "it only reads", &AdminRequest::DumpConductorState).await? {
        // JSON in a text; if it is not JSON, it is shown as a text.
        AdminResponse::ConductorStateDumped(state) => {
            Ok(serde_json::from_str(&state).unwrap_or_else(|_| Value::from(state)))
        }
        other => Err(definition::strange(&other)),
    }
}

/// How many operations are requested at once.
const PAGE: u32 = 500;
