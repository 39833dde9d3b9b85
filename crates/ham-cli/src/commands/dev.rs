//! `ham dev`: the embedded conductor, for developing and testing. It prints the lines that `holochain` prints, so that what starts the
//! one starts the other.

mod agents;
mod file;
mod real;
mod steer;
mod watched;

use std::path::{Path, PathBuf};

use ham_devconductor::{Config, DataDirectory, Passphrase, Release};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use self::watched::Watched;
use crate::app;
use crate::code::Compared;
use crate::conductor::embedded;
use crate::connect;
use crate::context::Context;
use crate::control;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::input;
use crate::limits::Bounds;
use crate::release;
use crate::running::{Note, Noted};
use crate::settings::{Chosen, Kind, Source};

/// Runs the embedded conductor until interrupted: zomes run, nothing leaves this machine.
#[derive(Debug, clap::Args)]
#[command(
    args = flags::dev(),
    args_conflicts_with_subcommands = true,
    after_help = "Prints the lines that `holochain` prints: `###ADMIN_PORT:n###`, then\n\
    `Conductor ready.`; with --json one object instead, with the keys admin_port,\n\
    app_port, app_id, data and release. WASM_LOG=debug shows what zomes log."
)]
pub(crate) struct Args {
    /// Keep data and keys in this directory; `temporary` removes them when the conductor stops
    #[arg(long, value_name = "DIR", default_value = TEMPORARY)]
    data: PathBuf,
    /// Speak to clients as this release of `holochain` does: requests, answers, signals and errors. Zomes are always
    /// those of HDK 0.7.1
    #[arg(long, value_name = "RELEASE", default_value_t, value_parser = release::embedded())]
    release: Release,
    /// Attach an app interface on this port; 0 picks a free one
    #[arg(long, value_name = "PORT")]
    app_port: Option<u16>,
    /// Where the directory has the app already, run the coordinator zomes of the bundle in the place of those that it has
    #[arg(long)]
    update: bool,
    /// Build the app of this directory [default: this one], run it, and run it anew whenever one of its files changes
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".", conflicts_with_all = ["app", "piped"])]
    watch: Option<PathBuf>,
    /// With --watch: where the integrity zomes changed, remove the app with its data and install it again. Without it
    /// the app runs on as it was
    #[arg(long, requires = "watch")]
    reinstall: bool,
    /// Install the app for so many agents. The app of the first has the id that it has anyway, the others' `ID-2`, `ID-3`, …
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=32))]
    agents: u8,
    /// Let pages of these origins connect, separated by commas: `https://example.org`, or `*` for any. Pages of this machine
    /// and programs are let in without it
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    allowed_origins: Vec<String>,
    /// Read the data directory, the keystore and the admin port from a conductor configuration, as `holochain` does
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data"])]
    config_path: Option<PathBuf>,
    /// Read the keystore's passphrase from the first line of standard input, as `holochain` does
    #[arg(long)]
    piped: bool,
    #[command(flatten)]
    bounds: Bounds,
    #[command(subcommand)]
    steer: Option<steer::Steer>,
}

impl Args {
    /// Nothing is set that only the embedded conductor has.
    fn fit_real(&self) -> Result<(), Failure> {
        let set = [
            ("--data", self.data != Path::new(TEMPORARY)),
            ("--release", self.release != Release::default()),
            ("--app-port", self.app_port.is_some()),
            ("--update", self.update),
            ("--allowed-origins", !self.allowed_origins.is_empty()),
            ("--config-path", self.config_path.is_some()),
            ("--piped", self.piped),
        ];
        match set.iter().find(|(_, set)| *set) {
            Some((flag, _)) => Err(Failure::usage(
                format!("{flag} is of the embedded conductor, and --conductor real starts `holochain`"),
                "omit one of them; `ham conductor run` has --data and --release for a single one",
            )),
            None => Ok(()),
        }
    }
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    if let Some(steer) = args.steer {
        return steer::run(context, steer).await;
    }
    // Before anything is started: a missing file needs no conductor.
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
            "agents are of an app, and none was given",
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
    let mut config = config
        .with_release(args.release)
        .with_foreign_origins(args.allowed_origins)
        .with_limits(args.bounds.limits());
    // Who starts this in the place of `holochain` means the file, whatever the environment says of another conductor.
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
            // What is kept may be an app of this id with other code.
            if data.is_some() && watched.is_none() {
                for agent in &agents {
                    same_code(context, agent.admin_port, &bundle, &agent.app_id, args.update).await?;
                }
            }
            agents
        }
        None => Vec::new(),
    };
    let app_id = agents.first().map(|first| first.app_id.clone());
    let app_port = match args.app_port {
        Some(port) => {
            let taken = |error| Failure::new(Exit::Local, error, "pass another --app-port");
            Some(conductor.attach_app_interface(port).await.map_err(taken)?)
        }
        None => None,
    };
    let admin_port = conductor.admin_port();
    let noted = Noted { admin_port, app_id: app_id.clone(), agents: agents.clone() };
    let note = Note::leave(&noted, context.output);
    context.output.result(
        || {
            let app = app_port.map(|port| format!("###APP_PORT:{port}###\n")).unwrap_or_default();
            format!("###ADMIN_PORT:{admin_port}###\n{app}Conductor ready.")
        },
        &json!({ "admin_port": admin_port, "app_port": app_port, "app_id": app_id, "data": data,
            "agents": agents::shown(&agents), "release": args.release.to_string() }),
    )?;
    agents::tell(context.output, &agents);
    // Until a signal drops this, and the conductor with it.
    let following = async {
        match watched {
            Some(watched) => watched.follow(context, agents).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = following => ended,
        never = control::serve(note.as_ref(), &conductor, context.output) => match never {},
    }
}

/// Tells where an app that was there runs other zomes than the bundle, or has it run those.
async fn same_code(
    context: &Context,
    port: u16,
    bundle: &[u8],
    id: &str,
    update: bool,
) -> Result<(), Failure> {
    let settings = context.settings.of_running(port, None);
    let admin = connect::admin(&settings, connect::CONNECT_TIMEOUT)?;
    let compared = Compared::of(&admin, bundle, Some(id.to_owned())).await?;
    if update {
        return compared.update(&admin).await;
    }
    match (&compared.other_dna, compared.stale().as_slice()) {
        (Some(role), _) => context.output.warning(&format!(
            "the app `{id}` of this directory runs other integrity zomes than the bundle (role `{role}`): it is another DNA, \
             and stays as it is. Pass another --app-id, or another --data, or `ham app uninstall {id}` first"
        )),
        (None, []) => {}
        (None, cells) => context.output.warning(&format!(
            "the app `{id}` of this directory runs other coordinator zomes than the bundle ({}): pass --update to run \
             those of the bundle",
            cells.join(", ")
        )),
    }
    Ok(())
}

/// The first line of standard input, without its end; empty where there is none.
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

/// The word for no directory.
const TEMPORARY: &str = "temporary";

/// The longest passphrase read, in bytes.
const MAX_PASSPHRASE: u64 = 4096;
