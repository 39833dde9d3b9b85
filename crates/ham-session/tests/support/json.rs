//! JSON text with string ids, requests from the peer too: the envelope's shape.

use ham_session::{Decoded, Frame, HandshakeError, HandshakeIo, Protocol};
use serde_json::{Value, json};

use super::{Message, Peer};

#[derive(Debug)]
pub(crate) struct Json;

impl Protocol for Json {
    type Key = String;
    type Out = Value;
    type In = Value;
    type Welcome = ();

    async fn handshake(&self, _io: &mut HandshakeIo<'_>) -> Result<(), HandshakeError> {
        Ok(())
    }

    fn key_of(&self, out: &Value) -> Option<String> {
        if out.get("in_reply_to").is_some() { None } else { text(out, "id") }
    }

    fn encode(&self, out: Value) -> Result<Frame, String> {
        if text(&out, "kind").is_none() {
            return Err("no kind".to_owned());
        }
        Ok(Frame::Text(out.to_string()))
    }

    fn decode(&self, frame: Frame) -> Decoded<Self> {
        let Frame::Text(frame) = frame else { return Decoded::Skip("not text".to_owned()) };
        let body: Value = match serde_json::from_str(&frame) {
            Ok(body) => body,
            Err(error) => return Decoded::Skip(error.to_string()),
        };
        match (text(&body, "in_reply_to"), text(&body, "id")) {
            (Some(key), _) => Decoded::Response { key, body },
            (None, Some(key)) => Decoded::Request { key, body },
            (None, None) => Decoded::Push(body),
        }
    }
}

fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field)?.as_str().map(str::to_owned)
}

pub(crate) fn request(id: &str) -> Value {
    json!({ "kind": "ask", "id": id })
}

pub(crate) fn reply(to: &str) -> Value {
    json!({ "kind": "say", "in_reply_to": to })
}

impl Peer {
    pub(crate) async fn recv_json(&mut self) -> Value {
        match self.recv().await.unwrap() {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("not text: {other:?}"),
        }
    }

    pub(crate) async fn send_json(&mut self, value: Value) {
        self.send(Message::text(value.to_string())).await;
    }
}
