//! The newest items of some kind, bounded in number and in bytes.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A value that takes memory.
pub(crate) trait Size {
    /// Roughly how many bytes, determined without looking at each of them.
    fn bytes(&self) -> usize;
}

/// Values by name, in order of arrival. The oldest are dropped first.
#[derive(Debug)]
pub(crate) struct Newest<K, V> {
    order: VecDeque<K>,
    values: HashMap<K, V>,
    bytes: usize,
    most: usize,
    most_bytes: usize,
}

impl<K: Copy + Eq + Hash, V: Size> Newest<K, V> {
    pub(crate) fn new(most: usize, most_bytes: usize) -> Self {
        Self { order: VecDeque::new(), values: HashMap::new(), bytes: 0, most, most_bytes }
    }

    pub(crate) fn push(&mut self, name: K, value: V) {
        self.bytes += value.bytes();
        self.order.push_back(name);
        self.values.insert(name, value);
        self.trim();
    }

    pub(crate) fn get(&self, name: &K) -> Option<&V> {
        self.values.get(name)
    }

    /// Changes a kept value, which may make it too large to be kept.
    pub(crate) fn change<T>(&mut self, name: &K, change: impl FnOnce(&mut V) -> T) -> Option<T> {
        let value = self.values.get_mut(name)?;
        let before = value.bytes();
        let changed = change(value);
        self.bytes = self.bytes - before + value.bytes();
        self.trim();
        Some(changed)
    }

    /// All of them, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (K, &V)> {
        self.order.iter().filter_map(|name| Some((*name, self.values.get(name)?)))
    }

    fn trim(&mut self) {
        while self.order.len() > self.most || self.bytes > self.most_bytes {
            let Some(oldest) = self.order.pop_front() else { break };
            self.bytes -= self.values.remove(&oldest).map_or(0, |value| value.bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Size for String {
        fn bytes(&self) -> usize {
            self.len()
        }
    }

    fn names(newest: &Newest<u8, String>) -> Vec<u8> {
        newest.iter().map(|(name, _)| name).collect()
    }

    /// Case: 420 calls with arguments of 32 KiB took 2.2 GB: only their number was bounded.
    #[test]
    fn the_oldest_go_by_number_and_by_bytes() {
        let mut newest = Newest::new(3, 10);
        for name in 0..5 {
            newest.push(name, "x".to_owned());
        }
        assert_eq!(names(&newest), [2, 3, 4]);
        newest.push(5, "x".repeat(9));
        assert_eq!(names(&newest), [4, 5]);
        assert_eq!(newest.change(&4, |value| value.push_str("xx")), Some(()));
        assert_eq!(names(&newest), [5]);
        assert_eq!(newest.change(&4, |_| ()), None);
        newest.push(6, "x".repeat(11));
        assert_eq!((names(&newest), newest.bytes), (vec![], 0));
    }
}
