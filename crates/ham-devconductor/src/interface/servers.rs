//! What serves the interfaces of a conductor.

use std::sync::Arc;

use super::incoming_limits::IncomingLimits;
use super::interfaces::{Interfaces, Servers};
use super::listening::InterfaceSettings;
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
    let settings = InterfaceSettings {
        foreign: Arc::new(config.foreign_origins.clone()),
        incoming_limits: IncomingLimits::new(config.incoming_bytes, config.message_time),
        connections: config.connections,
    };
    Interfaces::new(Arc::clone(conductor.apps()), conductor.life().clone(), servers, settings)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv6Addr, TcpListener};

    use holochain_types::websocket::AllowedOrigins;

    use super::*;
    use crate::config::Config;
    use crate::interface::Interface;

    async fn start(directory: &tempfile::TempDir) -> Arc<Conductor> {
        Conductor::start(Config::default().with_data(directory.path())).await.expect("it starts")
    }

    /// A client that finds none listed attaches one more, for good: this happened four times in a thousand kills.
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
    /// Case: `ham dev --data D` did not start again if another program had the port chosen for an app interface.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_kept_interface_whose_port_is_taken_listens_on_a_free_one_until_the_next_start() {
        let directory = tempfile::tempdir().expect("a directory");
        let conductor = start(&directory).await;
        let before = interfaces(&conductor);
        let [of_client, of_program] = [free_port(), free_port()];
        before.attach_app(Interface::local(of_client, AllowedOrigins::Any)).await.expect("an interface");
        before.attach_own(of_program).await.expect("an interface");
        conductor.shut_down().await;
        drop((conductor, before));

        let held = [of_client, of_program].map(|port| TcpListener::bind((Ipv6Addr::LOCALHOST, port)));
        let conductor = start(&directory).await;
        let after = interfaces(&conductor);
        after.restore().await.expect("it listens");
        let moved = after.moved();
        assert_eq!(moved.len(), 2, "{moved:?}");
        assert!(
            moved.iter().all(|(chosen, port)| [of_client, of_program].contains(chosen) && chosen != port)
        );
        let mut listed: Vec<_> = after.app_interfaces().iter().map(|interface| interface.port).collect();
        listed.sort_unstable();
        let mut listens: Vec<_> = moved.iter().map(|(_, port)| *port).collect();
        listens.sort_unstable();
        assert_eq!(listed, listens);
        // A request for that very port does not get another one.
        after.attach_own(of_program).await.expect_err("it is taken");
        conductor.shut_down().await;
        drop((conductor, after, held));

        let conductor = start(&directory).await;
        let after = interfaces(&conductor);
        after.restore().await.expect("it listens");
        assert_eq!(after.moved(), []);
        assert_eq!(after.attach_own(of_program).await.expect("it is kept"), of_program);
        conductor.shut_down().await;
    }

    /// Case: each new `--app-port` added one more app interface for good.
    #[tokio::test(flavor = "multi_thread")]
    async fn another_port_of_the_program_takes_the_place_of_the_one_before() {
        let directory = tempfile::tempdir().expect("a directory");
        let of_client = free_port();
        for port in [free_port(), free_port(), 0, of_client] {
            let conductor = start(&directory).await;
            let interfaces = interfaces(&conductor);
            interfaces.restore().await.expect("it listens");
            let before: Vec<_> = interfaces.app_interfaces().iter().map(|interface| interface.port).collect();
            if before.is_empty() {
                let of_client = Interface::local(of_client, AllowedOrigins::Any);
                interfaces.attach_app(of_client).await.expect("an interface");
            }
            let answer = interfaces.attach_own(port).await.expect("an interface");
            let mut now: Vec<_> =
                interfaces.app_interfaces().iter().map(|interface| interface.port).collect();
            now.retain(|port| *port != of_client);
            if port == of_client {
                assert_eq!((answer, now), (of_client, Vec::new()), "a client's serves as well");
            } else {
                assert_eq!(now, [answer], "{port}: {before:?}");
                assert!(port == answer || port == 0 && before.contains(&answer), "{port}: {answer}");
            }
            conductor.shut_down().await;
        }
    }

    fn free_port() -> u16 {
        let bound = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).expect("a port");
        bound.local_addr().expect("an address").port()
    }
}
