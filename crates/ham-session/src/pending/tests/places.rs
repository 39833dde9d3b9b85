//! The places of the table, compared with a model.

use super::*;

/// What the places of a table should be, in the simplest words.
#[derive(Default)]
struct Places {
    queued: Vec<(u64, Instant)>,
    waited: Vec<(u64, Instant)>,
    abandoned: Vec<u64>,
}

impl Places {
    const MAX: usize = 3;
    const WAITING: usize = 2;

    fn in_flight(&self) -> usize {
        self.waited.len() + self.abandoned.len()
    }

    fn outstanding(&self, key: u64) -> bool {
        self.queued.iter().chain(&self.waited).any(|(other, _)| *other == key)
    }

    fn take(&mut self) -> Option<Frame> {
        if self.queued.is_empty() || self.in_flight() == Self::MAX {
            return None;
        }
        let next = self.queued.remove(0);
        self.waited.push(next);
        Some(frame(next.0))
    }

    fn abandon(&mut self, gone: impl Fn(u64, Instant) -> bool) {
        self.queued.retain(|(key, deadline)| !gone(*key, *deadline));
        let (left, stay) = self.waited.drain(..).partition(|(key, deadline)| gone(*key, *deadline));
        self.waited = stay;
        let left: Vec<(u64, Instant)> = left;
        self.abandoned.extend(left.into_iter().map(|(key, _)| key));
    }

    /// Whose the answer is: a caller's, an abandoned one's, nobody's.
    fn answer(&mut self, key: u64) -> &'static str {
        if let Some(at) = self.waited.iter().position(|(other, _)| *other == key) {
            self.waited.remove(at);
            "waited"
        } else if let Some(at) = self.abandoned.iter().position(|other| *other == key) {
            self.abandoned.remove(at);
            "abandoned"
        } else {
            "unasked"
        }
    }
}

proptest::proptest! {
    /// The table holds exactly the places that the model holds, whatever happens in whatever order.
    #[test]
    fn places_are_those_of_the_model(steps in proptest::collection::vec((0_u8..8, 0_u64..6), 0..300)) {
        let mut bench = Bench::new(Places::MAX, Places::WAITING);
        let mut places = Places::default();
        let mut serials = std::collections::HashMap::new();
        for (step, key) in steps {
            match step {
                0..=2 => {
                    let full = places.in_flight() + places.queued.len() >= Places::MAX + Places::WAITING;
                    let refused = places.outstanding(key) || full;
                    let asked = bench.request(key, 1 + key);
                    proptest::prop_assert_eq!(asked.is_err(), refused);
                    if let Ok((serial, _)) = asked {
                        serials.insert(key, serial);
                        places.queued.push((key, bench.now + Duration::from_secs(1 + key)));
                    }
                }
                3 => proptest::prop_assert_eq!(bench.table.take(), places.take()),
                4 | 5 => {
                    let claim = match bench.table.claim(&key) {
                        Claim::Waited(_) => "waited",
                        Claim::Abandoned => "abandoned",
                        Claim::Unasked => "unasked",
                    };
                    proptest::prop_assert_eq!(claim, places.answer(key));
                }
                6 => if let Some(serial) = serials.remove(&key) {
                    bench.table.withdraw(&key, serial);
                    places.abandon(|other, _| other == key);
                },
                _ => {
                    bench.now += Duration::from_millis(700);
                    bench.table.expire(bench.now);
                    places.abandon(|_, deadline| deadline <= bench.now);
                }
            }
            proptest::prop_assert_eq!(bench.table.in_flight(), places.in_flight());
            proptest::prop_assert!(places.in_flight() <= Places::MAX);
            proptest::prop_assert_eq!(bench.table.load().stuck, places.abandoned.len() == Places::MAX);
            proptest::prop_assert_eq!(bench.table.is_idle(), places.queued.is_empty() && places.waited.is_empty());
            let waiting: usize = places.queued.iter().map(|(key, _)| frame(*key).len()).sum();
            proptest::prop_assert_eq!(bench.table.waiting_bytes(), waiting);
        }
    }
}
