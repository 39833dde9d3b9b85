//! The recent calls, and how they ended.

mod call;
mod words;

use std::time::Duration;

use ham_devconductor::{CallId, Event, Outcome, Phase};
use holo_hash::{ActionHash, DnaHash};
use holochain_types::prelude::Timestamp;
use serde_json::Value;

use crate::newest::Newest;
use call::{Call, End};

pub(crate) use call::shown;
pub(crate) use words::{effect, kind_of};

/// The newest calls.
#[derive(Debug)]
pub(crate) struct Calls(Newest<CallId, Call>);

impl Default for Calls {
    fn default() -> Self {
        Self(Newest::new(KEPT, KEPT_BYTES))
    }
}

impl Calls {
    /// A call that begins, as it is shown; `None` for any other event.
    pub(crate) fn begin(&mut self, at: Timestamp, event: &Event) -> Option<Value> {
        let (id, call) = Call::begin(at, event)?;
        if let Some(parent) = call.parent {
            self.0.change(&parent, |parent| parent.nested.push(id));
        }
        let shown = call.json(id);
        self.0.push(id, call);
        Some(shown)
    }

    /// A call that ended, if it is known.
    pub(crate) fn end(
        &mut self,
        call: CallId,
        outcome: &Outcome,
        wrote: &[ActionHash],
        took: Duration,
        phases: &[(Phase, Duration)],
    ) -> Option<Value> {
        self.change(call, |call| {
            call.end = Some(End::Told(outcome.clone()));
            call.wrote = wrote.to_vec();
            call.took = took;
            call.phases = phases.to_vec();
        })
    }

    /// The `post_commit` of a call ended.
    pub(crate) fn post_committed(&mut self, call: CallId, took: Duration) -> Option<Value> {
        self.change(call, |call| call.post_commit = Some(took))
    }

    /// The calls that are running, as far as is known.
    pub(crate) fn open(&self) -> Vec<CallId> {
        self.0.iter().filter(|(_, call)| call.end.is_none()).map(|(id, _)| id).collect()
    }

    /// Its end may be among the lost events. If it ends later, it is reported again.
    pub(crate) fn not_seen(&mut self, call: CallId) -> Option<Value> {
        self.change(call, |call| call.end = Some(End::NotSeen))
    }

    /// It sent a signal.
    pub(crate) fn signalled(&mut self, call: Option<CallId>) {
        call.and_then(|call| self.0.change(&call, |call| call.signals += 1));
    }

    /// It logged a line.
    pub(crate) fn logged(&mut self, call: Option<CallId>) {
        call.and_then(|call| self.0.change(&call, |call| call.logs += 1));
    }

    /// The DNA of the cell that it was made to.
    pub(crate) fn dna(&self, call: CallId) -> Option<&DnaHash> {
        self.0.get(&call).map(|call| call.cell.dna_hash())
    }

    /// What calls wrote in a DNA, oldest call first.
    pub(crate) fn written(&self, dna: &DnaHash) -> impl Iterator<Item = (CallId, &[ActionHash])> {
        let calls = self.0.iter().filter(move |(_, call)| call.cell.dna_hash() == dna);
        calls.map(|(id, call)| (id, &call.wrote[..]))
    }

    /// The call with this name, as it is shown.
    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        let (id, call) = self.0.iter().rev().find(|(id, _)| id.to_string() == name)?;
        Some(call.json(id))
    }

    /// The calls before a named one, newest first, each rendered when it is its turn.
    pub(crate) fn before(&self, before: Option<&str>) -> impl Iterator<Item = Value> {
        let mut calls = self.0.iter().rev();
        if let Some(before) = before {
            calls.find(|(id, _)| id.to_string() == before);
        }
        calls.map(|(id, call)| call.json(id))
    }

    fn change(&mut self, id: CallId, change: impl FnOnce(&mut Call)) -> Option<Value> {
        self.0.change(&id, |call| {
            change(call);
            call.json(id)
        })
    }
}

/// How many calls are kept, and how many bytes of them.
const KEPT: usize = 10_000;
const KEPT_BYTES: usize = 64 << 20;
