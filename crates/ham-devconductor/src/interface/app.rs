//! The requests of an app's clients, once they have shown its token.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use holochain_conductor_api::{AppAuthenticationRequest, AppRequest, AppResponse, ExternalApiWireError};
use holochain_types::app::{AppStatus, DisabledAppReason, InstalledAppId};
use holochain_types::prelude::ZomeCallResponse;
use holochain_types::signal::Signal;
use tokio_util::sync::CancellationToken;

use super::socket::{Connection, Incoming, Outgoing, open};
use super::transport::Socket;
use super::{direct, network};
use crate::conductor::{Conductor, list_host_functions};
use crate::decode::decode;
use crate::dialect::{AppAnswer, Dialect, DirectSignals};
use crate::error::ApiError;
use crate::lossy::Receiver;

/// Boxed, like the administrators' one.
pub(super) fn serve(
    conductor: Weak<Conductor>,
    only: Option<InstalledAppId>,
    socket: Socket,
    stop: CancellationToken,
) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let Connection { mut incoming, outgoing, writer } = open(socket);
        let authenticating = authenticate(&conductor, only.as_ref(), &mut incoming);
        let Some(Some(app)) = stop.run_until_cancelled(authenticating).await else { return };
        let subscribed = conductor.upgrade().map(|held| {
            (held.signals().subscribe(&app), held.life().tasks().clone(), Dialect::of(held.config().release))
        });
        let Some((signals, tasks, dialect)) = subscribed else { return };
        // Signals end together with the requests: by then the client is gone.
        let gone = stop.child_token();
        let signalling = outgoing.clone();
        let read = |data: &[u8]| dialect.app_request(data);
        let requests = incoming.answer(outgoing, stop, tasks, read, refused, move |request| {
            let (conductor, app) = (conductor.upgrade(), app.clone());
            async move {
                let Some(conductor) = conductor else {
                    let error = ApiError::Other("the conductor has stopped".to_owned());
                    return Some(refused(error.into()));
                };
                let guard = conductor.work().begin().await;
                let answer = handle(&conductor, dialect, &app, request).await;
                drop(guard);
                conductor.hold_back().await?;
                Some(match answer {
                    Ok(answer) => dialect.app_answer(answer),
                    Err(error) => refused(dialect.error(error)),
                })
            }
        });
        let requests = async {
            requests.await;
            gone.cancel();
        };
        tokio::join!(requests, gone.run_until_cancelled(forward(signals, dialect, signalling)), writer);
    })
}

/// The app of the token with which a connection begins. A client that shows none, or a bad one, is dropped without a word, as in
/// `holochain`: clients recognise a refusal by that.
/// `holochain` does: clients tell by it.
async fn authenticate(
    conductor: &Weak<Conductor>,
    only: Option<&InstalledAppId>,
    incoming: &mut Incoming,
) -> Option<InstalledAppId> {
    let Ok(Some(data)) = tokio::time::timeout(AUTHENTICATION_PATIENCE, incoming.token()).await else {
        tracing::warn!("a connection to an app interface did not begin with a token");
        return None;
    };
    let request: AppAuthenticationRequest = decode(&data).ok()?;
    let conductor = conductor.upgrade()?;
    match conductor.tokens().authenticate(&request.token, only, conductor.clock().now()) {
        Ok(app) => Some(app),
        Err(error) => {
            tracing::warn!(%error, "a connection to an app interface was refused");
            None
        }
    }
}

async fn forward(mut signals: Receiver<Signal>, dialect: &Dialect, outgoing: Outgoing) {
    while let Some(next) = signals.recv().await {
        match next {
            Ok(signal) => {
                let Some(heard) = dialect.signal(&signal) else { continue };
                if !outgoing.signal(&heard).await {
                    return;
                }
            }
            Err(missed) => tracing::warn!(missed, "a client is too slow for its signals"),
        }
    }
}

fn refused(error: ExternalApiWireError) -> AppAnswer {
    AppAnswer::Today(AppResponse::Error(error))
}

async fn handle(
    conductor: &Arc<Conductor>,
    dialect: &Dialect,
    app: &InstalledAppId,
    request: AppRequest,
) -> Result<AppResponse, ApiError> {
    Ok(match request {
        AppRequest::AppInfo => AppResponse::AppInfo(conductor.app_info(app).await?),
        AppRequest::CallZome(signed) => called(conductor.call_signed(*signed).await?),
        AppRequest::CreateCloneCell(payload) => {
            let cloned = conductor.create_clone_cell(app, *payload, &conductor.budget()).await?;
            AppResponse::CloneCellCreated(cloned)
        }
        AppRequest::DisableCloneCell(payload) => {
            conductor.disable_clone_cell(app, &payload).await?;
            AppResponse::CloneCellDisabled
        }
        AppRequest::EnableCloneCell(payload) => {
            let enabled = conductor.enable_clone_cell(app, &payload, &conductor.budget()).await?;
            AppResponse::CloneCellEnabled(enabled)
        }
        AppRequest::ProvideMemproofs(proofs) => {
            conductor.provide_memproofs(app, proofs).await?;
            AppResponse::Ok
        }
        AppRequest::EnableApp => enable(conductor, app).await?,
        AppRequest::ListWasmHostFunctions => AppResponse::ListWasmHostFunctions(list_host_functions()),
        AppRequest::SendDirectSignal { dna_hash, agents, signal, cap_secret } => {
            let granted = dialect.direct_signals == DirectSignals::Granted;
            let show = granted.then_some(cap_secret.as_ref());
            direct::send(conductor, app, &dna_hash, &agents, signal, show).await?;
            AppResponse::Ok
        }
        AppRequest::GrantDirectSignalCapability { cell_id, tag, constraint } => {
            AppResponse::DirectSignalCapabilityGranted(
                conductor.grant_for_app(app, &cell_id, tag, constraint).await?,
            )
        }
        AppRequest::DumpOpTimings { dna_hash, cursor, limit } => {
            has_dna(conductor, app, &dna_hash)?;
            AppResponse::OpTimingsDumped(conductor.dump_op_timings(&dna_hash, cursor.as_ref(), limit).await?)
        }
        // There is no network to report on.
        AppRequest::AgentInfo { .. } => AppResponse::AgentInfo(Vec::new()),
        AppRequest::PeerMetaInfo { dna_hashes, .. } => {
            AppResponse::PeerMetaInfo(network::peer_meta(&conductor.running_of(app), dna_hashes.as_deref())?)
        }
        AppRequest::DumpNetworkMetrics { dna_hash, .. } => {
            if let Some(dna) = &dna_hash {
                has_dna(conductor, app, dna)?;
            }
            let cells = conductor.running_of(app);
            AppResponse::NetworkMetricsDumped(network::metrics(&cells, dna_hash.as_ref()))
        }
        AppRequest::DumpNetworkStats => AppResponse::NetworkStatsDumped(network::stats()),
    })
}

fn has_dna(conductor: &Conductor, app: &InstalledAppId, dna: &holo_hash::DnaHash) -> Result<(), ApiError> {
    if conductor.apps().state().get_app(app)?.all_cells().any(|cell| cell.dna_hash() == dna) {
        return Ok(());
    }
    Err(ApiError::Other("DNA hash not found in app".to_owned()))
}

fn called(response: ZomeCallResponse) -> AppResponse {
    AppResponse::Error(match response {
        ZomeCallResponse::Ok(output) => return AppResponse::ZomeCalled(Box::new(output)),
        ZomeCallResponse::AuthenticationFailed(signature, provenance) => {
            ExternalApiWireError::ZomeCallAuthenticationFailed(format!(
                "Authentication failure. Bad signature {signature:?} by provenance {provenance:?}."
            ))
        }
        // The secret is left out: a conductor that repeats it writes it to its clients' logs.
        ZomeCallResponse::Unauthorized(reason, secret, zome, function) => {
            let secret = secret.map(|_| "[redacted]");
            ExternalApiWireError::ZomeCallUnauthorized(format!(
                "Call was not authorized with reason {reason:?}, cap secret {secret:?} to call the function {function} in zome {zome}"
            ))
        }
        ZomeCallResponse::NetworkError(error) => ExternalApiWireError::InternalError(error),
        ZomeCallResponse::CountersigningSession(error) => ExternalApiWireError::CountersigningSessionError(
            format!("A countersigning session has failed to start on this zome call because: {error}"),
        ),
    })
}

/// An app may enable itself only if it has been given its membrane proofs.
async fn enable(conductor: &Arc<Conductor>, app: &InstalledAppId) -> Result<AppResponse, ApiError> {
    let status = conductor
        .apps()
        .state()
        .get_app(app)
        .map_err(|_| ApiError::Other("app not found".to_owned()))?
        .status
        .clone();
    match status {
        AppStatus::Enabled | AppStatus::Disabled(DisabledAppReason::NotStartedAfterProvidingMemproofs) => {
            conductor.enable_app(app).await?;
            Ok(AppResponse::Ok)
        }
        _ => Err(ApiError::Other("app not in correct state to enable".to_owned())),
    }
}

const AUTHENTICATION_PATIENCE: Duration = Duration::from_secs(10);
