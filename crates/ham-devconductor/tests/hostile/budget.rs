//! Zomes that use up what they may: the call ends with the name of the bound, and others are served meanwhile.

use std::num::NonZeroU64;
use std::time::Duration;

use ham_devconductor::{Config, DevConductor, Limits};
use holochain_types::app::AppBundleSource;
use holochain_types::prelude::{
    AgentPubKey, AppEntryBytes, AppEntryDefLocation, AppSignal, Call, CallTarget, CallTargetCell,
    ChainTopOrdering, CreateInput, Entry, EntryDefLocation, EntryVisibility, ExternIO, Level, RemoteSignal,
    SerializedBytes, TraceMsg, UnsafeBytes,
};
use serde::Serialize;

use crate::support::{PATIENCE, Server, payload, run, says};
use crate::zome::{self, Dna, GOOD, function, import, module};

/// `run` ends at this bound, with a part of what each test of this program may use, while another client is served.
fn meets(limits: Limits, text: &str, bound: &str) {
    run(async |_| {
        let server = Server::with(Config::default().with_limits(limits)).await;
        let id = server.install(Dna::with_coordinator(text)).await.unwrap();
        let app = server.connect(&id).await;
        let (error, ()) = tokio::join!(app.failure(), server.serves());
        says(&error, bound);
        says(&error, "reached a limit");
        // Once: not quoted by each call that waited for another.
        assert_eq!(error.matches("reached a limit").count(), 1, "{error}");
        server.conductor.shut_down().await;
    });
}

/// A zome whose `run` asks the host for this again and again, without looking at the answers.
fn asks_for_ever(name: &str, input: &impl Serialize) -> String {
    let body = function(
        "(loop $on (drop (call $host (i32.const PLACE) (i32.const LENGTH))) (br $on)) (i64.const 0)",
    );
    with_input(&module(&import(name), &body), &encoded(input))
}

/// Puts an input, of which most bytes may be zero, where the allocator is far from it.
pub(crate) fn with_input(text: &str, input: &[u8]) -> String {
    let data = input.chunks(64).enumerate().filter(|(_, bytes)| bytes.iter().any(|byte| *byte != 0));
    let data = data.map(|(at, bytes)| {
        let bytes: String = bytes.iter().map(|byte| format!(r"\{byte:02x}")).collect();
        format!(r#"(data (i32.const {}) "{bytes}")"#, PLACE + 64 * at)
    });
    let data: String = data.collect();
    let pages = (PLACE + input.len()).div_ceil(1 << 16);
    let text = text.replace("(export \"memory\") 4)", &format!("(export \"memory\") {pages})"));
    let text = text.replace("PLACE", &PLACE.to_string()).replace("LENGTH", &input.len().to_string());
    format!("{} {data})", text.strip_suffix(')').unwrap())
}

pub(crate) fn encoded(input: &impl Serialize) -> Vec<u8> {
    rmp_serde::to_vec_named(input).unwrap()
}

pub(crate) const PLACE: usize = 1 << 20;

fn create(bytes: usize) -> CreateInput {
    let entry = AppEntryBytes::try_from(SerializedBytes::from(UnsafeBytes::from(vec![0; bytes]))).unwrap();
    let place =
        EntryDefLocation::App(AppEntryDefLocation { zome_index: 0.into(), entry_def_index: 0.into() });
    CreateInput::new(place, EntryVisibility::Public, Entry::App(entry), ChainTopOrdering::Relaxed)
}

/// A zome whose `run` stages entries of this size again and again, of which no two are alike.
fn stages_for_ever(bytes: usize) -> String {
    let input = encoded(&create(bytes));
    let counter = PLACE + input.len() - bytes / 2 - TRAILER;
    let count =
        format!("(i32.store (i32.const {counter}) (i32.add (i32.load (i32.const {counter})) (i32.const 1)))");
    let ask = "(drop (call $host (i32.const PLACE) (i32.const LENGTH)))";
    let body = function(&format!("(loop $on {count} {ask} (br $on)) (i64.const 0)"));
    with_input(&module(&import("create_1"), &body), &input)
}

/// More than what is behind the bytes of an entry in the argument that creates it.
const TRAILER: usize = 40;

/// Case: 7 GB of memory, and then the process aborts.
#[test]
fn entries_staged_without_end_end_the_call() {
    let limits = Limits::default().with_staged_bytes(32 << 20);
    meets(limits, &stages_for_ever(3_900_000), "33554432 bytes staged (--max-staged-bytes)");
    // Small ones too: what they take beside their bytes counts.
    meets(limits.with_staged_bytes(1 << 20), &stages_for_ever(100), "--max-staged-bytes");
}

#[test]
fn signals_without_end_end_the_call() {
    let signal = AppSignal::new(ExternIO::from(vec![0; 100_000]));
    let limits = Limits::default().with_signal_bytes(1 << 20);
    meets(limits, &asks_for_ever("emit_signal_1", &signal), "1048576 bytes of signals (--max-signal-bytes)");
    let to_many = RemoteSignal {
        agents: vec![AgentPubKey::from_raw_32(vec![7; 32]); 100],
        signal: ExternIO::from(vec![0; 1000]),
    };
    meets(limits, &asks_for_ever("send_remote_signal_1", &to_many), "--max-signal-bytes");
}

#[test]
fn a_log_without_end_ends_the_call() {
    let message = TraceMsg { msg: "x".repeat(1000), level: Level::ERROR };
    let limits = Limits::default().with_log_bytes(10_000);
    meets(limits, &asks_for_ever("trace_1", &message), "10000 bytes of log (--max-log-bytes)");
}

#[test]
fn computing_without_end_ends_the_call() {
    let body = module("", &function("(loop $on (br $on)) (i64.const 0)"));
    let fuel = NonZeroU64::new(50_000_000).unwrap();
    meets(Limits::default().with_fuel(fuel), &body, "50000000 instructions (--fuel)");
    // Enough for what others of this conductor call meanwhile, on whatever machine.
    let time = Duration::from_secs(4);
    meets(Limits::default().with_time(time), &body, "4s (--max-call-time)");
}

#[test]
fn a_guest_that_ends_because_there_is_no_memory_ends_at_its_bound() {
    let body = "(loop $on (br_if $on (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    let limits = Limits::default().with_memory(16 << 20);
    meets(limits, &module("", &function(body)), "16777216 bytes of memory (--max-memory)");
}

fn call_of(function: &str) -> Vec<Call> {
    let target = CallTarget::ConductorCell(CallTargetCell::Local);
    vec![Call::new(target, "zome".into(), function.into(), None, ExternIO::encode(()).unwrap())]
}

/// Case: it ran on, growing, after its client had left.
#[test]
fn a_function_that_calls_itself_twice_ends() {
    let twice = function(&format!(
        "(drop (call $host (i32.const PLACE) (i32.const LENGTH)))
        (drop (call $host (i32.const PLACE) (i32.const LENGTH))) {GOOD}"
    ));
    let text = with_input(&module(&import("call_1"), &twice), &encoded(&call_of("run")));
    let limits = Limits::default().with_depth(8);
    meets(limits, &text, "8 calls deep (--max-call-depth)");
    meets(limits.with_calls(20).with_depth(32), &text, "20 calls (--max-calls)");
}

#[test]
fn calls_without_end_end_the_call() {
    meets(
        Limits::default().with_calls(50),
        &asks_for_ever("call_1", &call_of("good")),
        "50 calls (--max-calls)",
    );
}

/// The memory of all guests of a root call is one bound: each of these has 2 MiB, and 8 wait for one another.
#[test]
fn guests_that_wait_for_one_another_share_their_memory() {
    let grow = "(drop (memory.grow (i32.const 16)))";
    let body =
        function(&format!("{grow} (drop (call $host (i32.const PLACE) (i32.const LENGTH))) unreachable"));
    let text = with_input(&module(&import("call_1"), &body), &encoded(&call_of("run")));
    meets(Limits::default().with_memory(8 << 20), &text, "--max-memory");
}

/// Case: `recv_remote_signal` that sends two runs on, growing, after its client had left.
#[test]
fn a_signal_that_sends_two_ends_with_its_budget() {
    run(async |_| {
        let limits = Limits::default().with_calls(100);
        let server = Server::with(Config::default().with_limits(limits)).await;
        let agent = server.admin.generate_agent_pub_key().await.unwrap();
        let signal = RemoteSignal { agents: vec![agent.clone()], signal: ExternIO::encode(()).unwrap() };
        let send = "(drop (call $host (i32.const PLACE) (i32.const LENGTH)))";
        let body = format!(
            r#"{} (func (export "recv_remote_signal") (param i32 i32) (result i64) {send} {send} {GOOD})"#,
            function(&format!("{send} {GOOD}"))
        );
        let text = module(&import("send_remote_signal_1"), &body);
        let text = with_input(&text, &encoded(&signal));
        let bundle = zome::app("twice", &[Dna::with_coordinator(&text)]);
        let mut payload = payload(AppBundleSource::Bytes(bundle.into()));
        payload.agent_key = Some(agent);
        let id = server.admin.install_app(payload).await.unwrap().installed_app_id;
        server.admin.enable_app(id.clone()).await.unwrap();
        let app = server.connect(&id).await;
        app.call("run", ()).await.unwrap();
        server.serves().await;
        drop(app);
        // It waits for what runs.
        tokio::time::timeout(PATIENCE, server.conductor.shut_down()).await.expect("the signals end");
    });
}

/// Case: "all fuel consumed", at a tenth of what `holochain` 0.7.1 lets a function run.
#[tokio::test]
async fn two_hundred_million_turns_are_run() {
    let server = Server::with(Config::default()).await;
    let count = "(local $left i32) (local.set $left (i32.const 200000000))
        (loop $on (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))";
    let app = server.app("", &function(&format!("{count} {GOOD}"))).await;
    app.call("run", ()).await.unwrap();
    server.conductor.shut_down().await;
}

/// With so little of everything that not even the types can be asked for.
#[tokio::test]
async fn a_conductor_without_fuel_or_memory_refuses_apps_and_lives() {
    for limits in [Limits::default().with_fuel(NonZeroU64::MIN), Limits::default().with_memory(1)] {
        let conductor = DevConductor::start_with(Config::default().with_limits(limits)).await.unwrap();
        let entry_defs = format!(r#"(func (export "entry_defs") (param i32 i32) (result i64) {GOOD})"#);
        let dna = Dna::with_integrity(&module("", &entry_defs));
        let error = conductor.install(zome::app("starved", &[dna]), None).await.unwrap_err();
        assert!(matches!(error, ham_devconductor::InstallError::Genesis { .. }), "{error:?}");
        conductor.shut_down().await;
    }
}
