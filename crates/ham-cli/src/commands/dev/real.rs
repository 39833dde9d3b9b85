//! `ham dev --conductor real`: `holochain` in place of the embedded conductor, one per agent, with a relay through
//! which they meet.

use futures_util::future;
use ham_launcher::{Conductor, ConductorNetwork, Release, Tool};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use super::agents;
use super::watched::Watched;
use crate::advice;
use crate::conductor::real;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::output::Output;
use crate::page::Pages;
use crate::progress;
use crate::running::{Agent, Note, Noted};

/// Runs them until interrupted.
///
/// # Cancel safety
/// Cancel-safe: all of them are killed, and their data removed.
pub(super) async fn run(context: &Context, watched: Option<Watched>, count: u8) -> Result<(), Failure> {
    let output = context.output;
    let Some(path) = watched.as_ref().map(Watched::bundle).or(context.app.as_deref()) else {
        return Err(Failure::usage(
            "--agents needs an app, and none was given",
            "pass --app FILE.happ or --watch",
        ));
    };
    let bundle = input::bundle(path).await?;
    let builder = Conductor::builder();
    let tool = Tool::Conductor(builder.release());
    let builder = builder.with_install(real::ensure(output, tool).await?);
    real::ensure(output, Tool::Relay).await?;
    let starting = ConductorNetwork::start_with(count.into(), &builder);
    let network =
        progress::during(output, "starting the conductors", starting).await.map_err(real::launch_failure)?;
    // From the first call on, which runs an app's `init`.
    let logs = future::join_all(network.conductors.iter().map(|conductor| tell_logs(output, conductor)));
    tokio::select! {
        ended = serve(context, watched, count, bundle, &network, builder.release()) => ended,
        _ = logs => std::future::pending().await,
    }
}

async fn serve(
    context: &Context,
    watched: Option<Watched>,
    count: u8,
    bundle: Vec<u8>,
    network: &ConductorNetwork,
    release: Release,
) -> Result<(), Failure> {
    let output = context.output;
    let mut found: Vec<Agent> = Vec::new();
    let mut name = context.settings.app_id().ok().map(str::to_owned);
    for (nth, conductor) in network.conductors.iter().enumerate() {
        let app_id = real::install(output, conductor, bundle.clone(), name).await?;
        let first = found.first().map_or_else(|| app_id.clone(), |first| first.app_id.clone());
        name = agents::names(&first, count).nth(nth + 1);
        found.push(Agent { app_id, admin_port: conductor.admin_port() });
    }
    let meeting = async {
        for (conductor, agent) in network.conductors.iter().zip(&found) {
            conductor.wait_until_acquainted(&agent.app_id, found.len()).await?;
        }
        Ok(())
    };
    let met = progress::during(output, "waiting until the agents know each other", meeting).await;
    met.map_err(|error: ham_launcher::AdminError| Failure::new(Exit::Refused, error, advice::INSTALL))?;
    let ports: Vec<_> = network.conductors.iter().map(Conductor::admin_port).collect();
    let (admin_port, app_id) =
        (ports.first().copied().unwrap_or_default(), found.first().map(|first| first.app_id.clone()));
    let command = "ham dev --conductor real".to_owned();
    let noted = Noted { admin_port, app_id: app_id.clone(), agents: found.clone(), command };
    let _note = Note::leave(&noted, output);
    let text = || {
        let ports: Vec<_> = ports.iter().map(|port| format!("###ADMIN_PORT:{port}###\n")).collect();
        format!("{}Conductor ready.", ports.concat())
    };
    let release = release.version();
    output.result(text, &json!({ "admin_port": admin_port, "app_id": app_id, "agents": agents::shown(&found), "release": release }))?;
    agents::tell(output, &found);
    match watched {
        Some(watched) => watched.follow(context, found, &Pages::default(), None).await,
        None => std::future::pending().await,
    }
}

/// Shows what zomes log, while the conductor runs.
async fn tell_logs(output: Output, conductor: &Conductor) {
    let mut logs = conductor.zome_logs();
    loop {
        match logs.recv().await {
            Ok(line) => output.note(&line),
            Err(RecvError::Lagged(missed)) => {
                output
                    .warning(&format!("{missed} lines that zomes logged are not shown: they came too fast"));
            }
            Err(RecvError::Closed) => return,
        }
    }
}
