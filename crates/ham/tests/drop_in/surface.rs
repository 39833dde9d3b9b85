//! The surface that services call today, in both of its generations, used the way they use it. Compiling is most of the
//! test.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use ham::holochain_client::{AppInfo, CellId};
use ham::{
    BackoffConfig, CapGrantOptIn, Ham, HamConfig, LairCredentials, LairSigning, ShutdownRx, SigningPolicy,
    SigningRefused, compute_delay_ms, connect_with_backoff, install_shutdown_handler, is_connection_error,
    is_request_timeout, is_signing_refusal, is_source_chain_pressure,
};
use tokio::sync::watch;

/// What the services hide their connection behind, with a mock in their own tests.
trait Conductor: Send + Sync {
    fn ping(&self) -> impl Future<Output = anyhow::Result<()>> + Send;
}

impl Conductor for Ham {
    async fn ping(&self) -> anyhow::Result<()> {
        Self::ping(self).await
    }
}

/// Every method, with the payloads that were seen: nothing, a value, a reference, a reference to an option.
#[expect(dead_code, reason = "it is enough that it compiles: running it takes a conductor")]
async fn every_method(ham: Arc<Ham>) -> anyhow::Result<()> {
    let _: String = ham.call_zome("role", "zome", "function", ()).await?;
    let _: Vec<u8> = ham.call_zome("role", "zome", "function", "text".to_owned()).await?;
    let _: u64 = ham.call_zome("role", "zome", "function", &7).await?;
    let _: Option<u64> = ham.call_zome("role", "zome", "function", &Some(1)).await?;
    let _: Option<AppInfo> = ham.app_info().await?;
    let _: &CellId = ham.cell_id();
    Conductor::ping(&*ham).await
}

/// Installed for ever: services' tests drop the sender to say "never".
fn never_shutdown() -> ShutdownRx {
    let (_sender, receiver) = watch::channel(false);
    receiver
}

#[test]
fn the_first_generation() {
    let config = HamConfig::new(30_000, 30_001, "app")
        .with_request_timeout_secs(120)
        .with_force_fresh_attach(true)
        .try_lair_signing_from_node(Path::new("/nonexistent"), Path::new("/nonexistent"));
    assert!(config.lair.is_none());
    assert_eq!((config.admin_port, config.app_port, config.app_id.as_str()), (30_000, 30_001, "app"));
    assert_eq!((config.request_timeout_secs, config.force_fresh_attach), (120, true));
    let config = config.with_lair_signing("unix:///run/lair/socket?k=key", b"secret".to_vec()).unwrap();
    let lair: LairSigning = config.lair.clone().unwrap();
    assert_eq!(lair.connection_url.as_str(), "unix:///run/lair/socket?k=key");
    let shown = format!("{config:?} {lair:?}");
    assert!(shown.contains("redacted") && !shown.contains("secret"), "{shown}");
    let bad = HamConfig::new(1, 2, "app").with_lair_signing("no url", Vec::new()).unwrap_err();
    // It may be the passphrase, in the wrong place.
    let told = format!("{bad:#}");
    assert!(told.contains("Invalid lair connection URL") && !told.contains("no url"), "{told}");
    let missing = HamConfig::new(1, 2, "app")
        .with_lair_signing_from_node(Path::new("/nonexistent"), Path::new("/nonexistent"));
    assert!(format!("{:#}", missing.unwrap_err()).contains("/nonexistent"));
}

#[test]
fn the_second_generation() {
    let values = |url: &str| LairCredentials::Values {
        connection_url: Some(url.to_owned()),
        passphrase: Some(b"secret".to_vec()),
    };
    let config =
        HamConfig::new(1, 2, "app").with_signing(values("unix:///s?k=k"), CapGrantOptIn::Withheld).unwrap();
    assert!(config.lair.is_some() && !config.allow_cap_grant_signing);
    let policy = SigningPolicy::resolve(LairCredentials::Absent, CapGrantOptIn::from_flag(true)).unwrap();
    let _: &'static str = policy.label();
    assert!(policy.apply(HamConfig::new(1, 2, "app")).allow_cap_grant_signing);
    assert!(HamConfig::new(1, 2, "app").allow_cap_grant_signing().allow_cap_grant_signing);
}

#[tokio::test]
async fn a_withheld_opt_in_is_refused_before_any_socket() {
    let mut config = HamConfig::new(1, 2, "app");
    config.allow_cap_grant_signing = false;
    let refused = Ham::connect(config).await.unwrap_err();
    assert!(refused.downcast_ref::<SigningRefused>().is_some() && is_signing_refusal(&refused));
    assert!(
        !is_connection_error(&refused)
            && !is_request_timeout(&refused)
            && !is_source_chain_pressure(&refused)
    );
}

#[tokio::test(start_paused = true)]
async fn the_reconnect_loop() {
    let backoff =
        BackoffConfig { initial_ms: 1, max_ms: 10, escalate_after: BackoffConfig::default().escalate_after };
    assert!(compute_delay_ms(0, &backoff) >= 1);
    let config = HamConfig::new(1, 2, "app");
    let mut shutdown: watch::Receiver<bool> = never_shutdown();
    let looping = connect_with_backoff(|| Ham::connect(config.clone()), &backoff, &mut shutdown);
    // Nothing listens on port 1: it never gives up.
    assert!(tokio::time::timeout(std::time::Duration::from_secs(60), looping).await.is_err());
    let (stop, mut shutdown) = watch::channel(false);
    stop.send_replace(true);
    let none: Option<Ham> =
        connect_with_backoff(|| Ham::connect(config.clone()), &backoff, &mut shutdown).await;
    assert!(none.is_none());
}

#[tokio::test]
async fn the_shutdown_handler_starts_unasked() {
    let shutdown: ShutdownRx = install_shutdown_handler();
    assert!(!*shutdown.borrow());
}
