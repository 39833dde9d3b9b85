//! An activity under way, and its outcome.

use std::future::pending;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::connector::{Connection, Connector};

/// An [`Activity`](crate::machine::Activity) under way; what it announces has already been published.
pub(super) enum Work<C: Connector> {
    Announce(Option<BoxFuture<'static, ()>>),
    CloseLink(Option<C::Connection>),
    Connect(C::Address),
    ObtainAddress,
    Wait(Instant),
    WatchLink,
}

/// The outcome of an activity.
pub(super) enum Done<C: Connector> {
    Address(Result<C::Address, C::Error>),
    Announced,
    Dialed(Result<C::Connection, C::Error>),
    LinkClosed,
    Waited,
}

/// Runs it to its end; watching a link has none.
pub(super) async fn perform<C: Connector>(work: Work<C>, connector: &mut C) -> Done<C> {
    match work {
        Work::Announce(callback) => {
            if let Some(callback) = callback {
                callback.await;
            }
            Done::Announced
        }
        Work::CloseLink(link) => {
            if let Some(link) = link {
                link.close().await;
            }
            Done::LinkClosed
        }
        Work::Connect(address) => Done::Dialed(connector.connect(&address).await),
        Work::ObtainAddress => Done::Address(connector.address().await),
        Work::Wait(until) => {
            tokio::time::sleep_until(until).await;
            Done::Waited
        }
        Work::WatchLink => pending().await,
    }
}

/// The link, if a dial led to one.
pub(super) fn completed<C: Connector>(done: Option<Done<C>>) -> Option<C::Connection> {
    match done {
        Some(Done::Dialed(Ok(link))) => Some(link),
        Some(_) | None => None,
    }
}
