//! JSON text without ids: content slots, an application-level keepalive, resubscription: the feed's shape.

use ham_session::{Decoded, Frame, HandshakeError, HandshakeIo, Keepalive, Protocol};
use serde_json::{Value, json};

#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) chains: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    Ping,
    Subscribe(String),
}

#[derive(Debug)]
pub(crate) enum Action {
    Ping,
    Pong,
    Subscribe(String),
}

impl Protocol for Feed {
    type Key = Slot;
    type Out = Action;
    type In = Value;
    type Welcome = ();

    async fn handshake(&self, _io: &mut HandshakeIo<'_>) -> Result<(), HandshakeError> {
        Ok(())
    }

    fn key_of(&self, out: &Action) -> Option<Slot> {
        match out {
            Action::Ping => Some(Slot::Ping),
            Action::Pong => None,
            Action::Subscribe(chain) => Some(Slot::Subscribe(chain.clone())),
        }
    }

    fn encode(&self, out: Action) -> Result<Frame, String> {
        Ok(Frame::Text(
            match out {
                Action::Ping => json!({ "action": "ping" }),
                Action::Pong => json!({ "action": "pong" }),
                Action::Subscribe(chain) => json!({ "action": "subscribe", "chain_name": chain }),
            }
            .to_string(),
        ))
    }

    fn decode(&self, frame: Frame) -> Decoded<Self> {
        let Frame::Text(frame) = frame else { return Decoded::Skip("not text".to_owned()) };
        let Ok(body) = serde_json::from_str::<Value>(&frame) else {
            return Decoded::Skip("not JSON".to_owned());
        };
        let chain = body["chain_name"].as_str().unwrap_or_default().to_owned();
        match body["type"].as_str() {
            Some("pong") => Decoded::Response { key: Slot::Ping, body },
            Some("subscribed") => Decoded::Response { key: Slot::Subscribe(chain), body },
            Some("ping") => Decoded::Reply(Action::Pong),
            Some("new_block" | "new_event") => Decoded::Push(body),
            _ => Decoded::Skip("unknown type".to_owned()),
        }
    }

    fn keepalive(&self) -> Keepalive<Action> {
        Keepalive::Message(Action::Ping)
    }

    fn on_live(&self) -> Vec<Action> {
        self.chains.iter().map(|chain| Action::Subscribe((*chain).to_owned())).collect()
    }
}
