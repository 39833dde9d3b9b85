//! Apps that come through the page.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use ham_devconductor::InstallError;
use serde_json::json;

use crate::problem::Problem;
use crate::served::{Answer, Shared};

/// Installs and enables the app of a bundle, under the id that its manifest has.
pub(super) async fn install(State(served): Shared, request: Request) -> Answer {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    // What a form of another page may send says something else.
    if kind != Some("application/octet-stream") {
        let text = "Send the bytes of a bundle as application/octet-stream";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-a-bundle", text));
    }
    // Before the body is read, so that bodies wait where they take no memory.
    let turn = served.installs.turn().await?;
    let bundle = tokio::time::timeout(SLOWEST, to_bytes(request.into_body(), MAX_BUNDLE)).await;
    let bundle = bundle.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "The bundle did not come in time")
    })?;
    let bundle = bundle.map_err(|why| {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "bad-bundle", "The bundle could not be read").detail(why)
    })?;
    let id = served.memory.observer.install(bundle.into(), None).await.map_err(refused)?;
    drop(turn);
    Ok(axum::Json(json!({ "app": id })))
}

/// The error with its causes: the last one says what to do.
fn refused(error: InstallError) -> Problem {
    let causes = std::iter::successors(std::error::Error::source(&error), |error| error.source());
    let words = causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"));
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-installed", "The app is not installed").detail(words)
}

/// Bytes of a bundle; what it unpacks to has a bound of its own.
const MAX_BUNDLE: usize = 64 << 20;

/// How long it may take to come.
const SLOWEST: Duration = Duration::from_secs(60);
