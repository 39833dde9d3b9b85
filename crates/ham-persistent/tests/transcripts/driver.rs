//! The driver's task ends without being asked to.

use std::future::Future;

use ham_persistent::{Cause, Config, ConnectError, Connection, Connector, Persistent, State};

use crate::setup::Setup;

/// Panics on its first dial.
struct Broken;

#[derive(Clone, Debug)]
struct NoLink;

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

impl ConnectError for Never {}

impl Connection for NoLink {
    type Cause = &'static str;

    fn closed(&self) -> impl Future<Output = Self::Cause> + Send {
        std::future::ready("never")
    }

    async fn close(&self) {}
}

impl Connector for Broken {
    type Address = ();
    type Connection = NoLink;
    type Error = Never;

    async fn address(&mut self) -> Result<(), Never> {
        Ok(())
    }

    async fn connect(&mut self, (): &()) -> Result<NoLink, Never> {
        panic!("a broken connector (expected in this test's output)")
    }
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_panics_leaves_nobody_waiting() {
    let persistent = Persistent::spawn("peer", Broken, Config::default());
    assert_eq!(persistent.connected().await.expect_err("closed").cause, Cause::DriverEnded);
    persistent.close_finished().await;
    assert!(persistent.is_closed());
}

#[test]
fn a_runtime_that_ends_leaves_nobody_waiting() {
    let runtime = |()| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let first = runtime(());
    let setup = {
        let _entered = first.enter();
        Setup::new()
    };
    let persistent = first.block_on(async { setup.spawn().0 });
    drop(first);
    runtime(()).block_on(async {
        persistent.close_finished().await;
        assert_eq!(persistent.connected().await.expect_err("closed").cause, Cause::DriverEnded);
    });
}

/// The state named the runtime's end, and every call the close.
#[test]
fn a_runtime_that_ends_is_not_the_cause_of_what_was_closed_before() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let setup = {
        let _entered = runtime.enter();
        Setup::new()
    };
    let persistent = runtime.block_on(async { setup.spawn().0 });
    drop(persistent.close());
    drop(runtime);
    assert_eq!(*persistent.state().borrow(), State::Closed { cause: Cause::CloseCalled });
}
