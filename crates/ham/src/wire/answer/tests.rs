use super::*;

#[test]
fn an_unexpected_answer_is_named_by_its_first_word_only() {
    let BadAnswer::Unexpected { got, .. } =
        unexpected("zome_called", &AppResponse::ListWasmHostFunctions(vec!["secret".into()]))
    else {
        panic!("expected");
    };
    assert_eq!(got, "ListWasmHostFunctions");
}

#[test]
fn a_zome_output_is_read_as_upstream_writes_it_and_every_other_answer_says_what_it_is() {
    let read = |response: &AppResponse| {
        zome_output(Incoming::Answer(Some(rmp_serde::to_vec_named(response).unwrap().into())))
    };
    for size in [0, 1, 255, 256, 65_535, 65_536] {
        let output = ExternIO::from(vec![7; size]);
        assert_eq!(read(&AppResponse::ZomeCalled(Box::new(output.clone()))).unwrap(), output);
    }
    // As a list of numbers, which no conductor writes today.
    #[derive(serde::Serialize)]
    struct Listed {
        r#type: &'static str,
        value: Vec<u8>,
    }
    let listed = rmp_serde::to_vec_named(&Listed { r#type: "zome_called", value: vec![1, 2] }).unwrap();
    assert_eq!(zome_output(Incoming::Answer(Some(listed.into()))).unwrap(), ExternIO::from(vec![1, 2]));

    let error = ExternalApiWireError::InternalError("x".into());
    assert_eq!(read(&AppResponse::Error(error.clone())), Err(BadAnswer::Refused(Refusal::from(error))));
    let got = |got: &str| BadAnswer::Unexpected { expected: "zome_called", got: got.into() };
    assert_eq!(read(&AppResponse::Ok), Err(got("Ok")));
    assert_eq!(read(&AppResponse::AppInfo(None)), Err(got("AppInfo")));
    // Another variant whose value is bytes.
    let other = rmp_serde::to_vec_named(&Listed { r#type: "no_such_answer", value: vec![] }).unwrap();
    assert!(matches!(zome_output(Incoming::Answer(Some(other.into()))), Err(BadAnswer::Undecodable(_))));
    assert_eq!(zome_output(Incoming::Answer(None)), Err(BadAnswer::Empty));
}
