//! The release of the conductor, and links on which bytes may be sent again.

use ham_session::{Link, LinkEnd, RequestError};
use tokio::time::Instant;

use super::caller::{Caller, ReadRetries, bad_answer};
use super::retry_policy::MAX_RESUMES;
use crate::dialect::{Dialect, Release};
use crate::error::{CallError, from_request};
use crate::wire::ConductorProtocol;
use crate::wire::find::{self, NotFound};

/// The release of the conductor behind the link.
pub(crate) async fn release(caller: &Caller, deadline: Instant) -> Result<Release, CallError> {
    let mut retries = ReadRetries::default();
    loop {
        match find::dialect(&caller.link(deadline).await?, deadline).await {
            Ok(dialect) => return Ok(dialect.release),
            Err(NotFound::Lost { request, source }) => retries.again(from_request(source, request, false))?,
            Err(NotFound::Answer { source, .. }) => return Err(bad_answer(source)),
        }
    }
}

/// A link on which bytes that may have been sent before can be sent, as they are or as a fence. Links that end while the release is
/// looked up count as `losses`: a conductor that ends every link must not be asked for ever.
///
/// # Errors
/// [`CallError::UnsafeToRepeat`], or why there is no link or no release; none of them says whether the bytes have left.
pub(crate) async fn repeatable(
    caller: &Caller,
    losses: &mut u32,
    deadline: Instant,
) -> Result<Link<ConductorProtocol>, CallError> {
    loop {
        let link = caller.link(deadline).await?;
        match find::proven(&link, deadline).await {
            Ok(dialect) if dialect.remembers_nonces => return Ok(link),
            Ok(dialect) => return Err(CallError::UnsafeToRepeat { release: dialect.release }),
            Err(NotFound::Lost {
                source: RequestError::LinkLost { .. } | RequestError::Draining, ..
            }) => {}
            Err(NotFound::Lost { request, source }) => return Err(from_request(source, request, false)),
            Err(NotFound::Answer { source, .. }) => {
                return Err(CallError::UnexpectedResponse(source.to_string()));
            }
        }
        *losses += 1;
        if *losses > MAX_RESUMES {
            let end = link.end().unwrap_or_else(|| LinkEnd::ClosedHere.into());
            return Err(CallError::LinkLost { end, sent: false });
        }
    }
}

/// Whether the conductor is known to forget nonces: if so, what was sent to it is not sent again, and no later link changes that.
pub(crate) fn forgets(link: &Link<ConductorProtocol>) -> bool {
    let known = link.welcome().release().get();
    known.is_some_and(|release| !Dialect::of(*release).remembers_nonces)
}
