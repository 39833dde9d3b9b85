//! What `ham dev` takes.

use std::path::{Path, PathBuf};

use ham_devconductor::{Limits, Release};

use super::steer::Steer;
use crate::failure::Failure;
use crate::flags;
use crate::limits::{Bounds, Incoming};
use crate::page::PageArgs;
use crate::release;

/// Runs the embedded conductor until interrupted: zomes run, nothing leaves this machine.
#[derive(Debug, clap::Args)]
#[command(
    args = flags::dev(),
    args_conflicts_with_subcommands = true,
    after_help = "Prints the lines that `holochain` prints: `###ADMIN_PORT:n###`, then\n\
    `Conductor ready.`; with --json one object instead, with the keys admin_port,\n\
    app_port, app_id, data, release, page and ui. WASM_LOG=debug shows what zomes log,\n\
    with --conductor real too, which has no page, no data and no admin port of your choice."
)]
pub(crate) struct Args {
    /// Keep data and keys in this directory; `temporary` removes them when the conductor stops
    #[arg(long, value_name = "DIR", default_value = TEMPORARY)]
    pub(super) data: PathBuf,
    /// Speak to clients as this release of `holochain` does: requests, answers, signals and errors. Zomes are always
    /// those of HDK 0.7.1
    #[arg(long, value_name = "RELEASE", default_value_t, value_parser = release::embedded())]
    pub(super) release: Release,
    /// Attach an app interface on this port; 0 picks a free one
    #[arg(long, value_name = "PORT")]
    pub(super) app_port: Option<u16>,
    /// If the directory already has the app, replace its coordinator zomes with those of the bundle
    #[arg(long)]
    pub(super) update: bool,
    /// Build the app of this directory [default: this one], run it, and reload it whenever one of its files changes
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".", conflicts_with_all = ["app", "piped"])]
    pub(super) watch: Option<PathBuf>,
    /// With --watch: if the integrity zomes changed, remove the app with its data and install it again. Without this
    /// the app runs on as it was
    #[arg(long, requires = "watch")]
    pub(super) reinstall: bool,
    /// Install the app for this many agents. The first agent's app keeps its id, the others are `ID-2`, `ID-3`, …
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(super) agents: u8,
    /// Load what another conductor held of the app's DNA: a full-state dump, as `ham dump cell` prints it
    #[arg(long, value_name = "DUMP")]
    pub(super) from: Option<PathBuf>,
    /// Let pages of these origins connect, separated by commas: `https://example.org`, or `*` for any. Pages of this machine
    /// and programs need no such permission
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    pub(super) allowed_origins: Vec<String>,
    /// Read the data directory, the keystore and the admin port from a conductor configuration, as `holochain` does
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data"])]
    pub(super) config_path: Option<PathBuf>,
    /// Read the keystore's passphrase from the first line of standard input, as `holochain` does
    #[arg(long)]
    pub(super) piped: bool,
    #[command(flatten)]
    pub(super) bounds: Bounds,
    #[command(flatten)]
    pub(super) incoming: Incoming,
    #[command(flatten)]
    pub(super) pages: PageArgs,
    #[command(subcommand)]
    pub(super) steer: Option<Steer>,
}

impl Args {
    /// Whether no option is set that only the embedded conductor has.
    pub(super) fn fit_real(&self) -> Result<(), Failure> {
        let set = [
            ("--data", self.data != Path::new(TEMPORARY)),
            ("--release", self.release != Release::default()),
            ("--app-port", self.app_port.is_some()),
            ("--update", self.update),
            ("--from", self.from.is_some()),
            ("--allowed-origins", !self.allowed_origins.is_empty()),
            ("--config-path", self.config_path.is_some()),
            ("--piped", self.piped),
            ("a page option", self.pages.are_given()),
            ("a call limit", self.bounds.limits() != Limits::default()),
            ("a client limit", self.incoming.is_given()),
        ];
        match set.iter().find(|(_, set)| *set) {
            Some((flag, _)) => Err(Failure::usage(
                format!(
                    "{flag} only works with the embedded conductor, and --conductor real starts `holochain`"
                ),
                "omit one of them; for a single conductor, `ham conductor run` has --data and --release",
            )),
            None => Ok(()),
        }
    }
}

/// The word that stands for no directory.
pub(super) const TEMPORARY: &str = "temporary";
