//! Secrets, boxes and signatures.

use holochain_types::prelude::*;

use crate::app::{app, app_on, run, start};

#[test]
fn what_is_encrypted_or_signed_is_known_again() {
    run(async {
        let app = app().await;
        let data = XSalsa20Poly1305Data::from(b"secret".to_vec());
        let key: XSalsa20Poly1305KeyRef = app.ask("secret_create", ()).await;
        let sealed: XSalsa20Poly1305EncryptedData =
            app.ask("secret_encrypt", XSalsa20Poly1305Encrypt::new(key.clone(), data.clone())).await;
        let [ours, theirs]: [X25519PubKey; 2] =
            [app.ask("x25519_create", ()).await, app.ask("x25519_create", ()).await];
        let export = XSalsa20Poly1305SharedSecretExport::new(ours, theirs, key.clone());
        let packed: XSalsa20Poly1305EncryptedData = app.ask("secret_export", export).await;
        // A keystore takes a secret in once, and this one has it.
        let ingest = XSalsa20Poly1305SharedSecretIngest::new(theirs, ours, packed, None);
        assert!(app.refused("secret_ingest", ingest).await.contains("UNIQUE"));
        let elsewhere = start().await;
        let peer = app_on(&elsewhere).await;
        let theirs: X25519PubKey = peer.ask("x25519_create", ()).await;
        let export = XSalsa20Poly1305SharedSecretExport::new(ours, theirs, key);
        let packed: XSalsa20Poly1305EncryptedData = app.ask("secret_export", export).await;
        let ingest = XSalsa20Poly1305SharedSecretIngest::new(theirs, ours, packed, None);
        let copy: XSalsa20Poly1305KeyRef = peer.ask("secret_ingest", ingest).await;
        let opened = peer.ask("secret_decrypt", XSalsa20Poly1305Decrypt::new(copy, sealed.clone())).await;
        assert_eq!(Some(data.clone()), opened);
        let other: XSalsa20Poly1305KeyRef = app.ask("secret_create", ()).await;
        let shut: Option<XSalsa20Poly1305Data> =
            app.ask("secret_decrypt", XSalsa20Poly1305Decrypt::new(other, sealed)).await;
        assert_eq!(shut, None);

        let theirs: X25519PubKey = app.ask("x25519_create", ()).await;
        let sealed: XSalsa20Poly1305EncryptedData =
            app.ask("x25519_encrypt", X25519XSalsa20Poly1305Encrypt::new(ours, theirs, data.clone())).await;
        let opened =
            app.ask("x25519_decrypt", X25519XSalsa20Poly1305Decrypt::new(theirs, ours, sealed)).await;
        assert_eq!(Some(data.clone()), opened);
        let agent = app.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        let (me, too) = (agent.clone(), agent.clone());
        let sealed: XSalsa20Poly1305EncryptedData =
            app.ask("ed25519_encrypt", Ed25519XSalsa20Poly1305Encrypt::new(me, too, data.clone())).await;
        let (me, too) = (agent.clone(), agent.clone());
        let opened = app.ask("ed25519_decrypt", Ed25519XSalsa20Poly1305Decrypt::new(me, too, sealed)).await;
        assert_eq!(data, opened);

        let signature: Signature = app.ask("sign_text", "text").await;
        for (text, good) in [("text", true), ("other", false)] {
            let check = Check { key: agent.clone(), signature: signature.clone(), text };
            assert_eq!(app.ask::<bool>("verify_text", check).await, good);
        }
        let once: EphemeralSignatures = app.ask("sign_texts_once", ["a", "b"]).await;
        let check = Check { key: once.key, signature: once.signatures[1].clone(), text: "b" };
        assert!(app.ask::<bool>("verify_text", check).await);
    });
}

#[derive(Debug, Serialize)]
struct Check<'a> {
    key: AgentPubKey,
    signature: Signature,
    text: &'a str,
}
