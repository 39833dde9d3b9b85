//! Prepared calls and lost ones: sent, sent again, fenced.

use std::time::Duration;

use ham::{CallOptions, CallPolicy, FenceError, Fenced};
use tokio::time::{Instant, timeout};

use super::call::FOR_EVER;
use super::desk::Kept;
use super::plan::Called;
use super::task::Task;
use crate::event::Happened;

impl Task {
    pub(super) async fn prepare(&self, called: Called, deadline: Duration) {
        let began = Instant::now();
        let prepared =
            self.ham.prepare(called.role, called.zome(), called.function(), called.input(), deadline);
        let prepared = timeout(deadline + FOR_EVER, prepared).await;
        self.world.late("prepare", began, deadline);
        if let Ok(Ok(signed)) = prepared
            && let Some(kept) = self.desk.keep(&self.world, signed)
        {
            self.desk.write_down(&kept).await;
            let Kept { call, nonce, .. } = kept;
            self.world.note(Happened::Prepared { task: self.number, call, nonce, does: called.does });
        }
    }

    pub(crate) async fn send(&self, kept: Kept, resume: bool, deadline: Duration) {
        let policy = if resume { CallPolicy::Resume } else { CallPolicy::FailFast };
        let options = CallOptions::default().with_deadline(deadline).with_policy(policy);
        let Kept { call, nonce, signed } = kept;
        self.world.note(Happened::Sent { task: self.number, call, nonce });
        let began = Instant::now();
        let result = timeout(deadline + FOR_EVER, self.ham.send_signed(&signed, options)).await;
        self.world.late("send_signed", began, deadline);
        if let Ok(result) = result {
            self.told(call, Some(nonce), result);
        }
    }

    pub(crate) async fn fence(&self, kept: Kept, within: Duration) {
        // Whoever reads the journal after a crash must know about the fence.
        kept.signed.begin_fence();
        self.desk.write_down(&kept).await;
        let Kept { call, nonce, signed } = kept;
        self.world.note(Happened::FenceBegan { task: self.number, call, nonce });
        let began = Instant::now();
        let result = timeout(within + FOR_EVER, self.ham.fence(&signed, Some(within))).await;
        self.world.late("fence", began, within);
        let verdict = match result {
            Ok(Ok(Fenced::NeverRan)) => "NeverRan",
            Ok(Ok(Fenced::Arrived)) => "Arrived",
            Ok(Ok(Fenced::TooLate)) => "TooLate",
            Ok(Ok(Fenced::Ambiguous)) => "Ambiguous",
            Ok(Ok(_)) => "another",
            Ok(Err(error)) => failed(&error),
            Err(_) => return,
        };
        self.world.note(Happened::Fenced { task: self.number, call, nonce, verdict });
    }
}

/// Why a fence failed.
fn failed(error: &FenceError) -> &'static str {
    match error {
        FenceError::NoLink { .. } => "no link",
        FenceError::LinkLost { .. } => "the link was lost",
        FenceError::TimedOut { .. } => "no answer",
        FenceError::Overloaded { .. } => "overloaded",
        FenceError::Signing(_) => "not signed",
        FenceError::CellNotRunning { .. } => "the cell does not run",
        FenceError::ClockSkew => "the clocks disagree",
        FenceError::Refused { .. } => "refused",
        FenceError::Init => "init",
        _ => "another error",
    }
}
