//! Where a subscription is to begin.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a subscription is to begin: the member `since` of the documented dialect's `subscribe`, an extension. Asking for a place
/// also asks for ids and gaps, so a client that does not mention it gets what the document shows, byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Since {
    /// Not given: from now on, without ids.
    #[default]
    Unsaid,
    /// `null`: from now on, with ids.
    Now,
    /// The id of a message: with what came after it, as far as the server still keeps it. If it no longer does, a gap comes first.
    After(String),
}

impl Since {
    /// Whether ids and gaps are requested.
    #[must_use]
    pub fn is_said(&self) -> bool {
        !matches!(self, Self::Unsaid)
    }
}

/// An id is a place; `None` is now.
impl From<Option<String>> for Since {
    fn from(id: Option<String>) -> Self {
        id.map_or(Self::Now, Self::After)
    }
}

impl Serialize for Since {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unsaid | Self::Now => serializer.serialize_none(),
            Self::After(id) => serializer.serialize_str(id),
        }
    }
}

impl<'de> Deserialize<'de> for Since {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<String>::deserialize(deserializer).map(Self::from)
    }
}
