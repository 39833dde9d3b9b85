//! The probe's functions that are called here. `happ/README.md` describes them.

use serde::{Deserialize, Serialize};

/// The only role of the probe that is called, and its zome.
pub(super) const ROLE: &str = "probe";
pub(super) const ZOME: &str = "probe";

/// A call of the load, by what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Writes one item.
    Create,
    /// Computes for some milliseconds, then writes one item.
    Slow {
        /// For how long it computes.
        millis: u64,
    },
    /// Writes one item, then fails.
    CreateThenFail,
    /// Fails.
    Fail,
}

impl Kind {
    /// Whether an item stays on the chain if the call ran.
    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Slow { .. })
    }

    /// Whether it writes anything while it runs.
    pub(super) fn may_write(self) -> bool {
        !matches!(self, Self::Fail)
    }

    pub(super) fn function(self) -> &'static str {
        match self {
            Self::Create => "create_item",
            Self::Slow { .. } => "slow_create",
            Self::CreateThenFail => "create_then_fail",
            Self::Fail => "fail",
        }
    }

    /// The argument that names the call.
    pub(super) fn argument(self, call_id: String) -> Argument {
        match self {
            Self::Create => Argument::Item { call_id, body: "demo" },
            Self::Slow { millis } => Argument::Slow { call_id, millis },
            Self::CreateThenFail => Argument::Named { call_id },
            Self::Fail => Argument::Text(call_id),
        }
    }
}

/// What the functions take.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Argument {
    Item { call_id: String, body: &'static str },
    Slow { call_id: String, millis: u64 },
    Named { call_id: String },
    Text(String),
}

/// A row of `list_items`; its action hash is not needed, because every row is another action.
#[derive(Debug, Deserialize)]
pub(super) struct Item {
    pub(super) call_id: String,
}

/// A row of `list_grants`; only counted.
#[derive(Debug, Deserialize)]
pub(super) struct Grant {}

/// The signals of the probe, as far as they are read.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Signal {
    /// One call wrote these actions.
    Committed { actions: Vec<Action> },
    /// Anything else.
    #[serde(other)]
    Other,
}

/// An action of a [`Signal::Committed`]; it names the call if it created an item.
#[derive(Debug, Deserialize)]
pub(super) struct Action {
    pub(super) call_id: Option<String>,
}
