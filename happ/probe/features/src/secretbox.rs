//! Encryption under a shared secret that lies in the keystore; the HDK's own types are the arguments.

use hdk::prelude::*;

/// Makes a secret, under the given name or a random one.
#[hdk_extern]
pub fn secret_create(key_ref: Option<XSalsa20Poly1305KeyRef>) -> ExternResult<XSalsa20Poly1305KeyRef> {
    x_salsa20_poly1305_shared_secret_create_random(key_ref)
}

/// Packs a secret for a recipient.
#[hdk_extern]
pub fn secret_export(
    XSalsa20Poly1305SharedSecretExport { sender, recipient, key_ref }: XSalsa20Poly1305SharedSecretExport,
) -> ExternResult<XSalsa20Poly1305EncryptedData> {
    x_salsa20_poly1305_shared_secret_export(sender, recipient, key_ref)
}

/// Takes a packed secret in.
#[hdk_extern]
pub fn secret_ingest(
    XSalsa20Poly1305SharedSecretIngest { recipient, sender, encrypted_data, key_ref }:
        XSalsa20Poly1305SharedSecretIngest,
) -> ExternResult<XSalsa20Poly1305KeyRef> {
    x_salsa20_poly1305_shared_secret_ingest(recipient, sender, encrypted_data, key_ref)
}

/// Encrypts; an unknown key is an error of the host.
#[hdk_extern]
pub fn secret_encrypt(
    XSalsa20Poly1305Encrypt { key_ref, data }: XSalsa20Poly1305Encrypt,
) -> ExternResult<XSalsa20Poly1305EncryptedData> {
    x_salsa20_poly1305_encrypt(key_ref, data)
}

/// Decrypts; nothing when the data were not made with this key.
#[hdk_extern]
pub fn secret_decrypt(
    XSalsa20Poly1305Decrypt { key_ref, encrypted_data }: XSalsa20Poly1305Decrypt,
) -> ExternResult<Option<XSalsa20Poly1305Data>> {
    x_salsa20_poly1305_decrypt(key_ref, encrypted_data)
}
