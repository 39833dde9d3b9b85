//! The messages of both dialects. This file alone says what is on the wire.

use std::collections::HashMap;

use serde_json::json;
use serde_json::value::RawValue;

use crate::data::Data;
use crate::since::Since;

/// The message format that a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The documented one: `action` in, `new_block` and `new_event` out.
    Documented,
    /// That of `hierachain` 0.2.0: `type` in, `connected`, `subscribed`, `block_added` and `event` out.
    HieraChain02,
}

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// Asks for what the server knows of this connection. Not in the documented dialect.
    ConnectionInfo,
    /// Asks for a pong.
    Ping,
    /// Asks for the server's statistics. Not in the documented dialect.
    Stats,
    /// Asks for a chain, or for events of these types; the documented dialect takes one type per message.
    Subscribe {
        /// The chain.
        chain_name: String,
        /// The types; none means everything.
        event_types: Vec<String>,
        /// Where it is to begin. Only the documented dialect can express that.
        since: Since,
    },
    /// Cancels a subscription. The other dialect has one per connection and names no chain.
    Unsubscribe {
        /// The chain.
        chain_name: String,
    },
}

impl Request {
    /// The text as it goes on the wire.
    ///
    /// # Errors
    /// If the dialect cannot express it.
    pub fn encode(&self, dialect: Dialect) -> Result<String, MessageError> {
        let inexpressible = Err(MessageError::Inexpressible { dialect });
        let text = match (dialect, self) {
            (Dialect::Documented, Self::Ping) => json!({ "action": "ping" }),
            (Dialect::Documented, Self::Subscribe { chain_name, event_types, since }) => {
                let mut text = match event_types.as_slice() {
                    [] => json!({ "action": "subscribe", "chain_name": chain_name }),
                    [one] => json!({ "action": "subscribe", "chain_name": chain_name, "event_type": one }),
                    _ => return inexpressible,
                };
                if since.is_said() {
                    text["since"] = json!(since);
                }
                text
            }
            (Dialect::Documented, Self::Unsubscribe { chain_name }) => {
                json!({ "action": "unsubscribe", "chain_name": chain_name })
            }
            (Dialect::Documented, Self::ConnectionInfo | Self::Stats) => return inexpressible,
            (Dialect::HieraChain02, Self::ConnectionInfo) => json!({ "type": "get_connection_info" }),
            (Dialect::HieraChain02, Self::Ping) => json!({ "type": "ping" }),
            (Dialect::HieraChain02, Self::Stats) => json!({ "type": "get_stats" }),
            (Dialect::HieraChain02, Self::Subscribe { chain_name, event_types, .. }) => {
                json!({ "type": "subscribe", "chain_name": chain_name, "event_types": event_types })
            }
            (Dialect::HieraChain02, Self::Unsubscribe { .. }) => json!({ "type": "unsubscribe" }),
        };
        Ok(text.to_string())
    }
}

/// What a server says, in either dialect.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Message {
    /// A block: `new_block`, `block_added`.
    Block {
        /// Its chain.
        chain_name: String,
        /// The block.
        data: Data,
        /// Its id, if ids were requested and the server has them.
        id: Option<String>,
    },
    /// The greeting of `hierachain` 0.2.0: the whole message.
    Connected(Data),
    /// What the server knows about this connection.
    ConnectionInfo(Data),
    /// The server refused something or could not do it. It does not say what it refers to.
    Error {
        /// In its words.
        message: String,
    },
    /// An event: `new_event`, `event`.
    Event {
        /// Its chain.
        chain_name: String,
        /// Its type, if the message names it outside the data.
        event_type: Option<String>,
        /// The event.
        data: Data,
        /// Its id, if ids were requested and the server has them.
        id: Option<String>,
    },
    /// Something may be missing here, on the server's side of the feed. An extension of the documented dialect.
    Gap {
        /// Its chain.
        chain_name: String,
        /// Why, in the server's words.
        cause: String,
        /// How many messages are missing, if the server knows.
        missed: Option<u64>,
        /// Its id: what follows comes after it.
        id: Option<String>,
    },
    /// The server checks whether this side is there. Neither dialect has an answer.
    Ping,
    /// The answer to a ping.
    Pong {
        /// The server's time in the documented dialect; in the other, whatever the ping carried.
        timestamp: Data,
    },
    /// The server's statistics.
    Stats(Data),
    /// The state of a chain: the whole message.
    Status {
        /// Its chain, if the message names it.
        chain_name: Option<String>,
        /// The message.
        message: Data,
    },
    /// A subscription exists.
    Subscribed {
        /// The chain.
        chain_name: String,
        /// The type, if it is one of the documented dialect's subscriptions to a type.
        event_type: Option<String>,
        /// The message after which it begins, if ids were requested and the server has them.
        id: Option<String>,
    },
    /// Something that this version does not know: the whole message.
    Unknown(Data),
    /// The subscription is gone.
    Unsubscribed,
}

/// Why a text is not a message, or why a message has no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The dialect cannot express it.
    #[error("the dialect {dialect:?} cannot express it")]
    Inexpressible {
        /// The dialect.
        dialect: Dialect,
    },
    /// A message lacks what its type needs.
    #[error("a message of the type {kind:?} has no {field}")]
    Lacks {
        /// Its type.
        kind: &'static str,
        /// What is missing or of the wrong type.
        field: &'static str,
    },
    /// It is not a JSON object.
    #[error("not a JSON object")]
    NotAnObject,
}

/// Reads what a server says. The types of the two dialects do not collide, so one table serves both. Unknown types are passed on
/// whole. Never panics, whatever the text is.
///
/// # Errors
/// [`MessageError::NotAnObject`]; [`MessageError::Lacks`] for a block or event without a chain.
pub fn decode_message(text: &str) -> Result<Message, MessageError> {
    let fields: Fields<'_> = serde_json::from_str(text).map_err(|_| MessageError::NotAnObject)?;
    let whole = || serde_json::from_str(text).map(Data::new).map_err(|_| MessageError::NotAnObject);
    let kind = text_of(&fields, "type").unwrap_or_default();
    let id = || text_of(&fields, "id");
    Ok(match kind.as_str() {
        "block_added" | "new_block" => {
            Message::Block { chain_name: chain(&fields, "block")?, data: data(&fields, "data"), id: id() }
        }
        "connected" => Message::Connected(whole()?),
        "connection_info" => Message::ConnectionInfo(data(&fields, "data")),
        "chain_status" => Message::Status { chain_name: text_of(&fields, "chain_name"), message: whole()? },
        "error" => Message::Error { message: text_of(&fields, "message").unwrap_or_default() },
        "event" | "new_event" => Message::Event {
            chain_name: chain(&fields, "event")?,
            event_type: text_of(&fields, "event_type"),
            data: data(&fields, "data"),
            id: id(),
        },
        "gap" => Message::Gap {
            chain_name: chain(&fields, "gap")?,
            cause: text_of(&fields, "cause").unwrap_or_default(),
            missed: fields.get("missed").and_then(|missed| serde_json::from_str(missed.get()).ok()),
            id: id(),
        },
        "ping" => Message::Ping,
        "pong" => Message::Pong { timestamp: data(&fields, "timestamp") },
        "stats" => Message::Stats(data(&fields, "data")),
        "subscribed" => Message::Subscribed {
            chain_name: chain(&fields, "subscribed")?,
            event_type: text_of(&fields, "event_type"),
            id: id(),
        },
        "unsubscribed" => Message::Unsubscribed,
        _ => Message::Unknown(whole()?),
    })
}

/// The fields of a message, each as it came.
type Fields<'a> = HashMap<String, &'a RawValue>;

fn text_of(fields: &Fields<'_>, name: &str) -> Option<String> {
    fields.get(name).and_then(|value| serde_json::from_str(value.get()).ok())
}

fn chain(fields: &Fields<'_>, kind: &'static str) -> Result<String, MessageError> {
    text_of(fields, "chain_name").ok_or(MessageError::Lacks { kind, field: "chain_name" })
}

fn data(fields: &Fields<'_>, name: &str) -> Data {
    fields.get(name).map(|value| Data::new(value)).unwrap_or_default()
}
