//! `ham conductor`: find, build or run a conductor of a release, or find or build the relay between conductors.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::ExitStatus;

use ham::Admin;
use ham::holochain_client::InstallAppPayload;
use ham_testkit::conductor::{
    Conductor, ConductorBuilder, Install, InstallError, InstallSource, LaunchError, Lookup, MAX_DATA_PATH,
    READY_VARIABLE, Release, Tool,
};
use holochain_types::app::AppBundleSource;
use serde_json::json;

use super::dev::{INSTALL_ADVICE, path_too_long};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::input;
use crate::output::Output;
use crate::progress::{self, Spinner};

/// Finds, builds or runs a conductor.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// Unpack or build the conductor into the cache, once, unless there is one: building takes 15 to 60 minutes
    Install(Wanted),
    /// Print the path of the conductor's binary; never builds, but unpacks one that is ready
    Path(Wanted),
    /// Run a conductor for development, offline, until interrupted
    #[command(args = flags::run())]
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
    // Before anything is started: a missing file needs no conductor.
    let bundle = match &context.app {
        Some(path) => Some(input::bundle(path).await?),
        None => None,
    };
    let mut builder = Conductor::builder().with_release(release);
    if let Some(directory) = data {
        let absolute = std::path::absolute(&directory).unwrap_or_else(|_| directory.clone());
        if absolute.as_os_str().len() > MAX_DATA_PATH {
            return Err(path_too_long(&directory));
        }
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
    let status = conductor.exited().await;
    Err(ended(status, &conductor.logs()))
}

/// The conductor ended by itself. What was killed said nothing of it: its last words are of before.
fn ended(status: Option<ExitStatus>, log: &[String]) -> Failure {
    if let Some(signal) = status.and_then(|status| status.signal()) {
        return Failure::new(
            Exit::Local,
            anyhow::anyhow!("the conductor was killed by signal {signal}"),
            "start it again: its data are as it left them; if nobody killed it, look for what the system says about memory",
        );
    }
    let status = status.map_or(String::new(), |status| format!(" ({status})"));
    let words = log.get(log.len().saturating_sub(LAST_WORDS)..).unwrap_or_default().join("\n");
    Failure::new(
        Exit::Local,
        anyhow::anyhow!("the conductor ended by itself{status}; its last words:\n{words}"),
        "its last words say why; its data are as it left them",
    )
}

/// How many lines of a conductor that ended by itself are shown.
const LAST_WORDS: usize = 20;

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
                let payload = InstallAppPayload {
                    source: AppBundleSource::Bytes(bundle.into()),
                    agent_key: None,
                    installed_app_id: id,
                    network_seed: None,
                    roles_settings: None,
                    ignore_genesis_failure: false,
                    restore_from_dht: false,
                };
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines before a `kill -9` were shown as the reason of it.
    #[test]
    fn a_conductor_that_was_killed_has_no_last_words() {
        let log = ["an old line".to_owned()];
        let killed = ended(Some(ExitStatus::from_raw(9)), &log).text();
        assert!(killed.contains("killed by signal 9") && !killed.contains("old line"), "{killed}");
        let failed = ended(Some(ExitStatus::from_raw(0x100)), &log).text();
        assert!(failed.contains("exit status: 1") && failed.contains("an old line"), "{failed}");
    }
}
