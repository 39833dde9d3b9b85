//! Why a cell does not run, as conductors say it.

use std::fmt;

use holochain_types::prelude::{AppStatus, DisabledAppReason};

/// Why a cell does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotRunning {
    /// The app is enabled but the cell has not finished starting: wait.
    NotStarted,
    /// The app is disabled, for the reason the conductor gave: enable it.
    AppDisabled(String),
    /// The app waits for membrane proofs: provide them.
    AwaitingMemproofs,
    /// The app is restoring its source chains from the network.
    AwaitingRestore,
    /// The restore failed for good: reinstall.
    Unrecoverable(String),
    /// The clone is disabled: enable it.
    CloneDisabled,
    /// A reason this version of ham does not know.
    Other(String),
}

impl fmt::Display for NotRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted => f.write_str("the cell has not finished starting"),
            Self::AppDisabled(why) => write!(f, "the app is disabled ({why}); enable it"),
            Self::AwaitingMemproofs => f.write_str("the app waits for membrane proofs; provide them"),
            Self::AwaitingRestore => f.write_str("the app is restoring its source chains from the network"),
            Self::Unrecoverable(why) => write!(f, "the app cannot be restored ({why}); reinstall it"),
            Self::CloneDisabled => f.write_str("the clone is disabled; enable it"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

/// Why a cell does not run, in the conductor's words.
pub(crate) fn reason_of(words: &str) -> NotRunning {
    let inner = |name: &str| words.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    match words {
        "NotStarted" => NotRunning::NotStarted,
        "AppAwaitingMemproofs" => NotRunning::AwaitingMemproofs,
        "AppAwaitingRestore" => NotRunning::AwaitingRestore,
        "CloneCellDisabled" => NotRunning::CloneDisabled,
        other => inner("AppDisabled")
            .map(|why| NotRunning::AppDisabled(plain(why)))
            .or_else(|| inner("AppUnrecoverable").map(|why| NotRunning::Unrecoverable(why.to_owned())))
            .unwrap_or_else(|| NotRunning::Other(other.to_owned())),
    }
}

/// Why an app is disabled, in place of the name that conductors use for it.
fn plain(name: &str) -> String {
    let named = [
        DisabledAppReason::NeverStarted,
        DisabledAppReason::NotStartedAfterProvidingMemproofs,
        DisabledAppReason::User,
    ];
    let error = || name.strip_prefix("Error(").and_then(|why| why.strip_suffix(')'));
    match named.iter().find(|reason| format!("{reason:?}") == name) {
        Some(reason) => disabled(reason),
        None => error().map_or_else(
            || name.to_owned(),
            |why| disabled(&DisabledAppReason::Error(why.trim_matches('"').to_owned())),
        ),
    }
}

/// Why an app is not enabled.
pub(crate) fn not_enabled(status: &AppStatus) -> Option<NotRunning> {
    match status {
        AppStatus::Enabled => None,
        AppStatus::Disabled(reason) => Some(NotRunning::AppDisabled(disabled(reason))),
        AppStatus::AwaitingMemproofs => Some(NotRunning::AwaitingMemproofs),
        AppStatus::AwaitingRestore => Some(NotRunning::AwaitingRestore),
        AppStatus::Unrecoverable(_, reason) => Some(NotRunning::Unrecoverable(format!("{reason:?}"))),
    }
}

fn disabled(reason: &DisabledAppReason) -> String {
    match reason {
        DisabledAppReason::NeverStarted => "never started".into(),
        DisabledAppReason::NotStartedAfterProvidingMemproofs => {
            "not started after membrane proofs were provided".into()
        }
        DisabledAppReason::User => "by its user".into(),
        DisabledAppReason::Error(why) => format!("after an error: {why}"),
    }
}
