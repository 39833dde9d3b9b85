//! A typed client of the probe's zome, on a real conductor.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::time::Duration;

use ham::{AppInterface, CallError, CallPolicy, Effect, Outcome, PersistentHam, PersistentHamConfig};
use ham_launcher::{Conductor, InstallOptions, probe_bundle};
use ham_testkit::chaos::{Action, Boundary, Direction, Fault, Proxy};
use holo_hash::ActionHash;
use holochain_types::websocket::AllowedOrigins;
use serde::{Deserialize, Serialize};
use url::Url;

/// Long enough for a conductor that compiles its zomes on a loaded machine: running into it means a hang.
const TIMEOUT: Duration = Duration::from_secs(240);
const APP: &str = "typed";

/// What the service and the zome share: no type of `hdk`, and none of ham's but behind the condition.
mod shared {
    use super::{ActionHash, Deserialize, Duration, Serialize};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(crate) struct Item {
        pub(crate) call_id: String,
        pub(crate) body: String,
    }

    #[derive(Debug, Serialize)]
    pub(crate) struct SlowEcho {
        pub(crate) millis: u64,
        pub(crate) text: String,
    }

    // `all()` is the condition of the service, in which it holds.
    #[cfg_attr(all(), ham::zome_client(zome = "probe", client = Probe))]
    pub(crate) trait ProbeZome {
        type Error;

        /// Gives the text back.
        #[cfg_attr(all(), zome_fn(idempotent))]
        fn echo_text(text: String) -> Result<String, Self::Error>;
        #[zome_fn(name = "echo_text")]
        fn echo_once(text: String) -> Result<String, Self::Error>;
        fn create_item(input: Item) -> Result<ActionHash, Self::Error>;
        #[zome_fn(read_only, idempotent)]
        fn get_item(_: ActionHash) -> Result<Option<Item>, Self::Error>;
        #[zome_fn(read_only)]
        fn count_items(_: ()) -> Result<usize, Self::Error>;
        fn fail(text: String) -> Result<(), Self::Error>;
        #[zome_fn(deadline = Duration::from_millis(1))]
        fn slow_echo(input: SlowEcho) -> Result<String, Self::Error>;
        #[zome_fn(name = "echo")]
        fn bytes(input: Vec<u8>) -> Vec<u8>;
        #[cfg(any())]
        fn not_in_this_build(input: NoSuchType);
    }
}

/// The zome's side, where the condition does not hold.
#[expect(dead_code, reason = "stands for a crate of types, of which a zome uses a part")]
mod in_the_zome {
    #[cfg_attr(any(), ham::zome_client(zome = "ledger"))]
    trait Ledger {
        #[cfg_attr(any(), zome_fn(idempotent))]
        fn total() -> u64;
    }
}

use shared::{Item, Probe, ProbeZome, SlowEcho};

/// The trait is the zome's as well: this stands for one, and for an extern that calls it.
struct Zome;

impl ProbeZome for Zome {
    type Error = &'static str;

    fn echo_text(text: String) -> Result<String, Self::Error> {
        Ok(text)
    }
    fn echo_once(text: String) -> Result<String, Self::Error> {
        Self::echo_text(text)
    }
    fn create_item(_: Item) -> Result<ActionHash, Self::Error> {
        Err("not a conductor")
    }
    fn get_item(_: ActionHash) -> Result<Option<Item>, Self::Error> {
        Ok(None)
    }
    fn count_items((): ()) -> Result<usize, Self::Error> {
        Ok(0)
    }
    fn fail(_: String) -> Result<(), Self::Error> {
        Err("failed")
    }
    fn slow_echo(input: SlowEcho) -> Result<String, Self::Error> {
        Ok(input.text)
    }
    fn bytes(input: Vec<u8>) -> Vec<u8> {
        input
    }
}

/// Ham under another name.
mod elsewhere {
    pub(crate) use ham as renamed;
}

#[elsewhere::renamed::zome_client(zome = "ledger", crate = crate::elsewhere::renamed)]
trait Ledger {
    fn total() -> u64;
}

#[test]
fn the_trait_is_left_to_the_zome() {
    assert_eq!(Zome::echo_once("text".to_owned()), Ok("text".to_owned()));
    assert_eq!(<Zome as ProbeZome>::fail(String::new()), Err("failed"));
}

/// One conductor and one app for all of it, one step after the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_typed_client_calls_a_real_zome() {
    let steps = async {
        let conductor = Conductor::builder().start().await.unwrap();
        conductor.install_app(&probe_bundle().await.unwrap(), APP, InstallOptions::default()).await.unwrap();
        conductor.enable(APP).await.unwrap();
        conductor.wait_until_callable(APP).await.unwrap();
        let ham = PersistentHam::connect(config(&conductor)).await.unwrap();

        inputs_and_answers_have_their_types(&ham).await;
        an_error_of_the_zome_is_an_error_of_the_call(&ham).await;
        the_declared_deadline_holds_unless_the_client_has_another(&ham).await;
        the_declared_policy_holds_unless_the_client_has_another(&conductor).await;

        ham.close().await;
        conductor.stop().await.unwrap();
    };
    tokio::time::timeout(TIMEOUT * 2, steps).await.expect("the test hangs");
}

fn config(conductor: &Conductor) -> PersistentHamConfig {
    PersistentHamConfig::local(conductor.admin_port(), APP).with_deadline(TIMEOUT)
}

async fn inputs_and_answers_have_their_types(ham: &PersistentHam) {
    let probe = Probe::new(ham, "probe");
    let text = "text".to_owned();
    assert_eq!(probe.echo_text("text").await.unwrap(), text);
    assert_eq!(probe.echo_text(&text).await.unwrap(), text);
    assert_eq!(probe.echo_once(text.clone()).await.unwrap(), text);
    assert_eq!(probe.bytes(&[1_u8, 2][..]).await.unwrap(), [1, 2]);

    let item = Item { call_id: "typed".to_owned(), body: "body".to_owned() };
    let hash = probe.create_item(&item).await.unwrap();
    assert_eq!(probe.get_item(&hash).await.unwrap(), Some(item));
    assert_eq!(probe.count_items().await.unwrap(), 1);

    let cell = ham.callable("probe").await.unwrap();
    assert_eq!(Probe::new(ham, cell).count_items().await.unwrap(), 1);
    assert_eq!(LedgerClient::new(ham, "ledger").total().await.unwrap(), 0);
}

async fn an_error_of_the_zome_is_an_error_of_the_call(ham: &PersistentHam) {
    let error = Probe::new(ham, "probe").fail("the zome says no").await.unwrap_err();
    let CallError::Refused { refusal, .. } = &error else { panic!("{error:?}") };
    assert!(refusal.text().contains("the zome says no"), "{refusal}");
    assert_eq!((error.outcome(), error.effect()), (Outcome::Answered, Effect::Nothing));
}

async fn the_declared_deadline_holds_unless_the_client_has_another(ham: &PersistentHam) {
    let probe = Probe::new(ham, "probe");
    let input = SlowEcho { millis: 50, text: "slow".to_owned() };
    let error = probe.slow_echo(&input).await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut { .. }), "{error:?}");
    assert_eq!(probe.with_deadline(TIMEOUT).slow_echo(&input).await.unwrap(), "slow");
}

/// The answer is cut off: a call that may run again is answered by its second run, one that may not has arrived.
async fn the_declared_policy_holds_unless_the_client_has_another(conductor: &Conductor) {
    let port = conductor.attach_app_interface(0, AllowedOrigins::Any, Some(APP)).await.unwrap();
    let cut = async || {
        // The answer to the handshake is the first frame.
        let fault = Fault::on(0, Direction::ToClient, 1, Boundary::Before, Action::Cut);
        let proxy = Proxy::start_with(([127, 0, 0, 1], port).into(), [fault]).await.unwrap();
        let url = Url::parse(&format!("ws://{}", proxy.address())).unwrap();
        let ham = PersistentHam::connect(config(conductor).with_app(AppInterface::Url(url))).await.unwrap();
        (Probe::new(&ham, "probe"), proxy)
    };
    let (probe, _proxy) = cut().await;
    assert_eq!(probe.echo_text("again").await.unwrap(), "again");

    let (probe, _proxy) = cut().await;
    let error = probe.echo_once("once").await.unwrap_err();
    assert!(matches!(error, CallError::Arrived { .. }), "{error:?}");

    let (probe, _proxy) = cut().await;
    let error = probe.with_policy(CallPolicy::FailFast).echo_text("not again").await.unwrap_err();
    assert!(matches!(error, CallError::LinkLost { sent: true, .. }), "{error:?}");
}
