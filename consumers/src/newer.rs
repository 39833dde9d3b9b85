//! What the older ham had nothing for: the client that stays connected, and the admin interface; on both sides values of this
//! service's own `holochain_client` and `holochain_types`.

use std::collections::BTreeSet;

use ham::{
    Admin, CallOptions, CallTarget, CapAccess, CapGrant, PersistentHam, PersistentHamConfig, Signal,
    SignalItem, is_signing_refusal,
};
use holo_hash::ActionHash;
use holochain_client::{
    AgentPubKey, AllowedOrigins, AppInfo, AppRequest, AppResponse, AppStatusFilter, CellId, ExternIO,
    GrantedFunctions, InstallAppPayload, InstalledAppId, Timestamp,
};
use holochain_types::app::AppBundleSource;
use holochain_types::prelude::{CreateCloneCellPayload, DnaModifiersOpt};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    for cell_id in through_admin().await? {
        match through_the_persistent_client(cell_id).await {
            Err(error) if is_signing_refusal(&error) => return Err(error),
            Err(error) => println!("{error}"),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// The client that stays connected.
async fn through_the_persistent_client(cell_id: CellId) -> anyhow::Result<()> {
    let ham = PersistentHam::start(PersistentHamConfig::local(30000, "bridging-app"))?;
    let payload: ExternIO = ExternIO::encode(100)?;
    let target = CallTarget::from(cell_id.clone());
    let answer: ExternIO =
        ham.call_zome_raw(target, "bridge", "pay", payload, CallOptions::default()).await?;
    let action: ActionHash = answer.decode()?;
    let call = ham.prepare(cell_id, "bridge", "read", action, std::time::Duration::from_secs(10)).await?;
    let ends: Timestamp = call.expires_at();
    let info: AppInfo = ham.app_info().await?;
    let asked: AppResponse = ham.app_request(&AppRequest::AppInfo).await?;
    let clone = CreateCloneCellPayload {
        role_name: "bridge".to_owned(),
        modifiers: DnaModifiersOpt::none().with_network_seed("second".to_owned()),
        membrane_proof: None,
        name: None,
    };
    let cloned: CellId = ham.create_clone(clone).await?.cell_id;
    while let Some(SignalItem::Signal(signal)) = ham.signals().next().await {
        if let Signal::App { cell_id, signal, .. } = &*signal {
            let content: ExternIO = signal.clone().into_inner();
            println!("{cell_id} {content:?}");
        }
    }
    println!("{ends} {} {asked:?} {cloned}", info.installed_app_id);
    Ok(())
}

/// The admin client.
async fn through_admin() -> anyhow::Result<Vec<CellId>> {
    let admin = Admin::local(30000);
    let agent: AgentPubKey = admin.generate_agent_pub_key().await?;
    let app_id: InstalledAppId = "bridging-app".to_owned();
    let payload = InstallAppPayload {
        source: AppBundleSource::Path("bridge.happ".into()),
        agent_key: Some(agent.clone()),
        installed_app_id: Some(app_id.clone()),
        network_seed: None,
        roles_settings: None,
        ignore_genesis_failure: false,
        restore_from_dht: false,
    };
    let installed: AppInfo = admin.install_app(payload).await?;
    let enabled: Vec<AppInfo> = admin.list_apps(Some(AppStatusFilter::Enabled)).await?;
    admin.attach_app_interface(0, AllowedOrigins::Any, Some(app_id.clone())).await?;
    let access = CapAccess::Assigned { secret: [0; 64].into(), assignees: BTreeSet::from([agent]) };
    let grant = CapGrant { tag: "service".to_owned(), access, functions: GrantedFunctions::All };
    let cells: Vec<CellId> = admin.list_cell_ids().await?;
    for cell_id in &cells {
        let written: ActionHash = admin.grant_zome_call_capability(cell_id, &grant).await?;
        admin.revoke_grant(cell_id.clone(), written).await?;
    }
    println!("{} {}", installed.installed_app_id, enabled.len());
    Ok(cells)
}
