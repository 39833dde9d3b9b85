//! `ham gateway`: apps over HTTP, for programs that are not written in Rust.

mod calls;
mod dev;
mod failed;
mod file;
mod key;
mod sample;
mod serving;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags::{self, Flags};
use crate::output::Output;
use crate::sources;
use crate::until_signal::until_signal;

/// Serves apps over HTTP until it is interrupted. Every answer says what became of the call.
#[derive(Debug, clap::Args)]
#[command(
    args = flags::gateway(),
    args_conflicts_with_subcommands = true,
    after_help = "SIGTERM and SIGINT let calls that are under way finish; a second one stops the\n\
    gateway at once. SIGHUP rereads the file: keys, functions, origins, hosts, limits and the\n\
    certificate. docs/gateway-config.md describes every setting.\n\n\
    The variables of holochain_http_gateway (HC_GW_ADMIN_WS_URL and so on) are read too, and work\n\
    without a file: see docs/hc-http-gw.md."
)]
pub(crate) struct Args {
    /// The gateway's configuration file: where it listens, its conductor, apps and keys; from a pipe, such as `<(…)`, whatever arrives
    /// within ten seconds
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print every value and where it comes from, then exit
    #[arg(long, requires = "config")]
    print_config: bool,
    /// For development: run --app in its own embedded conductor with temporary data, and let everyone on this machine call everything
    #[arg(long, conflicts_with = "config", requires = "app")]
    dev: bool,
    /// With --dev: the address to listen on, on this machine; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", requires = "dev", default_value_t = ham_gateway::config::DEFAULT_LISTEN)]
    listen: SocketAddr,
    /// With --dev: also let pages of this origin call, such as `http://localhost:5173`; may be repeated
    #[arg(long, value_name = "ORIGIN", requires = "dev")]
    origin: Vec<String>,
    #[command(subcommand)]
    other: Option<Other>,
}

impl Args {
    /// Whether it serves, as opposed to asking another gateway.
    pub(crate) const fn serves(&self) -> bool {
        self.other.is_none()
    }
}

#[derive(Debug, Subcommand)]
enum Other {
    /// Report everything that is wrong with a configuration, without connecting to anything
    Check {
        /// The gateway's configuration file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Make keys
    #[command(subcommand)]
    Key(key::Args),
    /// List, show and cancel the calls of a running gateway
    #[command(subcommand)]
    Calls(calls::Args),
}

/// Returns success once a gateway was stopped.
pub(crate) async fn run(args: Args, flags: &Flags, output: Output) -> Result<Exit, Failure> {
    match args.other {
        Some(Other::Calls(args)) => {
            let context = Context::new(sources::settings(flags, None)?, output, flags.wait(), None);
            return until_signal(context, async |context| calls::run(context, args).await).await;
        }
        Some(Other::Check { config }) => file::check(&config, output).await,
        Some(Other::Key(args)) => key::run(args, output),
        None => match args.config {
            Some(config) if args.print_config => file::print(&config, output).await,
            Some(config) => file::serve(Some(&config), output).await,
            None if !args.dev => file::serve(None, output).await,
            None => {
                let context = Context::new(sources::settings(flags, None)?, output, false, flags.app());
                dev::serve(&context, args.listen, args.origin).await
            }
        },
    }?;
    Ok(Exit::Ok)
}
