//! Asks a running gateway about its calls, by envelopes.

use std::path::PathBuf;
use std::time::Duration;

use ham_envelope::{ERROR_KIND, Envelope};
use ham_gateway::outbox::CallId;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use url::Url;

use crate::context::Context;
use crate::envelopes::{self, Line};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress;
use crate::server::Server;

/// Which gateway.
#[derive(Debug, clap::Args)]
pub(in crate::commands::gateway) struct Gateway {
    /// The gateway's URL
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:2661")]
    gateway: Url,
    /// A file that holds a key with the scope `calls` or `calls:all`, readable by its owner only; `-` is standard input
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl Gateway {
    /// Connects, and runs `work` on the connection.
    pub(super) async fn asked<T>(
        self,
        context: &Context,
        work: impl AsyncFnOnce(&Asking<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        envelopes::during(context, &self.server()?, async |line| work(&Asking { context, line }).await).await
    }

    /// The address where it exchanges envelopes.
    fn server(self) -> Result<Server, Failure> {
        let mut url = self.gateway;
        let scheme = match url.scheme() {
            "http" => "ws",
            "https" => "wss",
            _ => return Err(wrong_url()),
        };
        url.set_scheme(scheme).map_err(|()| wrong_url())?;
        url.set_path("/connect");
        url.set_query(None);
        Ok(Server::gateway(url.into(), self.key_file))
    }
}

/// A gateway that is asked.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    context: &'a Context,
    line: &'a Line,
}

impl Asking<'_> {
    /// Its answer, or why it refuses. If the key has only asked for too much, this asks again, within the time-out,
    /// unless a signal comes that the command listens for.
    pub(super) async fn answer(
        &self,
        kind: &str,
        payload: &Value,
    ) -> Result<Result<Value, Refusal>, Failure> {
        let until = Instant::now() + self.context.settings.timeout;
        loop {
            let request = Envelope::request(kind).with_payload(payload).map_err(unreadable)?;
            let answer = self.line.ask(request).await?;
            let told: Value = answer.payload_as().map_err(unreadable)?;
            if answer.kind != ERROR_KIND {
                return Ok(Ok(told));
            }
            let refusal = Refusal(told);
            match refusal.again_after().map(|pause| Instant::now() + pause).filter(|again| *again <= until) {
                Some(again) => tokio::select! {
                    biased;
                    () = self.context.interruption.came() => return Ok(Err(refusal)),
                    () = sleep_until(again) => {}
                },
                None => return Ok(Err(refusal)),
            }
        }
    }

    /// Its answer; any refusal ends this. If it takes long, that is reported.
    pub(super) async fn ask(&self, kind: &str, payload: Value) -> Result<Value, Failure> {
        let answer = self.answer(kind, &payload);
        let answer = progress::during(self.context.output, "waiting for the answer", answer).await?;
        answer.map_err(Failure::from)
    }

    /// Page by page.
    pub(super) async fn list(
        &self,
        doubtful: bool,
        oldest: bool,
        limit: usize,
    ) -> Result<Vec<Value>, Failure> {
        let mut calls = Vec::new();
        let mut after = Value::Null;
        while calls.len() < limit {
            let page = json!({
                "outcome": doubtful.then_some("unknown,arrived"),
                "order": if oldest { "oldest" } else { "newest" },
                "limit": (limit - calls.len()).min(PAGE),
                "after": after,
            });
            let mut page = self.ask("call.list", page).await?;
            let Value::Array(rows) = page["calls"].take() else { break };
            calls.extend(rows);
            after = page["next"].take();
            if after.is_null() {
                break;
            }
        }
        Ok(calls)
    }
}

/// The problem that was answered.
#[derive(Debug)]
pub(super) struct Refusal(Value);

impl Refusal {
    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    pub(super) fn message(&self) -> &str {
        self.text("message")
    }

    /// When to ask again, if the key has only asked for too much at a time.
    fn again_after(&self) -> Option<Duration> {
        let is_quota = self.text("type").ends_with("#quota-exceeded");
        self.0["retry_after_s"].as_u64().filter(|_| is_quota).map(Duration::from_secs)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let advice = match refusal.text("retry") {
            "same" => "try again",
            "operator" => "check the gateway: /health/ready and its log",
            _ => "correct the request or the key",
        };
        Self::new(Exit::Refused, anyhow::anyhow!(refusal.message().to_owned()), advice)
    }
}

/// The id of a call: any other text, such as a key in its place, is sent nowhere.
pub(super) fn call_id(text: &str) -> Result<CallId, &'static str> {
    CallId::parse(text)
        .ok_or("a call ID has 26 letters and digits, as `list` and the header `Ham-Call-Id` show it")
}

fn wrong_url() -> Failure {
    Failure::usage(
        "the gateway's URL must start with http:// or https://",
        "for example, http://localhost:2661",
    )
}

pub(super) fn unreadable(error: impl Into<anyhow::Error>) -> Failure {
    Failure::new(Exit::Refused, error, "the server there is not a gateway of this version")
}

/// How many calls a gateway lists at a time.
const PAGE: usize = 100;
