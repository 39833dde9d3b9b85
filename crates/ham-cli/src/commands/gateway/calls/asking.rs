//! What a gateway that runs is asked about its calls, by envelopes.

use std::path::PathBuf;

use ham_envelope::{ERROR_KIND, Envelope};
use serde_json::{Value, json};
use url::Url;

use crate::context::Context;
use crate::envelopes;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::server::Server;

/// Which gateway.
#[derive(Debug, clap::Args)]
pub(in crate::commands::gateway) struct Gateway {
    /// Where it listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:2661")]
    gateway: Url,
    /// The file that holds a key with the scope `calls` or `calls:all`, readable by its owner only; `-` is standard input
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl Gateway {
    pub(super) fn asking(self, context: &Context) -> Result<Asking<'_>, Failure> {
        Ok(Asking { context, server: self.server()? })
    }

    /// Where it exchanges envelopes.
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
        Ok(Server::at(url.into(), self.key_file))
    }
}

/// A gateway that is asked, several times maybe, with one key.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    context: &'a Context,
    server: Server,
}

impl Asking<'_> {
    /// What it answers, or why it refuses.
    pub(super) async fn answer(&self, kind: &str, payload: Value) -> Result<Result<Value, Refusal>, Failure> {
        let request = Envelope::request(kind).with_payload(payload).map_err(unreadable)?;
        let answer = envelopes::ask(self.context, &self.server, request).await?;
        let payload: Value = answer.payload_as().map_err(unreadable)?;
        Ok(if answer.kind == ERROR_KIND { Err(Refusal(payload)) } else { Ok(payload) })
    }

    /// What it answers, where a refusal is the end.
    pub(super) async fn ask(&self, kind: &str, payload: Value) -> Result<Value, Failure> {
        self.answer(kind, payload).await?.map_err(Failure::from)
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
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let advice = match refusal.text("retry") {
            "same" => "try again",
            "operator" => "look at the gateway: /health/ready, and its log",
            _ => "correct the request or the key",
        };
        Self::new(Exit::Refused, anyhow::anyhow!(refusal.message().to_owned()), advice)
    }
}

fn wrong_url() -> Failure {
    Failure::usage("the gateway's URL is an http:// or https:// one", "for example, http://localhost:2661")
}

fn unreadable(error: impl Into<anyhow::Error>) -> Failure {
    Failure::new(Exit::Refused, error, "what answers there is no gateway of this version")
}

/// What a gateway lists at a time.
const PAGE: usize = 100;
