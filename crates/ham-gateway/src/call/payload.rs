//! The payload of a request.

use axum::body::Bytes;
use ham_json::{Dialect, to_messagepack};

use crate::headers::Form;
use crate::kind::Kind;
use crate::problem::Problem;

/// As MessagePack. An empty body is nil.
pub(super) fn payload(body: Bytes, written: Option<Form>, typed: bool) -> Result<Vec<u8>, Problem> {
    let bad = |why: String| Problem::new(Kind::BadPayload, why);
    match written {
        _ if body.is_empty() && (!typed || written.is_some()) => Ok(NIL.to_vec()),
        Some(Form::MessagePack) => Ok(body.into()),
        Some(Form::Json | Form::Plain) => {
            let text = std::str::from_utf8(&body).map_err(|_| bad("the body is not UTF-8".into()))?;
            to_messagepack(text, Dialect::Marked).map_err(|error| bad(error.to_string()))
        }
        None => Err(Problem::new(
            Kind::UnsupportedMediaType,
            "bodies are application/json or application/vnd.msgpack",
        )),
    }
}

const NIL: [u8; 1] = [0xc0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_nil_and_messagepack_stays_as_it_is() {
        let of = |body: &'static [u8], written, typed| {
            payload(Bytes::from_static(body), written, typed).map_err(|problem| problem.kind())
        };
        assert_eq!(of(b"", None, false), Ok(vec![0xc0]));
        assert_eq!(of(b"", Some(Form::Json), true), Ok(vec![0xc0]));
        assert_eq!(of(b"null", Some(Form::Json), true), Ok(vec![0xc0]));
        assert_eq!(of(b"[1]", Some(Form::Json), true), Ok(vec![0x91, 1]));
        assert_eq!(of(b"\xff\x00", Some(Form::MessagePack), true), Ok(vec![0xff, 0]));
        assert_eq!(of(b"[1", Some(Form::Json), true), Err(Kind::BadPayload));
        assert_eq!(of(b"\xff", Some(Form::Json), true), Err(Kind::BadPayload));
        assert_eq!(of(b"[1]", None, false), Err(Kind::UnsupportedMediaType));
        assert_eq!(of(b"", None, true), Err(Kind::UnsupportedMediaType));
    }
}
