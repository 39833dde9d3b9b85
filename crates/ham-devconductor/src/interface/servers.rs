//! Who serves the interfaces of a conductor.

use std::sync::Arc;

use super::intake::Intake;
use super::interfaces::{Interfaces, Servers};
use super::listening::Terms;
use super::{admin, app};
use crate::conductor::Conductor;

/// The interfaces of a conductor. None of them listens.
pub(crate) fn interfaces(conductor: &Arc<Conductor>) -> Arc<Interfaces> {
    let (of_admins, of_apps) = (Arc::downgrade(conductor), Arc::downgrade(conductor));
    let servers = Servers {
        admin: Box::new(move |interfaces| {
            let conductor = of_admins.clone();
            Arc::new(move |socket, stop| admin::serve(&conductor, interfaces.clone(), socket, stop))
        }),
        app: Box::new(move |only| {
            let conductor = of_apps.clone();
            Arc::new(move |socket, stop| app::serve(conductor.clone(), only.clone(), socket, stop))
        }),
    };
    let config = conductor.config();
    let terms = Terms {
        foreign: Arc::new(config.foreign_origins.clone()),
        intake: Intake::new(config.incoming_bytes, config.message_time),
        connections: config.connections,
    };
    Interfaces::new(Arc::clone(conductor.apps()), conductor.life().clone(), servers, terms)
}

#[cfg(test)]
mod tests {
    use holochain_types::websocket::AllowedOrigins;

    use super::*;
    use crate::config::Config;
    use crate::interface::Interface;

    async fn start(directory: &tempfile::TempDir) -> Arc<Conductor> {
        Conductor::start(Config::default().with_data(directory.path())).await.expect("it starts")
    }

    /// A client that finds none listed attaches one more, for good: four in a thousand kills.
    #[tokio::test(flavor = "multi_thread")]
    async fn interfaces_are_listed_before_they_listen_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let conductor = start(&directory).await;
        let before = interfaces(&conductor);
        before.attach_app(Interface::local(0, AllowedOrigins::Any)).await.expect("an interface");
        let listed = format!("{:?}", before.app_interfaces());
        conductor.shut_down().await;
        drop((conductor, before));

        let conductor = start(&directory).await;
        let after = interfaces(&conductor);
        assert_eq!(format!("{:?}", after.app_interfaces()), listed, "as it was, port and all");
        after.restore().await.expect("it listens");
        assert_eq!(after.app_interfaces().len(), 1);
        conductor.shut_down().await;
    }
}
