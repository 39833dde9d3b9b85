//! What differs between releases.

/// A release that remembers nonces.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Release {
    V0_7_0,
    V0_7_1,
    V0_8,
}

impl Release {
    pub(crate) const ALL: [Self; 3] = [Self::V0_7_0, Self::V0_7_1, Self::V0_8];

    /// Whether a cell that does not run is called disabled, without a reason, and grants have `access`.
    pub(super) fn is_before_0_7_1(self) -> bool {
        self == Self::V0_7_0
    }
}
