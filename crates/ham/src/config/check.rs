//! Whether a configuration can work, and what it dials.

use ham_session::Target;
use http::{HeaderMap, HeaderValue};
use url::Url;

use super::connection::PersistentHamConfig;
use super::interface::{AppInterface, TokenSource};
use super::session::MOST_IN_FLIGHT;
use crate::admin::Admin;
use crate::error::ConnectError;

impl PersistentHamConfig {
    /// The dial target for one of the two interfaces.
    pub(crate) fn target(&self, url: &Url) -> Result<Target, ConnectError> {
        let origin = HeaderValue::from_str(&self.origin)
            .map_err(|_| ConnectError::Config(format!("`{}` is not a valid Origin header", self.origin)))?;
        Ok(Target { url: url.clone(), headers: HeaderMap::from_iter([(http::header::ORIGIN, origin)]) })
    }

    /// A client of the admin interface, if there is one: the shared one, or else a new one with this configuration's origin, session,
    /// time-out and release.
    ///
    /// # Errors
    /// [`ConnectError::Config`] for an origin that is not a valid header value.
    pub fn admin_client(&self) -> Result<Option<Admin>, ConnectError> {
        if let Some(shared) = &self.admin_client {
            return Ok(Some(shared.clone()));
        }
        let Some(url) = &self.admin else { return Ok(None) };
        let admin = Admin::with_config(self.target(url)?, self.session.clone(), self.admin_timeout);
        Ok(Some(admin.with_release(self.release)))
    }

    pub(crate) fn check(&self) -> Result<(), ConnectError> {
        if self.app_id.is_empty() {
            return Err(ConnectError::Config("the app id is empty".into()));
        }
        if self.session.max_in_flight > MOST_IN_FLIGHT {
            let asked = self.session.max_in_flight;
            return Err(ConnectError::Config(format!(
                "{asked} calls in flight are too many: a conductor stops reading a socket, pings included, at 128; the limit is {MOST_IN_FLIGHT}"
            )));
        }
        if self.admin.is_none() && matches!(self.app, AppInterface::Discover { .. }) {
            return Err(ConnectError::NoInterface);
        }
        if self.admin.is_none() && matches!(self.token, TokenSource::Issue) {
            return Err(ConnectError::Config(
                "tokens can only be issued through an admin interface; give a token provider".into(),
            ));
        }
        Ok(())
    }
}
