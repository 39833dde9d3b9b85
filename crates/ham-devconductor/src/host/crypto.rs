//! Keys never leave the keystore: it signs, seals and opens.

use std::sync::Arc;

use ed25519_dalek::{Signer as _, SigningKey};
use holo_hash::AgentPubKey;
use holochain_keystore::AgentPubKeyExt as _;
use holochain_types::prelude::{
    Bytes, Ed25519XSalsa20Poly1305Decrypt, Ed25519XSalsa20Poly1305Encrypt, EphemeralSignatures, Sign,
    SignEphemeral, Signature, VerifySignature, X25519PubKey, X25519XSalsa20Poly1305Decrypt,
    X25519XSalsa20Poly1305Encrypt, XSalsa20Poly1305Data, XSalsa20Poly1305Decrypt, XSalsa20Poly1305Encrypt,
    XSalsa20Poly1305EncryptedData, XSalsa20Poly1305KeyRef, XSalsa20Poly1305SharedSecretExport,
    XSalsa20Poly1305SharedSecretIngest,
};
use holochain_wasmer_common::WasmError;
use rand::RngCore as _;

use super::context::CallContext;
use super::refusal::{Answer, host};

impl CallContext {
    pub(super) fn sign(&self, input: Sign) -> Answer<Signature> {
        let data: Arc<[u8]> = input.data.into_vec().into();
        self.wait(self.access.keystore().sign(input.key, data)).map_err(keystore)
    }

    pub(super) fn sign_ephemeral(&self, input: SignEphemeral) -> Answer<EphemeralSignatures> {
        let mut seed = [0; 32];
        rand::rng().fill_bytes(&mut seed);
        let key = SigningKey::from_bytes(&seed);
        let sign = |data: Bytes| Signature::from(key.sign(&data.into_vec()).to_bytes());
        let signatures = input.into_inner().into_iter().map(sign).collect();
        Ok(EphemeralSignatures {
            key: AgentPubKey::from_raw_32(key.verifying_key().to_bytes().to_vec()),
            signatures,
        })
    }

    pub(super) fn verify_signature(&self, input: VerifySignature) -> Answer<bool> {
        let data: Arc<[u8]> = input.as_data_ref().into();
        self.wait(input.as_key_ref().verify_signature_raw(input.as_signature_ref(), data)).map_err(keystore)
    }

    pub(super) fn create_x25519_keypair(&self, (): ()) -> Answer<X25519PubKey> {
        let key = self.wait(self.access.keystore().new_x25519_keypair_random()).map_err(keystore)?;
        Ok(X25519PubKey::from(*key.0))
    }

    pub(super) fn shared_secret_create_random(
        &self,
        input: Option<XSalsa20Poly1305KeyRef>,
    ) -> Answer<XSalsa20Poly1305KeyRef> {
        let key = input.unwrap_or_else(fresh_reference);
        self.wait(self.access.keystore().new_shared_secret(tag(&key))).map_err(keystore)?;
        Ok(key)
    }

    pub(super) fn shared_secret_export(
        &self,
        input: XSalsa20Poly1305SharedSecretExport,
    ) -> Answer<XSalsa20Poly1305EncryptedData> {
        let (from, to) = (raw(&input.sender), raw(&input.recipient));
        let name = tag(&input.key_ref);
        let sealed = self.access.keystore().shared_secret_export(name, from.into(), to.into());
        self.wait(sealed).map(sealed_data).map_err(keystore)
    }

    pub(super) fn shared_secret_ingest(
        &self,
        input: XSalsa20Poly1305SharedSecretIngest,
    ) -> Answer<XSalsa20Poly1305KeyRef> {
        let key = input.as_key_ref_ref().clone().unwrap_or_else(fresh_reference);
        let (from, to) = (raw(input.as_sender_ref()), raw(input.as_recipient_ref()));
        let (nonce, cipher) = parts(input.as_encrypted_data_ref());
        let import =
            self.access.keystore().shared_secret_import(from.into(), to.into(), nonce, cipher, tag(&key));
        self.wait(import).map_err(keystore)?;
        Ok(key)
    }

    pub(super) fn secretbox_encrypt(
        &self,
        input: XSalsa20Poly1305Encrypt,
    ) -> Answer<XSalsa20Poly1305EncryptedData> {
        let (name, data) = (tag(input.as_key_ref_ref()), plain(input.as_data_ref()));
        self.wait(self.access.keystore().shared_secret_encrypt(name, data)).map(sealed_data).map_err(keystore)
    }

    /// `None` if the key does not open it.
    pub(super) fn secretbox_decrypt(
        &self,
        input: XSalsa20Poly1305Decrypt,
    ) -> Answer<Option<XSalsa20Poly1305Data>> {
        let (nonce, cipher) = parts(input.as_encrypted_data_ref());
        let name = tag(input.as_key_ref_ref());
        let opened = self.wait(self.access.keystore().shared_secret_decrypt(name, nonce, cipher));
        Ok(opened.ok().map(|data| data.to_vec().into()))
    }

    pub(super) fn x25519_encrypt(
        &self,
        input: X25519XSalsa20Poly1305Encrypt,
    ) -> Answer<XSalsa20Poly1305EncryptedData> {
        let (from, to) = (raw(&input.sender), raw(&input.recipient));
        let sealed = self.access.keystore().crypto_box_xsalsa(from.into(), to.into(), plain(&input.data));
        self.wait(sealed).map(sealed_data).map_err(keystore)
    }

    pub(super) fn x25519_decrypt(
        &self,
        input: X25519XSalsa20Poly1305Decrypt,
    ) -> Answer<Option<XSalsa20Poly1305Data>> {
        let (from, to) = (raw(input.as_sender_ref()), raw(input.as_recipient_ref()));
        let (nonce, cipher) = parts(input.as_encrypted_data_ref());
        let opened = self.access.keystore().crypto_box_xsalsa_open(from.into(), to.into(), nonce, cipher);
        Ok(Some(self.wait(opened).map_err(keystore)?.to_vec().into()))
    }

    pub(super) fn ed25519_encrypt(
        &self,
        input: Ed25519XSalsa20Poly1305Encrypt,
    ) -> Answer<XSalsa20Poly1305EncryptedData> {
        let (from, to) = (agent(input.as_sender_ref()), agent(input.as_recipient_ref()));
        let client = self.access.keystore().lair_client();
        let sealed = client.crypto_box_xsalsa_by_sign_pub_key(
            from.into(),
            to.into(),
            None,
            plain(input.as_data_ref()),
        );
        self.wait(sealed).map(sealed_data).map_err(keystore)
    }

    pub(super) fn ed25519_decrypt(
        &self,
        input: Ed25519XSalsa20Poly1305Decrypt,
    ) -> Answer<XSalsa20Poly1305Data> {
        let (from, to) = (agent(&input.sender), agent(&input.recipient));
        let (nonce, cipher) = parts(&input.encrypted_data);
        let client = self.access.keystore().lair_client();
        let opened =
            client.crypto_box_xsalsa_open_by_sign_pub_key(from.into(), to.into(), None, nonce, cipher);
        Ok(self.wait(opened).map_err(keystore)?.to_vec().into())
    }
}

/// The keystore's error, in the words of the store that `holochain` has: a store in memory has its own.
fn keystore(error: impl ToString) -> WasmError {
    let text = error.to_string();
    let text = text.replace("pub key not found", "Query returned no rows");
    host(text.replace("tag already registered", "UNIQUE constraint failed: lair_keystore.tag"))
}

fn sealed_data((nonce, cipher): ([u8; 24], Arc<[u8]>)) -> XSalsa20Poly1305EncryptedData {
    XSalsa20Poly1305EncryptedData::new(nonce.into(), cipher.to_vec())
}

fn parts(data: &XSalsa20Poly1305EncryptedData) -> ([u8; 24], Arc<[u8]>) {
    let mut nonce = [0; 24];
    nonce.copy_from_slice(data.as_nonce_ref().as_ref());
    (nonce, data.as_encrypted_data_ref().into())
}

fn plain(data: &XSalsa20Poly1305Data) -> Arc<[u8]> {
    data.as_ref().into()
}

fn raw(key: &X25519PubKey) -> [u8; 32] {
    let mut raw = [0; 32];
    raw.copy_from_slice(key.as_ref());
    raw
}

fn agent(key: &AgentPubKey) -> [u8; 32] {
    let mut raw = [0; 32];
    raw.copy_from_slice(key.get_raw_32());
    raw
}

/// A name for a secret to which its maker gave none.
fn fresh_reference() -> XSalsa20Poly1305KeyRef {
    let mut name = [0_u8; 16];
    rand::rng().fill_bytes(&mut name);
    hex(&name).into_bytes().into()
}

/// In the keystore's naming: a reference is any bytes, a tag is text.
fn tag(reference: &XSalsa20Poly1305KeyRef) -> Arc<str> {
    let bytes: &[u8] = reference.as_ref();
    hex(bytes).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
