//! What can be set, in one table: the README, `ham info --settings`, the environment and the file all follow it.

/// One setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Its name in the configuration file. `HAM_` and the same in capitals is the environment variable.
    pub(crate) key: &'static str,
    /// Its flag, where it has one.
    pub(crate) flag: Option<&'static str>,
    /// What it is.
    pub(crate) about: &'static str,
    /// Whether its value may be a URL with a password in it.
    pub(crate) hides_password: bool,
}

impl Setting {
    /// The environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("HAM_{}", self.key.to_ascii_uppercase())
    }

    const fn hiding_password(self) -> Self {
        Self { hides_password: true, ..self }
    }
}

const fn setting(key: &'static str, flag: Option<&'static str>, about: &'static str) -> Setting {
    Setting { key, flag, about, hides_password: false }
}

/// Every setting.
pub(crate) static SETTINGS: [Setting; 17] = [
    setting("admin_port", Some("--admin-port"), "the admin interface's port on this machine"),
    setting("admin_url", Some("--admin-url"), "the admin interface's URL, instead of a port")
        .hiding_password(),
    setting(
        "conductor",
        Some("--conductor"),
        "`embedded` or `real`: one that ham starts for `--app`; or a running one's admin URL",
    )
    .hiding_password(),
    setting(
        "app_url",
        Some("--app-url"),
        "the app interface's URL; without it, the admin interface is asked",
    )
    .hiding_password(),
    setting("app_id", Some("--app-id"), "the installed app"),
    setting("app_token_file", None, "a file with an app token in base64, where there is no admin interface"),
    setting("origin", Some("--origin"), "the Origin header; the default is `ham`"),
    setting("lair_url", Some("--lair-url"), "the keystore that signs; without it, a key of ham's own"),
    setting(
        "lair_passphrase_file",
        Some("--lair-passphrase-file"),
        "the file with its passphrase; `-` is standard input",
    ),
    setting(
        "credentials",
        Some("--credentials"),
        "the file that keeps ham's own keys; the default is `~/.local/state/ham/credentials`",
    ),
    setting(
        "request_timeout_secs",
        Some("--timeout"),
        "how long an answer may take; the default is 120 seconds",
    ),
    setting(
        "reconnect_backoff_initial_ms",
        None,
        "the first pause of `--wait` (1000) and after a lost link (100), in milliseconds",
    ),
    setting(
        "reconnect_backoff_max_ms",
        None,
        "the longest pause of `--wait` and after a lost link (30000), in milliseconds",
    ),
    setting(
        "reconnect_backoff_escalate_after",
        None,
        "the failed attempts after which `--wait` says error; the default is 5",
    ),
    setting(
        "pressure_cooldown_ms",
        None,
        "the first pause after source-chain pressure; set one of the two to switch it on",
    ),
    setting("pressure_cooldown_max_ms", None, "the longest such pause"),
    setting(
        "holochain_release",
        None,
        "the conductor's release: `0.6`, `0.7.0`, `0.7.1` or `0.8-dev`; without it, ham finds out",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_this_table() {
        let readme = include_str!("../../README.md");
        for setting in SETTINGS {
            let flag = setting.flag.map_or(String::new(), |flag| format!("`{flag}`"));
            let row = format!("| {flag} | `{}` | {} |", setting.variable(), setting.about);
            assert!(readme.lines().any(|line| line == row), "the README lacks: {row}");
        }
    }
}
