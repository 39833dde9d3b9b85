//! Calls as a NATS service: clients find it by its name.

use std::sync::Arc;
use std::time::Duration;

use async_nats::service::endpoint::Endpoint;
use async_nats::service::{Service, ServiceExt as _};
use axum::Router;
use futures_util::StreamExt as _;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::call::CallHandler;
use super::link::Link;
use super::status::NatsStatus;
use super::subject::Subjects;
use crate::config::Nats;
use crate::gateway::Gateway;
use crate::life::Life;

/// Takes calls until the gateway drains; those under way end, or are cut off when it has stopped. It owns their tasks.
pub(super) async fn serve(
    gateway: &Arc<Gateway>,
    config: &Nats,
    link: &Link,
    asked: &Router,
    status: &Arc<NatsStatus>,
) {
    let mut life = gateway.life();
    let subjects = Subjects::below(&config.prefix);
    // It waits in the client until the server is reached, and is created again after each loss.
    let started = tokio::select! {
        biased;
        () = life.reaches(Life::Draining) => return,
        started = start(link, &subjects) => started,
    };
    let (service, mut requests) = match started {
        Ok(started) => started,
        Err(why) => return status.failed(&why),
    };
    let handler = Arc::new(CallHandler::new(gateway, asked.clone(), subjects, link.client.clone()));
    let places = Arc::new(Semaphore::new(config.calls_at_a_time));
    let mut running = JoinSet::new();
    let mut drains = false;
    loop {
        // Draining first: after that nothing is requested from the server any more. Ended calls before new ones, so
        // that the list stays short.
        tokio::select! {
            biased;
            () = life.reaches(Life::Draining), if !drains => {
                drains = true;
                // If the connection is gone, nothing comes anyway.
                let _ = requests.stop().await;
            }
            Some(_) = running.join_next() => {}
            request = requests.next() => {
                let Some(request) = request else { break };
                let handler = Arc::clone(&handler);
                // Every call is answered, those beyond the bound at once.
                match Arc::clone(&places).try_acquire_owned() {
                    Ok(place) => {
                        running.spawn(async move {
                            let _place = place;
                            handler.answer(request).await;
                        });
                    }
                    Err(_) => handler.refuse(request).await,
                }
            }
        }
    }
    tokio::select! {
        biased;
        () = async { while running.join_next().await.is_some() {} } => {}
        () = life.reaches(Life::Stopped) => {}
    }
    // The last answers leave before the connection does.
    let _ = tokio::time::timeout_at(Instant::now() + LAST_WORDS, link.client.flush()).await;
    let _ = service.stop().await;
}

async fn start(link: &Link, subjects: &Subjects) -> Result<(Service, Endpoint), String> {
    let words = |error: async_nats::Error| format!("calls cannot be taken: {error}");
    let service = link
        .client
        .service_builder()
        .description("zome calls, through a ham gateway")
        .start(NAME, env!("CARGO_PKG_VERSION"))
        .await
        .map_err(words)?;
    let endpoint = service.endpoint_builder().name("call").add(subjects.calls()).await.map_err(words)?;
    Ok((service, endpoint))
}

/// Its name in NATS.
const NAME: &str = "ham-gateway";
const LAST_WORDS: Duration = Duration::from_secs(1);
