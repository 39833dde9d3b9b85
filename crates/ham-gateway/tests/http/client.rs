//! A client that sends what it is told to, and nothing else.

use std::net::SocketAddr;
use std::pin::pin;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// A request that is being written.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    address: SocketAddr,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Asking {
    asking(address, Method::GET, path)
}

pub(crate) fn post(address: SocketAddr, path: &str) -> Asking {
    asking(address, Method::POST, path)
}

pub(crate) fn asking(address: SocketAddr, method: Method, path: &str) -> Asking {
    let headers = vec![("host".to_owned(), address.to_string())];
    Asking { address, method, path: path.to_owned(), headers, body: Bytes::new() }
}

impl Asking {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    pub(crate) fn json(self, value: &Value) -> Self {
        self.header("content-type", "application/json").body(value.to_string().into_bytes())
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it, and reads the events of its answer.
    pub(crate) async fn stream(self) -> Events {
        let mut stream = BufReader::new(TcpStream::connect(self.address).await.unwrap());
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream
            .write_all(format!("{head}Content-Length: {}\r\n\r\n", self.body.len()).as_bytes())
            .await
            .unwrap();
        stream.write_all(&self.body).await.unwrap();
        Events(stream)
    }

    /// Sends it, and reads no more than the status: of some answers there is no end.
    pub(crate) async fn status(self) -> u16 {
        let mut stream = self.stream().await.0;
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        line.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) async fn send(self) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        let mut request = Request::builder().method(self.method).uri(self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(self.body)).unwrap();
        let answered = async {
            let (head, body) = sender.send_request(request).await.unwrap().into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Answer { status: head.status, headers: head.headers, body }
        };
        let mut answered = pin!(answered);
        tokio::select! {
            biased;
            answer = &mut answered => answer,
            // The answer may have come with its end; where it has not, that fails.
            _ = connection => answered.await,
        }
    }
}

/// Server-sent events, as they come.
pub(crate) struct Events(BufReader<TcpStream>);

impl Events {
    /// The data of the next one; `None` once they have ended.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        while self.0.read_line(&mut line).await.unwrap() > 0 {
            // Between the lines of events are those of the transfer's chunks.
            if let Some(data) = line.strip_prefix("data: ") {
                return Some(serde_json::from_str(data).unwrap());
            }
            line.clear();
        }
        None
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The name of its problem, once everything that each has is checked.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16(), "{problem}");
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"), "{problem}");
        assert_eq!(problem["outcome"].as_str(), self.header("ham-outcome"), "{problem}");
        assert!(problem["retry"].is_string() && problem["settled"].is_boolean(), "{problem}");
        problem["type"].as_str().unwrap().rsplit_once('#').unwrap().1.to_owned()
    }
}
