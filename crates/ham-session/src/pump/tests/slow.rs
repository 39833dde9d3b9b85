//! A message that was begun has an end.

use ham_persistent::Connection;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout};

use super::rig::{Peer, Rig, rig, seconds};
use crate::config::SessionConfig;
use crate::error::LinkEnd;
use crate::inbox::Incoming;

/// A binary frame of 65,535 bytes begins.
const LARGE: [u8; 4] = [0x82, 126, 0xff, 0xff];
/// A fragment of one byte that is not the last, and one that goes on with it.
const FIRST: [u8; 3] = [0x02, 1, 7];
const MORE: [u8; 3] = [0x00, 1, 7];
const EMPTY_PING: [u8; 2] = [0x89, 0];

async fn trickle(peer: &mut Peer, first: &[u8], then: &[u8]) {
    let stream = peer.ws.get_mut();
    let mut written = stream.write_all(first).await;
    while written.is_ok() {
        sleep(std::time::Duration::from_millis(200)).await;
        written = stream.write_all(then).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_a_byte_now_and_then_is_found_out() {
    let fragment_and_ping = [&MORE[..], &EMPTY_PING[..]].concat();
    for (first, then) in [(&LARGE[..], &[7][..]), (&FIRST[..], &MORE[..]), (&FIRST[..], &fragment_and_ping)] {
        let Rig { link, mut peer, .. } = rig(1 << 20, false, &SessionConfig::default()).await;
        let began = Instant::now();
        let end = tokio::select! {
            end = timeout(seconds(600), link.closed()) => end.expect("it ends"),
            () = trickle(&mut peer, first, then) => link.closed().await,
        };
        assert!(matches!(*end, LinkEnd::TooSlow { .. } | LinkEnd::Silent { .. }), "{end:?}");
        assert!(began.elapsed() <= seconds(41), "{:?}: {end:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_message_on_a_slow_path_arrives() {
    let Rig { link, mut peer, mut inbox } = rig(1 << 20, false, &SessionConfig::default()).await;
    let began = Instant::now();
    let stream = peer.ws.get_mut();
    let size: usize = 2 << 20;
    let head = [&[0x82, 127][..], &(size as u64).to_be_bytes()].concat();
    stream.write_all(&head).await.expect("it lives");
    for chunk in vec![0_u8; size].chunks(8 << 10) {
        stream.write_all(chunk).await.expect("it lives");
        sleep(seconds(1)).await;
    }
    assert!(matches!(inbox.recv().await, Some(Incoming::Push(body)) if body.len() == size));
    assert!(began.elapsed() >= seconds(256));
    assert!(link.end().is_none());
}
