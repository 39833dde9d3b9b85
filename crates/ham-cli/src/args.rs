//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::commands::{
    call, completions, conductor, demo, dev, doctor, feed, grants, info, listen, ping, request, signals,
    state,
};
use crate::exit;
use crate::failure::Failure;
use crate::flags::{self, Flags};
use crate::settings::{SETTINGS, Settings, Source, Values};

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
    /// Call a zome function
    Call(call::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// Find, build or run a conductor
    #[command(subcommand)]
    Conductor(conductor::Args),
    /// Show that no call is lost or run twice while a conductor is killed
    Demo(demo::Args),
    /// Run the embedded conductor: zomes run in milliseconds, nothing leaves this machine
    Dev(dev::Args),
    /// Find out why there is no connection: names the step that fails, and what to do
    Doctor(doctor::Args),
    /// Print a chain's blocks and events as they come, and where some may be missing
    Feed(feed::Args),
    /// List and revoke capability grants
    #[command(subcommand)]
    Grants(grants::Args),
    /// Show the app, its cells and who signs
    Info(info::Args),
    /// Print what an envelope server sends, as it comes, and where some may be missing
    Listen(listen::Args),
    /// Make one round trip to the conductor
    Ping(ping::Args),
    /// Ask an envelope server one thing
    Request(request::Args),
    /// Print the app's signals as they come, and where some may be missing
    Signals(signals::Args),
    /// Show the state of the connection
    State(state::Args),
}

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = flags::COMMON)]
pub(crate) struct Global {
    /// The configuration file [default: ~/.config/ham/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON, one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log to standard error: -v info, -vv debug, -vvv trace [env: RUST_LOG]
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Cli {
    /// Reads the command line: what it says, and the flags of settings.
    pub(crate) fn read(words: &[OsString]) -> Result<(Self, Flags), clap::Error> {
        let matches = Self::command().try_get_matches_from(words)?;
        Ok((Self::from_arg_matches(&matches)?, Flags::of(matches)))
    }
}

impl Global {
    /// The settings: the flags, then the environment, then the file.
    pub(crate) fn settings(&self, flags: &Flags) -> Result<Settings, Failure> {
        let mut values = Values::default();
        values.add(Source::Flag, |key| flags.value(key));
        for setting in SETTINGS {
            // A value that is no text would be taken for unset.
            if std::env::var_os(setting.variable()).is_some_and(|value| value.to_str().is_none()) {
                return Err(Failure::usage(
                    format!("{} is not valid UTF-8", setting.variable()),
                    "correct it",
                ));
            }
        }
        values.add_environment(|name| std::env::var(name).ok());
        values.add_file(self.config.as_deref(), default_file(|name| std::env::var_os(name)).as_deref())?;
        Settings::new(values)
    }
}

/// What is wrong with the command line, for programs. `None` for what is no mistake: help and version.
pub(crate) fn mistake(error: &clap::Error, words: &[OsString]) -> Option<Failure> {
    let json = words.iter().take_while(|word| *word != "--").any(|word| word == "--json");
    if !json || !error.use_stderr() {
        return None;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Some(Failure::usage("a subcommand is missing", "`--help` lists them"));
    }
    // What is wrong, then tips and the usage.
    let text = error.render().to_string();
    let (wrong, advice) = text.trim_end().split_once("\n\n").unwrap_or((&text, "see `ham --help`"));
    Some(Failure::usage(wrong.strip_prefix("error: ").unwrap_or(wrong), advice))
}

/// `$XDG_CONFIG_HOME/ham/config.toml`, else `~/.config/ham/config.toml`.
fn default_file(read: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path = |name| read(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = path("XDG_CONFIG_HOME").or_else(|| path("HOME").map(|home| home.join(".config")))?;
    Some(config.join("ham").join("config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
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

    #[test]
    fn the_file_lies_where_such_files_lie() {
        let file = |pairs: &[(&str, &str)]| {
            default_file(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
        };
        assert_eq!(file(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]), Some("/x/ham/config.toml".into()));
        assert_eq!(file(&[("HOME", "/h")]), Some("/h/.config/ham/config.toml".into()));
        assert_eq!(file(&[]), None);
    }
}
