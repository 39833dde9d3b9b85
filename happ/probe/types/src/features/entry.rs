//! Entries and links.

use crate::features::Rule;
use holo_hash::{ActionHash, AgentPubKey, AnyLinkableHash};
use holochain_zome_types::prelude::{CapGrantEntry, ChainTopOrdering, LinkTag, Timestamp};
use serde::{Deserialize, Serialize};

/// Input of `update_note` and `update_secret_note`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateNote {
    /// The action that wrote what is replaced.
    pub original: ActionHash,
    /// The new text.
    pub text: String,
}

/// Input of `create_ordered`, `update_ordered`, `delete_ordered` and `link_ordered`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderedNote {
    /// What is updated, deleted or linked from; absent for `create_ordered`.
    #[serde(default)]
    pub original: Option<ActionHash>,
    /// The text.
    pub text: String,
    /// `Relaxed` or `Strict`.
    pub ordering: ChainTopOrdering,
}

/// Input of `slow_ordered`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlowNote {
    /// The text.
    pub text: String,
    /// `Relaxed` or `Strict`.
    pub ordering: ChainTopOrdering,
    /// How long the call computes after it has written, in milliseconds; at most 10 000 are served.
    pub millis: u64,
}

/// Input of `link_notes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkNotes {
    /// Where the link starts.
    pub base: AnyLinkableHash,
    /// Where it leads.
    pub target: AnyLinkableHash,
    /// Its tag.
    pub tag: LinkTag,
}

/// Input of `links_of`, `links_of_built`, `links_details_of` and `count_links_of`: links of the type `Note`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinksOf {
    /// Where the links start.
    pub base: AnyLinkableHash,
    /// How their tags begin.
    #[serde(default)]
    pub tag_prefix: Option<LinkTag>,
    /// Who made them.
    #[serde(default)]
    pub author: Option<AgentPubKey>,
    /// Made later than this.
    #[serde(default)]
    pub after: Option<Timestamp>,
    /// Made earlier than this.
    #[serde(default)]
    pub before: Option<Timestamp>,
    /// Whether only this conductor is asked.
    #[serde(default)]
    pub local: bool,
}

/// Input of `ensure_anchor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnchorName {
    /// The upper level.
    pub anchor_type: String,
    /// The lower level.
    pub text: String,
}

/// The content of an entry or of a link's tag that says how it is validated; input of `create_verdict`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Makes two entries with the same rules different ones.
    pub name: String,
    /// The first rule that fits decides.
    pub rules: Vec<Rule>,
}

/// Input of `update_verdict`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpdateVerdict {
    /// The action that wrote what is replaced.
    pub original: ActionHash,
    /// The new content.
    pub verdict: Verdict,
}

/// Input of `link_verdict`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictLink {
    /// Where the link starts.
    pub base: AnyLinkableHash,
    /// Where it leads.
    pub target: AnyLinkableHash,
    /// Its tag.
    pub verdict: Verdict,
}

/// Input of `update_grant`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateGrant {
    /// The action that wrote the grant.
    pub original: ActionHash,
    /// What stands in its place.
    pub grant: CapGrantEntry,
}
