//! Ties a log line, a signal and a write to the call that caused them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use holo_hash::ActionHash;
use holochain_types::prelude::{
    AppSignal, CellId, Entry, FunctionName, Record, RecordEntry, SignedActionHashed, TraceMsg,
    ZomeCallParams, ZomeCallResponse, ZomeName,
};
use tokio::time::Instant;

use super::event::{CallId, Event};
use super::feed::Feed;
use super::judged::Outcome;
use super::payload::{MAX_SHOWN, Payload};
use super::phase::{Phase, Phases};
use crate::error::ApiError;

/// Accompanies a call to everything that it starts. Empty while nobody watches. A copy belongs to the same call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trace {
    feed: Option<Arc<Feed>>,
    call: Option<Arc<Call>>,
}

#[derive(Debug)]
struct Call {
    id: CallId,
    progress: Mutex<CallProgress>,
}

#[derive(Debug)]
struct CallProgress {
    phases: Phases,
    wrote: Vec<ActionHash>,
}

impl Trace {
    /// The trace of something that no call started.
    pub(crate) fn of(feed: &Arc<Feed>) -> Self {
        Self { feed: feed.is_watched().then(|| Arc::clone(feed)), call: None }
    }

    /// The trace of a call that begins now, made by the call that this trace belongs to.
    pub(crate) fn begin(&self, feed: &Arc<Feed>, params: &ZomeCallParams) -> Watched {
        if !feed.is_watched() {
            return Watched(Self::default());
        }
        let id = feed.name_call();
        feed.tell(|| Event::Began {
            call: id,
            parent: self.id(),
            cell: params.cell_id.clone(),
            zome: params.zome_name.clone(),
            function: params.fn_name.clone(),
            provenance: params.provenance.clone(),
            payload: Payload::of(params.payload.as_bytes()),
        });
        let progress = Mutex::new(CallProgress { phases: Phases::begin(), wrote: Vec::new() });
        Watched(Self { feed: Some(Arc::clone(feed)), call: Some(Arc::new(Call { id, progress })) })
    }

    fn id(&self) -> Option<CallId> {
        self.call.as_ref().map(|call| call.id)
    }

    fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(feed) = &self.feed {
            feed.tell(event);
        }
    }

    fn progress(&self, change: impl FnOnce(&mut CallProgress)) {
        if let Some(call) = &self.call {
            change(&mut call.progress.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// The call enters its next phase.
    pub(crate) fn enter(&self, phase: Phase) {
        self.progress(|progress| progress.phases.enter(phase));
    }

    /// The call wrote this.
    pub(crate) fn wrote(&self, actions: &[SignedActionHashed]) {
        self.progress(|progress| {
            progress.wrote.extend(actions.iter().map(|action| action.as_hash().clone()));
        });
    }

    pub(crate) fn signal(&self, cell: &CellId, zome: &ZomeName, signal: &AppSignal) {
        self.tell(|| Event::Signal {
            call: self.id(),
            cell: cell.clone(),
            zome: zome.clone(),
            payload: Payload::of(signal.clone().into_inner().as_bytes()),
        });
    }

    pub(crate) fn log(
        &self,
        cell: Option<&CellId>,
        zome: &ZomeName,
        function: &FunctionName,
        line: &TraceMsg,
    ) {
        self.tell(|| Event::Log {
            call: self.id(),
            cell: cell.cloned(),
            zome: zome.clone(),
            function: function.clone(),
            level: line.level.clone(),
            text: line.msg[..line.msg.floor_char_boundary(MAX_SHOWN)].to_owned(),
        });
    }

    /// Reports, when it is dropped, how long the `post_commit` that begins now ran.
    pub(crate) fn post_commit(&self) -> PostCommit {
        PostCommit { trace: self.clone(), began: Instant::now() }
    }
}

/// Reports that a call ended: how, or, if it is dropped, that nobody knows.
#[derive(Debug)]
pub(crate) struct Watched(Trace);

impl Watched {
    pub(crate) fn trace(&self) -> Trace {
        self.0.clone()
    }

    pub(crate) fn id(&self) -> Option<CallId> {
        self.0.id()
    }

    pub(crate) fn end(mut self, answer: &Result<ZomeCallResponse, ApiError>) {
        let trace = std::mem::take(&mut self.0);
        ended(&trace, || Outcome::of(answer));
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        ended(&self.0, || Outcome::Abandoned);
    }
}

fn ended(trace: &Trace, outcome: impl FnOnce() -> Outcome) {
    let Some(call) = trace.id() else { return };
    let (mut phases, mut wrote) = (None, Vec::new());
    trace.progress(|progress| {
        phases = Some(progress.phases.end());
        wrote = std::mem::take(&mut progress.wrote);
    });
    let (phases, took) = phases.unwrap_or_default();
    trace.tell(|| Event::Ended { call, outcome: outcome(), wrote, took, phases });
}

#[derive(Debug)]
pub(crate) struct PostCommit {
    trace: Trace,
    began: Instant,
}

impl Drop for PostCommit {
    fn drop(&mut self) {
        if let Some(call) = self.trace.id() {
            self.trace.tell(|| Event::PostCommitted { call, took: self.began.elapsed() });
        }
    }
}

impl Feed {
    /// What was staged before a commit, if someone watches.
    pub(crate) fn staged(&self, records: impl FnOnce() -> Vec<Record>) -> Vec<Record> {
        if self.is_watched() { records() } else { Vec::new() }
    }

    /// These actions were written; their entries are among what was staged.
    pub(crate) fn committed(&self, cell: &CellId, actions: &[SignedActionHashed], staged: Vec<Record>) {
        if actions.is_empty() {
            return;
        }
        self.tell(|| {
            let entries: HashMap<_, _> = staged
                .iter()
                .filter_map(|record| Some((record.action().entry_hash()?, record.entry().as_option()?)))
                .collect();
            let entry = |action: &SignedActionHashed| {
                let Some(hash) = action.action().entry_hash() else { return RecordEntry::NA };
                match entries.get(hash).copied() {
                    Some(entry) if is_short(entry) => RecordEntry::Present(entry.clone()),
                    _ => RecordEntry::NotStored,
                }
            };
            let records = actions.iter().map(|action| Record::new(action.clone(), entry(action)));
            Event::Committed { cell: cell.clone(), records: records.collect() }
        });
    }
}

fn is_short(entry: &Entry) -> bool {
    match entry {
        Entry::App(bytes) => bytes.as_ref().bytes().len() <= MAX_SHOWN,
        _ => true,
    }
}
