//! A gateway that keeps calls before a conductor, for the tests of what becomes of them.

use crate::gateway::started;
use crate::support::{Ham, Ran, Running};

/// A gateway that keeps calls, and a key that may call everything of its app.
pub(crate) struct Keeping {
    pub(crate) running: Running,
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) key_file: String,
}

/// One before the conductor at this admin port.
pub(crate) async fn keeping(ham: &Ham, app: &str, admin_port: &str) -> Keeping {
    let new = ["gateway", "key", "new", "--name", "t", "--app-id", app, "--function", "**", "--json"];
    let made = ham.run(&new).await.ok().json();
    let private = |name: &str, text: &str| {
        let path = ham.file(name, text);
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    };
    let key = made["key"].as_str().unwrap().to_owned();
    let (keys, key_file) = (private("keys.toml", made["stanza"].as_str().unwrap()), private("key", &key));
    let state = ham.home.path().join("state");
    let file = ham.file(
        "gateway.toml",
        format!(
            "listen = \"127.0.0.1:0\"\nkeys = \"{keys}\"\nstate_dir = {state:?}\n[conductor]\n\
             admin_url = \"ws://localhost:{admin_port}\"\n[[app]]\nid = \"{app}\"\n"
        ),
    );
    let mut running = ham.start(&["gateway", "--json", "--config", &file]);
    let url = started(&mut running).await["url"].as_str().unwrap().to_owned();
    Keeping { running, url, key, key_file }
}

/// `ham gateway calls`, asked of it.
pub(crate) async fn calls(ham: &Ham, url: &str, key_file: &str, verb: &[&str]) -> Ran {
    let rest = ["--gateway", url, "--key-file", key_file];
    ham.run(&[&["gateway", "calls"], verb, &rest].concat()).await
}
