//! The documented dialect from the server's side.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a client asks.
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
    },
    /// Takes all subscriptions of a chain back.
    Unsubscribe {
        /// The chain.
        chain_name: String,
    },
}

/// Reads what a client asks. Never panics, whatever the text is.
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
    serde_json::from_value(value).map_err(|_| format!("invalid {action}: it needs a chain_name, a text"))
}

pub(super) fn block(chain_name: &str, data: &Value) -> String {
    news("new_block", chain_name, data)
}

pub(super) fn event(chain_name: &str, data: &Value) -> String {
    news("new_event", chain_name, data)
}

/// Written by reference: with one subscriber, a copy of `data` would cost more than all the rest of a delivery.
fn news(kind: &str, chain_name: &str, data: &Value) -> String {
    #[derive(Serialize)]
    struct News<'a> {
        r#type: &'a str,
        chain_name: &'a str,
        data: &'a Value,
    }
    serde_json::to_string(&News { r#type: kind, chain_name, data }).expect("a JSON value has a text")
}

pub(super) fn pong(timestamp: u64) -> String {
    json!({ "type": "pong", "timestamp": timestamp }).to_string()
}

pub(super) fn error(message: &str) -> String {
    json!({ "type": "error", "message": message }).to_string()
}
