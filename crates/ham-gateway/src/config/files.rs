//! The files that a configuration names: a value that should be a path but leads nowhere may be the secret itself.

use std::path::Path;

use super::values::Config;

/// A file that a configuration names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named<'a> {
    /// The key that names it.
    pub(crate) key: &'static str,
    pub(crate) path: &'a Path,
    pub(crate) holds: Holds,
}

/// What a file contains, which determines how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// The stanzas of keys.
    Keys,
    /// The certificate, or its key: they are read together.
    Tls,
    /// Authorities.
    Authorities,
    /// Words, in a file that only its owner can read or that is mounted.
    Words,
    /// A token in base64.
    Token,
    /// A secret of NATS, for its owner only.
    OfNats,
}

impl Config {
    /// All of them.
    pub(crate) fn files(&self) -> Vec<Named<'_>> {
        let (conductor, nats, tls) = (&self.conductor, &self.nats, self.tls.as_ref());
        let named = [
            ("keys", self.keys.as_deref(), Holds::Keys),
            ("tls.certificate", tls.map(|tls| tls.certificate.as_path()), Holds::Tls),
            ("tls.key", tls.map(|tls| tls.key.as_path()), Holds::Tls),
            ("conductor.lair_url_file", conductor.lair_url_file.as_deref(), Holds::Words),
            ("conductor.lair_passphrase_file", conductor.lair_passphrase_file.as_deref(), Holds::Words),
            ("nats.ca_file", nats.ca_file.as_deref(), Holds::Authorities),
            ("nats.credentials_file", nats.credentials_file.as_deref(), Holds::OfNats),
            ("nats.nkey_file", nats.nkey_file.as_deref(), Holds::OfNats),
            ("nats.token_file", nats.token_file.as_deref(), Holds::OfNats),
            ("nats.password_file", nats.password_file.as_deref(), Holds::OfNats),
        ];
        let tokens = self.app.iter().map(|app| ("app.token_file", app.token_file.as_deref(), Holds::Token));
        let all = named.into_iter().chain(tokens);
        all.filter_map(|(key, path, holds)| Some(Named { key, path: path?, holds })).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case: a field that names a file was treated as one in one place and not in another.
    #[test]
    fn every_field_that_names_a_file_is_listed() {
        let text = "keys = \"x\"\ntls = { certificate = \"x\", key = \"x\" }\n\
                    conductor = { lair_url_file = \"x\", lair_passphrase_file = \"x\" }\n[[app]]\nid = \"a\"\ntoken_file = \"x\"\n\
                    [nats]\ncredentials_file = \"x\"\nnkey_file = \"x\"\ntoken_file = \"x\"\npassword_file = \"x\"\nca_file = \"x\"\n";
        let config = Config::parse(text).unwrap();
        let mut listed: Vec<_> = config.files().into_iter().map(|file| file.key.to_owned()).collect();
        listed.sort();
        // Written out, the configuration has the names of all its fields.
        let mut fields = Vec::new();
        let mut rest = vec![(String::new(), serde_json::to_value(&config).unwrap())];
        while let Some((name, value)) = rest.pop() {
            let below = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
            match value {
                serde_json::Value::Object(entries) => {
                    rest.extend(entries.into_iter().map(|(key, value)| (below(&key), value)));
                }
                serde_json::Value::Array(values) => {
                    rest.extend(values.into_iter().map(|value| (name.clone(), value)));
                }
                value if value == "x" || name.ends_with("_file") => fields.push(name),
                _ => {}
            }
        }
        fields.sort();
        assert_eq!(listed, fields);
    }
}
