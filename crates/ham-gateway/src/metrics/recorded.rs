//! What is recorded, and when.

use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{Gauge, counter, gauge, histogram};
use tokio::time::Instant;

use super::names::{
    AUTH_FAILURES, CALL_SECONDS, CALLS, CALLS_ABANDONED, CONNECTIONS, HTTP_REQUEST_SECONDS, HTTP_REQUESTS,
    RATE_LIMITED, READY,
};

/// A request was answered. The route is one of ours, whatever the client wrote.
pub(crate) fn request(route: &str, method: &Method, status: StatusCode, took: Duration) {
    let method = match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::POST => "POST",
        _ => "other",
    };
    let (route, status) = (route.to_owned(), status.as_str().to_owned());
    counter!(HTTP_REQUESTS, "route" => route.clone(), "method" => method, "status" => status).increment(1);
    histogram!(HTTP_REQUEST_SECONDS, "route" => route).record(took);
}

/// A request had no valid key.
pub(crate) fn auth_failed(reason: &'static str) {
    counter!(AUTH_FAILURES, "reason" => reason).increment(1);
}

/// A request exceeded the quota of the key with this id.
pub(crate) fn rate_limited(key: &str) {
    counter!(RATE_LIMITED, "key" => key.to_owned()).increment(1);
}

/// Whether the calls of an app can run.
pub(crate) fn ready(app: &str, ready: bool) {
    gauge!(READY, "app" => app.to_owned()).set(f64::from(u8::from(ready)));
}

/// A connection, open until this is dropped.
pub(crate) struct Connection(Gauge);

impl Connection {
    pub(crate) fn opened() -> Self {
        let open = gauge!(CONNECTIONS);
        open.increment(1.0);
        Self(open)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// A call ended.
pub(crate) fn call(app: &str, mode: &'static str, outcome: &'static str, took: Duration) {
    let app = app.to_owned();
    counter!(CALLS, "app" => app.clone(), "mode" => mode, "outcome" => outcome).increment(1);
    histogram!(CALL_SECONDS, "app" => app, "mode" => mode).record(took);
}

/// A call under way; if this is dropped before the call ends, the call counts as abandoned.
pub(crate) struct UnderWay<'a> {
    app: &'a str,
    mode: &'static str,
    began: Instant,
    ended: bool,
}

impl<'a> UnderWay<'a> {
    pub(crate) fn begun(app: &'a str, mode: &'static str) -> Self {
        Self { app, mode, began: Instant::now(), ended: false }
    }

    pub(crate) fn ended(mut self, outcome: &'static str) {
        self.ended = true;
        call(self.app, self.mode, outcome, self.began.elapsed());
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.ended {
            counter!(CALLS_ABANDONED).increment(1);
        }
    }
}
