//! A thousand cuts of a raw WebSocket's links to a server of ours.

mod support;

use std::collections::HashMap;

use futures_util::{SinkExt, StreamExt};
use ham_envelope::{Envelope, ServerConfig};
use ham_testkit::chaos::Proxy;
use support::load::{CYCLES, Seen, noting, resident, settled};
use support::must;
use support::serving::Serving;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

/// How many requests are under way when a link is cut.
const AT_ONCE: u64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_cuts_of_a_raw_client_leave_nothing_behind_at_a_server_of_ours() {
    let seen = Seen::default();
    let serving = Serving::start(ServerConfig::default(), noting(&seen)).await;
    let proxy = Proxy::start(serving.address).await.unwrap();
    let url = format!("ws://{}/", proxy.address());
    let (mut answered, mut after_warm_up) = (0, 0);
    for cycle in 0..CYCLES {
        let tcp = TcpStream::connect(proxy.address()).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let (mut peer, _) = must(client_async(url.as_str(), tcp)).await.unwrap();
        let mut asked = HashMap::new();
        for n in 0..AT_ONCE {
            let request = Envelope::request("ask").with_payload((cycle, n)).unwrap();
            peer.feed(Message::text(request.to_json().unwrap())).await.unwrap();
            asked.insert(request.id.unwrap(), n);
        }
        peer.flush().await.unwrap();
        // Some answers come, some are cut off.
        let mut wanted = cycle % AT_ONCE;
        while let Some(Ok(message)) = must(peer.next()).await {
            let Message::Text(text) = message else { continue };
            let answer = Envelope::from_json(&text).unwrap();
            let n = asked.remove(&answer.in_reply_to.unwrap()).expect("asked once, answered once");
            let own: (u64, u64) = serde_json::from_str(answer.payload.unwrap().get()).unwrap();
            assert_eq!((own, seen.times(own)), ((cycle, n), 1), "another's answer");
            answered += 1;
            if wanted == 0 {
                proxy.cut_now();
            }
            wanted = wanted.saturating_sub(1);
        }
        assert!((0..AT_ONCE).all(|n| seen.times((cycle, n)) <= 1));
        if cycle == CYCLES / 10 {
            after_warm_up = resident();
        }
    }
    println!("{CYCLES} cuts: {} requests, {answered} answered", CYCLES * AT_ONCE);
    assert!(answered >= CYCLES);
    settled(after_warm_up);
    must(serving.stop()).await;
}
