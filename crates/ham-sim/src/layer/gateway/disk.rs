//! A disk whose power fails: what was not synced is lost or torn, in any order.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;
use tokio::sync::Notify;

use crate::dice::Stream;

/// A disk with a cache that can be lost. A copy is the same disk.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    platters: Arc<Mutex<Platters>>,
    died: Arc<Notify>,
}

#[derive(Debug)]
struct Platters {
    /// What survives whatever happens.
    synced: Vec<u8>,
    /// What a reader sees.
    cached: Vec<u8>,
    /// Sectors that were written since the last sync. Which writes came first is up to the journal, and makes no difference.
    dirty: BTreeMap<usize, ()>,
    /// How many more syncs succeed before the power fails, in the middle of the next one.
    power: usize,
    outage: Option<Outage>,
    failed: bool,
    is_dead: bool,
}

/// Errors of a disk that works again later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    /// How many syncs come before it.
    pub(super) after: usize,
    /// How many syncs fail.
    pub(super) many: usize,
    /// Whether the system forgets what was not synced, as some systems do after an error.
    pub(super) forgets: bool,
}

impl Disk {
    pub(super) fn new(image: Vec<u8>, power: usize, outage: Option<Outage>) -> Self {
        let (synced, dirty) = (image.clone(), BTreeMap::new());
        let platters =
            Platters { synced, cached: image, dirty, power, outage, failed: false, is_dead: false };
        Self { platters: Arc::new(Mutex::new(platters)), died: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Platters> {
        self.platters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_dead(&self) -> bool {
        self.lock().is_dead
    }

    /// Whether it had errors.
    pub(super) fn has_failed(&self) -> bool {
        self.lock().failed
    }

    /// Resolves when the power has failed.
    pub(super) async fn died(&self) {
        while !self.is_dead() {
            self.died.notified().await;
        }
    }

    /// What is found after a process ends: the system has what the process wrote.
    pub(super) fn whole(&self) -> Vec<u8> {
        self.lock().cached.clone()
    }

    /// What is found after the power failed: each sector that was not synced is either there or not.
    pub(super) fn torn(&self, dice: &mut Stream) -> Vec<u8> {
        let platters = self.lock();
        let mut image = platters.synced.clone();
        let (lost, kept) = (dice.one_in(4), dice.one_in(4));
        if !lost && image.len() != platters.cached.len() {
            image.resize(platters.cached.len(), 0);
        }
        for sector in platters.dirty.keys() {
            // Drawn for each, so that the order of writes makes no difference.
            let is_there = dice.percent(50);
            let at = sector * SECTOR;
            let end = (at + SECTOR).min(platters.cached.len()).min(image.len());
            if !lost && (kept || is_there) && at < end {
                image[at..end].copy_from_slice(&platters.cached[at..end]);
            }
        }
        image
    }

    fn powered<T>(&self, what: impl FnOnce(&mut Platters) -> T) -> io::Result<T> {
        let mut platters = self.lock();
        if platters.is_dead {
            return Err(io::Error::other("no power"));
        }
        Ok(what(&mut platters))
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.powered(|platters| platters.cached.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let at = index(offset);
        self.powered(|platters| {
            let bytes = platters.cached.get(at..at + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            out.copy_from_slice(bytes);
            Ok(())
        })?
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.powered(|platters| platters.cached.resize(index(len), 0))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut platters = self.lock();
        if platters.is_dead || platters.power == 0 {
            platters.is_dead = true;
            drop(platters);
            self.died.notify_one();
            return Err(io::Error::other("no power"));
        }
        platters.power -= 1;
        if let Some(outage) = &mut platters.outage {
            if outage.after > 0 {
                outage.after -= 1;
            } else if outage.many > 0 {
                outage.many -= 1;
                let forgets = outage.forgets;
                platters.failed = true;
                if forgets {
                    platters.cached = platters.synced.clone();
                    platters.dirty.clear();
                }
                return Err(io::Error::other("it does not answer"));
            }
        }
        let Platters { synced, cached, dirty, .. } = &mut *platters;
        synced.resize(cached.len(), 0);
        for sector in std::mem::take(dirty).into_keys() {
            let at = sector * SECTOR;
            let end = (at + SECTOR).min(cached.len());
            if at < end {
                synced[at..end].copy_from_slice(&cached[at..end]);
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let at = index(offset);
        self.powered(|platters| {
            let end = at + data.len();
            if platters.cached.len() < end {
                platters.cached.resize(end, 0);
            }
            platters.cached[at..end].copy_from_slice(data);
            for sector in at / SECTOR..end.div_ceil(SECTOR) {
                platters.dirty.insert(sector, ());
            }
        })
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

const SECTOR: usize = 512;
