//! The flags of settings, generated from their table. Each command shows those that it uses.

use std::path::PathBuf;

use clap::builder::PathBufValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args};

use crate::settings::find;

/// The heading of flags that select the conductor and the signer.
const CONDUCTOR: &str = "Conductor options";
/// The heading of flags that many commands have.
const COMMON: &str = "Common options";

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = COMMON)]
pub(crate) struct Global {
    /// The configuration file [default: ~/.config/ham/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON, one object per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log to standard error: -v info, -vv debug, -vvv trace [env: RUST_LOG]
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// For commands that administer a conductor: any app on it is possible, so none is started for them.
pub(crate) fn administration() -> Vec<Arg> {
    let flags = ["admin_port", "admin_url", "conductor", "app_id", "origin"].map(|key| of(key, CONDUCTOR));
    flags.into_iter().chain(dialling()).collect()
}

/// For commands that ask the admin interface about the app.
pub(crate) fn admin() -> Vec<Arg> {
    let mut flags: Vec<Arg> = ["admin_port", "admin_url", "conductor"].map(|key| of(key, CONDUCTOR)).into();
    flags.extend([app(), of("app_id", CONDUCTOR), of("origin", CONDUCTOR)]);
    flags.extend(dialling());
    flags
}

/// For commands that talk to an app, and sign.
pub(crate) fn app_interface() -> Vec<Arg> {
    let mut flags = admin();
    flags
        .extend(["app_url", "lair_url", "lair_passphrase_file", "credentials"].map(|key| of(key, CONDUCTOR)));
    flags
}

/// For commands that talk to a server that is not a conductor.
pub(crate) fn server() -> Vec<Arg> {
    dialling().into_iter().chain([wait()]).collect()
}

/// The same for a command that follows, which only the flag `--timeout` ends.
pub(crate) fn following(flags: Vec<Arg>) -> Vec<Arg> {
    let told = |flag: Arg| match flag.get_help() {
        Some(help) if flag.get_id() == TIMEOUT => {
            let help = format!("{help}; as a flag, it also ends the command");
            flag.help(help)
        }
        _ => flag,
    };
    flags.into_iter().map(told).collect()
}

/// For commands that run a conductor until they are interrupted.
pub(crate) fn run() -> Vec<Arg> {
    let installed =
        "Install the app in this bundle unless it is installed already, and enable it; `-` is standard input";
    vec![of("admin_port", CONDUCTOR), app().help(installed), of("app_id", CONDUCTOR)]
}

/// The same if either kind can be run.
pub(crate) fn dev() -> Vec<Arg> {
    run().into_iter().chain(kind()).collect()
}

/// For running a gateway, in development with a conductor of its own.
pub(crate) fn gateway() -> Vec<Arg> {
    vec![app().help("With --dev: the bundle of the app; `-` is standard input"), of("app_id", CONDUCTOR)]
}

/// For commands that start a conductor of one of the kinds.
pub(crate) fn kind() -> Vec<Arg> {
    vec![
        of("conductor", CONDUCTOR)
            .value_name("KIND")
            .help("Which conductor to start: `embedded` or `real` [env: HAM_CONDUCTOR]"),
    ]
}

/// Waits until the target can be reached.
pub(crate) fn wait() -> Arg {
    Arg::new(WAIT)
        .long(WAIT)
        .action(ArgAction::SetTrue)
        .help("Wait for the conductor or server, for as long as --timeout says, instead of failing")
        .help_heading(COMMON)
}

/// For commands that dial.
fn dialling() -> [Arg; 3] {
    [TIMEOUT, "ca", "pin"].map(|key| of(key, COMMON))
}

fn app() -> Arg {
    Arg::new(APP)
        .long(APP)
        .alias("happ")
        .value_name("FILE.happ")
        .value_parser(PathBufValueParser::new())
        .help("Start a conductor with the app in this bundle, for this command; `-` is standard input")
        .help_heading(CONDUCTOR)
}

/// The flag of a setting.
fn of(key: &'static str, heading: &'static str) -> Arg {
    let setting = find(key).expect("it is in the table");
    let flag = setting.flag.expect("it has a flag");
    let mut about = setting.about.chars();
    let first = about.next().into_iter().flat_map(char::to_uppercase);
    let help =
        first.chain(about).chain(format!(" [env: {}]", setting.variable()).chars()).collect::<String>();
    Arg::new(key).long(flag.name).value_name(flag.value).help(help).help_heading(heading)
}

const APP: &str = "app";
const TIMEOUT: &str = "request_timeout_secs";
const WAIT: &str = "wait";

/// The flags that were given.
#[derive(Debug)]
pub(crate) struct Flags(ArgMatches);

impl Flags {
    /// Those of the command in these matches.
    pub(crate) fn of(matches: ArgMatches) -> Self {
        match matches.subcommand() {
            Some((_, command)) => Self::of(command.clone()),
            None => Self(matches),
        }
    }

    /// The value of a setting, if its flag was given.
    pub(crate) fn value(&self, key: &str) -> Option<String> {
        // An error means that the command has no such flag.
        self.0.try_get_one::<String>(key).ok().flatten().cloned()
    }

    /// The bundle of the app for a conductor that ham starts.
    pub(crate) fn app(&self) -> Option<PathBuf> {
        self.0.try_get_one::<PathBuf>(APP).ok().flatten().cloned()
    }

    /// Whether to wait for the conductor or server instead of failing.
    pub(crate) fn wait(&self) -> bool {
        self.0.try_get_one::<bool>(WAIT).ok().flatten().is_some_and(|wait| *wait)
    }
}
