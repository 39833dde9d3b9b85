//! The function that lists missed blocks.

/// The function that lists missed blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::feed) struct Source {
    pub(in crate::feed) role: String,
    pub(in crate::feed) zome: String,
    pub(in crate::feed) function: String,
}

impl Source {
    /// From `role/zome/function`, which was checked with the configuration.
    pub(in crate::feed) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/').map(ToOwned::to_owned);
        let (role, zome, function) = (parts.next()?, parts.next()?, parts.next()?);
        parts.next().is_none().then_some(Self { role, zome, function })
    }
}
