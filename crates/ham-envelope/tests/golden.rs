//! What stands on the wire, to the byte.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ham_envelope::{DecodeError, Envelope};
use proptest::prelude::*;
use serde_json::value::RawValue;

/// Frames as a server of this protocol writes them; each comes back as it was.
const FRAMES: &[&str] = &[
    r#"{"kind":"ping"}"#,
    r#"{"kind":"ping","ts":"2026-05-19T08:30:00Z"}"#,
    r#"{"kind":"status","id":"01JVN4Z1Q2R3S4T5V6W7X8Y9Z0","ts":"2026-05-19T08:30:00.123456789Z","payload":{"b":1,"a":[1.0,1.50,1e3]}}"#,
    r#"{"kind":"status.reply","in_reply_to":"01JVN4Z1Q2R3S4T5V6W7X8Y9Z0","payload":null}"#,
    r#"{"kind":"relay","id":"1","target_aspect":"scout","payload":"text"}"#,
    r#"{"kind":"relay","payload":123456789012345678901234567890,"target_aspect":"scout"}"#,
    r#"{"kind":"later.kind","payload":{},"priority":5,"trace":{"span":"a\u0000b"}}"#,
    r#"{"kind":"\u00fcber","payload":"\u00fc \ud83d\ude00"}"#,
];

#[test]
fn frames_are_kept_to_the_byte_where_their_fields_are_in_order() {
    for frame in FRAMES {
        let envelope = Envelope::from_json(frame).unwrap();
        let written = envelope.to_json().unwrap();
        assert_eq!(Envelope::from_json(&written).unwrap(), envelope, "{frame}");
        // The escapes of known texts are JSON's choice, the place of `target_aspect` is the protocol's.
        if !frame.contains(r"\u00fcber") && !frame.contains(r#""id":"1""#) {
            assert_eq!(written, *frame);
        }
    }
}

#[test]
fn an_envelope_made_here_is_written_in_the_order_of_the_protocol() {
    let mut envelope = Envelope::request("status").with_payload([1, 2]).unwrap().with_target_aspect("scout");
    envelope.ts = Some("2026-05-19T08:30:00Z".into());
    envelope.id = Some("01JVN4Z1Q2R3S4T5V6W7X8Y9Z0".into());
    envelope.extra.push(("priority".into(), RawValue::from_string("5".into()).unwrap()));
    assert_eq!(
        envelope.to_json().unwrap(),
        r#"{"kind":"status","id":"01JVN4Z1Q2R3S4T5V6W7X8Y9Z0","ts":"2026-05-19T08:30:00Z","payload":[1,2],"target_aspect":"scout","priority":5}"#
    );
    let reply = envelope.reply("status.reply");
    assert_eq!(reply.in_reply_to, envelope.id);
    assert!(reply.id.is_none() && reply.ts.is_some());
}

#[test]
fn empty_fields_are_absent() {
    let envelope =
        Envelope::from_json(r#"{"kind":"a","id":"","in_reply_to":null,"ts":"","target_aspect":""}"#).unwrap();
    assert_eq!(envelope.to_json().unwrap(), r#"{"kind":"a"}"#);
}

#[test]
fn a_field_is_known_by_its_name_however_that_is_written() {
    let envelope = Envelope::from_json(r#"{"\u006bind":"a","\u0070ayload":1,"l\u0061ter":2}"#).unwrap();
    assert_eq!(envelope.to_json().unwrap(), r#"{"kind":"a","payload":1,"later":2}"#);
}

#[test]
fn what_is_no_envelope_is_refused() {
    for frame in ["", "[]", "1", "{", r#"{"kind":1}"#, r#"{"kind":"a","id":7}"#, r#"{"kind":"a"} x"#] {
        assert!(matches!(Envelope::from_json(frame), Err(DecodeError::Json(_))), "{frame}");
    }
    for frame in ["{}", r#"{"kind":""}"#, r#"{"kind":null}"#] {
        assert!(matches!(Envelope::from_json(frame), Err(DecodeError::NoKind)), "{frame}");
    }
    assert!(matches!(Envelope::new("").to_json(), Err(DecodeError::NoKind)));
}

#[test]
fn a_payload_is_read_as_the_callers_type() {
    let envelope = Envelope::new("sum").with_payload((1, "b")).unwrap();
    assert_eq!(envelope.payload_as::<(i32, String)>().unwrap(), (1, "b".to_owned()));
    let error = envelope.payload_as::<bool>().unwrap_err();
    assert!(error.to_string().contains("\"sum\""), "{error}");
    assert_eq!(Envelope::new("none").payload_as::<Option<u8>>().unwrap(), None);
}

#[test]
fn the_content_is_not_in_debug() {
    let envelope = Envelope::new("login").with_payload("s3cret").unwrap();
    assert!(!format!("{envelope:?}").contains("s3cret"));
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".*".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map(".*", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

prop_compose! {
    fn envelopes()(
        kind in ".+", id in prop::option::of(".+"), reply in prop::option::of(".+"), ts in prop::option::of(".+"),
        aspect in prop::option::of(".+"), payload in prop::option::of(json()),
        extra in prop::collection::hash_map("x[a-z]*", json(), 0..3),
    ) -> Envelope {
        let mut envelope = Envelope::new(kind);
        envelope.id = id;
        envelope.in_reply_to = reply;
        envelope.ts = ts;
        envelope.target_aspect = aspect;
        envelope.payload = payload.map(|value| serde_json::value::to_raw_value(&value).unwrap());
        envelope.extra =
            extra.into_iter().map(|(name, value)| (name, serde_json::value::to_raw_value(&value).unwrap())).collect();
        envelope
    }
}

proptest! {
    #[test]
    fn every_envelope_comes_back(envelope in envelopes()) {
        let text = envelope.to_json().unwrap();
        prop_assert_eq!(Envelope::from_json(&text).unwrap(), envelope);
    }

    #[test]
    fn no_text_panics(text in ".*") {
        let _ = Envelope::from_json(&text);
    }
}
