//! A call, and what its owner is told.

use std::time::Duration;

use ham::{CallError, CallOptions, Effect, SigningError};
use holochain_zome_types::prelude::ExternIO;
use tokio::time::{Instant, timeout};

use super::plan::{Called, Options, Policy};
use super::task::Task;
use crate::event::{Call, Happened, Nonce, Outcome, Told};
use crate::model::Output;

/// A call that has not returned this long after its deadline counts as one that never returns.
pub(super) const FOR_EVER: Duration = Duration::from_secs(600);

impl Task {
    /// Makes a call, and returns whether it has an output.
    pub(crate) async fn call(
        &self,
        called: Called,
        policy: Policy,
        deadline: Duration,
        asked: Options,
    ) -> bool {
        let times = policy.times();
        let (task, call, does, fast) = (self.number, called.call, called.does, policy == Policy::FailFast);
        self.world.note(Happened::Made { task, call, does, times, fast });
        let Ok(payload) = ExternIO::encode(called.input()) else { return false };
        let mut options = CallOptions::default().with_deadline(deadline).with_policy(policy.in_ham());
        options.read_only = asked.read_only;
        (options.resume_for, options.nonce_life) = (asked.resume_for, asked.nonce_life);
        let began = Instant::now();
        let answered =
            self.ham.call_zome_raw(called.role, called.zome(), called.function(), payload, options);
        let result = timeout(deadline + FOR_EVER, answered).await;
        self.world.late("call", began, deadline);
        let ok = matches!(result, Ok(Ok(_)));
        if let Ok(result) = result {
            self.told(called.call, None, result);
        }
        ok
    }

    pub(super) fn told(&self, call: Call, of: Option<Nonce>, result: Result<ExternIO, CallError>) {
        let told = match &result {
            Ok(output) => Told {
                call,
                of,
                outcome: Outcome::Answered,
                nothing: false,
                error: None,
                answer: rmp_serde::from_slice::<Output>(&output.0)
                    .ok()
                    .and_then(|output| Some(self.world.nonce(&output.nonce.as_slice().try_into().ok()?))),
            },
            Err(error) => Told {
                call,
                of,
                outcome: Outcome::from(error.outcome()),
                nothing: error.effect() == Effect::Nothing,
                error: Some(name(error)),
                answer: None,
            },
        };
        self.world.note(Happened::Told { task: self.number, told });
        // The budget is one grant per cell, in lives in which no cell needs a second one.
        if let Err(CallError::Signing(SigningError::GrantForbidden(why))) = &result
            && why.contains("budget")
        {
            self.world.broken("I18", format!("call {call} is told: {why}"));
        }
        // Texts are written for only a few calls, because it takes long.
        if let Err(error) = result
            && (call.is_multiple_of(16) || self.world.is_healed())
        {
            let text = format!("{error} {error:?}");
            self.world.look_for_secrets(&text);
            if self.world.is_healed() {
                self.world.words("ham", text);
            }
        }
    }
}

/// The variant of an error.
pub(super) fn name(error: &CallError) -> &'static str {
    match error.inner() {
        CallError::NoLink { .. } => "NoLink",
        CallError::LinkLost { .. } => "LinkLost",
        CallError::TimedOut { .. } => "TimedOut",
        CallError::Overloaded { .. } => "Overloaded",
        CallError::CoolingDown { .. } => "CoolingDown",
        CallError::Signing(_) => "Signing",
        CallError::UnknownRole { .. } => "UnknownRole",
        CallError::Encode(_) => "Encode",
        CallError::TooLarge { .. } => "TooLarge",
        CallError::CellNotRunning { .. } => "CellNotRunning",
        CallError::ClockSkew { .. } => "ClockSkew",
        CallError::Expired => "Expired",
        CallError::ExpiredUnsent => "ExpiredUnsent",
        CallError::Arrived { .. } => "Arrived",
        CallError::Refused { .. } => "Refused",
        CallError::UnsafeToRepeat { .. } => "UnsafeToRepeat",
        CallError::Ambiguous { .. } => "Ambiguous",
        CallError::Fenced => "Fenced",
        CallError::NotInRelease { .. } => "NotInRelease",
        CallError::EmptyAnswer => "EmptyAnswer",
        CallError::UnexpectedResponse(_) => "UnexpectedResponse",
        CallError::Decode(_) => "Decode",
        CallError::Closed { .. } => "Closed",
        _ => "another",
    }
}
