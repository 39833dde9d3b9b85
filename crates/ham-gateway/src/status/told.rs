//! The contents of the status: what the page shows. Times are milliseconds since 1970.

use ham::{HamState, PersistentHam};
use holochain_zome_types::prelude::Timestamp;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::apps::App;
use crate::auth::Identity;
use crate::gateway::Gateway;

/// Which seconds to include.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Samples {
    /// Of the last quarter of an hour.
    All,
    Newest,
}

/// What a key may know.
pub(super) fn told(gateway: &Gateway, identity: &Identity, samples: Samples) -> Value {
    let live = gateway.live();
    let known = || gateway.apps.iter().filter(|app| identity.knows_app(&app.id));
    let seconds = known().map(|app| {
        let quarter = app.stats.quarter();
        let seconds = match samples {
            Samples::All => json!(quarter.iter().collect::<Vec<_>>()),
            Samples::Newest => json!(quarter.newest().into_iter().collect::<Vec<_>>()),
        };
        (app.id.clone(), seconds)
    });
    json!({
        "gateway": {
            "version": env!("CARGO_PKG_VERSION"), "started_at": gateway.started_at.as_millis(), "life": gateway.is().word(),
            "listen": gateway.address.to_string(), "tls": live.config.tls.is_some(), "dev": live.config.dev,
        },
        "key": { "id": identity.id, "name": identity.name, "scopes": identity.scopes() },
        "store": store(gateway),
        "nats": gateway.nats.as_ref().map(|nats| nats.told()),
        "following": gateway.feed.following(),
        "following_by_key": gateway.feed.following_by_key(),
        "samples": seconds.collect::<Map<_, _>>(),
        "apps": known().map(|app| of_app(app, live.config.conductor.admin_url.as_ref().map(ham::shown_url))).collect::<Vec<_>>(),
    })
}

/// The state of the outbox; nil if there is none.
fn store(gateway: &Gateway) -> Value {
    let Some(outbox) = &gateway.outbox else { return Value::Null };
    let (held, open) = (outbox.meter().held(), outbox.open_calls());
    let limits = gateway.live().config.outbox.clone();
    json!({
        "records": held.records, "records_limit": limits.records, "bytes": held.bytes, "bytes_limit": limits.bytes,
        "keep_s": limits.keep.as_secs(), "oldest_open_at": open.oldest,
        "away": outbox.away().map(|why| why.to_string()),
        "by_state": { "queued": open.queued, "signed": open.signed, "fencing": open.fencing },
    })
}

fn of_app(app: &App, conductor: Option<String>) -> Value {
    let readiness = app.readiness();
    let roles = readiness.roles.iter();
    let roles = roles.map(|(role, why)| json!({ "role": role, "callable": why.is_none(), "why": why }));
    let (rate, p50, p99) = app.stats.quarter().figures();
    let open = app.stats.quarter().newest().map_or(0, |second| second.open);
    let history = app.stats.history();
    json!({
        "id": app.id, "conductor": conductor, "ready": readiness.is_ready(), "why": readiness.why(),
        "link": link(&app.ham, history.since()), "history": history.changes().collect::<Vec<_>>(),
        "roles": roles.collect::<Vec<_>>(), "rate": rate, "p50": p50, "p99": p99, "open": open,
    })
}

/// The link. Times are milliseconds since 1970.
fn link(ham: &PersistentHam, since: Option<i64>) -> Value {
    match ham.state().get() {
        HamState::Dialing { attempt } => json!({ "state": "dialing", "since": since, "attempt": attempt }),
        HamState::Live { degraded, .. } => json!({
            "state": "live", "since": since, "degraded": degraded.is_some(),
            "round_trip_ms": ham.round_trip_time().map(|time| time.as_secs_f64() * 1e3),
        }),
        HamState::BackingOff { attempt, until, cause } => {
            let next = until.saturating_duration_since(Instant::now()).as_millis();
            let next = Timestamp::now().as_millis().saturating_add(i64::try_from(next).unwrap_or(i64::MAX));
            let cause = cause.to_string();
            json!({ "state": "backing_off", "since": since, "attempt": attempt, "next": next, "cause": cause })
        }
        HamState::Closed { cause } => {
            json!({ "state": "closed", "since": since, "cause": cause.to_string() })
        }
        _ => json!({ "state": "unknown", "since": since }),
    }
}
