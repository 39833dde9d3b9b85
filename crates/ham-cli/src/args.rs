//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::commands::{
    call, completions, conductor, demo, dev, doctor, feed, grants, info, listen, ping, request, signals,
    state,
};
use crate::exit;
use crate::failure::Failure;
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

/// Flags of every command. Each setting can also come from the environment or the configuration file.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The configuration file [default: ~/.config/ham/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The admin interface's port on this machine [env: HAM_ADMIN_PORT]
    #[arg(long, global = true, value_name = "PORT")]
    admin_port: Option<String>,
    /// The admin interface's URL, instead of a port [env: HAM_ADMIN_URL]
    #[arg(long, global = true, value_name = "URL")]
    admin_url: Option<String>,
    /// `embedded` or `real`: one that ham starts for --app; or a running one's admin URL [env: HAM_CONDUCTOR]
    #[arg(long, global = true, value_name = "KIND|URL")]
    conductor: Option<String>,
    /// The bundle of an app to install and enable in a conductor that ham starts; - is standard input
    #[arg(long, global = true, value_name = "FILE.happ", alias = "happ")]
    pub(crate) app: Option<PathBuf>,
    /// The app interface's URL; without it the admin interface is asked [env: HAM_APP_URL]
    #[arg(long, global = true, value_name = "URL")]
    app_url: Option<String>,
    /// The installed app [env: HAM_APP_ID]
    #[arg(long, global = true, value_name = "ID")]
    app_id: Option<String>,
    /// The Origin header [env: HAM_ORIGIN]
    #[arg(long, global = true, value_name = "ORIGIN")]
    origin: Option<String>,
    /// The keystore that signs; without it, a key of ham's own [env: HAM_LAIR_URL]
    #[arg(long, global = true, value_name = "URL")]
    lair_url: Option<String>,
    /// The file with the keystore's passphrase, for its owner only; - is standard input [env: HAM_LAIR_PASSPHRASE_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    lair_passphrase_file: Option<String>,
    /// The file that keeps ham's own keys; refused when others can read it [env: HAM_CREDENTIALS]
    #[arg(long, global = true, value_name = "FILE")]
    credentials: Option<String>,
    /// How long an answer may take: 30, 30s, 500ms, 2m [env: HAM_REQUEST_TIMEOUT_SECS]
    #[arg(long, global = true, value_name = "TIME")]
    timeout: Option<String>,
    /// Wait for the conductor instead of failing
    #[arg(long, global = true)]
    pub(crate) wait: bool,
    /// Print JSON, one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log to standard error: -v info, -vv debug, -vvv trace [env: RUST_LOG]
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Global {
    /// The settings: these flags, then the environment, then the file.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let mut values = Values::default();
        values.add(Source::Flag, |key| self.flag(key).cloned());
        for setting in SETTINGS {
            // A value that is no text would be taken for unset.
            if std::env::var_os(setting.variable()).is_some_and(|value| value.to_str().is_none()) {
                return Err(Failure::usage(format!("{} is no UTF-8", setting.variable()), "correct it"));
            }
        }
        values.add_environment(|name| std::env::var(name).ok());
        values.add_file(self.config.as_deref(), default_file(|name| std::env::var_os(name)).as_deref())?;
        Settings::new(values)
    }

    fn flag(&self, key: &str) -> Option<&String> {
        match key {
            "admin_port" => self.admin_port.as_ref(),
            "admin_url" => self.admin_url.as_ref(),
            "conductor" => self.conductor.as_ref(),
            "app_url" => self.app_url.as_ref(),
            "app_id" => self.app_id.as_ref(),
            "origin" => self.origin.as_ref(),
            "lair_url" => self.lair_url.as_ref(),
            "lair_passphrase_file" => self.lair_passphrase_file.as_ref(),
            "credentials" => self.credentials.as_ref(),
            "request_timeout_secs" => self.timeout.as_ref(),
            _ => None,
        }
    }
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
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_of_the_table_is_a_flag() {
        use clap::CommandFactory as _;
        let command = Cli::command();
        for setting in SETTINGS {
            if let Some(flag) = setting.flag {
                let name = flag.trim_start_matches("--");
                let found =
                    command.get_arguments().find(|argument| argument.get_long() == Some(name)).unwrap();
                assert!(found.get_help().unwrap().to_string().contains(&setting.variable()), "{flag}");
                let cli = Cli::try_parse_from(["ham", flag, "value", "ping"]).unwrap();
                assert_eq!(cli.global.flag(setting.key).unwrap(), "value");
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
