//! Finds out which release a link talks to, with at most two requests that cannot change anything.
//!
//! A conductor that cannot read a request answers `Deserialization`, whatever else is wrong with the request, and looks at its
//! arguments only afterwards. So a request that a release does not know, with arguments that match nothing, tells the releases apart
//! (read from the published sources, verified on running conductors of all four):
//!
//! 1. `grant_direct_signal_capability` for a cell that cannot exist: unreadable before 0.7.1. Later releases look for the cell before they write.
//! 2. Before 0.7.1: `list_apps` for `awaiting_restore`, or on an app link `dump_op_timings` for a DNA that is not the app's:
//!    unreadable on 0.6. From 0.7.1 on: `peer_meta_info` of `x`, whose URL is part of the request until 0.7.1 and a text since 0.8.
//!
//! `dump_op_timings` is never sent to the admin interface: there it creates a database.

use ham_session::{Link, Phase, RequestError};
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{AgentPubKey, DnaHash};
use serde::Serialize;
use tokio::time::Instant;

use super::answer::{self, BadAnswer};
use super::protocol::ConductorProtocol;
use super::request::Request;
use crate::dialect::{Dialect, Release};
use crate::events;

/// Why the release could not be found out.
#[derive(Debug)]
pub(crate) enum NotFound {
    /// The request was not answered. It is a read, so there is nothing to reconcile.
    Lost { request: &'static str, source: RequestError },
    /// The answer is not one that a conductor gives.
    Answer { request: &'static str, source: BadAnswer },
}

/// The dialect of a link: that of the named release, or else of the one that is found out.
///
/// # Cancel safety
/// As [`proven`].
pub(crate) async fn dialect(
    link: &Link<ConductorProtocol>,
    deadline: Instant,
) -> Result<&'static Dialect, NotFound> {
    match link.welcome().named() {
        Some(named) => Ok(Dialect::of(named)),
        None => proven(link, deadline).await,
    }
}

/// The dialect of a link, found out even if a release is named: for anything that would do harm on another release. Concurrent
/// callers share the requests. A wrong name is an error.
///
/// # Cancel safety
/// Cancel-safe: the next caller asks again.
pub(crate) async fn proven(
    link: &Link<ConductorProtocol>,
    deadline: Instant,
) -> Result<&'static Dialect, NotFound> {
    let began = Instant::now();
    let found = link.welcome().release().get_or_try_init(|| find(link, deadline));
    match tokio::time::timeout_at(deadline, found).await {
        Ok(Err(error)) => Err(error),
        Ok(Ok(found)) => match link.welcome().named().filter(|named| named != found) {
            None => Ok(Dialect::of(*found)),
            Some(release) => {
                let why = format!("it answers as {found} does");
                Err(NotFound::Answer { request: DIRECT, source: BadAnswer::OtherRelease { release, why } })
            }
        },
        Err(_) => Err(NotFound::Lost {
            request: DIRECT,
            source: RequestError::TimedOut { phase: Phase::Sent, after: began.elapsed() },
        }),
    }
}

/// The name of a request that the conductor could not read, and its release, if the release lacks the request. Costs nothing unless
/// the request was refused for that reason.
pub(crate) async fn lacking(
    link: &Link<ConductorProtocol>,
    bad: &BadAnswer,
    request: impl FnOnce() -> Result<Request, String>,
    deadline: Instant,
) -> Option<(String, Release)> {
    let BadAnswer::Refused(refusal) = bad else { return None };
    if !refusal.is_unreadable_request() {
        return None;
    }
    let request = request().ok()?;
    let dialect = dialect(link, deadline).await.ok()?;
    (!dialect.knows(request.name())).then(|| (request.name().to_owned(), dialect.release))
}

async fn find(link: &Link<ConductorProtocol>, deadline: Instant) -> Result<Release, NotFound> {
    let direct = reads(link, DIRECT, DirectSignalGrant::for_nobody(), deadline).await?;
    let on_app = link.welcome().app().is_some();
    let release = match (direct, on_app) {
        (true, _) if reads(link, PEER, PeerMetaInfo { url: "x" }, deadline).await? => Release::V0_8,
        (true, _) => Release::V0_7_1,
        (false, true) if reads(link, TIMINGS, OpTimings::of_nothing(), deadline).await? => Release::V0_7_0,
        (false, false)
            if reads(link, APPS, ListApps { status_filter: "awaiting_restore" }, deadline).await? =>
        {
            Release::V0_7_0
        }
        (false, _) => Release::V0_6,
    };
    tracing::info!(event = events::RELEASE, release = %release, interface = if on_app { "app" } else { "admin" });
    Ok(release)
}

/// Whether the conductor can read a request.
async fn reads<T: Serialize>(
    link: &Link<ConductorProtocol>,
    request: &'static str,
    value: T,
    deadline: Instant,
) -> Result<bool, NotFound> {
    let out = Request::named(request, value).map_err(RequestError::Encode);
    let answered = async { link.request(out?, deadline).await };
    let answered = answered.await.map_err(|source| NotFound::Lost { request, source })?;
    answer::was_read(answered).map_err(|source| NotFound::Answer { request, source })
}

const DIRECT: &str = "grant_direct_signal_capability";
const PEER: &str = "peer_meta_info";
const TIMINGS: &str = "dump_op_timings";
const APPS: &str = "list_apps";

/// A DNA that no bundle can have and a key that nobody holds: hashes of one repeated byte.
fn nowhere() -> CellId {
    CellId::new(DnaHash::from_raw_36(vec![0x5A; 36]), AgentPubKey::from_raw_36(vec![0x5A; 36]))
}

#[derive(Serialize)]
struct DirectSignalGrant {
    cell_id: CellId,
    tag: &'static str,
    constraint: Unrestricted,
}

#[derive(Serialize)]
struct Unrestricted {
    r#type: &'static str,
}

impl DirectSignalGrant {
    fn for_nobody() -> Self {
        Self { cell_id: nowhere(), tag: "", constraint: Unrestricted { r#type: "unrestricted" } }
    }
}

#[derive(Serialize)]
struct PeerMetaInfo {
    url: &'static str,
}

#[derive(Serialize)]
struct OpTimings {
    dna_hash: DnaHash,
    limit: u32,
}

impl OpTimings {
    fn of_nothing() -> Self {
        Self { dna_hash: nowhere().dna_hash().clone(), limit: 1 }
    }
}

#[derive(Serialize)]
struct ListApps {
    status_filter: &'static str,
}
