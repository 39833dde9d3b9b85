//! A configuration as a file, and what is wrong with one.

use std::path::Path;

use super::fault::{Fault, Faults};
use super::limits::Limits;
use super::located::located;
use super::values::Config;
use crate::compat::Allowed;
use crate::functions::{Functions, begins_with_one_of, matches_nothing};
use crate::named_file;

impl Config {
    /// Reads a file. Keys that it does not have keep their defaults.
    ///
    /// # Errors
    /// It cannot be read, is not TOML, or has an unknown key; the text names the known ones.
    pub fn read(path: &Path) -> Result<Self, BadConfig> {
        Self::parse(&named_file::text(path).map_err(BadConfig)?)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(text: &str) -> Result<Self, BadConfig> {
        toml::from_str(text).map_err(|error| BadConfig(located(&error, text)))
    }

    /// Everything that is wrong with it. The files that it names are not read.
    #[must_use]
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        let limits = &self.limits;
        let compat = &self.compat;
        faults.unless(
            !self.app.is_empty() || compat.hc_http_gw,
            "app",
            "no app is served: add an [[app]] with its id",
        );
        for (at, app) in self.app.iter().enumerate() {
            let again = self.app[..at].iter().any(|earlier| earlier.id == app.id);
            faults.unless(!again, "app", &format!("the app `{}` is listed twice", app.id));
            faults.unless(!app.id.is_empty(), "app.id", "the id is empty");
            let reached =
                self.conductor.admin_url.is_some() || (app.app_url.is_some() && app.token_file.is_some());
            faults.unless(
                reached,
                "conductor.admin_url",
                &format!("the app `{}` needs it, or its own app_url and token_file", app.id),
            );
            let named = app
                .backfill
                .as_deref()
                .is_none_or(|name| name.split('/').filter(|part| !part.is_empty()).count() == 3);
            faults.unless(named, "app.backfill", "it must be written as role/zome/function");
        }
        for url in
            self.conductor.admin_url.iter().chain(self.app.iter().filter_map(|app| app.app_url.as_ref()))
        {
            let websocket = matches!(url.scheme(), "ws" | "wss") && url.has_host();
            faults.unless(websocket, "conductor.admin_url", "it must be a ws:// or wss:// address");
        }
        faults.unless(
            self.conductor.lair_url_file.is_some() == self.conductor.lair_passphrase_file.is_some(),
            "conductor.lair_url_file",
            "it must be set together with lair_passphrase_file",
        );
        let here = self.operations_listen.is_none_or(|at| at.ip().is_loopback());
        faults.unless(
            here || self.operations_public,
            "operations_listen",
            "it needs no key, so it is for this machine only: use a loopback address, or set operations_public = true",
        );
        faults.unless(
            self.dev || self.keys.is_some() || compat.hc_http_gw,
            "keys",
            "nobody could call anything: name a keys file",
        );
        faults.unless(
            !self.dev || self.listen.ip().is_loopback(),
            "listen",
            "--dev needs no key, so it is for this machine only: use a loopback address",
        );
        for (at, origin) in self.origins.iter().enumerate() {
            let named =
                url::Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == *origin);
            faults.unless(
                named,
                "origins",
                &format!(
                    "number {} is not written as browsers write it: only scheme, host and port, such as \"https://shop.example\"",
                    at + 1
                ),
            );
        }
        for (name, chain) in &self.feed.chains {
            let app = chain.split('/').next().unwrap_or_default();
            let parts = chain.split('/').count() <= 2 && chain.split('/').all(|part| !part.is_empty());
            let is_named = !name.is_empty() && parts && self.app(app).is_some();
            let of_itself = !name.contains('/') && self.app(name).is_none();
            faults.unless(
                of_itself,
                "feed.chains",
                &format!(
                    "`{name}` already names a chain: choose a name without a slash that is not an app's ID"
                ),
            );
            faults.unless(
                is_named,
                "feed.chains",
                &format!("`{name}` does not name a chain of an app served here: write it as app or app/role"),
            );
        }
        if let Err(error) = Functions::of(&self.function) {
            faults.add("function.match", &error.to_string());
        }
        for function in &self.function {
            let text = &function.pattern;
            if let Some(why) = matches_nothing(text, 4..=4, "app/role/zome/function") {
                faults.add("function.match", &why);
            } else if !begins_with_one_of(text, self.app.iter().map(|app| app.id.as_str())) {
                faults.add("function.match", &format!("{text:?} does not begin with an app served here"));
            }
        }
        faults.unless(
            !compat.hc_http_gw || self.conductor.admin_url.is_some(),
            "conductor.admin_url",
            "compat.hc_http_gw needs it",
        );
        if let Err(error) = Allowed::of(&compat.allowed) {
            faults.add("compat.allowed", &error);
        }
        for id in compat.allowed.keys() {
            faults.unless(
                self.app(id).is_some(),
                "compat.allowed",
                &format!("`{id}` is not an app served here"),
            );
        }
        faults.unless(
            compat.timeout <= ham::MAX_NONCE_LIFE,
            "compat.timeout",
            "it must be at most 49 minutes",
        );
        faults.unless(
            (1..=Limits::MAX_BODY).contains(&limits.body_bytes),
            "limits.body_bytes",
            "it must be from 1 B to 16 MiB",
        );
        faults.unless(limits.head_bytes >= 8 << 10, "limits.head_bytes", "it must be at least 8 KiB");
        let outbox = &self.outbox;
        let positive = [
            ("limits.connections", limits.connections > 0),
            ("limits.streams_per_key", limits.streams_per_key > 0),
            ("limits.head_lines", limits.head_lines > 0),
            ("limits.tls_handshake", !limits.tls_handshake.is_zero()),
            ("limits.first_request", !limits.first_request.is_zero()),
            ("limits.head", !limits.head.is_zero()),
            ("limits.body", !limits.body.is_zero()),
            ("limits.slow_write", !limits.slow_write.is_zero()),
            ("feed.queue", self.feed.queue > 0),
            ("feed.subscriptions", self.feed.subscriptions > 0),
            ("outbox.records", outbox.records > 0),
            ("outbox.bytes", outbox.bytes > 0),
            ("outbox.nonce_life", !outbox.nonce_life.is_zero()),
            ("outbox.keep", !outbox.keep.is_zero()),
        ];
        for (key, is_positive) in positive {
            faults.unless(is_positive, key, "it is zero: nothing could be served");
        }
        faults.unless(
            outbox.deliver_within <= outbox.longest_deliver_within,
            "outbox.deliver_within",
            "it must not be longer than longest_deliver_within",
        );
        let twice = self.operations_listen.is_some_and(|at| at == self.listen && at.port() != 0);
        faults.unless(!twice, "operations_listen", "it must not be the same as listen");
        for (at, host) in self.hosts.iter().enumerate() {
            let named = !host.is_empty() && !host.contains(['/', ' ', ':', '@']) || host.starts_with('[');
            faults.unless(
                named,
                "hosts",
                &format!(
                    "number {} is not a host name without scheme and port, such as \"gateway.example\"",
                    at + 1
                ),
            );
        }
        faults.unless(
            limits.wait <= limits.longest_wait,
            "limits.wait",
            "it must not be longer than longest_wait",
        );
        faults.unless(limits.longest_wait <= MOST_WAIT, "limits.longest_wait", "it must be at most 300 s");
        faults.unless(
            self.outbox.nonce_life <= ham::MAX_NONCE_LIFE,
            "outbox.nonce_life",
            "it must be at most 49 minutes",
        );
        faults.all.extend(self.nats.check());
        faults.all
    }
}

/// A file that is not a configuration, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadConfig(pub(crate) String);

/// The longest that a request may ever wait: proxies in between give up earlier.
const MOST_WAIT: std::time::Duration = std::time::Duration::from_secs(300);
