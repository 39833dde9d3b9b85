//! The fault proxy between a plain WebSocket client and an echoing server.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use ham_testkit::chaos::{Action, Boundary, Direction, EndCause, Event, Fault, Faults, Proxy, SeededFaults};
use ham_testkit::server::{Server, ServerEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

type Client = WebSocketStream<TcpStream>;

async fn dial(address: SocketAddr) -> Result<Client, Error> {
    let stream = TcpStream::connect(address).await?;
    client_async(format!("ws://{address}/"), stream).await.map(|(client, _)| client)
}

/// An echo server behind a proxy with one fault, and a client connected through it.
async fn with(fault: Fault) -> (Server, Proxy, Client) {
    let server = Server::echo().await.expect("a loopback port is free");
    let proxy = Proxy::start_with(server.address(), [fault]).await.expect("a loopback port is free");
    let client = dial(proxy.address()).await.expect("no fault strikes before a frame");
    (server, proxy, client)
}

async fn ended(proxy: &Proxy, number: u64) -> EndCause {
    let ended = |event: &Event| matches!(event, Event::Ended { connection, .. } if *connection == number);
    match proxy.events().wait_for(ended).await.expect("the connection ends") {
        Event::Ended { cause, .. } => cause,
        other => unreachable!("not the event waited for: {other:?}"),
    }
}

/// The texts the server had received when the connection was over.
async fn received(server: &Server) -> Vec<String> {
    let (mut events, mut texts) = (server.events(), Vec::new());
    let over = |event: &ServerEvent| {
        if let ServerEvent::Received { message, .. } = event {
            texts.push(String::from_utf8_lossy(message.payload()).into_owned());
        }
        matches!(event, ServerEvent::Ended { .. })
    };
    events.wait_for(over).await.expect("the connection ends");
    texts
}

#[tokio::test]
async fn a_request_is_cut_exactly_before_inside_or_after_its_frame() {
    for (boundary, arrived) in
        [(Boundary::Before, &["one"][..]), (Boundary::Inside, &["one"]), (Boundary::After, &["one", "two"])]
    {
        let (server, proxy, mut client) =
            with(Fault::on(0, Direction::ToServer, 1, boundary, Action::Cut)).await;
        for text in ["one", "two"] {
            client.send(Message::text(text)).await.unwrap();
        }
        assert_eq!(ended(&proxy, 0).await, EndCause::Cut);
        assert_eq!(received(&server).await, arrived, "{boundary:?}");
        assert_eq!(proxy.counters().faults, 1);
    }
}

#[tokio::test]
async fn an_answer_is_cut_exactly_before_inside_or_after_its_frame() {
    for (boundary, arrives) in [(Boundary::Before, false), (Boundary::Inside, false), (Boundary::After, true)]
    {
        let (server, proxy, mut client) =
            with(Fault::on(0, Direction::ToClient, 0, boundary, Action::Cut)).await;
        client.send(Message::text("question")).await.unwrap();
        assert_eq!(client.next().await.unwrap().is_ok(), arrives, "{boundary:?}");
        assert_eq!(ended(&proxy, 0).await, EndCause::Cut);
        assert_eq!(
            received(&server).await,
            ["question"],
            "the request got through whatever became of the answer"
        );
    }
}

#[tokio::test]
async fn pings_do_not_move_a_fault() {
    let (server, proxy, mut client) =
        with(Fault::on(0, Direction::ToServer, 0, Boundary::After, Action::Reset)).await;
    for _ in 0..3 {
        client.send(Message::Ping(Bytes::new())).await.unwrap();
        assert!(matches!(client.next().await, Some(Ok(Message::Pong(_)))));
    }
    client.send(Message::text("one")).await.unwrap();
    assert_eq!(ended(&proxy, 0).await, EndCause::Reset);
    assert_eq!(proxy.counters().frames_to_server, 1);
    drop((server, client));
}

#[tokio::test]
async fn a_large_frame_in_many_portions_is_one_frame() {
    let (_server, proxy, mut client) =
        with(Fault::on(0, Direction::ToClient, 0, Boundary::Inside, Action::Delay(Duration::ZERO))).await;
    let large = Message::binary(vec![7; 1 << 20]);
    client.send(large.clone()).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), large);
    let counters = proxy.counters();
    assert_eq!((counters.frames_to_server, counters.faults), (1, 1));
    assert!(counters.bytes > 2 << 20, "{counters:?}");
}

#[tokio::test]
async fn half_open_passes_nothing_on_and_closes_nothing_until_cut() {
    let (server, proxy, mut client) =
        with(Fault::on(0, Direction::ToServer, 0, Boundary::After, Action::HalfOpen)).await;
    client.send(Message::text("one")).await.unwrap();
    let faulted = |event: &Event| matches!(event, Event::Faulted { .. });
    proxy.events().wait_for(faulted).await.unwrap();
    // The server answered, but nothing passes any more; the client's writes still succeed.
    let reached = ServerEvent::Received { connection: 0, message: "one".into() };
    server.events().wait_for(|event| *event == reached).await.unwrap();
    client.send(Message::text("two")).await.unwrap();
    assert_eq!(proxy.counters().frames_to_client, 0);
    assert_eq!(proxy.counters().ended, 0);
    proxy.cut_now();
    assert_eq!(ended(&proxy, 0).await, EndCause::Cut);
    assert!(client.next().await.unwrap().is_err());
    assert_eq!(received(&server).await, ["one"]);
}

#[tokio::test]
async fn garbage_is_put_into_the_stream_at_the_frame_boundary() {
    // A reserved opcode: every WebSocket client must fail the connection.
    let garbage = Action::Garbage(Bytes::from_static(&[0x83, 0x00]));
    let (_server, _proxy, mut client) =
        with(Fault::on(0, Direction::ToClient, 0, Boundary::After, garbage)).await;
    client.send(Message::text("one")).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("one"));
    assert!(matches!(client.next().await.unwrap(), Err(Error::Protocol(_))));
}

#[tokio::test]
async fn throttled_bytes_arrive_complete() {
    let throttle = Action::Throttle { bytes: 3, every: Duration::from_millis(1) };
    let (_server, _proxy, mut client) =
        with(Fault::on(0, Direction::ToServer, 0, Boundary::Before, throttle)).await;
    let message = Message::text("a message of some forty characters, slowly");
    client.send(message.clone()).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), message);
}

#[tokio::test]
async fn held_bytes_wait_and_are_not_lost() {
    let server = Server::echo().await.unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    let mut client = dial(proxy.address()).await.unwrap();
    proxy.hold();
    client.send(Message::text("one")).await.unwrap();
    assert_eq!(proxy.counters().frames_to_server, 0);
    proxy.release();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("one"));
}

#[tokio::test]
async fn new_connections_follow_the_upstream_and_old_ones_stay() {
    let (first, second) = (Server::echo().await.unwrap(), Server::echo().await.unwrap());
    let proxy = Proxy::start(first.address()).await.unwrap();
    let mut old = dial(proxy.address()).await.unwrap();
    proxy.set_upstream(second.address());
    let mut new = dial(proxy.address()).await.unwrap();
    for client in [&mut old, &mut new] {
        client.send(Message::text("one")).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text("one"));
    }
    let accepted = ServerEvent::Accepted { connection: 0 };
    for server in [&first, &second] {
        server.events().wait_for(|event| *event == accepted).await.unwrap();
    }
    // A cut concerns the connections there are, not the next one.
    proxy.reset_now();
    assert_eq!((ended(&proxy, 0).await, ended(&proxy, 1).await), (EndCause::Reset, EndCause::Reset));
    dial(proxy.address()).await.unwrap();
}

#[tokio::test]
async fn refused_and_unreachable_connections_end_at_once() {
    let server = Server::echo().await.unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    proxy.set_refusing(true);
    assert!(dial(proxy.address()).await.is_err());
    assert_eq!(ended(&proxy, 0).await, EndCause::Refused);

    proxy.set_refusing(false);
    // Nobody listens there; a port that was free a moment ago may be another test's.
    proxy.set_upstream(([127, 0, 0, 1], 1).into());
    assert!(dial(proxy.address()).await.is_err());
    assert_eq!(ended(&proxy, 1).await, EndCause::Unreachable(std::io::ErrorKind::ConnectionRefused));
    assert_eq!(proxy.counters().accepted, 2);
}

#[tokio::test]
async fn what_is_not_websocket_passes_unchanged_and_half_closes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap()).await.unwrap();
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();

    client.write_all(&[0x16, 3, 1, 0]).await.unwrap();
    client.shutdown().await.unwrap();
    let mut seen = Vec::new();
    server.read_to_end(&mut seen).await.unwrap();
    assert_eq!(seen, [0x16, 3, 1, 0]);
    server.write_all(b"bye").await.unwrap();
    drop(server);
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"bye");
    assert_eq!(ended(&proxy, 0).await, EndCause::Finished);
}

#[tokio::test]
async fn stopping_ends_everything() {
    let server = Server::echo().await.unwrap();
    let proxy = Proxy::start(server.address()).await.unwrap();
    let mut client = dial(proxy.address()).await.unwrap();
    let (address, mut events) = (proxy.address(), proxy.events());
    proxy.stop().await;
    assert!(client.next().await.unwrap().is_err());
    let stopped = |event: &Event| matches!(event, Event::Ended { cause: EndCause::Stopped, .. });
    events.wait_for(stopped).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

/// Whatever the seed draws, each connection suffers exactly the fault that the seed names, and the proxy goes on.
#[tokio::test]
async fn seeded_faults_strike_as_drawn() {
    let faults = SeededFaults::new(20_260).with_frames(0..2).with_actions(vec![Action::Cut, Action::Reset]);
    let server = Server::echo().await.unwrap();
    let proxy = Proxy::start_with(server.address(), Faults::from(faults.clone())).await.unwrap();
    assert_eq!(proxy.seed(), Some(20_260));
    for number in 0..24 {
        let mut client = dial(proxy.address()).await.unwrap();
        // Two exchanges are enough for every place the faults can be at.
        for _ in 0..2 {
            if client.send(Message::text("one")).await.is_err() || !matches!(client.next().await, Some(Ok(_)))
            {
                break;
            }
        }
        let drawn = faults.fault(number);
        let expected = if drawn.action == Action::Cut { EndCause::Cut } else { EndCause::Reset };
        assert_eq!(ended(&proxy, number).await, expected, "{drawn:?}");
        let struck = |event: &Event| matches!(event, Event::Faulted { fault, .. } if *fault == drawn);
        proxy.events().wait_for(struck).await.unwrap();
    }
}
