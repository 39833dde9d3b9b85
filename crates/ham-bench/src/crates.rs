//! The WebSocket crates that are compared, each as it is driven best from one task.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use fastwebsockets::{Frame, Payload, Role, WebSocket, WebSocketRead, WebSocketWrite};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Semaphore;

use crate::load::pipelined;
use crate::{envelope, upgrade};

/// `tokio-tungstenite` 0.30.
#[derive(Debug)]
pub struct Tungstenite030(tokio_tungstenite::WebSocketStream<TcpStream>);

impl Tungstenite030 {
    /// Connects, with a read buffer of this many bytes; `None` for the crate's default.
    ///
    /// # Panics
    /// When the server is not there.
    pub async fn connect(address: SocketAddr, read_buffer: Option<usize>) -> Self {
        use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
        let config = WebSocketConfig::default();
        let config = read_buffer.map_or(config, |size| config.read_buffer_size(size));
        let stream = upgrade::connect(address).await.expect("a server");
        Self(tokio_tungstenite::WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await)
    }

    /// Makes `total` round trips.
    ///
    /// # Panics
    /// When one fails.
    pub async fn run(&mut self, in_flight: usize, total: u64, body: &[u8]) {
        use tokio_tungstenite::tungstenite::Message;
        pipelined(
            &mut self.0,
            in_flight,
            total,
            body,
            |bytes| Message::Binary(bytes.into()),
            tungstenite_030,
        )
        .await;
    }
}

fn tungstenite_030(message: &tokio_tungstenite::tungstenite::Message) -> &[u8] {
    match message {
        tokio_tungstenite::tungstenite::Message::Binary(bytes) => bytes,
        other => panic!("the server sent {other:?}"),
    }
}

/// `tokio-tungstenite` 0.27, which `holochain_websocket` 0.7.1 uses.
#[derive(Debug)]
pub struct Tungstenite027(tokio_tungstenite_027::WebSocketStream<TcpStream>);

impl Tungstenite027 {
    /// Connects.
    ///
    /// # Panics
    /// When the server is not there.
    pub async fn connect(address: SocketAddr) -> Self {
        use tokio_tungstenite_027::tungstenite::protocol::Role;
        let stream = upgrade::connect(address).await.expect("a server");
        Self(tokio_tungstenite_027::WebSocketStream::from_raw_socket(stream, Role::Client, None).await)
    }

    /// Makes `total` round trips.
    ///
    /// # Panics
    /// When one fails.
    pub async fn run(&mut self, in_flight: usize, total: u64, body: &[u8]) {
        use tokio_tungstenite_027::tungstenite::Message;
        pipelined(
            &mut self.0,
            in_flight,
            total,
            body,
            |bytes| Message::Binary(bytes.into()),
            tungstenite_027,
        )
        .await;
    }
}

fn tungstenite_027(message: &tokio_tungstenite_027::tungstenite::Message) -> &[u8] {
    match message {
        tokio_tungstenite_027::tungstenite::Message::Binary(bytes) => bytes,
        other => panic!("the server sent {other:?}"),
    }
}

/// `tokio-websockets` 0.13.
#[derive(Debug)]
pub struct Websockets(tokio_websockets::WebSocketStream<TcpStream>);

impl Websockets {
    /// Connects.
    ///
    /// # Panics
    /// When the server is not there.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = upgrade::connect(address).await.expect("a server");
        // Its default cuts messages into 4 MiB frames and flushes by itself at 8 KiB; the others gather 128 KiB.
        let config = tokio_websockets::Config::default().flush_threshold(128 << 10);
        Self(tokio_websockets::ClientBuilder::new().config(config).take_over(stream))
    }

    /// Makes `total` round trips.
    ///
    /// # Panics
    /// When one fails.
    pub async fn run(&mut self, in_flight: usize, total: u64, body: &[u8]) {
        use tokio_websockets::Message;
        let make = |bytes: Vec<u8>| Message::binary(Bytes::from(bytes));
        pipelined(&mut self.0, in_flight, total, body, make, |message: &Message| &message.as_payload()[..])
            .await;
    }
}

/// `fastwebsockets` 0.10. It has no `poll_` functions and its futures lose bytes when they are dropped, so reading and
/// writing at the same time needs its unstable split and two loops.
pub struct Fast {
    reader: WebSocketRead<OwnedReadHalf>,
    writer: WebSocketWrite<OwnedWriteHalf>,
}

impl std::fmt::Debug for Fast {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fast").finish_non_exhaustive()
    }
}

impl Fast {
    /// Connects.
    ///
    /// # Panics
    /// When the server is not there.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = upgrade::connect(address).await.expect("a server");
        let mut socket = WebSocket::after_handshake(stream, Role::Client);
        socket.set_auto_close(false);
        socket.set_auto_pong(false);
        let (reader, writer) = socket.split(TcpStream::into_split);
        Self { reader, writer }
    }

    /// Makes `total` round trips.
    ///
    /// # Panics
    /// When one fails.
    pub async fn run(&mut self, in_flight: usize, total: u64, body: &[u8]) {
        let Self { reader, writer } = self;
        let window = Semaphore::new(in_flight);
        let waiting = Mutex::new(HashSet::with_capacity(in_flight));
        let write = async {
            for id in 0..total {
                window.acquire().await.expect("it is never closed").forget();
                waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
                let frame = Frame::binary(Payload::Owned(envelope::request(id, body)));
                writer.write_frame(frame).await.expect("a live socket");
            }
        };
        let read = async {
            for _ in 0..total {
                let frame = reader
                    .read_frame(&mut |_| std::future::ready(Ok::<(), std::io::Error>(())))
                    .await
                    .expect("a live socket");
                let (id, _) = envelope::parse(&frame.payload).expect("an answer");
                assert!(
                    waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id),
                    "an answer to {id}, which nobody asked"
                );
                window.add_permits(1);
            }
        };
        tokio::join!(write, read);
    }
}
