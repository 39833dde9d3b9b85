//! The server of this crate, and raw clients of it.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use ham_feed::server::{FeedServer, FeedServerConfig};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite_030::tungstenite::{Error, Message};
use tokio_tungstenite_030::{MaybeTlsStream, WebSocketStream, connect_async};

use super::must;

pub(crate) type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
pub(crate) async fn serve(config: FeedServerConfig) -> (FeedServer, SocketAddr) {
    let server = FeedServer::new(config).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = server.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (server, address)
}

pub(crate) async fn connect(address: SocketAddr, query: &str) -> Result<Client, Error> {
    must(connect_async(format!("ws://{address}/ws{query}"))).await.map(|(client, _)| client)
}

pub(crate) async fn say(client: &mut Client, message: Value) {
    client.send(Message::text(message.to_string())).await.unwrap();
}

pub(crate) async fn hear(client: &mut Client) -> Value {
    loop {
        match must(client.next()).await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Subscribes, and waits until the server has heard it: it answers in order.
pub(crate) async fn subscribe(client: &mut Client, message: Value) {
    say(client, message).await;
    ping(client).await;
}

pub(crate) async fn ping(client: &mut Client) {
    say(client, json!({ "action": "ping" })).await;
    let pong = hear(client).await;
    assert_eq!(pong["type"], "pong");
    assert!(pong["timestamp"].as_u64().unwrap() > 1_700_000_000);
}

pub(crate) fn status_of(refused: Result<Client, Error>) -> u16 {
    match refused {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

/// The body of `GET /ws/status`, with this query.
pub(crate) async fn status(address: SocketAddr, query: &str) -> Value {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(
            format!("GET /ws/status{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .as_bytes(),
        )
        .await
        .unwrap();
    let mut answer = String::new();
    must(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(&answer[answer.find('{').unwrap()..=answer.rfind('}').unwrap()]).unwrap()
}
