//! The listener over real sockets: places, and who has them.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::stream;
use ham_web::{Bounds, Listener, Service};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

struct Anybody(Bounds);

impl Service for Anybody {
    type Stream = TcpStream;
    type Counted = ();

    fn bounds(&self) -> Bounds {
        self.0
    }

    fn counted(&self) {}

    async fn open(self: Arc<Self>, socket: TcpStream) -> Option<TcpStream> {
        Some(socket)
    }

    fn full(&self) -> Response {
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
}

/// Once the connection is upgraded, sends back what arrives.
async fn upgraded(mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    let carry = async move {
        let mut io = TokioIo::new(upgrade.await.unwrap());
        let mut byte = [0];
        while io.read_exact(&mut byte).await.is_ok() && io.write_all(&byte).await.is_ok() {}
    };
    #[expect(clippy::disallowed_methods, reason = "it ends with its client")]
    tokio::spawn(carry);
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "echo")];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// A server that ends when the returned set is dropped, and its address.
async fn serve(connections: usize, bounds: Bounds) -> (SocketAddr, JoinSet<()>) {
    let endless = || async { Body::from_stream(stream::pending::<Result<Bytes, Infallible>>()) };
    let router = Router::new()
        .route("/", get(|| async { "here" }))
        .route("/echo", get(upgraded))
        .route("/endless", get(endless));
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(Listener::new(socket, router, Arc::new(Anybody(bounds)), connections).run());
    (address, serving)
}

async fn ask(address: SocketAddr, path: &str, more: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n");
    // It may already be closed.
    let _ = stream.write_all(request.as_bytes()).await;
    stream
}

/// The status of the answer; `None` if the connection is closed without one.
async fn status(stream: &mut TcpStream) -> Option<String> {
    let mut begin = [0; 12];
    stream.read_exact(&mut begin).await.ok()?;
    Some(String::from_utf8_lossy(&begin[9..]).into_owned())
}

/// Six hundred took every descriptor of a process; then those that had a place kept everybody else out for ten seconds;
/// then those that had asked once did so for thirty.
#[tokio::test]
async fn who_is_idle_makes_room_and_who_is_busy_keeps_its_place() {
    let hour = Duration::from_secs(3600);
    let bounds = Bounds::default().with_first_request(hour).with_head(hour, 100, 64 << 10);
    let (address, _serving) = serve(16, bounds).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    for stream in &mut silent[..34] {
        assert_eq!(status(stream).await, None);
    }
    let mut asked = Vec::new();
    for path in ["/", "/refused"].repeat(8) {
        let mut stream = ask(address, path, "").await;
        assert_eq!(status(&mut stream).await.as_deref(), Some(if path == "/" { "200" } else { "404" }));
        asked.push(stream);
    }
    for stream in &mut silent[34..] {
        assert_eq!(status(stream).await, None);
    }
    // A request under way: its answer has no end.
    let mut busy = Vec::new();
    for _ in 0..16 {
        let mut stream = ask(address, "/endless", "").await;
        assert_eq!(status(&mut stream).await.as_deref(), Some("200"));
        busy.push(stream);
    }
    for stream in &mut asked {
        let mut rest = Vec::new();
        // It was closed, not reset: its answer has arrived.
        stream.read_to_end(&mut rest).await.unwrap();
    }
    // Sixteen may be told that there is no place.
    let mut late = Vec::new();
    for _ in 0..17 {
        late.push(TcpStream::connect(address).await.unwrap());
    }
    assert_eq!(status(&mut late[16]).await, None);
    late[0].write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(status(&mut late[0]).await.as_deref(), Some("503"));
}

/// A WebSocket gave its place back when it began.
#[tokio::test]
async fn what_a_connection_is_upgraded_to_keeps_its_place() {
    let (address, _serving) = serve(1, Bounds::default()).await;
    let mut upgraded = ask(address, "/echo", "Connection: upgrade\r\nUpgrade: echo\r\n").await;
    assert_eq!(status(&mut upgraded).await.as_deref(), Some("101"));
    upgraded.write_all(b"!").await.unwrap();
    let mut byte = [0];
    while byte != *b"!" {
        upgraded.read_exact(&mut byte).await.unwrap();
    }
    assert_eq!(status(&mut ask(address, "/", "").await).await.as_deref(), Some("503"));
    drop(upgraded);
    // Once the server has noticed that it is gone.
    let freed = async { while status(&mut ask(address, "/", "").await).await.as_deref() != Some("200") {} };
    tokio::time::timeout(Duration::from_secs(60), freed).await.expect("its place is free again");
}
