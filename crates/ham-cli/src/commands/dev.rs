//! `ham dev`: the embedded conductor, for developing and testing. It prints the lines that `holochain` prints, so
//! that what
//! starts the one starts the other.

use std::path::{Path, PathBuf};

use ham_devconductor::{Config, DataDirectory, Passphrase, Release};
use holochain_conductor_api::conductor::{ConductorConfig, KeystoreConfig};
use holochain_conductor_api::{AdminInterfaceConfig, InterfaceDriver};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use crate::code::Compared;
use crate::conductor::embedded;
use crate::connect;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::input;
use crate::page::PageArgs;
use crate::release;
use crate::running::{Note, Noted};
use crate::settings::Source;

/// Runs the embedded conductor until interrupted: zomes run, nothing leaves this machine.
#[derive(Debug, clap::Args)]
#[command(
    args = flags::run(),
    after_help = "Prints the lines that `holochain` prints: `###ADMIN_PORT:n###`, then\n\
    `Conductor ready.`; with --json one object instead, with the keys admin_port,\n\
    app_port, app_id, data, release, page and ui. WASM_LOG=debug shows what zomes log."
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
    pages: PageArgs,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    // Before anything is started: a missing file needs no conductor.
    if args.piped
        && let Some(app) = context.stdin_taken()
    {
        return Err(Failure::usage(
            format!("the passphrase and the {app} cannot both come from standard input"),
            "pass the app as a file: --piped reads the passphrase from standard input",
        ));
    }
    let bundle = match &context.app {
        Some(path) => Some(input::bundle(path).await?),
        None => None,
    };
    let config = match &args.config_path {
        Some(path) => from_file(path, args.release).await?,
        None if args.data == Path::new(TEMPORARY) => Config::default(),
        None => Config::default().with_data(&args.data),
    };
    let mut config = config.with_release(args.release).with_foreign_origins(args.allowed_origins);
    // Who starts this in the place of `holochain` means the file, whatever the environment says of another conductor.
    let settings = &context.settings;
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
    let app_id = match bundle {
        Some(bundle) => {
            let id = settings.app_id().ok().map(ToOwned::to_owned);
            let id = embedded::install(context.output, &conductor, bundle.clone(), id).await?;
            // What is kept may be an app of this id with other code.
            if data.is_some() {
                same_code(context, conductor.admin_port(), &bundle, &id, args.update).await?;
            }
            Some(id)
        }
        None => None,
    };
    let app_port = match args.app_port.or_else(|| args.pages.need_app_port().then_some(0)) {
        Some(port) => {
            let taken = |error| Failure::new(Exit::Local, error, "pass another --app-port");
            Some(conductor.attach_app_interface(port).await.map_err(taken)?)
        }
        None => None,
    };
    let admin_port = conductor.admin_port();
    let pages = args.pages.serve(&conductor, app_port, args.release, args.config_path.is_some()).await?;
    let _note = Note::leave(&Noted { admin_port, app_id: app_id.clone() }, context.output);
    context.output.result(
        || {
            let app = app_port.map(|port| format!("###APP_PORT:{port}###\n")).unwrap_or_default();
            format!("###ADMIN_PORT:{admin_port}###\n{app}Conductor ready.{}", pages.lines())
        },
        &json!({ "admin_port": admin_port, "app_port": app_port, "app_id": app_id, "data": data,
            "release": args.release.to_string(), "page": pages.page(), "ui": pages.ui() }),
    )?;
    // Until a signal drops this, and the conductor with it.
    std::future::pending().await
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

/// What a `holochain` configuration says that matters here: network settings do not.
async fn from_file(path: &Path, release: Release) -> Result<Config, Failure> {
    let wrong =
        |error: anyhow::Error| Failure::usage(format!("{}: {error:#}", path.display()), "correct the file");
    let file = path.to_owned();
    let read = tokio::task::spawn_blocking(move || match release {
        Release::V0_6 => load_0_6(&file),
        _ => ConductorConfig::load_yaml(&file).map_err(|error| anyhow::anyhow!("{error}")),
    });
    let read = read.await.map_err(|error| wrong(error.into()))?.map_err(wrong)?;
    let mut config = Config::default();
    if let Some(directory) = &read.data_root_path {
        config = config.with_data(directory.as_path());
    }
    match &read.keystore {
        KeystoreConfig::DangerTestKeystore | KeystoreConfig::LairServerInProc { .. } => {}
        KeystoreConfig::LairServer { .. } => {
            return Err(wrong(anyhow::anyhow!(
                "an embedded conductor has its own keystore: use lair_server_in_proc"
            )));
        }
    }
    let first = read.admin_interfaces.unwrap_or_default().into_iter().next();
    if let Some(AdminInterfaceConfig { driver }) = first {
        let InterfaceDriver::Websocket { port, allowed_origins, .. } = driver;
        config = config.with_admin_port(port).with_allowed_origins(allowed_origins);
    }
    Ok(config)
}

/// A configuration of 0.6 says more of its network and its databases than 0.7.1 knows, and nothing of it matters here.
fn load_0_6(path: &Path) -> anyhow::Result<ConductorConfig> {
    let mut file: yaml_serde::Mapping = yaml_serde::from_str(&std::fs::read_to_string(path)?)?;
    for key in ["chc_url", "db_sync_strategy", "network"] {
        file.remove(key);
    }
    Ok(yaml_serde::from_value(file.into())?)
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
