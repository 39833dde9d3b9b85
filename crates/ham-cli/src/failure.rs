//! Why a command failed: the error, the exit code, and advice.

use std::fmt::Write as _;
use std::path::Path;

use ham::{AdminError, CallError, ConnectError, Delivery, Effect, Outcome, SigningError, TokenError};
use ham_bundle::BundleError;

use crate::advice;
use crate::exit::Exit;
use crate::terminal::printable;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// `None` if there is nothing to say: the reader of the output went away.
    error: Option<anyhow::Error>,
    advice: Option<String>,
    outcome: Option<String>,
    /// The reader has already seen the causes.
    shown_before: bool,
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>, advice: impl Into<String>) -> Self {
        let (error, advice) = (Some(error.into()), Some(advice.into()));
        Self { exit, error, advice, outcome: None, shown_before: false }
    }

    /// The command line, the environment or the configuration file is wrong.
    pub(crate) fn usage(text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Exit::Usage, anyhow::anyhow!(text.into()), advice)
    }

    /// A call that was not made, for a known reason.
    pub(crate) fn not_run(text: impl Into<String>, advice: impl Into<String>) -> Self {
        let failure = Self::new(Exit::NotRun, anyhow::anyhow!(text.into()), advice);
        Self { outcome: Some(NOT_RUN.into()), ..failure }
    }

    /// Calls that may have run.
    pub(crate) fn of_unknown_outcome(error: impl Into<anyhow::Error>, advice: impl Into<String>) -> Self {
        Self { outcome: Some(UNKNOWN.into()), ..Self::new(Exit::Unknown, error, advice) }
    }

    /// A question before a call failed: however it ended, the call did not run.
    pub(crate) fn before_a_call(self) -> Self {
        match self.exit {
            Exit::Unknown | Exit::Arrived => {
                Self { exit: Exit::NotRun, outcome: Some(NOT_RUN.into()), ..self }
            }
            _ => self,
        }
    }

    /// Says first what failed because of it.
    pub(crate) fn about(self, what: String) -> Self {
        Self { error: self.error.map(|error| error.context(what)), ..self }
    }

    /// The same in other words.
    pub(crate) fn in_words(self, text: String) -> Self {
        Self { error: Some(anyhow::Error::msg(text)), ..self }
    }

    /// Its causes were shown as they came: they are not repeated for people.
    pub(crate) fn shown_before(self) -> Self {
        Self { shown_before: true, ..self }
    }

    /// Replaces the advice.
    pub(crate) fn advise(&mut self, advice: impl Into<String>) {
        self.advice = Some(advice.into());
    }

    /// Asks this question before the advice.
    pub(crate) fn asking(mut self, question: Option<String>) -> Self {
        if let Some(question) = question {
            self.advice = Some(match self.advice {
                Some(advice) => format!("{question} {advice}"),
                None => question,
            });
        }
        self
    }

    /// A data directory whose path is too long for a socket in it.
    pub(crate) fn path_too_long(directory: &Path) -> Self {
        Self::usage(
            format!(
                "--data: the path is too long: the keystore's socket path does not fit under {}",
                directory.display()
            ),
            "use a shorter path: a socket path has about a hundred bytes at most",
        )
    }

    /// The reader of the output went away: there is nobody to tell.
    pub(crate) fn nobody_reads() -> Self {
        Self { exit: Exit::Ok, error: None, advice: None, outcome: None, shown_before: false }
    }

    /// The error and its causes, each said once; the outermost first.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        for cause in self.error.iter().flat_map(anyhow::Error::chain) {
            let text = printable(&cause.to_string());
            // Some errors of other crates repeat their source in their own text.
            if !causes.iter().any(|said| said.contains(&text)) {
                causes.push(text);
            }
        }
        causes
    }

    /// What to do about it.
    pub(crate) fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    /// For people; empty when there is nothing to say.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let shown = if self.shown_before { 1 } else { usize::MAX };
        for (nth, cause) in self.causes().iter().enumerate().take(shown) {
            let label = if nth == 0 { "error" } else { "  because" };
            // Text of others with several lines cannot pass for one of ours. Writing to a string cannot fail.
            let _ = writeln!(text, "{label}: {}", cause.trim_end().replace('\n', "\n    "));
        }
        if let Some(outcome) = &self.outcome {
            let _ = writeln!(text, "outcome: {outcome}");
        }
        if let Some(advice) = &self.advice {
            let _ = writeln!(text, "what to do: {advice}");
        }
        text
    }

    /// For programs: one object.
    pub(crate) fn json(&self) -> Option<serde_json::Value> {
        let mut causes = self.causes().into_iter();
        Some(serde_json::json!({
            "error": causes.next()?,
            "causes": causes.collect::<Vec<_>>(),
            "outcome": self.outcome,
            "advice": self.advice,
            "exit": self.exit.code(),
        }))
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let exit = match &error {
            ConnectError::Config(_) | ConnectError::NoInterface => Exit::Usage,
            ConnectError::Signing(_) | ConnectError::Token(_) => Exit::Local,
            _ => Exit::NoConnection,
        };
        let advice = advice::connect(&error);
        match error {
            // The provider is part of this program, and its texts quote no token.
            ConnectError::Token(TokenError::Failed(why)) => {
                let why = anyhow::anyhow!(String::from_utf8_lossy(why.expose()).into_owned());
                Self::new(exit, why.context("no app token"), advice)
            }
            error => Self::new(exit, error, advice),
        }
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        let exit = match (&error, error.delivery()) {
            (AdminError::NotConfigured, _) => Exit::Usage,
            (AdminError::Answer { .. }, _) => Exit::Refused,
            (_, Delivery::NotSent) => Exit::NoConnection,
            (_, Delivery::Unknown) => Exit::Unknown,
            (_, Delivery::Answered) => Exit::Refused,
        };
        let advice = advice::admin(&error);
        Self::new(exit, error, advice)
    }
}

impl From<BundleError> for Failure {
    fn from(error: BundleError) -> Self {
        let advice = match &error {
            BundleError::NoManifest { .. } => "name the directory with the manifest",
            BundleError::SeveralManifests { .. } => "name one of them",
            BundleError::UnknownKind { .. } => "name a file with one of these endings",
            BundleError::Exists { .. } => "name another directory with --output, or pass --force",
            BundleError::NotAFileName { .. } => "use plain file names for bundles and their parts",
            BundleError::TooLarge { .. } => "do not use a bundle that you do not trust",
            BundleError::Io { .. } => "check the path and its permissions",
            BundleError::NotWasm { .. } => "build the zome again: `ham build` compiles and packs it",
            BundleError::Link { .. } => "remove the link, or name another directory with --output",
            BundleError::Invalid { path, .. } if path.extension().is_none_or(|has| has != "yaml") => {
                "the file is damaged, or is not the kind of bundle that its name says"
            }
            _ => "correct the manifest; `ham pack --recursive` first packs the bundles that it names",
        };
        Self::new(Exit::Usage, error, advice)
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let (exit, outcome) = match (&error, error.outcome()) {
            (CallError::NoLink { sent: false, .. }, _) => (Exit::NoConnection, "not run; nothing was sent"),
            // The conductor refused the grant, for instance because the cell's `init` failed.
            (CallError::Signing(SigningError::Grant(AdminError::Answer { .. })), _) => {
                (Exit::Refused, "not run; it could not be signed")
            }
            (CallError::Signing(_), _) => (Exit::Local, "not run; it could not be signed"),
            (_, Outcome::NotRun) => (Exit::NotRun, NOT_RUN),
            (_, Outcome::Unknown) => (Exit::Unknown, UNKNOWN),
            (_, Outcome::Arrived { .. }) => {
                (Exit::Arrived, "arrived; it runs at most once, but its answer is lost")
            }
            (_, Outcome::Answered) => match error.effect() {
                Effect::Nothing => (Exit::Refused, "answered; nothing was written to the cell's chain"),
                Effect::Unknown => {
                    (Exit::Refused, "answered; something may have been written to the cell's chain")
                }
            },
        };
        let advice = advice::call(&error);
        Self { outcome: Some(outcome.into()), ..Self::new(exit, error, advice) }
    }
}

const NOT_RUN: &str = "not run, and it never will be";
const UNKNOWN: &str = "unknown; it may have run, or may still run";

#[cfg(test)]
mod tests;
