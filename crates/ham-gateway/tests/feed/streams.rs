//! As server-sent events.

use std::net::SocketAddr;

use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::stage::{Stage, must};

/// An event stream that is read.
struct Stream {
    body: hyper::body::Incoming,
    text: String,
    start: String,
    _connection: tokio::task::JoinHandle<hyper::Result<()>>,
}

/// One event: its name, its id, its data.
#[derive(Debug, PartialEq)]
struct Told {
    name: String,
    id: Option<String>,
    data: Value,
}

impl Stream {
    #[expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
    async fn open(address: SocketAddr, query: &str, key: &str, last: Option<&str>) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let mut request = Request::get(format!("/api/v1/events?{query}"))
            .header("host", address.to_string())
            .header("authorization", format!("Bearer {key}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let answer = sender.send_request(request.body(Empty::<bytes::Bytes>::new()).unwrap()).await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!((answer.status().as_u16(), header("content-type").as_str()), (200, "text/event-stream"));
        assert_eq!(
            (header("cache-control").as_str(), header("x-accel-buffering").as_str()),
            ("no-store", "no")
        );
        let start = header("last-event-id");
        let mut stream =
            Self { body: answer.into_body(), text: String::new(), start, _connection: connection };
        assert_eq!(stream.part().await.as_deref(), Some("retry: 2000"));
        stream
    }

    /// The next part between empty lines; `None` at the end.
    async fn part(&mut self) -> Option<String> {
        loop {
            if let Some((part, rest)) = self.text.split_once("\n\n") {
                let (part, rest) = (part.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(part);
            }
            let frame = must(self.body.frame()).await?;
            if let Ok(data) = frame.unwrap().into_data() {
                self.text.push_str(std::str::from_utf8(&data).unwrap());
            }
        }
    }

    async fn next(&mut self) -> Told {
        let part = self.part().await.unwrap();
        let line = |name: &str| part.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        Told {
            name: line("event: ").unwrap(),
            id: line("id: "),
            data: serde_json::from_str(&line("data: ").unwrap()).unwrap(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_behind_the_last_event() {
    let stage = Stage::start().await;
    let address = stage.server.address();
    let note = async |text: &str| stage.call("features", "features", "create_note", json!(text)).await.json();
    let query = "chain=supply_chain";
    let mut stream = Stream::open(address, query, &stage.key, None).await;
    let hash = note("one").await;
    let block = stream.next().await;
    assert_eq!((block.name.as_str(), &block.data["data"]["block_hash"]), ("new_block", &hash["$hash"]));
    assert_eq!(block.data["id"].as_str(), block.id.as_deref());
    drop(stream);
    let hash = note("two").await;
    let mut stream = Stream::open(address, query, &stage.key, block.id.as_deref()).await;
    assert_eq!(Some(stream.start.as_str()), block.id.as_deref());
    // The event of the first, then the second.
    let mut names = Vec::new();
    let second = loop {
        let told = stream.next().await;
        names.push(told.name.clone());
        if told.name == "new_block" {
            break told;
        }
    };
    assert_eq!(second.data["data"]["block_hash"], hash["$hash"]);
    assert_eq!(names, ["new_event", "new_block"]);
    // Of one type only, and where the id is of another gateway.
    let foreign = format!("{query}&type=emitted&lastEventId=0000000000000000-9");
    let mut stream = Stream::open(address, &foreign, &stage.key, None).await;
    let gap = stream.next().await;
    assert_eq!((gap.name.as_str(), &gap.data["cause"]), ("gap", &json!("restart")));
    stage.call("features", "features", "signal", json!("hello")).await;
    let told = stream.next().await;
    assert_eq!((told.name.as_str(), &told.data["data"]["payload"]["text"]), ("new_event", &json!("hello")));
    // A gateway that stops ends what is followed.
    must(stage.server.stop()).await;
    assert_eq!(stream.part().await, None);
    stage.conductor.shut_down().await;
}
