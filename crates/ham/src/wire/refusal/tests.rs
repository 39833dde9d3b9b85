use holochain_zome_types::prelude::{AgentPubKey, DnaHash};

use super::*;
use crate::wire::NotRunning;

fn cell(byte: u8) -> CellId {
    CellId::new(DnaHash::from_raw_36(vec![byte; 36]), AgentPubKey::from_raw_36(vec![byte; 36]))
}

fn internal(text: impl Into<String>) -> Refusal {
    Refusal::from(ExternalApiWireError::InternalError(text.into()))
}

fn unauthorized(reason: &str) -> Refusal {
    Refusal::from(ExternalApiWireError::ZomeCallUnauthorized(format!(
        "Call was not authorized with reason {reason}, cap secret Some(CapSecret([7, 7])) to call the function f in zome z"
    )))
}

fn not_running_text(cell: &CellId, reason: &str) -> String {
    format!("Conductor returned an error while using a ConductorApi: CellNotRunning({cell:?}, {reason})")
}

#[test]
fn the_nonces_fate_is_read_from_the_refusal() {
    let ours = cell(1);
    let cases = [
        ("BadNonce(\"Duplicate\")", Verdict::Duplicate, Effect::Unknown),
        ("BadNonce(\"Expired\")", Verdict::Expired, Effect::Nothing),
        ("BadNonce(\"Future\")", Verdict::FromTheFuture, Effect::Nothing),
        ("BadCapGrant", Verdict::NoGrant, Effect::Nothing),
        ("BlockedProvenance", Verdict::Other, Effect::Nothing),
    ];
    for (reason, verdict, effect) in cases {
        let refusal = unauthorized(reason);
        assert_eq!((refusal.verdict(&ours), refusal.effect()), (verdict, effect), "{reason}");
        assert!(!refusal.to_string().contains("7, 7"), "{refusal}");
    }
}

#[test]
fn only_our_own_cell_at_the_start_of_the_text_counts_as_not_running() {
    let (ours, other) = (cell(1), cell(2));
    let cases = [
        ("NotStarted", NotRunning::NotStarted),
        // It was reported as `disabled (User)`.
        ("AppDisabled(User)", NotRunning::AppDisabled("by its user".into())),
        (
            "AppDisabled(Error(\"a (bad) day\"))",
            NotRunning::AppDisabled("after an error: a (bad) day".into()),
        ),
        ("AppDisabled(Newer)", NotRunning::AppDisabled("Newer".into())),
        ("AppAwaitingMemproofs", NotRunning::AwaitingMemproofs),
        ("AppAwaitingRestore", NotRunning::AwaitingRestore),
        ("AppUnrecoverable(Chain)", NotRunning::Unrecoverable("Chain".into())),
        ("CloneCellDisabled", NotRunning::CloneDisabled),
        ("Newer", NotRunning::Other("Newer".into())),
    ];
    for (text, reason) in cases {
        let said = |text: String, release| internal(text).said_by(release);
        for release in [Release::V0_7_1, Release::V0_8] {
            let refusal = said(not_running_text(&ours, text), release);
            assert_eq!(refusal.verdict(&ours), Verdict::NotRunning(reason.clone()));
            assert_eq!(refusal.effect(), Effect::Nothing);
            let others = said(not_running_text(&other, text), release);
            assert_eq!(others.verdict(&ours), Verdict::Other);
        }
        // A release that does not say this, and an unknown one, prove nothing by it.
        let unsaid =
            [internal(not_running_text(&ours, text)), said(not_running_text(&ours, text), Release::V0_7_0)];
        for refusal in unsaid {
            assert_eq!((refusal.verdict(&ours), refusal.effect()), (Verdict::Other, Effect::Unknown));
        }
        let nested = format!(
            "Wasm runtime error while working with Ribosome: RuntimeError: z:1: Host(\"{}\")",
            not_running_text(&ours, text)
        );
        assert_eq!(said(nested, Release::V0_7_1).verdict(&ours), Verdict::Other);
    }
}

#[test]
fn a_disabled_cell_of_an_earlier_release_does_not_run_for_a_reason_it_does_not_give() {
    let (ours, other) = (cell(1), cell(2));
    let text = |cell: &CellId| {
        format!("Conductor returned an error while using a ConductorApi: CellDisabled({cell:?})")
    };
    for release in [Release::V0_6, Release::V0_7_0] {
        let refusal = internal(text(&ours)).said_by(release);
        assert_eq!(refusal.verdict(&ours), Verdict::NotRunningUnexplained);
        assert_eq!((refusal.effect(), refusal.stage()), (Effect::Nothing, Some(Stage::BeforeNonce)));
        assert_eq!(internal(text(&other)).said_by(release).verdict(&ours), Verdict::Other);
    }
    let unsaid = internal(text(&ours)).said_by(Release::V0_7_1);
    assert_eq!((unsaid.verdict(&ours), unsaid.effect()), (Verdict::Other, Effect::Unknown));
    assert!(internal(text(&ours)).depends_on_release() && !internal("x").depends_on_release());
}

#[test]
fn what_the_table_does_not_list_may_have_written() {
    let listed = [
        "Attempted to call a zome function that doesn't exist: Zome: z Fn f",
        "ZomeError: Zome not found: Zome 'z' not found",
        "Wasm runtime error while working with Ribosome: RuntimeError: z:9: Guest(\"x\")",
        "Source chain error: InvalidCommit error: Validation failed while committing: no",
    ];
    for text in listed {
        assert_eq!(internal(text).effect(), Effect::Nothing, "{text}");
        // The same words anywhere but at the start prove nothing.
        assert_eq!(internal(format!("Other: {text}")).effect(), Effect::Unknown, "{text}");
    }
    for text in ["Source chain error: deadline has elapsed", "", "database is locked"] {
        assert_eq!(internal(text).effect(), Effect::Unknown, "{text}");
    }
    let session = Refusal::from(ExternalApiWireError::CountersigningSessionError("x".into()));
    assert_eq!(session.effect(), Effect::Unknown);
}

#[test]
fn pressure_cools_down_and_the_callers_own_faults_do_not() {
    let cools = |text: &str| matches!(internal(text).recovery(), Recovery::CoolDown { .. });
    assert!(cools("Source chain error: deadline has elapsed"));
    assert!(cools("Other: database is locked"));
    assert!(cools(
        "Source chain error: Attempted to commit a bundle to the source chain, but the source chain head has moved since \
         the bundle began. Bundle head: None, Current head: None"
    ));
    assert!(!cools("Source chain error: InvalidCommit error: deadline has elapsed, says the zome"));
    assert!(!cools(
        "Wasm runtime error while working with Ribosome: RuntimeError: z:9: Guest(\"timed out\")"
    ));
}
