//! What stands on the wire in both dialects.

use ham_feed::{Dialect, Message, MessageError, Request, Since, decode_message};
use proptest::prelude::*;
use serde_json::{Value, json};

fn subscribe(event_types: &[&str]) -> Request {
    Request::Subscribe {
        chain_name: "supply_chain".into(),
        event_types: event_types.iter().map(ToString::to_string).collect(),
        since: Since::Unsaid,
    }
}

#[test]
fn requests_are_the_documents_to_the_byte() {
    let unsubscribe = Request::Unsubscribe { chain_name: "supply_chain".into() };
    for (request, dialect, text) in [
        (subscribe(&[]), Dialect::Documented, r#"{"action":"subscribe","chain_name":"supply_chain"}"#),
        (
            subscribe(&["production_complete"]),
            Dialect::Documented,
            r#"{"action":"subscribe","chain_name":"supply_chain","event_type":"production_complete"}"#,
        ),
        (unsubscribe.clone(), Dialect::Documented, r#"{"action":"unsubscribe","chain_name":"supply_chain"}"#),
        (Request::Ping, Dialect::Documented, r#"{"action":"ping"}"#),
        (
            subscribe(&["a", "b"]),
            Dialect::HieraChain02,
            r#"{"type":"subscribe","chain_name":"supply_chain","event_types":["a","b"]}"#,
        ),
        (unsubscribe, Dialect::HieraChain02, r#"{"type":"unsubscribe"}"#),
        (Request::Ping, Dialect::HieraChain02, r#"{"type":"ping"}"#),
        (Request::Stats, Dialect::HieraChain02, r#"{"type":"get_stats"}"#),
        (Request::ConnectionInfo, Dialect::HieraChain02, r#"{"type":"get_connection_info"}"#),
    ] {
        assert_eq!(request.encode(dialect).as_deref(), Ok(text));
    }
    let inexpressible = Err(MessageError::Inexpressible { dialect: Dialect::Documented });
    for request in [Request::Stats, Request::ConnectionInfo, subscribe(&["a", "b"])] {
        assert_eq!(request.encode(Dialect::Documented), inexpressible);
    }
}

#[test]
fn messages_of_both_dialects_are_read() {
    let chain_name = || "supply_chain".to_owned();
    let data = json!({ "block_hash": "ab", "height": 10 });
    let event = json!({ "entity_id": "e", "event_type": "t" });
    for (text, message) in [
        (
            r#"{"type": "new_block", "chain_name": "supply_chain", "data": {"block_hash":"ab","height":10}}"#,
            Message::Block { chain_name: chain_name(), data: data.clone().into(), id: None },
        ),
        (
            r#"{"type":"block_added","chain_name":"supply_chain","data":{"block_hash":"ab","height":10},"optimized":true}"#,
            Message::Block { chain_name: chain_name(), data: data.into(), id: None },
        ),
        (
            r#"{"type": "new_event", "chain_name": "supply_chain", "data": {"entity_id":"e","event_type":"t"}}"#,
            Message::Event {
                chain_name: chain_name(),
                event_type: None,
                data: event.clone().into(),
                id: None,
            },
        ),
        (
            r#"{"type":"event","chain_name":"supply_chain","data":{"entity_id":"e","event_type":"t"},"event_type":"t"}"#,
            Message::Event {
                chain_name: chain_name(),
                event_type: Some("t".into()),
                data: event.into(),
                id: None,
            },
        ),
        (
            r#"{"type": "pong", "timestamp": 1234567890}"#,
            Message::Pong { timestamp: json!(1_234_567_890).into() },
        ),
        (r#"{"type":"pong","timestamp":null}"#, Message::Pong { timestamp: Value::Null.into() }),
        (
            r#"{"type": "error", "message": "Invalid subscription"}"#,
            Message::Error { message: "Invalid subscription".into() },
        ),
        (
            r#"{"type":"subscribed","chain_name":"supply_chain","event_types":[]}"#,
            Message::Subscribed { chain_name: chain_name(), event_type: None, id: None },
        ),
        (r#"{"type":"unsubscribed","message":"Unsubscribed from all channels"}"#, Message::Unsubscribed),
        (r#"{"type":"ping","timestamp":"2026-01-01T00:00:00"}"#, Message::Ping),
        (
            r#"{"type":"stats","data":{"total_connections":1}}"#,
            Message::Stats(json!({ "total_connections": 1 }).into()),
        ),
        (r#"{"type":"connection_info","data":null}"#, Message::ConnectionInfo(Value::Null.into())),
        (
            r#"{"type":"chain_status","chain_name":"supply_chain","data":{}}"#,
            Message::Status {
                chain_name: Some(chain_name()),
                message: json!({ "type": "chain_status", "chain_name": "supply_chain", "data": {} }).into(),
            },
        ),
        (r#"{"type":"later","x":1}"#, Message::Unknown(json!({ "type": "later", "x": 1 }).into())),
        (r#"{"x":1}"#, Message::Unknown(json!({ "x": 1 }).into())),
    ] {
        assert_eq!(decode_message(text), Ok(message), "{text}");
    }
    for text in ["", "[]", "1", "{", "nonsense"] {
        assert_eq!(decode_message(text), Err(MessageError::NotAnObject), "{text}");
    }
    let lacks = MessageError::Lacks { kind: "block", field: "chain_name" };
    assert_eq!(decode_message(r#"{"type":"new_block","data":{}}"#), Err(lacks));
}

/// What is not in the document: asked for, ids and gaps come.
#[test]
fn the_extensions_words_are_these() {
    let asked = |event_types: &[&str], since| {
        let Request::Subscribe { chain_name, event_types, .. } = subscribe(event_types) else { panic!() };
        Request::Subscribe { chain_name, event_types, since }.encode(Dialect::Documented).unwrap()
    };
    assert_eq!(asked(&[], Since::Now), r#"{"action":"subscribe","chain_name":"supply_chain","since":null}"#);
    assert_eq!(
        asked(&["t"], Since::After("e-5".into())),
        r#"{"action":"subscribe","chain_name":"supply_chain","event_type":"t","since":"e-5"}"#
    );
    for (text, message) in [
        (
            r#"{"type":"subscribed","chain_name":"a","event_type":"t","id":"e-5"}"#,
            Message::Subscribed {
                chain_name: "a".into(),
                event_type: Some("t".into()),
                id: Some("e-5".into()),
            },
        ),
        (
            r#"{"type":"new_block","chain_name":"a","id":"e-6","data":{"height":1}}"#,
            Message::Block {
                chain_name: "a".into(),
                data: json!({ "height": 1 }).into(),
                id: Some("e-6".into()),
            },
        ),
        (
            r#"{"type":"gap","chain_name":"a","id":"e-7","cause":"lagged","missed":3,"since":1}"#,
            Message::Gap {
                chain_name: "a".into(),
                cause: "lagged".into(),
                missed: Some(3),
                id: Some("e-7".into()),
            },
        ),
        (
            r#"{"type":"gap","chain_name":"a","cause":"restart","missed":null}"#,
            Message::Gap { chain_name: "a".into(), cause: "restart".into(), missed: None, id: None },
        ),
    ] {
        assert_eq!(decode_message(text), Ok(message), "{text}");
    }
}

/// Numbers were read as floats, and a block with one that no float holds was lost.
#[test]
fn every_number_is_kept_as_it_came() {
    for number in ["123456789012345678901234567890", "18446744073709551616", "1e400", "0.10", "-0", "1E2"] {
        for kind in ["new_block", "block_added", "new_event", "event"] {
            let text = format!(r#"{{"type":"{kind}","chain_name":"a","data":{{"amount":{number}}}}}"#);
            let message = decode_message(&text).unwrap();
            let (Message::Block { data, .. } | Message::Event { data, .. }) = message else {
                panic!("{message:?}")
            };
            assert_eq!(data.text(), format!(r#"{{"amount":{number}}}"#));
        }
        let text = format!(r#"{{"type":"later","x":{number}}}"#);
        assert!(matches!(decode_message(&text), Ok(Message::Unknown(whole)) if whole.text() == text));
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*") {
        let _ = decode_message(&text);
    }

    #[test]
    fn every_request_is_json_with_its_fields(chain in ".*", types in prop::collection::vec(".*", 0..4)) {
        let request = Request::Subscribe { chain_name: chain.clone(), event_types: types.clone(), since: Since::Now };
        let text = request.encode(Dialect::HieraChain02).expect("this dialect says it");
        let read: Value = serde_json::from_str(&text).expect("it is JSON");
        prop_assert_eq!(read, json!({ "type": "subscribe", "chain_name": chain, "event_types": types }));
    }

    #[test]
    fn every_block_comes_back(chain in ".*", height in any::<u64>()) {
        let text = json!({ "type": "new_block", "chain_name": chain, "data": { "height": height } }).to_string();
        let block = Message::Block { chain_name: chain, data: json!({ "height": height }).into(), id: None };
        prop_assert_eq!(decode_message(&text), Ok(block));
    }
}
