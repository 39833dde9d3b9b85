//! An activity under way, and what came of it.

use std::future::pending;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::connector::{Connection, Connector};

/// An [`Activity`](crate::machine::Activity) under way; what it announces is published already.
pub(super) enum Work<C: Connector> {
    Announce(Option<BoxFuture<'static, ()>>),
    CloseLink(Option<C::Connection>),
    Connect(C::Address),
    ObtainAddress,
    Wait(Instant),
    WatchLink,
}

/// What came of an activity.
pub(super) enum Done<C: Connector> {
    Address(Result<C::Address, C::Error>),
    Announced,
    Dialed(Result<C::Connection, C::Error>),
    LinkClosed,
    Waited,
}

/// Does it to its end; a link is watched without one.
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

/// The link, when a dial came to one.
pub(super) fn completed<C: Connector>(done: Option<Done<C>>) -> Option<C::Connection> {
    match done {
        Some(Done::Dialed(Ok(link))) => Some(link),
        Some(_) | None => None,
    }
}
