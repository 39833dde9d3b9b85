//! The requests of administrators.

use std::sync::{Arc, Weak};

use futures_util::future::BoxFuture;
use holochain_conductor_api::{AdminRequest, AdminResponse, ExternalApiWireError};
use holochain_types::app::UpdateCoordinatorsPayload;
use holochain_types::prelude::{CapGrant, GrantZomeCallCapabilityPayload};
use tokio_util::sync::CancellationToken;

use super::interfaces::{Held, Interfaces};
use super::network;
use super::place::Interface;
use super::socket::{Connection, open};
use super::transport::Socket;
use crate::bundle;
use crate::conductor::{Conductor, OtherZomes};
use crate::dialect::{AdminAnswer, AdminAsked, Dialect, Earlier, Listed};
use crate::error::{ApiError, ConductorError, InterfaceError, LoadError};

/// Boxed, because a request may add an interface, which serves connections.
pub(super) fn serve(
    conductor: &Weak<Conductor>,
    interfaces: Held,
    socket: Socket,
    stop: CancellationToken,
) -> BoxFuture<'static, ()> {
    let Some((tasks, dialect)) = conductor
        .upgrade()
        .map(|conductor| (conductor.life().tasks().clone(), Dialect::of(conductor.config().release)))
    else {
        return Box::pin(std::future::ready(()));
    };
    let conductor = conductor.clone();
    let Connection { incoming, outgoing, writer } = open(socket);
    let read = |data: &[u8]| dialect.admin_request(data);
    let requests = incoming.answer(outgoing, stop, tasks, read, refused, move |request| {
        let held = conductor.upgrade().zip(interfaces.upgrade());
        async move {
            let Some((conductor, interfaces)) = held else { return Some(refused(stopped())) };
            let guard = conductor.work().begin().await;
            let answer = match request {
                AdminAsked::Today(request) => handle(&conductor, &interfaces, dialect, *request)
                    .await
                    .map(|answer| dialect.admin_answer(answer)),
                AdminAsked::Earlier(request) => handle_earlier(&conductor, dialect, request).await,
            };
            drop(guard);
            conductor.hold_back().await?;
            Some(answer.unwrap_or_else(|error| refused(dialect.error(error))))
        }
    });
    Box::pin(async {
        tokio::join!(requests, writer);
    })
}

fn refused(error: ExternalApiWireError) -> AdminAnswer {
    AdminAnswer::Today(Box::new(AdminResponse::Error(error)))
}

fn stopped() -> ExternalApiWireError {
    ApiError::Other("the conductor has stopped".to_owned()).into()
}

/// Requests that only earlier releases have.
async fn handle_earlier(
    conductor: &Conductor,
    dialect: &Dialect,
    request: Earlier,
) -> Result<AdminAnswer, ApiError> {
    match request {
        Earlier::DumpState { cell_id } => {
            conductor.cell(&cell_id)?;
            let dump = conductor.dump_state(&cell_id, None, None).await?;
            Ok(dialect.admin_answer(AdminResponse::StateDumped(dialect.dump_text(dump)?)))
        }
        Earlier::DumpFullState { cell_id, after } => {
            let dump = conductor.dump_all_of(&cell_id).await?;
            Ok(dialect.admin_dump_after(dump, after))
        }
        Earlier::GraftRecords => {
            let text = "an embedded conductor takes no records of other conductors";
            Err(ApiError::Other(text.to_owned()))
        }
        Earlier::RestoreWithoutAgent => {
            let text = "restore_from_dht requires agent_key to be specified";
            Err(ConductorError::AppStatusError(text.to_owned()).into())
        }
    }
}

async fn handle(
    conductor: &Arc<Conductor>,
    interfaces: &Arc<Interfaces>,
    dialect: &Dialect,
    request: AdminRequest,
) -> Result<AdminResponse, ApiError> {
    Ok(match request {
        AdminRequest::AddAdminInterfaces(configs) => {
            let added = interfaces.add_admins(configs).await.map_err(InterfaceError::from);
            added.map_err(ConductorError::from)?;
            AdminResponse::AdminInterfacesAdded
        }
        AdminRequest::GetDnaDefinition(cell) => match conductor.dnas().definition(&cell).await {
            Ok(definition) => AdminResponse::DnaDefinitionReturned(definition.content),
            Err(LoadError::DnaDefMissing(cell)) => return Err(ApiError::CellMissing(cell)),
            Err(error) => return Err(error.into()),
        },
        AdminRequest::UpdateCoordinators(payload) => {
            let UpdateCoordinatorsPayload { cell_id, source } = *payload;
            let bundle = bundle::coordinators(source).await?;
            conductor.update_coordinators(&cell_id, bundle, OtherZomes::Keep).await?;
            AdminResponse::CoordinatorsUpdated
        }
        AdminRequest::InstallApp(payload) => {
            let app = conductor.install_app(*payload).await?;
            AdminResponse::AppInstalled(conductor.info_of(&app).await?)
        }
        AdminRequest::UninstallApp { installed_app_id, force } => {
            conductor.uninstall_app(&installed_app_id, force).await?;
            AdminResponse::AppUninstalled
        }
        AdminRequest::ListDnas => {
            AdminResponse::DnasListed(conductor.dnas().list().await.map_err(ConductorError::from)?)
        }
        AdminRequest::GenerateAgentPubKey => {
            let key = conductor.keystore().new_sign_keypair_random().await;
            AdminResponse::AgentPubKeyGenerated(key.map_err(|error| ApiError::Other(error.to_string()))?)
        }
        AdminRequest::ListCellIds => AdminResponse::CellIdsListed(conductor.running_ids()),
        AdminRequest::ListApps { status_filter } => {
            AdminResponse::AppsListed(conductor.list_apps(status_filter).await?)
        }
        AdminRequest::EnableApp { installed_app_id } => {
            let app = conductor.enable_app(&installed_app_id).await?;
            AdminResponse::AppEnabled(conductor.info_of(&app).await?)
        }
        AdminRequest::DisableApp { installed_app_id } => {
            conductor.disable_app(&installed_app_id).await?;
            AdminResponse::AppDisabled
        }
        AdminRequest::AttachAppInterface {
            port,
            danger_bind_addr: address,
            allowed_origins,
            installed_app_id: app,
        } => {
            let interface = Interface { port: port.unwrap_or_default(), address, allowed_origins, app };
            AdminResponse::AppInterfaceAttached { port: interfaces.attach_app(interface).await? }
        }
        AdminRequest::ListAppInterfaces => AdminResponse::AppInterfacesListed(interfaces.app_interfaces()),
        AdminRequest::DumpState { cell_id, source_chain_cursor, limit } => {
            let dump = conductor.dump_state(&cell_id, source_chain_cursor.as_ref(), limit).await?;
            AdminResponse::StateDumped(dialect.dump_text(dump)?)
        }
        AdminRequest::DumpConductorState => {
            AdminResponse::ConductorStateDumped(conductor.dump_conductor_state(&interfaces.admin_ports())?)
        }
        AdminRequest::DumpFullState { cell_id, dht_ops_cursor, limit } => {
            AdminResponse::FullStateDumped(conductor.dump_full_state(&cell_id, dht_ops_cursor, limit).await?)
        }
        AdminRequest::DumpOpTimings { dna_hash, cursor, limit } => AdminResponse::OpTimingsDumped(
            conductor.dump_op_timings(&dna_hash, cursor.as_ref(), limit).await?,
        ),
        // There is no network to report on.
        AdminRequest::DumpNetworkMetrics { dna_hash, .. } => {
            AdminResponse::NetworkMetricsDumped(network::metrics(&conductor.running_ids(), dna_hash.as_ref()))
        }
        AdminRequest::DumpNetworkStats => AdminResponse::NetworkStatsDumped(network::stats()),
        AdminRequest::AddAgentInfo { .. } => AdminResponse::AgentInfoAdded,
        AdminRequest::AgentInfo { .. } => AdminResponse::AgentInfo(Vec::new()),
        AdminRequest::PeerMetaInfo { dna_hashes, .. } => {
            AdminResponse::PeerMetaInfo(network::peer_meta(&conductor.running_ids(), dna_hashes.as_deref())?)
        }
        AdminRequest::GrantZomeCallCapability(payload) => {
            let GrantZomeCallCapabilityPayload { cell_id, cap_grant } = *payload;
            let validated = dialect.validates_grants;
            let granted = conductor.grant(&cell_id, cap_grant.into(), validated).await?;
            AdminResponse::ZomeCallCapabilityGranted(granted)
        }
        AdminRequest::GrantDirectSignalCapability { cell_id, tag, constraint } => {
            let grant = CapGrant::new_direct_signal_grant(tag, constraint);
            let granted = conductor.grant(&cell_id, grant, dialect.validates_grants).await?;
            AdminResponse::DirectSignalCapabilityGranted(granted)
        }
        AdminRequest::RevokeZomeCallCapability { action_hash, cell_id } => {
            conductor.revoke(&cell_id, action_hash, dialect.validates_grants).await?;
            AdminResponse::ZomeCallCapabilityRevoked
        }
        AdminRequest::ListCapabilityGrants { installed_app_id, include_revoked } => {
            let none = dialect.listed == Listed::Nothing && !include_revoked;
            let mut grants = conductor.grants(&installed_app_id, include_revoked).await?;
            if none {
                grants.0.iter_mut().for_each(|(_, grants)| grants.clear());
            }
            AdminResponse::CapabilityGrantsInfo(grants)
        }
        AdminRequest::DeleteCloneCell(payload) => {
            conductor.delete_clone_cell(&payload).await?;
            AdminResponse::CloneCellDeleted
        }
        AdminRequest::StorageInfo => AdminResponse::StorageInfo(conductor.storage_info().await?),
        AdminRequest::IssueAppAuthenticationToken(payload) => AdminResponse::AppAuthenticationTokenIssued(
            conductor.tokens().issue(payload, conductor.clock().now()),
        ),
        AdminRequest::RevokeAppAuthenticationToken(token) => {
            conductor.tokens().revoke(&token, conductor.clock().now());
            AdminResponse::AppAuthenticationTokenRevoked
        }
    })
}
