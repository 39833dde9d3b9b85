//! The operations.

use super::parameters::{ID, Parameter, Taken, header, query};
use super::schemas::Problems;

/// One method of one address.
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    /// The scope that a key needs; `None` if no key is needed.
    pub(super) scope: Option<&'static str>,
    /// Headers and queries.
    pub(super) parameters: &'static [Parameter],
    pub(super) has_body: bool,
    /// Statuses of successful answers, their types, and their descriptions.
    pub(super) answers: &'static [(&'static str, &'static [&'static str], &'static str)],
    /// The schema of JSON answers.
    pub(super) schema: &'static str,
    pub(super) problems: Problems,
}

const JSON: &[&str] = &["application/json"];
const CALLED: &[&str] = &["application/json", "application/vnd.msgpack"];
const TEXT: &[&str] = &["text/plain"];
const EVENTS: &[&str] = &["text/event-stream"];
const NOTHING: &[&str] = &[];
const WAIT: Parameter = header(
    "Prefer",
    Taken::Text("^wait=([0-9]|[1-9][0-9]|[12][0-9]{2}|300)$"),
    "`wait=30`: how many seconds the request waits; at most 300",
);
const CALLS: Option<&str> = Some("the scope `calls`; its own calls, with `calls:all` everybody's");

/// A method that reads and needs no further description.
const fn get(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation {
        path,
        method: "get",
        id,
        summary,
        scope: None,
        parameters: &[],
        has_body: false,
        answers: &[("200", JSON, "What was asked for")],
        schema: "Anything",
        problems: Problems::Open,
    }
}

/// All of them.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        method: "post",
        scope: Some("the scope `calls`, the app and the function"),
        parameters: &[
            header(
                "Idempotency-Key",
                Taken::Text("^[!#-~][!-~]{0,254}$"),
                "A name of your own for this one call: under it the call is made at most once",
            ),
            header(
                "Prefer",
                Taken::Text(
                    "^(wait=([0-9]|[1-9][0-9]|[12][0-9]{2}|300)|respond-async|wait=([0-9]|[1-9][0-9]|[12][0-9]{2}|300), respond-async)$",
                ),
                "`wait=10`: how many seconds the request waits; `respond-async`: it may be answered before the call is made",
            ),
            header(
                "Ham-Deliver-Within",
                Taken::Number(0, 604_800),
                "For how many seconds an asynchronous call is tried",
            ),
            header(
                "X-Request-Id",
                Taken::Text("^[!-~]{1,128}$"),
                "A name for the request; one that may be a secret is replaced",
            ),
        ],
        has_body: true,
        answers: &[
            ("200", CALLED, "The function's output"),
            ("202", NOTHING, "The call is on disk; `Location` is where it can be followed"),
        ],
        schema: "Payload",
        problems: Problems::Call,
        ..get("/api/v1/apps/{app}/roles/{role}/zomes/{zome}/fns/{function}", "call", "Call a zome function")
    },
    Operation {
        scope: CALLS,
        parameters: &[
            query("state", Taken::Word(&["open"]), "`open`, and no `outcome`"),
            query("order", Taken::Word(&["newest", "oldest"]), "The order"),
            query("limit", Taken::Number(1, 100), "How many"),
            query("after", Taken::Text(ID), "The last ID of the previous page"),
            query(
                "outcome",
                Taken::Word(&["unknown", "arrived", "unknown,arrived"]),
                "Instead of open calls, those whose outcome only the chain can tell",
            ),
        ],
        schema: "Calls",
        problems: Problems::Resource,
        ..get("/api/v1/calls", "listCalls", "Open calls, or calls whose outcome only the chain can tell")
    },
    Operation {
        scope: CALLS,
        parameters: &[WAIT],
        schema: "Call",
        problems: Problems::Resource,
        ..get("/api/v1/calls/{id}", "lookAtCall", "What became of a call")
    },
    Operation {
        method: "post",
        scope: CALLS,
        parameters: &[WAIT],
        schema: "Call",
        answers: &[("200", JSON, "What became of it; while it is open, its state, with `Retry-After`")],
        problems: Problems::Resource,
        ..get("/api/v1/calls/{id}/cancel", "cancelCall", "Cancel a call, or settle it")
    },
    Operation {
        scope: Some("any key"),
        schema: "Apps",
        problems: Problems::Key,
        ..get("/api/v1/apps", "listApps", "The apps that the key may see")
    },
    Operation {
        scope: Some("any key"),
        schema: "App",
        problems: Problems::App,
        ..get("/api/v1/apps/{app}", "lookAtApp", "An app: its roles, clones and cells")
    },
    Operation {
        scope: Some("the scope `feed`, and the chains"),
        parameters: &[
            query("chain", Taken::Anything, "A chain; may be repeated"),
            query("type", Taken::Anything, "Events of this type alone; may be repeated"),
            header("Last-Event-ID", Taken::Anything, "Continue after this message"),
        ],
        answers: &[("200", EVENTS, "`new_block`, `new_event` and `gap`, as they come")],
        problems: Problems::Feed,
        ..get("/api/v1/events", "followEvents", "Blocks, events and gaps as server-sent events")
    },
    Operation {
        scope: Some("the scope `feed`"),
        answers: &[("101", NOTHING, "HieraChain's documented dialect")],
        problems: Problems::Socket,
        ..get("/ws", "followOverWebSocket", "The same over WebSocket")
    },
    Operation {
        scope: Some("the scope `feed`"),
        problems: Problems::Feed,
        ..get("/ws/status", "countFollowers", "How many follow")
    },
    Operation {
        scope: Some("the scope `calls` or `feed`"),
        answers: &[("101", NOTHING, "JSON envelopes")],
        problems: Problems::Socket,
        ..get("/connect", "connect", "Calls and signals on one WebSocket")
    },
    Operation {
        scope: Some("the scope `status`"),
        answers: &[(
            "200",
            &["application/json", "text/event-stream"],
            "All of it; as events, then what changes",
        )],
        problems: Problems::Key,
        ..get("/api/v1/status", "status", "Links, readiness and the last quarter of an hour")
    },
    Operation {
        scope: Some("the scope `metrics`"),
        answers: &[("200", TEXT, "Prometheus' text format")],
        problems: Problems::Key,
        ..get("/metrics", "metrics", "What is counted")
    },
    Operation {
        answers: &[("200", TEXT, "`Ok`")],
        ..get("/health", "health", "The process runs, in a word")
    },
    get("/health/live", "live", "The process runs"),
    Operation {
        answers: &[("200", JSON, "Calls can run now"), ("503", JSON, "They cannot, and why")],
        schema: "Ready",
        ..get("/health/ready", "ready", "Whether calls can run now")
    },
    get("/api/v1/openapi.json", "openapi", "This document"),
];
