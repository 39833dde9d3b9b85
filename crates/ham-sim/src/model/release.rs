//! What differs between releases.

/// A release, in their order.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Release {
    /// Remembers the last nonce of each key. No other release comes back with its databases.
    V0_6,
    V0_7_0,
    V0_7_1,
    V0_8,
}

impl Release {
    /// Those that remember nonces, and that a conductor can come back as.
    pub(crate) const LATER: [Self; 3] = [Self::V0_7_0, Self::V0_7_1, Self::V0_8];

    /// Whether a cell that does not run is called disabled, without a reason, and grants have `access`.
    pub(super) fn is_before_0_7_1(self) -> bool {
        self < Self::V0_7_1
    }

    /// Whether a nonce is forgotten with the next one of its key, and chains are dumped whole, their actions flat.
    pub(super) fn is_0_6(self) -> bool {
        self == Self::V0_6
    }
}
