//! The differences between releases, as data, all in one place.
//!
//! Read from the published sources and verified on running conductors of 0.6.3, 0.7.0, 0.7.1 and 0.8.0-dev.14.

use super::grant::GrantShape;
use super::release::Release;

/// How the conductors of one release read and write, where releases differ.
#[derive(Debug)]
pub(crate) struct Dialect {
    pub(crate) release: Release,
    /// The wire format of a grant, in requests, lists and dumps.
    pub(crate) grants: GrantShape,
    /// Whether `dump_state` honours its cursor and its limit. If not, it returns the whole chain.
    pub(crate) pages_chains: bool,
    /// The form of an action in the JSON of `dump_state`.
    pub(crate) actions: ActionShape,
    /// What happens to a grant, or to its revocation, on a closed chain.
    pub(crate) closed_chain: ClosedChain,
    /// Whether a nonce is refused a second time, however many calls came in between. If not, the conductor remembers only the last
    /// nonce of each key, and bytes that are sent again can run again.
    pub(crate) remembers_nonces: bool,
    /// Whether `list_apps` knows filters beyond `enabled` and `disabled`.
    pub(crate) filters_by_restore: bool,
    /// What ham cannot promise, for people.
    pub(crate) limits: &'static [&'static str],
}

const CLOSED: &str =
    "another client can grant or revoke on a closed chain, which gets the agent warranted; ham looks first";
const UPGRADE: &str =
    "0.7.1 cannot read the grants on these chains: read docs/releases.md before the conductor is upgraded";

/// The form of an action in a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActionShape {
    /// `{type, author, action_seq, …}`.
    Flat,
    /// `{header: {author, action_seq, …}, data: {type, …}}`.
    HeaderAndData,
}

/// What happens to a write on a closed chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClosedChain {
    /// It is written, and other agents warrant this one: ham has to check first.
    Written,
    /// The conductor refuses it.
    Refused,
}

/// One column per release.
static DIALECTS: [Dialect; 4] = [
    Dialect {
        release: Release::V0_6,
        grants: GrantShape::AccessAndFunctions,
        pages_chains: false,
        actions: ActionShape::Flat,
        closed_chain: ClosedChain::Written,
        remembers_nonces: false,
        filters_by_restore: false,
        limits: &[
            "a call that was sent and lost is not sent again and cannot be fenced: it ends as unknown, since only the last nonce of \
             a key is remembered",
            "a power cut can lose what was acknowledged, since there is no `db_sync_level: Full`",
            "reading a chain for a grant is one request for all of it, and one of more than 64 MiB cannot be read: nothing is granted or \
             revoked on it",
            CLOSED,
        ],
    },
    Dialect {
        release: Release::V0_7_0,
        grants: GrantShape::AccessAndFunctions,
        pages_chains: true,
        actions: ActionShape::HeaderAndData,
        closed_chain: ClosedChain::Written,
        remembers_nonces: true,
        filters_by_restore: true,
        limits: &[CLOSED, UPGRADE],
    },
    Dialect {
        release: Release::V0_7_1,
        grants: GrantShape::ConstraintAndCapability,
        pages_chains: true,
        actions: ActionShape::HeaderAndData,
        closed_chain: ClosedChain::Refused,
        remembers_nonces: true,
        filters_by_restore: true,
        limits: &[],
    },
    Dialect {
        release: Release::V0_8,
        grants: GrantShape::ConstraintAndCapability,
        pages_chains: true,
        actions: ActionShape::HeaderAndData,
        closed_chain: ClosedChain::Refused,
        remembers_nonces: true,
        filters_by_restore: true,
        limits: &[],
    },
];

/// Requests that not every release knows: name without the interface, first and last release.
static REQUESTS: &[(&str, Release, Release)] = &[
    ("graft_records", Release::V0_6, Release::V0_6),
    ("dump_op_timings", Release::V0_7_0, Release::V0_8),
    ("send_direct_signal", Release::V0_7_0, Release::V0_8),
    ("grant_direct_signal_capability", Release::V0_7_1, Release::V0_8),
];

impl Dialect {
    /// The dialect of a release.
    pub(crate) fn of(release: Release) -> &'static Self {
        match release {
            Release::V0_6 => &DIALECTS[0],
            Release::V0_7_0 => &DIALECTS[1],
            Release::V0_7_1 => &DIALECTS[2],
            Release::V0_8 => &DIALECTS[3],
        }
    }

    /// Whether a request of this name is known to the release. A request without a row is known to all.
    pub(crate) fn knows(&self, request: &str) -> bool {
        REQUESTS
            .iter()
            .find(|(name, ..)| *name == request)
            .is_none_or(|(_, first, last)| (*first..=*last).contains(&self.release))
    }
}

impl Release {
    /// What ham cannot promise on it, and what it has to do differently there; each is the end of a sentence.
    #[must_use]
    pub fn limits(self) -> &'static [&'static str] {
        Dialect::of(self).limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_release_has_its_dialect() {
        for release in Release::ALL {
            assert_eq!(Dialect::of(release).release, release);
        }
    }

    #[test]
    fn a_request_is_known_from_its_first_release_to_its_last() {
        let knows = |request| Release::ALL.map(|release| Dialect::of(release).knows(request));
        assert_eq!(knows("graft_records"), [true, false, false, false]);
        assert_eq!(knows("dump_op_timings"), [false, true, true, true]);
        assert_eq!(knows("grant_direct_signal_capability"), [false, false, true, true]);
        assert_eq!(knows("app_info"), [true; 4]);
    }
}
