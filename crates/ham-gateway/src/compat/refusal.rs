//! Refusals and errors, in the words of `holochain_http_gateway`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use ham::masked;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::kind::Kind;
use crate::problem::{OUTCOME, Problem};

/// A refusal or an error.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("Request is malformed: {0}")]
    Malformed(String),
    #[error("Function {} in zome {} in app {} is not allowed", masked(function), masked(zome), masked(app))]
    Function { app: String, zome: String, function: String },
    #[error("Error selecting a valid app: App is not installed on the conductor")]
    NotInstalled,
    #[error("Error selecting a valid app: App is not in the list of allowed apps")]
    NotAllowed,
    /// With the outcome of the call.
    #[error("Could not connect to Holochain")]
    Unreachable { outcome: &'static str },
    #[error("{}", .0.detail())]
    Problem(Box<Problem>),
}

#[derive(Serialize)]
struct Body {
    error: String,
    outcome: &'static str,
}

impl Refusal {
    pub(super) fn malformed(why: impl Into<String>) -> Self {
        Self::Malformed(why.into())
    }

    /// The answer for a call that ended with this problem. If there is no link, the answer says that.
    pub(super) fn of(problem: Problem, is_live: bool) -> Self {
        match problem.kind() {
            Kind::RoleNotFound => Self::NotInstalled,
            Kind::ConductorUnreachable | Kind::NotSent | Kind::NotRun | Kind::OutcomeUnknown if !is_live => {
                Self::Unreachable { outcome: problem.outcome() }
            }
            Kind::ConductorUnreachable => Self::Unreachable { outcome: problem.outcome() },
            _ => Self::Problem(Box::new(problem)),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Function { .. } | Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::NotInstalled => StatusCode::NOT_FOUND,
            Self::Unreachable { .. } => StatusCode::BAD_GATEWAY,
            Self::Problem(problem) => match problem.kind() {
                Kind::IdempotencyKeyRequired => StatusCode::BAD_REQUEST,
                Kind::HostNotAllowed | Kind::OriginNotAllowed => StatusCode::FORBIDDEN,
                // Only this gateway has these.
                Kind::ShuttingDown | Kind::Overloaded | Kind::QuotaExceeded => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                Kind::AnswerLost => StatusCode::BAD_GATEWAY,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            },
        }
    }

    fn outcome(&self) -> &'static str {
        match self {
            Self::Unreachable { outcome } => outcome,
            Self::Problem(problem) => problem.outcome(),
            Self::Malformed(_) | Self::Function { .. } | Self::NotInstalled | Self::NotAllowed => "not_run",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, outcome) = (self.status(), self.outcome());
        let after = match &self {
            Self::Problem(problem) if status == StatusCode::SERVICE_UNAVAILABLE => {
                problem.retry_after_header()
            }
            _ => None,
        };
        let mut response = (status, Json(Body { error: self.to_string(), outcome })).into_response();
        let headers = response.headers_mut();
        headers.insert(OUTCOME, HeaderValue::from_static(outcome));
        if let Some(seconds) = after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
