//! The command line.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::commands::{
    agent, app, bench, build, call, chain, clones, completions, conductor, demo, dev, dht, doctor, dump,
    feed, gateway, grants, hash, info, interface, listen, man, new, pack, ping, request, schema, signals,
    state, token, unpack,
};
use crate::exit;
use crate::failure::Failure;
use crate::flags::{Flags, Global};

/// Call, watch, diagnose and demonstrate Holochain conductors.
#[derive(Debug, Parser)]
#[command(name = "ham", version, after_help = exit::help(), max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make and list the agents of a conductor
    #[command(subcommand)]
    Agent(agent::Args),
    /// Install, list, enable, disable, update and remove apps
    #[command(subcommand)]
    App(app::Args),
    /// Measure a zome function: calls per second, time to the answer, outcomes
    Bench(bench::Args),
    /// Compile the zomes of an app and pack it
    Build(build::Args),
    /// Call a zome function
    Call(call::Args),
    /// Show the source chain of a cell, action by action
    Chain(chain::Args),
    /// Make, enable, disable and remove clones of the app's roles
    #[command(subcommand)]
    Clone(clones::Args),
    /// Print a script that makes a shell complete command lines
    Completions(completions::Args),
    /// Find, build or run a conductor
    #[command(subcommand)]
    Conductor(conductor::Args),
    /// Show that no call is lost or run twice while a conductor is killed
    Demo(demo::Args),
    /// Run the embedded conductor: zomes run within milliseconds, and nothing leaves this machine
    Dev(dev::Args),
    /// Show what a conductor holds about a hash: record, updates, deletes, links, activity
    Dht(dht::Args),
    /// Find out why there is no connection: which step fails, and what to do about it
    Doctor(doctor::Args),
    /// Print a conductor's state as raw JSON
    #[command(subcommand)]
    Dump(dump::Args),
    /// Print a chain's blocks and events as they come, and mark where some may be missing
    Feed(feed::Args),
    /// Serve apps over HTTP: every answer says what became of the call
    Gateway(gateway::Args),
    /// List and revoke capability grants
    #[command(subcommand)]
    Grants(grants::Args),
    /// Print the hashes of the DNAs in a bundle, or of a WASM module
    Hash(hash::Args),
    /// Show the app, its cells and what signs its calls
    Info(info::Args),
    /// List and add the interfaces of a conductor
    #[command(subcommand)]
    Interface(interface::Args),
    /// Print what an envelope server sends as it comes, and mark where some may be missing
    Listen(listen::Args),
    /// Print a manual page
    Man(man::Args),
    /// Make the directory of a new app, ready to build
    New(new::Args),
    /// Pack an app, a DNA or an app with its page into a bundle
    Pack(pack::Args),
    /// Check that the conductor answers, and how fast
    Ping(ping::Args),
    /// Send one request to an envelope server and print its answer
    Request(request::Args),
    /// Show the zomes of an app: functions, entry types, link types
    Schema(schema::Args),
    /// Print the app's signals as they come, and mark where some may be missing
    Signals(signals::Args),
    /// Show the state of the connection
    State(state::Args),
    /// Issue and revoke tokens with which programs connect to the app
    #[command(subcommand)]
    Token(token::Args),
    /// Unpack a bundle into a directory
    Unpack(unpack::Args),
}

impl Command {
    /// The word that is a payload, as it was typed on the command line.
    pub(crate) fn given(&self) -> Option<&str> {
        match self {
            Self::Bench(args) => args.given(),
            Self::Call(args) => args.given(),
            Self::Request(args) => args.given(),
            _ => None,
        }
    }
}

impl Cli {
    /// Reads the command line: the command, and the flags of settings.
    pub(crate) fn read(words: &[OsString]) -> Result<(Self, Flags), clap::Error> {
        let matches = Self::command().try_get_matches_from(words).map_err(without_secrets)?;
        Ok((Self::from_arg_matches(&matches).map_err(without_secrets)?, Flags::of(matches)))
    }
}

/// An error repeats the wrong word, and with it suggests what might be meant.
fn without_secrets(mut error: clap::Error) -> clap::Error {
    for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
        let Some(ContextValue::String(word)) = error.get(kind) else { continue };
        let masked = ham::masked(word);
        if masked != *word {
            error.insert(kind, ContextValue::String(masked));
            error.remove(ContextKind::Suggested);
        }
    }
    error
}

/// What is wrong with the command line, for programs. `None` for help and version, which are not mistakes.
pub(crate) fn mistake(error: &clap::Error, words: &[OsString]) -> Option<Failure> {
    let json = words.iter().take_while(|word| *word != "--").any(|word| word == "--json");
    if !json || !error.use_stderr() {
        return None;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Some(Failure::usage("a subcommand is missing", "`--help` lists them"));
    }
    // The error, then tips and the usage.
    let text = error.render().to_string();
    let (wrong, advice) = text.trim_end().split_once("\n\n").unwrap_or((&text, "see `ham --help`"));
    Some(Failure::usage(wrong.strip_prefix("error: ").unwrap_or(wrong), advice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SETTINGS;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// A URL that could not be read was repeated with its password, and so was a key in the wrong place.
    #[test]
    fn a_word_that_is_wrong_is_repeated_without_secrets() {
        const KEY: &str = "ham_7QK2AB_q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0Vt3Wz5Ab8";
        let flag = format!("--{KEY}");
        for words in [
            &["gateway", "calls", "list", "--gateway", "http://user:hush@localhost:port"][..],
            &["gateway", "calls", "list", "--gateway", "http:user:hush"],
            &["gateway", "--dev", "--app", "a", "--listen", "user:hush@localhost:1"],
            &["gateway", "calls", "list", "--limit", KEY],
            &["gateway", "calls", "list", KEY],
            &["gateway", "calls", "list", &flag],
            &["gateway", "calls", "show", KEY],
            &["gateway", "calls", "cancel", KEY],
            &["gateway", "calls", KEY],
            &["gateway", "key", "new", "--name", "a", "--scope", KEY],
            &["feed", "serve", "--nats", "nats://user:hush@localhost:port"],
        ] {
            let words: Vec<OsString> = ["ham"].iter().chain(words).map(OsString::from).collect();
            let error = Cli::read(&words).unwrap_err();
            let told = [
                error.to_string(),
                mistake(&error, &[&words[..], &["--json".into()]].concat()).unwrap().text(),
            ];
            for told in told {
                assert!(!told.contains("hush") && !told.contains(&KEY[12..]), "{told}");
                assert!(told.contains('…') || told.contains("http://localhost"), "{told}");
            }
        }
    }

    #[test]
    fn every_flag_of_the_table_is_a_flag() {
        let call = Cli::command().find_subcommand("call").unwrap().clone();
        for setting in SETTINGS {
            if let Some(flag) = setting.flag {
                let found = call.get_arguments().find(|argument| argument.get_long() == Some(flag.name));
                let help = found.unwrap().get_help().unwrap().to_string();
                assert!(help.contains(&setting.variable()), "{}", flag.name);
                let words = ["ham", "call", &format!("--{}", flag.name), "value", "role", "zome", "function"];
                let (_, flags) = Cli::read(&words.map(OsString::from)).unwrap();
                assert_eq!(flags.value(setting.key).unwrap(), "value");
            }
        }
    }
}
