//! How keys are made.

use std::fmt;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::Serialize;

use super::identity::Scope;
use super::key::{BadKeys, PREFIX, sha256};

/// A key that was just made. It is shown once; only its digest is kept.
pub struct NewKey {
    id: String,
    secret: ham::Secret,
}

impl NewKey {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn new() -> Result<Self, BadKeys> {
        let mut random = [0; 32 + ID_LENGTH];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| BadKeys("the system gives no random bytes".into()))?;
        let (secret, id) = random.split_at(32);
        let id: String =
            id.iter().map(|byte| char::from(ID_LETTERS[usize::from(*byte) % ID_LETTERS.len()])).collect();
        let text = format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(secret));
        Ok(Self { id, secret: ham::Secret::new(text.into_bytes()) })
    }

    /// The key itself, to be handed to its user.
    #[must_use]
    pub fn expose(&self) -> &str {
        std::str::from_utf8(self.secret.expose()).unwrap_or_default()
    }

    /// The entry for the file of keys, for calls and the feed. It allows nothing until functions and chains are listed.
    #[must_use]
    pub fn stanza(&self, name: &str) -> String {
        let allows = Allows { scopes: vec![Scope::Calls, Scope::Feed], ..Allows::default() };
        self.stanza_with(name, &allows)
    }

    /// The same, with what the key allows.
    #[must_use]
    pub fn stanza_with(&self, name: &str, allows: &Allows) -> String {
        let Allows { scopes, apps, functions, chains } = allows;
        let entry = Entry {
            id: &self.id,
            name,
            sha256: hex(&sha256(self.secret.expose())),
            scopes,
            apps,
            functions,
            chains,
        };
        // Texts and lists of texts, which TOML can always express.
        format!("[[key]]\n{}", toml::to_string(&entry).unwrap_or_default())
    }
}

/// What a key allows: scopes, apps by their ids, functions as `role/zome/function`, chains; patterns with `*` and `**`. Nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allows {
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// Apps that it may know of.
    pub apps: Vec<String>,
    /// Functions that it may call.
    pub functions: Vec<String>,
    /// Chains that it may follow.
    pub chains: Vec<String>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    name: &'a str,
    sha256: String,
    scopes: &'a [Scope],
    apps: &'a [String],
    functions: &'a [String],
    chains: &'a [String],
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey").field("id", &self.id).finish_non_exhaustive()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

const ID_LENGTH: usize = 6;
/// No two of these letters look alike.
const ID_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
