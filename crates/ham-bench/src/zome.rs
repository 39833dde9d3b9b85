//! The two clients that call zomes, connected to the stub.

use ed25519_dalek::SigningKey;
use ham::{CallOptions, PersistentHam, PersistentHamConfig};
use holo_hash::AgentPubKey;
use holochain_client::{AppWebsocket, ClientAgentSigner, SigningCredentials, ZomeCallTarget};
use holochain_types::prelude::ExternIO;
use holochain_zome_types::prelude::CapSecret;

use crate::stub::{APP_ID, StubConductor, cell_id};

/// The app token the stub takes: any.
const TOKEN: [u8; 64] = [3; 64];

/// A connected ham whose grant is written.
///
/// # Panics
/// When it does not connect or the stub does not answer.
pub async fn ham_client(stub: &StubConductor) -> PersistentHam {
    let ham = PersistentHam::connect(ham_config(stub)).await.expect("a connection");
    ham_call(&ham, ExternIO::encode("first").expect("a text"), CallOptions::default()).await;
    ham
}

/// How ham reaches the stub: admin interface, a listed app interface, an issued token.
#[must_use]
pub fn ham_config(stub: &StubConductor) -> PersistentHamConfig {
    PersistentHamConfig::new(format!("ws://{}/", stub.admin()).parse().expect("a URL"), APP_ID)
}

/// How ham reaches the stub when URL and token are in hand.
#[must_use]
pub fn ham_config_without_admin(stub: &StubConductor) -> PersistentHamConfig {
    let url = format!("ws://{}/", stub.app()).parse().expect("a URL");
    PersistentHamConfig::without_admin(url, || Box::pin(async { Ok(ham_token()) }), APP_ID)
}

fn ham_token() -> ham::Secret {
    ham::Secret::new(TOKEN.to_vec())
}

/// One signed call.
///
/// # Panics
/// When it fails.
pub async fn ham_call(ham: &PersistentHam, payload: ExternIO, options: CallOptions) {
    let answer = ham.call_zome_raw(cell_id(), "zome", "function", payload, options).await;
    std::hint::black_box(answer.expect("an answer"));
}

/// A connected upstream client with credentials for the stub's cell.
///
/// # Panics
/// When it does not connect.
pub async fn upstream_client(stub: &StubConductor) -> AppWebsocket {
    let signer = ClientAgentSigner::default();
    let keypair = SigningKey::from_bytes(&[5; 32]);
    let signing_agent_key = AgentPubKey::from_raw_32(keypair.verifying_key().as_bytes().to_vec());
    let cap_secret = CapSecret::from([6; 64]);
    signer.add_credentials(cell_id(), SigningCredentials { signing_agent_key, keypair, cap_secret });
    AppWebsocket::connect(stub.app(), TOKEN.to_vec(), signer.into(), Some("bench".into()))
        .await
        .expect("a connection")
}

/// One signed call.
///
/// # Panics
/// When it fails.
pub async fn upstream_call(client: &AppWebsocket, payload: ExternIO) {
    let target = ZomeCallTarget::CellId(cell_id());
    let answer = client.call_zome(target, "zome".into(), "function".into(), payload).await;
    std::hint::black_box(answer.expect("an answer"));
}
