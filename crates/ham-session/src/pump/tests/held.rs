//! An inbox without room holds back reading, and what that may hold back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use super::rig::{Padded, ask, linked, seconds, settle};
use crate::config::SessionConfig;
use crate::inbox::{Inbox, Incoming, Room};
use crate::link::Link;

/// Counts what it gets; has room for `tight` messages freely, and for `full` to get at an answer.
#[derive(Default)]
struct Counting {
    got: AtomicUsize,
    tight: AtomicUsize,
    full: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Counting {
    fn with(tight: usize, full: usize) -> Arc<Self> {
        Arc::new(Self { tight: tight.into(), full: full.into(), ..Self::default() })
    }

    fn got(&self) -> usize {
        self.got.load(Ordering::SeqCst)
    }

    fn widen(&self, tight: usize) {
        self.tight.store(tight, Ordering::SeqCst);
        self.full.fetch_max(tight, Ordering::SeqCst);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        waker.expect("the pump waits for room").wake();
    }
}

impl Inbox<Padded> for Counting {
    fn deliver(&self, _link: &Link<Padded>, incoming: Incoming<Padded>) {
        assert!(matches!(incoming, Incoming::Push(_)));
        self.got.fetch_add(1, Ordering::SeqCst);
    }

    fn room(&self, waker: &Waker) -> Room {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
        match self.got() {
            got if got >= self.full.load(Ordering::SeqCst) => Room::Full,
            got if got >= self.tight.load(Ordering::SeqCst) => Room::Tight,
            _ => Room::Free,
        }
    }
}

/// Some time passes for the peer, which reads during it: pings are answered then.
async fn pass(peer: &mut super::rig::Peer, time: u64) {
    let reading = async { while peer.ws.next().await.is_some() {} };
    assert!(tokio::time::timeout(seconds(time), reading).await.is_err(), "the link lives");
}

#[tokio::test(start_paused = true)]
async fn pushes_wait_in_the_socket_and_an_answer_behind_them_is_read_all_the_same() {
    let inbox = Counting::with(3, 100);
    let (link, mut peer) = linked(1 << 20, false, &SessionConfig::default(), inbox.clone()).await;
    for _ in 0..10 {
        peer.answer(0).await;
    }
    settle().await;
    assert_eq!(inbox.got(), 3);
    let asked = ask(&link, 7, seconds(60));
    assert_eq!(peer.next().await, Some(7));
    peer.answer(0).await;
    peer.answer(7).await;
    for _ in 0..10 {
        peer.answer(0).await;
    }
    assert!(asked.await.expect("it runs").is_ok());
    settle().await;
    assert_eq!(inbox.got(), 12, "those before the answer, and one that was read with it");
    inbox.widen(15);
    settle().await;
    assert_eq!(inbox.got(), 15);
    inbox.widen(1000);
    settle().await;
    assert_eq!(inbox.got(), 21);
}

#[tokio::test(start_paused = true)]
async fn a_pong_behind_what_waits_is_read_so_that_the_link_lives() {
    let inbox = Counting::with(3, 100);
    let (link, mut peer) = linked(1 << 20, false, &SessionConfig::default(), inbox.clone()).await;
    for _ in 0..10 {
        peer.answer(0).await;
    }
    pass(&mut peer, 35).await;
    assert_eq!(inbox.got(), 10, "read to get at the pong");
    assert!(link.round_trip_time().is_some());
    peer.answer(0).await;
    pass(&mut peer, 20).await;
    assert_eq!(inbox.got(), 10, "held back again");
}

/// It is we who do not read.
#[tokio::test(start_paused = true)]
async fn a_peer_is_not_judged_while_nothing_is_read_and_is_afterwards() {
    let inbox = Counting::with(3, 3);
    let config = SessionConfig::default().with_silence_bound(Some(seconds(45)));
    let (link, mut peer) = linked(1 << 20, false, &config, inbox.clone()).await;
    for _ in 0..10 {
        peer.answer(0).await;
    }
    let asked = ask(&link, 7, seconds(5));
    pass(&mut peer, 3600).await;
    assert!(asked.await.expect("it runs").is_err(), "deadlines hold");
    assert_eq!((inbox.got(), link.end().is_none()), (3, true));
    inbox.widen(1000);
    settle().await;
    assert_eq!(inbox.got(), 10);
    pass(&mut peer, 100).await;
    // Now the peer is silent, and it counts.
    tokio::time::advance(seconds(60)).await;
    settle().await;
    assert!(link.end().is_some());
}

/// Two full handlers that answer each other would each wait for the other to read.
#[tokio::test(start_paused = true)]
async fn a_write_that_is_blocked_lets_reading_go_on() {
    let inbox = Counting::with(3, 100);
    let (link, mut peer) = linked(1024, false, &SessionConfig::default(), inbox.clone()).await;
    let sending = tokio::spawn({
        let link = link.clone();
        async move { link.send((0, 64 << 10), super::rig::within(seconds(60))).await }
    });
    settle().await;
    for _ in 0..10 {
        peer.answer(0).await;
    }
    settle().await;
    assert_eq!(inbox.got(), 10);
    assert_eq!(peer.next().await, Some(0));
    assert!(sending.await.expect("it runs").is_ok());
    for _ in 0..10 {
        peer.answer(0).await;
    }
    settle().await;
    assert_eq!(inbox.got(), 10, "held back again");
}

#[tokio::test(start_paused = true)]
async fn a_close_does_not_wait_for_room() {
    use ham_persistent::Connection as _;
    let inbox = Counting::with(3, 3);
    let (link, mut peer) = linked(1 << 20, false, &SessionConfig::default(), inbox).await;
    for _ in 0..10 {
        peer.ws.send(Message::Binary(vec![0; 8].into())).await.expect("the link lives");
    }
    settle().await;
    let mut closing = Box::pin(link.close());
    assert!(closing.as_mut().now_or_never().is_none());
    settle().await;
    tokio::time::advance(seconds(2)).await;
    settle().await;
    assert!(closing.now_or_never().is_some());
}
