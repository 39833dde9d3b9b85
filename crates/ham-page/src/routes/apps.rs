//! Installs apps through the page.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use ham_devconductor::InstallError;
use ham_web::Received;
use serde_json::json;

use crate::problem::Problem;
use crate::served::{Answer, MAX_BUNDLE, Shared};

/// Installs and enables the app in a bundle, under the id in its manifest.
pub(super) async fn install(State(served): Shared, request: Request) -> Answer {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    // A form on another page can only send other content types.
    if kind != Some("application/octet-stream") {
        let text = "Send the bytes of a bundle as application/octet-stream";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-a-bundle", text));
    }
    // Before the body is read, so that bodies wait where they take no memory.
    let permit = served.installs.acquire().await?;
    let bundle = served.bundles.read(request.into_body(), MAX_BUNDLE, SLOWEST).await?;
    let Received { bytes, room } = bundle;
    // Its permit lasts until the conductor is done, even if the client leaves.
    let installing = served.memory.observer.install_holding(bytes.into(), None, (room, permit));
    let id = installing.await.map_err(refused)?;
    Ok(axum::Json(json!({ "app": id })))
}

/// The error with its causes: the last one says what to do.
fn refused(error: InstallError) -> Problem {
    let causes = std::iter::successors(std::error::Error::source(&error), |error| error.source());
    let words = causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"));
    match &error {
        InstallError::OtherCode { id, is_other_dna, .. } => {
            let way = if *is_other_dna {
                format!(
                    "`ham app uninstall {id}` removes it with its data; `ham app install --id` takes another id"
                )
            } else {
                "`ham app update` makes it run the bundle's coordinator zomes".to_owned()
            };
            Problem::new(StatusCode::CONFLICT, "other-code", "An app with this ID runs different code")
                .detail(format!("{words}. {way}"))
        }
        InstallError::NotEnabled { .. } => {
            Problem::new(StatusCode::CONFLICT, "not-enabled", "The app is installed, but not enabled")
                .detail(words)
        }
        _ => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-installed", "The app is not installed")
            .detail(words),
    }
}

/// How long the bundle may take to arrive.
const SLOWEST: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::response::IntoResponse as _;

    use super::*;

    async fn answered(error: InstallError) -> (u16, String) {
        let response = refused(error).into_response();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 10_000).await.expect("a body");
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// Case: an app that awaits membrane proofs was reported as not installed, and one with other code was not reported
    /// at all.
    #[tokio::test]
    async fn what_is_so_stands_in_the_title_and_what_to_do_behind_it() {
        let (id, role) = ("app".to_owned(), "role".to_owned());
        let awaits = InstallError::NotEnabled { id: id.clone(), source: "it awaits membrane proofs".into() };
        let (status, text) = answered(awaits).await;
        assert!(text.contains("\"The app is installed, but not enabled\""), "{text}");
        assert!(status == 409 && text.contains("awaits membrane proofs"), "{text}");
        for (is_other_dna, way) in [(true, "ham app uninstall app"), (false, "ham app update")] {
            let other = InstallError::OtherCode { id: id.clone(), role: role.clone(), is_other_dna };
            let (status, text) = answered(other).await;
            assert!(status == 409 && text.contains(way) && text.contains("other-code"), "{text}");
        }
        let (status, text) = answered(InstallError::Bundle { source: "no bundle".into() }).await;
        assert!(status == 422 && text.contains("The app is not installed"), "{text}");
    }
}
