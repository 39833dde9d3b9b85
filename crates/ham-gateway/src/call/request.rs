//! Reads what a request asks for, before any of it is done.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use ham::CallTarget;
use http::{HeaderMap, header};
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use super::payload::payload;
use crate::apps::App;
use crate::auth::{Caller, Identity, Scope, beyond};
use crate::functions::{Declared, KeyRule};
use crate::gateway::Gateway;
use crate::headers::{Form, IdempotencyKey, Preference};
use crate::kind::Kind;
use crate::life::Life;
use crate::problem::Problem;
use crate::request;

/// What is called, as the address names it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Called {
    pub(crate) app: String,
    /// A role, or a clone as `role.0`.
    pub(crate) role: String,
    pub(crate) zome: String,
    pub(crate) function: String,
}

impl fmt::Debug for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.app, &self.role, &self.zome, &self.function].map(|part| ham::masked(part));
        f.write_str(&parts.join("/"))
    }
}

/// A call that its caller may make, completely read.
pub(crate) struct CallRequest {
    pub(crate) identity: Arc<Identity>,
    pub(crate) app: Arc<App>,
    pub(crate) called: Called,
    /// The cell that the role names.
    pub(crate) target: CallTarget,
    pub(crate) declared: Declared,
    /// MessagePack.
    pub(crate) payload: Vec<u8>,
    /// How the answer is written.
    pub(crate) form: Form,
    /// How long the request waits.
    pub(crate) wait: Duration,
    /// Whether the request itself says how long it waits.
    waits: bool,
    /// Whether it may be answered once the call is accepted.
    pub(crate) respond_async: bool,
    /// For how long an accepted call is tried.
    pub(crate) deliver_within: Duration,
    pub(crate) key: Option<IdempotencyKey>,
    /// One of the key's places, until this is dropped.
    _place: OwnedSemaphorePermit,
}

impl fmt::Debug for CallRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallRequest")
            .field("key", &self.identity.id)
            .field("called", &self.called)
            .finish_non_exhaustive()
    }
}

impl CallRequest {
    /// Checks who asks, for what, and how, and reads the body: in this order, so that nothing is read from a caller
    /// that will be refused.
    pub(crate) async fn read(
        gateway: &Gateway,
        caller: Caller,
        called: Called,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Self, Problem> {
        open(gateway)?;
        let identity = caller.with(Scope::Calls)?;
        let app =
            gateway.apps.get(&called.app).filter(|app| identity.knows_app(&app.id)).cloned().ok_or_else(
                || Problem::new(Kind::AppNotFound, "it is not served here, or not to this key"),
            )?;
        if !identity.may_call(&called.role, &called.zome, &called.function) {
            return Err(Problem::new(
                Kind::FunctionNotAllowed,
                format!("the key {} does not list it", identity.id),
            ));
        }
        let live = gateway.live();
        let declared = live.functions.about(&called.app, &called.role, &called.zome, &called.function);
        let limits = live.config.limits.clone();
        drop(live);
        let (preference, key) = (preference(headers)?, key(headers)?);
        if key.is_none() {
            if preference.respond_async {
                let why = "without a key, a call whose 202 is lost could not be found again";
                return Err(Problem::new(Kind::IdempotencyKeyRequired, why));
            }
            without_key(declared)?;
        }
        let wait = wait(gateway, preference.wait.unwrap_or(limits.wait))?;
        if wait.is_zero() && !preference.respond_async {
            let why =
                "a call that nobody waits for says so: `Prefer: respond-async`, under an Idempotency-Key";
            return Err(Problem::new(Kind::BadRequest, why));
        }
        let deliver_within = deliver_within(gateway, headers)?;
        let written = Form::of_body(headers);
        let form = Form::of_answer(headers, written.unwrap_or(Form::Json)).ok_or_else(|| {
            Problem::new(Kind::NotAcceptable, "answers are application/json or application/vnd.msgpack")
        })?;
        let place = identity.quota.call().map_err(|refused| beyond(&identity, refused))?;
        let body = request::body(body, &limits).await?;
        let payload = payload(body, written, headers.contains_key(header::CONTENT_TYPE))?;
        Ok(Self {
            identity,
            app,
            target: called.role.as_str().into(),
            called,
            declared,
            payload,
            form,
            wait,
            waits: preference.wait.is_some(),
            respond_async: preference.respond_async,
            deliver_within,
            key,
            _place: place,
        })
    }

    /// A call without a key, by a caller that was already checked, in [`Form::Plain`]. It goes out in parallel with
    /// other calls to its cell, as reads do.
    pub(crate) fn plain(
        gateway: &Gateway,
        identity: Arc<Identity>,
        app: Arc<App>,
        called: Called,
        target: CallTarget,
        payload: Vec<u8>,
        wait: Duration,
    ) -> Result<Self, Problem> {
        open(gateway)?;
        let live = gateway.live();
        let declared = live.functions.about(&called.app, &called.role, &called.zome, &called.function);
        without_key(declared)?;
        let declared = Declared { read_only: true, ..declared };
        let place = identity.quota.call().map_err(|refused| beyond(&identity, refused))?;
        Ok(Self {
            identity,
            app,
            called,
            target,
            declared,
            payload,
            form: Form::Plain,
            wait,
            waits: true,
            respond_async: false,
            deliver_within: live.config.outbox.deliver_within,
            key: None,
            _place: place,
        })
    }

    /// How long its answer is waited for: an asynchronous request waits only if it says so.
    pub(crate) fn waits_for(&self) -> Duration {
        if self.respond_async && !self.waits { Duration::ZERO } else { self.wait }
    }
}

/// Whether new calls are taken.
fn open(gateway: &Gateway) -> Result<(), Problem> {
    if gateway.is() >= Life::Draining {
        return Err(Problem::new(Kind::ShuttingDown, "it takes no new calls").with_retry_after(RESTART));
    }
    Ok(())
}

/// Whether a function may be called without a key.
fn without_key(declared: Declared) -> Result<(), Problem> {
    match declared.key {
        KeyRule::Required => Err(Problem::new(Kind::IdempotencyKeyRequired, "the function is declared so")),
        KeyRule::Optional => Ok(()),
    }
}

/// How long a request waits, if it may wait as long as it asks to.
pub(super) fn wait(gateway: &Gateway, asked: Duration) -> Result<Duration, Problem> {
    let most = gateway.live().config.limits.longest_wait;
    if asked > most {
        let why = format!("a request waits for {} seconds at most", most.as_secs());
        return Err(Problem::new(Kind::WaitTooLong, why));
    }
    Ok(asked)
}

/// `Ham-Deliver-Within`, in seconds.
fn deliver_within(gateway: &Gateway, headers: &HeaderMap) -> Result<Duration, Problem> {
    let live = gateway.live();
    let limits = &live.config.outbox;
    let Some(value) = headers.get("ham-deliver-within") else { return Ok(limits.deliver_within) };
    let seconds: Option<u64> = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    let Some(seconds) = seconds else {
        return Err(Problem::new(Kind::BadRequest, "`Ham-Deliver-Within` is a number of seconds"));
    };
    let most = limits.longest_deliver_within;
    if Duration::from_secs(seconds) > most {
        let why = format!("a call is tried for {} seconds at most", most.as_secs());
        return Err(Problem::new(Kind::WaitTooLong, why));
    }
    Ok(Duration::from_secs(seconds))
}

pub(super) fn preference(headers: &HeaderMap) -> Result<Preference, Problem> {
    let values = headers.get_all("prefer").iter().map(http::HeaderValue::as_bytes);
    Preference::parse(values).map_err(|error| Problem::new(Kind::BadRequest, error.to_string()))
}

fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::new(Kind::BadIdempotencyKey, "the Idempotency-Key is there more than once"));
    }
    let key = IdempotencyKey::parse(value.as_bytes());
    key.map(Some).map_err(|error| Problem::new(Kind::BadIdempotencyKey, error.to_string()))
}

/// How long a gateway takes to restart.
const RESTART: Duration = Duration::from_secs(5);
