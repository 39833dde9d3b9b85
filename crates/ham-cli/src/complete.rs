//! Completions at a shell's cursor: the roles, zomes and functions of the app in reach.
//!
//! It is in reach if the command line, the environment or the configuration file names it: a running conductor is
//! asked, a bundle is read, nothing is started. Conductors do not list functions, so only a bundle's are known.

mod bundle;
mod conductor;
mod known;

pub(crate) use bundle::roles as of_bundle;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Args as _, Command, FromArgMatches as _};
use clap_complete::CompletionCandidate;

use known::Roles;

use crate::flags::{self, Flags, Global};
use crate::running;
use crate::settings::Settings;
use crate::sources;

/// The variable that a shell sets to ask.
pub(crate) const VARIABLE: &str = "HAM_COMPLETE";

/// The longest that somebody who presses the key has to wait.
const PATIENCE: Duration = Duration::from_secs(1);

/// Roles and clones.
pub(crate) fn roles(begun: &OsStr) -> Vec<CompletionCandidate> {
    candidates(begun, |roles, _| Some(roles.into_keys().collect()))
}

/// The zomes of the preceding role.
pub(crate) fn zomes(begun: &OsStr) -> Vec<CompletionCandidate> {
    candidates(begun, |mut roles, line| Some(roles.remove(line.role.as_deref()?)?.into_keys().collect()))
}

/// The functions of the preceding zome.
pub(crate) fn functions(begun: &OsStr) -> Vec<CompletionCandidate> {
    candidates(begun, |mut roles, line| roles.remove(line.role.as_deref()?)?.remove(line.zome.as_deref()?))
}

/// The known candidates that begin like this; none if nothing is known.
fn candidates(
    begun: &OsStr,
    choose: impl FnOnce(Roles, &Line) -> Option<Vec<String>>,
) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let known = Line::read(std::env::args_os()).and_then(|line| choose(line.look()?, &line));
    let known = known.unwrap_or_default().into_iter();
    known.filter(|name| name.starts_with(&*begun)).map(CompletionCandidate::new).collect()
}

/// The command line so far.
#[derive(Debug)]
struct Line {
    settings: Settings,
    app: Option<PathBuf>,
    role: Option<String>,
    zome: Option<String>,
}

impl Line {
    /// `words` are those of the process: they end with the line, after `--`. The line is not finished, so errors in it
    /// are ignored.
    fn read(words: impl Iterator<Item = OsString>) -> Option<Self> {
        let words = words.skip_while(|word| word != "--").skip(1).skip_while(|word| word != "call");
        let command = Command::new("call").ignore_errors(true).disable_help_flag(true);
        let command = Global::augment_args(command).args(flags::app_interface()).arg(flags::wait());
        let command = command.args(["role", "zome", "function", "payload"].map(Arg::new));
        let matches = command.try_get_matches_from(words).ok()?;
        let config = Global::from_arg_matches(&matches).ok()?.config;
        let word = |name: &str| matches.get_one::<String>(name).cloned();
        let (role, zome) = (word("role"), word("zome"));
        let flags = Flags::of(matches);
        let settings = sources::settings(&flags, config.as_deref()).ok()?;
        let settings = running::nearest(&settings).ok()?.unwrap_or(settings);
        Some(Self { settings, app: flags.app(), role, zome })
    }

    /// The app in reach.
    fn look(&self) -> Option<Roles> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let look = async {
            match &self.app {
                Some(app) => bundle::roles(app).await,
                None => conductor::roles(&self.settings, self.role.as_deref(), PATIENCE).await,
            }
        };
        let looked = runtime.block_on(async { tokio::time::timeout(PATIENCE, look).await });
        runtime.shutdown_background();
        looked.ok().flatten()
    }
}
