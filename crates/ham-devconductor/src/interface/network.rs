//! What can be said about a network that does not exist: a DNA with running cells has one, with nobody else in it.

use std::collections::{BTreeMap, HashMap};

use holo_hash::DnaHash;
use holochain_conductor_api::PeerMetaInfo;
use holochain_types::network::{HolochainTransportStats, Kitsune2NetworkMetrics};
use holochain_types::prelude::CellId;
use kitsune2_api::{FetchStateSummary, GossipStateSummary, TransportStats};

use crate::error::ApiError;

/// No transport, no peers, no connections.
pub(super) fn stats() -> HolochainTransportStats {
    let transport_stats =
        TransportStats { backend: "none".to_owned(), peer_urls: Vec::new(), connections: Vec::new() };
    HolochainTransportStats { transport_stats, blocked_message_counts: Default::default() }
}

/// Empty ones for each DNA of these cells, or for this one only.
pub(super) fn metrics(cells: &[CellId], only: Option<&DnaHash>) -> HashMap<DnaHash, Kitsune2NetworkMetrics> {
    let wanted = cells.iter().map(CellId::dna_hash).filter(|dna| only.is_none_or(|only| only == *dna));
    wanted.map(|dna| (dna.clone(), nothing())).collect()
}

/// Nothing is known of any peer in any DNA of these cells.
///
/// # Errors
/// None of them is requested, as in `holochain` 0.7.1.
pub(super) fn peer_meta(
    cells: &[CellId],
    only: Option<&[DnaHash]>,
) -> Result<BTreeMap<DnaHash, BTreeMap<String, PeerMetaInfo>>, ApiError> {
    let wanted = cells.iter().map(CellId::dna_hash).filter(|dna| only.is_none_or(|only| only.contains(dna)));
    let spaces: BTreeMap<_, _> = wanted.map(|dna| (dna.clone(), BTreeMap::new())).collect();
    if spaces.is_empty() {
        return Err(ApiError::Other("No cell found for the provided dna hashes.".to_owned()));
    }
    Ok(spaces)
}

fn nothing() -> Kitsune2NetworkMetrics {
    Kitsune2NetworkMetrics {
        fetch_state_summary: FetchStateSummary { pending_requests: HashMap::new() },
        gossip_state_summary: GossipStateSummary {
            initiated_round: None,
            accepted_rounds: Vec::new(),
            dht_summary: HashMap::new(),
            peer_meta: HashMap::new(),
            local_op_count: 0,
        },
        local_agents: Vec::new(),
    }
}
