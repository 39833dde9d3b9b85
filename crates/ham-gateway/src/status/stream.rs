//! The status as server-sent events: the whole at once, then each second and whenever a link changes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::Stream;
use tokio::time::Instant;

use super::told::{Samples, told};
use crate::auth::Identity;
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::life::Life;
use crate::problem::Problem;

/// A stream for a page; it ends when the gateway drains, and after [`LIFE`], so that a revoked key does not read on.
pub(super) fn stream(gateway: Arc<Gateway>, identity: Arc<Identity>) -> Result<Response, Problem> {
    let place = Arc::clone(&gateway.status_streams).try_acquire_owned();
    let place = place.map_err(|_| Problem::new(Kind::TooManyConnections, "too many pages are open"))?;
    let end = Instant::now() + LIFE;
    Ok(Sse::new(changes(gateway, identity, end, place)).into_response())
}

fn changes(
    gateway: Arc<Gateway>,
    identity: Arc<Identity>,
    end: Instant,
    place: tokio::sync::OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let (changes, life) = (gateway.apps.changes(), gateway.life());
    let start = (gateway, identity, changes, life, Samples::All, place);
    futures_util::stream::unfold(
        start,
        move |(gateway, identity, mut changes, mut life, samples, place)| async move {
            if samples == Samples::Newest {
                // The end first: after that nothing is told any more.
                tokio::select! {
                    biased;
                    () = life.reaches(Life::Draining) => return None,
                    () = tokio::time::sleep_until(end) => return None,
                    changed = changes.changed() => changed.ok()?,
                }
            }
            let data = told(&gateway, &identity, samples).to_string();
            let event = Event::default().event("status").data(data);
            Some((Ok(event), (gateway, identity, changes, life, Samples::Newest, place)))
        },
    )
}

/// How long a stream lives; then the page asks again, with its key.
const LIFE: Duration = Duration::from_secs(60);
