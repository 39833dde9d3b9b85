//! Typed calls: the attribute, and what the clients stand on that it makes.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::CallTarget;
use crate::call::{CallOptions, CallPolicy};
use crate::error::CallError;
use crate::persistent::PersistentHam;

#[doc = include_str!("typed/zome_client.md")]
pub use ham_macros::zome_client;

/// One zome of one cell over a [`PersistentHam`]: what a client made by [`zome_client`] holds. Services use the client.
///
/// Cheap to clone. It shares the connection, which stays up while this lives.
#[derive(Clone, Debug)]
pub struct ZomeHandle {
    ham: PersistentHam,
    target: CallTarget,
    zome: &'static str,
    deadline: Option<Duration>,
    policy: Option<CallPolicy>,
}

impl ZomeHandle {
    /// The zome `zome` of the cell that `target` means at the time of each call.
    pub fn new(ham: &PersistentHam, target: impl Into<CallTarget>, zome: &'static str) -> Self {
        Self { ham: ham.clone(), target: target.into(), zome, deadline: None, policy: None }
    }

    /// How long every call may take in all, whatever is declared for it.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// What happens when the link dies under a call, whatever is declared for it.
    #[must_use]
    pub fn with_policy(mut self, policy: CallPolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Calls a function that takes a `T`. The handle's own options take precedence over those `declared` for the function.
    ///
    /// The input is encoded here; everything else begins when the call is first polled.
    ///
    /// # Errors
    /// As [`PersistentHam::call_zome`].
    ///
    /// # Cancel safety
    /// As [`PersistentHam::call_zome`].
    pub fn call<T: ?Sized, O: DeserializeOwned + 'static>(
        &self,
        function: &'static str,
        input: impl ZomeInput<T>,
        declared: CallOptions,
    ) -> ZomeCall<O> {
        let options = self.options(declared);
        let payload = PersistentHam::encode(input);
        let Self { ham, target, zome, .. } = self.clone();
        Box::pin(async move {
            let output = ham.call_zome_raw(target, zome, function, payload?, options).await?;
            PersistentHam::decode(&output)
        })
    }

    fn options(&self, declared: CallOptions) -> CallOptions {
        CallOptions {
            deadline: self.deadline.or(declared.deadline),
            policy: self.policy.unwrap_or(declared.policy),
            ..declared
        }
    }
}

/// A call under way: a future that borrows nothing, so that it can be joined, spawned or kept.
///
/// It is not an `async fn`, because the compiler reports a wrong input to one of those three times.
pub type ZomeCall<O> = Pin<Box<dyn Future<Output = Result<O, CallError>> + Send>>;

/// What a function that takes a `T` may be called with: a `T`, a `&T`, a `&str` for a `String`, a slice for a `Vec`.
///
/// Implemented for whatever is encoded as a `T` would be; there is nothing to implement.
#[diagnostic::on_unimplemented(
    message = "a zome function that takes `{T}` is called with `{Self}`",
    label = "expected `{T}` or a reference to one",
    note = "what a zome function takes implements `Serialize` and `Debug`"
)]
pub trait ZomeInput<T: ?Sized>: Serialize + fmt::Debug {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + fmt::Debug> ZomeInput<T> for T {}
#[diagnostic::do_not_recommend]
impl<T: Serialize + fmt::Debug + ?Sized> ZomeInput<T> for &T {}
#[diagnostic::do_not_recommend]
impl ZomeInput<String> for &str {}
#[diagnostic::do_not_recommend]
impl<T: Serialize + fmt::Debug> ZomeInput<Vec<T>> for &[T] {}

#[cfg(test)]
mod tests;
