//! What a service does, as data.

use std::time::Duration;

use ham::CallPolicy;
use serde_bytes::ByteBuf;

use crate::event::Call;
use crate::model::{Input, Trait, ZOME};

/// One step of a task.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Before it begins.
    pub(crate) pause: Duration,
    pub(crate) action: Action,
}

/// What a step does.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Call {
        called: Called,
        policy: Policy,
        deadline: Duration,
        options: Options,
    },
    /// Gives up waiting for the answer after a while.
    GiveUp {
        call: Call,
        does: Trait,
        role: Role,
        policy: Policy,
        deadline: Duration,
        after: Duration,
    },
    /// Several calls at once.
    Burst {
        first: Call,
        count: u32,
        does: Trait,
        role: Role,
        deadline: Duration,
        size: u32,
    },
    Prepare {
        call: Call,
        does: Trait,
        role: Role,
        deadline: Duration,
    },
    /// Sends one of the prepared calls, or one that was reported to the hook.
    Send {
        choice: u64,
        resume: bool,
        deadline: Duration,
    },
    /// Fences one of those; gives up after a while.
    Fence {
        choice: u64,
        within: Duration,
        after: Option<Duration>,
    },
    Callable {
        role: Role,
    },
    WaitUntilCallable {
        role: Role,
        within: Duration,
    },
    Connected {
        within: Duration,
    },
    /// Subscribes to signals for a while, and takes some time for each.
    Listen {
        time: Duration,
        slow: Duration,
    },
    /// Watches the state for a while, and takes some time for each.
    Watch {
        time: Duration,
        slow: Duration,
    },
    Apps,
    Redial,
}

/// What is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called {
    pub(crate) call: Call,
    pub(crate) does: Trait,
    pub(crate) role: Role,
    pub(crate) size: u32,
}

impl Called {
    pub(crate) fn input(&self) -> Input {
        // What is to come back weighs nothing on its way there.
        let comes_back = matches!(self.does, Trait::Big | Trait::Emit);
        let (size, padding) = if comes_back { (self.size, 0) } else { (0, self.size as usize) };
        Input { call: self.call, does: self.does, size, padding: ByteBuf::from(vec![5; padding]) }
    }

    pub(crate) fn zome(&self) -> &'static str {
        if self.does == Trait::NoZome { "none" } else { ZOME }
    }

    pub(crate) fn function(&self) -> &'static str {
        match self.does {
            Trait::Read | Trait::NoZome => "read",
            Trait::Write => "write",
            Trait::SlowWrite => "slow_write",
            Trait::Fail => "fail",
            Trait::Nested => "nested",
            Trait::Emit => "emit",
            Trait::Big => "big",
            Trait::Init => "init",
            Trait::NoFunction => "no_function",
        }
    }
}

/// What a call can request beyond its policy and deadline.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    pub(crate) read_only: bool,
    pub(crate) resume_for: Option<Duration>,
    pub(crate) nonce_life: Option<Duration>,
}

/// A role or a clone, by its name.
pub(crate) type Role = &'static str;

/// What happens to a call whose link is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    FailFast,
    Resume,
    Repeat(u32),
}

impl Policy {
    pub(crate) fn in_ham(self) -> CallPolicy {
        match self {
            Self::FailFast => CallPolicy::FailFast,
            Self::Resume => CallPolicy::Resume,
            Self::Repeat(times) => CallPolicy::Repeat { times },
        }
    }

    /// How often a call may run.
    pub(crate) fn times(self) -> u32 {
        match self {
            Self::FailFast | Self::Resume => 1,
            Self::Repeat(times) => times + 1,
        }
    }
}

/// A process's configuration, as far as it differs from the defaults.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) max_in_flight: usize,
    pub(crate) max_waiting: usize,
    pub(crate) connect_timeout: Duration,
    pub(crate) skew_margin: Duration,
    /// How far its clock is off, in milliseconds.
    pub(crate) skew: i64,
    /// How many grants it may write.
    pub(crate) budget: Option<u32>,
}

/// Who signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Keys of ham's own, in the memory of each process.
    Memory,
    /// Keys of ham's own, in a file.
    File,
    /// The agents' keys, in a keystore.
    Keystore,
}

/// How a process ends before its tasks do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crash {
    /// How long after its start.
    pub(crate) after: Duration,
    /// Whether the conductor is not told.
    pub(crate) silent: bool,
}
