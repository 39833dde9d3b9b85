//! The calls that were made lately, and what became of them.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use ham_devconductor::{CallId, Event, FailureKind, Outcome, Payload, Phase};
use holo_hash::DnaHash;
use holochain_types::prelude::Timestamp;
use serde_json::{Map, Value, json};

use crate::book::too_long;

/// The newest calls.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    order: VecDeque<CallId>,
    calls: HashMap<CallId, Map<String, Value>>,
}

impl Calls {
    /// A call that begins, as it is shown; `None` for another event.
    pub(crate) fn begin(&mut self, at: Timestamp, event: &Event) -> Option<Value> {
        let Event::Began { call, parent, cell, zome, function, provenance, payload } = event else {
            return None;
        };
        let shown = json!({
            "id": call.to_string(), "at": at.as_millis(), "dna": cell.dna_hash().to_string(),
            "agent": cell.agent_pubkey().to_string(), "caller": provenance.to_string(), "zome": zome.0, "fn": function.0,
            "payload": shown(payload), "outcome": "open", "ms": 0, "phases": {}, "wrote": [], "signals": 0, "logs": 0,
            "nested": [], "parent": parent.map(|parent| parent.to_string()),
        });
        let Value::Object(fields) = &shown else { return None };
        if let Some(parent) = parent.and_then(|parent| self.calls.get_mut(&parent))
            && let Some(Value::Array(nested)) = parent.get_mut("nested")
        {
            nested.push(call.to_string().into());
        }
        self.order.push_back(*call);
        self.calls.insert(*call, fields.clone());
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.calls.remove(&oldest);
        }
        Some(shown)
    }

    /// A call that ended, where it is known.
    pub(crate) fn end(
        &mut self,
        call: CallId,
        outcome: &Outcome,
        wrote: Vec<u64>,
        took: Duration,
        phases: &[(Phase, Duration)],
    ) -> Option<Value> {
        let shown = self.calls.get_mut(&call)?;
        judge(shown, outcome);
        shown.insert("wrote".into(), wrote.into());
        shown.insert("ms".into(), milliseconds(took));
        let phases = phases.iter().map(|(phase, took)| (word(*phase).to_owned(), milliseconds(*took)));
        shown.insert("phases".into(), Value::Object(phases.collect()));
        Some(Value::Object(shown.clone()))
    }

    /// The `post_commit` of a call ended.
    pub(crate) fn post_committed(&mut self, call: CallId, took: Duration) -> Option<Value> {
        let shown = self.calls.get_mut(&call)?;
        if let Some(Value::Object(phases)) = shown.get_mut("phases") {
            phases.insert("post_commit".into(), milliseconds(took));
        }
        Some(Value::Object(shown.clone()))
    }

    /// It caused one more of `signals` or `logs`.
    pub(crate) fn count(&mut self, call: Option<CallId>, what: &str) {
        let call = call.and_then(|call| self.calls.get_mut(&call));
        if let Some(count) = call.and_then(|call| call.get_mut(what)) {
            *count = (count.as_u64().unwrap_or(0) + 1).into();
        }
    }

    /// The DNA of the cell that it was made to.
    pub(crate) fn dna(&self, call: CallId) -> Option<DnaHash> {
        ham_json::hash(self.calls.get(&call)?.get("dna")?.as_str()?)
    }

    /// By its name, as it is shown.
    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        let call = self.order.iter().rev().find(|call| call.to_string() == name)?;
        self.calls.get(call).cloned().map(Value::Object)
    }

    /// A page of them before one that is named, the newest first.
    pub(crate) fn page(&self, before: Option<&str>, limit: usize) -> Vec<Value> {
        let mut calls = self.order.iter().rev();
        if let Some(before) = before {
            calls.find(|call| call.to_string() == before);
        }
        calls.take(limit).filter_map(|call| self.calls.get(call)).cloned().map(Value::Object).collect()
    }
}

fn judge(shown: &mut Map<String, Value>, outcome: &Outcome) {
    let mut put = |name: &str, value: Value| drop(shown.insert(name.to_owned(), value));
    match outcome {
        Outcome::Answered(payload) => {
            put("outcome", "answered".into());
            put("answer", self::shown(payload));
        }
        Outcome::Failed { kind, text, place } => {
            put("outcome", "error".into());
            put("effect", effect(*kind).into());
            put("error", json!({ "kind": kind_of(*kind), "text": text, "where": place }));
        }
        Outcome::NotRun(why) => {
            put("outcome", "not_run".into());
            put("effect", "nothing".into());
            put("error", json!({ "kind": "not-run", "text": why, "where": null }));
        }
        _ => {
            put("outcome", "unknown".into());
            put("effect", "unknown".into());
            let text = "who called it left before it ended";
            put("error", json!({ "kind": "abandoned", "text": text, "where": null }));
        }
    }
}

/// What is known of the called cell's chain after an error.
pub(crate) fn effect(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Conductor => "unknown",
        _ => "nothing",
    }
}

/// The name of a kind of error, as problems have it.
pub(crate) fn kind_of(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Zome => "zome-error",
        FailureKind::InvalidCommit => "invalid-commit",
        FailureKind::ChainMoved => "chain-moved",
        FailureKind::Unauthorized => "not-authorized",
        FailureKind::NoFunction => "function-not-found",
        _ => "conductor-error",
    }
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Queue => "queue",
        Phase::Init => "init",
        Phase::Zome => "zome",
        Phase::Validate => "validate",
        Phase::Write => "write",
        _ => "other",
    }
}

/// With hundredths.
fn milliseconds(took: Duration) -> Value {
    ((took.as_secs_f64() * 100_000.0).round() / 100.0).into()
}

/// A payload as JSON.
pub(crate) fn shown(payload: &Payload) -> Value {
    match payload {
        Payload::Whole(bytes) => ham_json::shown(bytes),
        Payload::TooLong(bytes) => too_long(*bytes),
    }
}

/// How many calls are kept.
const KEPT: usize = 10_000;
