//! Server-sent events: the feed for clients that only read HTTP.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::Stream;
use ham_feed::server::Subscription;
use ham_feed::{Since, Topic};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use tokio::time::Instant;
use url::form_urlencoded;

use crate::auth::{QueryCaller, Scope};
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::problem::Problem;
use crate::words;

/// `GET /api/v1/events?chain=…&type=…`: events of the named types on the named chains, from now on or after the id in
/// `Last-Event-ID`, which may be in the query for browsers that cannot set the header.
pub(super) async fn events(
    State(gateway): State<Arc<Gateway>>,
    caller: QueryCaller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let identity = caller.with(Scope::Feed)?;
    let asked = Asked::read(query.as_deref().unwrap_or_default(), &headers)
        .map_err(|why| Problem::new(Kind::BadRequest, why))?;
    let mut subscription = gateway.feed.subscription(&identity, "events")?;
    let start = subscription
        .add_all(&asked.topics, &asked.since)
        .map_err(|why| Problem::new(Kind::NotFound, format!("{why}{}", gateway.feed.known_to(&identity))))?
        .and_then(|start| HeaderValue::from_str(&start.to_string()).ok());
    let end = Instant::now() + gateway.feed.stream_life;
    let alive = KeepAlive::new().interval(COMMENT_EVERY);
    let mut response = Sse::new(told(subscription, end)).keep_alive(alive).into_response();
    let answer = response.headers_mut();
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.insert(UNBUFFERED, HeaderValue::from_static("no"));
    if let Some(start) = start {
        answer.insert(LAST_EVENT_ID, start);
    }
    Ok(response)
}

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    topics: Vec<Topic>,
    since: Since,
}

impl Asked {
    /// Refuses requests that would only get silence: an unknown name, and a type that no event has.
    fn read(query: &str, headers: &HeaderMap) -> Result<Self, String> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        if let Some((name, _)) = pairs.iter().find(|(name, _)| !NAMES.contains(&name.as_ref())) {
            let name = words::cut(ham::masked(name), MOST_NAME);
            return Err(format!("`{name}` is not known here; known are `{}`", NAMES.join("`, `")));
        }
        let all = |wanted: &'static str| {
            pairs.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_ref())
        };
        if let Some(kind) = all("type").find(|kind| KINDS.contains(kind)) {
            return Err(format!(
                "`type` is what an app calls its events, and `{kind}` is the name of a message: without `type` all of them are told"
            ));
        }
        let topics: Vec<_> =
            all("chain").map(|chain| all("type").fold(Topic::chain(chain), Topic::with_event_type)).collect();
        if topics.is_empty() {
            return Err("no chain is named: `?chain=`".into());
        }
        // An id that is not text is not one of ours.
        let header = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default());
        let id = header.or_else(|| all("lastEventId").next()).map(ToOwned::to_owned);
        Ok(Self { topics, since: Since::from(id) })
    }
}

/// The events, until the time is up or the server ends the stream; then the client comes back.
fn told(subscription: Subscription, end: Instant) -> impl Stream<Item = Result<Event, Infallible>> {
    let first = Event::default().retry(COME_BACK_AFTER);
    let rest = futures_util::stream::unfold((subscription, 0), move |(mut subscription, last)| async move {
        let news = tokio::time::timeout_at(end, subscription.next()).await.ok()??;
        let event = Event::default().event(news.kind().word()).data(news.text());
        // The gap of a subscriber that was too slow has the id of an earlier message.
        let n = news.id().number();
        let event = if n >= last { event.id(news.id().to_string()) } else { event };
        Some((Ok(event), (subscription, n.max(last))))
    });
    futures_util::StreamExt::chain(futures_util::stream::iter([Ok(first)]), rest)
}

/// The parameters of the query.
const NAMES: [&str; 4] = ["chain", "type", "lastEventId", "token"];
/// The types of messages.
const KINDS: [&str; 3] = ["new_event", "new_block", "gap"];
/// Bytes of an unknown name.
const MOST_NAME: usize = 100;
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells proxies to pass each event on at once.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");
const COME_BACK_AFTER: Duration = Duration::from_secs(2);
/// Prevents the idle timeouts of proxies.
const COMMENT_EVERY: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_types_and_the_last_id_are_read() {
        let mut headers = HeaderMap::new();
        let read = |query: &str, headers: &HeaderMap| Asked::read(query, headers).unwrap();
        let asked = read("chain=a%2Fb&type=t&chain=c&type=u&token=secret&lastEventId=e-1", &headers);
        let typed = |chain: &str| Topic::chain(chain).with_event_type("t").with_event_type("u");
        assert_eq!(asked.topics, [typed("a/b"), typed("c")]);
        assert_eq!(asked.since, Since::After("e-1".to_owned()));
        assert_eq!(read("chain=a", &headers).since, Since::Now);
        // Such requests got nothing but silence.
        for (query, why) in [("", "no chain"), ("chain=a&type=new_event", "message"), ("chains=a", "`chain`")]
        {
            assert!(Asked::read(query, &headers).unwrap_err().contains(why), "{query}");
        }
        headers.insert(LAST_EVENT_ID, HeaderValue::from_static("e-2"));
        assert_eq!(read("chain=a&lastEventId=e-1", &headers).since, Since::After("e-2".to_owned()));
        headers.insert(LAST_EVENT_ID, HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(read("chain=a", &headers).since, Since::After(String::new()));
    }
}
