//! Parts of addresses that have no effect and may be secrets.

use url::Url;

use crate::config::Config;

/// The key of each, and what is wrong. A start accepts them all the same: parts that are never sent harm nothing but
/// the secret.
pub(super) fn doubts(config: &Config) -> Vec<(&'static str, &'static str)> {
    let admin = config.conductor.admin_url.iter().map(|url| ("conductor.admin_url", url));
    let apps = config.app.iter().filter_map(|app| Some(("app.app_url", app.app_url.as_ref()?)));
    // A user in a NATS address is refused before this.
    let nats = config.nats.urls.iter().map(|url| ("nats.urls", url));
    let doubts = admin.chain(apps).chain(nats).filter_map(|(key, url)| Some((key, doubt(key, url)?)));
    doubts.collect()
}

fn doubt(key: &str, url: &Url) -> Option<&'static str> {
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !ham::shown_url(url).contains('…') {
        return (has_user && key != "nats.urls").then_some(USER);
    }
    Some(if has_user { HOST_BEFORE } else { HOST })
}

const USER: &str = "the part before the `@` is never sent: leave it out";
const HOST_BEFORE: &str =
    "what follows the `@` is taken for the host, and may be a secret: write only host and port";
const HOST: &str =
    "the host may be a secret, such as a token in the wrong place: put secrets into a file and name it";

#[cfg(test)]
mod tests {
    use super::*;

    /// Case: a token in place of a forgotten host, and a host before an `@`, were not reported.
    #[test]
    fn a_secret_in_the_place_of_a_host_is_told() {
        let key = crate::NewKey::new().unwrap();
        let key = key.expose();
        let told = |admin: &str, nats: &str| {
            let text = format!(
                "conductor.admin_url = {admin:?}\nnats.urls = [{nats:?}]\n[[app]]\nid = \"a\"\napp_url = {admin:?}\n"
            );
            doubts(&Config::parse(&text).unwrap())
        };
        let all = |why| [("conductor.admin_url", why), ("app.app_url", why), ("nats.urls", why)];
        for address in [format!("ws://{key}"), format!("nats://{key}:4444"), format!("https://{key}.example")]
        {
            assert_eq!(told(&address, &address), all(HOST), "{address}");
        }
        assert_eq!(told("ws://localhost:4444@hunter2", "nats://localhost@hunter2"), all(HOST_BEFORE));
        assert_eq!(told("ws://user:hush@localhost:1", "nats://localhost:1"), all(USER)[..2]);
        for address in
            ["ws://localhost:4444", "ws://conductor.prod-eu.k8s.example:1/path?token=hush", "ws://[::1]:1"]
        {
            assert_eq!(told(address, &address.replace("ws", "nats")), []);
        }
    }
}
