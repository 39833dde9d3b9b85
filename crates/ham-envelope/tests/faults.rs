//! The client behind a fault proxy.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use ham_envelope::{ConnectEvent, Envelope, RequestError};
use ham_session::{
    DEFAULT_PING_INTERVAL, DEFAULT_PING_TIMEOUT, Delivery, Ended, LinkEnd, RequestError as LinkError,
};
use ham_testkit::chaos::{Action, Boundary, Direction, Event, Fault, Proxy};
use ham_testkit::server::{Message, Server};
use ham_testkit::wait::pass;
use support::{BOUND, Running, answering, config, deaf, driven, envelope, must, next};

/// A client whose first link has these faults.
async fn through(server: &Server, faults: impl Into<Vec<Fault>>) -> (Running, Proxy) {
    let proxy = Proxy::start_with(server.address(), faults.into()).await.unwrap();
    (Running::start(config(&format!("ws://{}/connect", proxy.address())), deaf()), proxy)
}

fn lost(error: &RequestError) -> &LinkEnd {
    match error {
        RequestError::Session(LinkError::LinkLost { end, .. }) => end,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_that_dies_with_its_link_is_unknown_wherever_it_was_cut() {
    for direction in [Direction::ToServer, Direction::ToClient] {
        for boundary in [Boundary::Before, Boundary::Inside, Boundary::After] {
            let server = answering().await;
            let fault = Fault::on(0, direction, 0, boundary, Action::Cut);
            let (running, _proxy) = through(&server, [fault]).await;
            let first = running.client.request(Envelope::request("ask"), BOUND).await;
            match first {
                // Only an answer that was passed on whole can arrive.
                Ok(_) => assert_eq!((direction, boundary), (Direction::ToClient, Boundary::After)),
                Err(error) => {
                    assert_eq!(error.delivery(), Delivery::Unknown, "{direction:?} {boundary:?}: {error}")
                }
            }
            running.client.request(Envelope::request("ask"), BOUND).await.unwrap();
            running.stop().await;
        }
    }
}

#[tokio::test]
async fn a_half_open_link_is_noticed_by_its_pings() {
    let server = answering().await;
    let fault = Fault::on(0, Direction::ToClient, 0, Boundary::Before, Action::HalfOpen);
    let (running, proxy) = through(&server, [fault]).await;
    let mut events = proxy.events();
    let struck = async {
        events.wait_for(|event| matches!(event, Event::Faulted { .. })).await.unwrap();
        // The ping is sent, and then its pong is late.
        pass(DEFAULT_PING_INTERVAL).await;
        pass(DEFAULT_PING_TIMEOUT).await;
    };
    let (error, ()) = tokio::join!(running.client.request(Envelope::request("ask"), BOUND * 2), struck);
    let error = error.unwrap_err();
    assert!(matches!(lost(&error), LinkEnd::Silent { .. }), "{error:?}");
    running.client.request(Envelope::request("ask"), BOUND).await.unwrap();
    running.stop().await;
}

#[tokio::test]
async fn garbage_and_a_reset_end_the_link_and_no_more() {
    // A reserved opcode, as no WebSocket sends it.
    for action in [Action::Garbage(Bytes::from_static(&[0x83, 0x01, 0x00])), Action::Reset] {
        let server = answering().await;
        let fault = Fault::on(0, Direction::ToClient, 0, Boundary::Before, action);
        let (running, _proxy) = through(&server, [fault]).await;
        let error = running.client.request(Envelope::request("ask"), BOUND).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert!(matches!(lost(&error), LinkEnd::ProtocolViolation(_) | LinkEnd::Lost(_)), "{error:?}");
        running.client.request(Envelope::request("ask"), BOUND).await.unwrap();
        running.stop().await;
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_here_and_ends_the_link_from_there() {
    let server = driven().await;
    let running = Running::start(config(&server.url()), deaf());
    let mut events = running.client.events();
    let mut peer = server.next_peer().await.unwrap();
    let large = Envelope::request("ask").with_payload("x".repeat(1 << 20)).unwrap();
    let error = running.client.request(large.clone(), BOUND).await.unwrap_err();
    assert!(matches!(error, RequestError::Session(LinkError::TooLarge { .. })), "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    let asking = running.client.request(Envelope::request("ask"), BOUND);
    let answering = async {
        let request = envelope(&mut peer).await;
        let mut answer = request.reply("told");
        answer.payload = large.payload.clone();
        peer.send(Message::Text(answer.to_json().unwrap())).await.unwrap();
    };
    let (error, ()) = tokio::join!(asking, answering);
    assert!(matches!(lost(&error.unwrap_err()), LinkEnd::TooLarge { .. }));
    while !matches!(next(&mut events).await, ConnectEvent::Disconnected(Ended { code: None, .. })) {}
    let mut peer = server.next_peer().await.unwrap();
    running.client.send(Envelope::new("note"), BOUND).await.unwrap();
    assert_eq!(envelope(&mut peer).await.kind, "note");
    running.stop().await;
}

#[tokio::test]
async fn a_server_that_stops_reading_costs_its_callers_their_time_and_not_more() {
    let server = answering().await;
    let (running, proxy) = through(&server, []).await;
    running.client.request(Envelope::request("ask"), BOUND).await.unwrap();
    proxy.hold();
    let body = "x".repeat(500_000);
    let requests = (0..40).map(|_| {
        let request = Envelope::request("ask").with_payload(&body).unwrap();
        running.client.request(request, Duration::from_millis(500))
    });
    let failed = must(futures_util::future::join_all(requests)).await;
    let told: Vec<Delivery> = failed.into_iter().map(|failed| failed.unwrap_err().delivery()).collect();
    assert!(told.contains(&Delivery::Unknown) && !told.contains(&Delivery::Answered), "{told:?}");
    proxy.release();
    let answer =
        running.client.request(Envelope::request("ask").with_payload(7).unwrap(), BOUND).await.unwrap();
    assert_eq!(answer.payload_as::<u8>().unwrap(), 7);
    running.stop().await;
}

#[tokio::test]
async fn a_restarted_server_is_found_again() {
    let server = answering().await;
    let (running, proxy) = through(&server, []).await;
    running.client.request(Envelope::request("ask"), BOUND).await.unwrap();
    let mut events = running.client.events();
    assert_eq!(next(&mut events).await, ConnectEvent::Connected);
    server.stop().await;
    assert!(matches!(next(&mut events).await, ConnectEvent::Disconnected(Ended { code: None, .. })));
    let server = answering().await;
    proxy.set_upstream(server.address());
    running.client.request(Envelope::request("ask"), BOUND).await.unwrap();
    assert_eq!(next(&mut events).await, ConnectEvent::Connected);
    running.stop().await;
}
