use super::super::news::Draft;
use super::super::position::Position;
use super::*;

struct Kit {
    history: History,
    at: Position,
}

impl Kit {
    fn new(most: usize, most_bytes: usize) -> Self {
        Self { history: History::new(most, most_bytes), at: Position::start() }
    }

    /// Keeps a block of roughly this many bytes; returns its number.
    fn keep(&mut self, chain_name: &str, bytes: usize) -> u64 {
        self.at = self.at.at(self.at.number() + 1);
        self.history.keep(Arc::new(Draft::block(chain_name, &"x".repeat(bytes)).at(self.at)));
        self.at.number()
    }

    fn kept(&self, chain_name: &str, n: u64) -> Vec<u64> {
        self.history.after(chain_name, n).map(|news| news.at.number()).collect()
    }
}

#[test]
fn the_newest_of_each_chain_are_kept() {
    let mut kit = Kit::new(2, usize::MAX);
    for chain in ["a", "b", "a", "a"] {
        kit.keep(chain, 1);
    }
    assert_eq!((kit.kept("a", 0), kit.history.lost("a")), (vec![3, 4], 1));
    assert_eq!((kit.kept("b", 0), kit.history.lost("b")), (vec![2], 0));
    assert_eq!((kit.kept("a", 3), kit.kept("a", 4), kit.kept("c", 0)), (vec![4], vec![], vec![]));
}

#[test]
fn the_largest_chain_gives_way_first() {
    let mut kit = Kit::new(1000, 40_000);
    kit.keep("small", 10);
    for _ in 0..100 {
        kit.keep("large", 1000);
    }
    assert_eq!(kit.kept("small", 0), [1]);
    let large = kit.kept("large", 0);
    assert!(large.len() > 20 && large.len() < 40, "{large:?}");
    assert_eq!(kit.history.lost("large") + 1, large[0]);
    assert!(kit.history.bytes <= 40_000);
}

/// A chain that was forgotten entirely is not taken for one that never had a message.
#[test]
fn a_chain_of_which_nothing_is_kept_is_known_to_have_lost_something() {
    let mut kit = Kit::new(1000, 5000);
    let first = kit.keep("a", 3000);
    let second = kit.keep("b", 4000);
    assert_eq!((kit.kept("a", 0), kit.kept("b", 0)), (vec![first], vec![]));
    assert_eq!((kit.history.lost("a"), kit.history.lost("b")), (0, second));
    // A new chain may have been forgotten before; nobody knows any more.
    kit.keep("c", 1);
    assert_eq!(kit.history.lost("c"), second);
    let huge = kit.keep("a", 100_000);
    assert_eq!((kit.kept("a", 0), kit.history.lost("a")), (vec![], huge));
    assert!(kit.history.bytes <= 5000);
    assert_eq!(kit.history.sizes.len(), kit.history.chains.len());
}

#[test]
fn no_history_keeps_nothing() {
    let mut kit = Kit::new(0, usize::MAX);
    let n = kit.keep("a", 1);
    assert_eq!((kit.kept("a", 0), kit.history.lost("a"), kit.history.bytes), (vec![], n, 0));
}
