//! `ham conductor`: find, build or run a conductor of a release, or find or build the relay between conductors.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::ExitStatus;

use ham_launcher::{Conductor, Install, InstallSource, Lookup, Release, Tool};
use serde_json::json;

use crate::conductor::real;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::input;
use crate::progress;
use crate::running::{Note, Noted};

/// Finds, builds or runs a conductor.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Args {
    /// Unpack or build the conductor into the cache, unless there is one already; building takes 15 to 60 minutes
    Install(Wanted),
    /// Print the path of the conductor's binary; unpacks one that is ready, but never builds
    Path(Wanted),
    /// Run a conductor for development, offline, until interrupted
    #[command(args = flags::run())]
    Run {
        /// Keep the data in this directory; if omitted, the data is temporary
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// The release of the conductor
        #[arg(long, value_name = "RELEASE", default_value_t, value_parser = crate::release::launched())]
        release: Release,
    },
}

/// Which program is meant.
#[derive(Debug, clap::Args)]
pub(crate) struct Wanted {
    /// The bootstrap server and relay through which conductors meet, instead of the conductor; building takes 2 to 10
    /// minutes
    #[arg(long)]
    relay: bool,
    /// The release of the conductor
    #[arg(long, value_name = "RELEASE", default_value_t, value_parser = crate::release::launched(), conflicts_with = "relay")]
    release: Release,
}

impl Wanted {
    fn tool(&self) -> Tool {
        if self.relay { Tool::Relay } else { Tool::Conductor(self.release) }
    }

    /// The command that builds it.
    fn install_command(&self) -> String {
        if self.relay {
            "ham conductor install --relay".to_owned()
        } else {
            real::install_command(self.release)
        }
    }
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    match args {
        Args::Install(wanted) => show(context, &real::ensure(context.output, wanted.tool()).await?),
        Args::Path(wanted) => {
            let tool = wanted.tool();
            let lookup = Lookup::of(tool);
            let found = progress::during(context.output, "looking for the binary", lookup.find()).await;
            let failure = |error| real::install_failure(tool, error);
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

/// Runs until the process is asked to stop; then the conductor is killed, which its data survive.
async fn serve(context: &Context, data: Option<PathBuf>, release: Release) -> Result<(), Failure> {
    // Before anything is started: if the file is missing, no conductor is needed.
    let bundle = match &context.app {
        Some(path) => Some(input::bundle(path).await?),
        None => None,
    };
    let mut builder = Conductor::builder().with_release(release);
    if let Some(directory) = data {
        real::check_path(&directory)?;
        builder = builder.with_data(directory);
    }
    if let Some(port) = context.settings.admin().and_then(url::Url::port).filter(|port| *port != 0) {
        builder = builder.with_admin_port(port);
    }
    let conductor = real::start(context.output, builder).await?;
    let app_id = match bundle {
        Some(bundle) => {
            let id = context.settings.app_id().ok().map(ToOwned::to_owned);
            Some(real::install(context.output, &conductor, bundle, id).await?)
        }
        None => None,
    };
    let port = conductor.admin_port();
    let command = "ham conductor run".to_owned();
    let noted = Noted { admin_port: port, app_id: app_id.clone(), agents: Vec::new(), command };
    let _note = Note::leave(&noted, context.output);
    context.output.result(
        || format!("the conductor is running, its admin port is {port}; press Ctrl-C to stop it"),
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

/// The conductor ended by itself. If it was killed, it did not log that: its last lines are older.
fn ended(status: Option<ExitStatus>, log: &[String]) -> Failure {
    if let Some(signal) = status.and_then(|status| status.signal()) {
        return Failure::new(
            Exit::Local,
            anyhow::anyhow!("the conductor was killed by signal {signal}"),
            "start it again; if nobody killed it, check whether the system ran out of memory",
        );
    }
    let status = status.map_or(String::new(), |status| format!(" ({status})"));
    let words = log.get(log.len().saturating_sub(LAST_WORDS)..).unwrap_or_default().join("\n");
    Failure::new(
        Exit::Local,
        anyhow::anyhow!("the conductor stopped by itself{status}; its last log lines:\n{words}"),
        "its last log lines say why",
    )
}

/// How many log lines of a conductor that ended by itself are shown.
const LAST_WORDS: usize = 20;

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
    // Only the path on standard output, so that scripts can use it.
    context.output.result(|| install.binary.display().to_string(), &value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines before a `kill -9` were shown as its reason.
    #[test]
    fn a_conductor_that_was_killed_has_no_last_words() {
        let log = ["an old line".to_owned()];
        let killed = ended(Some(ExitStatus::from_raw(9)), &log).text();
        assert!(killed.contains("killed by signal 9") && !killed.contains("old line"), "{killed}");
        let failed = ended(Some(ExitStatus::from_raw(0x100)), &log).text();
        assert!(failed.contains("exit status: 1") && failed.contains("an old line"), "{failed}");
    }
}
