//! Where the link is cut: every boundary of every frame of a call, in order, again and again.

use std::fmt;

use ham::CallPolicy;
use ham_testkit::chaos::{Action, Boundary, Direction, Fault};

use super::call::{Call, Way};
use super::probe::Kind;

/// Number of a call's request on a fresh link: authentication and app info come before it.
pub(super) const REQUEST: u64 = 2;
/// Number of the first frame after a request in the other direction: the app info came before it.
const ANSWER: u64 = 1;
/// Every this many cuts the call is not resumed, so that it must be declared unknown. Has no factor in common with the
/// number of places, so that in time every place is cut under both policies.
const FAIL_FAST_EVERY: usize = 7;

const NOT_RESUMED: Way = Way::Called(CallPolicy::FailFast);

/// Every boundary of a frame, in order.
const BOUNDARIES: [Boundary; 3] = [Boundary::Before, Boundary::Inside, Boundary::After];

/// A call and the place where its link is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) call: Call,
    direction: Direction,
    frame: u64,
    boundary: Boundary,
}

/// The first cuts of the endless script.
pub(super) fn script(cuts: u32) -> Vec<Cut> {
    let kinds = [Kind::Create, Kind::CreateThenFail, Kind::Slow { millis: 30 }, Kind::Fail];
    let places: Vec<Cut> = kinds.into_iter().flat_map(places).collect();
    let cuts = places.into_iter().cycle().take(cuts as usize).enumerate();
    cuts.map(|(number, cut)| cut.with_policy(number)).collect()
}

/// Every place of one call: around and inside its request, and each frame that comes back. A call that writes gets two,
/// its answer and its signal, in an order that the conductor does not promise; a call that fails gets one.
fn places(kind: Kind) -> impl Iterator<Item = Cut> {
    let back = if kind.writes() { 2 } else { 1 };
    let answers = (ANSWER..ANSWER + back).map(|frame| (Direction::ToClient, frame));
    std::iter::once((Direction::ToServer, REQUEST)).chain(answers).flat_map(move |(direction, frame)| {
        BOUNDARIES.map(|boundary| Cut { call: Call::patient(kind), direction, frame, boundary })
    })
}

impl Cut {
    fn with_policy(mut self, number: usize) -> Self {
        if number % FAIL_FAST_EVERY == FAIL_FAST_EVERY - 1 {
            self.call.way = NOT_RESUMED;
        }
        self
    }

    /// The fault that cuts this connection there.
    pub(super) fn fault(&self, connection: u64) -> Fault {
        Fault::on(connection, self.direction, self.frame, self.boundary, Action::Cut)
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let boundary = match self.boundary {
            Boundary::Before => "before",
            Boundary::Inside => "inside",
            Boundary::After => "after",
        };
        let frame = match (self.direction, self.call.kind.writes(), self.frame) {
            (Direction::ToServer, _, _) => "the request",
            (Direction::ToClient, false, _) => "the answer",
            (Direction::ToClient, true, ANSWER) => "the first of answer and signal",
            (Direction::ToClient, true, _) => "the second of answer and signal",
        };
        write!(f, "{} {boundary} {frame}", self.call.kind.function())?;
        if self.call.way == NOT_RESUMED { f.write_str(", not resumed") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_boundary_of_every_frame_of_every_call_is_cut() {
        let names: HashSet<String> = script(200).iter().map(Cut::to_string).collect();
        for (function, frames) in [
            ("fail", &["the request", "the answer"][..]),
            ("create_then_fail", &["the request", "the answer"]),
            (
                "create_item",
                &["the request", "the first of answer and signal", "the second of answer and signal"],
            ),
            (
                "slow_create",
                &["the request", "the first of answer and signal", "the second of answer and signal"],
            ),
        ] {
            for frame in frames {
                for boundary in ["before", "inside", "after"] {
                    assert!(names.contains(&format!("{function} {boundary} {frame}")));
                }
            }
        }
        assert!(names.iter().any(|name| name.ends_with(", not resumed")));
    }

    #[test]
    fn a_longer_script_begins_like_a_shorter_one() {
        assert_eq!(script(200).len(), 200);
        assert_eq!(script(200)[..50], script(50));
        assert!(script(0).is_empty());
    }

    #[test]
    fn requests_are_cut_after_the_handshake() {
        let fault = script(1)[0].fault(4);
        assert_eq!((fault.connection, fault.direction, fault.frame), (Some(4), Direction::ToServer, 2));
    }
}
