//! Calls between cells, under grants, and what of them stays.

use std::fmt::Debug;

use holochain_types::prelude::*;

use crate::app::{app, run, told};

#[test]
fn a_grant_lets_another_agent_in_until_it_is_changed_or_ended() {
    run(async {
        let (app, other) = (app().await, app().await);
        let agent = app.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        let stranger = other.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        let cell = CellId::new(app.ask::<DnaInfo>("info_dna", ()).await.hash, agent);
        let secret: CapSecret = app.ask("new_secret", ()).await;
        let call = |secret| CallRequest {
            target: Target::Cell(cell.clone()),
            zome: "features".into(),
            function: "increment".into(),
            cap_secret: secret,
            payload: ExternIO::encode(1).unwrap(),
        };
        let allowed = async |secret| {
            let answer: ZomeCallResponse = other.ask("call_any", call(secret)).await;
            matches!(answer, ZomeCallResponse::Ok(_))
        };
        assert!(!allowed(Some(secret)).await);
        let listed = [("features".into(), "increment".into())].into_iter().collect();
        let transferable = CapGrantEntry::new_zome_call_grant(
            "transferable".into(),
            GrantConstraint::Transferable { secret },
            GrantedFunctions::Listed(listed),
        );
        let grant: ActionHash = app.ask("create_grant", transferable).await;
        assert!(allowed(Some(secret)).await && !allowed(None).await);
        let assigned = |agent: AgentPubKey| {
            let constraint = GrantConstraint::from((secret, agent));
            CapGrantEntry::new_zome_call_grant("assigned".into(), constraint, GrantedFunctions::All)
        };
        let nobody = AgentPubKey::from_raw_36(vec![9; 36]);
        let change = UpdateGrant { original: grant, grant: assigned(nobody) };
        let grant: ActionHash = app.ask("update_grant", change).await;
        assert!(!allowed(Some(secret)).await);
        let change = UpdateGrant { original: grant, grant: assigned(stranger) };
        let grant: ActionHash = app.ask("update_grant", change).await;
        assert!(allowed(Some(secret)).await);
        let _: ActionHash = app.ask("delete_grant", grant).await;
        assert!(!allowed(Some(secret)).await);
        let unrestricted = CapGrantEntry::new_zome_call_grant(
            "unrestricted".into(),
            GrantConstraint::Unrestricted,
            GrantedFunctions::All,
        );
        let _: ActionHash = app.ask("create_grant", unrestricted).await;
        assert!(allowed(None).await);
    });
}

#[test]
fn what_was_done_elsewhere_stays_when_a_call_fails() {
    run(async {
        let app = app().await;
        let mut signals = app.0.signals();
        assert!(app.refused("signal_then_fail", "still heard").await.contains("failed after a signal"));
        while told(&mut signals).await.text.as_deref() != Some("still heard") {}

        // The other cell commits, and then the own commit is refused.
        let twin = CallRequest { target: Target::Role("twin"), ..local("create_note", "kept") };
        let text = app.refused("call_many", [twin, local("create_note", "invalid")]).await;
        assert!(text.contains("the note is refused"), "{text}");
        let entries = ChainQueryFilter::new().include_entries(true);
        let all: Vec<Record> = app.0.call_zome("twin", "features", "query_chain", entries).await.unwrap();
        let notes = all.iter().filter(|record| matches!(record.entry().as_option(), Some(Entry::App(_))));
        assert_eq!(notes.count(), 1);
    });
}

#[derive(Debug, Serialize)]
pub(crate) struct CallRequest {
    pub(crate) target: Target,
    pub(crate) zome: ZomeName,
    pub(crate) function: FunctionName,
    pub(crate) cap_secret: Option<CapSecret>,
    pub(crate) payload: ExternIO,
}

#[derive(Debug, Serialize)]
pub(crate) enum Target {
    Local,
    Role(&'static str),
    Cell(CellId),
}

/// A call to this zome of this cell.
pub(crate) fn local(function: &str, payload: impl Serialize + Debug) -> CallRequest {
    let payload = ExternIO::encode(payload).unwrap();
    CallRequest {
        target: Target::Local,
        zome: "features".into(),
        function: function.into(),
        cap_secret: None,
        payload,
    }
}

#[derive(Debug, Serialize)]
struct UpdateGrant {
    original: ActionHash,
    grant: CapGrantEntry,
}
