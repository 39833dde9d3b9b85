//! Ham in a network: real conductors that reach each other through a relay on this machine, and one that reaches itself
//! through it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::sync::LazyLock;
use std::time::Duration;

use ham::Signal;
use ham::{PersistentHam, PersistentHamConfig, SignalItem};
use ham_launcher::{Conductor, ConductorNetwork, Install, InstallOptions, Relay, Tool, probe_bundle};
use holo_hash::{ActionHash, AgentPubKey};
use holochain_conductor_api::{AdminRequest, AdminResponse};
use holochain_types::op::DhtOp;
use holochain_zome_types::prelude::{CapSecret, CellId, ExternIO};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

/// Bounds everything between agents. What is published arrives within seconds; what was lost comes with a later round of
/// gossip, minutes later.
const TIMEOUT: Duration = Duration::from_secs(180);

/// Runs a test; one after the other, because each has conductors of its own and the machine has few processors.
fn run(test: impl Future<Output = ()>) {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());
    static TURN: Mutex<()> = Mutex::const_new(());
    RUNTIME.block_on(async {
        let _turn = TURN.lock().await;
        // What is missing is built first, which takes as long as it takes.
        Install::ensure().await.unwrap();
        Install::ensure_tool(Tool::Relay).await.unwrap();
        tokio::time::timeout(TIMEOUT * 3, test).await.expect("the test hangs");
    });
}

/// An agent of the probe, with its connection.
struct Agent {
    ham: PersistentHam,
    cell: CellId,
}

impl Agent {
    /// Connects to an installed app.
    async fn of(conductor: &Conductor, app_id: &str) -> Self {
        let config = PersistentHamConfig::local(conductor.admin_port(), app_id).with_deadline(TIMEOUT);
        let ham = PersistentHam::connect(config).await.unwrap();
        let cell = ham.wait_until_callable("probe", TIMEOUT, |_| ()).await.unwrap();
        // The first call runs `init`, which opens `recv_remote_signal` to everybody.
        ham.call_zome::<_, usize>("probe", "probe", "count_items", ()).await.unwrap();
        Self { ham, cell }
    }

    fn key(&self) -> AgentPubKey {
        self.cell.agent_pubkey().clone()
    }

    /// A call to this agent's zome that must succeed.
    async fn call<O: DeserializeOwned + std::fmt::Debug>(
        &self,
        function: &str,
        payload: impl Serialize + std::fmt::Debug,
    ) -> O {
        self.ham.call_zome("probe", "probe", function, payload).await.unwrap()
    }

    /// A call this agent's zome makes to the peer's; the answer, or what the caller was told.
    async fn call_peer<O: DeserializeOwned + std::fmt::Debug>(
        &self,
        agent: &AgentPubKey,
        function: &'static str,
        cap_secret: Option<CapSecret>,
        payload: impl Serialize + std::fmt::Debug,
    ) -> Result<O, String> {
        let payload = ExternIO::encode(payload).unwrap();
        let call = CallPeer { agent, zome: "probe", function, cap_secret, payload };
        let answer: Result<ExternIO, _> = self.ham.call_zome("probe", "probe", "call_peer", call).await;
        answer.map(|answer| answer.decode().unwrap()).map_err(|error| error.to_string())
    }

    /// Whether this agent's conductor holds the action, validated and integrated.
    async fn holds(&self, action: &ActionHash) -> bool {
        let request = AdminRequest::DumpFullState {
            cell_id: Box::new(self.cell.clone()),
            dht_ops_cursor: None,
            limit: None,
        };
        let answer =
            self.ham.admin().unwrap().request("dump_full_state", "only read", &request).await.unwrap();
        let AdminResponse::FullStateDumped(state) = answer else { panic!("{answer:?}") };
        state.integration_dump.integrated.iter().any(|op| match op {
            DhtOp::ChainOp(op) => ActionHash::with_data_sync(op.signed_action().data()) == *action,
            DhtOp::WarrantOp(_) => false,
        })
    }
}

#[derive(Debug, Serialize)]
struct CallPeer<'a> {
    agent: &'a AgentPubKey,
    zome: &'static str,
    function: &'static str,
    cap_secret: Option<CapSecret>,
    payload: ExternIO,
}

#[derive(Debug, Serialize)]
struct SendRemote {
    agents: Vec<AgentPubKey>,
    text: &'static str,
}

#[derive(Debug, Deserialize)]
struct Granted {
    secret: CapSecret,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Whoami {
    agent: AgentPubKey,
    provenance: AgentPubKey,
    access: String,
}

#[derive(Debug, Deserialize)]
struct Told {
    r#type: String,
    from: Option<AgentPubKey>,
    text: Option<String>,
}

/// The next signal that another agent sent: who, and what.
async fn remote_signal(signals: &mut ham::Signals) -> (AgentPubKey, String) {
    loop {
        let SignalItem::Signal(signal) = signals.next().await.unwrap() else { continue };
        let Signal::App { signal, .. } = &*signal else { continue };
        let told: Told = rmp_serde::from_slice(&signal.clone().into_inner().0).unwrap();
        if told.r#type == "remote" {
            return (told.from.unwrap(), told.text.unwrap());
        }
    }
}

/// Asks again and again until the answer is yes, [`TIMEOUT`] at most: the network announces nothing to clients.
async fn eventually<F: Future<Output = bool>>(what: &str, mut asked: impl FnMut() -> F) {
    let mut interval = tokio::time::interval(Duration::from_millis(100));
    let answered = async {
        while !asked().await {
            interval.tick().await;
        }
    };
    tokio::time::timeout(TIMEOUT, answered).await.unwrap_or_else(|_| panic!("{what}: not after {TIMEOUT:?}"));
}

/// The caller was told at once that its conductor does not know the agent.
fn assert_unknown(answer: Result<(), String>) {
    let refused = answer.unwrap_err();
    assert!(refused.contains("call_remote: no url for peer"), "{refused}");
}

/// The same DNA for every app: the seed decides.
fn options() -> InstallOptions {
    InstallOptions { network_seed: Some("network".to_owned()), ..InstallOptions::default() }
}

/// Two agents on one conductor, each with an app of its own, of the same DNA.
async fn two_agents(conductor: &Conductor) -> (Agent, Agent) {
    for app_id in ["one", "other"] {
        conductor.install_app(&probe_bundle().await.unwrap(), app_id, options()).await.unwrap();
        conductor.enable(app_id).await.unwrap();
    }
    (Agent::of(conductor, "one").await, Agent::of(conductor, "other").await)
}

/// One agent calls and signals the other.
async fn reaches(one: &Agent, other: &Agent) {
    // A call, let in by a secret or refused, and answered by the other agent.
    let request = json!({ "tag": "peer", "functions": ["whoami"], "assignees": null });
    let granted: Granted = other.call("grant", request).await;
    let answer: Whoami = one.call_peer(&other.key(), "whoami", Some(granted.secret), ()).await.unwrap();
    let access = "transferable".to_owned();
    assert_eq!(answer, Whoami { agent: other.key(), provenance: one.key(), access });
    let refused = one.call_peer::<Whoami>(&other.key(), "whoami", None, ()).await.unwrap_err();
    assert!(refused.contains("unauthorized"), "{refused}");

    // A signal, which nobody answers.
    let mut signals = other.ham.signals();
    one.call::<()>("send_remote", SendRemote { agents: vec![other.key()], text: "hello" }).await;
    assert_eq!(remote_signal(&mut signals).await, (one.key(), "hello".to_owned()));
}

/// What one agent writes reaches the other's conductor.
async fn publishes(one: &Agent, other: &Agent) {
    let written: ActionHash = one.call("create_item", json!({ "call_id": "item", "body": "" })).await;
    eventually("one wrote, the other holds it", || other.holds(&written)).await;
}

#[test]
fn agents_of_two_conductors_call_signal_and_hold_what_the_other_wrote() {
    run(async {
        let builder = Conductor::builder().with_request_timeout(Duration::from_secs(8));
        let network = ConductorNetwork::start_with(2, &builder).await.unwrap();
        network.install_app(&probe_bundle().await.unwrap(), "probe", &options()).await.unwrap();
        let one = Agent::of(&network.conductors[0], "probe").await;
        let other = Agent::of(&network.conductors[1], "probe").await;
        network.wait_until_acquainted("probe").await.unwrap();
        for (one, other) in [(&one, &other), (&other, &one)] {
            reaches(one, other).await;
            publishes(one, other).await;
        }

        let stranger = AgentPubKey::from_raw_32(vec![7; 32]);
        assert_unknown(one.call_peer(&stranger, "recv_remote_signal", None, "hello").await);

        // Known and gone: the conductor waits for its answer.
        network.conductors[1].kill().await.unwrap();
        let silent =
            one.call_peer::<()>(&other.key(), "recv_remote_signal", None, "hello").await.unwrap_err();
        assert!(silent.contains("NetworkError"), "{silent}");
    });
}

#[test]
fn agents_of_one_conductor_meet_through_a_relay() {
    run(async {
        let relay = Relay::start().await.unwrap();
        let conductor = Conductor::builder().with_relay(&relay).start().await.unwrap();
        let (one, other) = two_agents(&conductor).await;
        conductor.wait_until_acquainted("one", 2).await.unwrap();
        for (one, other) in [(&one, &other), (&other, &one)] {
            reaches(one, other).await;
            publishes(one, other).await;
        }
    });
}

#[test]
fn without_a_relay_not_even_agents_of_one_conductor_reach_each_other() {
    run(async {
        let conductor = Conductor::builder().start().await.unwrap();
        let (one, other) = two_agents(&conductor).await;
        assert_unknown(one.call_peer(&other.key(), "recv_remote_signal", None, "hello").await);
        // Nothing tells that this signal goes nowhere.
        one.call::<()>("send_remote", SendRemote { agents: vec![other.key()], text: "lost" }).await;
        // Yet they share the conductor's store.
        publishes(&one, &other).await;
    });
}
