//! Encryption from one key pair to another; the HDK's own types are the arguments.

use hdk::prelude::*;

/// Makes a key pair in the keystore.
#[hdk_extern]
pub fn x25519_create() -> ExternResult<X25519PubKey> {
    create_x25519_keypair()
}

/// Encrypts with an X25519 pair.
#[hdk_extern]
pub fn x25519_encrypt(
    X25519XSalsa20Poly1305Encrypt { sender, recipient, data }: X25519XSalsa20Poly1305Encrypt,
) -> ExternResult<XSalsa20Poly1305EncryptedData> {
    x_25519_x_salsa20_poly1305_encrypt(sender, recipient, data)
}

/// Decrypts with an X25519 pair.
#[hdk_extern]
pub fn x25519_decrypt(
    X25519XSalsa20Poly1305Decrypt { recipient, sender, encrypted_data }: X25519XSalsa20Poly1305Decrypt,
) -> ExternResult<Option<XSalsa20Poly1305Data>> {
    x_25519_x_salsa20_poly1305_decrypt(recipient, sender, encrypted_data)
}

/// Encrypts from agent to agent.
#[hdk_extern]
pub fn ed25519_encrypt(
    Ed25519XSalsa20Poly1305Encrypt { sender, recipient, data }: Ed25519XSalsa20Poly1305Encrypt,
) -> ExternResult<XSalsa20Poly1305EncryptedData> {
    ed_25519_x_salsa20_poly1305_encrypt(sender, recipient, data)
}

/// Decrypts from agent to agent.
#[hdk_extern]
pub fn ed25519_decrypt(
    Ed25519XSalsa20Poly1305Decrypt { recipient, sender, encrypted_data }: Ed25519XSalsa20Poly1305Decrypt,
) -> ExternResult<XSalsa20Poly1305Data> {
    ed_25519_x_salsa20_poly1305_decrypt(recipient, sender, encrypted_data)
}
