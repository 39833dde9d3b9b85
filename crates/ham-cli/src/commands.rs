//! The commands, one file each, each with the same functions in the same order: `Args`, `run`, what it requests, what
//! it shows.

pub(crate) mod agent;
pub(crate) mod app;
pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod call;
pub(crate) mod chain;
pub(crate) mod clones;
pub(crate) mod completions;
pub(crate) mod conductor;
pub(crate) mod demo;
pub(crate) mod dev;
pub(crate) mod dht;
pub(crate) mod doctor;
pub(crate) mod dump;
pub(crate) mod feed;
pub(crate) mod gateway;
pub(crate) mod grants;
pub(crate) mod hash;
pub(crate) mod info;
pub(crate) mod interface;
pub(crate) mod listen;
pub(crate) mod man;
pub(crate) mod new;
pub(crate) mod pack;
pub(crate) mod ping;
pub(crate) mod request;
pub(crate) mod schema;
pub(crate) mod signals;
pub(crate) mod state;
pub(crate) mod token;
pub(crate) mod unpack;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::CompleteEnv;

use crate::args::{Cli, Command};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags::Flags;
use crate::output::Output;
use crate::shutdown::RELEASE_TIMEOUT;
use crate::traces::Traces;
use crate::until_signal::until_signal;
use crate::{args, complete, hidden, logging, sources};

/// The whole process: reads the command line, runs the command, reports how it ended.
pub fn main() -> ExitCode {
    // Does nothing unless a shell asks for completions at its cursor; then it ends the process.
    CompleteEnv::with_factory(Cli::command).var(complete::VARIABLE).complete();
    let words: Vec<OsString> = std::env::args_os().collect();
    let texts = || words.iter().filter_map(|word| word.to_str());
    let (cli, flags) = match Cli::read(&words) {
        Ok((cli, flags)) => {
            let given = cli.command.given();
            hidden::hide(texts().filter(|word| Some(*word) != given));
            (cli, flags)
        }
        Err(error) => {
            hidden::hide(texts());
            match args::mistake(&error, &words) {
                Some(mistake) => Output { json: true }.failure(&mistake),
                // Help and version are not errors; a closed pipe harms nobody.
                None => drop(error.print()),
            }
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    let output = Output { json: cli.global.json };
    let exit = match start(cli, &flags, output) {
        Ok(exit) => exit,
        Err(failure) => {
            output.failure(&failure);
            failure.exit
        }
    };
    exit.into()
}

fn start(cli: Cli, flags: &Flags, output: Output) -> Result<Exit, Failure> {
    let quiet = match cli.command {
        Command::Demo(_) => logging::NOTHING,
        Command::Dev(_) => logging::ZOMES,
        // A conductor of ham's own with this app, whose chains are thrown away.
        _ if flags.app().is_some() => logging::ZOMES,
        Command::Gateway(ref args) if args.serves() => logging::SERVED,
        _ => logging::KEPT,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::new(
            Exit::Local,
            anyhow::Error::new(error).context("cannot start the runtime"),
            "free some resources",
        )
    })?;
    let traces = {
        let _runtime = runtime.enter();
        if matches!(cli.command, Command::Gateway(_)) { Traces::from_environment()? } else { None }
    };
    logging::init(cli.global.verbose, output, quiet, traces.as_ref());
    let ended = runtime.block_on(async {
        match cli.command {
            // A serving gateway handles signals itself, one of which does not end it.
            Command::Gateway(args) => gateway::run(args, flags, output).await,
            command => {
                let settings = sources::settings(flags, cli.global.config.as_deref())?;
                let context = Context::new(settings, output, flags.wait(), flags.app());
                until_signal(context, async |context| run(context, command).await).await
            }
        }
    });
    if let Some(traces) = traces {
        traces.flush();
    }
    runtime.shutdown_timeout(RELEASE_TIMEOUT);
    ended
}

async fn run(context: &Context, command: args::Command) -> Result<(), Failure> {
    match command {
        Command::Agent(args) => agent::run(context, args).await,
        Command::App(args) => app::run(context, args).await,
        Command::Bench(args) => bench::run(context, args).await,
        Command::Build(args) => build::run(context, args).await,
        Command::Call(args) => call::run(context, args).await,
        Command::Chain(args) => chain::run(context, args).await,
        Command::Clone(args) => clones::run(context, args).await,
        Command::Completions(args) => completions::run(context, args),
        Command::Conductor(args) => conductor::run(context, args).await,
        Command::Demo(args) => demo::run(context, args).await,
        Command::Dev(args) => dev::run(context, args).await,
        Command::Dht(args) => dht::run(context, args).await,
        Command::Doctor(args) => doctor::run(context, args).await,
        Command::Dump(args) => dump::run(context, args).await,
        Command::Feed(args) => feed::run(context, args).await,
        // This is not reached.
        Command::Gateway(_) => Ok(()),
        Command::Grants(args) => grants::run(context, args).await,
        Command::Hash(args) => hash::run(context, args).await,
        Command::Info(args) => info::run(context, args).await,
        Command::Interface(args) => interface::run(context, args).await,
        Command::Listen(args) => listen::run(context, args).await,
        Command::Man(args) => man::run(context, args),
        Command::New(args) => new::run(context, args).await,
        Command::Pack(args) => pack::run(context, args).await,
        Command::Ping(args) => ping::run(context, args).await,
        Command::Request(args) => request::run(context, args).await,
        Command::Schema(args) => schema::run(context, args).await,
        Command::Signals(args) => signals::run(context, args).await,
        Command::State(args) => state::run(context, args).await,
        Command::Token(args) => token::run(context, args).await,
        Command::Unpack(args) => unpack::run(context, args).await,
    }
}
