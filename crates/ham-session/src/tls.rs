//! Whom to trust on `wss://`.

use std::fmt;
use std::io;
use std::sync::{Arc, LazyLock};

use ring::digest::{SHA256, digest};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring as provider, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

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

    /// Trusts these authorities and no others.
    ///
    /// # Errors
    /// When a certificate cannot be used as a root.
    pub fn roots<'a>(roots: impl IntoIterator<Item = CertificateDer<'a>>) -> Result<Self, TlsError> {
        let mut store = RootCertStore::empty();
        for root in roots {
            store.add(root.into_owned()).map_err(TlsError::Root)?;
        }
        let client = builder().with_root_certificates(store).with_no_client_auth();
        Ok(Self { client: Arc::new(client), trust: "given roots" })
    }

    /// Trusts a server whose own certificate (its DER form) has one of these SHA-256 digests, and no other.
    ///
    /// The pin replaces the chain of authorities: issuer, host name and dates are not looked at, so a self-signed
    /// certificate works, and an expired one goes on working until the pin is removed. That the server holds the
    /// certificate's key is verified.
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
    /// Sorts what tokio-rustls hands out as one I/O error.
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

/// Accepts exactly the certificates with a given digest.
#[derive(Debug)]
struct PinVerifier {
    pins: Vec<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found = digest(&SHA256, end_entity);
        if self.pins.iter().any(|pin| pin.as_slice() == found.as_ref()) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::InvalidCertificate(rustls::CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring implements the default TLS versions")
}
