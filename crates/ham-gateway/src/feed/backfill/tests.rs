use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;

fn block(seq: u32) -> Block {
    Block::of(&json!({ "hash": format!("uhCkk{seq}"), "seq": seq })).unwrap()
}

fn heights(blocks: &[Block]) -> Vec<u32> {
    blocks.iter().map(|block| block.seq).collect()
}

/// A chain that lists its blocks, and the requests that it got.
#[derive(Clone, Default)]
struct Chain {
    blocks: Arc<Mutex<Vec<u32>>>,
    asked: Arc<Mutex<Vec<Option<u32>>>>,
}

impl Chain {
    fn of(blocks: impl IntoIterator<Item = u32>) -> Self {
        let chain = Self::default();
        chain.grow(blocks);
        chain
    }

    fn grow(&self, blocks: impl IntoIterator<Item = u32>) {
        self.blocks.lock().unwrap().extend(blocks);
    }

    fn asked(&self) -> Vec<Option<u32>> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn backfill(&self) -> Backfill {
        let chain = self.clone();
        Backfill::new(Box::new(move |after| {
            chain.asked.lock().unwrap().push(after);
            let chain = chain.clone();
            Box::pin(async move {
                let blocks = chain.blocks.lock().unwrap();
                Some(match after {
                    None => blocks.last().map(|seq| block(*seq)).into_iter().collect(),
                    Some(after) => {
                        let above = blocks.iter().filter(|seq| **seq > after);
                        above.take(LIMIT as usize).map(|seq| block(*seq)).collect()
                    }
                })
            })
        }))
    }
}

/// Everything that is to be told now.
fn told(backfill: &mut Backfill) -> Vec<u32> {
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let mut told = Vec::new();
    while let Poll::Ready(blocks) = backfill.poll(&mut cx) {
        told.extend(heights(&blocks));
    }
    told
}

#[test]
fn at_the_start_it_learns_the_head_and_tells_nothing() {
    let chain = Chain::of(3..10);
    let mut backfill = chain.backfill();
    assert_eq!((told(&mut backfill), chain.asked()), (vec![], vec![None]));
    assert_eq!(heights(&backfill.came(block(10))), [10]);
    assert_eq!(chain.asked(), []);
}

#[test]
fn after_a_gap_what_was_missed_comes_in_order() {
    let chain = Chain::of(3..10);
    let mut backfill = chain.backfill();
    told(&mut backfill);
    chain.grow(10..15);
    backfill.missed();
    // It comes during the request, and belongs behind the blocks of the answer.
    chain.grow([15]);
    assert_eq!(heights(&backfill.came(block(15))), [0_u32; 0]);
    assert_eq!(told(&mut backfill), [10, 11, 12, 13, 14, 15]);
    assert_eq!(heights(&backfill.came(block(16))), [16]);
}

#[test]
fn a_height_that_jumps_is_asked_about() {
    let chain = Chain::of(3..10);
    let mut backfill = chain.backfill();
    told(&mut backfill);
    chain.grow([10, 12]);
    assert_eq!(heights(&backfill.came(block(12))), [0_u32; 0]);
    assert_eq!(told(&mut backfill), [10, 12]);
    // A jump over sequence numbers that are not blocks loses nothing.
    chain.grow([14]);
    backfill.came(block(14));
    assert_eq!(told(&mut backfill), [14]);
}

#[test]
fn what_comes_before_the_head_is_known_waits_for_it() {
    let chain = Chain::of(3..10);
    let mut backfill = chain.backfill();
    chain.grow(10..13);
    backfill.came(block(10));
    backfill.missed();
    backfill.came(block(12));
    assert_eq!(told(&mut backfill), [10, 11, 12]);
}

/// What was listed before a block came says nothing about what is missing before that block.
#[test]
fn what_comes_while_it_is_asked_waits_for_another_answer() {
    let chain = Chain::of(3..10);
    let mut backfill = chain.backfill();
    told(&mut backfill);
    // The answer is an old one.
    let old = Backfill::new(Box::new(|_| Box::pin(std::future::ready(Some(Vec::new())))));
    let ask = std::mem::replace(&mut backfill.ask, old.ask);
    backfill.missed();
    backfill.ask = ask;
    chain.grow(10..14);
    backfill.came(block(10));
    backfill.missed();
    backfill.came(block(13));
    assert_eq!(told(&mut backfill), [10, 11, 12, 13]);
}

#[test]
fn long_gaps_are_told_page_by_page() {
    let chain = Chain::of(3..4);
    let mut backfill = chain.backfill();
    told(&mut backfill);
    chain.asked();
    chain.grow(4..1000);
    backfill.missed();
    assert_eq!(told(&mut backfill), (4..1000).collect::<Vec<_>>());
    assert_eq!(chain.asked(), [Some(3), Some(259), Some(515), Some(771)]);
}

#[test]
fn a_function_that_cannot_be_asked_holds_nothing_back() {
    let mut backfill = Backfill::new(Box::new(|_| Box::pin(std::future::ready(None))));
    backfill.came(block(7));
    assert_eq!(told(&mut backfill), [7]);
    assert_eq!(heights(&backfill.came(block(8))), [8]);
}

#[test]
fn what_is_held_is_bounded_and_listed_again() {
    let chain = Chain::of(3..4);
    let mut backfill = chain.backfill();
    let last = 4 + 3 * u32::try_from(MOST_HELD).unwrap();
    chain.grow(4..last);
    for seq in 4..last {
        backfill.came(block(seq));
    }
    assert_eq!(backfill.held.len(), MOST_HELD);
    assert_eq!(told(&mut backfill), (4..last).collect::<Vec<_>>());
}
