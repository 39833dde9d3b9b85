//! The parameters of a request: parts of its path, queries and headers.

use serde_json::{Value, json};

/// A query or a header.
pub(super) struct Parameter {
    place: &'static str,
    name: &'static str,
    taken: Taken,
    about: &'static str,
}

/// The accepted values of a parameter. If more is accepted than can be described here, as for a list with spaces, it is
/// the usual form.
#[derive(Clone, Copy)]
pub(super) enum Taken {
    Anything,
    /// A regular expression (ECMA 262).
    Text(&'static str),
    /// From the first to the second.
    Number(u64, u64),
    /// One of these.
    Word(&'static [&'static str]),
}

/// The id of a call, a ULID.
pub(super) const ID: &str = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$";
/// A part of a path, decoded: no slash and no control character, and neither `.` nor `..`.
const PART: &str = "^(?!\\.{1,2}$)[^/\\\\\\u0000-\\u001f\\u007f-\\u009f]{1,100}$";

pub(super) const fn header(name: &'static str, taken: Taken, about: &'static str) -> Parameter {
    Parameter { place: "header", name, taken, about }
}

pub(super) const fn query(name: &'static str, taken: Taken, about: &'static str) -> Parameter {
    Parameter { place: "query", name, taken, about }
}

impl Parameter {
    pub(super) fn shown(&self) -> Value {
        json!({ "name": self.name, "in": self.place, "description": self.about, "schema": self.taken.schema() })
    }
}

impl Taken {
    fn schema(self) -> Value {
        match self {
            Self::Anything => json!({ "type": "string" }),
            Self::Text(pattern) => json!({ "type": "string", "pattern": pattern }),
            Self::Number(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Self::Word(words) => json!({ "type": "string", "enum": words }),
        }
    }
}

/// The variable parts of a path.
pub(super) fn in_path(path: &str) -> impl Iterator<Item = Value> + '_ {
    let named = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    named.map(|name| {
        let taken = Taken::Text(if name == "id" { ID } else { PART });
        json!({ "name": name, "in": "path", "required": true, "schema": taken.schema() })
    })
}
