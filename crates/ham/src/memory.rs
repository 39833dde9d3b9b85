//! What the connections of one process share.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// What the connections of one process share, so that a service that reconnects by making a new client does not write a grant each
/// time. Clones are the same memory.
///
/// # Default
/// The process's own memory, which lives as long as the process. Bounded by the conductors, apps and cells it has ever talked to.
#[derive(Clone)]
pub struct ProcessMemory {
    kept: Arc<Mutex<Kept>>,
}

/// By type and name. Each caller keeps a type of its own here, which this file need not know.
type Kept = BTreeMap<(TypeId, String), Arc<dyn Any + Send + Sync>>;

impl ProcessMemory {
    /// A memory separate from the process's: a simulated process has one.
    ///
    /// **Hazardous elsewhere.** Connections with different memories do not know of each other: each writes its own grant unless a
    /// credential file tells it of the other's.
    pub fn apart() -> Self {
        Self { kept: Arc::default() }
    }

    /// What is kept under this name, created on first use.
    pub(crate) fn of<T: Any + Default + Send + Sync>(&self, name: String) -> Arc<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.entry((TypeId::of::<T>(), name)).or_insert_with(|| Arc::new(T::default()));
        // The key holds the type, so it is one of these.
        place.clone().downcast().unwrap_or_default()
    }
}

impl Default for ProcessMemory {
    fn default() -> Self {
        static PROCESS: LazyLock<ProcessMemory> = LazyLock::new(ProcessMemory::apart);
        PROCESS.clone()
    }
}

impl fmt::Debug for ProcessMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is kept includes keys.
        f.debug_struct("ProcessMemory").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn connections_of_one_process_share_and_others_do_not() {
        let (one, other) = (ProcessMemory::apart(), ProcessMemory::apart());
        one.clone().of::<AtomicU32>("a".into()).store(1, Ordering::Relaxed);
        let read =
            |memory: &ProcessMemory, name: &str| memory.of::<AtomicU32>(name.into()).load(Ordering::Relaxed);
        assert_eq!((read(&one, "a"), read(&one, "b"), read(&other, "a")), (1, 0, 0));
        assert!(Arc::ptr_eq(&ProcessMemory::default().kept, &ProcessMemory::default().kept));
    }
}
