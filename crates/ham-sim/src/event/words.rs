//! What happens, in words.

use std::fmt;

use super::{Happened, Told};

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(_, words) => f.write_str(words),
            Self::Made { call, does, times, .. } => {
                write!(f, "calls {call}, {does:?}, at most {times} times")
            }
            Self::Prepared { call, nonce, does, .. } => {
                write!(f, "prepared call {call}, {does:?}, nonce {nonce}")
            }
            Self::Sent { call, nonce, .. } => write!(f, "sends call {call} again as it is, nonce {nonce}"),
            Self::Received { call: Some(call), nonce, .. } => write!(f, "call {call} with nonce {nonce}"),
            Self::Received { call: None, nonce, .. } => write!(f, "a fence of nonce {nonce}"),
            Self::Accepted { window, .. } => write!(f, "is accepted, for {window} requests at once"),
            Self::Claimed { nonce, fence: false } => write!(f, "nonce {nonce} is claimed"),
            Self::Claimed { nonce, fence: true } => write!(f, "nonce {nonce} is claimed by a fence"),
            Self::Forgotten { nonce } => write!(f, "nonce {nonce} had been forgotten"),
            Self::RunBegan { call, nonce, store } => {
                write!(f, "call {call} runs, nonce {nonce}, store {store}")
            }
            Self::Committed { cell, cause, store } => {
                write!(f, "cell {cell} has a new entry: {cause:?}, store {store}")
            }
            Self::Answered { nonce, with } => write!(f, "answers nonce {nonce}: {with}"),
            Self::Told { told, .. } => {
                let Told { call, outcome, nothing, error, answer, .. } = told;
                let effect = if *nothing { ", effect nothing" } else { "" };
                write!(f, "is told of call {call}: {outcome:?}{effect}")?;
                if let Some(error) = error {
                    write!(f, ", {error}")?;
                }
                match answer {
                    Some(nonce) => write!(f, ", the output of nonce {nonce}"),
                    None => Ok(()),
                }
            }
            Self::Hook { call, nonce, outcome } => {
                write!(f, "hears of call {call}, nonce {nonce}: {outcome:?}")
            }
            Self::FenceBegan { call, nonce, .. } => write!(f, "fences call {call}, nonce {nonce}"),
            Self::Fenced { call, nonce, verdict, .. } => {
                write!(f, "fence of call {call}, nonce {nonce}: {verdict}")
            }
            Self::Late { what, by_millis } => write!(f, "{what} is late by {by_millis} ms"),
            Self::FaultInjected { fault, nonce, step } => {
                write!(f, "{fault:?} at step {step} under nonce {nonce}")
            }
            Self::Restored { store } => write!(f, "store {store} is an older one"),
            Self::Dial { admin: true, .. } => f.write_str("dials the admin interface"),
            Self::Dial { admin: false, .. } => f.write_str("dials an app interface"),
            Self::Redial { .. } => f.write_str("asks for a redial"),
            Self::Heard { number, .. } => write!(f, "hears signal {number}"),
            Self::Gap { cause, .. } => write!(f, "is told of a gap: {cause}"),
            Self::Asked { call, does, .. } => write!(f, "asks for call {call}, {does:?}"),
            Self::Entered { call, .. } => write!(f, "is told that call {call} is on disk"),
            Self::KeyKept { call } => write!(f, "keeps the key of call {call}"),
            Self::PowerCut { .. } => f.write_str("has no power any more"),
            Self::Crashed { .. } => f.write_str("crashes"),
            Self::OnChain { cell, cause } => write!(f, "cell {cell} has {cause:?}"),
            Self::Broken { invariant, why } => write!(f, "{invariant}: {why}"),
            Self::Drain => f.write_str("everything heals from here on"),
        }
    }
}
