//! What is logged while the outbox cannot be used.

use std::time::Duration;

use tokio::time::Instant;

use super::error::StoreError;
use super::events;
use crate::metrics;

/// Outages of the disk, each from its first error until something is written again. An outage is logged when it begins,
/// at most once a minute while it lasts, and when it is over, however often the file is opened meanwhile.
#[derive(Debug, Default)]
pub(super) struct Outages(Option<Outage>);

#[derive(Debug)]
struct Outage {
    since: Instant,
    said: Instant,
    failures: u64,
}

impl Outages {
    /// The outbox was not written.
    pub(super) fn failed(&mut self, error: &StoreError) {
        let now = Instant::now();
        let Some(outage) = &mut self.0 else {
            metrics::store_up(false);
            self.0 = Some(Outage { since: now, said: now, failures: 1 });
            tracing::error!(event = events::STORE_FAILED, %error, "the outbox cannot be used; the gateway keeps trying");
            return;
        };
        outage.failures += 1;
        if now - outage.said >= SAY_AGAIN {
            outage.said = now;
            let (failures, lasts) = (outage.failures, now - outage.since);
            tracing::error!(event = events::STORE_FAILED, %error, failures, ?lasts, "the outbox still cannot be used");
        }
    }

    /// The outbox was written again.
    pub(super) fn end(&mut self) {
        let Some(Outage { since, failures, .. }) = self.0.take() else { return };
        metrics::store_up(true);
        tracing::info!(event = events::STORE_REOPENED, failures, lasted = ?since.elapsed(), "the outbox can be used again");
    }
}

/// How often a continuing outage is logged.
const SAY_AGAIN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex, OnceLock};

    use redb::StorageBackend;
    use redb::backends::InMemoryBackend;
    use tokio::time::advance;

    use super::*;
    use crate::outbox::disk::Disk;
    use crate::outbox::{Limits, Opened, Store, testing};

    #[tokio::test(start_paused = true)]
    async fn one_that_goes_on_is_said_once_a_minute() {
        let mut outages = Outages::default();
        let mut said = Vec::new();
        let mut last = None;
        for second in 0..=150 {
            outages.failed(&StoreError::Closed);
            let now = outages.0.as_ref().map(|outage| outage.said);
            if now != last {
                said.push(second);
            }
            last = now;
            advance(Duration::from_secs(1)).await;
        }
        assert_eq!(said, [0, 60, 120]);
        assert_eq!(outages.0.as_ref().map(|outage| outage.failures), Some(151));
    }

    /// A disk with no room for a larger file, for this many attempts. A clone is the same disk.
    #[derive(Clone, Debug)]
    struct Full(Arc<Parts>);

    #[derive(Debug, Default)]
    struct Parts {
        disk: InMemoryBackend,
        times: AtomicU64,
        /// The outbox on it, as the gateway sees it.
        outbox: OnceLock<Arc<Disk>>,
        /// How often it was said to be usable when it was not.
        said_usable: AtomicU64,
    }

    impl StorageBackend for Full {
        fn len(&self) -> io::Result<u64> {
            self.0.disk.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.disk.read(offset, out)
        }

        fn set_len(&self, len: u64) -> io::Result<()> {
            let Parts { disk, times, outbox, said_usable } = &*self.0;
            let fails = len > disk.len()?
                && times
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok();
            if !fails {
                return disk.set_len(len);
            }
            let is_usable = outbox.get().is_some_and(|outbox| outbox.away().is_none());
            said_usable.fetch_add(is_usable.into(), Ordering::Relaxed);
            Err(io::ErrorKind::StorageFull.into())
        }

        fn sync_data(&self) -> io::Result<()> {
            self.0.disk.sync_data()
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.0.disk.write(offset, data)
        }
    }

    /// The file can then be opened and changed in place: the log said by turns that the outbox is open again and that
    /// it failed, every five seconds, and in between it was said to be ready.
    #[test]
    fn a_disk_that_is_full_is_said_to_be_once_and_once_that_it_works_again() {
        let disk = Full(Arc::default());
        let again = {
            let disk = disk.clone();
            move || Ok(disk.clone())
        };
        let (Opened { store, .. }, mut writer) = Store::open_apart(again, Limits::default()).unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&log);
        let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(move || Kept(Arc::clone(&kept)));
        let _logged = tracing::subscriber::set_default(lines.finish());
        disk.0.outbox.set(Arc::clone(&store.disk)).unwrap();
        disk.0.times.store(TIMES, Ordering::Relaxed);
        let mut call = testing::call("inv-1");
        call.payload = Some(vec![7; 10 << 20].into());
        let failures = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let write = async {
                assert!(writer.gather().await);
                let failures = std::iter::from_fn(|| writer.commit()).count();
                writer.answer();
                failures
            };
            let (accepted, failures) = tokio::join!(store.accept(call), write);
            accepted.unwrap();
            failures
        });
        assert_eq!(failures as u64, TIMES);
        // Nobody knew before the first error.
        assert_eq!(disk.0.said_usable.load(Ordering::Relaxed), 1);
        assert!(store.away().is_none());
        let logged = String::from_utf8(log.lock().unwrap().clone()).unwrap();
        let said: Vec<_> =
            logged.lines().filter_map(|line| line.split("event=\"").nth(1)?.split('"').next()).collect();
        assert_eq!(said, [events::STORE_FAILED, events::STORE_REOPENED], "{logged}");
        assert!(logged.contains(&format!("failures={TIMES}")), "{logged}");
    }

    const TIMES: u64 = 7;

    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
