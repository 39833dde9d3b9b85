//! Makes a call in its way, and records everything that is told of it.

use ham::holochain_client::ExternIO;
use ham::{CallError, CallOptions, CallPolicy, CallTarget, Fenced, PersistentHam, SignedCall};
use tokio::task::JoinSet;

use super::call::{Call, Way};
use super::error::DemoError;
use super::journal::Journal;
use super::meter::Meter;
use super::options::{CALL_DEADLINE, SHORT_DEADLINE};
use super::probe::ZOME;
use super::told::{Ending, Told};

/// The maker of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller<'a> {
    pub(super) ham: &'a PersistentHam,
    pub(super) cell: &'a CallTarget,
    /// The next end of a call in this load is the moment at which something is dropped: without a clock, and at any moment.
    pub(super) meter: &'a Meter,
}

impl Caller<'_> {
    /// Makes the call, whatever becomes of it.
    pub(super) async fn make(self, call: Call, call_id: String) -> Result<Told, DemoError> {
        let mut told = Told::default();
        match call.way {
            Way::Called(policy) => {
                told.hear(&self.call(call, policy, call_id).await);
            }
            Way::Fenced => {
                let Some(signed) = self.prepare(self.ham, call, call_id, &mut told).await else {
                    return Ok(told);
                };
                told.hear(&self.ham.send_signed(&signed, options(call)).await);
                if matches!(told.ending(), Ending::Unknown | Ending::Arrived) {
                    told.hear_fence(self.ham.fence(&signed, Some(CALL_DEADLINE)).await);
                }
            }
            Way::FencedUnsent => {
                if let Some(signed) = self.prepare(self.ham, call, call_id, &mut told).await {
                    self.fence_unsent(&signed, call, &mut told).await;
                }
            }
            Way::TwoSenders => {
                if let Some(signed) = self.prepare(self.ham, call, call_id, &mut told).await {
                    self.send_twice(&signed, call, &mut told).await;
                }
            }
            Way::Resumed | Way::ResumedByFence => self.outlive(call, call_id, &mut told).await?,
        }
        Ok(told)
    }

    async fn call(self, call: Call, policy: CallPolicy, call_id: String) -> Result<ExternIO, CallError> {
        let argument = ExternIO::encode(call.kind.argument(call_id));
        let argument = argument.map_err(|error| CallError::Encode(error.to_string()))?;
        let options = options(call).with_policy(policy);
        self.ham.call_zome_raw(self.cell.clone(), ZOME, call.kind.function(), argument, options).await
    }

    /// Signs it. If that fails, nothing was sent, and that is what must be told.
    async fn prepare(
        self,
        ham: &PersistentHam,
        call: Call,
        call_id: String,
        told: &mut Told,
    ) -> Option<SignedCall> {
        let argument = call.kind.argument(call_id);
        let signed =
            ham.prepare(self.cell.clone(), ZOME, call.kind.function(), argument, CALL_DEADLINE).await;
        signed.map_err(|error| told.hear(&Err::<(), _>(error))).ok()
    }

    /// However the first fence ended, only fences burnt the nonce: they must not say that the call arrived, and nothing
    /// may run after them.
    async fn fence_unsent(self, signed: &SignedCall, call: Call, told: &mut Told) {
        tokio::select! {
            biased;
            () = self.moment() => {}
            fenced = self.ham.fence(signed, Some(CALL_DEADLINE)) => told.hear_fence(fenced),
        }
        let fenced = self.ham.fence(signed, Some(CALL_DEADLINE)).await;
        let burnt = matches!(fenced, Ok(Fenced::NeverRan));
        told.hear_fence(fenced);
        if burnt {
            let hasty = Call { deadline: SHORT_DEADLINE, ..call };
            told.hear(&self.ham.send_signed(signed, options(hasty)).await);
        }
    }

    async fn send_twice(self, signed: &SignedCall, call: Call, told: &mut Told) {
        let mut senders = JoinSet::new();
        for deadline in [call.deadline, SHORT_DEADLINE] {
            let (ham, signed) = (self.ham.clone(), signed.clone());
            senders.spawn(async move { ham.send_signed(&signed, options(Call { deadline, ..call })).await });
        }
        while let Some(sender) = senders.join_next().await {
            match sender {
                Ok(result) => told.hear(&result),
                Err(failed) => std::panic::resume_unwind(failed.into_panic()),
            }
        }
    }

    /// A service with a connection of its own that dies during its call, and the service that is started in its place.
    async fn outlive(self, call: Call, call_id: String, told: &mut Told) -> Result<(), DemoError> {
        let journal = Journal::open().map_err(DemoError::Journal)?;
        let service = PersistentHam::start(self.ham.config().clone())?;
        let Some(signed) = self.prepare(&service, call, call_id, told).await else { return Ok(()) };
        journal.write(&signed).await.map_err(DemoError::Journal)?;
        tokio::select! {
            biased;
            () = self.moment() => {}
            result = service.send_signed(&signed, options(call)) => told.hear(&result),
        }
        drop((signed, service));

        let next = PersistentHam::start(self.ham.config().clone())?;
        let signed = journal.read().await.map_err(DemoError::Journal)?;
        if call.way == Way::ResumedByFence {
            told.hear_fence(next.fence(&signed, Some(CALL_DEADLINE)).await);
        } else {
            let patient = Call { deadline: CALL_DEADLINE, ..call };
            told.hear(&next.send_signed(&signed, options(patient)).await);
        }
        next.close().await;
        Ok(())
    }

    /// Some moment under way: another call ends.
    async fn moment(self) {
        self.meter.until_ended(self.meter.ended() + 1).await;
    }
}

fn options(call: Call) -> CallOptions {
    let options = CallOptions::default().with_deadline(call.deadline);
    // Calls that cannot write need no lane, so that several calls of one cell are under way at once.
    if call.kind.may_write() { options } else { options.with_read_only() }
}
