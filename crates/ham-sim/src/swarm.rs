//! How often each fault and each kind of step happens in one life.

use crate::dice::{Dice, Stream};

/// How often something happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rate {
    per_mille: u16,
}

impl Rate {
    /// Never, seldom or often.
    fn drawn(dice: &mut Stream, seldom: u16, often: u16) -> Self {
        Self { per_mille: [0, 0, seldom, seldom, often][dice.index(5)] }
    }

    /// Whether it happens now.
    pub(crate) fn hits(self, dice: &mut Stream) -> bool {
        self.per_mille > 0 && dice.below(1000) < u64::from(self.per_mille)
    }
}

/// The rates of one life. Faults that never meet are never found, however many lives there are, so each life has its own rates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Swarm {
    /// No fault at all: every call must be answered.
    pub(crate) calm: bool,
    pub(crate) link_reset: Rate,
    pub(crate) link_fin: Rate,
    pub(crate) link_stall: Rate,
    pub(crate) link_drip: Rate,
    pub(crate) link_hole: Rate,
    pub(crate) link_flip: Rate,
    pub(crate) link_slow: Rate,
    pub(crate) link_small: Rate,
    pub(crate) dial_slow: Rate,
    pub(crate) dial_refused: Rate,
    pub(crate) dial_swallowed: Rate,
    pub(crate) two_addresses: Rate,
    /// At each step of a call.
    pub(crate) step_pause: Rate,
    pub(crate) step_long_pause: Rate,
    pub(crate) step_cut: Rate,
    pub(crate) step_kill: Rate,
    pub(crate) step_disable: Rate,
    pub(crate) init_slow: Rate,
    pub(crate) init_fails: Rate,
    pub(crate) locked: Rate,
    pub(crate) head_moved: Rate,
    pub(crate) invalid: Rate,
    pub(crate) unreadable_request: Rate,
    pub(crate) unknown_text: Rate,
    pub(crate) withheld: Rate,
    pub(crate) doubled: Rate,
    pub(crate) late: Rate,
    pub(crate) garbled: Rate,
    pub(crate) bodiless: Rate,
    pub(crate) keystore_slow: Rate,
    pub(crate) keystore_silent: Rate,
    pub(crate) keystore_refuses: Rate,
    pub(crate) admin_slow: Rate,
    pub(crate) admin_withheld: Rate,
    pub(crate) admin_error: Rate,
    pub(crate) admin_error_after: Rate,
    /// Of nonces: whatever carries a poisoned one ends its socket.
    pub(crate) poison: Rate,
}

impl Swarm {
    /// Whether a grant may be written long after it was requested.
    pub(crate) fn delays_grants(&self) -> bool {
        [self.init_slow, self.link_stall, self.link_drip].iter().any(|rate| *rate != Rate::default())
    }

    /// Whether some nonces end every link: it takes half a minute to give one up.
    pub(crate) fn is_poisoned(&self) -> bool {
        self.poison != Rate::default()
    }

    fn beginnings() -> Self {
        let often = |per_mille| Rate { per_mille };
        Self {
            step_pause: often(200),
            step_long_pause: often(60),
            step_cut: often(60),
            init_fails: often(600),
            ..Self::default()
        }
    }

    /// Whether calls meet before the `init` of their cell.
    pub(crate) fn is_of_beginnings(&self) -> bool {
        self.init_fails == Self::beginnings().init_fails
    }

    /// Whether a request may reach the conductor long after its client has given it up.
    pub(crate) fn delays_requests(&self) -> bool {
        let rates = [self.admin_slow, self.link_slow, self.link_stall, self.link_drip];
        rates.iter().any(|rate| *rate != Rate::default())
    }

    /// The rates of a seed.
    pub(crate) fn of(dice: &Dice) -> Self {
        let poisoned = dice.stream("poisoned", 0).one_in(16);
        let beginning = dice.stream("beginning", 0).one_in(32);
        let mut dice = dice.stream("swarm", 0);
        let dice = &mut dice;
        if dice.one_in(8) {
            return Self { calm: true, ..Self::default() };
        }
        // Nothing else goes wrong: one link per second is lost with the same nonce, until the nonce is given up.
        if poisoned {
            return Self { poison: Rate { per_mille: 300 }, ..Self::default() };
        }
        // Calls meet before the `init` of their cell, which fails more often than not.
        if beginning {
            return Self::beginnings();
        }
        let drawn = Rate::drawn;
        Self {
            calm: false,
            link_reset: drawn(dice, 60, 400),
            link_fin: drawn(dice, 30, 200),
            link_stall: drawn(dice, 30, 250),
            link_drip: drawn(dice, 10, 80),
            link_hole: drawn(dice, 20, 150),
            link_flip: drawn(dice, 10, 80),
            link_slow: drawn(dice, 50, 400),
            link_small: drawn(dice, 50, 300),
            dial_slow: drawn(dice, 50, 300),
            dial_refused: drawn(dice, 20, 150),
            dial_swallowed: drawn(dice, 10, 80),
            two_addresses: drawn(dice, 20, 200),
            step_pause: drawn(dice, 30, 200),
            step_long_pause: drawn(dice, 5, 60),
            step_cut: drawn(dice, 8, 60),
            step_kill: drawn(dice, 4, 30),
            step_disable: drawn(dice, 1, 10),
            init_slow: drawn(dice, 100, 500),
            init_fails: drawn(dice, 50, 300),
            locked: drawn(dice, 10, 150),
            head_moved: drawn(dice, 10, 100),
            invalid: drawn(dice, 10, 80),
            unreadable_request: drawn(dice, 5, 60),
            unknown_text: drawn(dice, 5, 60),
            withheld: drawn(dice, 10, 100),
            doubled: drawn(dice, 10, 100),
            late: drawn(dice, 20, 200),
            garbled: drawn(dice, 3, 40),
            bodiless: drawn(dice, 3, 40),
            keystore_slow: drawn(dice, 50, 300),
            keystore_silent: drawn(dice, 10, 80),
            keystore_refuses: drawn(dice, 20, 150),
            admin_slow: drawn(dice, 20, 200),
            admin_withheld: drawn(dice, 5, 40),
            admin_error: drawn(dice, 5, 40),
            admin_error_after: drawn(dice, 5, 60),
            poison: Rate::default(),
        }
    }
}
