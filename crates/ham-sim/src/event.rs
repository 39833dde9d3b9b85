//! What happens in a life of `ham`.

mod terms;
mod words;

use std::borrow::Cow;

pub(crate) use self::terms::{Call, Cause, Nonce, Outcome, StepFault, Told};
use crate::history;
use crate::model::Trait;

/// One thing that happened.
#[derive(Clone, Debug, Hash)]
pub(crate) enum Happened {
    /// Text that no invariant reads.
    Words(&'static str, String),
    /// A process began a call.
    Made {
        task: u32,
        call: Call,
        does: Trait,
        times: u32,
        /// Whether the call fails with its link.
        fast: bool,
    },
    /// A call was prepared.
    Prepared {
        task: u32,
        call: Call,
        nonce: Nonce,
        does: Trait,
    },
    /// A prepared call was sent, or sent again.
    Sent {
        task: u32,
        call: Call,
        nonce: Nonce,
    },
    /// The conductor read a request.
    Received {
        call: Option<Call>,
        nonce: Nonce,
        socket: u32,
    },
    /// A socket of an app interface was accepted. Its client has at most this many requests under way on it.
    Accepted {
        socket: u32,
        window: usize,
    },
    /// The nonce was free and is now claimed.
    Claimed {
        nonce: Nonce,
        fence: bool,
    },
    /// The nonce had been claimed in this store, and the clock freed it again.
    Forgotten {
        nonce: Nonce,
    },
    RunBegan {
        call: Call,
        nonce: Nonce,
        store: u32,
    },
    Committed {
        cell: u32,
        cause: Cause,
        store: u32,
    },
    Answered {
        nonce: Nonce,
        with: &'static str,
    },
    Told {
        task: u32,
        told: Told,
    },
    Hook {
        call: Call,
        nonce: Nonce,
        outcome: Outcome,
    },
    FenceBegan {
        task: u32,
        call: Call,
        nonce: Nonce,
    },
    Fenced {
        task: u32,
        call: Call,
        nonce: Nonce,
        verdict: &'static str,
    },
    /// Something took longer than allowed.
    Late {
        what: &'static str,
        by_millis: u64,
    },
    /// A process dials the admin interface, or an app interface.
    Dial {
        process: u32,
        admin: bool,
    },
    /// A process ends a pause between attempts.
    Redial {
        process: u32,
    },
    /// A subscriber hears a signal, by its number.
    Heard {
        task: u32,
        number: u64,
    },
    /// A subscriber is told that signals may be missing.
    Gap {
        task: u32,
        cause: &'static str,
    },
    /// Something happened to a call between two steps.
    FaultInjected {
        fault: StepFault,
        nonce: Nonce,
        step: usize,
    },
    /// The conductor came back with an older store.
    Restored {
        store: u32,
    },
    /// A client of the gateway asked for a call, or for it again.
    Asked {
        task: u32,
        call: Call,
        does: Trait,
    },
    /// A client of the gateway was told that its call is on disk.
    Entered {
        task: u32,
        call: Call,
    },
    /// The most recent answer keeps the call's key.
    KeyKept {
        call: Call,
    },
    /// The power of a gateway's disk failed.
    PowerCut {
        process: u32,
    },
    /// The process crashed.
    Crashed {
        process: u32,
    },
    /// An entry that is on a chain at the end.
    OnChain {
        cell: u32,
        cause: Cause,
    },
    /// A promise that is checked on the spot was broken.
    Broken {
        invariant: &'static str,
        why: String,
    },
    /// From here on the world heals.
    Drain,
}

impl history::Event for Happened {
    fn actor(&self) -> Cow<'static, str> {
        match self {
            Self::Words(actor, _) => Cow::Borrowed(actor),
            Self::Made { task, .. }
            | Self::Prepared { task, .. }
            | Self::Sent { task, .. }
            | Self::Told { task, .. }
            | Self::Asked { task, .. }
            | Self::Entered { task, .. }
            | Self::FenceBegan { task, .. }
            | Self::Heard { task, .. }
            | Self::Gap { task, .. }
            | Self::Fenced { task, .. } => format!("p{}.t{}", task / 16, task % 16).into(),
            Self::Received { socket, .. } | Self::Accepted { socket, .. } => {
                format!("socket {socket}").into()
            }
            Self::Restored { .. }
            | Self::FaultInjected { .. }
            | Self::Claimed { .. }
            | Self::Forgotten { .. }
            | Self::RunBegan { .. }
            | Self::Committed { .. }
            | Self::Answered { .. } => "conductor".into(),
            Self::Hook { .. } => "hook".into(),
            Self::KeyKept { .. } => "gateway".into(),
            Self::PowerCut { process }
            | Self::Crashed { process }
            | Self::Dial { process, .. }
            | Self::Redial { process } => format!("p{process}").into(),
            Self::Late { .. } | Self::Broken { .. } | Self::OnChain { .. } | Self::Drain => "audit".into(),
        }
    }
}
