//! What zomes on the HDK do to their conductor, by themselves and through one another.

use std::time::Duration;

use holochain_types::prelude::{ActionHash, AnyLinkableHash, CapSecret, ExternIO, LinkTag};
use serde::Serialize;

use crate::support::{MEMORY, run, says};

#[test]
fn a_payload_that_the_zome_cannot_decode_is_the_zomes_error() {
    run(async |server| {
        let app = server.features().await;
        for payload in [vec![], vec![0xc1], vec![0xc0], b"\xdd\xff\xff\xff\xff".to_vec(), vec![0x91; 60_000]]
        {
            let params = app.params("create_note", payload.into());
            says(&app.send(app.sign(&params)).await.unwrap_err(), "Deserialize");
        }
        app.call("nothing", ()).await.unwrap();
    });
}

#[test]
fn zomes_of_the_hdk_that_misbehave_fail_their_call() {
    run(async |server| {
        let app = server.features().await;
        says(&app.call("endless_loop", ()).await.unwrap_err(), "fuel");
        says(&app.call("deep_recursion", u32::MAX).await.unwrap_err(), "CallError");
        says(&app.call("trap_by_panic", ()).await.unwrap_err(), "unreachable");
        says(&app.call("trap_by_memory", ()).await.unwrap_err(), "CallError");
        let steps: u32 = app.call("memory_bomb", 1).await.unwrap().decode().unwrap();
        assert!(u64::from(steps) << 20 <= MEMORY, "{steps}");
        app.call("large_answer", 100 << 20).await.unwrap_err();
        app.call("nothing", ()).await.unwrap();
    });
}

#[test]
fn a_call_of_itself_ends_at_a_depth() {
    run(async |server| {
        let app = server.features().await;
        assert_eq!(app.call("call_nested", 10).await.unwrap().decode::<u32>().unwrap(), 10);
        says(&app.call("call_nested", 1000).await.unwrap_err(), "calls deep");
        let error = app.call("call_nested", u32::MAX).await.unwrap_err();
        says(&error, "calls deep");
        // What the innermost call failed of, not quoted by each around it.
        assert_eq!(error.matches("Wasm runtime error").count(), 1, "{error}");
    });
}

#[test]
fn calls_that_each_call_themselves_at_once_end() {
    run(async |server| {
        let app = server.features().await;
        let calls = (0..16).map(|_| app.call("call_nested", 1000));
        let all = tokio::time::timeout(Duration::from_secs(50), futures_util::future::join_all(calls)).await;
        for result in all.expect("calls wait for one another") {
            says(&result.unwrap_err(), "calls deep");
        }
    });
}

#[test]
fn an_error_through_calls_of_calls_is_bounded() {
    run(async |server| {
        // Calls itself until it may not, and hands every error on.
        let app = server.features().await;
        let fail = ExternIO::encode("\\\"".repeat(1000)).unwrap();
        let mut payload = fail;
        let mut function = "guest_error";
        for _ in 0..25 {
            payload = ExternIO::encode(CallRequest {
                target: "Local",
                zome: "features",
                function,
                cap_secret: None,
                payload,
            })
            .unwrap();
            function = "call_any";
        }
        let error = app.send(app.sign(&app.params("call_any", payload))).await.unwrap_err();
        assert!(error.len() < 1 << 20, "{}", error.len());
        says(&error, "Host");
    });
}

#[derive(Debug, Serialize)]
struct CallRequest {
    target: &'static str,
    zome: &'static str,
    function: &'static str,
    cap_secret: Option<CapSecret>,
    payload: ExternIO,
}

#[test]
fn entries_and_tags_have_a_largest_size() {
    #[derive(Debug, Serialize)]
    struct LinkNotes {
        base: AnyLinkableHash,
        target: AnyLinkableHash,
        tag: LinkTag,
    }
    run(async |server| {
        let app = server.features().await;
        let base: ActionHash = app.call("create_note", "the end of links").await.unwrap().decode().unwrap();
        says(&app.call("create_blob", 4_000_001).await.unwrap_err(), "exceeds the limit");
        // A zome without the HDK, which looks at the size itself.
        let mut params = app.params("bare_create", ExternIO::encode("x".repeat(4_000_000)).unwrap());
        params.zome_name = "bare".into();
        says(&app.send(app.sign(&params)).await.unwrap_err(), "larger than the MAX_ENTRY_SIZE");
        let link = |length| LinkNotes {
            base: base.clone().into(),
            target: base.clone().into(),
            tag: vec![7; length].into(),
        };
        app.call("link_notes", link(1000)).await.unwrap();
        says(&app.call("link_notes", link(1001)).await.unwrap_err(), "1001");
    });
}
