mod places;

use std::time::Duration;

use super::*;
use crate::error::Delivery;

type Table = Pending<u64, &'static str>;

struct Bench {
    table: Table,
    now: Instant,
}

impl Bench {
    fn new(max_in_flight: usize, max_waiting: usize) -> Self {
        let bounds = Bounds { in_flight: max_in_flight, waiting: max_waiting, waiting_bytes: usize::MAX };
        Self { table: Pending::new(bounds), now: Instant::now() }
    }

    fn request(&mut self, key: u64, seconds: u64) -> Result<(u64, Answer<&'static str>), RequestError> {
        self.table.request(key, frame(key), self.within(Duration::from_secs(seconds)))
    }

    fn within(&self, time: Duration) -> Times {
        let deadline = self.now + time;
        Times { since: self.now, send_by: deadline, deadline }
    }

    fn send(&mut self, key: u64, seconds: u64) -> Result<(u64, Answer<()>), RequestError> {
        self.table.send(frame(key), self.now, self.now + Duration::from_secs(seconds))
    }

    fn answer(&mut self, key: u64, body: &'static str) -> Option<&'static str> {
        tell(self.table.claim(&key), body)
    }

    fn take_all(&mut self) -> Vec<Frame> {
        std::iter::from_fn(|| self.table.take()).collect()
    }
}

fn frame(key: u64) -> Frame {
    Frame::Text(key.to_string())
}

fn delivery<T: std::fmt::Debug>(mut answer: Answer<T>) -> Delivery {
    answer.try_recv().expect("it was told").expect_err("it failed").delivery()
}

#[test]
fn an_answer_reaches_its_request_and_leaves_nothing() {
    let mut bench = Bench::new(2, 2);
    let (_, mut answer) = bench.request(7, 1).unwrap();
    assert_eq!(bench.take_all(), [frame(7)]);
    assert_eq!(bench.table.in_flight(), 1);
    assert_eq!(bench.answer(7, "seven"), None);
    assert_eq!(answer.try_recv().unwrap().unwrap(), "seven");
    assert!(bench.table.is_idle());
}

#[test]
fn an_answer_to_nothing_comes_back() {
    let mut bench = Bench::new(2, 2);
    assert_eq!(bench.answer(7, "seven"), Some("seven"));
    let (_, answer) = bench.request(7, 1).unwrap();
    assert_eq!(bench.answer(7, "early"), Some("early"), "what was not sent cannot be answered");
    bench.take_all();
    drop(answer);
    assert_eq!(bench.answer(7, "late"), Some("late"), "nobody waits any more");
    assert!(bench.table.is_idle());
}

#[test]
fn the_window_holds_requests_back_but_no_sends() {
    let mut bench = Bench::new(1, 2);
    let _one = bench.request(1, 1).unwrap();
    let _two = bench.request(2, 1).unwrap();
    let _send = bench.send(3, 1).unwrap();
    assert_eq!(bench.take_all(), [frame(1), frame(3)]);
    bench.answer(1, "one");
    assert_eq!(bench.take_all(), [frame(2)]);
}

#[test]
fn while_the_window_is_open_the_order_is_that_of_submission() {
    let mut bench = Bench::new(9, 9);
    let _kept = (bench.send(1, 1).unwrap(), bench.request(2, 1).unwrap(), bench.send(3, 1).unwrap());
    assert_eq!(bench.take_all(), [frame(1), frame(2), frame(3)]);
}

#[test]
fn the_bounds_refuse_with_the_limit() {
    let mut bench = Bench::new(1, 1);
    let _kept = (bench.request(1, 1).unwrap(), bench.request(2, 1).unwrap(), bench.send(8, 1).unwrap());
    assert!(matches!(bench.request(3, 1), Err(RequestError::Overloaded { limit: 2 })));
    assert!(matches!(bench.send(9, 1), Err(RequestError::Overloaded { limit: 1 })));
    assert!(matches!(bench.table.post(frame(9)), Err(RequestError::Overloaded { limit: 1 })));
}

#[test]
fn an_answer_to_what_was_not_sent_leaves_the_request_where_it_is() {
    let mut bench = Bench::new(1, 1);
    let (_, mut answer) = bench.request(1, 1).unwrap();
    assert_eq!(bench.answer(1, "early"), Some("early"));
    assert_eq!(bench.take_all(), [frame(1)]);
    assert_eq!(bench.answer(1, "one"), None);
    assert_eq!(answer.try_recv().unwrap().unwrap(), "one");
}

#[test]
fn one_request_a_key() {
    let mut bench = Bench::new(4, 4);
    let _kept = bench.request(1, 1).unwrap();
    assert!(matches!(bench.request(1, 1), Err(RequestError::DuplicateKey)));
}

#[test]
fn a_withdrawn_request_is_not_sent_and_its_key_is_free() {
    let mut bench = Bench::new(4, 4);
    let (serial, _) = bench.request(1, 1).unwrap();
    let _other = bench.request(2, 1).unwrap();
    bench.table.withdraw(&1, serial);
    let (_, _again) = bench.request(1, 1).unwrap();
    bench.table.withdraw(&1, serial);
    assert_eq!(
        bench.take_all(),
        [frame(2), frame(1)],
        "the old serial number does not touch the new request"
    );
    let (serial, _) = bench.send(5, 1).unwrap();
    bench.table.withdraw_send(serial);
    assert_eq!(bench.table.take(), None);
}

#[test]
fn deadlines_fail_exactly_what_is_due_and_say_how_far_it_got() {
    let mut bench = Bench::new(1, 4);
    let (_, sent) = bench.request(1, 1).unwrap();
    let (_, queued) = bench.request(2, 1).unwrap();
    let (_, mut later) = bench.request(3, 5).unwrap();
    let (_, unflushed) = bench.send(4, 1).unwrap();
    bench.take_all();
    let (_, unsent) = bench.send(5, 1).unwrap();
    bench.table.expire(bench.now + Duration::from_millis(999));
    assert_eq!(bench.table.in_flight(), 1);
    bench.table.expire(bench.now + Duration::from_secs(1));
    assert_eq!(delivery(sent), Delivery::Unknown);
    assert_eq!(delivery(queued), Delivery::NotSent);
    assert_eq!(delivery(unflushed), Delivery::Unknown);
    assert_eq!(delivery(unsent), Delivery::NotSent);
    assert!(later.try_recv().is_err(), "not due");
    assert_eq!(bench.table.earliest_deadline(), Some(bench.now + Duration::from_secs(5)));
    assert_eq!(bench.table.load().oldest, Some(bench.now));
    assert!(bench.take_all().is_empty(), "the peer has the request all the same");
    assert_eq!(bench.answer(1, "late"), Some("late"));
    assert_eq!(bench.take_all(), [frame(3)], "the window is free again");
}

#[test]
fn the_end_fails_everything_at_once() {
    let mut bench = Bench::new(1, 4);
    let (_, sent) = bench.request(1, 1).unwrap();
    let (_, unflushed) = bench.send(2, 1).unwrap();
    bench.take_all();
    let (_, queued) = bench.request(3, 1).unwrap();
    let (_, unsent) = bench.send(4, 1).unwrap();
    bench.table.end(&Arc::new(LinkEnd::ClosedHere));
    assert_eq!([delivery(sent), delivery(queued)], [Delivery::Unknown, Delivery::NotSent]);
    assert_eq!([delivery(unflushed), delivery(unsent)], [Delivery::Unknown, Delivery::NotSent]);
    assert!(bench.table.is_idle());
}

#[test]
fn a_send_is_told_when_it_is_written() {
    let mut bench = Bench::new(1, 4);
    let (_, mut written) = bench.send(1, 1).unwrap();
    bench.table.flushed();
    assert!(written.try_recv().is_err(), "it was not taken yet");
    bench.take_all();
    bench.table.flushed();
    assert!(written.try_recv().unwrap().is_ok());
    assert!(bench.table.is_idle());
}

#[test]
fn a_place_is_given_back_by_the_answer_or_with_the_link() {
    let mut bench = Bench::new(2, 4);
    let (serial, withdrawn) = bench.request(1, 9).unwrap();
    let (_, timed_out) = bench.request(2, 1).unwrap();
    bench.take_all();
    bench.table.withdraw(&1, serial);
    drop(withdrawn);
    bench.table.expire(bench.now + Duration::from_secs(1));
    assert_eq!(delivery(timed_out), Delivery::Unknown);
    assert_eq!((bench.table.in_flight(), bench.table.load().stuck), (2, true));
    assert!(bench.table.is_idle(), "nobody waits, so a close need not");
    let (_, unsent) = bench.request(3, 2).unwrap();
    assert_eq!(bench.table.take(), None);
    bench.table.expire(bench.now + Duration::from_secs(2));
    assert_eq!(delivery(unsent), Delivery::NotSent);
    assert!(matches!(bench.table.claim(&1), Claim::Abandoned));
    assert!(matches!(bench.table.claim(&1), Claim::Unasked), "once");
    assert_eq!((bench.table.in_flight(), bench.table.load().stuck), (1, false));
    bench.table.end(&Arc::new(LinkEnd::ClosedHere));
    assert_eq!(bench.table.in_flight(), 0);
}

#[test]
fn where_the_wire_has_no_ids_the_first_answer_is_for_whoever_waits() {
    let mut bench = Bench::new(3, 3);
    let (_, first) = bench.request(1, 1).unwrap();
    bench.take_all();
    bench.table.expire(bench.now + Duration::from_secs(1));
    drop(first);
    let (_, mut second) = bench.request(1, 9).unwrap();
    assert!(matches!(bench.table.claim(&1), Claim::Abandoned), "the second is not sent yet");
    bench.table.expire(bench.now + Duration::from_secs(1));
    bench.take_all();
    assert_eq!(bench.answer(1, "one"), None);
    assert_eq!(second.try_recv().unwrap().unwrap(), "one");
    assert_eq!(bench.table.in_flight(), 0);
}

/// What was sent in time is awaited for longer than what was not sent may wait for its turn.
#[test]
fn what_has_no_turn_in_time_is_not_sent() {
    let mut bench = Bench::new(1, 2);
    let times = Times { send_by: bench.now + Duration::from_secs(1), ..bench.within(Duration::from_secs(9)) };
    let (_, mut sent) = bench.table.request(1, frame(1), times).unwrap();
    let (_, queued) = bench.table.request(2, frame(2), times).unwrap();
    assert_eq!(bench.take_all(), [frame(1)]);
    assert_eq!(bench.table.earliest_deadline(), Some(times.send_by));
    bench.table.expire(times.send_by);
    assert_eq!(delivery(queued), Delivery::NotSent);
    assert_eq!(bench.table.earliest_deadline(), Some(times.deadline));
    assert_eq!(bench.answer(1, "one"), None);
    assert_eq!(sent.try_recv().unwrap().unwrap(), "one");
    assert!(bench.take_all().is_empty() && bench.table.is_idle());
}

#[test]
fn what_waits_is_bounded_in_bytes() {
    let bounds = Bounds { in_flight: 1, waiting: 100, waiting_bytes: 10 };
    let mut bench = Bench { table: Pending::new(bounds), now: Instant::now() };
    let bytes = |size: usize| Frame::Text("x".repeat(size));
    let deadline = bench.now + Duration::from_secs(1);
    let full = |refused: RequestError| matches!(refused, RequestError::OverloadedBytes { limit: 10 });
    let times = bench.within(Duration::from_secs(1));
    let (serial, _) = bench.table.request(1, bytes(100), times).unwrap();
    assert!(full(bench.table.request(2, bytes(1), times).unwrap_err()));
    bench.table.withdraw(&1, serial);
    let _six = bench.table.request(1, bytes(6), times).unwrap();
    let _ten = bench.table.send(bytes(4), bench.now, deadline).unwrap();
    assert!(full(bench.table.post(bytes(1)).unwrap_err()));
    assert!(full(bench.table.send(bytes(1), bench.now, deadline).unwrap_err()));
    assert!(matches!(bench.table.request(1, bytes(9), times), Err(RequestError::DuplicateKey)));
    bench.table.take();
    bench.table.post(bytes(6)).unwrap();
    bench.table.expire(deadline);
    assert_eq!(bench.table.waiting_bytes(), 6, "the post has no deadline");
    bench.table.end(&Arc::new(LinkEnd::ClosedHere));
    assert_eq!(bench.table.waiting_bytes(), 0);
}

proptest::proptest! {
    /// Whatever happens in whatever order, every caller is told or gone, and the table is empty at the end.
    #[test]
    fn nothing_is_left_behind(steps in proptest::collection::vec((0_u8..6, 0_u64..8), 0..200)) {
        let mut bench = Bench::new(3, 3);
        let mut open: Vec<(u64, u64, Answer<&'static str>)> = Vec::new();
        for (step, key) in steps {
            match step {
                0 | 1 => if let Ok((serial, answer)) = bench.request(key, 1 + key) {
                    open.push((key, serial, answer));
                },
                2 => { bench.table.take(); }
                3 => { bench.answer(key, "x"); }
                4 => if let Some(at) = open.iter().position(|(k, ..)| *k == key) {
                    let (key, serial, _) = open.swap_remove(at);
                    bench.table.withdraw(&key, serial);
                },
                _ => {
                    bench.now += Duration::from_millis(500);
                    bench.table.expire(bench.now);
                }
            }
            proptest::prop_assert!(bench.table.in_flight() <= 3);
            proptest::prop_assert!(bench.table.requests.outstanding() <= 6);
        }
        bench.table.end(&Arc::new(LinkEnd::ClosedHere));
        proptest::prop_assert!(bench.table.is_idle());
        for (_, _, mut answer) in open {
            proptest::prop_assert!(answer.try_recv().is_ok(), "told");
        }
    }
}
