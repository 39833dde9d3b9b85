//! The documented dialect from the server's side.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::position::Position;
use crate::since::Since;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum ClientRequest {
    /// Asks for a pong.
    Ping,
    /// Asks for everything of a chain, or for its events of one type.
    Subscribe {
        /// The chain.
        chain_name: String,
        /// The type.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event_type: Option<String>,
        /// Where it is to begin.
        #[serde(default, skip_serializing_if = "is_unsaid")]
        since: Since,
    },
    /// Cancels all subscriptions to a chain.
    Unsubscribe {
        /// The chain.
        chain_name: String,
    },
}

fn is_unsaid(since: &Since) -> bool {
    !since.is_said()
}

/// Reads a client's message. Never panics, whatever the text is.
///
/// # Errors
/// A text for the client: what is wrong with its message.
pub fn decode_request(text: &str) -> Result<ClientRequest, String> {
    let value: Value = serde_json::from_str(text).map_err(|_| "invalid JSON".to_owned())?;
    let action = match value.get("action").map(Value::as_str) {
        Some(Some(action)) => action.to_owned(),
        Some(None) | None => return Err("the message has no action".to_owned()),
    };
    if !matches!(action.as_str(), "ping" | "subscribe" | "unsubscribe") {
        return Err("unknown action; known are subscribe, unsubscribe and ping".to_owned());
    }
    if value.get("since").is_some_and(|since| !since.is_string() && !since.is_null()) {
        return Err(format!("invalid {action}: since is the id of a message, a text, or null"));
    }
    serde_json::from_value(value).map_err(|_| format!("invalid {action}: it needs a chain_name, a text"))
}

/// A message up to its id.
pub(super) fn head(kind: &str, chain_name: &str) -> String {
    let mut text = json!({ "type": kind, "chain_name": chain_name }).to_string();
    text.pop();
    text
}

/// The id of a message.
pub(super) fn id(at: Position) -> String {
    format!(r#","id":"{at}""#)
}

/// A message from after its id on. Written by reference: with one subscriber, a copy of `data` would cost more than the rest of a delivery together.
pub(super) fn data(data: &(impl Serialize + ?Sized)) -> String {
    rest(&[("data", &serde_json::to_string(data).expect("a JSON value has a text"))])
}

/// A gap from after its id on; `since` is when it was noticed, in seconds since the Unix epoch.
pub(super) fn gap(cause: &str, missed: Option<u64>, since: u64) -> String {
    let missed = missed.map_or_else(|| "null".to_owned(), |missed| missed.to_string());
    rest(&[("cause", &json!(cause).to_string()), ("missed", &missed), ("since", &since.to_string())])
}

fn rest(members: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in members {
        text.extend([",\"", name, "\":", value]);
    }
    text.push('}');
    text
}

/// A subscription exists, and begins after this message. Only for clients that gave `since`.
pub(super) fn subscribed(chain_name: &str, event_type: Option<&str>, from: Position) -> String {
    let mut text = json!({ "type": "subscribed", "chain_name": chain_name });
    if let Some(event_type) = event_type {
        text["event_type"] = event_type.into();
    }
    text["id"] = from.to_string().into();
    text.to_string()
}

pub(super) fn pong(timestamp: u64) -> String {
    json!({ "type": "pong", "timestamp": timestamp }).to_string()
}

pub(super) fn error(message: &str) -> String {
    json!({ "type": "error", "message": message }).to_string()
}
