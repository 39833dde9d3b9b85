//! `ham gateway --dev`: with a conductor of its own, and without keys.

use std::net::SocketAddr;
use std::time::Duration;

use ham_devconductor::{Config as ConductorConfig, DevConductor, TemporaryDirectory};
use ham_gateway::{Config, Server};
use serde_json::json;

use super::failed::failed_in_dev;
use super::sample::sample;
use super::serving::{self, Signals};
use crate::app;
use crate::conductor::embedded;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::running::{Note, Noted};

/// Serves until it is asked to stop; then the conductor and its data are removed.
pub(super) async fn serve(
    context: &Context,
    listen: SocketAddr,
    origins: Vec<String>,
) -> Result<(), Failure> {
    let mut signals = Signals::install()?;
    let started = tokio::select! {
        // Whatever it is doing then is dropped.
        biased;
        () = signals.stop() => return Ok(()),
        started = start(context, listen, origins) => started?,
    };
    let (conductor, server, config, _note, _state) = started;
    serving::until_stopped(server, &mut signals, async || Ok(config.clone()), context.output).await;
    conductor.shut_down().await;
    Ok(())
}

async fn start(
    context: &Context,
    listen: SocketAddr,
    origins: Vec<String>,
) -> Result<(DevConductor, Server, Config, Option<Note>, TemporaryDirectory), Failure> {
    let Some(path) = &context.app else {
        return Err(Failure::usage("--dev needs an app", "pass the bundle of one with --app FILE.happ"));
    };
    let bundle = input::bundle(path).await?;
    let id = context.settings.app_id().ok().map(ToOwned::to_owned).map(app::id).transpose()?;
    let conductor = embedded::start(context.output, ConductorConfig::default()).await?;
    let sample = sample(&bundle).await;
    let app_id = embedded::install(context.output, &conductor, bundle, id).await?;
    let admin_port = conductor.admin_port();
    let mut config = Config::dev(admin_port, [app_id.clone()]).with_listen(listen);
    config.origins = origins;
    // Calls under a key are kept as long as their conductor.
    let state = TemporaryDirectory::new("gateway").map_err(|error| {
        let error = anyhow::Error::new(error).context("cannot make a directory for the outbox");
        Failure::new(Exit::Local, error, "check TMPDIR and its free space")
    })?;
    config.state_dir = Some(state.path().to_owned());
    let server = Server::start(config.clone()).await.map_err(failed_in_dev)?;
    // The call shown below works at once; unless an app has a role that cannot be called, which the page explains.
    if tokio::time::timeout(PATIENCE, server.ready()).await.is_err() {
        context.output.warning("not every role can be called: /health/ready and the page say why");
    }
    let command = "ham gateway --dev".to_owned();
    let noted = Noted { admin_port, app_id: Some(app_id.clone()), agents: Vec::new(), command };
    let note = Note::leave(&noted, context.output);
    let url = serving::url(&server);
    let tried = sample.map(|sample| sample.curl(&url, &app_id));
    if tried.is_some() {
        context
            .output
            .note("`null` in the `Try` line is the argument: replace it with what the function takes");
    }
    context.output.result(
        || {
            let tried = tried.as_ref().map(|tried| format!("\nTry:     {tried}")).unwrap_or_default();
            format!("Gateway: {url}\nHealth:  {url}/health/ready{tried}")
        },
        &json!({ "url": url, "app_id": app_id, "admin_port": admin_port, "try": tried }),
    )?;
    Ok((conductor, server, config, note, state))
}

/// How long the roles of an app may take to be ready before its address is shown.
const PATIENCE: Duration = Duration::from_secs(5);
