//! Checks the model against the table in `kinds.txt`, against which conductors are checked too.

use std::time::Duration;

use crate::event::{Cause, Happened, Outcome};
use crate::generate;
use crate::layer::ham::Ham;
use crate::model::{ROLES, Release, Trait};
use crate::one::live_one;
use crate::plan::{Element, HamLife};
use crate::service::{Action, Called, Options, Policy, Step};
use crate::swarm::Swarm;

const KINDS: [(&str, Trait); 8] = [
    ("read", Trait::Read),
    ("write", Trait::Write),
    ("slow_write", Trait::SlowWrite),
    ("big", Trait::Big),
    ("init", Trait::Init),
    ("fail", Trait::Fail),
    ("no_function", Trait::NoFunction),
    ("no_zome", Trait::NoZome),
];

/// A life without faults in which each kind is called once, one after the other.
fn life() -> HamLife {
    let calls = (0..).zip(KINDS).map(|(call, (_, does))| {
        let called = Called { call, does, role: ROLES[0], size: 1000 };
        let (policy, deadline) = (Policy::Resume, Duration::from_secs(60));
        let options = Options { read_only: false, resume_for: None, nonce_life: None };
        let action = Action::Call { called, policy, deadline, options };
        let step = Step { pause: Duration::ZERO, action };
        (call as usize, Element::Step { process: 0, task: 0, step })
    });
    let elements: Vec<_> = calls.collect();
    let drawn = generate::life(0);
    HamLife {
        swarm: Swarm { calm: true, ..Swarm::default() },
        release: Release::V0_7_1,
        roles: 1,
        clones: 0,
        skew: 0,
        settings: drawn.settings[..2].to_vec(),
        calls: KINDS.len() as u32,
        whole: elements.len(),
        elements,
        ..drawn
    }
}

#[test]
fn each_kind_of_call_becomes_what_the_table_says() {
    let lived = live_one::<Ham>(&life(), false);
    assert!(lived.findings.is_empty(), "{:?}", lived.findings);
    let events = || lived.history.entries.iter().map(|entry| &entry.event);
    let row = |call: u32, kind: &str| {
        let told = events().find_map(|event| match event {
            Happened::Told { told, .. } if told.call == call => Some(*told),
            _ => None,
        });
        let told = told.unwrap();
        let output = match told.error {
            None => "output",
            Some(_) if told.outcome == Outcome::Answered && told.nothing => "error",
            Some(error) => error,
        };
        let nonces = || {
            events().filter_map(move |event| match event {
                Happened::Received { call: Some(of), nonce, .. } if *of == call => Some(*nonce),
                _ => None,
            })
        };
        let own = |event: &&Happened| matches!(event, Happened::Committed { cause: Cause::Write(by), .. } if nonces().any(|nonce| nonce == *by));
        format!("{kind} {output} {}", events().filter(own).count())
    };
    let rows: Vec<_> = (0..).zip(KINDS).map(|(call, (kind, _))| row(call, kind)).collect();
    let table = include_str!("../kinds.txt").lines().filter(|line| !line.starts_with('#'));
    let table: Vec<_> = table.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(rows, table);
}
