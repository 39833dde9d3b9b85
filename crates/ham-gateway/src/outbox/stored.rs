//! The answer of a settled call, which is given again and again.

use std::time::Duration;

use ham::{CallError, Effect};
use holochain_zome_types::prelude::Timestamp;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::kind::Kind;
use crate::outcome::{KeyFate, OutcomeWord, Told};
use crate::retry::Retry;
use crate::words;

/// The answer of a settled call, which is given again and again. It holds facts and no bytes of a response: a repeat
/// may ask for another form than the first request did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stored {
    /// It ran, and this is its output, as MessagePack.
    Output(ByteBuf),
    /// It ran, and its output was too large to be kept.
    NotKept,
    /// It ended otherwise.
    Problem {
        /// What is said about it.
        #[serde(with = "ToldForm")]
        told: Told,
        /// In words.
        detail: String,
    },
}

impl Stored {
    /// For a call that ended with this error.
    #[must_use]
    pub fn of(error: &CallError) -> Self {
        Self::Problem { told: Told::of(error), detail: words::of(error) }
    }

    /// The same, in other words.
    pub(super) fn saying(error: &CallError, words: &str) -> Self {
        Self::Problem { told: Told::of(error), detail: words.to_owned() }
    }

    /// For a call that was cancelled and did not run.
    pub(super) fn cancelled(words: &str) -> Self {
        Self::Problem { told: Told::CANCELLED, detail: words.to_owned() }
    }

    /// What became of the call.
    #[must_use]
    pub fn outcome(&self) -> OutcomeWord {
        match self {
            Self::Output(_) | Self::NotKept => OutcomeWord::Answered,
            Self::Problem { told, .. } => told.outcome,
        }
    }

    /// Whether the conductor did not allow the gateway to call.
    pub(super) fn is_not_let(&self) -> bool {
        matches!(self, Self::Problem { told, .. } if told.kind == Kind::GatewayNotAuthorized)
    }

    /// What becomes of the call's key.
    #[must_use]
    pub fn key(&self) -> KeyFate {
        match self {
            Self::Output(_) | Self::NotKept => KeyFate::Kept,
            Self::Problem { told, .. } => told.key,
        }
    }

    /// The same, without an output larger than this, and with words cut to this length.
    pub(super) fn kept(self, most: usize) -> Self {
        match self {
            Self::Output(output) if output.len() > most => Self::NotKept,
            Self::Problem { told, detail } => Self::Problem { told, detail: words::cut(detail, most) },
            kept => kept,
        }
    }
}

/// How [`Told`] is written down.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Told")]
struct ToldForm {
    #[serde(with = "kind_by_name")]
    kind: Kind,
    outcome: OutcomeWord,
    #[serde(with = "effect_is_nothing")]
    effect: Effect,
    settled: bool,
    retry: Retry,
    retry_after: Option<Duration>,
    key: KeyFate,
    not_started_after: Option<Timestamp>,
}

mod kind_by_name {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::kind::Kind;

    pub(super) fn serialize<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
        let name = String::deserialize(deserializer)?;
        let kind = Kind::ALL.iter().find(|kind| kind.name() == name);
        kind.copied().ok_or_else(|| D::Error::custom(format!("there is no problem `{name}`")))
    }
}

mod effect_is_nothing {
    use ham::Effect;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(effect: &Effect, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*effect == Effect::Nothing)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Effect, D::Error> {
        Ok(if bool::deserialize(deserializer)? { Effect::Nothing } else { Effect::Unknown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_again() {
        let problem = Stored::of(&CallError::Arrived { not_started_after: Timestamp::from_micros(7) });
        for stored in [problem, Stored::NotKept, Stored::Output(ByteBuf::from([0xc0]))] {
            let written = rmp_serde::to_vec_named(&stored).unwrap();
            assert_eq!(rmp_serde::from_slice::<Stored>(&written).unwrap(), stored);
        }
    }

    #[test]
    fn every_kind_of_problem_can_be_written_down() {
        for kind in Kind::ALL {
            let told = Told { kind: *kind, ..Told::of(&CallError::Expired) };
            let stored = Stored::Problem { told, detail: String::new() };
            let written = rmp_serde::to_vec_named(&stored).unwrap();
            assert_eq!(rmp_serde::from_slice::<Stored>(&written).unwrap(), stored);
        }
    }

    #[test]
    fn an_output_that_is_too_large_is_not_kept() {
        let output = Stored::Output(ByteBuf::from([1, 2]));
        assert_eq!(output.clone().kept(2), output);
        assert_eq!(output.kept(1), Stored::NotKept);
    }
}
