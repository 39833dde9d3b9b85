//! The certificate.

use std::sync::Arc;

use ham::masked_path;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::{Fault, Tls};
use crate::named_file;

/// Reads certificate and key. Only HTTP/1.1 is offered.
///
/// # Errors
/// Everything that is wrong with them.
pub(crate) fn read(tls: &Tls) -> Result<Arc<ServerConfig>, Vec<Fault>> {
    let chain = named_file::read(&tls.certificate).and_then(|pem| {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        chain.map_err(|error| format!("{}: {error}", masked_path(&tls.certificate)))
    });
    let key = named_file::read(&tls.key).and_then(|pem| {
        PrivateKeyDer::from_pem_slice(&pem).map_err(|error| format!("{}: {error}", masked_path(&tls.key)))
    });
    let (chain, key) = match (chain, key) {
        (Ok(chain), Ok(key)) => (chain, key),
        (chain, key) => {
            let wrong = [("tls.certificate", chain.err()), ("tls.key", key.err())];
            return Err(wrong.into_iter().filter_map(|(of, why)| Some(Fault::of_file(of, why?))).collect());
        }
    };
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|error| {
        vec![Fault::of_file("tls.certificate", format!("{}: {error}", masked_path(&tls.certificate)))]
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
