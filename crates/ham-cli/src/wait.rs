//! `--wait`: attempts until one succeeds, or fails in a way that time does not heal. The same for conductors and other servers.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use ham::{Recovery, compute_delay_ms};
use ham_session::TlsError;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::one_line;

/// An attempt that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    failure: Failure,
    /// Whether trying again can help.
    heals: bool,
}

impl Failed {
    /// `recovery` is the remedy that the error names.
    pub(crate) fn new<E>(error: E, recovery: Recovery, failure: impl FnOnce(E) -> Failure) -> Self
    where
        E: Error + 'static,
    {
        let recovers = matches!(recovery, Recovery::Reconnect | Recovery::CoolDown { .. });
        let heals = recovers && !speaks_no_tls(&error);
        Self { heals, failure: failure(error) }
    }
}

impl Failed {
    /// A failure that somebody else may mend at any time.
    pub(crate) fn for_now(failure: Failure) -> Self {
        Self { failure, heals: true }
    }
}

/// One attempt or, with `--wait`, as many as it takes; each failed one is reported on standard error. `bound` ends the waiting.
pub(crate) async fn connected<T, Fut>(
    context: &Context,
    bound: Option<Duration>,
    attempt: impl Fn() -> Fut,
) -> Result<T, Failure>
where
    Fut: Future<Output = Result<T, Failed>>,
{
    if !context.wait {
        return attempt().await.map_err(|failed| failed.failure);
    }
    let attempt = async || match attempt().await {
        Ok(connected) => Ok(Ok(connected)),
        Err(Failed { failure, heals: true }) => Err(failure),
        Err(Failed { failure, heals: false }) => Ok(Err(failure)),
    };
    let backoff = &context.settings.backoff;
    let mut last = None;
    let pause = |attempt: u32, failure: &Failure| {
        let pause = Duration::from_millis(compute_delay_ms(attempt.saturating_sub(1), backoff));
        let label = if attempt > backoff.escalate_after { "error" } else { "waiting" };
        let causes = one_line(&failure.causes().join(": "));
        context.output.note(&format!("{label}: attempt {attempt}: {causes}; trying again in {pause:?}"));
        last = Some((causes, failure.advice().unwrap_or_default().to_owned()));
        pause
    };
    let retried = ham_persistent::retry(attempt, pause);
    let ended = match bound {
        Some(bound) => tokio::time::timeout(bound, retried).await,
        None => Ok(retried.await),
    };
    match ended {
        Ok((connected, _)) => connected,
        Err(_) => {
            let (causes, advice) = last.unwrap_or_default();
            Err(Failure::new(Exit::NoConnection, anyhow::anyhow!(causes).context("gave up waiting"), advice))
        }
    }
}

/// A peer that answers a handshake in another protocol is another server, or another port. A service dials it again,
/// since it may be behind a proxy that has a hiccup; somebody who waits at a terminal has mistyped.
fn speaks_no_tls(error: &(dyn Error + 'static)) -> bool {
    let mut causes = anyhow::Chain::new(error).filter_map(|error| error.downcast_ref());
    causes.any(|error| matches!(error, TlsError::Handshake(rustls::Error::InvalidMessage(_))))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ham::ConnectError;
    use ham_session::DialError;
    use rustls::CertificateError;

    use super::*;

    fn heals(error: DialError) -> bool {
        let url = "wss://localhost".to_owned();
        let error = ConnectError::Admin { url, source: Arc::new(error) };
        let recovery = error.recovery();
        Failed::new(error, recovery, Failure::from).heals
    }

    #[test]
    fn what_time_does_not_heal_is_not_waited_for() {
        let refused = |status| DialError::Refused { status, retry_after: None };
        assert!(heals(refused(http::StatusCode::SERVICE_UNAVAILABLE)));
        assert!(heals(DialError::Tls(TlsError::Io(std::io::ErrorKind::ConnectionReset.into()))));
        assert!(!heals(refused(http::StatusCode::UNAUTHORIZED)));
        assert!(!heals(refused(http::StatusCode::FORBIDDEN)));
        assert!(!heals(DialError::InvalidUrl { reason: "it has no host".to_owned() }));
        // An untrusted server becomes trusted if somebody changes it or its URL; a certificate that expired is renewed.
        let certificate =
            |error| DialError::Tls(TlsError::Handshake(rustls::Error::InvalidCertificate(error)));
        assert!(!heals(DialError::Tls(TlsError::WrongPin)));
        assert!(!heals(certificate(CertificateError::UnknownIssuer)));
        assert!(heals(certificate(CertificateError::Expired)));
    }
}
