//! What a subscription yields.

use ham_session::GapCause;
use serde_json::Value;
use tokio::time::Instant;

/// An item of a subscription.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FeedItem {
    /// A block was added.
    Block {
        /// Its chain.
        chain_name: String,
        /// It, as the server wrote it.
        data: Value,
    },
    /// The server refused or could not do something, while the subscription was on.
    Error {
        /// In its words.
        message: String,
    },
    /// An event was added.
    Event {
        /// Its chain.
        chain_name: String,
        /// Its type, from the message or its data.
        event_type: Option<String>,
        /// It, as the server wrote it.
        data: Value,
    },
    /// Items may be missing here: read the state they describe again.
    Gap {
        /// Why.
        cause: GapCause,
        /// When it was noticed.
        since: Instant,
    },
    /// The state of a chain, the message whole.
    Status(Value),
    /// A message this version does not know, whole.
    Unknown(Value),
}

impl FeedItem {
    /// What it takes in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        let held = match self {
            Self::Block { chain_name, data } => chain_name.len() + held(data),
            Self::Error { message } => message.len(),
            Self::Event { chain_name, event_type, data } => {
                chain_name.len() + event_type.as_ref().map_or(0, String::len) + held(data)
            }
            Self::Gap { cause, .. } => cause.held(),
            Self::Status(message) | Self::Unknown(message) => held(message),
        };
        size_of::<Self>() + held
    }

    pub(crate) fn gap(cause: GapCause) -> Self {
        Self::Gap { cause, since: Instant::now() }
    }
}

/// What a value holds beside itself: a number of a list takes thirty bytes where the text had two.
fn held(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(|value| size_of::<Value>() + held(value)).sum(),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                size_of::<String>() + name.len() + size_of::<Value>() + held(value)
            };
            fields.iter().map(field).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_size_is_that_in_memory() {
        let item = |data| FeedItem::Block { chain_name: "chain".to_owned(), data }.bytes();
        let empty = item(Value::Null);
        assert_eq!(item(json!("x".repeat(1000))) - empty, 1000);
        assert!(item(json!(vec![0; 1000])) - empty >= 1000 * size_of::<Value>());
        assert!(
            item(json!({ "name": ["value"] })) - empty >= size_of::<String>() + 2 * size_of::<Value>() + 9
        );
    }
}
