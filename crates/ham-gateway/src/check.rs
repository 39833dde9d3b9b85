//! Everything that is wrong with a configuration and with the files that it names, as far as it can be known without a conductor.

mod addresses;

use std::path::Path;

use ham::masked_path;
use holochain_zome_types::prelude::Timestamp;

use crate::auth::Keys;
use crate::config::{Config, Fault, Holds, Named};
use crate::{named_file, outbox, state_directory, tls};

/// All faults at once: nobody has to mend one to see the next.
pub(crate) fn faults(config: &Config, now: Timestamp) -> Vec<Fault> {
    let mut faults = config.check();
    for Named { key, path, holds } in config.files() {
        let read = match holds {
            Holds::Keys => of_keys(config, path, now),
            // Both are read together, below.
            Holds::Tls => Vec::new(),
            Holds::Words | Holds::Authorities => wrong(key, named_file::read(path)),
            Holds::Token => wrong(key, named_file::token(path)),
            Holds::OfNats => wrong(key, named_file::words(path)),
        };
        faults.extend(read);
    }
    if let Some(Err(wrong)) = config.tls.as_ref().map(tls::read) {
        faults.extend(wrong);
    }
    let mut add = |key: &'static str, why: &str| faults.push(Fault::new(key, why));
    if config.compat.hc_http_gw && config.compat.allowed.is_empty() {
        add("compat.allowed", NOTHING_ALLOWED);
    }
    for (key, why) in addresses::doubts(config) {
        add(key, why);
    }
    if let Some(directory) = &config.state_dir {
        if let Ok(Some(mode)) = state_directory::open_to_others(directory) {
            let (path, close) = (masked_path(directory), ham::how_to_close(directory));
            let why = format!("{path} is open to others (mode {mode:o}): {close}");
            faults.push(Fault::of_file("state_dir", why));
        }
        let path = directory.join(outbox::FILE);
        if let Err(why) = outbox::look(&path) {
            faults.push(Fault::of_file("state_dir", format!("{}: {why}", masked_path(&path))));
        }
    }
    faults
}

fn wrong<T>(key: &'static str, read: Result<T, String>) -> Vec<Fault> {
    read.err().map(|why| Fault::of_file(key, why)).into_iter().collect()
}

/// What is wrong with a file of keys, and what it says without effect.
fn of_keys(config: &Config, path: &Path, now: Timestamp) -> Vec<Fault> {
    let apps: Vec<&str> = config.app.iter().map(|app| app.id.as_str()).collect();
    let chains: Vec<&str> = config.feed.chains.keys().map(String::as_str).collect();
    match Keys::doubts(path, &apps, &chains, now) {
        Ok((keys, doubts)) => {
            let callers = keys.let_somebody_call(config).err().map(|why| why.to_string());
            let of_nats = keys.has_caller_of(&config.nats, now).err();
            let of = |key| move |why: String| Fault::new(key, &why);
            let doubts = doubts.into_iter().chain(callers).map(of("keys"));
            doubts.chain(of_nats.map(of("nats.calls_as"))).collect()
        }
        Err(why) => vec![Fault::of_file("keys", why.to_string())],
    }
}

/// `holochain_http_gateway` starts like that, too.
const NOTHING_ALLOWED: &str = "no app is allowed, so every call by the addresses of holochain_http_gateway is refused: name apps here, \
                               or in HC_GW_ALLOWED_APP_IDS";

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;

    /// One missing file hid the next, and patterns that could never match passed.
    #[test]
    fn all_faults_are_told_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let private = |path: &Path, text: &str| {
            fs::write(path, text).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        };
        let stanza = |id: &str, rest: &str| {
            format!("[[key]]\nid = {id:?}\nname = \"n\"\nsha256 = \"{}\"\n{rest}\n", "00".repeat(32))
        };
        private(
            &at("keys.toml"),
            &[
                stanza("A", "expires = 2020-01-01T00:00:00Z\napps = [\"suply\"]"),
                stanza("B", "functions = [\"bridge/pay\"]\nchains = [\"supply/main/x\", \"other\"]"),
                stanza(
                    "C",
                    "apps = [\"supply\"]\nfunctions = [\"*/*/get_*\"]\nchains = [\"supply/**\", \"all\"]",
                ),
            ]
            .concat(),
        );
        fs::create_dir(at("state")).unwrap();
        fs::set_permissions(at("state"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(at("state").join(outbox::FILE), "").unwrap();
        fs::set_permissions(at("state").join(outbox::FILE), fs::Permissions::from_mode(0o600)).unwrap();
        let text = format!(
            "keys = {:?}\nstate_dir = {:?}\ntls = {{ certificate = {:?}, key = {:?} }}\n[[app]]\nid = \"supply\"\n\
             app_url = \"ws://localhost:1\"\ntoken_file = {:?}\n[[function]]\nmatch = \"supply/*/pay\"\n\
             [[function]]\nmatch = \"suply/*/*/pay\"\n[feed.chains]\nall = \"supply\"\nbad = \"supply/main/x\"\n",
            at("keys.toml"),
            at("state"),
            at("tls.pem"),
            at("tls.key"),
            at("token"),
        );
        let faults = faults(&Config::parse(&text).unwrap(), Timestamp::now());
        let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
        for part in [
            "feed.chains: `bad`",
            "function.match: \"supply/*/pay\" matches nothing",
            "function.match: \"suply/*/*/pay\" does not begin with an app",
            "keys: key \"A\": it has expired",
            "keys: key \"A\": \"suply\" is not an app",
            "keys: key \"B\": \"bridge/pay\" matches nothing",
            "keys: key \"B\": \"supply/main/x\" matches nothing",
            "keys: key \"B\": \"other\" is not a chain",
            "tls.certificate: cannot read",
            "tls.key: cannot read",
            "app.token_file: cannot read",
            "state_dir: ",
        ] {
            assert!(told.iter().any(|told| told.starts_with(part)), "{part}: {told:#?}");
        }
        assert!(
            told.iter()
                .any(|told| told.ends_with("state is open to others (mode 755): run `chmod 700` on it"))
        );
        assert_eq!(told.len(), 13, "{told:#?}");
        // A file without keys passed, and then nobody could call anything.
        private(&at("keys.toml"), "");
        let mut config = Config::parse(&text).unwrap();
        let no_key = |config: &Config| {
            self::faults(config, Timestamp::now()).iter().any(|fault| fault.why.contains("holds no key"))
        };
        assert!(no_key(&config));
        config.compat.hc_http_gw = true;
        assert!(!no_key(&config));
        // A start waited for ever for somebody to write into it, and the check said nothing.
        let pipe = at("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        config.app[0].token_file = Some(pipe.clone());
        config.tls = Some(crate::config::Tls { certificate: pipe.clone(), key: pipe });
        config.conductor.lair_url_file = config.app[0].token_file.clone();
        // Of two in `[nats]`, only one was reported.
        config.nats.ca_file = config.app[0].token_file.clone();
        config.nats.nkey_file = config.app[0].token_file.clone();
        let faults = self::faults(&config, Timestamp::now());
        for key in [
            "tls.certificate",
            "tls.key",
            "app.token_file",
            "conductor.lair_url_file",
            "nats.ca_file",
            "nats.nkey_file",
        ] {
            let is_told = |fault: &Fault| fault.key == key && fault.why.ends_with("pipe is not a file");
            assert!(faults.iter().any(is_told), "{key}: {faults:?}");
        }
        let no_file = Keys::read(&at("state")).unwrap_err().to_string();
        assert!(no_file.ends_with("is not a file"), "{no_file}");
        let none = Keys::parse(&stanza("A", "concurrent = 0")).unwrap_err().to_string();
        assert!(none.contains("concurrent is at least 1"), "{none}");
    }
}
