//! The outbox on a disk that loses its power: what was not synced is lost, reordered or torn, and what was acknowledged is there.

#[path = "support/outbox.rs"]
mod memory;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ham_gateway::outbox::machine::{Input, SendEnded};
use ham_gateway::outbox::{Accepted, Call, CallId, Limits, Opened, Store};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use redb::StorageBackend;

/// A disk with a cache that is lost. A copy is the same disk.
#[derive(Clone, Debug)]
struct Disk(Arc<Mutex<Platters>>);

#[derive(Debug, Default)]
struct Platters {
    /// What is there whatever happens.
    synced: Vec<u8>,
    /// What whoever reads sees.
    cached: Vec<u8>,
    /// What is between the two, in the order in which it was asked for.
    under_way: Vec<Change>,
    /// How much more is done before the power fails.
    power: usize,
}

#[derive(Clone, Debug)]
enum Change {
    Bytes { at: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(length) => bytes.resize(*length, 0),
            Self::Bytes { at, bytes: written } => memory::write(bytes, *at, written),
        }
    }
}

impl Disk {
    fn new(image: Vec<u8>, power: usize) -> Self {
        let platters = Platters { synced: image.clone(), cached: image, under_way: Vec::new(), power };
        Self(Arc::new(Mutex::new(platters)))
    }

    fn platters(&self) -> MutexGuard<'_, Platters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does one thing, if there is power.
    fn powered(&self, what: impl FnOnce(&mut Platters)) -> io::Result<()> {
        let mut platters = self.platters();
        platters.power = platters.power.checked_sub(1).ok_or_else(|| io::Error::other("no power"))?;
        what(&mut platters);
        Ok(())
    }

    /// What is found after the power failed: of what was not synced each part may be there, be missing, or be torn where a
    /// sector ends; later parts may be there without earlier ones.
    fn image(&self, random: &mut StdRng) -> Vec<u8> {
        let platters = self.platters();
        let mut image = platters.synced.clone();
        for change in &platters.under_way {
            match (random.random_range(0..3_u8), change) {
                (0, _) => {}
                (1, Change::Bytes { at, bytes }) if bytes.len() > SECTOR => {
                    let sectors = random.random_range(0..=bytes.len() / SECTOR);
                    let torn = bytes[..sectors * SECTOR].to_vec();
                    Change::Bytes { at: *at, bytes: torn }.apply(&mut image);
                }
                (_, change) => change.apply(&mut image),
            }
        }
        image
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.platters().cached.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        memory::read(&self.platters().cached, offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(Change::Length(memory::index(len)))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.powered(|platters| {
            for change in std::mem::take(&mut platters.under_way) {
                change.apply(&mut platters.synced);
            }
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(Change::Bytes { at: memory::index(offset), bytes: data.to_vec() })
    }
}

impl Disk {
    fn change(&self, change: Change) -> io::Result<()> {
        self.powered(|platters| {
            change.apply(&mut platters.cached);
            platters.under_way.push(change);
        })
    }
}

/// Opens it, as often as it is asked to.
fn again(disk: &Disk) -> impl FnMut() -> io::Result<Disk> + Send + 'static {
    let disk = disk.clone();
    move || Ok(disk.clone())
}

const SECTOR: usize = 512;

/// Accepts, signs and settles calls until the power fails; answers what was acknowledged, and what was under way.
async fn live(store: &Store, random: &mut StdRng) -> (BTreeMap<String, Call>, Option<Call>) {
    let mut acknowledged: BTreeMap<String, Call> = BTreeMap::new();
    // The power fails long before.
    for nth in 0..2_000 {
        let new = acknowledged.is_empty() || random.random_bool(0.4);
        let call = if new {
            memory::call(&format!("inv-{nth}"), 2_000)
        } else {
            let which = random.random_range(0..acknowledged.len());
            let mut call = acknowledged.values().nth(which).expect("it is one of them").clone();
            let next = [Input::Turn, Input::Signed, Input::SendEnded(SendEnded::Answered)];
            for input in next {
                if call.record.step(input).is_some_and(|step| step.commit.is_some()) {
                    break;
                }
            }
            call.keep_until = call.record.is_settled().then_some(i64::MAX);
            call
        };
        let writing = async {
            if new { store.accept(call.clone()).await.map(drop) } else { store.write(call.clone()).await }
        };
        let written = tokio::select! {
            biased;
            written = writing => written.is_ok(),
            () = store.goes_away() => false,
        };
        if !written {
            return (acknowledged, Some(call));
        }
        acknowledged.insert(call.id.to_string(), call);
    }
    (acknowledged, None)
}

#[test]
fn what_is_acknowledged_survives_a_disk_that_tears() {
    let seeds: u64 = std::env::var("HAM_TORN_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for seed in 0..seeds {
        let mut random = StdRng::seed_from_u64(seed);
        // An outbox that stands already, so that the power fails in its life and not in its birth.
        let young = Disk::new(Vec::new(), usize::MAX);
        drop(Store::open_on(again(&young), Limits::default()).expect("it is made"));
        let disk = Disk::new(young.platters().cached.clone(), random.random_range(1..400));
        let opened = Store::open_on(again(&disk), Limits::default());
        let (acknowledged, under_way) = match opened {
            Ok(Opened { store, .. }) => runtime.block_on(live(&store, &mut random)),
            Err(_) => (BTreeMap::new(), None),
        };
        let found = Disk::new(disk.image(&mut random), usize::MAX);
        let Opened { store, open } = Store::open_on(again(&found), Limits::default())
            .unwrap_or_else(|error| panic!("seed {seed}: it does not open again: {error}"));
        for call in acknowledged.values() {
            let found = store.get(call.id).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            let found =
                found.unwrap_or_else(|| panic!("seed {seed}: {} was acknowledged and is gone", call.id));
            let newer = under_way.as_ref().filter(|newer| newer.id == call.id).map(|newer| newer.record);
            assert!(
                found.record == call.record || Some(found.record) == newer,
                "seed {seed}: {:?} was acknowledged, {:?} is there",
                call.record,
                found.record
            );
            assert_eq!(
                open.iter().any(|open| open.id == call.id),
                !found.record.is_settled(),
                "seed {seed}: what a start looks at"
            );
            // Its key still belongs to it.
            let again = runtime.block_on(store.accept(Call { id: CallId::fresh(), ..call.clone() }));
            assert!(matches!(again, Ok(Accepted::Known(known)) if known.id == call.id), "seed {seed}");
        }
    }
}
