//! The callers of a soak.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::future::try_join_all;
use ham::holochain_client::ExternIO;
use ham::{CallError, CallOptions, CallPolicy, CallTarget, PersistentHam};
use tokio::sync::watch;

use super::options::{SOAK_CALLERS, SoakOptions, WRITE_EVERY};
use crate::demo::call::{Call, REPEATS, Way};
use crate::demo::caller::Caller;
use crate::demo::error::DemoError;
use crate::demo::ledger::Ledger;
use crate::demo::meter::Meter;
use crate::demo::options::CALL_DEADLINE;
use crate::demo::probe::{Kind, ZOME};
use crate::demo::told::{Ending, Told};

/// A running load.
#[derive(Debug)]
pub(super) struct Load<'a> {
    ham: &'a PersistentHam,
    cells: &'a [CallTarget],
    ledger: &'a Ledger,
    calls: u64,
    taken: AtomicU64,
    ended: watch::Sender<u64>,
    /// Only for the ways that need one.
    meter: Meter,
    echoes: Mutex<Echoes>,
}

/// How the calls that echo ended.
#[derive(Debug, Default)]
pub(super) struct Echoes {
    pub(super) told: BTreeMap<String, u64>,
    /// Answers that do not match the request.
    pub(super) wrong: u64,
}

impl<'a> Load<'a> {
    pub(super) fn new(
        ham: &'a PersistentHam,
        cells: &'a [CallTarget],
        ledger: &'a Ledger,
        options: &SoakOptions,
    ) -> Self {
        Self {
            ham,
            cells,
            ledger,
            calls: options.calls,
            taken: AtomicU64::new(0),
            ended: watch::Sender::new(0),
            meter: Meter::new(),
            echoes: Mutex::default(),
        }
    }

    /// Runs all callers until all calls have ended. The callers are futures, not tasks: dropping this ends them.
    pub(super) async fn run(&self) -> Result<(), DemoError> {
        try_join_all((0..SOAK_CALLERS).map(|_| self.call_on())).await.map(drop)
    }

    pub(super) fn ended(&self) -> u64 {
        *self.ended.borrow()
    }

    /// Resolves when this many calls have ended.
    pub(super) async fn until_ended(&self, calls: u64) {
        let mut ended = self.ended.subscribe();
        // The sender is in `self`, so the channel cannot close.
        let _ = ended.wait_for(|count| *count >= calls).await;
    }

    pub(super) fn into_echoes(self) -> Echoes {
        self.echoes.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    async fn call_on(&self) -> Result<(), DemoError> {
        loop {
            let number = self.taken.fetch_add(1, Ordering::Relaxed);
            if number >= self.calls {
                return Ok(());
            }
            let policy = policy(number);
            if number.is_multiple_of(WRITE_EVERY) {
                self.write(number, policy).await?;
            } else {
                self.echo(number, policy).await?;
            }
            self.ended.send_modify(|count| *count += 1);
        }
    }

    async fn echo(&self, number: u64, policy: CallPolicy) -> Result<(), DemoError> {
        let text = number.to_string();
        let encode = |error| DemoError::calling("encode a text")(CallError::Encode(format!("{error}")));
        let argument = ExternIO::encode(&text).map_err(encode)?;
        let options =
            CallOptions::default().with_policy(policy).with_deadline(CALL_DEADLINE).with_read_only();
        let cell = self.cell(number);
        let answer = self.ham.call_zome_raw(cell, ZOME, "echo_text", argument, options).await;
        let mut echoes = self.echoes.lock().unwrap_or_else(PoisonError::into_inner);
        *echoes.told.entry(Ending::of(&answer).label().to_owned()).or_default() += 1;
        let right = |answer: &ExternIO| answer.decode::<String>().is_ok_and(|answer| answer == text);
        echoes.wrong += u64::from(answer.is_ok_and(|answer| !right(&answer)));
        Ok(())
    }

    async fn write(&self, number: u64, policy: CallPolicy) -> Result<(), DemoError> {
        let call = Call { way: Way::Called(policy), ..Call::patient(Kind::Create) };
        let (call_id, cell) = (self.ledger.open(), self.cell(number));
        let caller = Caller { ham: self.ham, cell: &cell, meter: &self.meter };
        let told: Told = caller.make(call, call_id.clone()).await?;
        self.ledger.close(call_id, call, told, false);
        Ok(())
    }

    /// Writes go to the cells in turn.
    fn cell(&self, number: u64) -> CallTarget {
        let place = (number / WRITE_EVERY) as usize % self.cells.len();
        self.cells[place].clone()
    }
}

/// Most calls are resumed; some fail fast, some are repeated.
fn policy(number: u64) -> CallPolicy {
    match number % 10 {
        0..=6 => CallPolicy::Resume,
        7 | 8 => CallPolicy::Repeat { times: REPEATS },
        _ => CallPolicy::FailFast,
    }
}
