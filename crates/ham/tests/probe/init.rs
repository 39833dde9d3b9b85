//! `init`, and what is chosen for it.

use holochain_types::prelude::*;
use serde_json::json;

use crate::app::{app, run};
use crate::calls::{CallRequest, Target, local};

#[test]
fn the_answer_of_init_is_chosen_by_properties() {
    run(async {
        let app = app().await;
        app.ask::<()>("nothing", ()).await;
        assert!(app.refused("init_plan_too_late", ()).await.contains("get_init_properties"));
        // Failing goes before waiting.
        let text = app.0.call_zome::<_, ()>("refused", "features", "nothing", ()).await.unwrap_err();
        assert!(format!("{text:?}").contains("refused by mirror"), "{text:?}");
    });
}

#[test]
fn a_clone_made_by_a_zome_has_properties_of_its_own() {
    run(async {
        let app = app().await;
        let agent = app.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        let dna = app.ask::<DnaInfo>("info_dna", ()).await.hash;
        let cases = [
            (json!({ "init": { "mirror": { "Invalid": "not this one" } } }), "not this one"),
            (json!({ "init": { "features": { "Error": "an error" } } }), "an error"),
            (json!({ "init": { "features": { "Unresolved": [] } } }), "UnresolvedDependencies"),
        ];
        for (properties, wanted) in cases {
            let properties: YamlProperties = serde_json::from_value(properties).unwrap();
            let create = CreateCloneCellInput {
                cell_id: CellId::new(dna.clone(), agent.clone()),
                modifiers: DnaModifiersOpt::none().with_properties(properties),
                membrane_proof: None,
                name: None,
            };
            let clone: ClonedCell = app.ask("clone_create", create).await;
            let role = clone.clone_id.to_string();
            let error = app.0.call_zome::<_, ()>(role, "features", "nothing", ()).await.unwrap_err();
            assert!(format!("{error:?}").contains(wanted), "{error:?}");
            let this = DisableCloneCellInput { clone_cell_id: CloneCellId::CloneId(clone.clone_id) };
            app.ask::<()>("clone_disable", &this).await;
            let _: ClonedCell = app.ask("clone_enable", &this).await;
            app.ask::<()>("clone_disable", &this).await;
            app.ask::<()>("clone_delete", &this).await;
        }
    });
}

#[test]
fn init_grants_to_everyone_and_is_tried_again_after_a_failure() {
    run(async {
        let (app, other) = (app().await, app().await);
        app.ask::<()>("nothing", ()).await;
        let agent = app.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        let cell = CellId::new(app.ask::<DnaInfo>("info_dna", ()).await.hash, agent);
        let stranger = other.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        for zome in ["features", "mirror"] {
            let call = CallRequest {
                target: Target::Cell(cell.clone()),
                zome: zome.into(),
                ..local("echo_to_peer", "open")
            };
            let answer: ZomeCallResponse = other.ask("call_any", call).await;
            let ZomeCallResponse::Ok(answer) = answer else { panic!("{answer:?}") };
            assert_eq!(answer.decode::<(String, AgentPubKey)>().unwrap(), ("open".into(), stranger.clone()));
        }
        for _ in 0..2 {
            let error = app.0.call_zome::<_, ()>("refused", "features", "nothing", ()).await.unwrap_err();
            assert!(format!("{error:?}").contains("refused by mirror"), "{error:?}");
        }
    });
}
