//! The trace that a request belongs to (W3C Trace Context).

use http::HeaderMap;
use tracing::Span;

/// Makes the span continue the request's trace: the trace's id is in the log, and with the feature `otel` the span is
/// part of the trace.
pub(super) fn join(span: &Span, headers: &HeaderMap) {
    let Some(parent) = headers.get("traceparent").and_then(|value| value.to_str().ok()) else { return };
    let Some(trace) = trace_of(parent) else { return };
    span.record("trace_id", trace);
    #[cfg(feature = "otel")]
    otel::join(span, headers);
}

/// The trace's id in `00-<trace>-<parent>-<flags>`; later versions may append more.
fn trace_of(parent: &str) -> Option<&str> {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let mut parts = parent.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let rest = parts.next().is_some();
    let long = [(version, 2), (trace, 32), (span, 16), (flags, 2)];
    let written = long.iter().all(|(part, length)| part.len() == *length && hex(part));
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let wrong = version == "ff" || zero(trace) || zero(span) || rest && version == "00";
    (written && !wrong).then_some(trace)
}

#[cfg(feature = "otel")]
mod otel {
    use http::{HeaderMap, HeaderName};
    use opentelemetry::global;
    use opentelemetry::propagation::Extractor;
    use tracing::Span;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    struct Headers<'a>(&'a HeaderMap);

    impl Extractor for Headers<'_> {
        fn get(&self, name: &str) -> Option<&str> {
            self.0.get(name)?.to_str().ok()
        }

        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(HeaderName::as_str).collect()
        }
    }

    pub(super) fn join(span: &Span, headers: &HeaderMap) {
        let parent = global::get_text_map_propagator(|propagator| propagator.extract(&Headers(headers)));
        // It fails if nothing collects spans, which is not an error.
        let _ = span.set_parent(parent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_named_as_the_recommendation_has_it() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let parent = format!("00-{trace}-b7ad6b7169203331-01");
        assert_eq!(trace_of(&parent), Some(trace));
        assert_eq!(trace_of(&format!("01{}-more", &parent[2..])), Some(trace));
        for wrong in [
            "",
            "00",
            &format!("{parent}-more"),
            &format!("ff{}", &parent[2..]),
            &parent.to_uppercase(),
            &parent.replace(trace, &"0".repeat(32)),
            &parent.replace("b7ad6b7169203331", &"0".repeat(16)),
            &parent.replace(trace, "0af7"),
        ] {
            assert_eq!(trace_of(wrong), None, "{wrong}");
        }
    }
}
