//! Ham in a network: real conductors that reach each other through a relay on this machine, and one that reaches itself
//! through it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::sync::LazyLock;
use std::time::Duration;

use ham::{PersistentHam, PersistentHamConfig, SignalItem};
use ham_testkit::conductor::{
    Conductor, ConductorNetwork, Install, InstallOptions, Lookup, Relay, Tool, probe_bundle,
};
use holo_hash::{ActionHash, AgentPubKey};
use holochain_conductor_api::{AdminRequest, AdminResponse};
use holochain_types::op::DhtOp;
use holochain_types::signal::Signal;
use holochain_zome_types::prelude::{CapSecret, CellId, ExternIO};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

/// Bounds everything between agents: what is published at once arrives within a second, what is lost then is asked for in
/// the next round of gossip, a minute later.
const PATIENCE: Duration = Duration::from_secs(180);

/// Runs a test; one after the other, because each has conductors of its own and the machine has few processors.
fn run(test: impl Future<Output = ()>) {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());
    static TURN: Mutex<()> = Mutex::const_new(());
    RUNTIME.block_on(async {
        let _turn = TURN.lock().await;
        // What is missing is built first, which takes as long as it takes.
        Install::ensure().await.unwrap();
        Lookup::of(Tool::Relay).ensure(|_| ()).await.unwrap();
        tokio::time::timeout(PATIENCE * 3, test).await.expect("the test hangs");
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
        let config = PersistentHamConfig::local(conductor.admin_port(), app_id).with_deadline(PATIENCE);
        let ham = PersistentHam::connect(config).await.unwrap();
        let cell = ham.wait_until_callable("probe", PATIENCE, |_| ()).await.unwrap();
        // The first call runs `init`, which opens `recv_remote_signal` to everybody.
        ham.call_zome::<_, usize>("probe", "probe", "count_items", ()).await.unwrap();
        Self { ham, cell }
    }

    fn key(&self) -> AgentPubKey {
        self.cell.agent_pubkey().clone()
    }

    /// A call to this agent's zome that must succeed.
    async fn call<O: DeserializeOwned + std::fmt::Debug>(&self, function: &str, payload: impl Serialize + std::fmt::Debug) -> O {
        self.ham.call_zome("probe", "probe", function, payload).await.unwrap()
    }

    /// A call this agent's zome makes to the peer's; the answer, or what the caller was told.
    async fn call_peer<O: DeserializeOwned + std::fmt::Debug>(
        &self,
        peer: AgentPubKey,
        function: &'static str,
        cap_secret: Option<CapSecret>,
        payload: impl Serialize + std::fmt::Debug,
    ) -> Result<O, String> {
        let payload = ExternIO::encode(payload).unwrap();
        let call = CallPeer { agent: peer, zome: "probe", function, cap_secret, payload };
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
        let answer = self.ham.admin().unwrap().request("dump_full_state", "only read", &request).await.unwrap();
        let AdminResponse::FullStateDumped(state) = answer else { panic!("{answer:?}") };
        state.integration_dump.integrated.iter().any(|op| match op {
            DhtOp::ChainOp(op) => ActionHash::with_data_sync(op.signed_action().data()) == *action,
            DhtOp::WarrantOp(_) => false,
        })
    }
}

#[derive(Debug, Serialize)]
struct CallPeer {
    agent: AgentPubKey,
    zome: &'static str,
    function: &'static str,
    cap_secret: Option<CapSecret>,
    payload: ExternIO,
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
async fn remote(signals: &mut ham::Signals) -> (AgentPubKey, String) {
    loop {
        let SignalItem::Signal(signal) = signals.next().await.unwrap() else { continue };
        let Signal::App { signal, .. } = &*signal else { continue };
        let told: Told = rmp_serde::from_slice(&signal.clone().into_inner().0).unwrap();
        if told.r#type == "remote" {
            return (told.from.unwrap(), told.text.unwrap());
        }
    }
}

/// Asks again and again until the answer is yes, [`PATIENCE`] at most: the network announces nothing to clients.
async fn eventually<F: Future<Output = bool>>(what: &str, mut asked: impl FnMut() -> F) {
    let mut interval = tokio::time::interval(Duration::from_millis(100));
    let answered = async {
        while !asked().await {
            interval.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.unwrap_or_else(|_| panic!("{what}: not after {PATIENCE:?}"));
}

fn options() -> InstallOptions {
    InstallOptions { network_seed: Some("network".to_owned()), ..InstallOptions::default() }
}

/// What two agents of one network do with each other, wherever they live.
async fn meet(one: &Agent, other: &Agent) {
    // A call, let in by a secret, and answered by the other agent.
    let request = json!({ "tag": "peer", "functions": ["whoami"], "assignees": null });
    let granted: Granted = other.call("grant", request).await;
    let answer = one.call_peer::<Whoami>(other.key(), "whoami", Some(granted.secret), ()).await.unwrap();
    let expected =
        Whoami { agent: other.key(), provenance: one.key(), access: "transferable".to_owned() };
    assert_eq!(answer, expected);
    let refused = one.call_peer::<Whoami>(other.key(), "whoami", None, ()).await.unwrap_err();
    assert!(refused.contains("unauthorized"), "{refused}");

    // A signal, which nobody answers for.
    let mut signals = other.ham.signals();
    one.call::<()>("send_remote", json_agents(&[other.key()], "hello")).await;
    assert_eq!(remote(&mut signals).await, (one.key(), "hello".to_owned()));
}

#[derive(Debug, Serialize)]
struct SendRemote<'a> {
    agents: &'a [AgentPubKey],
    text: &'a str,
}

fn json_agents<'a>(agents: &'a [AgentPubKey], text: &'a str) -> SendRemote<'a> {
    SendRemote { agents, text }
}

#[test]
fn agents_of_two_conductors_call_signal_and_read_each_other() {
    run(async {
        let t = tokio::time::Instant::now();
        let network = ConductorNetwork::start(2).await.unwrap();
        eprintln!("{:?} started", t.elapsed());
        network.install_app(&probe_bundle().await.unwrap(), "probe", &options()).await.unwrap();
        eprintln!("{:?} installed", t.elapsed());
        let one = Agent::of(&network.conductors[0], "probe").await;
        let other = Agent::of(&network.conductors[1], "probe").await;
        eprintln!("{:?} connected", t.elapsed());
        let early = one.call_peer::<()>(other.key(), "recv_remote_signal", None, "x").await;
        eprintln!("{:?} early: {early:?}", t.elapsed());
        network.wait_until_acquainted("probe").await.unwrap();
        eprintln!("{:?} acquainted", t.elapsed());
        meet(&one, &other).await;
        eprintln!("{:?} met", t.elapsed());
        meet(&other, &one).await;
        eprintln!("{:?} met", t.elapsed());
        let written: ActionHash = one.call("create_item", json!({ "call_id": "1", "body": "b" })).await;
        eventually("the other conductor holds what one wrote", || other.holds(&written)).await;
        eprintln!("{:?} read", t.elapsed());
        let written: ActionHash = other.call("create_item", json!({ "call_id": "2", "body": "b" })).await;
        eventually("one conductor holds what the other wrote", || one.holds(&written)).await;
        eprintln!("{:?} read", t.elapsed());
        let stranger = AgentPubKey::from_raw_32(vec![7; 32]);
        let nobody = one.call_peer::<()>(stranger, "recv_remote_signal", None, "x").await;
        eprintln!("{:?} nobody: {nobody:?}", t.elapsed());
        network.relay.kill().await.unwrap();
        let early = one.call_peer::<()>(other.key(), "recv_remote_signal", None, "x").await;
        eprintln!("{:?} without relay: {early:?}", t.elapsed());
        for c in &network.conductors { eprintln!("{}", c.logs().join("\n").chars().take(3000).collect::<String>()); }
        eprintln!("{}", network.relay.logs().join("\n").chars().take(3000).collect::<String>());
        one.ham.close().await;
        other.ham.close().await;
    });
}

#[test]
fn agents_of_one_conductor_meet_through_the_relay() {
    run(async {
        let t = tokio::time::Instant::now();
        let relay = Relay::start().await.unwrap();
        let conductor = Conductor::builder().with_relay(&relay).start().await.unwrap();
        for app_id in ["one", "other"] {
            conductor.install_app(&probe_bundle().await.unwrap(), app_id, options()).await.unwrap();
            conductor.enable(app_id).await.unwrap();
        }
        let one = Agent::of(&conductor, "one").await;
        let other = Agent::of(&conductor, "other").await;
        eprintln!("{:?} connected", t.elapsed());
        let early = one.call_peer::<()>(other.key(), "recv_remote_signal", None, "x").await;
        eprintln!("{:?} early: {early:?}", t.elapsed());
        conductor.wait_until_acquainted("one", 2).await.unwrap();
        eprintln!("{:?} acquainted", t.elapsed());
        meet(&one, &other).await;
        eprintln!("{:?} met", t.elapsed());
        for c in [&conductor] { eprintln!("{}", c.logs().join("\n").chars().take(3000).collect::<String>()); }
        one.ham.close().await;
        other.ham.close().await;
    });
}
