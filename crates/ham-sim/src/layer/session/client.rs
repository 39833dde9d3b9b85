//! The callers.

use std::time::Duration;

use ham_persistent::Connection;
use tokio::time::{Instant, timeout};

use super::event::{CallResult, Happened};
use super::life::{Action, Request, Step};
use super::protocol::{REQUEST, SEND, SimMessage};
use super::stage::Stage;
use crate::time::{pause, yields};

/// Takes one step once its time has come.
pub(super) async fn step(stage: Stage, step: Step) {
    pause(step.at).await;
    yields(step.yields).await;
    match step.action {
        Action::Request(one) => request(&stage, one).await,
        Action::Send { n, size, patience } => send(&stage, n, size, patience).await,
        Action::Close => close(&stage).await,
    }
}

async fn request(stage: &Stage, request: Request) {
    let Some(link) = stage.link() else { return };
    let n = request.n;
    stage.note(Happened::Made { n, send: false });
    let message = SimMessage { kind: REQUEST, id: n, size: request.size };
    let asking = link.request(message, deadline(request.patience));
    let told = match request.gives_up {
        None => Some(asking.await),
        Some(patience) => timeout(patience, asking).await.ok(),
    };
    stage.note(match told {
        None => Happened::GaveUp { n },
        Some(Ok(answer)) => {
            let right = answer.id == n && answer.size == request.answer.size.max(9);
            Happened::Told { n, what: CallResult::Answer { right } }
        }
        Some(Err(error)) => Happened::Told { n, what: CallResult::failed(&error) },
    });
}

async fn send(stage: &Stage, n: u64, size: usize, patience: Duration) {
    let Some(link) = stage.link() else { return };
    stage.note(Happened::Made { n, send: true });
    let sent = link.send(SimMessage { kind: SEND, id: n, size }, deadline(patience)).await;
    let what = match sent {
        Ok(()) => CallResult::Taken,
        Err(error) => CallResult::failed(&error),
    };
    stage.note(Happened::Told { n, what });
}

pub(super) async fn close(stage: &Stage) {
    let Some(link) = stage.link() else { return };
    stage.note(Happened::CloseCalled);
    link.close().await;
    stage.note(Happened::CloseReturned);
}

/// "For ever" means as far as the clock goes.
fn deadline(patience: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(patience).unwrap_or(now + FAR)
}

/// A hundred years.
const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);
