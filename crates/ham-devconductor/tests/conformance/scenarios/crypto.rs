//! Keys, signatures, encryption.

use holo_hash::AgentPubKey;
use holochain_types::prelude::{ExternIO, Signature, VerifySignature, X25519PubKey};
use rmpv::Value;

use crate::stage::Stage;
use crate::value::map;

fn bytes(bytes: &[u8]) -> Value {
    Value::Binary(bytes.to_vec())
}

pub(crate) async fn signing(stage: &mut Stage) {
    let (app, zome) = stage.shared().await;
    let signature: Signature = stage.get(&zome, "sign_text", "signed").await;
    let check = |key: &AgentPubKey, text: &str| map! { key: key, signature: signature, text: text };
    stage.call(&zome, "verify_text", check(&app.agent, "signed")).await;
    stage.call(&zome, "verify_text", check(&app.agent, "changed")).await;
    stage.call(&zome, "verify_text", check(&zome.credentials.signing_agent_key, "signed")).await;
    let no_key = AgentPubKey::from_raw_32(vec![1; 32]);
    stage.call(&zome, "verify_text", check(&no_key, "signed")).await;
    stage.call(&zome, "sign_bytes", map! { key: app.agent, data: bytes(b"raw") }).await;
    stage.call(&zome, "sign_bytes", map! { key: app.agent, data: bytes(b"") }).await;
    stage.call(&zome, "sign_bytes", map! { key: no_key, data: bytes(b"raw") }).await;
    let verify = VerifySignature { key: app.agent.clone(), signature: Signature([3; 64]), data: vec![1, 2] };
    stage.call(&zome, "verify_bytes", verify).await;
    let signed: ExternIO = zome.send("sign_texts_once", vec!["one", "two"]).await.unwrap();
    stage.shown("ephemeral", &signed);
    stage.call(&zome, "sign_texts_once", Vec::<String>::new()).await;
}

pub(crate) async fn boxes(stage: &mut Stage) {
    let (app, zome) = stage.shared().await;
    let ours: X25519PubKey = zome.quiet("x25519_create", ()).await;
    let theirs: X25519PubKey = zome.quiet("x25519_create", ()).await;
    let sealed: Value = zome
        .quiet(
            "x25519_encrypt",
            map! { sender: ours, recipient: theirs, data: map! { data: bytes(b"sealed") } },
        )
        .await;
    let open = |recipient: &X25519PubKey, sender: &X25519PubKey, sealed: &Value| {
        map! { recipient: recipient, sender: sender, encrypted_data: sealed }
    };
    stage.call(&zome, "x25519_decrypt", open(&theirs, &ours, &sealed)).await;
    stage.call(&zome, "x25519_decrypt", open(&ours, &ours, &sealed)).await;
    let garbage = map! { nonce: bytes(&[1; 24]), encrypted_data: bytes(&[2; 40]) };
    stage.call(&zome, "x25519_decrypt", open(&theirs, &ours, &garbage)).await;
    let unknown = X25519PubKey::from([5; 32]);
    stage
        .call(
            &zome,
            "x25519_encrypt",
            map! { sender: unknown, recipient: theirs, data: map! { data: bytes(b"x") } },
        )
        .await;
    stage.call(&zome, "x25519_decrypt", open(&unknown, &ours, &sealed)).await;
    let sealed: Value = zome
        .quiet(
            "ed25519_encrypt",
            map! { sender: app.agent, recipient: app.agent, data: map! { data: bytes(b"sealed") } },
        )
        .await;
    let open = |agent: &AgentPubKey, sealed: &Value| {
        map! { recipient: app.agent, sender: agent, encrypted_data: sealed }
    };
    stage.call(&zome, "ed25519_decrypt", open(&app.agent, &sealed)).await;
    stage.call(&zome, "ed25519_decrypt", open(&zome.credentials.signing_agent_key, &sealed)).await;
    stage.call(&zome, "ed25519_decrypt", open(&app.agent, &garbage)).await;
}

pub(crate) async fn secret_boxes(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    let name = |name: &str| bytes(format!("secret_boxes {name}").as_bytes());
    stage.call(&zome, "secret_create", name("one")).await;
    stage.call(&zome, "secret_create", name("one")).await;
    let made: Value = zome.quiet("secret_create", ()).await;
    let sealed: Value =
        zome.quiet("secret_encrypt", map! { key_ref: made, data: map! { data: bytes(b"secret") } }).await;
    stage.call(&zome, "secret_decrypt", map! { key_ref: made, encrypted_data: sealed }).await;
    stage.call(&zome, "secret_decrypt", map! { key_ref: name("one"), encrypted_data: sealed }).await;
    stage.call(&zome, "secret_decrypt", map! { key_ref: name("none"), encrypted_data: sealed }).await;
    stage
        .call(&zome, "secret_encrypt", map! { key_ref: name("none"), data: map! { data: bytes(b"x") } })
        .await;
    let ours: X25519PubKey = zome.quiet("x25519_create", ()).await;
    let theirs: X25519PubKey = zome.quiet("x25519_create", ()).await;
    let packed: Value =
        zome.quiet("secret_export", map! { sender: ours, recipient: theirs, key_ref: made }).await;
    stage.call(&zome, "secret_export", map! { sender: ours, recipient: theirs, key_ref: name("none") }).await;
    let ingest = |recipient: &X25519PubKey, key_ref: Value| {
        map! { recipient: recipient, sender: ours, encrypted_data: packed, key_ref: key_ref }
    };
    stage.call(&zome, "secret_ingest", ingest(&theirs, name("two"))).await;
    stage.call(&zome, "secret_ingest", ingest(&ours, name("three"))).await;
}

pub(crate) async fn random_numbers(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    for count in [0_u32, 32, 1000] {
        let random: rmpv::Value = zome.quiet("random", count).await;
        let count = random.as_slice().map(<[u8]>::len).or(random.as_array().map(Vec::len));
        stage.note("bytes", count);
    }
    let secret: Value = zome.quiet("new_secret", ()).await;
    stage.note("a secret", secret);
    stage.call(&zome, "now", ()).await;
}
