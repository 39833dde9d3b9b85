use proptest::prelude::*;
use rmpv::Value;
use serde_json::{Value as Json, json};

use crate::dialect::{BYTES, HASH};
use crate::hash::HASH_TYPES;
use crate::{Dialect, MAX_DEPTH};

fn shown(bytes: &[u8]) -> Result<Json, String> {
    crate::from_messagepack(bytes, Dialect::Marked).map_err(|error| error.to_string())
}

fn payload(text: &str) -> Result<Vec<u8>, String> {
    crate::to_messagepack(text, Dialect::Marked).map_err(|error| error.to_string())
}

fn pack(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).unwrap();
    bytes
}

fn a_hash(kind: u8, core: [u8; 32]) -> Vec<u8> {
    let mut hash = vec![0x84, kind, 0x24];
    hash.extend(core);
    hash.extend(holo_hash::encode::holo_dht_location_bytes(&core));
    hash
}

/// Everything that JSON can show. Double precision only: single precision comes back widened.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO)
            .prop_map(Value::from),
        ".*".prop_map(Value::from),
        proptest::collection::vec(any::<u8>(), 0..50).prop_map(Value::Binary),
        (0..HASH_TYPES.len(), any::<[u8; 32]>())
            .prop_map(|(kind, core)| Value::Binary(a_hash(HASH_TYPES[kind], core))),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let keys = "[$a-z]{0,6}".prop_filter("marks bytes", |key| key != HASH && key != BYTES);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::hash_map(keys, inner, 0..6).prop_map(|map| {
                Value::Map(map.into_iter().map(|(key, value)| (Value::from(key), value)).collect())
            }),
        ]
    })
}

/// Every JSON value without marks.
fn jsons() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        (proptest::num::f64::NORMAL | proptest::num::f64::ZERO).prop_map(Json::from),
        ".*".prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            proptest::collection::vec(("[a-z]{0,6}", inner), 0..6)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn message_pack_survives_the_way_through_json(value in values()) {
        let bytes = pack(&value);
        let text = shown(&bytes).unwrap().to_string();
        prop_assert_eq!(payload(&text).unwrap(), bytes);
    }

    #[test]
    fn json_survives_the_way_through_message_pack(value in jsons()) {
        let text = value.to_string();
        prop_assert_eq!(shown(&payload(&text).unwrap()).unwrap().to_string(), text);
    }

    #[test]
    fn bytes_of_a_peer_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        // Whatever is shown means the same value, except that the width of single-precision floats is not kept.
        if let Ok(json) = shown(&bytes) {
            prop_assert_eq!(shown(&payload(&json.to_string()).unwrap()).unwrap(), json);
        }
    }

    #[test]
    fn text_of_a_user_never_panics(text in ".*") {
        let _ = payload(&text);
    }
}

#[test]
fn integers_keep_every_digit_and_larger_ones_are_refused() {
    for text in ["18446744073709551615", "-9223372036854775808", "9007199254740993", "0", "-1"] {
        assert_eq!(shown(&payload(text).unwrap()).unwrap().to_string(), text);
    }
    for text in ["18446744073709551616", "-9223372036854775809", "{\"a\": [1, 99999999999999999999]}"] {
        let refused = payload(text).unwrap_err();
        assert!(refused.contains("64 bits"), "{refused}");
    }
    assert!(payload("\"18446744073709551616 \\\" 99999999999999999999\"").is_ok());
    assert_eq!(shown(&payload("1.0").unwrap()).unwrap().to_string(), "1.0");
}

#[test]
fn hashes_and_bytes_are_marked_and_only_valid_hashes_are_hashes() {
    let hash = a_hash(0x29, [7; 32]);
    let text = holo_hash::encode::holo_hash_encode(&hash);
    assert!(text.starts_with("uhCkk"), "{text}");
    assert_eq!(shown(&pack(&Value::Binary(hash.clone()))).unwrap(), json!({ "$hash": text }));
    let mut wrong = hash.clone();
    wrong[38] ^= 1;
    assert!(shown(&pack(&Value::Binary(wrong))).unwrap()["$bytes"].is_string());
    assert_eq!(payload(&json!({ "$hash": text }).to_string()).unwrap(), pack(&Value::Binary(hash)));
    for bad in
        [json!({"$hash": "uhCkk"}), json!({"$hash": 1}), json!({"$bytes": "*"}), json!({"$bytes": null})]
    {
        let refused = payload(&bad.to_string()).unwrap_err();
        assert!(refused.contains("must be"), "{refused}");
    }
    // An object with two keys is an ordinary one.
    assert!(payload(r#"{"$hash": 1, "other": 2}"#).is_ok());
}

#[test]
fn what_json_cannot_show_is_refused_with_the_reason() {
    let map = |key: Value| Value::Map(vec![(key, Value::Nil)]);
    let twice = Value::Map(vec![(Value::from("a"), Value::Nil), (Value::from("a"), Value::Nil)]);
    let cases = [
        (pack(&map(Value::from(1))), "not a string"),
        (pack(&twice), "twice"),
        (pack(&Value::Ext(5, vec![1])), "extension type 5"),
        (pack(&Value::F64(f64::NAN)), "NaN"),
        (pack(&Value::F32(f32::INFINITY)), "inf"),
        (pack(&map(Value::from(HASH))), "marks bytes"),
        (vec![0xa1, 0xff], "not valid UTF-8"),
        (vec![0xc0, 0xc0], "1 more bytes"),
        (vec![], "not MessagePack"),
        (vec![0x91; 2_000], "not MessagePack"),
    ];
    for (bytes, why) in cases {
        let refused = shown(&bytes).unwrap_err();
        assert!(refused.contains(why), "{refused} lacks {why}");
    }
}

#[test]
fn the_depth_is_bounded_either_way_at_the_same_place() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let deepest = payload(&nested(MAX_DEPTH)).unwrap();
    assert_eq!(shown(&deepest).unwrap().to_string(), nested(MAX_DEPTH));
    assert!(payload(&nested(MAX_DEPTH + 1)).unwrap_err().contains("nested deeper"));
    let mut deeper = vec![0x91; MAX_DEPTH];
    deeper.push(0x90);
    assert!(shown(&deeper).unwrap_err().contains("nested deeper"));
    assert!(payload(&nested(100_000)).is_err());
}

#[test]
fn a_key_twice_is_refused() {
    assert!(payload(r#"{"a": 1, "a": 2}"#).unwrap_err().contains("twice"));
}

#[test]
fn plain_json_has_no_marks() {
    let hash = json!({ "$hash": holo_hash::encode::holo_hash_encode(&a_hash(0x29, [7; 32])) });
    let map = Value::Map(vec![(Value::from("$hash"), Value::Binary(vec![1, 2]))]);
    let plain = |bytes: &[u8]| crate::from_messagepack(bytes, Dialect::Plain).unwrap();
    assert_eq!(plain(&pack(&map)), json!({ "$hash": [1, 2] }));
    let sent = crate::to_messagepack(&hash.to_string(), Dialect::Plain).unwrap();
    assert_eq!(plain(&sent), hash);
    assert!(crate::to_messagepack("1 2", Dialect::Plain).is_err());
}

#[test]
fn what_json_cannot_show_is_shown_as_bytes() {
    let shown = crate::shown(&[0xc0, 0xc0]);
    assert_eq!(shown["$messagepack"], "wMA=");
    assert!(shown["why"].as_str().is_some_and(|why| !why.is_empty()));
    assert_eq!(crate::shown(&[1]), json!(1));
}
