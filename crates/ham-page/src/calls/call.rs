//! One call: kept as the bytes that were reported, and converted to JSON only on request.

use std::time::Duration;

use ham_devconductor::{CallId, Event, Outcome, Payload, Phase};
use holo_hash::{ActionHash, AgentPubKey};
use holochain_types::prelude::{CellId, Timestamp};
use serde_json::{Map, Value, json};

use super::words::{effect, kind_of, word};
use crate::action_log::too_long;
use crate::newest::Size;

#[derive(Debug)]
pub(super) struct Call {
    at: Timestamp,
    pub(super) cell: CellId,
    caller: AgentPubKey,
    zome: String,
    function: String,
    payload: Payload,
    pub(super) parent: Option<CallId>,
    pub(super) nested: Vec<CallId>,
    pub(super) signals: u64,
    pub(super) logs: u64,
    pub(super) wrote: Vec<ActionHash>,
    pub(super) took: Duration,
    pub(super) phases: Vec<(Phase, Duration)>,
    pub(super) post_commit: Option<Duration>,
    /// `None` while it is running.
    pub(super) end: Option<End>,
}

#[derive(Debug)]
pub(super) enum End {
    Told(Outcome),
    /// Its end was among the lost events.
    NotSeen,
}

impl Call {
    /// A call that begins; `None` for any other event.
    pub(super) fn begin(at: Timestamp, event: &Event) -> Option<(CallId, Self)> {
        let Event::Began { call, parent, cell, zome, function, provenance, payload } = event else {
            return None;
        };
        let begun = Self {
            at,
            cell: cell.clone(),
            caller: provenance.clone(),
            zome: zome.to_string(),
            function: function.0.clone(),
            payload: payload.clone(),
            parent: *parent,
            nested: Vec::new(),
            signals: 0,
            logs: 0,
            wrote: Vec::new(),
            took: Duration::ZERO,
            phases: Vec::new(),
            post_commit: None,
            end: None,
        };
        Some((*call, begun))
    }

    /// In the form that the page uses. Its writes are given by hash: positions change when chains are read again.
    pub(super) fn json(&self, id: CallId) -> Value {
        let names = |calls: &[CallId]| calls.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut phases: Map<String, Value> =
            self.phases.iter().map(|(phase, took)| (word(*phase).to_owned(), milliseconds(*took))).collect();
        phases.extend(self.post_commit.map(|took| ("post_commit".to_owned(), milliseconds(took))));
        let payload = shown(&self.payload);
        // Numbers that a browser rounds are also given as text; what cannot be shown cannot be sent again.
        let argument = payload.get("$messagepack").is_none().then(|| payload.to_string());
        let (outcome, effect, answer, error) = self.ended();
        let mut json = json!({
            "id": id.to_string(), "at": self.at.as_millis(), "dna": self.cell.dna_hash().to_string(),
            "agent": self.cell.agent_pubkey().to_string(), "caller": self.caller.to_string(), "zome": self.zome,
            "fn": self.function, "payload": payload, "argument": argument, "outcome": outcome,
            "ms": milliseconds(self.took), "phases": phases,
            "wrote": self.wrote.iter().map(ToString::to_string).collect::<Vec<_>>(), "signals": self.signals,
            "logs": self.logs, "nested": names(&self.nested), "parent": self.parent.map(|parent| parent.to_string()),
        });
        for (name, value) in [("effect", effect.map(Value::from)), ("answer", answer), ("error", error)] {
            if let Some(value) = value {
                json[name] = value;
            }
        }
        json
    }

    /// Its outcome, its effect if it failed, its answer, its error.
    fn ended(&self) -> (&'static str, Option<&'static str>, Option<Value>, Option<Value>) {
        let error = |kind: &str, text: &str, place: Option<&String>| {
            Some(json!({ "kind": kind, "text": text, "where": place }))
        };
        match &self.end {
            None => ("open", None, None, None),
            Some(End::Told(Outcome::Answered(payload))) => ("answered", None, Some(shown(payload)), None),
            Some(End::Told(Outcome::Failed { kind, text, place })) => {
                ("error", Some(effect(*kind)), None, error(kind_of(*kind), text, place.as_ref()))
            }
            Some(End::Told(Outcome::NotRun(why))) => {
                ("not_run", Some("nothing"), None, error("not-run", why, None))
            }
            Some(End::Told(_)) => {
                let text = "the caller left before it ended";
                ("unknown", Some("unknown"), None, error("abandoned", text, None))
            }
            Some(End::NotSeen) => {
                ("unknown", Some("unknown"), None, error("not-seen", "its end was not seen", None))
            }
        }
    }
}

impl Size for Call {
    fn bytes(&self) -> usize {
        let payload = |payload: &Payload| match payload {
            Payload::Whole(bytes) => bytes.len(),
            Payload::TooLong(_) => 0,
        };
        let end = match &self.end {
            Some(End::Told(Outcome::Answered(answer))) => payload(answer),
            Some(End::Told(Outcome::Failed { text, place, .. })) => {
                text.len() + place.as_ref().map_or(0, String::len)
            }
            Some(End::Told(Outcome::NotRun(why))) => why.len(),
            _ => 0,
        };
        let lists = self.wrote.len() * HASH + self.nested.len() * size_of::<CallId>();
        ITSELF + self.zome.len() + self.function.len() + payload(&self.payload) + end + lists
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

/// Roughly what a call takes in bytes, without its values.
const ITSELF: usize = 1024;
/// Roughly what a hash takes, in bytes.
const HASH: usize = 80;
