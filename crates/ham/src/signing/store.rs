//! Where keys are kept between runs: a file, or what a simulation puts in its place.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;

use crate::redact::Secret;

/// What the operations of a credential file return.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// Keeps ham's own keys between runs. Ham decides what is in it; anyone who can read it can call in ham's name.
pub trait CredentialFile: fmt::Debug + Send + Sync + 'static {
    /// Its name, for errors. Two values with the same name are the same file.
    fn name(&self) -> String;

    /// All of it, as some [`save`](LockedCredentialFile::save) left it; `None` if there is none. Needs no lock.
    fn load(&self) -> StoreFuture<'_, Option<Secret>>;

    /// Waits, without a bound, until nobody else holds the lock. Dropping the future ends the wait; dropping its result releases the
    /// lock, and so does the end of the process, however it ends.
    fn lock(&self) -> StoreFuture<'_, Box<dyn LockedCredentialFile>>;
}

/// A credential file that nobody else can lock.
pub trait LockedCredentialFile: Send + Sync {
    /// Replaces all of it, durably, or changes nothing. If the future is dropped, either may happen, and the lock is held until it
    /// has.
    fn save(&mut self, content: Secret) -> StoreFuture<'_, ()>;
}
