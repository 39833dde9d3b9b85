//! What the clients of an app ask for, once they have shown its token.

use std::sync::{Arc, Weak};
use std::time::Duration;

use holochain_conductor_api::{AppAuthenticationRequest, AppRequest, AppResponse, ExternalApiWireError};
use holochain_types::app::{AppStatus, DisabledAppReason, InstalledAppId};
use holochain_types::prelude::{CellId, DIRECT_SIGNAL_MAX_SIZE, ZomeCallResponse};
use holochain_types::signal::Signal;
use holochain_websocket::{ReceiveMessage, WebsocketReceiver, WebsocketSender};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::admin::no_network;
use super::socket::{Shallow, answer};
use crate::conductor::{Conductor, list_host_functions};
use crate::decode::decode;
use crate::error::{ApiError, ConductorError};

pub(super) async fn serve(
    conductor: Weak<Conductor>,
    only: Option<InstalledAppId>,
    sender: WebsocketSender,
    mut receiver: WebsocketReceiver,
    stop: CancellationToken,
) {
    let Some(app) = authenticate(&conductor, only.as_ref(), &mut receiver, &stop).await else { return };
    let Some(signals) = conductor.upgrade().map(|conductor| conductor.signals().subscribe(&app)) else {
        return;
    };
    let delaying = conductor.clone();
    let delay = move || delaying.upgrade().map(|conductor| conductor.controls().delay()).unwrap_or_default();
    // Signals end with the requests: the client has gone then.
    let gone = stop.child_token();
    let requests = answer(receiver, stop, delay, AppResponse::Error, move |request| {
        let (conductor, app) = (conductor.upgrade(), app.clone());
        async move {
            let Some(conductor) = conductor else {
                return AppResponse::Error(ApiError::Other("the conductor has stopped".to_owned()).into());
            };
            handle(&conductor, &app, request).await.unwrap_or_else(|error| AppResponse::Error(error.into()))
        }
    });
    let requests = async {
        requests.await;
        gone.cancel();
    };
    tokio::join!(requests, gone.run_until_cancelled(forward(signals, sender)));
}

/// The app of the token that a connection begins with. Whoever shows none, or a bad one, is dropped without a word, as
/// `holochain` does: clients tell by it.
async fn authenticate(
    conductor: &Weak<Conductor>,
    only: Option<&InstalledAppId>,
    receiver: &mut WebsocketReceiver,
    stop: &CancellationToken,
) -> Option<InstalledAppId> {
    let first = tokio::time::timeout(AUTHENTICATION_PATIENCE, receiver.recv::<Shallow<AppRequest>>());
    let Ok(Ok(ReceiveMessage::Authenticate(payload))) = stop.run_until_cancelled(first).await? else {
        tracing::warn!("a connection to an app interface did not begin with a token");
        return None;
    };
    let request: AppAuthenticationRequest = decode(&payload).ok()?;
    let conductor = conductor.upgrade()?;
    match conductor.tokens().authenticate(&request.token, only, conductor.now()) {
        Ok(app) => Some(app),
        Err(error) => {
            tracing::warn!(%error, "a connection to an app interface was refused");
            None
        }
    }
}

async fn forward(mut signals: broadcast::Receiver<Signal>, sender: WebsocketSender) {
    loop {
        match signals.recv().await {
            Ok(signal) => {
                if let Err(error) = sender.signal(signal).await {
                    tracing::debug!(%error, "a signal could not be sent");
                    return;
                }
            }
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "a client is too slow for its signals"),
            Err(RecvError::Closed) => return,
        }
    }
}

async fn handle(
    conductor: &Arc<Conductor>,
    app: &InstalledAppId,
    request: AppRequest,
) -> Result<AppResponse, ApiError> {
    Ok(match request {
        AppRequest::AppInfo => AppResponse::AppInfo(conductor.app_info(app).await?),
        AppRequest::CallZome(signed) => match conductor.call_signed(*signed).await? {
            Ok(response) => called(response),
            Err(error) => AppResponse::Error(error.into()),
        },
        AppRequest::CreateCloneCell(payload) => {
            AppResponse::CloneCellCreated(conductor.create_clone_cell(app, *payload).await?)
        }
        AppRequest::DisableCloneCell(payload) => {
            conductor.disable_clone_cell(app, &payload).await?;
            AppResponse::CloneCellDisabled
        }
        AppRequest::EnableCloneCell(payload) => {
            AppResponse::CloneCellEnabled(conductor.enable_clone_cell(app, &payload).await?)
        }
        AppRequest::ProvideMemproofs(proofs) => {
            conductor.provide_memproofs(app, proofs).await?;
            AppResponse::Ok
        }
        AppRequest::EnableApp => enable(conductor, app).await?,
        AppRequest::ListWasmHostFunctions => AppResponse::ListWasmHostFunctions(list_host_functions()),
        AppRequest::SendDirectSignal { dna_hash, agents, signal, .. } => {
            send_direct(conductor, app, &dna_hash, &agents, signal)?;
            AppResponse::Ok
        }
        AppRequest::GrantDirectSignalCapability { cell_id, tag, constraint } => {
            AppResponse::DirectSignalCapabilityGranted(
                conductor.grant_for_app(app, &cell_id, tag, constraint).await?,
            )
        }
        AppRequest::DumpOpTimings { dna_hash, cursor, limit } => {
            if !conductor.state().get_app(app)?.all_cells().any(|cell| *cell.dna_hash() == dna_hash) {
                return Err(ApiError::Other("DNA hash not found in app".to_owned()));
            }
            AppResponse::OpTimingsDumped(conductor.dump_op_timings(&dna_hash, cursor.as_ref(), limit).await?)
        }
        // There is no network, so there is nothing to tell of it.
        AppRequest::AgentInfo { .. } => AppResponse::AgentInfo(Vec::new()),
        AppRequest::PeerMetaInfo { .. } => AppResponse::PeerMetaInfo(Default::default()),
        AppRequest::DumpNetworkMetrics { .. } => AppResponse::NetworkMetricsDumped(Default::default()),
        AppRequest::DumpNetworkStats => AppResponse::NetworkStatsDumped(no_network()),
    })
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

/// An app may enable itself only where it was given its membrane proofs.
async fn enable(conductor: &Arc<Conductor>, app: &InstalledAppId) -> Result<AppResponse, ApiError> {
    let status = conductor
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

/// To the clients of other agents' apps on this conductor.
fn send_direct(
    conductor: &Conductor,
    app: &InstalledAppId,
    dna: &holo_hash::DnaHash,
    agents: &[holo_hash::AgentPubKey],
    signal: Vec<u8>,
) -> Result<(), ApiError> {
    let refused = |text: String| Err(ConductorError::Other(text).into());
    if agents.is_empty() {
        return refused("No agents to signal".to_owned());
    }
    if signal.len() > DIRECT_SIGNAL_MAX_SIZE {
        return refused(format!("Signal payload larger than {DIRECT_SIGNAL_MAX_SIZE} bytes"));
    }
    let state = conductor.state();
    let from = state.get_app(app)?;
    if !from.all_cells().any(|cell| cell.dna_hash() == dna) {
        return refused(format!("Attempted to send to DNA hash {dna:?} but it was not found in app {app}"));
    }
    for agent in agents {
        let cell_id = CellId::new(dna.clone(), agent.clone());
        let signal = Signal::AppDirect {
            cell_id: cell_id.clone(),
            from_agent: from.agent_key().clone(),
            signal: signal.clone(),
        };
        conductor.emit(&cell_id, signal);
    }
    Ok(())
}

const AUTHENTICATION_PATIENCE: Duration = Duration::from_secs(10);
