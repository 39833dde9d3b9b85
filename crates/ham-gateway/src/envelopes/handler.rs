//! What each kind of envelope asks for.

use std::num::NonZeroUsize;
use std::time::Duration;

use ham_envelope::{ERROR_KIND, Envelope, Handler, Incoming, Replier, Router};
use ham_feed::{Since, Topic};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::calls;
use super::exchange::{Exchange, failed, failure, fitting, path, read, reply};
use super::push::{Change, Wanted};
use crate::kind::Kind;
use crate::problem::Problem;

/// Answers the envelopes of one connection. Sixteen are answered at a time.
pub(super) struct EnvelopeHandler {
    router: Router,
    may_follow: bool,
    wanted: mpsc::Sender<Wanted>,
}

impl EnvelopeHandler {
    pub(super) fn new(exchange: Exchange, may_follow: bool, wanted: mpsc::Sender<Wanted>) -> Self {
        let asking = |what: fn(Exchange, Envelope) -> Asking| {
            let exchange = exchange.clone();
            move |request: Envelope| what(exchange.clone(), request)
        };
        let router = Router::new()
            .on("ping", |request: Envelope| async move { Ok::<_, String>(request.reply("pong")) })
            .on("app.info", asking(|exchange, request| Box::pin(app_info(exchange, request))))
            .on("call.get", asking(|exchange, request| Box::pin(calls::get(exchange, request))))
            .on("call.list", asking(|exchange, request| Box::pin(calls::list(exchange, request))))
            .on("call.cancel", asking(|exchange, request| Box::pin(calls::cancel(exchange, request))))
            .on("zome.call", asking(|exchange, request| Box::pin(zome_call(exchange, request))))
            .fallback(unknown);
        Self { router, may_follow, wanted }
    }

    /// Hands it to the pushing task, which also answers it.
    async fn want(&self, request: Envelope, replier: Replier) {
        let change = if self.may_follow {
            change(&request)
        } else {
            let why = "the key lacks the scope `feed`";
            Err(Problem::new(Kind::NotAllowed, why))
        };
        match change {
            Ok(change) => {
                // If nobody receives it, the connection is ending.
                let _ = self.wanted.send(Wanted { request, replier, change }).await;
            }
            Err(refused) => answer(&replier, failure(&request, refused)).await,
        }
    }
}

type Asking = std::pin::Pin<Box<dyn Future<Output = Result<Envelope, String>> + Send>>;

impl Handler for EnvelopeHandler {
    async fn handle(&self, incoming: Incoming) {
        match incoming {
            Incoming::Skipped { why, id, replier } => {
                let mut unread = Envelope::new(ERROR_KIND);
                unread.id = id;
                refuse(&unread, &replier, &why).await;
            }
            Incoming::Envelope { envelope, replier } if envelope.id.is_none() => {
                refuse(&envelope, &replier, "it has no id to answer to, so nothing was done").await;
            }
            Incoming::Envelope { envelope, replier } if FOLLOWING.contains(&envelope.kind.as_str()) => {
                self.want(envelope, replier).await;
            }
            incoming => Handler::handle(&self.router, incoming).await,
        }
    }

    fn concurrency(&self) -> NonZeroUsize {
        self.router.concurrency()
    }

    fn patience(&self) -> Option<Duration> {
        self.router.patience()
    }

    fn refusal(&self, request: &Envelope) -> Option<Envelope> {
        self.router.refusal(request)
    }
}

async fn app_info(exchange: Exchange, request: Envelope) -> Result<Envelope, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Of {
        app: String,
    }
    let Of { app } = match read(&request) {
        Ok(of) => of,
        Err(refused) => return Ok(failure(&request, refused)),
    };
    let asked = exchange.ask(Method::GET, &path(&["api", "v1", "apps", &app]), &[], None).await;
    Ok(match asked {
        Ok(answer) => fitting(&request, "app.info", &answer.body, &answer),
        Err(problem) => failed(&request, problem),
    })
}

async fn zome_call(exchange: Exchange, request: Envelope) -> Result<Envelope, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Call {
        app: String,
        role: String,
        zome: String,
        r#fn: String,
        payload: Option<Box<RawValue>>,
        idempotency_key: Option<String>,
        wait_s: Option<u64>,
        #[serde(default)]
        respond_async: bool,
    }
    #[derive(Serialize)]
    struct Answered<'a> {
        outcome: &'a str,
        answer: &'a RawValue,
        call_id: Option<&'a str>,
    }
    let called = match read(&request) {
        Ok(called) => called,
        Err(refused) => return Ok(failure(&request, refused)),
    };
    let Call { app, role, zome, r#fn, payload, idempotency_key, wait_s, respond_async } = called;
    let address = ["api", "v1", "apps", &app, "roles", &role, "zomes", &zome, "fns", &r#fn];
    let mut headers = Vec::new();
    headers.extend(idempotency_key.map(|key| ("idempotency-key", key)));
    headers.extend(wait_s.map(|wait| ("prefer", format!("wait={wait}"))));
    headers.extend(respond_async.then(|| ("prefer", "respond-async".to_owned())));
    Ok(match exchange.ask(Method::POST, &path(&address), &headers, payload.as_deref()).await {
        Ok(answer) if answer.status == StatusCode::ACCEPTED => {
            let id = answer.header("ham-call-id");
            let last = || answer.header("location").and_then(|location| location.rsplit('/').next());
            reply(&request, "zome.accepted", serde_json::json!({ "call_id": id.or_else(last) }))
        }
        Ok(answer) => {
            let outcome = answer.header("ham-outcome").unwrap_or("answered");
            let call_id = answer.header("ham-call-id");
            let answered = Answered { outcome, answer: &answer.body, call_id };
            fitting(&request, "zome.answer", answered, &answer)
        }
        Err(problem) => failed(&request, problem),
    })
}

/// How an envelope changes what is followed.
fn change(request: &Envelope) -> Result<Change, Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Signals {
        chains: Vec<String>,
        #[serde(default)]
        types: Vec<String>,
        since: Option<String>,
    }
    let Signals { chains, types, since } = read(request)?;
    if request.kind == UNSUBSCRIBE {
        return Ok(Change::Leave { chains });
    }
    let of_types = |chain: String| types.iter().fold(Topic::chain(chain), Topic::with_event_type);
    Ok(Change::Follow { topics: chains.into_iter().map(of_types).collect(), since: Since::from(since) })
}

/// An envelope of an unknown kind.
async fn unknown(incoming: Incoming) {
    let Incoming::Envelope { envelope, replier } = incoming else { return };
    tracing::debug!(event = "gateway.envelopes", "an envelope of an unknown kind came");
    let kinds = format!("known are {}, {}", KINDS.join(", "), FOLLOWING.join(", "));
    refuse(&envelope, &replier, &format!("the kind is unknown; {kinds}")).await;
}

/// Answers that nothing was done, even if the request has no id by which its sender could recognise it.
async fn refuse(request: &Envelope, replier: &Replier, why: &str) {
    answer(replier, failure(request, Problem::new(Kind::BadRequest, why))).await;
}

async fn answer(replier: &Replier, answer: Envelope) {
    // If it cannot be sent, the link has ended.
    let _ = replier.reply(answer, REPLY_TIMEOUT).await;
}

const KINDS: [&str; 6] = ["ping", "app.info", "zome.call", "call.get", "call.list", "call.cancel"];
const UNSUBSCRIBE: &str = "unsubscribe.signals";
const FOLLOWING: [&str; 2] = ["subscribe.signals", UNSUBSCRIBE];
/// As long as a dead client goes unnoticed.
const REPLY_TIMEOUT: Duration = Duration::from_secs(60);
