//! Pushes what a connection follows.

use std::time::Duration;

use ham_envelope::{Envelope, Replier};
use ham_feed::server::{News, Subscription};
use ham_feed::{Since, Topic};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::exchange::MOST_ANSWER;
use crate::kind::Kind;
use crate::problem::Problem;

/// What to follow, or to follow no longer.
pub(super) struct Wanted {
    pub(super) request: Envelope,
    pub(super) replier: Replier,
    pub(super) change: Change,
}

/// What changes.
pub(super) enum Change {
    Follow { topics: Vec<Topic>, since: Since },
    Leave { chains: Vec<String> },
}

/// Pushes what is followed, until the server ends it. A client that reads too slowly delays nobody: messages that do
/// not fit into the subscription's queue become a gap.
pub(super) async fn push(mut subscription: Subscription, mut wanted: mpsc::Receiver<Wanted>) {
    let mut to: Option<Replier> = None;
    loop {
        // Requests first: a busy feed must not delay them.
        tokio::select! {
            biased;
            Some(Wanted { request, replier, change }) = wanted.recv() => {
                let answer = apply(&mut subscription, &request, change);
                if request.id.is_some() && send(&replier, answer).await.is_none() {
                    return;
                }
                to = Some(replier);
            }
            news = subscription.next() => {
                // Before the first request nothing is followed, so only the end can come.
                let (Some(news), Some(to)) = (news, &to) else { return };
                if send(to, envelope(&news)).await.is_none() {
                    return;
                }
            }
        }
    }
}

fn apply(subscription: &mut Subscription, request: &Envelope, change: Change) -> Envelope {
    match change {
        Change::Follow { topics, since } => match subscription.add_all(&topics, &since) {
            Ok(start) => {
                let chains: Vec<&str> = topics.iter().map(|topic| topic.chain_name.as_str()).collect();
                let id = start.map(|start| start.to_string());
                let answer = request.reply("subscribed");
                answer.clone().with_payload(json!({ "chains": chains, "id": id })).unwrap_or(answer)
            }
            Err(why) => super::exchange::failure(request, Problem::new(Kind::NotFound, why)),
        },
        Change::Leave { chains } => {
            for chain in &chains {
                subscription.remove(chain);
            }
            let answer = request.reply("unsubscribed");
            answer.clone().with_payload(json!({ "chains": chains })).unwrap_or(answer)
        }
    }
}

/// The message of the feed: its type is the kind, the rest is the payload. A message that fits into no frame becomes a gap.
fn envelope(news: &News) -> Envelope {
    if news.text().len() > MOST_ANSWER {
        let payload = json!({ "chain_name": news.chain_name(), "id": news.id().to_string(), "cause": "too_large", "missed": 1 });
        let gap = Envelope::new("gap");
        return gap.clone().with_payload(payload).unwrap_or(gap);
    }
    let kind = news.kind().word();
    let mut envelope = Envelope::new(kind);
    let rest = news.text().strip_prefix(&format!("{{\"type\":\"{kind}\","));
    envelope.payload = rest.and_then(|rest| RawValue::from_string(format!("{{{rest}")).ok());
    envelope
}

/// `None` if the link takes nothing any more.
async fn send(to: &Replier, envelope: Envelope) -> Option<()> {
    to.reply(envelope, REPLY_TIMEOUT).await.ok()
}

/// As long as a dead client goes unnoticed.
const REPLY_TIMEOUT: Duration = Duration::from_secs(60);
