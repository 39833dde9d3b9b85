//! SIGINT, SIGTERM and SIGHUP end every command, whatever it is doing. The requirement is a second; the wait is bounded by more,
//! since a test's machine may be busy.

use ham_testkit::server::{Behaviour, Server, ServerEvent};
use rustix::process::Signal;

use crate::support::{Ham, endings};

const COMMANDS: [&[&str]; 8] = [
    &["ping"],
    &["info"],
    &["call", "role", "zome", "function"],
    &["signals"],
    &["state"],
    &["state", "--follow"],
    &["grants", "list"],
    &["doctor"],
];

async fn ends(behaviour: Behaviour) {
    for command in COMMANDS {
        for (signal, code) in endings() {
            let server = Server::start([behaviour.clone()]).await.unwrap();
            let ham = Ham::new()
                .with("HAM_ADMIN_URL", format!("ws://{}", server.address()))
                .with("HAM_APP_ID", "app");
            let running = ham.start(command);
            // From here on it waits for an answer that never comes.
            server.events().wait_for(|event| matches!(event, ServerEvent::Accepted { .. })).await.unwrap();
            running.signal(signal);
            let ended = tokio::time::timeout(std::time::Duration::from_secs(10), running.ended()).await;
            assert_eq!(
                ended.unwrap_or_else(|_| panic!("{command:?} does not end")),
                Some(code),
                "{command:?}"
            );
        }
    }
}

#[tokio::test]
async fn while_dialling() {
    ends(Behaviour::NeverUpgrade).await;
}

#[tokio::test]
async fn while_waiting_for_an_answer() {
    ends(Behaviour::Silent).await;
}

#[tokio::test]
async fn while_pausing_between_attempts() {
    let ham = Ham::new()
        .with("HAM_ADMIN_PORT", 1)
        .with("HAM_APP_ID", "app")
        .with("HAM_RECONNECT_BACKOFF_INITIAL_MS", 600_000)
        .with("HAM_RECONNECT_BACKOFF_MAX_MS", 600_000);
    let mut running = ham.start(&["signals", "--wait"]);
    running.said("waiting: attempt 1").await;
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(130));
}

/// As under `nohup`: the terminal may go away, and the command stays.
#[tokio::test]
async fn a_hangup_that_is_ignored_stays_ignored() {
    let ham = Ham::new();
    let mut running = ham.start_ignoring_hangups(&["dev"]);
    running.line(|line| line == "Conductor ready.").await;
    running.signal(Signal::HUP);
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await, Some(143));
}
