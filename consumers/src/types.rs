//! Values of this service's own dependencies go into ham and come out of it.

use ham::Ham;
use holo_hash::ActionHash;
use holochain_client::{AgentPubKey, AppInfo, CellId, ExternIO};

/// The connect-once client.
pub async fn through_the_drop_in(ham: &Ham) -> anyhow::Result<()> {
    let info: Option<AppInfo> = ham.app_info().await?;
    let cell_id: &CellId = ham.cell_id();
    let agent: &AgentPubKey = cell_id.agent_pubkey();
    let action: ActionHash = ham.call_zome("bridge", "bridge", "latest_for", agent).await?;
    let _: Option<ExternIO> = ham.call_zome("bridge", "bridge", "read", action).await?;
    println!("{:?}", info.map(|app| app.installed_app_id));
    Ok(())
}
