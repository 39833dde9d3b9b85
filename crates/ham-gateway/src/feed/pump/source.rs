//! The function that lists missed blocks.

/// Where missed blocks are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) role: String,
    pub(super) zome: String,
    pub(super) function: String,
}

impl Source {
    /// From `role/zome/function`, which the configuration was checked for.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/').map(ToOwned::to_owned);
        let (role, zome, function) = (parts.next()?, parts.next()?, parts.next()?);
        parts.next().is_none().then_some(Self { role, zome, function })
    }
}
