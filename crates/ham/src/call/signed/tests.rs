use holochain_zome_types::prelude::DnaHash;

use super::*;

fn signed(target: CallTarget, cell_id: CellId) -> SignedCall {
    SignedCall {
        target,
        cell_id,
        zome: "zome".into(),
        function: "function".into(),
        provenance: AgentPubKey::from_raw_36(vec![3; 36]),
        nonce: [7; 32],
        expires_at: Timestamp::from_micros(1),
        bytes: vec![1, 2, 3],
        signature: Signature([9; 64]),
        send_state: SendState::default(),
    }
}

#[test]
fn a_journal_gives_back_the_call_and_does_not_claim_that_it_was_never_sent() {
    let cell = CellId::new(DnaHash::from_raw_36(vec![1; 36]), AgentPubKey::from_raw_36(vec![2; 36]));
    for target in [CallTarget::from("role.0"), CallTarget::from(cell.clone())] {
        let call = signed(target, cell.clone());
        let json = serde_json::to_vec(&call).unwrap();
        let packed = rmp_serde::to_vec_named(&call).unwrap();
        let read: [SignedCall; 2] =
            [serde_json::from_slice(&json).unwrap(), rmp_serde::from_slice(&packed).unwrap()];
        for read in read {
            assert_eq!((read.target(), read.cell_id()), (call.target(), call.cell_id()));
            assert_eq!((read.function(), read.expires_at()), (call.function(), call.expires_at()));
            assert_eq!((read.nonce, &read.bytes), (call.nonce, &call.bytes));
            assert_eq!((&read.signature, &read.provenance), (&call.signature, &call.provenance));
            assert!(read.may_have_been_sent());
        }
    }
}

#[test]
fn a_journal_has_the_field_names_of_earlier_versions() {
    let cell = CellId::new(DnaHash::from_raw_36(vec![1; 36]), AgentPubKey::from_raw_36(vec![2; 36]));
    let journal = serde_json::to_value(signed(CallTarget::from("role"), cell)).unwrap();
    assert_eq!(journal["traces"], "none");
}
