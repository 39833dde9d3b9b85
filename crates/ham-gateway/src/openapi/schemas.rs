//! The schemas of answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::kind::Kind;

/// Which problems an operation can end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problems {
    /// Those of any request.
    Open,
    /// Those of a key as well.
    Key,
    /// Those of an app.
    App,
    /// Those of the feed.
    Feed,
    /// Those of subscriptions over a WebSocket.
    Socket,
    /// Those of the outbox.
    Resource,
    /// All that a call has.
    Call,
}

/// The problems by their statuses.
pub(super) fn problems(which: Problems) -> BTreeMap<u16, Vec<Kind>> {
    let mut by_status = BTreeMap::<u16, Vec<Kind>>::new();
    for kind in Kind::ALL.iter().filter(|kind| has(which, **kind)) {
        by_status.entry(kind.status().as_u16()).or_default().push(*kind);
    }
    by_status
}

fn has(which: Problems, kind: Kind) -> bool {
    use Kind as K;
    let any = matches!(kind, K::BadRequest | K::OriginNotAllowed | K::HostNotAllowed | K::TooManyConnections);
    let key = matches!(kind, K::NoKey | K::BadKey | K::NotAllowed | K::QuotaExceeded);
    match which {
        Problems::Open => any,
        Problems::Key => any || key,
        Problems::App => any || key || matches!(kind, K::AppNotFound | K::ConductorUnreachable | K::NotSent),
        Problems::Feed => any || key || matches!(kind, K::NotFound | K::ShuttingDown),
        Problems::Socket => has(Problems::Feed, kind) || kind == K::UpgradeRequired,
        Problems::Resource => {
            any || key
                || matches!(
                    kind,
                    K::NotFound | K::WaitTooLong | K::StoreBusy | K::StoreFull | K::StoreUnavailable
                )
        }
        Problems::Call => !matches!(kind, K::MethodNotAllowed | K::UpgradeRequired),
    }
}

/// The schema of an answer of this type.
pub(super) fn of(kind: &str, schema: &str) -> Value {
    match kind {
        "application/json" => json!({ "$ref": format!("#/components/schemas/{schema}") }),
        "application/vnd.msgpack" => json!({ "type": "string", "contentEncoding": "binary" }),
        _ => json!({ "type": "string" }),
    }
}

pub(super) fn all() -> Value {
    let time = || json!({ "type": ["string", "null"], "format": "date-time" });
    let word = |words: &[&str]| json!({ "type": "string", "enum": words });
    let maybe = |words: &[&str]| {
        let words: Vec<Option<&str>> = words.iter().copied().map(Some).chain([None]).collect();
        json!({ "enum": words })
    };
    let outcomes = ["not_run", "unknown", "arrived", "answered"];
    let why = || json!({ "type": ["string", "null"] });
    let app = json!({ "id": { "type": "string" }, "ready": { "type": "boolean" }, "why": why() });
    let mut whole = app.clone();
    whole["status"] = json!({ "type": "object" });
    whole["agent"] = json!({ "$ref": "#/components/schemas/Hash" });
    whole["roles"] = json!({ "type": "array", "items": { "type": "object" } });
    json!({
        "Anything": {},
        "Payload": { "description": "JSON by the convention of `ham call`: `{\"$hash\": \"uhC…\"}` is a hash, `{\"$bytes\": \"base64\"}` other bytes; an output that JSON cannot show is `{\"$messagepack\": \"base64\", \"why\": \"…\"}`" },
        "Hash": { "type": "object", "properties": { "$hash": { "type": "string" } }, "required": ["$hash"] },
        "Problem": {
            "type": "object",
            "properties": {
                "type": { "type": "string", "format": "uri" }, "title": { "type": "string" }, "status": { "type": "integer" },
                "detail": { "type": "string" }, "outcome": word(&outcomes), "effect": word(&["nothing", "unknown"]),
                "settled": { "type": "boolean" },
                "retry": word(&["same", "new-key", "wait", "reconcile", "fix", "operator"]),
                "retry_after_s": { "type": "integer" }, "call": { "type": "string" },
                "not_started_after": { "type": "string" }, "request_id": { "type": "string" },
            },
            "required": ["type", "title", "status", "detail", "outcome", "effect", "settled", "retry", "request_id"],
        },
        "Call": {
            "type": "object",
            "properties": {
                "id": { "type": "string" }, "app": { "type": "string" }, "role": { "type": "string" }, "zome": { "type": "string" },
                "fn": { "type": "string" }, "key": { "type": "string" }, "idempotency_key": why(), "state": { "type": "string" },
                "outcome": maybe(&outcomes), "effect": maybe(&["nothing", "unknown"]), "why": why(),
                "attempts": { "type": "integer" }, "accepted_at": time(), "deliver_until": time(), "not_started_after": time(),
                "settled_at": time(), "kept_until": time(), "answer": {}, "problem": { "type": "object" },
            },
            "required": ["id", "app", "role", "zome", "fn", "state", "outcome"],
        },
        "Calls": {
            "type": "object", "required": ["calls"],
            "properties": { "calls": { "type": "array", "items": { "$ref": "#/components/schemas/Call" } } },
        },
        "App": { "type": "object", "properties": whole, "required": ["id", "ready"] },
        "Apps": {
            "type": "object", "required": ["apps"],
            "properties": { "apps": { "type": "array", "items": { "type": "object", "properties": app, "required": ["id", "ready"] } } },
        },
        "Ready": {
            "type": "object", "required": ["ready"],
            "properties": { "ready": { "type": "boolean" }, "why": why(), "apps": { "type": "object" } },
        },
    })
}
