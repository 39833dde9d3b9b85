//! Errors as RFC 9457 defines them.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ham_web::BodyError;
use serde_json::{Map, Value};

/// What went wrong with a request.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    /// Whether the request may be repeated soon.
    again: bool,
    fields: Map<String, Value>,
}

impl Problem {
    /// `name` is the last part of its type.
    pub(crate) fn new(status: StatusCode, name: &str, title: &str) -> Self {
        let mut fields = Map::new();
        fields.insert("type".into(), format!("urn:ham:problem:{name}").into());
        fields.insert("title".into(), title.into());
        fields.insert("status".into(), status.as_u16().into());
        Self { status, again: false, fields }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// What it is in this case.
    pub(crate) fn detail(self, detail: impl ToString) -> Self {
        self.with("detail", detail.to_string())
    }

    /// Says that the request may be repeated in a second.
    pub(crate) fn again(self) -> Self {
        Self { again: true, ..self }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found").detail(what)
    }
}

impl From<ham_devconductor::ViewError> for Problem {
    fn from(error: ham_devconductor::ViewError) -> Self {
        use ham_devconductor::ViewError as E;
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        let detail = format!("{error}{cause}");
        match error {
            E::Stopped => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "shutting-down", "The conductor has stopped")
            }
            E::NoCell(_) => Self::new(StatusCode::NOT_FOUND, "cell-not-running", "The cell is not running"),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "It could not be read"),
        }
        .detail(detail)
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Broken { .. } => {
                Self::new(StatusCode::BAD_REQUEST, "broken-body", "The body of the request broke off")
            }
            BodyError::Busy { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Other requests take up all the room")
                    .again()
            }
            BodyError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body of the request is too large")
            }
            BodyError::TooSlow { .. } => {
                Self::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "The request did not come in time")
            }
            _ => Self::new(StatusCode::BAD_REQUEST, "bad-body", "The body of the request could not be read"),
        }
        .detail(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let again = self.again.then_some([(header::RETRY_AFTER, HeaderValue::from_static("1"))]);
        (self.status, again, [kind], Value::Object(self.fields).to_string()).into_response()
    }
}
