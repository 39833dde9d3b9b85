//! What zomes say to operations, and to agents that are to join.

use holochain_types::prelude::*;
use serde_json::json;

use crate::app::{app, run};

#[test]
fn data_decide_how_every_operation_is_validated() {
    run(async {
        let app = app().await;
        let verdict =
            |op, outcome: &Outcome| Verdict::new(vec![Rule { op, zome: None, outcome: outcome.clone() }]);
        let note: ActionHash = app.ask("create_note", "known").await;
        let nowhere = ActionHash::from_raw_36(vec![9; 36]);
        let base = AnyLinkableHash::from(note.clone());
        let link = |verdict| VerdictLink { base: base.clone(), target: base.clone(), verdict };
        let outcomes = [
            (Outcome::Invalid("by data".into()), "by data"),
            (Outcome::Unresolved(vec![nowhere.clone().into()]), "DepMissingFromDht"),
            (Outcome::Fetch(Fetch::Action(nowhere.clone())), "DepMissingFromDht"),
            (Outcome::Fetch(Fetch::ValidRecord(nowhere.clone())), "DepMissingFromDht"),
            (Outcome::Fetch(Fetch::Entry(EntryHash::from_raw_36(vec![9; 36]))), "DepMissingFromDht"),
            (Outcome::Error("guest".into()), "guest"),
        ];
        for (outcome, wanted) in &outcomes {
            for op in ["CreateRecord", "CreateEntry", "AgentActivity"] {
                let text = app.refused("create_verdict", verdict(op, outcome)).await;
                assert!(text.contains(wanted), "{op} {outcome:?}: {text}");
            }
            let valid: ActionHash = app.ask("create_verdict", verdict("Delete", outcome)).await;
            let change = ChangeVerdict { original: valid.clone(), verdict: verdict("Update", outcome) };
            let text = app.refused("update_verdict", change).await;
            assert!(text.contains(wanted), "Update {outcome:?}: {text}");
            let text = app.refused("delete_verdict", valid).await;
            assert!(text.contains(wanted), "Delete {outcome:?}: {text}");
            let text = app.refused("link_verdict", link(verdict("CreateLink", outcome))).await;
            assert!(text.contains(wanted), "CreateLink {outcome:?}: {text}");
            let made: ActionHash = app.ask("link_verdict", link(verdict("DeleteLink", outcome))).await;
            let text = app.refused("unlink_verdict", made).await;
            assert!(text.contains(wanted), "DeleteLink {outcome:?}: {text}");
        }
        for found in [Fetch::Action(note.clone()), Fetch::ValidRecord(note)] {
            let _: ActionHash =
                app.ask("create_verdict", verdict("CreateRecord", &Outcome::Fetch(found))).await;
        }
        // One zome waits, the other refuses: refusing goes first.
        let rule = |zome, outcome| Rule { op: "AgentActivity", zome: Some(zome), outcome };
        let waits = rule("features_integrity", Outcome::Unresolved(vec![nowhere.into()]));
        let refuses = rule("witness_integrity", Outcome::Invalid("by the witness".into()));
        let text = app.refused("create_verdict", Verdict::new(vec![waits, refuses])).await;
        assert!(text.contains("by the witness"), "{text}");
    });
}

#[test]
fn checks_run_for_their_own_zome_and_ask_only_for_what_is_the_same_everywhere() {
    run(async {
        let app = app().await;
        let agent = app.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        let dna = app.ask::<DnaInfo>("info_dna", ()).await.hash;
        let verdict = |zome, outcome| Verdict::new(vec![Rule { op: "CreateEntry", zome, outcome }]);
        let text = app.refused("create_verdict", verdict(None, Outcome::Forbidden)).await;
        assert!(text.contains("cannot be called from"), "{text}");
        let other = verdict(Some("witness_integrity"), Outcome::Invalid("of another zome".into()));
        let _: ActionHash = app.ask("create_verdict", other).await;

        let cases = [
            (json!({ "Invalid": "not to join" }), "not to join"),
            (json!("Forbidden"), "cannot be called from"),
        ];
        for (outcome, wanted) in cases {
            let properties = json!({ "genesis": { "witness_integrity": outcome } });
            let create = CreateCloneCellInput {
                cell_id: CellId::new(dna.clone(), agent.clone()),
                modifiers: DnaModifiersOpt::none()
                    .with_properties(serde_json::from_value::<YamlProperties>(properties).unwrap()),
                membrane_proof: None,
                name: None,
            };
            let text = app.refused("clone_create", create).await;
            assert!(text.contains(wanted), "{text}");
        }
    });
}

#[derive(Debug, Clone, Serialize)]
enum Outcome {
    Invalid(String),
    Unresolved(Vec<AnyDhtHash>),
    Fetch(Fetch),
    Error(String),
    Forbidden,
}

#[derive(Debug, Clone, Serialize)]
enum Fetch {
    Entry(EntryHash),
    Action(ActionHash),
    ValidRecord(ActionHash),
}

#[derive(Debug, Serialize)]
struct Rule {
    op: &'static str,
    zome: Option<&'static str>,
    outcome: Outcome,
}

#[derive(Debug, Serialize)]
struct Verdict {
    name: String,
    rules: Vec<Rule>,
}

impl Verdict {
    fn new(rules: Vec<Rule>) -> Self {
        Self { name: "a verdict".to_owned(), rules }
    }
}

#[derive(Debug, Serialize)]
struct VerdictLink {
    base: AnyLinkableHash,
    target: AnyLinkableHash,
    verdict: Verdict,
}

#[derive(Debug, Serialize)]
struct ChangeVerdict {
    original: ActionHash,
    verdict: Verdict,
}
