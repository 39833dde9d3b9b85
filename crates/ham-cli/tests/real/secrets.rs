//! Passphrases and keys: used, and never shown.

use crate::conductor::{conductor, ready, run};
use crate::support::no_secret;

#[test]
fn the_keystore_signs_and_a_wrong_passphrase_is_told() {
    run(async {
        let ham = ready().await;
        let passphrase = conductor().await.passphrase().unwrap().expose().to_owned();
        let file = ham.file("passphrase", format!("{passphrase}\n"));
        let wrong = ham.file("wrong", "not-the-passphrase");
        let url = conductor().await.lair_url().await.unwrap();
        let ham = ham.with("HAM_LAIR_URL", url);
        let whoami = ["call", "--json", "-vvv", "probe", "probe", "whoami"];
        let ran = ham.run(&[&whoami[..], &["--lair-passphrase-file", &file]].concat()).await.ok();
        assert_eq!(ran.json()["access"], "author");
        no_secret(&ran.all(), passphrase.as_bytes());
        let from_stdin = [&whoami[..], &["--lair-passphrase-file", "-"]].concat();
        assert_eq!(ham.run_with(&from_stdin, passphrase.as_bytes()).await.ok().json()["access"], "author");
        let doctor = ham.run(&["doctor", "--json", "--lair-passphrase-file", &file]).await.ok();
        assert!(doctor.text().contains("by the keystore"), "{doctor}");
        assert!(!ham.credentials().exists());

        let refused = ham.run(&[&whoami[..], &["--lair-passphrase-file", &wrong]].concat()).await;
        refused.failed(8, &["passphrase", "HAM_LAIR_PASSPHRASE_FILE"]);
        no_secret(&refused.all(), b"not-the-passphrase");
    });
}

#[test]
fn no_secret_is_printed_however_much_is_logged() {
    run(async {
        let ham = ready().await.with("RUST_LOG", "trace");
        let mut printed = String::new();
        for arguments in [
            &["call", "probe", "probe", "echo"][..],
            &["call", "-vvv", "probe", "probe", "echo"],
            &["call", "--json", "-vvv", "probe", "probe", "nothing"],
            &["grants", "list", "-vvv"],
            &["grants", "list", "--json"],
            &["doctor", "--call", "-vvv"],
            &["info", "-vvv"],
            &["info", "--settings"],
            &["ping", "-vvv"],
        ] {
            printed.push_str(&ham.run(arguments).await.all());
        }
        let file =
            rmpv::decode::read_value(&mut std::fs::read(ham.credentials()).unwrap().as_slice()).unwrap();
        let mut secrets = 0;
        for credential in file["credentials"].as_array().unwrap() {
            for key in ["cap_secret", "seed"] {
                no_secret(&printed, &bytes(&credential[key]));
                secrets += 1;
            }
        }
        assert!(secrets >= 2, "the credential file holds no secret to look for");
    });
}

/// Bytes, however they were encoded.
fn bytes(value: &rmpv::Value) -> Vec<u8> {
    match value {
        rmpv::Value::Binary(bytes) => bytes.clone(),
        rmpv::Value::Array(items) => {
            items.iter().map(|item| u8::try_from(item.as_u64().unwrap()).unwrap()).collect()
        }
        other => panic!("no bytes: {}", other.is_map()),
    }
}
