//! A configuration from the variables of `holochain_http_gateway`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use super::conductor::App;
use super::file::BadConfig;
use super::values::Config;

impl Config {
    /// The values that `holochain_http_gateway` has if no variable says otherwise.
    #[must_use]
    pub fn hc_http_gw() -> Self {
        Self::default().with_listen(HC_HTTP_GW_LISTEN)
    }

    /// The same, after applying the variables of `holochain_http_gateway`, which begin with [`HC_HTTP_GW_PREFIX`]. If one is set,
    /// its addresses are served too. `HC_GW_MAX_APP_CONNECTIONS` is only checked: each app has one connection.
    ///
    /// # Errors
    /// A value is not valid, or one is missing that others need; the text names the variable.
    pub fn with_hc_http_gw(
        mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, BadConfig> {
        let variables = variables.into_iter().filter_map(|(name, value)| {
            name.strip_prefix(HC_HTTP_GW_PREFIX).map(|name| (name.to_owned(), value))
        });
        let variables = Variables(variables.collect());
        if variables.0.is_empty() {
            return Ok(self);
        }
        self.compat.hc_http_gw = true;
        if let Some(address) = variables.parsed::<IpAddr>("ADDRESS")? {
            self.listen.set_ip(address);
        }
        if let Some(port) = variables.parsed("PORT")? {
            self.listen.set_port(port);
        }
        if let Some(url) = variables.parsed::<Url>("ADMIN_WS_URL")? {
            self.conductor.admin_url = Some(websocket(url)?);
        }
        if self.conductor.admin_url.is_none() {
            return Err(variables.missing("ADMIN_WS_URL"));
        }
        for id in variables.listed("ALLOWED_APP_IDS") {
            let name = format!("ALLOWED_FNS_{id}");
            if !variables.0.contains_key(&name) {
                return Err(variables.missing(&format!("ALLOWED_FNS_{}", ham::masked(id))));
            }
            let functions = variables.listed(&name).map(ToOwned::to_owned).collect();
            self.compat.allowed.insert(id.to_owned(), functions);
            if self.app(id).is_none() {
                self.app.push(App::new(id));
            }
        }
        if let Some(bytes) = variables.parsed::<u32>("PAYLOAD_LIMIT_BYTES")? {
            self.compat.payload_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        }
        if let Some(milliseconds) = variables.parsed("ZOME_CALL_TIMEOUT_MS")? {
            self.compat.timeout = Duration::from_millis(milliseconds);
        }
        variables.parsed::<u32>("MAX_APP_CONNECTIONS")?;
        // A payload is part of the head.
        let head = self.compat.payload_bytes.min(LONGEST_ADDRESS) + REST_OF_A_HEAD;
        self.limits.head_bytes = self.limits.head_bytes.max(head);
        Ok(self)
    }
}

struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Its value; an empty one counts as not set.
    fn parsed<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<Option<T>, BadConfig> {
        let Some(value) = self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let parsed = value.parse();
        parsed.map(Some).map_err(|error| BadConfig(format!("{HC_HTTP_GW_PREFIX}{name}: {error}")))
    }

    /// The parts between its commas.
    fn listed(&self, name: &str) -> impl Iterator<Item = &str> {
        let value = self.0.get(name).map(String::as_str).unwrap_or_default();
        value.split(',').map(str::trim).filter(|part| !part.is_empty())
    }

    fn missing(&self, name: &str) -> BadConfig {
        BadConfig(format!("{HC_HTTP_GW_PREFIX}{name} is not set"))
    }
}

/// `holochain_http_gateway` reads only host and port, so any scheme is accepted; the port has no default.
fn websocket(mut url: Url) -> Result<Url, BadConfig> {
    let name = format!("{HC_HTTP_GW_PREFIX}ADMIN_WS_URL");
    if url.scheme() != "wss" {
        let text = url.as_str().replacen(url.scheme(), "ws", 1);
        url = Url::parse(&text).map_err(|error| BadConfig(format!("{name}: {error}")))?;
    }
    if !url.has_host() || url.port_or_known_default().is_none() {
        return Err(BadConfig(format!("{name}: it has no host, or no port")));
    }
    Ok(url)
}

/// The prefix of the variables of `holochain_http_gateway`.
pub const HC_HTTP_GW_PREFIX: &str = "HC_GW_";
/// Where it listens by default.
const HC_HTTP_GW_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8090);
/// No program reads longer addresses.
const LONGEST_ADDRESS: usize = 64 << 10;
/// Bytes of a head besides its payload.
const REST_OF_A_HEAD: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn told(variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables = variables.iter().map(|(name, value)| (format!("HC_GW_{name}"), (*value).to_owned()));
        Config::hc_http_gw().with_hc_http_gw(variables).map_err(|error| error.to_string())
    }

    #[test]
    fn no_variable_changes_nothing() {
        let other = [("PATH".to_owned(), "/bin".to_owned())];
        assert_eq!(Config::default().with_hc_http_gw(other).unwrap(), Config::default());
    }

    #[test]
    fn its_variables_are_read_as_it_reads_them() {
        let config = told(&[
            ("ADMIN_WS_URL", "ws://localhost:8888"),
            ("ALLOWED_APP_IDS", " forum , , shop,forum"),
            ("ALLOWED_FNS_forum", "*"),
            ("ALLOWED_FNS_shop", " main/list , main/count"),
            ("PAYLOAD_LIMIT_BYTES", "1024"),
            ("MAX_APP_CONNECTIONS", "30"),
            ("ZOME_CALL_TIMEOUT_MS", "30000"),
        ])
        .unwrap();
        assert_eq!(config.check(), []);
        assert_eq!(config.listen.to_string(), "127.0.0.1:8090");
        assert_eq!(config.app.iter().map(|app| app.id.as_str()).collect::<Vec<_>>(), ["forum", "shop"]);
        assert_eq!(config.compat.allowed["forum"], ["*"]);
        assert_eq!(config.compat.allowed["shop"], ["main/list", "main/count"]);
        assert_eq!((config.compat.payload_bytes, config.compat.timeout.as_secs()), (1_024, 30));
        let config = told(&[
            ("ADMIN_WS_URL", "http://localhost:8080"),
            ("ADDRESS", "0.0.0.0"),
            ("PORT", "80"),
            ("PAYLOAD_LIMIT_BYTES", "60000"),
        ])
        .unwrap();
        assert_eq!(config.check(), []);
        assert_eq!(config.listen.to_string(), "0.0.0.0:80");
        assert_eq!(config.conductor.admin_url.unwrap().as_str(), "ws://localhost:8080/");
        assert!(config.limits.head_bytes > 60_000 + 10_000);
    }

    #[test]
    fn what_is_wrong_names_its_variable() {
        let url = ("ADMIN_WS_URL", "ws://localhost:8888");
        for (variables, why) in [
            (&[("PORT", "80")][..], "HC_GW_ADMIN_WS_URL is not set"),
            (&[url, ("ALLOWED_APP_IDS", "forum")], "HC_GW_ALLOWED_FNS_forum is not set"),
            (&[url, ("PAYLOAD_LIMIT_BYTES", "many")], "HC_GW_PAYLOAD_LIMIT_BYTES: invalid digit"),
            (&[url, ("MAX_APP_CONNECTIONS", "many")], "HC_GW_MAX_APP_CONNECTIONS: invalid digit"),
            (&[url, ("ZOME_CALL_TIMEOUT_MS", "-1")], "HC_GW_ZOME_CALL_TIMEOUT_MS: invalid digit"),
            (&[url, ("ADDRESS", "here")], "HC_GW_ADDRESS: invalid IP"),
            (&[("ADMIN_WS_URL", "localhost")], "HC_GW_ADMIN_WS_URL: relative URL"),
        ] {
            let error = told(variables).unwrap_err();
            assert!(error.starts_with(why), "{error}");
        }
        for functions in ["", "/fn1", "zome1/", "zome1", "*,zome1/fn1"] {
            let config = told(&[url, ("ALLOWED_APP_IDS", "app1"), ("ALLOWED_FNS_app1", functions)]).unwrap();
            let faults = config.check();
            assert_eq!(faults.iter().map(|fault| fault.key).collect::<Vec<_>>(), ["compat.allowed"]);
        }
    }
}
