//! Waiting for a link.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use ham_persistent::Persistent;
use ham_session::{NoLink, SessionConfig, WebSocketConnector, live_link};
use support::json::Json;
use support::{Server, far, must, recorder, soon};
use tokio::time::Instant;

/// Calls that waited for a link overtook each other: a watch wakes its waiters in random order.
#[tokio::test]
async fn first_come_first_sent() {
    let server = Server::plain().await;
    let (inbox, _inbox) = recorder();
    let target = server.target();
    let provider = move || std::future::ready(Ok(target.clone()));
    let connector =
        WebSocketConnector::new(provider, Arc::new(Json), inbox, SessionConfig::default()).unwrap();
    let persistent = Persistent::spawn("peer", connector, ham_persistent::Config::default());
    let got = Mutex::new(Vec::new());
    let waiting = FuturesUnordered::new();
    for number in 0..100 {
        let (persistent, got) = (&persistent, &got);
        waiting.push(async move {
            live_link(persistent, far()).await.unwrap();
            got.lock().unwrap().push(number);
        });
    }
    let ((), peer) = must(async { tokio::join!(waiting.collect::<()>(), server.accept()) }).await;
    assert!(got.lock().unwrap().iter().copied().eq(0..100), "{got:?}");
    drop(peer);
    must(persistent.close()).await;
    assert_eq!(live_link(&persistent, far()).await.unwrap_err(), NoLink::Closed);
}

#[tokio::test]
async fn a_wait_ends_at_its_deadline_and_with_a_close() {
    let server = Server::plain().await;
    let (inbox, _inbox) = recorder();
    // Nobody accepts: the dial hangs in the upgrade.
    let target = server.target();
    let provider = move || std::future::ready(Ok(target.clone()));
    let connector =
        WebSocketConnector::new(provider, Arc::new(Json), inbox, SessionConfig::default()).unwrap();
    let persistent = Persistent::spawn("peer", connector, ham_persistent::Config::default());
    assert!(matches!(live_link(&persistent, soon()).await.unwrap_err(), NoLink::TimedOut { .. }));
    let never = Instant::now() + Duration::from_secs(100 * 365 * 24 * 3600);
    let closing = async {
        tokio::task::yield_now().await;
        persistent.close().await;
    };
    let (waited, ()) = must(async { tokio::join!(live_link(&persistent, never), closing) }).await;
    assert_eq!(waited.unwrap_err(), NoLink::Closed);
}
