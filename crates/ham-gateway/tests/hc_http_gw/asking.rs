//! A request and its answer.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What was answered, as far as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// JSON, or a text that is none.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Value>) -> Self {
        Self { status, body: body.into() }
    }

    pub(crate) fn error(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, serde_json::json!({ "error": text.into() }))
    }

    /// The same without what this gateway says beside the error.
    pub(crate) fn without_outcome(mut self) -> Self {
        if self.body.get("error").is_some() {
            let outcome = self.body.as_object_mut().unwrap().remove("outcome");
            assert!(outcome.is_some_and(|outcome| outcome.is_string()), "{self:?}");
        }
        self
    }
}

/// Asks once, on a connection of its own.
pub(crate) async fn ask(address: SocketAddr, method: &str, path: &str) -> Answer {
    ask_with(address, method, path, &format!("Host: {address}")).await
}

/// The same with these lines of its head.
pub(crate) async fn ask_with(address: SocketAddr, method: &str, path: &str, lines: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\n{lines}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    // Texts that are no JSON are compared as they are.
    let body = serde_json::from_str(body).unwrap_or_else(|_| body.into());
    Answer { status, body }
}
