use super::*;

/// The advice was to read the chain, for a call that was not sent.
#[test]
fn no_chain_is_read_for_a_call_whose_look_up_failed() {
    let gone = CallError::AppNotInstalled { app_id: "one".into() };
    let other = CallError::LookUp { source: Box::new(CallError::EmptyAnswer) };
    for error in [&gone, &other] {
        assert!(!call(error).contains("chain"), "{}", call(error));
    }
    assert!(call(&gone).contains("ham app list"));
}

/// Zome and payload were blamed although nothing was wrong with them.
#[test]
fn no_zome_is_blamed_for_a_call_that_was_cut_off() {
    let of = |text: &str| {
        let said = holochain_conductor_api::ExternalApiWireError::InternalError(text.into());
        call(&CallError::Refused { refusal: said.into(), unsettled: false })
    };
    let reverted = of("The call was cut off: the conductor goes back to a snapshot");
    assert!(reverted.contains("call again") && !reverted.contains("zome"), "{reverted}");
    let api = "Conductor returned an error while using a ConductorApi: ";
    let removed = of(&format!("{api}CellMissing(cell)"));
    assert!(removed.contains("ham app list") && !removed.contains("zome"), "{removed}");
    assert!(of("something else").contains("zome"));
}

#[test]
fn no_keystore_is_blamed_for_a_slow_grant() {
    let after = std::time::Duration::from_secs(4);
    let of = |step| signing(&SigningError::TimedOut { step, after });
    for step in [SigningStep::Grant, SigningStep::ClosedChainCheck, SigningStep::AdminDial] {
        assert!(!of(step).contains("keystore"), "{step}");
    }
    assert!(of(SigningStep::Keystore).contains("keystore"));
}
