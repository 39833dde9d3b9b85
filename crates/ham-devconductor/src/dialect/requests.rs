//! Requests that have another shape in an earlier release.

use holochain_conductor_api::{AdminRequest, AppRequest, AppStatusFilter};
use holochain_types::prelude::{CellId, GrantZomeCallCapabilityPayload};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::grants::Grant;
use crate::decode::decode;

/// A request that differs from 0.7.1.
pub(super) enum Request<A> {
    /// The release has no request of this name.
    Unknown,
    /// Reads it; `None` if the bytes are not such a request.
    Shape(fn(&[u8]) -> Option<A>),
}

/// What an administrator asks for.
#[derive(Debug)]
pub(crate) enum AdminAsked {
    /// As in 0.7.1.
    Today(Box<AdminRequest>),
    /// What 0.7.1 cannot express.
    Earlier(Earlier),
}

#[derive(Debug)]
pub(crate) enum Earlier {
    /// The whole chain, and the operations of its DNA after this many.
    DumpFullState { cell_id: CellId, after: u64 },
    /// The whole chain of a cell that runs.
    DumpState { cell_id: CellId },
    /// Records for a chain.
    GraftRecords,
    /// Restoring an app without naming the agent.
    RestoreWithoutAgent,
}

impl From<AdminRequest> for AdminAsked {
    fn from(request: AdminRequest) -> Self {
        Self::Today(Box::new(request))
    }
}

#[derive(Deserialize)]
pub(super) struct Tagged<T> {
    #[serde(rename = "type")]
    pub(super) name: String,
    value: T,
}

fn value<T: DeserializeOwned>(data: &[u8]) -> Option<T> {
    decode::<Tagged<T>>(data).ok().map(|tagged| tagged.value)
}

fn today(request: AdminRequest) -> Option<AdminAsked> {
    Some(AdminAsked::from(request))
}

/// `{cell_id, cap_grant: {tag, access, functions}}`.
pub(super) fn grant(data: &[u8]) -> Option<AdminAsked> {
    #[derive(Deserialize)]
    struct Payload {
        cell_id: CellId,
        cap_grant: Grant,
    }
    let Payload { cell_id, cap_grant } = value(data)?;
    let payload = GrantZomeCallCapabilityPayload { cell_id, cap_grant: cap_grant.into() };
    today(AdminRequest::GrantZomeCallCapability(Box::new(payload)))
}

/// No cursor and no limit: any that are there are ignored.
pub(super) fn dump_state(data: &[u8]) -> Option<AdminAsked> {
    #[derive(Deserialize)]
    struct Payload {
        cell_id: CellId,
    }
    let Payload { cell_id } = value(data)?;
    Some(AdminAsked::Earlier(Earlier::DumpState { cell_id }))
}

/// The cursor is the number of a row.
pub(super) fn dump_full_state(data: &[u8]) -> Option<AdminAsked> {
    #[derive(Deserialize)]
    struct Payload {
        cell_id: CellId,
        dht_ops_cursor: Option<u64>,
    }
    let Payload { cell_id, dht_ops_cursor } = value(data)?;
    let after = dht_ops_cursor.unwrap_or_default();
    Some(AdminAsked::Earlier(Earlier::DumpFullState { cell_id, after }))
}

pub(super) fn graft_records(data: &[u8]) -> Option<AdminAsked> {
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "they have to be there")]
    struct Payload {
        cell_id: CellId,
        validate: bool,
        records: Vec<IgnoredAny>,
    }
    let _: Payload = value(data)?;
    Some(AdminAsked::Earlier(Earlier::GraftRecords))
}

/// Two filters only.
pub(super) fn list_apps(data: &[u8]) -> Option<AdminAsked> {
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Filter {
        Enabled,
        Disabled,
    }
    #[derive(Deserialize)]
    struct Payload {
        status_filter: Option<Filter>,
    }
    let Payload { status_filter } = value(data)?;
    let status_filter = status_filter.map(|filter| match filter {
        Filter::Enabled => AppStatusFilter::Enabled,
        Filter::Disabled => AppStatusFilter::Disabled,
    });
    today(AdminRequest::ListApps { status_filter })
}

/// There is no field `restore_from_dht`.
pub(super) fn install_without_restore(data: &[u8]) -> Option<AdminAsked> {
    install(data, |_| None)
}

/// `restore_from_dht` requires a key, and does nothing.
pub(super) fn install_and_restore_nothing(data: &[u8]) -> Option<AdminAsked> {
    install(data, |has_agent| (!has_agent).then_some(Earlier::RestoreWithoutAgent))
}

fn install(data: &[u8], restore: fn(bool) -> Option<Earlier>) -> Option<AdminAsked> {
    let mut request = decode(data).ok()?;
    if let AdminRequest::InstallApp(payload) = &mut request
        && std::mem::take(&mut payload.restore_from_dht)
        && let Some(earlier) = restore(payload.agent_key.is_some())
    {
        return Some(AdminAsked::Earlier(earlier));
    }
    today(request)
}

/// No secret: one that is there is ignored.
pub(super) fn send_direct_signal(data: &[u8]) -> Option<AppRequest> {
    #[derive(Deserialize)]
    struct Payload {
        dna_hash: holo_hash::DnaHash,
        agents: Vec<holo_hash::AgentPubKey>,
        signal: Vec<u8>,
    }
    let Payload { dna_hash, agents, signal } = value(data)?;
    Some(AppRequest::SendDirectSignal { dna_hash, agents, signal, cap_secret: None })
}
