//! Where a subscription is to begin.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a subscription is to begin: the member `since` of the documented dialect's `subscribe`, an extension. To ask for a place is to
/// ask for ids and gaps too, so a client that says nothing of it gets what the document shows, byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Since {
    /// Not said: from now on, without ids.
    #[default]
    Unsaid,
    /// `null`: from now on, with ids.
    Now,
    /// The id of a message: with what came after it, as far as the server still keeps it. Where it does not, a gap comes first.
    After(String),
}

impl Since {
    /// Whether ids and gaps are asked for.
    #[must_use]
    pub fn is_said(&self) -> bool {
        !matches!(self, Self::Unsaid)
    }
}

/// An id is a place, none is now.
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
