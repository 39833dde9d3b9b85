//! The status as server-sent events.

use std::convert::Infallible;

use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::shown::Shown;
use crate::auth::beyond;
use crate::life::{Life, LifeWatch};
use crate::problem::Problem;

/// One that follows.
struct Follower {
    shown: Shown,
    seconds: watch::Receiver<i64>,
    life: LifeWatch,
    /// The last sample that it has; `None` before the first answer.
    has: Option<i64>,
    _place: OwnedSemaphorePermit,
}

/// Everything at once, then each second what is new, until the gateway drains or the key is taken back.
pub(super) fn answer(shown: Shown) -> Result<Response, Problem> {
    let place = shown.identity.quota.stream().map_err(|refused| beyond(&shown.identity, refused))?;
    let (seconds, life) = (shown.gateway.apps.seconds(), shown.gateway.life());
    let follower = Follower { shown, seconds, life, has: None, _place: place };
    let events = stream::unfold(follower, |mut follower| async move {
        let value = follower.next().await?;
        let event = Event::default().event("status").json_data(value).unwrap_or_default();
        Some((Ok::<_, Infallible>(event), follower))
    });
    Ok(([("x-accel-buffering", "no")], Sse::new(events)).into_response())
}

impl Follower {
    async fn next(&mut self) -> Option<Value> {
        let value = match self.has {
            None => self.shown.all(),
            Some(has) => {
                // Its end first.
                tokio::select! {
                    biased;
                    () = self.life.reaches(Life::Draining) => return None,
                    changed = self.seconds.changed() => changed.ok()?,
                }
                if !self.shown.holds() {
                    return None;
                }
                self.shown.since(has)
            }
        };
        let newest = value["samples"]
            .as_object()?
            .values()
            .filter_map(|samples| samples.as_array()?.last()?["t"].as_i64());
        self.has = Some(newest.max().or(self.has).unwrap_or(0));
        Some(value)
    }
}
