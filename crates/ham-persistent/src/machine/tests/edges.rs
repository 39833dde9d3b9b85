//! The transitions of the diagram.

use super::*;

/// The diagram in `state.rs`, edge by edge. Each row begins with a new machine.
#[test]
fn every_edge_of_the_diagram_is_walked() {
    let name = |state: &State| match state {
        State::Dialing { .. } => "Dialing",
        State::Live { .. } => "Live",
        State::BackingOff { .. } => "BackingOff",
        State::Closed { .. } => "Closed",
    };
    let stop = || Config::default().with_on_permanent(PermanentPolicy::Stop);
    type Walk = fn(&mut Bench);
    let close = |bench: &mut Bench| drop(bench.give(command(Command::Close(Cause::CloseCalled))));
    let close_after_link = |bench: &mut Bench| drop(bench.give(command(Command::CloseAfterLink)));
    let fail = |bench: &mut Bench| drop(bench.give(Input::AttemptFailed(failure("refused"))));
    let fail_for_good =
        |bench: &mut Bench| drop(bench.give(Input::AttemptFailed(permanent_failure("wrong"))));
    let lose = |bench: &mut Bench| drop(bench.give(lost("reset")));
    let dial: Walk = |bench| {
        bench.dial();
    };
    let live: Walk = |bench| {
        bench.live();
    };
    let back_off: Walk = |bench| {
        bench.dial().give(Input::AttemptFailed(failure("refused")));
        bench.give(Input::Announced);
    };
    let doomed: Walk = |bench| {
        bench.live().give(command(Command::CloseAfterLink));
    };
    let edges: [(&str, &str, bool, Config, Walk, Walk); 14] = [
        ("Dialing", "Live", false, stop(), dial, |bench| drop(bench.give(Input::Dialed))),
        ("Dialing", "BackingOff", false, stop(), dial, fail),
        ("Dialing", "Closed", false, stop(), dial, close),
        ("Dialing", "Closed", false, stop(), dial, close_after_link),
        ("Dialing", "Closed", false, stop(), dial, fail_for_good),
        ("Dialing", "Closed", true, stop(), dial, fail),
        ("BackingOff", "Dialing", false, stop(), back_off, |bench| {
            bench.pass(seconds(10)).give(Input::WaitOver);
        }),
        ("BackingOff", "Dialing", false, stop(), back_off, |bench| {
            bench.pass(seconds(1)).give(command(Command::RedialNow));
        }),
        ("BackingOff", "Closed", false, stop(), back_off, close),
        ("BackingOff", "Closed", false, stop(), back_off, close_after_link),
        ("Live", "BackingOff", false, stop(), live, lose),
        ("Live", "Closed", false, stop(), live, close),
        ("Live", "Closed", false, stop(), doomed, lose),
        ("Live", "Live", false, stop(), live, close_after_link),
    ];
    for (number, (from, to, fail_first, config, prepare, walk)) in edges.into_iter().enumerate() {
        let mut bench = Bench::first(config, fail_first);
        prepare(&mut bench);
        assert_eq!(name(&bench.state), from, "edge {number}");
        walk(&mut bench);
        assert_eq!(name(&bench.state), to, "edge {number}");
    }
}
