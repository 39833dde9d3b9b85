//! Everything over NATS, for as long as the gateway runs.

use std::sync::Arc;

use axum::Router;

use super::link::Link;
use super::{calls, publisher};
use crate::gateway::Gateway;
use crate::metrics;

/// Publishes and takes calls, until the gateway drains and the calls under way have ended, or it has stopped. A server
/// that cannot be reached affects nothing else.
pub(crate) async fn run(gateway: Arc<Gateway>, asked: Router) {
    let live = Arc::clone(&gateway.live());
    let (config, secrets) = (live.config.nats.clone(), live.nats.clone());
    drop(live);
    let Some(status) = gateway.nats.clone() else { return };
    // So that the metric exists even if the server is never reached.
    metrics::nats_connected(false);
    let link = match Link::dial(&config, secrets, "ham-gateway", WAITING, Arc::clone(&status)).await {
        Ok(link) => link,
        // This is tried only once: a failure here is a fault of the configuration.
        Err(why) => return status.failed(&why),
    };
    let publishing = async {
        if config.publish {
            publisher::publish(&gateway, &config, &link, &status).await;
        }
    };
    let calling = async {
        if config.calls {
            calls::serve(&gateway, &config, &link, &asked, &status).await;
        }
    };
    tokio::join!(publishing, calling);
}

/// Calls that wait to be looked at, which happens at once; the client drops larger bursts, and reports that.
const WAITING: usize = 4_096;
