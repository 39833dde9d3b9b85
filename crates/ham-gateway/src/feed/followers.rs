//! How many connections of each key follow something.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many connections of each key follow something. Bounded by the number of keys.
#[derive(Debug, Default)]
pub(super) struct Followers(Mutex<BTreeMap<String, usize>>);

impl Followers {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self) -> BTreeMap<String, usize> {
        self.lock().clone()
    }

    /// Counts one more for this key, until the returned value is dropped.
    pub(super) fn one_more(followers: &Arc<Self>, key: &str) -> Follower {
        *followers.lock().entry(key.to_owned()).or_default() += 1;
        Follower { followers: Arc::clone(followers), key: key.to_owned() }
    }
}

/// One of them.
#[derive(Debug)]
pub(super) struct Follower {
    followers: Arc<Followers>,
    key: String,
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut followers = self.followers.lock();
        if let Some(count) = followers.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                followers.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_left_are_not_counted() {
        let followers = Arc::default();
        let (one, _other) = (Followers::one_more(&followers, "A"), Followers::one_more(&followers, "B"));
        let more = Followers::one_more(&followers, "A");
        assert_eq!(followers.count(), BTreeMap::from([("A".into(), 2), ("B".into(), 1)]));
        drop((one, more));
        assert_eq!(followers.count(), BTreeMap::from([("B".into(), 1)]));
    }
}
