//! What can be set, in one table: the README, `ham info --settings`, the environment and the file all follow it.

/// One setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Its name in the configuration file. The environment variable is `HAM_` and the same name in capitals.
    pub(crate) key: &'static str,
    /// Its flag, if it has one.
    pub(crate) flag: Option<Flag>,
    /// What it is.
    pub(crate) about: &'static str,
    /// Whether its value may be a URL with a password in it.
    pub(crate) hides_password: bool,
    /// Whether its value is the path of a file.
    pub(crate) names_a_file: bool,
}

/// The flag of a setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag {
    /// Without the two dashes.
    pub(crate) name: &'static str,
    /// The placeholder for its value in the help.
    pub(crate) value: &'static str,
}

impl Setting {
    /// The environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("HAM_{}", self.key.to_ascii_uppercase())
    }

    const fn flag(self, name: &'static str, value: &'static str) -> Self {
        Self { flag: Some(Flag { name, value }), ..self }
    }

    const fn naming_a_file(self) -> Self {
        Self { names_a_file: true, ..self }
    }

    const fn hiding_password(self) -> Self {
        Self { hides_password: true, ..self }
    }
}

const fn setting(key: &'static str, about: &'static str) -> Setting {
    Setting { key, flag: None, about, hides_password: false, names_a_file: false }
}

/// Every setting.
pub(crate) static SETTINGS: [Setting; 19] = [
    setting("admin_port", "the port of the admin interface on this machine").flag("admin-port", "PORT"),
    setting("admin_url", "the URL of the admin interface, in place of a port")
        .flag("admin-url", "URL")
        .hiding_password(),
    setting(
        "conductor",
        "`embedded` or `real`: one that ham starts for `--app`; or the admin URL of a running one",
    )
    .flag("conductor", "KIND|URL")
    .hiding_password(),
    setting("app_url", "the URL of the app interface; if omitted, the admin interface is asked")
        .flag("app-url", "URL")
        .hiding_password(),
    setting("app_id", "the ID of the installed app").flag("app-id", "ID"),
    setting("app_token_file", "a file with an app token in base64, for use without an admin interface")
        .naming_a_file(),
    setting("origin", "the Origin header; the default is `ham`").flag("origin", "ORIGIN"),
    setting("lair_url", "the URL of the keystore that signs; if omitted, ham signs with its own keys")
        .flag("lair-url", "URL"),
    setting("lair_passphrase_file", "the file with the keystore's passphrase; `-` is standard input")
        .flag("lair-passphrase-file", "FILE")
        .naming_a_file(),
    setting(
        "credentials",
        "the file in which ham keeps its own keys; the default is `~/.local/state/ham/credentials`",
    )
    .flag("credentials", "FILE")
    .naming_a_file(),
    setting("ca", "a PEM file with the authorities to trust on wss://, instead of the public ones")
        .flag("ca", "FILE")
        .naming_a_file(),
    setting(
        "pin",
        "the SHA-256 fingerprint of the only certificate to trust on wss://; commas separate several",
    )
    .flag("pin", "SHA256"),
    setting(
        "request_timeout_secs",
        "how long to wait for an answer: `30` (seconds), `500ms`, `1m30s`, `1h`; the default is 2 minutes",
    )
    .flag("timeout", "TIME"),
    setting(
        "reconnect_backoff_initial_ms",
        "the first pause of `--wait` (default 1000) and after a lost link (default 100), in milliseconds",
    ),
    setting(
        "reconnect_backoff_max_ms",
        "the longest pause of `--wait` and after a lost link, in milliseconds; the default is 30000",
    ),
    setting(
        "reconnect_backoff_escalate_after",
        "how many attempts of `--wait` may fail before its notes say `error`; the default is 5",
    ),
    setting(
        "pressure_cooldown_ms",
        "the first pause after source-chain pressure, in milliseconds; setting it or the next switches pauses on",
    ),
    setting("pressure_cooldown_max_ms", "the longest such pause, in milliseconds"),
    setting(
        "holochain_release",
        "the conductor's release: `0.6`, `0.7.0`, `0.7.1` or `0.8-dev`; if omitted, ham finds out",
    ),
];

/// The setting of this name.
pub(crate) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_this_table() {
        let readme = include_str!("../../README.md");
        for setting in SETTINGS {
            let flag = setting.flag.map_or(String::new(), |flag| format!("`--{}`", flag.name));
            let row = format!("| {flag} | `{}` | {} |", setting.variable(), setting.about);
            assert!(readme.lines().any(|line| line == row), "the README lacks: {row}");
        }
    }
}
