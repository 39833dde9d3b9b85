//! What is shown: the page's data. Times are milliseconds since 1970.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::apps::App;
use crate::auth::Identity;
use crate::gateway::Gateway;
use crate::record::Sample;

/// A gateway, as far as a key may see it.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) gateway: Arc<Gateway>,
    pub(super) identity: Arc<Identity>,
}

impl Shown {
    /// All of it.
    pub(super) fn all(&self) -> Value {
        let live = self.gateway.live();
        let config = &live.config;
        let mut all = self.since(0);
        all["gateway"] = json!({
            "version": env!("CARGO_PKG_VERSION"), "started_at": self.gateway.started_at.as_millis(),
            "life": self.gateway.is().word(), "listen": self.gateway.address.to_string(), "tls": config.tls.is_some(), "dev": config.dev,
        });
        all["key"] =
            json!({ "id": self.identity.id, "name": self.identity.name, "scopes": self.identity.scopes() });
        all
    }

    /// What changes, with the samples after this time.
    pub(super) fn since(&self, after: i64) -> Value {
        let known = || self.gateway.apps.iter().filter(|app| self.identity.knows_app(&app.id));
        let samples: Map<String, Value> = known()
            .map(|app| (app.id.clone(), serde_json::to_value(app.record.samples(after)).unwrap_or_default()))
            .collect();
        json!({ "apps": known().map(|app| shown(app)).collect::<Vec<_>>(), "samples": samples })
    }

    /// Whether the key still holds.
    pub(super) fn holds(&self) -> bool {
        self.gateway.dev.is_some()
            || Arc::ptr_eq(&self.identity, &self.gateway.operations)
            || self.gateway.live().keys.knows(&self.identity.id)
    }
}

fn shown(app: &App) -> Value {
    let readiness = app.readiness();
    let roles = readiness.roles.iter();
    let roles: Vec<Value> =
        roles.map(|(role, why)| json!({ "role": role, "callable": why.is_none(), "why": why })).collect();
    let (link, history) = app.record.link();
    let samples = app.record.samples(0);
    let lately: &[Sample] = &samples[samples.len().saturating_sub(LATELY)..];
    let answered: u32 = lately.iter().map(|sample| sample.answered + sample.error).sum();
    let last = |of: fn(&Sample) -> Option<f64>| lately.iter().rev().find_map(of);
    json!({
        "id": app.id, "conductor": app.conductor, "ready": readiness.is_ready(), "why": readiness.why(),
        "link": link, "history": history, "roles": roles, "round_trip_ms": app.ham.round_trip_time().map(|time| time.as_secs_f64() * 1e3),
        "rate": f64::from(answered) / lately.len().max(1) as f64, "p50": last(|sample| sample.p50), "p99": last(|sample| sample.p99),
        "open": app.record.tally.open(),
    })
}

/// Seconds that the figures are about.
const LATELY: usize = 10;
