//! How a payload and its answer are encoded: as JSON, or as raw MessagePack.

use http::{HeaderMap, HeaderValue, header};

/// An encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// By the convention of `ham-json`.
    Json,
    /// JSON without marks, bytes as arrays of numbers. No media type asks for it.
    Plain,
    /// MessagePack, untouched.
    MessagePack,
}

impl Form {
    /// The form of a body; `None` if its type is neither.
    #[must_use]
    pub fn of_body(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::CONTENT_TYPE).iter();
        let value = values.next()?;
        if values.next().is_some() {
            return None;
        }
        Self::named(essence(value.to_str().ok()?))
    }

    /// The form that the answer should have: the one that `Accept` ranks highest, and on a tie `otherwise`. `None` if
    /// it accepts neither.
    #[must_use]
    pub fn of_answer(headers: &HeaderMap, otherwise: Self) -> Option<Self> {
        if !headers.contains_key(header::ACCEPT) {
            return Some(otherwise);
        }
        let accepted: Vec<&str> = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let other = if otherwise == Self::Json { Self::MessagePack } else { Self::Json };
        let (first, second) = (otherwise.quality(&accepted), other.quality(&accepted));
        match (first, second) {
            (0, 0) => None,
            (first, second) if second > first => Some(other),
            _ => Some(otherwise),
        }
    }

    /// Its `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json | Self::Plain => "application/json",
            Self::MessagePack => "application/vnd.msgpack",
        })
    }

    fn named(name: &str) -> Option<Self> {
        if JSON.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            Some(Self::Json)
        } else if MESSAGE_PACK.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            Some(Self::MessagePack)
        } else {
            None
        }
    }

    /// In thousandths, according to the most specific range (RFC 9110, 12.5.1).
    fn quality(self, accepted: &[&str]) -> u16 {
        let ranges = accepted.iter().filter_map(|range| {
            let specific = match essence(range) {
                name if Self::named(name) == Some(self) => 2,
                name if name.eq_ignore_ascii_case("application/*") => 1,
                "*/*" => 0,
                _ => return None,
            };
            Some((specific, thousandths(range)))
        });
        ranges.max().map_or(0, |(_, quality)| quality)
    }
}

/// A media type without its parameters.
fn essence(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// The range's `q`; 1 if it has none, or one that is not a number.
fn thousandths(range: &str) -> u16 {
    let quality = range.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().ok())?
    });
    let quality = quality.filter(|quality| (0.0..=1.0).contains(quality)).unwrap_or(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
    let thousandths = (quality * 1000.0) as u16;
    thousandths
}

const JSON: [&str; 1] = ["application/json"];
/// The registered type, and those in use before it.
const MESSAGE_PACK: [&str; 3] = ["application/vnd.msgpack", "application/msgpack", "application/x-msgpack"];

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_body_is_json_or_messagepack() {
        let of = |values: &[&str]| Form::of_body(&headers(header::CONTENT_TYPE, values));
        assert_eq!(of(&["Application/JSON; charset=utf-8"]), Some(Form::Json));
        assert_eq!(of(&["application/x-msgpack"]), Some(Form::MessagePack));
        for other in [
            &[][..],
            &["text/plain"],
            &["application/x-www-form-urlencoded"],
            &["application/json", "text/plain"],
        ] {
            assert_eq!(of(other), None, "{other:?}");
        }
    }

    #[test]
    fn an_answer_is_what_is_ranked_highest() {
        use Form::{Json, MessagePack};
        let of = |values: &[&str], otherwise| Form::of_answer(&headers(header::ACCEPT, values), otherwise);
        for (values, otherwise, form) in [
            (&[][..], MessagePack, Some(MessagePack)),
            (&["*/*"], Json, Some(Json)),
            (&["application/vnd.msgpack"], Json, Some(MessagePack)),
            (&["application/json;q=0.5, application/msgpack"], Json, Some(MessagePack)),
            (&["application/json;q=0.5", "*/*;q=0.1"], MessagePack, Some(Json)),
            (&["application/json;q=0, */*"], Json, Some(MessagePack)),
            (&["text/html, application/*"], MessagePack, Some(MessagePack)),
            (&["text/html"], Json, None),
            (&["application/json;q=0"], Json, None),
        ] {
            assert_eq!(of(values, otherwise), form, "{values:?}");
        }
    }
}
