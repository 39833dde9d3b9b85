//! How a call that ended is answered.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use ham::{CallError, HamState, PersistentHam};
use ham_json::Dialect;
use http::{HeaderValue, StatusCode, header};
use tokio::time::Instant;

use crate::headers::Form;
use crate::outcome::Told;
use crate::problem::{OUTCOME, Problem};
use crate::words;

/// The output, unwrapped. What JSON cannot express is shown as its bytes: the status tells the outcome, not what a
/// formatter can do.
pub(crate) fn output(output: Vec<u8>, form: Form) -> Response {
    let body = match form {
        Form::MessagePack => Body::from(output),
        Form::Json => Body::from(ham_json::shown(&output).to_string()),
        Form::Plain => Body::from(ham_json::shown_in(&output, Dialect::Plain).to_string()),
    };
    let headers =
        [(header::CONTENT_TYPE, form.content_type()), (OUTCOME, HeaderValue::from_static("answered"))];
    (StatusCode::OK, headers, body).into_response()
}

/// The problem for a call that ended with this error.
pub(crate) fn problem(ham: &PersistentHam, error: &CallError) -> Problem {
    let mut told = Told::of(error);
    if let CallError::NoLink { .. } = error.inner()
        && let HamState::BackingOff { until, .. } = ham.state().get()
    {
        let left = until.saturating_duration_since(Instant::now());
        told.retry_after = Some(left.clamp(SHORTEST, LONGEST));
    }
    Problem::of(&told, words::of(error))
}

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
