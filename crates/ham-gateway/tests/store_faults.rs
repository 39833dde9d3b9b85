//! The outbox on a disk with errors: at each write and each sync of a script, what was acknowledged is there, what was not is there or
//! is not, and the outbox goes on by itself.

#[path = "support/outbox.rs"]
mod memory;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ham_gateway::outbox::machine::{Input, SendEnded};
use ham_gateway::outbox::{Accepted, Call, CallId, Limits, Opened, Store, StoreError, Writer};
use redb::StorageBackend;

use memory::call;

/// A disk, and the system's memory before it. A copy is the same disk.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<Platters>>);

#[derive(Clone, Debug, Default)]
struct Platters {
    synced: Vec<u8>,
    cached: Vec<u8>,
    writes: usize,
    syncs: usize,
    fault: Option<Fault>,
}

/// From the nth on, so many fail.
#[derive(Clone, Copy, Debug)]
struct Fault {
    at: At,
    many: usize,
    leaves: Leaves,
}

#[derive(Clone, Copy, Debug)]
enum At {
    Write(usize),
    Sync(usize),
}

/// What of it is there after the error.
#[derive(Clone, Copy, Debug)]
enum Leaves {
    Nothing,
    Everything,
    /// Nothing, and the system forgets what it had in its memory, as after a sync that failed.
    OnlyTheSynced,
}

impl Disk {
    fn lock(&self) -> MutexGuard<'_, Platters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn again(&self) -> impl FnMut() -> io::Result<Self> + Send + 'static {
        let disk = self.clone();
        move || Ok(disk.clone())
    }
}

impl Platters {
    /// Does it, or fails as it is to.
    fn does(&mut self, fails: bool, what: impl FnOnce(&mut Self)) -> io::Result<()> {
        let Some(fault) = self.fault.filter(|_| fails) else {
            what(self);
            return Ok(());
        };
        match fault.leaves {
            Leaves::Nothing => {}
            Leaves::Everything => what(self),
            Leaves::OnlyTheSynced => self.cached.clone_from(&self.synced),
        }
        Err(io::ErrorKind::StorageFull.into())
    }

    fn change(&mut self, what: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let nth = self.writes;
        self.writes += 1;
        let fails =
            |fault: Fault| matches!(fault.at, At::Write(first) if (first..first + fault.many).contains(&nth));
        self.does(self.fault.is_some_and(fails), |platters| what(&mut platters.cached))
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().cached.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        memory::read(&self.lock().cached, offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.lock().change(|bytes| bytes.resize(memory::index(len), 0))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut platters = self.lock();
        let nth = platters.syncs;
        platters.syncs += 1;
        let fails =
            |fault: Fault| matches!(fault.at, At::Sync(first) if (first..first + fault.many).contains(&nth));
        let fails = platters.fault.is_some_and(fails);
        platters.does(fails, |platters| platters.synced.clone_from(&platters.cached))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.lock().change(|bytes| memory::write(bytes, memory::index(offset), data))
    }
}

fn after(mut call: Call, inputs: &[Input]) -> Call {
    for input in inputs {
        call.record.step(*input).expect("it fits");
    }
    call.keep_until = call.record.is_settled().then_some(i64::MAX);
    call
}

/// In bytes.
const PAYLOAD: usize = 5_000;

/// What a script has been told is there.
type Told = BTreeMap<CallId, Call>;

/// Accepts, signs, settles and forgets calls.
async fn script(store: &Store) -> Result<Told, StoreError> {
    let mut told = Told::new();
    let signed = [Input::Turn, Input::Signed];
    let answered = Input::SendEnded(SendEnded::Answered);
    let [paid, late, swept] = ["inv-1", "inv-2", "inv-3"].map(|key| call(key, PAYLOAD));
    for call in [&paid, &late, &swept] {
        assert!(matches!(store.accept(call.clone()).await?, Accepted::New));
        told.insert(call.id, call.clone());
    }
    for next in [after(paid.clone(), &signed), after(paid, &[signed[0], signed[1], answered])] {
        store.write(next.clone()).await?;
        told.insert(next.id, next);
    }
    let late = after(late, &[Input::TimeOver]);
    store.release(late.clone()).await?;
    told.insert(late.id, late);
    let mut forgotten = after(swept, &[signed[0], signed[1], answered]);
    forgotten.keep_until = Some(5);
    store.write(forgotten.clone()).await?;
    assert_eq!(store.sweep(5).await?, 1);
    told.remove(&forgotten.id);
    let again = call("inv-2", PAYLOAD);
    assert!(matches!(store.accept(again.clone()).await?, Accepted::New), "its key is free");
    told.insert(again.id, again);
    Ok(told)
}

/// Writes as its thread does, but for the pauses; answers how often the disk failed.
async fn write(mut writer: Writer) -> usize {
    let mut failed = 0;
    while writer.gather().await {
        while writer.commit().is_some() {
            failed += 1;
            assert!(failed < 1_000, "it does not open again");
        }
        writer.answer();
    }
    failed
}

/// The records in memory and on disk are those that were told.
fn is_as_told(store: &Store, open: Option<&[Call]>, told: &Told, what: &str) {
    for (id, call) in told {
        let found = store.get(*id).expect(what).unwrap_or_else(|| panic!("{what}: {id} is gone"));
        assert_eq!(found.record, call.record, "{what}");
        if let Some(open) = open {
            assert_eq!(open.iter().any(|open| open.id == *id), !call.record.is_settled(), "{what}");
        }
    }
    assert_eq!(store.meter().held().records, told.len() as u64, "{what}");
}

/// Runs the script on a disk with this fault; answers how many writes and syncs it took.
fn run(runtime: &tokio::runtime::Runtime, young: &Platters, fault: Option<Fault>) -> (usize, usize) {
    let what = format!("{fault:?}");
    let disk = Disk(Arc::new(Mutex::new(young.clone())));
    let (Opened { store, .. }, writer) =
        Store::open_apart(disk.again(), Limits::default()).expect("it opens");
    let (writes, syncs) = {
        let mut platters = disk.lock();
        platters.fault = fault;
        (std::mem::take(&mut platters.writes), std::mem::take(&mut platters.syncs))
    };
    assert!(writes > 0 && syncs > 0);
    let ((told, took), failed) = runtime.block_on(async {
        let scripted = async {
            let told = script(&store).await.unwrap_or_else(|error| panic!("{what}: {error}"));
            is_as_told(&store, None, &told, &what);
            assert!(store.away().is_none(), "{what}");
            // What is written when it is closed comes after what was told, and its errors are nobody's.
            let Platters { writes, syncs, .. } = disk.lock().clone();
            drop(store);
            (told, (writes, syncs))
        };
        tokio::join!(scripted, write(writer))
    });
    assert_eq!(failed > 0, fault.is_some(), "{what}");
    // The power fails after that: what was told is on the disk and not in the memory before it.
    let synced = disk.lock().synced.clone();
    let after =
        Disk(Arc::new(Mutex::new(Platters { cached: synced.clone(), synced, ..Platters::default() })));
    let Opened { store, open } = Store::open_on(after.again(), Limits::default())
        .unwrap_or_else(|error| panic!("{what}: it does not open: {error}"));
    is_as_told(&store, Some(&open), &told, &what);
    took
}

#[test]
fn after_an_error_at_any_write_or_sync_the_outbox_goes_on_and_nothing_is_lost() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let disk = Disk::default();
    drop(Store::open_on(disk.again(), Limits::default()).expect("it is made"));
    let young = Platters { writes: 0, syncs: 0, ..disk.lock().clone() };
    let (writes, syncs) = run(&runtime, &young, None);
    assert!(writes > 20 && syncs > 8, "{writes} writes and {syncs} syncs");
    let at = (0..writes).map(At::Write).chain((0..syncs).map(At::Sync));
    for at in at {
        for many in [1, 7] {
            for leaves in [Leaves::Nothing, Leaves::Everything, Leaves::OnlyTheSynced] {
                run(&runtime, &young, Some(Fault { at, many, leaves }));
            }
        }
    }
}

/// A disk that never answers looked like one with nothing to do, and the watchdog was fed.
#[test]
fn a_disk_that_hangs_is_seen() {
    let disk = Disk::default();
    let store = Store::open_on(disk.again(), Limits::default()).expect("it is made").store;
    assert_eq!(store.meter().busy_for(), std::time::Duration::ZERO);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let hangs = disk.lock();
    runtime.block_on(async {
        let accepting = store.accept(call("inv-1", PAYLOAD));
        let seen = async {
            while store.meter().busy_for().is_zero() {
                tokio::task::yield_now().await;
            }
            drop(hangs);
        };
        let (accepted, ()) = tokio::join!(accepting, seen);
        assert!(matches!(accepted, Ok(Accepted::New)));
    });
    assert!(store.meter().busy_for().is_zero() && !store.is_dead());
}
