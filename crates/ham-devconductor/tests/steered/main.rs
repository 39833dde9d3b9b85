//! A conductor that is steered while zomes run, some of them for ever: saved, put back, given other code.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[path = "../day/ticking.rs"]
mod ticking;
#[expect(dead_code, reason = "the hostile suite uses the rest")]
#[path = "../hostile/zome.rs"]
mod zome;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use ham_devconductor::{Config, DevConductor, Event, Limits, MAX_RUNS, Observer, Outcome, PassLimit, Watch};
use holochain_client::AdminWebsocket;
use holochain_types::app::{CoordinatorSource, UpdateCoordinatorsPayload};
use holochain_types::dna::{CoordinatorBundle, CoordinatorManifest};
use holochain_types::prelude::{CellId, ExternIO, Timestamp};
use mr_bundle::Bundle;
use ticking::ticking;
use tracing::field::{Field, Visit};
use tracing::{Level, Metadata, Subscriber, span};

mod support {
    use super::{AtomicUsize, Ordering};

    /// No two apps are one.
    pub(crate) fn fresh_name() -> String {
        static NAMES: AtomicUsize = AtomicUsize::new(0);
        format!("app {}", NAMES.fetch_add(1, Ordering::Relaxed))
    }
}

/// How long anything may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(60);

const SCHEDULE: &str = r#"(import "env" "__hc__schedule_1" (func $schedule (param i32 i32) (result i64)))"#;

const ENDLESS: &str = "(loop $again (br $again)) (unreachable)";

/// What this process logs as an error, but for upstream's words of zomes that are not there.
static ERRORS: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Errors;

impl Subscriber for Errors {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR && !metadata.target().starts_with("holochain_zome_types")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut words = Words(event.metadata().target().to_owned());
        event.record(&mut words);
        ERRORS.lock().unwrap_or_else(PoisonError::into_inner).push(words.0);
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!(" {field}={value:?}");
    }
}

/// A conductor with an app of one cell, whose coordinator zome has these functions.
async fn started(functions: &str) -> (DevConductor, Observer, CellId) {
    started_with(Config::default(), "", functions).await
}

async fn started_with(config: Config, imports: &str, functions: &str) -> (DevConductor, Observer, CellId) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Errors).unwrap());
    let conductor = DevConductor::start_with(config).await.unwrap();
    let dna = zome::Dna::with_coordinator(&zome::module(imports, functions));
    conductor.install(zome::app("steered", &[dna]), None).await.unwrap();
    let observer = conductor.observer();
    let cell = observer.running().unwrap().remove(0);
    (conductor, observer, cell)
}

async fn must<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it happens")
}

async fn call(observer: &Observer, cell: &CellId, zome: &str, function: &str) -> Outcome {
    let nothing = ExternIO::encode(()).unwrap().into_vec();
    must(observer.call(cell, zome, function, nothing)).await.unwrap().1
}

/// Once this has happened.
async fn told(watch: &mut Watch, wanted: impl Fn(&Event) -> bool) {
    let happens = async { while !wanted(&watch.next().await.unwrap().unwrap().event) {} };
    must(happens).await;
}

/// Once a call of this function has begun.
async fn begun(watch: &mut Watch, wanted: &str) {
    told(watch, |event| matches!(event, Event::Began { function, .. } if function.0 == wanted)).await;
}

fn no_errors() {
    assert_eq!(*ERRORS.lock().unwrap(), [""; 0]);
}

/// Case: everybody was stopped for ten seconds, and then it failed.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_runs_for_long_holds_up_no_snapshot_and_is_cut_off_by_a_revert() {
    let (conductor, observer, cell) = started(&zome::function(ENDLESS)).await;
    assert!(matches!(call(&observer, &cell, "zome", "good").await, Outcome::Answered(_)));
    let mut watch = observer.watch().unwrap();
    let steering = async {
        begun(&mut watch, "run").await;
        let snapshot = must(conductor.snapshot()).await.unwrap();
        assert!(matches!(call(&observer, &cell, "zome", "good").await, Outcome::Answered(_)));
        must(conductor.revert(&snapshot)).await.unwrap();
        assert!(matches!(call(&observer, &cell, "zome", "good").await, Outcome::Answered(_)));
    };
    let (cut, ()) = tokio::join!(call(&observer, &cell, "zome", "run"), steering);
    let Outcome::Failed { text, .. } = cut else { panic!("{cut:?}") };
    // Clients tell by these words, at the start, that no zome and no payload is at fault.
    assert_eq!(text, "The call was cut off: the conductor goes back to a snapshot");
    no_errors();
    conductor.shut_down().await;
}

/// Case: `post_commit` of earlier calls ran on in the old state, and logged errors.
#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_call_has_ended_before_anything_goes_back() {
    let post_commit = format!(r#"(func (export "post_commit") (param i32 i32) (result i64) {ENDLESS})"#);
    let (conductor, observer, cell) = started(&post_commit).await;
    let snapshot = must(conductor.snapshot()).await.unwrap();
    for _ in 0..5 {
        // The first call commits `init`, which `post_commit` follows.
        assert!(matches!(call(&observer, &cell, "zome", "good").await, Outcome::Answered(_)));
        must(conductor.revert(&snapshot)).await.unwrap();
        let chain = must(observer.chain(&cell)).await.unwrap();
        assert_eq!(chain.len(), 3, "its genesis");
    }
    must(conductor.shut_down()).await;
    no_errors();
}

/// The coordinator zomes of these names.
fn coordinators(names: &[&str]) -> CoordinatorBundle {
    let manifest = CoordinatorManifest { zomes: names.iter().map(|name| zome::zome(name)).collect() };
    let code = zome::compile(&zome::module("", ""));
    let resources = names.iter().map(|name| (format!("{name}.wasm"), code.clone().into()));
    Bundle::new(manifest, resources.collect::<Vec<_>>()).unwrap().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn coordinators_that_are_replaced_go_and_those_that_are_updated_stay() {
    let (conductor, observer, cell) = started("").await;
    let zomes = || {
        let zomes = observer.zomes(&cell).unwrap().into_iter().filter(|zome| !zome.is_integrity);
        zomes.map(|zome| zome.name.0.into_owned()).collect::<Vec<_>>()
    };
    let admin = AdminWebsocket::connect(conductor.admin_address(), None).await.unwrap();
    let source = CoordinatorSource::Bundle(Box::new(coordinators(&["first", "second"])));
    let payload = UpdateCoordinatorsPayload { cell_id: cell.clone(), source };
    must(admin.update_coordinators(payload)).await.unwrap();
    assert_eq!(zomes(), ["zome", "first", "second"]);
    must(conductor.replace_coordinators(&cell, coordinators(&["second", "first"]))).await.unwrap();
    assert_eq!(zomes(), ["second", "first"]);
    assert!(matches!(call(&observer, &cell, "first", "good").await, Outcome::Answered(_)));
    let gone = call(&observer, &cell, "zome", "good").await;
    assert!(matches!(&gone, Outcome::Failed { text, .. } if text.contains("zome")), "{gone:?}");
    conductor.shut_down().await;
}

/// Case: its next run was told by the clock as it had been, and it slept until then, also in the next conductor.
#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_wakes_where_the_clock_has_gone_back() {
    let home = tempfile::tempdir().unwrap();
    let (imports, functions) = ticking("* * * * * * *");
    let config = Config::default().with_data(home.path());
    let (conductor, observer, cell) = started_with(config, imports, &functions).await;
    let mut watch = observer.watch().unwrap();
    let ticks = async |watch: &mut Watch, times: usize| {
        for _ in 0..times {
            told(watch, |event| matches!(event, Event::Signal { .. })).await;
        }
    };
    assert!(matches!(call(&observer, &cell, "zome", "run").await, Outcome::Answered(_)));
    ticks(&mut watch, 1).await;
    let days = Duration::from_secs(10 * 86_400);
    for forward in [true, false, true] {
        if forward {
            conductor.advance_clock(days).unwrap();
        } else {
            conductor.reset_clock();
        }
        // One may have begun before. The last of these was scheduled by the clock as it is now.
        ticks(&mut watch, 3).await;
    }
    let conductor = must(conductor.restart()).await.unwrap();
    ticks(&mut conductor.observer().watch().unwrap(), 2).await;
    no_errors();
    conductor.shut_down().await;
}

/// Case: an hour went by, and nothing that was due each ten minutes of it ran.
#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due_while_time_passes_runs() {
    const MINUTES: Duration = Duration::from_secs(600);
    let (imports, functions) = ticking("0 */10 * * * * *");
    let (conductor, observer, cell) = started_with(Config::default(), imports, &functions).await;
    // A full hour, ahead of the system's clock, and a moment.
    let (hour, step) = (6 * MINUTES.as_micros() as i64, MINUTES.as_micros() as i64);
    let full = (Timestamp::now().as_micros() / hour + 2) * hour;
    conductor.freeze_clock(Some(Timestamp::from_micros(full + 1))).unwrap();
    let mut watch = observer.watch().unwrap();
    assert!(matches!(call(&observer, &cell, "zome", "run").await, Outcome::Answered(_)));
    // At once, for the first time.
    told(&mut watch, |event| matches!(event, Event::Signal { .. })).await;
    let passed = must(conductor.pass_time(6 * MINUTES)).await.unwrap();
    let tick = ("zome".to_owned(), "tick".to_owned());
    assert_eq!((passed.runs.get(&tick), passed.skipped), (Some(&6), None), "{passed:?}");
    assert_eq!(conductor.clock().0, Timestamp::from_micros(full + hour + 1));
    assert_eq!(must(conductor.pass_time(Duration::from_secs(1))).await.unwrap().runs.len(), 0);

    // More than may run.
    let passed = must(conductor.pass_time(MINUTES * 2_000)).await.unwrap();
    let ran = passed.runs[&tick];
    assert!(ran <= MAX_RUNS, "{passed:?}");
    let first = full + hour + (ran as i64 + 1) * step;
    let skipped = passed.skipped.unwrap();
    assert_eq!(skipped.from, Timestamp::from_micros(first));
    // On a slow machine they take too long.
    let limit = if ran == MAX_RUNS { PassLimit::Runs } else { PassLimit::Time };
    assert_eq!(skipped.limit, limit, "{passed:?}");
    assert_eq!(conductor.clock().0, Timestamp::from_micros(full + hour + 2_000 * step + 1_000_001));
    no_errors();
    conductor.shut_down().await;
}

/// Case: what followed a call, or was scheduled, ran on for five minutes, and failed where its store had been.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_client_waits_for_ends_with_its_app() {
    let post_commit = format!(r#"(func (export "post_commit") (param i32 i32) (result i64) {ENDLESS})"#);
    let tick = format!(
        r#"(data (i32.const 1024) "\a4tick") (func (export "tick") (param i32 i32) (result i64) {ENDLESS}) {}"#,
        zome::function(&format!("(drop (call $schedule (i32.const 1024) (i32.const 5))) {}", zome::GOOD))
    );
    for (imports, functions) in
        [("", format!("{post_commit}{}", zome::function(zome::GOOD))), (SCHEDULE, tick)]
    {
        let (conductor, observer, cell) = started_with(Config::default(), imports, &functions).await;
        let admin = AdminWebsocket::connect(conductor.admin_address(), None).await.unwrap();
        let mut watch = observer.watch().unwrap();
        assert!(matches!(call(&observer, &cell, "zome", "run").await, Outcome::Answered(_)));
        if imports == SCHEDULE {
            begun(&mut watch, "tick").await;
        }
        must(admin.uninstall_app("steered".to_owned(), false)).await.unwrap();
        // It waits for what runs.
        must(conductor.shut_down()).await;
    }
    no_errors();
}

/// It failed because its cell was stopped, and was scheduled no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_function_that_is_stopped_with_its_app_runs_again_with_it() {
    let functions = format!(
        r#"(data (i32.const 1024) "\a4tick") (func (export "tick") (param i32 i32) (result i64) {ENDLESS}) {}"#,
        zome::function(&format!("(drop (call $schedule (i32.const 1024) (i32.const 5))) {}", zome::GOOD))
    );
    let config = Config::default().with_limits(Limits::default().with_time(Duration::from_secs(5)));
    let (conductor, observer, cell) = started_with(config, SCHEDULE, &functions).await;
    let admin = AdminWebsocket::connect(conductor.admin_address(), None).await.unwrap();
    let mut watch = observer.watch().unwrap();
    assert!(matches!(call(&observer, &cell, "zome", "run").await, Outcome::Answered(_)));
    begun(&mut watch, "tick").await;
    must(admin.disable_app("steered".to_owned())).await.unwrap();
    must(admin.enable_app("steered".to_owned())).await.unwrap();
    begun(&mut watch, "tick").await;
    // Else it would end by its bound, which is logged.
    let snapshot = must(conductor.snapshot()).await.unwrap();
    must(conductor.revert(&snapshot)).await.unwrap();
    conductor.shut_down().await;
}
