//! Conductors that answer as no release does: each is told in a typed error within a few requests, and nothing is written.
//! What true conductors answer is in `real/releases.rs`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[path = "../fake/mod.rs"]
#[expect(dead_code, reason = "the tests of the drop-in use the rest")]
mod fake;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fake::{Fake, Words, persistent, serve, serve_one};
use ham::{Admin, AdminError, BadAnswer, CallError, CallOptions, Outcome, Release, SigningError};

/// Far longer than anything here takes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The admin requests that a conductor got.
type Asked = Arc<Mutex<Vec<String>>>;

/// A conductor with this script, and what it was asked.
async fn conductor(script: impl Fn(&str) -> Option<Words> + Send + Sync + 'static) -> (Fake, Asked) {
    let asked = Asked::default();
    let log = asked.clone();
    let fake = Fake::saying(move |request| {
        log.lock().unwrap().push(request.to_owned());
        script(request)
    });
    (fake.await, asked)
}

/// The error of the first call, which needs a grant; with what it asked of the admin interface.
async fn first_call(
    script: impl Fn(&str) -> Option<Words> + Send + Sync + 'static,
) -> (CallError, Vec<String>) {
    let (fake, asked) = conductor(script).await;
    let error = call(&fake).await;
    let asked = asked.lock().unwrap().clone();
    assert!(matches!(error.outcome(), Outcome::NotRun | Outcome::Answered), "{error:?}");
    assert!(asked.len() <= 5, "no storm: {asked:?}");
    (error, asked)
}

/// The error of a call.
async fn call(fake: &Fake) -> CallError {
    let ham = persistent(fake.admin.address(), &fake.app);
    let calling = async {
        let options = CallOptions::default().with_deadline(TIMEOUT);
        ham.call_zome_with::<_, ()>("role", "zome", "function", (), options).await.unwrap_err()
    };
    let serving = async {
        let mut peer = fake.app.next_peer().await.unwrap();
        serve(&mut peer).await;
    };
    tokio::select! {
        error = calling => error,
        () = serving => unreachable!("serving ends with the link"),
    }
}

fn source(error: &CallError) -> &BadAnswer {
    match error {
        CallError::Signing(SigningError::Grant(AdminError::Answer { source, .. })) => source,
        other => panic!("{other:?}"),
    }
}

const DIRECT: &str = "grant_direct_signal_capability";
const GRANT: &str = "grant_zome_call_capability";

#[tokio::test]
async fn a_conductor_of_two_releases_at_once_is_told() {
    // 0.7.0 by the requests it reads, and a grant in neither's words.
    let (error, asked) = first_call(|request| match request {
        DIRECT | GRANT => Some(Words::Unreadable),
        _ => None,
    })
    .await;
    let BadAnswer::OtherRelease { release: Release::V0_7_0, why } = source(&error) else {
        panic!("{error:?}")
    };
    assert!(why.contains("grant"), "{why}");
    // An error answer to a grant can follow the write, so the list is read.
    assert_eq!(asked, [DIRECT, "list_apps", "dump_state", GRANT, "list_capability_grants"]);
}

#[tokio::test]
async fn a_chain_that_does_not_page_where_it_should_is_told_by_its_first_page() {
    let record =
        r#"{"action_address":[],"action":{"header":{"action_seq":0},"data":{"type":"Dna"}},"entry":null}"#;
    let chain = format!(r#"[{{"source_chain_dump":{{"records":[{}]}}}},""]"#, [record; 5].join(","));
    let (error, asked) = first_call(move |request| match request {
        "dump_state" => Some(Words::Body(rmpv::Value::Map(vec![
            ("type".into(), "state_dumped".into()),
            ("value".into(), chain.as_str().into()),
        ]))),
        _ => None,
    })
    .await;
    let BadAnswer::OtherRelease { why, .. } = source(&error) else { panic!("{error:?}") };
    assert!(why.contains("more of a chain"), "{why}");
    assert_eq!(asked.iter().filter(|request| *request == "dump_state").count(), 1);
    assert!(!asked.iter().any(|request| request == GRANT), "nothing is granted: {asked:?}");
}

/// 0.6 answers the whole chain, however long it is: one request tells whether it is closed.
#[tokio::test]
async fn a_chain_of_ten_thousand_records_is_one_request_on_0_6() {
    let hash = [7_u8; 39];
    let record = serde_json::json!({
        "action_address": &hash[..],
        "action": { "type": "Create", "author": &hash[..], "timestamp": 1, "action_seq": 4, "prev_action": &hash[..],
            "entry_type": "AgentPubKey", "entry_hash": &hash[..], "weight": { "bucket_id": 255, "units": 0, "rate_bytes": 0 } },
        "entry": { "entry_type": "App", "entry": &[7_u8; 60][..] },
        "signature": &[7_u8; 64][..],
    })
    .to_string();
    let records = vec![record; 10_000].join(",");
    let chain = format!(r#"[{{"source_chain_dump":{{"records":[{records}]}}}},""]"#);
    let (error, asked) = first_call(move |request| match request {
        DIRECT | "list_apps" => Some(Words::Unreadable),
        "dump_state" => Some(Words::Body(rmpv::Value::Map(vec![
            ("type".into(), "state_dumped".into()),
            ("value".into(), chain.as_str().into()),
        ]))),
        GRANT => Some(Words::Body(rmpv::Value::Map(vec![
            ("type".into(), "zome_call_capability_granted".into()),
            ("value".into(), rmpv::Value::Binary([&[0x84, 0x29, 0x24], &[3; 36][..]].concat())),
        ]))),
        _ => None,
    })
    .await;
    assert_eq!(asked, [DIRECT, "list_apps", "dump_state", GRANT]);
    // The grant is written: only the script has no answer to the call itself.
    assert!(matches!(error, CallError::Refused { .. }), "{error:?}");
}

#[tokio::test]
async fn answers_of_no_known_shape_are_told_at_each_step() {
    for step in [DIRECT, "peer_meta_info", "dump_state", GRANT] {
        for strange in
            [rmpv::Value::Nil, rmpv::Value::from(5), rmpv::Value::Map(vec![("type".into(), 7.into())])]
        {
            let body = strange.clone();
            let (error, asked) =
                first_call(move |request| (request == step).then(|| Words::Body(body.clone()))).await;
            assert!(matches!(source(&error), BadAnswer::Undecodable(_)), "{step} {strange}: {error:?}");
            let after = asked.iter().skip_while(|request| *request != step).skip(1);
            assert!(after.eq((step == GRANT).then_some("list_capability_grants")), "{asked:?}");
        }
    }
}

/// A name that a peer gives is not repeated beyond what names are long.
#[tokio::test]
async fn an_answer_of_another_kind_is_named_and_not_quoted() {
    let long = "x".repeat(1 << 20);
    let (error, _) = first_call(move |request| {
        (request == GRANT).then(|| {
            Words::Body(rmpv::Value::Map(vec![
                ("type".into(), long.as_str().into()),
                ("value".into(), rmpv::Value::Nil),
            ]))
        })
    })
    .await;
    let BadAnswer::Unexpected { got, .. } = source(&error) else { panic!("{error:?}") };
    assert_eq!(got.len(), 64);
}

#[tokio::test]
async fn a_later_release_than_all_known_works_as_the_latest_and_says_so() {
    let (fake, asked) =
        conductor(|request| matches!(request, DIRECT | "peer_meta_info").then_some(Words::Refused)).await;
    let admin = Admin::local(fake.admin.address().port());
    let release = admin.release().await.unwrap();
    assert_eq!((release, release.to_string().as_str()), (Release::V0_8, "0.8-dev or later"));
    assert_eq!(*asked.lock().unwrap(), [DIRECT, "peer_meta_info"]);
}

/// Someone who gives up in the middle of finding out leaves nothing behind that the next one waits for.
#[tokio::test]
async fn a_caller_that_gives_up_does_not_keep_the_next_from_finding_out() {
    let (fake, asked) = conductor(|request| (request == DIRECT).then_some(Words::Unreadable)).await;
    let admin = Admin::local(fake.admin.address().port());
    admin.list_apps(None).await.unwrap();
    let dropped = admin.release();
    tokio::select! {
        biased;
        _ = dropped => panic!("it takes a round trip"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(admin.release().await.unwrap(), Release::V0_7_0);
    assert!(asked.lock().unwrap().len() <= 4);
}

/// A chain of which nothing can be read may be closed: nothing is granted on it, and the looking ends.
#[tokio::test]
async fn a_chain_that_cannot_be_read_is_not_granted_on() {
    let (fake, asked) = conductor(|request| match request {
        "dump_state" => Some(Words::Body(rmpv::Value::Map(vec![
            ("type".into(), "error".into()),
            (
                "value".into(),
                rmpv::Value::Map(vec![
                    ("type".into(), "internal_error".into()),
                    ("value".into(), "Other: error occurred while decoding: decode Entry: what?".into()),
                ]),
            ),
        ]))),
        _ => None,
    })
    .await;
    let error = call(&fake).await;
    assert!(matches!(source(&error), BadAnswer::Undecodable(_)), "{error:?}");
    let asked = asked.lock().unwrap().clone();
    assert!(asked.len() <= 8 && !asked.iter().any(|request| request == GRANT), "{asked:?}");
}

/// A cell that refuses every call is not callable, whatever it says.
#[tokio::test]
async fn a_cell_that_refuses_in_words_of_no_release_is_not_callable() {
    let (fake, _) = conductor(|_| None).await;
    let ham = persistent(fake.admin.address(), &fake.app);
    let serving = async {
        let mut peer = fake.app.next_peer().await.unwrap();
        serve(&mut peer).await;
    };
    let error = tokio::select! {
        callable = ham.callable("role") => callable.unwrap_err(),
        () = serving => unreachable!("serving ends with the link"),
    };
    assert!(matches!(error, CallError::Refused { .. }), "{error:?}");
}

/// A conductor that ends the link whenever it is asked for its release is not asked for ever.
#[tokio::test]
async fn a_conductor_that_hangs_up_when_it_is_asked_is_not_asked_for_ever() {
    let (fake, _) = conductor(|_| None).await;
    let ham = persistent(fake.admin.address(), &fake.app);
    let mut links = 0;
    let hanging_up = async {
        loop {
            let mut peer = fake.app.next_peer().await.unwrap();
            links += 1;
            // The app info of the handshake; then it is gone with the next request.
            serve_one(&mut peer).await;
            let _ = peer.receive().await;
        }
    };
    let error = tokio::select! {
        released = ham.release() => released.unwrap_err(),
        () = hanging_up => unreachable!("it goes on"),
    };
    assert!(matches!(error, CallError::LinkLost { sent: false, .. }), "{error:?}");
    assert!((5..=6).contains(&links), "{links}");
}
