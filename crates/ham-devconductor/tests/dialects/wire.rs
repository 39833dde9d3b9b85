//! A client that sends what it is told to: bytes of MessagePack over a WebSocket, in any release's shapes.

use std::net::Ipv4Addr;

use futures_util::{SinkExt as _, StreamExt as _};
use holochain_websocket::WireMessage;
use rmpv::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::BOUND;

/// A connection to an interface.
pub(crate) struct Wire {
    socket: WebSocketStream<TcpStream>,
    requests: u64,
    /// The signals that came between answers.
    heard: Vec<Value>,
}

/// What came back: its type and its value.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) kind: String,
    pub(crate) value: Value,
}

impl Wire {
    pub(crate) async fn open(port: u16) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let mut request = format!("ws://127.0.0.1:{port}").into_client_request().unwrap();
        request.headers_mut().insert("Origin", "test".parse().unwrap());
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        Self { socket, requests: 0, heard: Vec::new() }
    }

    /// A client of the app that the token is for.
    pub(crate) async fn of_app(port: u16, token: Value) -> Self {
        let mut wire = Self::open(port).await;
        let data = encoded(&map! { token: token });
        wire.send(&WireMessage::Authenticate { data }).await;
        wire
    }

    /// Asks; nil is no value.
    pub(crate) async fn ask(&mut self, name: &str, value: Value) -> Answer {
        let mut request = vec![("type".into(), name.into())];
        request.extend(Some(value).filter(|value| !value.is_nil()).map(|value| ("value".into(), value)));
        self.requests += 1;
        let id = self.requests;
        self.send(&WireMessage::Request { id, data: encoded(&Value::Map(request)) }).await;
        loop {
            match self.next().await {
                WireMessage::Response { id: answered, data } if answered == id => {
                    let answer = decoded(&data.unwrap());
                    let kind = field(&answer, "type").as_str().unwrap().to_owned();
                    let value =
                        answer.as_map().unwrap().iter().find(|(key, _)| key.as_str() == Some("value"));
                    return Answer { kind, value: value.map_or(Value::Nil, |(_, value)| value.clone()) };
                }
                WireMessage::Signal { data } => self.heard.push(decoded(&data)),
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next signal.
    pub(crate) async fn hear(&mut self) -> Value {
        if !self.heard.is_empty() {
            return self.heard.remove(0);
        }
        match self.next().await {
            WireMessage::Signal { data } => decoded(&data),
            other => panic!("{other:?}"),
        }
    }

    async fn send(&mut self, message: &WireMessage) {
        let bytes = rmp_serde::to_vec_named(message).unwrap();
        self.socket.send(Message::Binary(bytes.into())).await.unwrap();
    }

    async fn next(&mut self) -> WireMessage {
        loop {
            let message = tokio::time::timeout(BOUND, self.socket.next()).await.expect("an answer");
            if let Message::Binary(bytes) = message.expect("it is connected").unwrap() {
                return rmp_serde::from_slice(&bytes).unwrap();
            }
        }
    }
}

impl Answer {
    /// The value of an answer of this type.
    pub(crate) fn ok(self, kind: &str) -> Value {
        assert_eq!(self.kind, kind, "{}", self.value);
        self.value
    }
}

pub(crate) fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).unwrap();
    bytes
}

pub(crate) fn decoded(mut bytes: &[u8]) -> Value {
    rmpv::decode::read_value(&mut bytes).unwrap()
}

/// A field of a map, nil where there is none.
pub(crate) fn field<'a>(value: &'a Value, name: &str) -> &'a Value {
    let fields = value.as_map().into_iter().flatten();
    fields.into_iter().find(|(key, _)| key.as_str() == Some(name)).map_or(&Value::Nil, |(_, value)| value)
}

/// A MessagePack map.
macro_rules! map {
    ($($key:ident: $value:expr),* $(,)?) => {
        rmpv::Value::Map(vec![$((stringify!($key).into(), rmpv::Value::from($value))),*])
    };
}
pub(crate) use map;
