//! Bad input gets a clear, typed error that names what to do.

use ham::{CallError, ConnectError, Outcome, PersistentHam, PersistentHamConfig, Recovery, Secret};
use holochain_client::AllowedOrigins;
use serde_json::json;
use url::Url;

use crate::support::*;

#[test]
fn a_port_where_nothing_listens() {
    run(async {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = PersistentHam::connect(PersistentHamConfig::local(free, "app")).await.unwrap_err();
        assert!(matches!(error, ConnectError::Admin { .. }), "{error:?}");
        assert_eq!(error.recovery(), Recovery::Reconnect);
        let once = ham::Ham::connect(ham::HamConfig::new(free, 0, "app")).await.unwrap_err();
        assert!(ham::is_connection_error(&once), "{once:#}");
    });
}

#[test]
fn an_app_that_is_not_installed_leaves_no_interface_behind() {
    run(async {
        let conductor = shared().await;
        let admin = ham::Admin::local(conductor.admin_port());
        let error = PersistentHam::connect(config(conductor, "no-such-app")).await.unwrap_err();
        assert!(matches!(&error, ConnectError::AppNotInstalled { .. }), "{error:?}");
        assert_eq!(error.recovery(), Recovery::FixCaller);
        let listed = admin.list_app_interfaces().await.unwrap();
        assert!(listed.iter().all(|interface| interface.installed_app_id.as_deref() != Some("no-such-app")));
    });
}

#[test]
fn a_refused_token_is_told_as_one() {
    run(async {
        let (app_id, ham) = connected().await;
        let port = app_port(&ham).await;
        let app = Url::parse(&format!("ws://localhost:{port}")).unwrap();
        let token = || -> ham::TokenFuture { Box::pin(async { Ok(Secret::new(b"sesame-secret".to_vec())) }) };
        let error = PersistentHam::connect(PersistentHamConfig::without_admin(app, token, &app_id))
            .await
            .unwrap_err();
        let text = format!("{:#}", anyhow::Error::from(error));
        assert!(text.contains("refused the app token") && !text.contains("sesame"), "{text}");
    });
}

#[test]
fn a_conductor_without_an_admin_interface_works_with_tokens_from_its_owner() {
    run(async {
        let (app_id, ham) = connected().await;
        let admin = ham.admin().unwrap().clone();
        let port = app_port(&ham).await;
        let app = Url::parse(&format!("ws://localhost:{port}")).unwrap();
        let owner = app_id.clone();
        let token = move || -> ham::TokenFuture {
            let (admin, app_id) = (admin.clone(), owner.clone());
            Box::pin(async move { admin.issue_app_token(app_id).await.map_err(|error| error.to_string()) })
        };
        let remote =
            PersistentHam::connect(PersistentHamConfig::without_admin(app, token, &app_id)).await.unwrap();
        assert_eq!(remote.app_info().await.unwrap().installed_app_id, app_id);
    });
}

#[test]
fn a_refused_origin_is_told_as_one() {
    run(async {
        let (app_id, ham) = connected().await;
        let origins = AllowedOrigins::Origins(["ham".to_owned()].into());
        let admin = ham.admin().unwrap();
        let port = admin.attach_app_interface(0, origins, Some(app_id.clone())).await.unwrap();
        let app = Url::parse(&format!("ws://localhost:{port}")).unwrap();
        let token = || -> ham::TokenFuture { Box::pin(async { Ok(Secret::new(Vec::new())) }) };
        let foreign = PersistentHamConfig::without_admin(app, token, &app_id).with_origin("elsewhere");
        let error = PersistentHam::connect(foreign).await.unwrap_err();
        assert!(matches!(&error, ConnectError::App { .. }), "{error:?}");
        assert!(
            format!("{:#}", anyhow::Error::from(error)).contains("400"),
            "the status of a refused origin"
        );
    });
}

#[test]
fn unknown_names_and_bad_payloads() {
    run(async {
        let (_, ham) = connected().await;
        let role = ham.call_zome::<_, ()>("no-such-role", "probe", "f", ()).await.unwrap_err();
        assert!(
            matches!(&role, CallError::UnknownRole { known, .. } if known == "ledger, probe"),
            "{role:?}"
        );
        let payload = refused(&ham, "echo_text", json!([1, 2])).await;
        assert!(payload.to_string().contains("Deserialize"), "{payload}");
        let answer =
            ham.call_zome::<_, u64>("probe", "probe", "echo_text", "not a number").await.unwrap_err();
        assert!(matches!(answer, CallError::Decode(_)), "{answer:?}");
        assert_eq!(answer.outcome(), Outcome::Answered);
        let huge = vec![0_u8; ham::MAX_FRAME_SIZE + 1];
        let huge = ham
            .call_zome::<_, ()>("probe", "probe", "echo", serde_bytes::ByteBuf::from(huge))
            .await
            .unwrap_err();
        assert!(matches!(huge, CallError::TooLarge { .. }), "{huge:?}");
        assert_eq!(huge.outcome(), Outcome::NotRun);
        // The link carries on.
        assert!(call_ids(&ham).await.is_empty());
    });
}

#[test]
fn a_busy_port_is_told_with_the_step_that_met_it() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let config = ham::HamConfig::new(conductor.admin_port(), port, &app_id).with_force_fresh_attach(true);
        let error = ham::Ham::connect(config).await.unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("attach an app interface") && text.contains("in use"), "{text}");
    });
}

/// A server that accepts the token and answers in another version's words.
#[test]
fn another_versions_answer_is_told_as_one() {
    run_apart(async {
        let server =
            ham_testkit::server::Server::start([ham_testkit::server::Behaviour::answer(|message| {
                let ham_testkit::server::Message::Binary(bytes) = message else { return None };
                let request: rmpv::Value = rmpv::decode::read_value(&mut &bytes[..]).unwrap();
                let id =
                    request.as_map().unwrap().iter().find(|(key, _)| key.as_str() == Some("id"))?.1.clone();
                let body =
                    rmp_serde::to_vec_named(&json!({ "type": "app_info_of_another_version", "value": 5 }))
                        .unwrap();
                let answer = rmpv::Value::Map(vec![
                    ("type".into(), "response".into()),
                    ("id".into(), id),
                    ("data".into(), rmpv::Value::Binary(body)),
                ]);
                let mut encoded = Vec::new();
                rmpv::encode::write_value(&mut encoded, &answer).unwrap();
                Some(ham_testkit::server::Message::Binary(encoded.into()))
            })])
            .await
            .unwrap();
        let token = || -> ham::TokenFuture { Box::pin(async { Ok(Secret::new(b"t".to_vec())) }) };
        let config = PersistentHamConfig::without_admin(Url::parse(&server.url()).unwrap(), token, "app");
        let error = PersistentHam::connect(config).await.unwrap_err();
        assert_eq!(error.recovery(), Recovery::GiveUp);
        let text = format!("{:#}", anyhow::Error::from(error));
        assert!(text.contains(ham::SPOKEN), "{text}");
        server.stop().await;
    });
}
