//! App authentication tokens. In memory only, as in `holochain` 0.7.1: a restart forgets them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use holochain_conductor_api::{
    AppAuthenticationToken, AppAuthenticationTokenIssued, IssueAppAuthenticationTokenPayload,
};
use holochain_types::app::InstalledAppId;
use holochain_types::prelude::Timestamp;
use rand::RngCore as _;

use crate::error::ConductorError;

#[derive(Default)]
pub(crate) struct Tokens {
    issued: Mutex<HashMap<AppAuthenticationToken, Issued>>,
}

struct Issued {
    app: InstalledAppId,
    expires_at: Option<Timestamp>,
    single_use: bool,
}

impl Tokens {
    pub(crate) fn issue(
        &self,
        payload: IssueAppAuthenticationTokenPayload,
        now: Timestamp,
    ) -> AppAuthenticationTokenIssued {
        let mut token = vec![0; 64];
        rand::rng().fill_bytes(&mut token);
        let lifetime = Some(payload.expiry_seconds).filter(|seconds| *seconds > 0).map(Duration::from_secs);
        // Further away than can be expressed means never.
        let expires_at = lifetime.and_then(|lifetime| (now + lifetime).ok());
        let issued = Issued { app: payload.installed_app_id, expires_at, single_use: payload.single_use };
        let mut tokens = self.valid(now);
        tokens.insert(token.clone(), issued);
        AppAuthenticationTokenIssued { token, expires_at }
    }

    pub(crate) fn revoke(&self, token: &AppAuthenticationToken, now: Timestamp) {
        self.valid(now).remove(token);
    }

    /// The app that a token is for; a single-use token is used up even if it is for another app.
    ///
    /// # Errors
    /// The token is unknown, expired, or for another app than the interface's.
    pub(crate) fn authenticate(
        &self,
        token: &AppAuthenticationToken,
        only: Option<&InstalledAppId>,
        now: Timestamp,
    ) -> Result<InstalledAppId, ConductorError> {
        let refused = |text: &str| Err(ConductorError::FailedAuthenticationError(text.to_owned()));
        let mut tokens = self.valid(now);
        let Some(issued) = tokens.get(token) else { return refused("Invalid token") };
        let app = issued.app.clone();
        if issued.single_use {
            tokens.remove(token);
        }
        if only.is_some_and(|only| *only != app) {
            return refused("Attempt to use token in the context of another application");
        }
        Ok(app)
    }

    fn valid(&self, now: Timestamp) -> std::sync::MutexGuard<'_, HashMap<AppAuthenticationToken, Issued>> {
        let mut tokens = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, issued| issued.expires_at.is_none_or(|expires_at| expires_at > now));
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(tokens: &Tokens, seconds: u64, single_use: bool) -> AppAuthenticationToken {
        let payload = IssueAppAuthenticationTokenPayload::for_installed_app_id("app".to_owned());
        let payload = IssueAppAuthenticationTokenPayload { single_use, ..payload.expiry_seconds(seconds) };
        tokens.issue(payload, Timestamp::from_micros(0)).token
    }

    #[test]
    fn a_token_is_good_until_it_expires() {
        let tokens = Tokens::default();
        let token = issue(&tokens, 30, false);
        let at =
            |seconds: i64| tokens.authenticate(&token, None, Timestamp::from_micros(seconds * 1_000_000));
        assert_eq!(at(29).unwrap(), "app");
        assert_eq!(at(29).unwrap(), "app");
        at(30).unwrap_err();
    }

    #[test]
    fn a_single_use_token_is_used_up_even_for_another_app() {
        let (tokens, now) = (Tokens::default(), Timestamp::from_micros(0));
        let token = issue(&tokens, 0, true);
        tokens.authenticate(&token, Some(&"other".to_owned()), now).unwrap_err();
        tokens.authenticate(&token, None, now).unwrap_err();
    }
}
