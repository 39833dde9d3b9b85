//! Lists as JSON, cut off when they get long: for more, the client asks for what comes before the last item that it got.

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

/// Each item is made and written before the next, so a list takes only the memory of its text. The first one is included, whatever its length.
pub(crate) fn listed(items: impl Iterator<Item = Value>) -> String {
    let mut text = String::from("[");
    for item in items {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&item.to_string());
        if text.len() > MAX_LIST {
            break;
        }
    }
    text.push(']');
    text
}

/// An answer that is already JSON.
pub(crate) fn json_text(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// A list ends after this many bytes.
const MAX_LIST: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_after_so_many_bytes_and_has_its_first() {
        let list = |items: Vec<Value>| {
            let list: Vec<Value> = serde_json::from_str(&listed(items.into_iter())).expect("JSON");
            list.len()
        };
        assert_eq!(list(vec![]), 0);
        assert_eq!(list(vec![1.into(), "two".into()]), 2);
        assert_eq!(list(vec!["x".repeat(MAX_LIST).into(), 2.into()]), 1);
        assert_eq!(list(vec!["x".repeat(1 << 20).into(); 8]), 4);
    }
}
