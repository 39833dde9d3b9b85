//! Values on the wire, and those whose order is not kept.

use holochain_types::prelude::ExternIO;
use holochain_types::signal::Signal;
use serde::Serialize;

use crate::transcript::wire;

pub(crate) fn encoded(input: impl Serialize) -> ExternIO {
    ExternIO(rmp_serde::to_vec_named(&input).unwrap())
}

/// What a signal is about: the fields of its payload that are texts.
pub(crate) fn said(signal: &Signal) -> Vec<String> {
    let Signal::App { signal, .. } = signal else { return vec![format!("{signal:?}")] };
    let value = wire_bytes(&signal.clone().into_inner());
    let fields = value.as_map().into_iter().flatten();
    fields.filter_map(|(_, value)| value.as_str().map(str::to_owned)).collect()
}

/// Orders lists of actions by their time.
pub(crate) fn order(value: &mut rmpv::Value) {
    match value {
        rmpv::Value::Map(fields) => fields.iter_mut().for_each(|(_, value)| order(value)),
        rmpv::Value::Array(items) => {
            items.iter_mut().for_each(order);
            if items.iter().all(|item| time(item).is_some()) {
                items.sort_by_key(time);
            }
        }
        _ => {}
    }
}

/// The time of an action, or of the first in a list that has it with others.
fn time(action: &rmpv::Value) -> Option<u64> {
    if let rmpv::Value::Array(items) = action {
        return items.first().and_then(time);
    }
    let path = ["hashed", "content", "header", "timestamp"];
    let found = path.iter().try_fold(action, |value, name| {
        value.as_map()?.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value)
    });
    found?.as_u64()
}

pub(crate) fn wire_bytes(bytes: &ExternIO) -> rmpv::Value {
    rmpv::decode::read_value(&mut bytes.as_bytes()).unwrap_or_else(|_| wire(bytes))
}

/// A MessagePack map: the argument of a function that takes a struct.
macro_rules! map {
    ($($key:ident: $value:expr),* $(,)?) => {
        rmpv::Value::Map(vec![$((stringify!($key).into(), $crate::transcript::wire(&$value))),*])
    };
}
pub(crate) use map;
