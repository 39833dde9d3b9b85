//! Functions of zomes: their arguments, what they are told, their errors, what they log, and hostile ones.

use std::os::unix::fs::PermissionsExt as _;

use ham_launcher::Conductor;
use holochain_types::prelude::*;
use serde::de::IgnoredAny;

use crate::app::{app, app_on, install, run};

#[test]
fn functions_take_one_argument_or_none_and_their_names_are_their_zomes_own() {
    run(async {
        let app = app().await;
        app.ask::<()>("nothing", ()).await;
        assert_eq!(app.ask::<u32>("increment", 1).await, 2);
        assert_eq!(app.ask::<u32>("increment_thrice", 1).await, 4);
        assert_eq!(app.ask_zome::<u32>("mirror", "increment", 1).await.unwrap(), 2);
        // What does without the HDK does as well.
        assert_eq!(app.ask_zome::<String>("bare", "bare_echo", "same").await.unwrap(), "same");
        assert_eq!(app.ask_zome::<String>("bare", "bare_dna_name", ()).await.unwrap(), "features");
        assert!(app.ask_zome::<()>("bare", "bare_fail", "by hand").await.unwrap_err().contains("by hand"));
        let json = ExternIO(br#"{"a":1}"#.to_vec());
        let options = ham::CallOptions::default();
        let answer = app.0.call_zome_raw("features", "bare", "bare_json", json, options).await.unwrap();
        assert_eq!(answer.0, br#"{"received":{"a":1}}"#);
    });
}

#[test]
fn a_zome_is_told_what_surrounds_its_call() {
    run(async {
        let app = app().await;
        let zome: ZomeInfo = app.ask("info_zome", ()).await;
        assert_eq!(zome.name.0, "features");
        let defs: Vec<_> = zome
            .entry_defs
            .0
            .iter()
            .map(|def| (format!("{:?}", def.id), def.visibility, def.required_validations.0))
            .collect();
        let [note, secret, verdict, tick, blob] = defs.as_slice() else { panic!("{defs:?}") };
        assert_eq!((note.1, note.2), (EntryVisibility::Public, 2), "{note:?}");
        assert_eq!(secret.1, EntryVisibility::Private, "{secret:?}");
        assert_eq!((verdict.2, tick.2), (1, 0));
        assert!(blob.0.contains("blob"), "{blob:?}");
        // Of all integrity zomes in the order of the DNA, those of this one are the first.
        assert_eq!(zome.zome_types.entries.0[0].1.len(), 5);

        let (before, after): (AgentInfo, AgentInfo) = app.ask("info_agent_around_write", ()).await;
        assert_eq!(after.chain_head.1, before.chain_head.1 + 1);
        let call: CallInfo = app.ask("info_call", ()).await;
        assert_eq!((call.function_name.0.as_str(), call.as_at.0), ("info_call", after.chain_head.0));
        assert_eq!(app.ask::<Named>("info_dna_v1", ()).await.name, "features");

        let [one, two]: [serde_bytes::ByteBuf; 2] =
            [app.ask("random", 16).await, app.ask("random", 16).await];
        assert!(one.len() == 16 && two.len() == 16 && one != two);
        let [one, two]: [Timestamp; 2] =
            [app.ask("now", ()).await, app.ask_zome("bare", "bare_now", ()).await.unwrap()];
        assert!(one <= two);
    });
}

#[test]
fn errors_are_handed_on_or_handled() {
    run(async {
        let app = app().await;
        assert!(app.refused("guest_error", "of the guest").await.contains("of the guest"));
        assert!(app.refused("guest_error_formatted", 7).await.contains("the number 7 is refused"));
        assert!(app.refused("guest_serialize_error", ()).await.contains("not to be encoded"));
        assert!(app.refused("unencodable_answer", ()).await.contains("not to be encoded"));
        assert!(app.ask::<String>("unencodable_argument", ()).await.contains("not to be encoded"));
        let nowhere = EntryHash::from_raw_36(vec![9; 36]);
        let before = app.chain_length().await;
        let text = app.refused("host_error", &nowhere).await;
        assert!(text.contains("Failed to get Entry"), "{text}");
        assert_eq!(app.chain_length().await, before);
        let handled: String = app.ask("host_error_handled", &nowhere).await;
        assert!(handled.contains("Failed to get Entry"), "{handled}");
        assert_eq!(app.chain_length().await, before + 1);
        assert!(app.ask::<String>("host_answer_misread", ()).await.contains("Deserialize"));
        assert!(app.ask::<String>("host_argument_misread", ()).await.contains("Deserialize"));
        assert_eq!(app.chain_length().await, before + 1);
    });
}

#[test]
fn what_zomes_log_is_in_the_conductors_log_up_to_the_level_of_wasm_log() {
    run(async {
        // `WASM_LOG` is read from the environment of the conductor's process.
        let conductor = started_by("WASM_LOG=warn exec", "").await;
        let app = app_on(&conductor).await;
        app.ask::<()>("trace_all", "of the test").await;
        app.refused("increment", "no number").await;
        let logged = |text: &str| conductor.logs().iter().any(|line| line.contains(text));
        for line in ["warn of the test", "error of the test", "Deserialize"] {
            while !logged(line) {
                app.ask::<()>("nothing", ()).await;
            }
        }
        for level in ["trace", "debug", "info"] {
            assert!(!logged(&format!("{level} of the test")), "{level}");
        }
    });
}

#[test]
fn hostile_code_costs_one_call() {
    run(async {
        // How long 10¹¹ instructions take is the machine's: minutes.
        let conductor = started_by("exec", if EMBEDDED { "--fuel 1000000000" } else { "" }).await;
        let app = app_on(&conductor).await;
        app.refused("endless_loop", ()).await;
        app.refused("deep_recursion", u32::MAX).await;
        app.refused("trap_by_panic", ()).await;
        app.refused("trap_by_memory", ()).await;
        // The embedded conductor bounds the memory of a call below what a module could address.
        assert_eq!(app.ask::<u32>("memory_bomb", 4000).await, u32::from(!EMBEDDED));
        for function in
            ["bare_garbage", "bare_nowhere", "bare_too_long", "bare_wrong_type", "bare_unimplemented"]
        {
            app.ask_zome::<IgnoredAny>("bare", function, ()).await.unwrap_err();
        }
        assert_eq!(app.ask::<u32>("increment_twice", 1).await, 3);
        assert_eq!(app.ask::<u32>("mapped", 4).await, 8);
        let written: ActionHash = app.ask_zome("bare", "bare_create", "bare").await.unwrap();
        let read: Vec<Option<Record>> =
            app.ask_zome("bare", "bare_get", AnyDhtHash::from(written)).await.unwrap();
        assert!(read[0].is_some());
        assert!(
            app.ask_zome::<ActionHash>("bare", "bare_create", ())
                .await
                .unwrap_err()
                .contains("nil is refused")
        );
    });
}

/// A conductor of a test's own, whose program a shell starts with these words before its path and behind its arguments.
async fn started_by(before: &str, behind: &str) -> Conductor {
    let directory = tempfile::tempdir().unwrap();
    let mut install = install().await;
    let program = directory.path().join("conductor");
    let script = format!("#!/bin/sh\n{before} '{}' \"$@\" {behind}\n", install.binary.display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    install.binary = program;
    Conductor::builder().with_install(install).start().await.unwrap()
}

/// As these tests are built twice.
const EMBEDDED: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"embedded_probe");

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}
