//! The admin interface: the requests that `ham` makes.

use std::sync::Arc;
use std::time::Duration;

use holochain_conductor_api::{AdminRequest, AdminResponse, AppAuthenticationTokenIssued, AppInterfaceInfo};
use holochain_types::websocket::AllowedOrigins;
use tokio::time::Instant;

use super::answer::Answer;
use super::conductor::Conductor;
use super::store::{Interface, Status};
use super::{app, dump, grants, probes, texts, wire};
use crate::time::pause;
use crate::world::Count;

/// How long a token is valid.
const TOKEN_LIFE: Duration = Duration::from_secs(30);

pub(super) async fn answer(conductor: &Arc<Conductor>, socket: u32, body: &[u8]) -> Answer {
    let world = &conductor.world;
    let mut dice = world.stream("admin", world.next(Count::Admin));
    if world.strikes(world.swarm.admin_slow, &mut dice) {
        pause(dice.millis(1, 8_000)).await;
    }
    if world.strikes(world.swarm.admin_withheld, &mut dice) {
        conductor.withhold(socket);
        std::future::pending::<()>().await;
    }
    let name = wire::name(body);
    let release = conductor.lock().release;
    // An unreadable request is refused before anything else can go wrong.
    if let Some(refused) = probes::told_apart(&name, body, release) {
        return Answer::refused(refused);
    }
    if world.strikes(world.swarm.admin_error, &mut dice) {
        return Answer::refused(texts::locked());
    }
    match name.as_str() {
        "grant_zome_call_capability" => return grants::write(conductor, body, &mut dice).await,
        "list_capability_grants" => return grants::list(conductor),
        _ => {}
    }
    match rmp_serde::from_slice(body) {
        Ok(request) => administered(conductor, request),
        Err(_) => Answer::refused(texts::unreadable_request()),
    }
}

fn administered(conductor: &Conductor, request: AdminRequest) -> Answer {
    let said = |name, response: &AdminResponse| Answer::new(name, response);
    match request {
        AdminRequest::ListAppInterfaces => {
            let state = conductor.lock();
            let listed = state.store.interfaces.iter().map(|interface| AppInterfaceInfo {
                port: interface.port,
                allowed_origins: AllowedOrigins::from(interface.origins.clone()),
                installed_app_id: interface.app.clone(),
            });
            said("interfaces", &AdminResponse::AppInterfacesListed(listed.collect()))
        }
        AdminRequest::ListApps { .. } => {
            let state = conductor.lock();
            let installed = state.store.status != Status::Gone;
            said(
                "apps",
                &AdminResponse::AppsListed(installed.then(|| app::info(&state)).into_iter().collect()),
            )
        }
        AdminRequest::ListCellIds => {
            let cells = conductor.lock().store.cells.iter().map(|cell| cell.id.clone()).collect();
            said("cells", &AdminResponse::CellIdsListed(cells))
        }
        AdminRequest::AttachAppInterface { port, allowed_origins, installed_app_id, .. } => {
            let asked = port.unwrap_or(0);
            let port = if asked == 0 { conductor.port() } else { asked };
            let interface = Interface { asked, port, app: installed_app_id, origins: allowed_origins.into() };
            conductor.lock().store.interfaces.push(interface);
            conductor.world.words("conductor", format!("attaches an interface on {port}"));
            said("attached", &AdminResponse::AppInterfaceAttached { port })
        }
        AdminRequest::IssueAppAuthenticationToken(_) => {
            let number = conductor.world.next(Count::Tokens);
            let token = super::cell::bytes(b't', u32::try_from(number).unwrap_or(u32::MAX));
            conductor.lock().tokens.insert(token.clone(), Instant::now() + TOKEN_LIFE);
            let issued = AppAuthenticationTokenIssued { token, expires_at: None };
            said("token", &AdminResponse::AppAuthenticationTokenIssued(issued))
        }
        AdminRequest::DumpState { cell_id, source_chain_cursor, limit } => {
            dump::answer(conductor, &cell_id, source_chain_cursor, limit)
        }
        _ => Answer::refused(texts::in_no_table()),
    }
}
