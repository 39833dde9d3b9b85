//! The answering side, and what becomes of those who connect to it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use ham_envelope::{Client, ConnectEvent, Envelope, RunError, ServerConfig, serve_stream, serve_upgraded};
use ham_session::{Delivery, DialError, Ended, FirstDial, Gate};
use http::StatusCode;
use support::serving::{Serving, asked, echo};
use support::{BOUND, Running, config, deaf, must, next};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::sync::CancellationToken;

async fn refused(serving: &Serving, token: &str) -> StatusCode {
    let strict = config(&serving.url())
        .with_endpoint(|endpoint| endpoint.with_token(token).with_first_dial(FirstDial::Required));
    let client = Client::new(strict, deaf()).unwrap();
    match must(client.run(CancellationToken::new())).await.unwrap_err() {
        RunError::FirstDial(error) => match *error {
            DialError::Refused { status, .. } => status,
            ref other => panic!("{other}"),
        },
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn each_side_asks_the_other_over_one_link() {
    let serving = Serving::start(ServerConfig::default(), echo()).await;
    let running = Running::start(config(&serving.url()), asked());
    for (kind, answer) in [("ask", "answer"), ("turn", "turned")] {
        let request = Envelope::request(kind).with_payload("hello").unwrap();
        let told = running.client.request(request.clone(), BOUND).await.unwrap();
        assert_eq!((told.kind.as_str(), &told.in_reply_to), (answer, &request.id));
        assert_eq!(told.payload_as::<String>().unwrap(), "hello");
    }
    running.stop().await;
    serving.stop().await;
}

#[tokio::test]
async fn one_connection_too_many_is_answered_with_503_until_there_is_a_place() {
    let one = ServerConfig::default().with_max_connections(1.try_into().unwrap());
    let serving = Serving::start(one, asked()).await;
    let first = Running::start(config(&serving.url()), deaf());
    first.client.request(Envelope::request("ask"), BOUND).await.unwrap();
    assert_eq!(refused(&serving, "x").await, 503);
    first.stop().await;
    // One that keeps asking gets the place.
    let next = Running::start(config(&serving.url()), deaf());
    next.client.request(Envelope::request("ask"), BOUND).await.unwrap();
    next.stop().await;
    serving.stop().await;
}

#[tokio::test]
async fn the_gate_decides_who_comes_in() {
    let gate = Gate::default().with_check(|request| match request.headers().get("authorization") {
        Some(token) if token == "Bearer sesame" => Ok(()),
        _ => Err(StatusCode::UNAUTHORIZED),
    });
    let serving = Serving::start(ServerConfig::default().with_gate(gate), asked()).await;
    assert_eq!(refused(&serving, "s3cret").await, 401);
    let running = Running::start(
        config(&serving.url()).with_endpoint(|endpoint| endpoint.with_token("sesame")),
        deaf(),
    );
    running.client.request(Envelope::request("ask"), BOUND).await.unwrap();
    running.stop().await;
    serving.stop().await;
}

#[tokio::test]
async fn stopping_lets_what_was_begun_be_answered_and_takes_nobody_more() {
    let (begun, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, opened) = (begun.clone(), gate.clone());
    let router = asked().on("slow", move |request: Envelope| {
        let (tell, opened) = (tell.clone(), opened.clone());
        async move {
            tell.notify_one();
            opened.notified().await;
            Ok::<_, String>(request.reply("done"))
        }
    });
    let serving = Serving::start(ServerConfig::default(), router).await;
    let url = serving.url();
    let running = Running::start(config(&url), deaf());
    let mut events = running.client.events();
    assert_eq!(next(&mut events).await, ConnectEvent::Connected);
    let stopping = async {
        begun.notified().await;
        serving.stop.cancel();
        gate.notify_one();
    };
    let (answer, ()) = tokio::join!(running.client.request(Envelope::request("slow"), BOUND), stopping);
    assert_eq!(answer.unwrap().kind, "done");
    let address = serving.address;
    serving.stop().await;
    assert!(matches!(next(&mut events).await, ConnectEvent::Disconnected(Ended { code: Some(1000), .. })));
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
    running.stop().await;
}

#[tokio::test]
async fn a_handler_that_never_ends_holds_up_the_stop_for_its_time_only() {
    let router = asked().on("never", |_: Envelope| std::future::pending::<Result<Envelope, String>>());
    let short = ServerConfig::default();
    let session = short.session.clone().with_drain_timeout(Duration::from_millis(50));
    let serving = Serving::start(short.with_session(session), router).await;
    let running = Running::start(config(&serving.url()), deaf());
    // Taken before the answer behind it.
    running.client.send(Envelope::request("never"), BOUND).await.unwrap();
    running.client.request(Envelope::request("ask"), BOUND).await.unwrap();
    let (never, ()) = tokio::join!(running.client.request(Envelope::request("never"), BOUND), async {
        running.client.request(Envelope::request("ask"), BOUND).await.unwrap();
        serving.stop().await;
    });
    assert_eq!(never.unwrap_err().delivery(), Delivery::Unknown);
    running.stop().await;
}

/// What waits holds its link, and the link its queue: both stayed for ever.
#[tokio::test]
async fn a_server_that_is_dropped_closes_its_links_though_requests_wait() {
    let router = asked()
        .with_concurrency(1.try_into().unwrap())
        .on("never", |_: Envelope| std::future::pending::<Result<Envelope, String>>());
    let serving = Serving::start(ServerConfig::default(), router).await;
    let running = Running::start(config(&serving.url()), deaf());
    let mut events = running.client.events();
    assert_eq!(next(&mut events).await, ConnectEvent::Connected);
    running.client.request(Envelope::request("ask"), BOUND).await.unwrap();
    let asking = (0..3).map(|_| running.client.request(Envelope::request("never"), BOUND));
    let dropping = async {
        tokio::task::yield_now().await;
        serving.abort();
        next(&mut events).await
    };
    let (never, gone) = must(async { tokio::join!(join_all(asking), dropping) }).await;
    assert!(matches!(gone, ConnectEvent::Disconnected(_)));
    assert!(never.iter().all(Result::is_err));
    running.stop().await;
}

#[tokio::test]
async fn a_handler_that_panics_ends_its_own_connection() {
    let router = asked().on("panic", |request: Envelope| async move {
        assert!(request.payload.is_some(), "as the test wants it");
        Ok::<_, String>(request.reply("fine"))
    });
    let serving = Serving::start(ServerConfig::default(), router).await;
    let (one, other) =
        (Running::start(config(&serving.url()), deaf()), Running::start(config(&serving.url()), deaf()));
    let mut events = other.client.events();
    assert_eq!(next(&mut events).await, ConnectEvent::Connected);
    let error = one.client.request(Envelope::request("panic"), BOUND).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown, "{error}");
    one.client.request(Envelope::request("ask"), BOUND).await.unwrap();
    other.client.request(Envelope::request("ask"), BOUND).await.unwrap();
    one.stop().await;
    other.stop().await;
    serving.stop().await;
}

#[tokio::test]
async fn a_single_stream_can_be_served() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let config_of_server = ServerConfig::default();
    let serving = async {
        let (tcp, _) = listener.accept().await.unwrap();
        serve_stream(tcp, asked(), &config_of_server, stop.clone()).await
    };
    let asking = async {
        let running = Running::start(config(&url), deaf());
        running.client.request(Envelope::request("ask"), BOUND).await.unwrap();
        running.stop().await;
    };
    let (served, ()) = must(async { tokio::join!(serving, asking) }).await;
    served.unwrap();
}

/// As a web framework hands it out, with what it had read already in front.
#[tokio::test]
async fn a_stream_that_was_upgraded_elsewhere_can_be_served() {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let (config, stop) = (ServerConfig::default(), CancellationToken::new());
    let asking = async {
        let mut peer = WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
        let request = Envelope::request("ask").with_payload(7).unwrap();
        peer.send(Message::text(request.to_json().unwrap())).await.unwrap();
        let Some(Ok(Message::Text(text))) = peer.next().await else { panic!("an answer") };
        assert_eq!(Envelope::from_json(&text).unwrap().in_reply_to, request.id);
        stop.cancel();
        assert!(matches!(peer.next().await, Some(Ok(Message::Close(_)))));
    };
    let served = serve_upgraded(ours, asked(), &config, stop.clone());
    let (served, ()) = must(async { tokio::join!(served, asking) }).await;
    served.unwrap();
}
