//! What the other gateway's own tests ask, and what it was recorded to answer where they do not say.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use holochain_types::prelude::DnaHash;
use serde_json::{Value, json};

use crate::asking::{Answer, ask};
use crate::stage::{APP, OTHER, Stage};

/// A request, where it comes from, and how it is answered.
struct Case {
    /// The test of `holochain_http_gateway` 0.4.1 that has it, or what of its documentation or code.
    source: &'static str,
    method: &'static str,
    path: String,
    theirs: Answer,
    /// Where it differs; docs/hc-http-gw.md says why.
    ours: Option<Answer>,
}

fn case(source: &'static str, path: impl Into<String>, theirs: Answer) -> Case {
    Case { source, method: "GET", path: path.into(), theirs, ours: None }
}

impl Case {
    fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    fn but_ours(self, ours: Answer) -> Self {
        Self { ours: Some(ours), ..self }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_tests_ask_is_answered_as_it_answers_but_for_what_is_documented() {
    let stage = Stage::set(10_000).await;
    for Case { source, method, path, theirs, ours } in cases(&stage) {
        if let Some(gateway) = &stage.theirs {
            assert_eq!(ask(gateway.address, method, &path).await, theirs, "theirs, {source}: {path}");
        }
        let answer = ask(stage.ours.address(), method, &path).await.without_outcome();
        assert_eq!(answer, ours.unwrap_or(theirs), "{source}: {path}");
    }
    stage.end().await;
}

fn cases(stage: &Stage) -> Vec<Case> {
    let dna = &stage.dna;
    let call = |function: &str, payload: Value| {
        format!("{}?payload={}", stage.call(function), URL_SAFE.encode(payload.to_string()))
    };
    let item = json!([{ "call_id": "the first", "action_hash": stage.item.get_raw_39() }]);
    let long = "1234567890".repeat(10) + "1";
    let too_long =
        Answer::error(400, format!("Request is malformed: Identifier {long} longer than 100 characters"));
    let malformed = |why: &str| Answer::error(400, format!("Request is malformed: {why}"));
    let echo = stage.call("echo_text");
    let unpadded = URL_SAFE_NO_PAD.encode("\"hello\"");
    let mut cases = vec![
        case("tests/health.rs: health_check_works", "/health", Answer::new(200, "Ok")),
        case(
            "tests/zome_call.rs: simple_zome_call",
            call("echo_text", json!("hello")),
            Answer::new(200, "hello"),
        ),
        case("tests/zome_call.rs: respond_with_data", stage.call("list_items"), Answer::new(200, item)),
        case(
            "tests/zome_call.rs: get_data_with_agent_key_payload",
            call("get_item", json!(stage.item.get_raw_39())),
            Answer::new(200, json!({ "call_id": "the first", "body": "to be read" })),
        ),
        case(
            "tests/zome_call.rs: get_data_with_object_payload",
            call("slow_echo", json!({ "millis": 0, "text": "hello" })),
            Answer::new(200, "hello"),
        ),
        case(
            "tests/zome_call.rs: call_function_that_is_not_exposed",
            stage.call("create_item"),
            Answer::error(403, format!("Function create_item in zome probe in app {APP} is not allowed")),
        ),
        case(
            "tests/zome_call.rs: call_missing_app",
            format!("/{}/asdf/asdf/asdf", DnaHash::from_raw_32(vec![2; 32])),
            Answer::error(404, "Error selecting a valid app: App is not installed on the conductor"),
        ),
        case(
            "src/app_selection.rs: returns_error_if_app_installed_but_not_allowed",
            format!("/{dna}/{OTHER}/probe/echo_text"),
            Answer::error(403, "Error selecting a valid app: App is not in the list of allowed apps"),
        ),
        case(
            "src/app_selection.rs: the app has no cell of this DNA",
            format!("/{}/{APP}/probe/echo_text", DnaHash::from_raw_32(vec![2; 32])),
            Answer::error(404, "Error selecting a valid app: App is not installed on the conductor"),
        ),
        case(
            "validations.rs: invalid_dna_hash_is_rejected",
            "/thisaintnodnahash/coordinator/zome_name/fn_name",
            malformed("Invalid DNA hash"),
        ),
        case(
            "validations.rs: coordinator_identifier_with_excess_length_is_rejected",
            format!("/{dna}/{long}/zome_name/fn_name"),
            too_long.clone(),
        ),
        case(
            "validations.rs: zome_name_with_excess_length_is_rejected",
            format!("/{dna}/{APP}/{long}/fn_name"),
            too_long.clone(),
        ),
        case(
            "validations.rs: function_name_with_excess_length_is_rejected",
            format!("/{dna}/{APP}/zome_name/{long}"),
            too_long,
        ),
        case(
            "validations.rs: payload_with_excess_length_is_rejected",
            format!("{echo}?payload={}", URL_SAFE.encode(vec![1; 1_024])),
            malformed("Payload exceeds 1024 bytes"),
        ),
        case(
            "validations.rs: payload_with_invalid_base64_encoding_is_rejected",
            format!("{echo}?payload=$%&"),
            malformed("Invalid base64 encoding"),
        ),
        case(
            "validations.rs: payload_with_invalid_json_is_rejected",
            format!("{echo}?payload={}", URL_SAFE.encode("{invalid}")),
            malformed("Invalid JSON value"),
        ),
        case("recorded: a part that is not UTF-8", "/%ff/a/b/c", malformed("Invalid UTF-8 in `dna_hash`")),
        case("src/router.rs: post_method_to_zome_call_fails", echo.clone(), Answer::new(405, ""))
            .method("POST"),
    ];
    cases.extend([
        case(
            "src/transcode.rs: BASE64_URL_SAFE",
            format!("{echo}?payload={unpadded}"),
            malformed("Invalid base64 encoding"),
        )
        .but_ours(Answer::new(200, "hello")),
        // In 0.7 errors of guests are no `RibosomeError`, so what its tests show of those does not happen.
        case(
            "responses.rs: ribosome_errors_are_returned",
            call("fail", json!("no")),
            Answer::error(500, "Something went wrong"),
        )
        .but_ours(Answer::error(
            500,
            "Wasm runtime error while working with Ribosome: RuntimeError: probe::failure:9: Guest(\"no\")",
        )),
    ]);
    cases
}
