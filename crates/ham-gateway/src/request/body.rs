//! The body of a request, within its bounds of size and time.

use axum::body::{Body, Bytes, HttpBody as _};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::config::Limits;
use crate::kind::Kind;
use crate::problem::Problem;

/// All of it.
///
/// # Cancel safety
/// What was already read is lost.
pub(crate) async fn read(body: Body, limits: &Limits) -> Result<Bytes, Problem> {
    let too_large =
        || Problem::new(Kind::PayloadTooLarge, format!("the body has more than {} bytes", limits.body_bytes));
    // A body that declares itself too large is not read.
    if body.size_hint().lower() > limits.body_bytes as u64 {
        return Err(too_large());
    }
    let collected = tokio::time::timeout(limits.body, Limited::new(body, limits.body_bytes).collect()).await;
    match collected {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() || is_length(error.source()) => Err(too_large()),
        Ok(Err(_)) => Err(Problem::new(Kind::BadRequest, "the body broke off, or is not what its head says")),
        Err(_) => Err(Problem::new(Kind::BodyTooSlow, format!("the body took more than {:?}", limits.body))),
    }
}

fn is_length(source: Option<&(dyn std::error::Error + 'static)>) -> bool {
    source.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>)
}
