//! The gateway's identity for NATS, read from files that only their owner may read.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::Nats;
use crate::named_file;

/// The gateway's identity. `Debug` shows none of its secrets.
#[derive(Clone, Default)]
#[cfg_attr(not(feature = "nats"), expect(dead_code, reason = "without NATS they are only checked"))]
pub(crate) enum Secrets {
    /// Nobody in particular.
    #[default]
    None,
    /// A JWT and its seed, as `nsc` writes them.
    Credentials(String),
    /// The seed of an nkey.
    Nkey(String),
    Token(String),
    Password(String, String),
}

impl Secrets {
    /// Reads the files that the configuration names.
    ///
    /// # Errors
    /// Which file it is, and why it cannot be used; never its contents.
    pub(crate) fn read(config: &Nats) -> Result<Self, String> {
        if let Some(file) = &config.ca_file {
            named_file::read(file).map_err(|why| format!("ca_file: {why}"))?;
        }
        let words =
            |key: &str, file: &Option<PathBuf>| file.as_deref().map(|file| words(key, file)).transpose();
        if let Some(credentials) = words("credentials_file", &config.credentials_file)? {
            return Ok(Self::Credentials(credentials));
        }
        if let Some(seed) = words("nkey_file", &config.nkey_file)? {
            return Ok(Self::Nkey(seed));
        }
        if let Some(token) = words("token_file", &config.token_file)? {
            return Ok(Self::Token(token));
        }
        let password = words("password_file", &config.password_file)?;
        Ok(config
            .user
            .clone()
            .zip(password)
            .map_or(Self::None, |(user, password)| Self::Password(user, password)))
    }
}

fn words(key: &str, file: &Path) -> Result<String, String> {
    named_file::words(file).map_err(|why| format!("{key}: {why}"))
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Credentials(_) => "Credentials(…)",
            Self::Nkey(_) => "Nkey(…)",
            Self::Token(_) => "Token(…)",
            Self::Password(..) => "Password(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_files_for_their_owner_are_read_and_never_shown() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        std::fs::write(&file, "s3cret\n").unwrap();
        let config = Nats { token_file: Some(file.clone()), ..Nats::default() };
        let set = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        set(0o640);
        let why = Secrets::read(&config).unwrap_err();
        assert!(why.contains("chmod 600") && !why.contains("s3cret"), "{why}");
        set(0o600);
        let read = Secrets::read(&config).unwrap();
        assert!(matches!(&read, Secrets::Token(token) if token == "s3cret"));
        assert_eq!(format!("{read:?}"), "Token(…)");
        std::fs::write(&file, " \n").unwrap();
        assert!(Secrets::read(&config).unwrap_err().contains("is empty"));
        assert!(matches!(Secrets::read(&Nats::default()), Ok(Secrets::None)));
        // The start waited for ever for somebody to write into it.
        std::fs::remove_file(&file).unwrap();
        assert!(
            std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&file).status().unwrap().success()
        );
        assert!(Secrets::read(&config).unwrap_err().ends_with("is not a file"));
    }
}
