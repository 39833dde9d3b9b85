//! `ham dev`: the embedded conductor, for development and tests. It prints the lines that `holochain` prints, so that
//! programs that start one can start the other.

mod agents;
mod args;
mod dumped;
mod file;
mod real;
mod reinstall;
mod same_code;
mod steer;
mod watched;

use std::path::Path;

use ham_devconductor::{Config, DataDirectory, Passphrase};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

pub(crate) use self::args::Args;
use self::args::TEMPORARY;
use self::same_code::same_code;
use self::watched::Watched;
use crate::app;
use crate::conductor::embedded;
use crate::context::Context;
use crate::control;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::running::{Note, Noted};
use crate::settings::{Chosen, Kind, Source};

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    if let Some(steer) = args.steer {
        return steer::run(context, steer).await;
    }
    // Before anything is started: if the file is missing, no conductor is needed.
    if args.piped
        && let Some(app) = context.stdin_taken()
    {
        return Err(Failure::usage(
            format!("the passphrase and the {app} cannot both come from standard input"),
            "pass the app as a file: --piped reads the passphrase from standard input",
        ));
    }
    let settings = &context.settings;
    let real = settings.conductor == Some(Chosen::Own(Kind::Real))
        && settings.values.source("conductor") == Source::Flag;
    if real {
        args.fit_real()?;
    }
    if args.agents > 1 && context.app.is_none() && args.watch.is_none() {
        return Err(Failure::usage(
            "--agents needs an app, and none was given",
            "pass --app FILE.happ or --watch",
        ));
    }
    let watched = match &args.watch {
        Some(directory) => Some(Watched::build(context, directory, args.reinstall).await?),
        None => None,
    };
    if real {
        return real::run(context, watched, args.agents).await;
    }
    let bundle = match watched.as_ref().map(Watched::bundle).or(context.app.as_deref()) {
        Some(path) => Some(input::bundle(path).await?),
        None => None,
    };
    let config = match &args.config_path {
        Some(path) => file::read(path, args.release).await?,
        None if args.data == Path::new(TEMPORARY) => Config::default(),
        None => Config::default().with_data(&args.data),
    };
    let mut config = args
        .incoming
        .bound(config)
        .with_release(args.release)
        .with_foreign_origins(args.allowed_origins)
        .with_limits(args.bounds.limits());
    // A program that starts this in place of `holochain` means the file, whatever the environment says about another conductor.
    let ports = args.config_path.is_none() || settings.values.source("admin_port") == Source::Flag;
    if let Some(port) = settings.admin().and_then(url::Url::port).filter(|_| ports) {
        config = config.with_admin_port(port);
    }
    if args.piped {
        config = config.with_passphrase(passphrase().await?);
    }
    let data = match &config.data {
        DataDirectory::Temporary => None,
        DataDirectory::Kept(directory) => Some(directory.clone()),
    };
    let conductor = embedded::start(context.output, config).await?;
    let agents = match bundle {
        Some(bundle) => {
            let id = settings.app_id().ok().map(ToOwned::to_owned).map(app::id).transpose()?;
            let agents = agents::install(context.output, &conductor, &bundle, id, args.agents).await?;
            // The kept app of this id may have other code.
            if data.is_some() && watched.is_none() {
                for agent in &agents {
                    same_code(context, &conductor, &bundle, &agent.app_id, args.update).await?;
                }
            }
            agents
        }
        None => Vec::new(),
    };
    if let Some(file) = &args.from {
        dumped::open(context.output, &conductor, file).await?;
    }
    let app_id = agents.first().map(|first| first.app_id.clone());
    let app_port = match args.app_port.or_else(|| args.pages.need_app_port().then_some(0)) {
        Some(port) => Some(embedded::attach(&conductor, port).await?),
        None => None,
    };
    // The remaining ones: an interface that was asked for has a replacement, or has failed.
    for (chosen, port) in conductor.moved_app_interfaces() {
        context.output.warning(&format!(
            "the saved app interface on port {chosen} listens on port {port} this time: another program uses port {chosen}"
        ));
    }
    let admin_port = conductor.admin_port();
    let pages = args.pages.serve(&conductor, app_port, args.release, args.config_path.is_some()).await?;
    let command = "ham dev".to_owned();
    let noted = Noted { admin_port, app_id: app_id.clone(), agents: agents.clone(), command };
    // Whoever starts it as `holochain` is started knows its port; other terminals would find the conductor of a test or a demo.
    let note = if args.piped { None } else { Note::leave(&noted, context.output) };
    // Before anybody is told that it is ready.
    let listening = control::Listening::of(note.as_ref(), context.output);
    context.output.result(
        || {
            let app = app_port.map(|port| format!("###APP_PORT:{port}###\n")).unwrap_or_default();
            format!("###ADMIN_PORT:{admin_port}###\n{app}Conductor ready.{}", pages.lines())
        },
        &json!({ "admin_port": admin_port, "app_port": app_port, "app_id": app_id, "data": data,
            "agents": agents::shown(&agents), "release": args.release.to_string(), "page": pages.page(), "ui": pages.ui() }),
    )?;
    agents::tell(context.output, &agents);
    // Until a signal drops this, and the conductor with it.
    let following = async {
        match watched {
            Some(watched) => watched.follow(context, agents, &pages, Some(&conductor)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = following => ended,
        never = control::serve(listening, &conductor) => match never {},
    }
}

/// The first line of standard input, without its end; empty if there is none.
async fn passphrase() -> Result<Passphrase, Failure> {
    let mut line = Vec::new();
    let mut input = BufReader::new(tokio::io::stdin().take(MAX_PASSPHRASE));
    input.read_until(b'\n', &mut line).await.map_err(|error| {
        Failure::new(
            Exit::Local,
            anyhow::Error::new(error).context("cannot read the passphrase"),
            "check standard input",
        )
    })?;
    while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        line.pop();
    }
    Ok(Passphrase::new(line))
}

/// The longest passphrase read, in bytes.
const MAX_PASSPHRASE: u64 = 4096;
