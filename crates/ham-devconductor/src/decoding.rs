//! The decoders that a client can reach. Public for tests that feed them; not for use.

use ham_bundle::DeepError;
use holochain_conductor_api::{AdminRequest, AppAuthenticationRequest, AppRequest};
use holochain_types::app::AppBundleSource;
use holochain_types::prelude::ZomeCallParams;
use holochain_wasmer_common::WasmError;
use holochain_websocket::WireMessage;

use crate::bundle::{self, BundleError};
use crate::decode::decode;
use crate::dialect::Dialect;
use crate::release::Release;
use crate::wasm::Module;

/// How far a message was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Understood {
    /// It is not a message.
    Nothing,
    /// It is a message, but its content is not understood.
    Message,
    /// It carries a token or a request.
    Request,
    /// The request is a call with its parameters.
    Call,
}

/// Reads a message as an interface does, down to the parameters of a call.
pub fn message(frame: &[u8]) -> Understood {
    let understood = |is: bool| if is { Understood::Request } else { Understood::Message };
    match decode(frame) {
        Err(_) => Understood::Nothing,
        Ok(WireMessage::Authenticate { data }) => {
            understood(decode::<AppAuthenticationRequest>(&data).is_ok())
        }
        Ok(WireMessage::Request { data, .. }) => match decode(&data) {
            Ok(AppRequest::CallZome(signed)) if decode::<ZomeCallParams>(signed.bytes.as_bytes()).is_ok() => {
                Understood::Call
            }
            Ok(_) => Understood::Request,
            Err(_) => understood(decode::<AdminRequest>(&data).is_ok() || by_an_earlier_release(&data)),
        },
        Ok(_) => Understood::Message,
    }
}

fn by_an_earlier_release(request: &[u8]) -> bool {
    Release::ALL
        .map(Dialect::of)
        .into_iter()
        .any(|dialect| dialect.app_request(request).is_some() || dialect.admin_request(request).is_some())
}

/// Reads an app bundle as an installation does, with its DNAs and the code of their zomes; returns how many modules it has.
///
/// # Errors
/// Variant by variant in [`NoApp`].
///
/// # Cancel safety
/// Dropping the future lets a thread read to its end.
pub async fn app_bundle(file: Vec<u8>) -> Result<usize, NoApp> {
    let unreadable = |error| match error {
        BundleError::Decoding(DeepError::Panicked) => NoApp::Panicked,
        error => NoApp::Bundle(error.into()),
    };
    let unpacked = bundle::unpack(AppBundleSource::Bytes(file.into())).await.map_err(unreadable)?;
    let resolved = bundle::resolve(unpacked, Default::default(), Default::default()).await;
    let resolved = resolved.map_err(unreadable)?;
    let mut modules = 0;
    for (dna, _) in &resolved.dnas_to_register {
        for code in dna.code().values() {
            Module::new(&code.clone().code()).map_err(NoApp::Code)?;
            modules += 1;
        }
    }
    Ok(modules)
}

/// Why a file is not an app bundle.
#[derive(Debug, thiserror::Error)]
pub enum NoApp {
    /// It cannot be read, or its content cannot.
    #[error("the bundle cannot be read")]
    Bundle(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Reading it panicked, which no file should be able to cause.
    #[error("reading the bundle panicked")]
    Panicked,
    /// The code of a zome is not a module.
    #[error("the code of a zome is not a module")]
    Code(#[source] WasmError),
}
