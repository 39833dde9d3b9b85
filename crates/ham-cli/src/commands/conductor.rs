//! `ham conductor`: find, build or run a conductor of a release, or find or build the relay between conductors.

use std::path::PathBuf;

use ham::Admin;
use ham_launcher::{
    Conductor, ConductorBuilder, Install, InstallError, InstallOptions, InstallSource, LaunchError, Lookup,
    READY_VARIABLE, Release, Tool,
};
use holochain_types::app::AppBundleSource;
use serde_json::json;

use super::dev::INSTALL_ADVICE;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::output::Output;
use crate::progress::{self, Spinner};
use crate::settings::Kind;

/// Finds, builds or runs a conductor.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// Unpack or build the conductor into the cache, once, unless there is one: building takes 15 to 60 minutes
    Install(Wanted),
    /// Print the path of the conductor's binary; never builds, but unpacks one that is ready
    Path(Wanted),
    /// Run a conductor for development, offline, until interrupted
    Run {
        /// Keep its data in this directory; without it they are temporary
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// The release of the conductor
        #[arg(long, value_name = "RELEASE", default_value_t, value_parser = crate::release::parser())]
        release: Release,
    },
}

/// Which program is meant.
#[derive(Debug, clap::Args)]
pub(crate) struct Wanted {
    /// The bootstrap server and relay that conductors meet through, instead of the conductor: 2 to 10 minutes
    #[arg(long)]
    relay: bool,
    /// The release of the conductor
    #[arg(long, value_name = "RELEASE", default_value_t, value_parser = crate::release::parser(), conflicts_with = "relay")]
    release: Release,
}

impl Wanted {
    fn tool(&self) -> Tool {
        if self.relay { Tool::Relay } else { Tool::Conductor(self.release) }
    }

    /// The command that builds it.
    fn install_command(&self) -> String {
        if self.relay { "ham conductor install --relay".to_owned() } else { install_command(self.release) }
    }
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    match args {
        Args::Install(wanted) => show(context, &ensure(context.output, wanted.tool()).await?),
        Args::Path(wanted) => {
            let tool = wanted.tool();
            let lookup = Lookup::of(tool);
            let found = progress::during(context.output, "looking for the binary", lookup.find()).await;
            let failure = |error| install_failure(tool, error);
            let install = found.map_err(failure)?.ok_or_else(|| {
                Failure::new(
                    Exit::Refused,
                    anyhow::anyhow!("there is no {tool} on PATH, in the cache or ready to be unpacked"),
                    format!(
                        "build it with `{}`, or name a binary in {}",
                        wanted.install_command(),
                        tool.variable()
                    ),
                )
            })?;
            show(context, &install)
        }
        Args::Run { data, release } => serve(context, data, release).await,
    }
}

/// The command that unpacks or builds the conductor of this release.
pub(crate) fn install_command(release: Release) -> String {
    if release == Release::default() {
        "ham conductor install".to_owned()
    } else {
        format!("ham conductor install --release {release}")
    }
}

/// The binary, built if need be.
async fn ensure(output: Output, tool: Tool) -> Result<Install, Failure> {
    // Only a build says anything, and what it says is shown from then on.
    let mut spinner: Option<Spinner> = None;
    let lookup = Lookup::of(tool);
    let ensured = lookup.ensure(|progress| {
        let text = progress.to_string();
        match &spinner {
            Some(spinner) => spinner.say(&text, progress.is_worth_a_line()),
            None => spinner = Some(Spinner::start(output, &text)),
        }
    });
    ensured.await.map_err(|error| install_failure(tool, error))
}

/// Runs until the process is asked to stop; then the conductor is killed, which its data survive.
async fn serve(context: &Context, data: Option<PathBuf>, release: Release) -> Result<(), Failure> {
    context.settings.only(Kind::Real, "ham dev")?;
    // Before anything is started: a missing file needs no conductor.
    let bundle = match &context.app {
        Some(path) => Some(input::bundle(path).await?),
        None => None,
    };
    let mut builder = Conductor::builder().with_release(release);
    if let Some(directory) = data {
        builder = builder.with_data(directory);
    }
    if let Some(port) = context.settings.admin().and_then(url::Url::port) {
        builder = builder.with_admin_port(port);
    }
    let conductor = start(context.output, builder).await?;
    let app_id = match bundle {
        Some(bundle) => {
            let id = context.settings.app_id().ok().map(ToOwned::to_owned);
            Some(install(context.output, &conductor, bundle, id).await?)
        }
        None => None,
    };
    let port = conductor.admin_port();
    context.output.result(
        || format!("the conductor runs, its admin port is {port}; Ctrl-C ends it"),
        &json!({
            "admin_port": port,
            "app_id": app_id,
            "data": conductor.data(),
            "release": conductor.release().version(),
        }),
    )?;
    conductor.exited().await;
    let last_words = conductor.logs().into_iter().rev().take(20).rev().collect::<Vec<_>>().join("\n");
    Err(Failure::new(
        Exit::Local,
        anyhow::anyhow!("the conductor ended by itself; its last words:\n{last_words}"),
        "its last words say why; its data are as it left them",
    ))
}

/// Starts a conductor, whose binary is built if need be.
pub(crate) async fn start(output: Output, builder: ConductorBuilder) -> Result<Conductor, Failure> {
    let tool = Tool::Conductor(builder.release());
    let builder = builder.with_install(ensure(output, tool).await?);
    progress::during(output, "starting the conductor", builder.start()).await.map_err(launch_failure)
}

/// Installs and enables an app in it, unless an app of this id is there, and waits until it can be called. Answers the id:
/// that of the bundle, where none is given.
pub(crate) async fn install(
    output: Output,
    conductor: &Conductor,
    bundle: Vec<u8>,
    id: Option<String>,
) -> Result<String, Failure> {
    let admin = Admin::local(conductor.admin_port());
    let installing = async {
        // With kept data the app may be there from an earlier run.
        let apps = admin.list_apps(None).await?;
        let there = id.clone().filter(|id| apps.iter().any(|app| app.installed_app_id == *id));
        let id = match there {
            Some(id) => id,
            None => {
                let source = AppBundleSource::Bytes(bundle.into());
                let payload = InstallOptions::default().payload(source, id);
                let installed = admin.install_app(payload).await;
                installed
                    .map_err(|error| Failure::new(Exit::Refused, error, INSTALL_ADVICE))?
                    .installed_app_id
            }
        };
        admin.enable_app(&id).await?;
        let callable = conductor.wait_until_callable(&id).await;
        callable.map_err(|error| Failure::new(Exit::Refused, error, INSTALL_ADVICE))?;
        Ok(id)
    };
    progress::during(output, "installing the app", installing).await
}

fn install_failure(tool: Tool, error: InstallError) -> Failure {
    let variable = tool.variable();
    let advice = match &error {
        InstallError::BuildFailed { .. } | InstallError::TimedOut { .. } => {
            "cargo's words say why; running it again goes on from where it stopped".to_owned()
        }
        InstallError::Cache { .. } | InstallError::NoCache { .. } => {
            "name a directory that can be written in HAM_CACHE_DIR".to_owned()
        }
        InstallError::CargoMissing { .. } => format!("install Rust, or name a binary in {variable}"),
        InstallError::NotUnpacked { .. } => {
            format!("correct or empty {READY_VARIABLE}; empty, {tool} is built instead")
        }
        _ => format!("correct or unset {variable}"),
    };
    Failure::new(Exit::Local, error, advice)
}

fn launch_failure(error: LaunchError) -> Failure {
    let advice = match &error {
        LaunchError::AddressInUse { .. } => "stop what holds the port, or give another --admin-port",
        LaunchError::Data { .. } | LaunchError::DataPathTooLong { .. } => "give another, shorter --data",
        _ => "the conductor's words say why",
    };
    Failure::new(Exit::Local, error, advice)
}

fn show(context: &Context, install: &Install) -> Result<(), Failure> {
    let source = match install.source {
        InstallSource::Named => format!("named in {}", install.tool.variable()),
        InstallSource::Path => "on PATH".to_owned(),
        InstallSource::Cached => "in the cache".to_owned(),
        InstallSource::Unpacked => "unpacked just now".to_owned(),
        InstallSource::Built => "built just now".to_owned(),
        InstallSource::Embedded => "embedded".to_owned(),
        _ => "elsewhere".to_owned(),
    };
    let value = json!({ "binary": install.binary, "source": source, "version": install.tool.version() });
    // Only the path on standard output, so that a script can use it.
    context.output.result(|| install.binary.display().to_string(), &value)
}
