//! Direct signals, from the client of an app to agents.

use holo_hash::{AgentPubKey, DnaHash};
use holochain_types::app::InstalledAppId;
use holochain_types::prelude::{CapSecret, CellId, DIRECT_SIGNAL_MAX_SIZE};
use holochain_types::signal::Signal;

use crate::conductor::Conductor;
use crate::error::{ApiError, ConductorError};

/// To the clients of agents' apps on this conductor; if there is something to `show`, only to agents that have granted this one: an
/// agent that has not hears nothing, and the sender is not told.
pub(super) async fn send(
    conductor: &Conductor,
    app: &InstalledAppId,
    dna: &DnaHash,
    agents: &[AgentPubKey],
    signal: Vec<u8>,
    show: Option<Option<&CapSecret>>,
) -> Result<(), ApiError> {
    let refused = |text: String| Err(ConductorError::Other(text).into());
    if agents.is_empty() {
        return refused("No agents to signal".to_owned());
    }
    if signal.len() > DIRECT_SIGNAL_MAX_SIZE {
        return refused(format!("Signal payload larger than {DIRECT_SIGNAL_MAX_SIZE} bytes"));
    }
    let state = conductor.apps().state();
    let from = state.get_app(app)?;
    if !from.all_cells().any(|cell| cell.dna_hash() == dna) {
        return refused(format!("Attempted to send to DNA hash {dna:?} but it was not found in app {app}"));
    }
    for agent in agents {
        let cell_id = CellId::new(dna.clone(), agent.clone());
        let Ok(cell) = conductor.cell(&cell_id) else { continue };
        let chains = cell.dht().as_read();
        if let Some(secret) = show
            && chains.valid_direct_signal_grant(agent, from.agent_key(), secret).await?.is_none()
        {
            tracing::info!(cell = %cell_id, "a direct signal was not delivered: its receiver did not grant it");
            continue;
        }
        let signal =
            Signal::AppDirect { cell_id, from_agent: from.agent_key().clone(), signal: signal.clone() };
        cell.emit(&signal);
    }
    Ok(())
}
