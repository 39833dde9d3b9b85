use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use futures_util::{SinkExt as _, StreamExt as _};
use holochain_types::websocket::AllowedOrigins;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::*;
use crate::interface::incoming_limits::IncomingLimits;
use crate::interface::origin::Origins;
use crate::interface::transport::handshake;

type Client = tokio_tungstenite::WebSocketStream<TcpStream>;

/// A connection that is served as an interface serves one. Requests are numbers: 1 panics while it is read, 2 before it is worked on,
/// 3 while it is worked on; 4 is never answered; the others are.
async fn served() -> (Client, JoinSet<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let origins = Origins::new(AllowedOrigins::Any, Arc::default());
        let limits = IncomingLimits::new(1 << 20, Duration::from_secs(60));
        let socket = handshake(stream, Reading::default(), &origins, &limits).await.unwrap();
        let Connection { incoming, outgoing, writer } = open(socket);
        let read = |data: &[u8]| {
            assert_ne!(data, [1], "while it is read");
            data.first().copied()
        };
        let refuse = |error: ExternalApiWireError| format!("{error:?}");
        let handle = |request: u8| {
            assert_ne!(request, 2, "before it is worked on");
            async move {
                match request {
                    3 => panic!("while it is worked on"),
                    4 => std::future::pending().await,
                    other => Some(format!("answer to {other}")),
                }
            }
        };
        let requests =
            incoming.answer(outgoing, CancellationToken::new(), TaskTracker::new(), read, refuse, handle);
        tokio::join!(requests, writer);
    });
    let mut request = format!("ws://{address}").into_client_request().unwrap();
    request.headers_mut().insert("Origin", "test".parse().unwrap());
    let stream = TcpStream::connect(address).await.unwrap();
    (tokio_tungstenite::client_async(request, stream).await.unwrap().0, server)
}

async fn ask(client: &mut Client, request: u8) {
    let message = WireMessage::Request { id: request.into(), data: vec![request] };
    client.send(Message::Binary(bytes::encode(&message).unwrap().into())).await.unwrap();
}

/// Case: the task ended and nobody was answered; and a request that panicked while it was read ended the connection.
#[tokio::test]
async fn a_panic_is_the_answer_to_its_own_request() {
    let (mut client, _server) = served().await;
    for request in [5, 1, 2, 3, 6] {
        ask(&mut client, request).await;
    }
    let mut answers = BTreeMap::new();
    while answers.len() < 5 {
        let Message::Binary(frame) = client.next().await.unwrap().unwrap() else { continue };
        let WireMessage::Response { id, data } = decode(&frame).unwrap() else { panic!("{frame:?}") };
        answers.insert(id, decode::<String>(&data.unwrap()).unwrap());
    }
    for id in [1, 2, 3] {
        let answer = &answers[&id];
        assert!(answer.contains("panicked") && !answer.contains("worked on"), "{answer}");
    }
    assert_eq!((answers[&5].as_str(), answers[&6].as_str()), ("answer to 5", "answer to 6"));
}

/// Case: the close frame was answered only when the call had ended, seconds later; and if the client had as many calls as it may,
/// only when one of them had.
#[tokio::test]
async fn a_client_that_goes_is_told_so_while_its_calls_run() {
    for calls in [1, CONCURRENT_REQUESTS, 2 * CONCURRENT_REQUESTS] {
        is_told_that_it_goes(calls).await;
    }
}

async fn is_told_that_it_goes(calls: usize) {
    let (mut client, _server) = served().await;
    for _ in 0..calls {
        ask(&mut client, 4).await;
    }
    client.close(None).await.unwrap();
    let told = async {
        while let Some(message) = client.next().await {
            if let Message::Close(_) = message.unwrap() {
                return true;
            }
        }
        false
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), told).await.expect("an answer to the close frame"));
}

/// Case: requests of a client that had left were still begun for minutes: calls that compute for as long as they may.
#[tokio::test]
async fn what_has_not_begun_when_its_client_goes_does_not_begin() {
    let (mut client, mut server) = served().await;
    for _ in 0..2 * CONCURRENT_REQUESTS {
        ask(&mut client, 4).await;
    }
    drop(client);
    let over = tokio::time::timeout(Duration::from_secs(60), server.join_next()).await;
    over.expect("nobody waits for a place any more").unwrap().unwrap();
}
