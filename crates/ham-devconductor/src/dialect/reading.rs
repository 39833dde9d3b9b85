//! How a release reads requests.

use holochain_conductor_api::{AdminRequest, AppRequest};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::requests::{AdminAsked, Request, Tagged};
use super::table::Dialect;
use crate::decode::decode;

impl Dialect {
    /// What an administrator's bytes request; `None` if this release does not understand them.
    pub(crate) fn admin_request(&self, data: &[u8]) -> Option<AdminAsked> {
        read::<AdminRequest, _>(self.admin_requests, data)
    }

    /// The same for the bytes of an app's client.
    pub(crate) fn app_request(&self, data: &[u8]) -> Option<AppRequest> {
        read::<AppRequest, _>(self.app_requests, data)
    }
}

fn read<Q: DeserializeOwned, A: From<Q>>(table: &[(&str, Request<A>)], data: &[u8]) -> Option<A> {
    if !table.is_empty() {
        let Tagged::<Option<IgnoredAny>> { name, .. } = decode(data).ok()?;
        match table.iter().find(|(other, _)| *other == name) {
            Some((_, Request::Unknown)) => return None,
            Some((_, Request::Shape(read))) => return read(data),
            None => {}
        }
    }
    Some(A::from(decode::<Q>(data).ok()?))
}
