//! What a conductor answered in a scenario, step by step, in a form that two conductors can share: what differs from run to
//! run has a number in place of its value, and the same value has the same number wherever it appears.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use holo_hash::{
    ActionHash, AgentPubKey, DnaHash, EntryHash, ExternalHash, HOLO_HASH_UNTYPED_LEN, WarrantHash,
};
use regex::{Captures, Regex};
use rmpv::Value;
use serde::Serialize;

/// One step: what was asked, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) answer: String,
}

/// The steps of a scenario.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    steps: Vec<Step>,
    used: HashMap<String, usize>,
    names: HashMap<String, String>,
    numbers: HashMap<&'static str, usize>,
    /// Whether DNAs are numbered too, because each conductor has an app that was built for it.
    pub(crate) numbers_dnas: bool,
}

impl Transcript {
    /// A step that is done for the second time has a 2 behind its name, and so on.
    pub(crate) fn add(&mut self, name: &str, answer: String) {
        let times = self.used.entry(name.to_owned()).or_default();
        *times += 1;
        let name = if *times == 1 { name.to_owned() } else { format!("{name} {times}") };
        self.steps.push(Step { name, answer });
    }

    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// A value as it is on the wire.
    pub(crate) fn value(&mut self, value: impl Serialize) -> String {
        let mut text = String::new();
        self.render(&wire(value), &mut text);
        text
    }

    /// A text, mostly of an error.
    pub(crate) fn text(&mut self, text: &str) -> String {
        let text = HASH.replace_all(text, |found: &Captures<'_>| self.name(&found[0]));
        let mut text = text.into_owned();
        for (pattern, with) in PATTERNS.iter() {
            text = pattern.replace_all(&text, *with).into_owned();
        }
        text
    }

    fn render(&mut self, value: &Value, out: &mut String) {
        match value {
            Value::Map(fields) => {
                let listed = fields.iter().any(|(_, value)| value.as_str() == Some("listed"));
                let mut fields: Vec<(String, &Value)> = fields
                    .iter()
                    .map(|(key, value)| {
                        let mut name = String::new();
                        self.render(key, &mut name);
                        (name, value)
                    })
                    .collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                out.push('{');
                for (index, (key, value)) in fields.into_iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    out.push_str(key.trim_matches('"'));
                    out.push_str(": ");
                    match value {
                        // The functions of a grant are a set.
                        Value::Array(items) if key == "\"Listed\"" || (listed && key == "\"value\"") => {
                            let mut items: Vec<String> = items.iter().map(|item| self.value(item)).collect();
                            items.sort();
                            out.push_str(&items.join(", "));
                        }
                        value => self.render(value, out),
                    }
                }
                out.push('}');
            }
            Value::Array(items) => match numbers(items) {
                Some(bytes) => self.bytes(&bytes, out),
                None => {
                    out.push('[');
                    for (index, item) in items.iter().enumerate() {
                        out.push_str(if index == 0 { "" } else { ", " });
                        self.render(item, out);
                    }
                    out.push(']');
                }
            },
            Value::Binary(bytes) => self.bytes(bytes, out),
            Value::String(text) => {
                let text = self.text(text.as_str().unwrap_or("not UTF-8"));
                // Writing to a string cannot fail.
                let _ = write!(out, "{text:?}");
            }
            Value::Integer(number) if number.as_i64().is_some_and(|n| MOMENTS.contains(&n)) => {
                out.push_str("<time>");
            }
            other => {
                let _ = write!(out, "{other}");
            }
        }
    }

    fn bytes(&mut self, bytes: &[u8], out: &mut String) {
        // As long as a nonce, a key or a signature: at random, which now and then reads as an array or a text.
        let random = matches!(bytes.len(), 24 | 32 | 64);
        let read = whole(bytes).filter(|value| match value {
            Value::Map(fields) => !random || fields.iter().all(|(key, _)| key.as_str().is_some()),
            Value::Array(_) | Value::Binary(_) | Value::String(_) => !random && bytes.len() > 2,
            _ => false,
        });
        if let Some(hash) = hash(bytes) {
            out.push_str(&self.name(&hash));
        } else if let Some(value) = read {
            out.push_str("bytes ");
            self.render(&value, out);
        } else if random {
            let _ = write!(out, "<{} bytes>", bytes.len());
        } else if bytes.len() > 256 {
            let _ = write!(out, "<{} bytes of {:?}>", bytes.len(), bytes.first());
        } else {
            let _ = write!(out, "0x");
            bytes.iter().for_each(|byte| {
                let _ = write!(out, "{byte:02x}");
            });
        }
    }

    /// DNA hashes are the same everywhere; the others are numbered as they appear.
    fn name(&mut self, hash: &str) -> String {
        let kind = match &hash[..5] {
            "uhC0k" if !self.numbers_dnas => return hash.to_owned(),
            "uhC0k" => "DNA",
            "uhCAk" => "agent",
            "uhCEk" => "entry",
            "uhCkk" => "action",
            "uhC8k" => "external",
            _ => "hash",
        };
        if let Some(name) = self.names.get(hash) {
            return name.clone();
        }
        let number = self.numbers.entry(kind).or_default();
        *number += 1;
        let name = format!("<{kind} {number}>");
        self.names.insert(hash.to_owned(), name.clone());
        name
    }
}

/// A value as MessagePack says it.
pub(crate) fn wire(value: impl Serialize) -> Value {
    let bytes = rmp_serde::to_vec_named(&value).expect("it can be encoded");
    whole(&bytes).expect("what was encoded can be read")
}

/// The value that these bytes are, all of them.
fn whole(mut bytes: &[u8]) -> Option<Value> {
    let value = rmpv::decode::read_value(&mut bytes).ok()?;
    bytes.is_empty().then_some(value)
}

/// Some types write their bytes as a list of numbers.
fn numbers(items: &[Value]) -> Option<Vec<u8>> {
    if items.len() < 24 {
        return None;
    }
    items.iter().map(|item| item.as_u64().and_then(|number| u8::try_from(number).ok())).collect()
}

fn hash(bytes: &[u8]) -> Option<String> {
    if bytes.len() != HOLO_HASH_UNTYPED_LEN + 3 {
        return None;
    }
    let bytes = || bytes.to_vec();
    None.or_else(|| ActionHash::try_from_raw_39(bytes()).ok().map(|hash| hash.to_string()))
        .or_else(|| EntryHash::try_from_raw_39(bytes()).ok().map(|hash| hash.to_string()))
        .or_else(|| AgentPubKey::try_from_raw_39(bytes()).ok().map(|hash| hash.to_string()))
        .or_else(|| DnaHash::try_from_raw_39(bytes()).ok().map(|hash| hash.to_string()))
        .or_else(|| ExternalHash::try_from_raw_39(bytes()).ok().map(|hash| hash.to_string()))
        .or_else(|| WarrantHash::try_from_raw_39(bytes()).ok().map(|hash| hash.to_string()))
}

/// Microseconds of this century's twenties and thirties.
const MOMENTS: std::ops::Range<i64> = 1_580_000_000_000_000..2_220_000_000_000_000;

static HASH: LazyLock<Regex> = LazyLock::new(|| pattern("uhC[0-9A-Za-z_-]{50}"));

/// What differs from run to run in texts.
static PATTERNS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    vec![
        (pattern(r"\[(?:\d{1,3}, ?){15,}\d{1,3}\]"), "<bytes>"),
        (pattern(r"\d{4}-\d\d-\d\dT[0-9:.]+Z"), "<time>"),
        (pattern(r"\b1[5-9]\d{14}\b"), "<time>"),
        (pattern(r"[A-Za-z0-9+/_-]{80,}={0,2}"), "<base64>"),
        // The place in the source of the host that an error comes from, and where a trap happened in the machine code.
        (pattern(r"(?:holochain|ham_devconductor)[a-z_0-9]*(?:::[a-z_0-9]+)*:\d+:"), "<host>:"),
        (pattern(r"(?:\\+n +at <unnamed> \(<module>\[\d+\]:0x[0-9a-f]+\))+"), ""),
        (pattern(r"cap secret Some\((?:<base64>|\\*.\[redacted\]\\*.)\)"), "cap secret Some(<secret>)"),
        (pattern(r"task \d+ panicked"), "task <number> panicked"),
        (
            pattern(r#"module_path: (\\*"(?:holochain|ham_devconductor)[a-z_0-9:]*\\*"), line: \d+"#),
            "module_path: <host>",
        ),
        (pattern(r#"WasmError \{ file: "[^"]*", line: \d+"#), "WasmError { <place>"),
        (pattern(r"wasm_trace: \[[^\]]*\]"), "wasm_trace: <trace>"),
        (pattern(r"(?s)backtrace: Some\(.*\) \}\)\)"), "backtrace: <trace> }))"),
        (pattern(r"clones: \{[^}]*\}"), "clones: {..}"),
        (pattern(r"msg_id: \d+"), "msg_id: <number>"),
    ]
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a regular expression")
}
