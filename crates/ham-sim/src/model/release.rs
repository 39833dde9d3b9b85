//! What differs between releases.

/// A release, in order.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Release {
    /// Remembers the last nonce of each key. No other release can come back with its databases.
    V0_6,
    V0_7_0,
    V0_7_1,
    V0_8,
}

impl Release {
    /// Those that remember nonces and that a conductor can come back as.
    pub(crate) const LATER: [Self; 3] = [Self::V0_7_0, Self::V0_7_1, Self::V0_8];

    /// Whether a cell that does not run is called disabled, without a reason, and grants use `access`.
    pub(super) fn is_before_0_7_1(self) -> bool {
        self < Self::V0_7_1
    }

    /// Whether a key's next nonce makes the conductor forget the previous one, and chains are dumped whole, with flat actions.
    pub(super) fn is_0_6(self) -> bool {
        self == Self::V0_6
    }
}
