//! Signing and verifying.

use hdk::prelude::*;
use probe_types::features::CryptoCheck;

/// Signs the MessagePack of a text with this agent's key.
#[hdk_extern]
pub fn sign_text(text: String) -> ExternResult<Signature> {
    sign(agent_info()?.agent_initial_pubkey, text)
}

/// Signs bytes as they are, with any key; a key that is not in the keystore is an error of the host.
#[hdk_extern]
pub fn sign_bytes(input: Sign) -> ExternResult<Signature> {
    sign_raw(input.key.clone(), input.data().to_vec())
}

/// Signs texts with a key that is thrown away.
#[hdk_extern]
pub fn sign_texts_once(texts: Vec<String>) -> ExternResult<EphemeralSignatures> {
    sign_ephemeral(texts)
}

/// Signs bytes with a key that is thrown away.
#[hdk_extern]
pub fn sign_bytes_once(SignEphemeral(datas): SignEphemeral) -> ExternResult<EphemeralSignatures> {
    sign_ephemeral_raw(datas.into_iter().map(|bytes| bytes.to_vec()).collect())
}

/// Whether the key has signed the MessagePack of the text.
#[hdk_extern]
pub fn verify_text(CryptoCheck { key, signature, text }: CryptoCheck) -> ExternResult<bool> {
    verify_signature(key, signature, text)
}

/// Whether the key has signed the bytes.
#[hdk_extern]
pub fn verify_bytes(VerifySignature { key, signature, data }: VerifySignature) -> ExternResult<bool> {
    verify_signature_raw(key, signature, data)
}
