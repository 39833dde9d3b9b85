//! Apps that come through the page.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use ham_devconductor::InstallError;
use serde_json::json;

use crate::problem::Problem;
use crate::served::{Answer, MAX_BUNDLE, Shared};

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
    let bundle = served.bundles.read(request.into_body(), MAX_BUNDLE, SLOWEST).await?;
    let id = served.memory.observer.install(bundle.bytes.into(), None).await.map_err(refused)?;
    drop(turn);
    Ok(axum::Json(json!({ "app": id })))
}

/// The error with its causes: the last one says what to do.
fn refused(error: InstallError) -> Problem {
    let causes = std::iter::successors(std::error::Error::source(&error), |error| error.source());
    let words = causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"));
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-installed", "The app is not installed").detail(words)
}

/// How long it may take to come.
const SLOWEST: Duration = Duration::from_secs(60);
