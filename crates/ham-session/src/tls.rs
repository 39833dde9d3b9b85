//! Whom to trust on `wss://`.

mod pinned;
mod roots;

use std::fmt;
use std::io;
use std::sync::{Arc, LazyLock};

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring as provider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;

use pinned::PinVerifier;
use roots::RootVerifier;

/// Whom to trust on `wss://`. Cheap to clone; links that share it also resume each other's TLS sessions.
///
/// The cryptography is always `ring`, whatever default provider the process has set.
#[derive(Clone)]
pub struct TlsConfig {
    pub(crate) client: Arc<ClientConfig>,
    trust: &'static str,
}

impl TlsConfig {
    /// Trusts the certificate authorities that browsers trust (Mozilla's list, compiled in).
    #[must_use]
    pub fn public_roots() -> Self {
        static PUBLIC: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
            let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            Arc::new(builder().with_root_certificates(roots).with_no_client_auth())
        });
        Self { client: Arc::clone(&PUBLIC), trust: "public roots" }
    }

    /// Trusts these authorities and no others. A server's own certificate can be given too, even a self-signed one that is marked as
    /// an authority, as `openssl req -x509` makes it; its name and dates are still checked.
    ///
    /// # Errors
    /// When a certificate cannot be used as a root, or there is none.
    pub fn roots<'a>(roots: impl IntoIterator<Item = CertificateDer<'a>>) -> Result<Self, TlsError> {
        let given: Vec<_> = roots.into_iter().map(CertificateDer::into_owned).collect();
        let mut store = RootCertStore::empty();
        for root in &given {
            store.add(root.clone()).map_err(TlsError::Root)?;
        }
        let ours = Arc::new(provider::default_provider());
        let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(store), ours).build();
        let chains = chains.map_err(|error| TlsError::Root(rustls::Error::General(error.to_string())))?;
        let verifier = Arc::new(RootVerifier { chains, given });
        let client = builder().dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        Ok(Self { client: Arc::new(client), trust: "given roots" })
    }

    /// Trusts a server whose own certificate (in DER form) has one of these SHA-256 digests, and no other.
    ///
    /// The pin replaces the chain of authorities: issuer, host name and dates are not checked, so a self-signed certificate works,
    /// and an expired one keeps working until the pin is removed. The check that the server holds the certificate's key remains.
    #[must_use]
    pub fn pinned(digests: impl IntoIterator<Item = [u8; 32]>) -> Self {
        let verifier = PinVerifier {
            pins: digests.into_iter().collect(),
            provider: Arc::new(provider::default_provider()),
        };
        let client =
            builder().dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth();
        Self { client: Arc::new(client), trust: "pinned certificate" }
    }

    /// Anything else rustls can do, such as client certificates.
    #[must_use]
    pub fn from_rustls(client: Arc<ClientConfig>) -> Self {
        Self { client, trust: "given configuration" }
    }
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConfig").field("trust", &self.trust).finish_non_exhaustive()
    }
}

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A given certificate cannot be used as a root.
    #[error("unusable root certificate")]
    Root(#[source] rustls::Error),
    /// The server's certificate has none of the pinned digests.
    #[error("the server's certificate is not the pinned one")]
    WrongPin,
    /// The handshake failed; the source says how: an untrusted certificate, a version mismatch …
    #[error("handshake failed")]
    Handshake(#[source] rustls::Error),
    /// The connection broke during the handshake.
    #[error("connection lost")]
    Io(#[source] io::Error),
}

impl TlsError {
    /// Whether it can go away by itself: a broken connection, a server with a hiccup, a certificate that is not valid yet or no
    /// longer. What someone has to fix, here or at the server, does not.
    #[must_use]
    pub fn heals(&self) -> bool {
        use rustls::{CertificateError as Certificate, Error};
        match self {
            Self::Root(_) | Self::WrongPin => false,
            Self::Handshake(Error::InvalidCertificate(error)) => matches!(
                error,
                Certificate::Expired
                    | Certificate::ExpiredContext { .. }
                    | Certificate::NotValidYet
                    | Certificate::NotValidYetContext { .. }
            ),
            Self::Handshake(Error::PeerIncompatible(_) | Error::NoCertificatesPresented) => false,
            Self::Handshake(_) | Self::Io(_) => true,
        }
    }

    /// Classifies what tokio-rustls returns as a single I/O error type.
    pub(crate) fn from_io(error: io::Error) -> Self {
        match error.downcast::<rustls::Error>() {
            Ok(rustls::Error::InvalidCertificate(
                rustls::CertificateError::ApplicationVerificationFailure,
            )) => Self::WrongPin,
            Ok(tls) => Self::Handshake(tls),
            Err(io) => Self::Io(io),
        }
    }
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring implements the default TLS versions")
}
