//! Calls that are not what they should be: not signed, not granted, not decodable, too large, too many.

use std::time::Duration;

use ham_devconductor::Config;
use holochain_client::AuthorizeSigningCredentialsPayload;
use holochain_conductor_api::ZomeCallParamsSigned;
use holochain_types::prelude::{CapSecret, CellId, ExternIO, Nonce256Bits, Signature, Timestamp};

use crate::support::{App, Server, nothing, run, says};
use crate::zome::{self, Dna, GOOD, asks_with, import, module};

/// Within a call's life.
fn after(duration: Duration) -> Timestamp {
    (Timestamp::now() + duration).unwrap()
}

async fn good_app(server: &crate::support::Server) -> App {
    server.connect(&server.install(Dna::good()).await.unwrap()).await
}

#[test]
fn a_signature_that_is_not_of_the_caller_is_refused() {
    run(async |server| {
        let app = good_app(server).await;
        let params = app.params("good", nothing());
        let signed = app.sign(&params);
        let of_other = app.sign(&app.params("good", nothing()));
        for signature in [Signature([0; 64]), Signature([0xff; 64]), of_other.signature] {
            let forged = ZomeCallParamsSigned { bytes: signed.bytes.clone(), signature };
            says(&app.send(forged).await.unwrap_err(), "ZomeCallAuthenticationFailed");
        }
        // In the name of the cell's agent, of nobody, and of a key that is no point of the curve.
        let stranger = holo_hash::AgentPubKey::from_raw_32(vec![7; 32]);
        let no_key = holo_hash::AgentPubKey::from_raw_32(vec![0xff; 32]);
        for provenance in [app.cell.agent_pubkey().clone(), stranger, no_key] {
            let mut params = app.params("good", nothing());
            params.provenance = provenance;
            app.send(app.sign(&params)).await.unwrap_err();
        }
        // What is signed is the bytes: the same parameters encoded otherwise are others.
        let mut longer = signed.bytes.clone().into_vec();
        longer.push(0xc0);
        let forged = ZomeCallParamsSigned { bytes: longer.into(), signature: signed.signature.clone() };
        app.send(forged).await.unwrap_err();
        app.send(signed).await.unwrap();
    });
}

#[test]
fn a_call_is_made_once_and_in_its_time() {
    run(async |server| {
        let app = good_app(server).await;
        let signed = app.sign(&app.params("good", nothing()));
        app.send(signed.clone()).await.unwrap();
        says(&app.send(signed).await.unwrap_err(), "BadNonce(\\\"Duplicate\\\")");
        let mut reused = app.params("good", nothing());
        let first = app.sign(&reused);
        reused.payload = ExternIO::encode(1).unwrap();
        app.send(first).await.unwrap();
        says(&app.send(app.sign(&reused)).await.unwrap_err(), "Duplicate");
        for (expires_at, part) in [
            (Timestamp::now(), "Expired"),
            (Timestamp::from_micros(0), "Expired"),
            (Timestamp::MIN, "Expired"),
            (after(Duration::from_secs(52 * 60)), "Future"),
            (Timestamp::MAX, "Future"),
        ] {
            let mut params = app.params("good", nothing());
            params.expires_at = expires_at;
            says(&app.send(app.sign(&params)).await.unwrap_err(), part);
        }
        let mut params = app.params("good", nothing());
        params.nonce = Nonce256Bits::from([0; 32]);
        app.send(app.sign(&params)).await.unwrap();
        params.nonce = Nonce256Bits::from([0xff; 32]);
        app.send(app.sign(&params)).await.unwrap();
    });
}

/// Case: a clock that was put forward forgot what had been called before, and the same bytes ran again.
#[test]
fn a_call_is_made_once_whatever_the_clock_says() {
    run(async |_| {
        let directory = tempfile::tempdir().unwrap();
        for config in [Config::default(), Config::default().with_data(directory.path())] {
            let server = Server::with(config).await;
            let app = good_app(&server).await;
            let signed = app.sign(&app.params("good", nothing()));
            app.send(signed.clone()).await.unwrap();
            server.conductor.advance_clock(Duration::from_secs(7200)).unwrap();
            // What it forgets, it forgets when others come.
            for _ in 0..1100 {
                app.call("good", ()).await.unwrap();
            }
            says(&app.send(signed.clone()).await.unwrap_err(), "Duplicate");
            server.conductor.reset_clock();
            app.call("good", ()).await.unwrap();
            says(&app.send(signed).await.unwrap_err(), "Duplicate");
            server.conductor.shut_down().await;
        }
    });
}

#[test]
fn without_the_right_secret_a_call_is_not_authorized() {
    run(async |server| {
        let app = good_app(server).await;
        for secret in [None, Some(CapSecret::from([0; 64]))] {
            let mut params = app.params("good", nothing());
            params.cap_secret = secret;
            let error = app.send(app.sign(&params)).await.unwrap_err();
            says(&error, "ZomeCallUnauthorized");
            says(&error, "BadCapGrant");
        }
    });
}

#[test]
fn what_is_not_there_is_not_called() {
    run(async |server| {
        let app = good_app(server).await;
        let cell = |dna: u8, agent: u8| {
            let dna = holo_hash::DnaHash::from_raw_32(vec![dna; 32]);
            CellId::new(dna, holo_hash::AgentPubKey::from_raw_32(vec![agent; 32]))
        };
        let mut params = app.params("good", nothing());
        params.cell_id = cell(1, 2);
        says(&app.send(app.sign(&params)).await.unwrap_err(), "CellMissing");
        let mut params = app.params("good", nothing());
        params.zome_name = "nobody".into();
        says(&app.send(app.sign(&params)).await.unwrap_err(), "nobody");
        let long = "f".repeat(1 << 20);
        for function in ["nothing", "", "\0", "memory", "__hc__allocate_1", "../good", &long] {
            app.call(function, ()).await.unwrap_err();
        }
        server.admin.disable_app(app.id.clone()).await.unwrap();
        says(&app.call("good", ()).await.unwrap_err(), "CellNotRunning");
        server.admin.enable_app(app.id.clone()).await.unwrap();
        app.call("good", ()).await.unwrap();
    });
}

#[test]
fn parameters_that_cannot_be_decoded_are_refused() {
    run(async |server| {
        let app = good_app(server).await;
        let good = ExternIO::encode(app.params("good", nothing())).unwrap().into_vec();
        let half = good[..good.len() / 2].to_vec();
        let nested = [b"\x81\xa1x".to_vec(), vec![0x91; 1000], vec![0xc0]].concat();
        let endless = [b"\x81\xa1x".to_vec(), vec![0x91; 100_000]].concat();
        let huge = b"\x81\xa7payload\xc6\xff\xff\xff\xff".to_vec();
        for bytes in [vec![], vec![0xc0], vec![0xc1], half, nested, endless, huge] {
            let signed = ZomeCallParamsSigned { bytes: bytes.into(), signature: Signature([0; 64]) };
            says(&app.send(signed).await.unwrap_err(), "eserializ");
        }
    });
}

#[test]
fn an_argument_is_bounded_by_the_memory_of_the_guest() {
    run(async |server| {
        let app = good_app(server).await;
        // The hand-written allocator does not grow its memory of 256 KiB.
        let large = ExternIO::encode(serde_json::Value::String("x".repeat(1 << 20))).unwrap();
        let params = app.params("good", large);
        says(&app.send(app.sign(&params)).await.unwrap_err(), "Memory");
        app.call("good", ()).await.unwrap();
    });
}

#[test]
fn an_argument_of_a_host_function_with_a_field_nested_without_end_is_refused() {
    run(async |server| {
        for name in ["create_1", "sign_1", "create_link_1"] {
            for depth in [1000, 60_000] {
                let bytes = format!(r"\81\a1x{}", r"\91".repeat(depth));
                let length = u32::try_from(depth + 3).unwrap();
                says(
                    &server.app(&import(name), &asks_with(&bytes, length)).await.failure().await,
                    "Deserialize",
                );
            }
        }
    });
}

#[test]
fn coordinators_that_are_none_change_nothing() {
    use holochain_types::app::{CoordinatorSource, UpdateCoordinatorsPayload};
    run(async |server| {
        let app = good_app(server).await;
        for code in [vec![], b"garbage".to_vec()] {
            let manifest = holochain_types::prelude::CoordinatorManifest { zomes: vec![zome::zome("zome")] };
            let bundle = mr_bundle::Bundle::new(manifest, [("zome.wasm".to_owned(), code.into())]).unwrap();
            let source = CoordinatorSource::Bundle(Box::new(bundle.into()));
            let payload = UpdateCoordinatorsPayload { cell_id: app.cell.clone(), source };
            says(
                &format!("{:?}", server.admin.update_coordinators(payload).await.unwrap_err()),
                "ModuleBuild",
            );
            app.call("good", ()).await.unwrap();
        }
    });
}

#[test]
fn a_scheduled_function_that_never_ends_keeps_nobody_from_calling() {
    run(async |server| {
        // It schedules itself; when it is due it loops.
        let body = format!(
            r#"(data (i32.const 1024) "\a4loop")
            (func (export "loop") (param i32 i32) (result i64) (loop $on (br $on)) (i64.const 0))
            {}"#,
            zome::function(&format!("(drop (call $host (i32.const 1024) (i32.const 5))) {GOOD}"))
        );
        let id = server.install(Dna::with_coordinator(&module(&import("schedule_1"), &body))).await.unwrap();
        let app = server.connect(&id).await;
        app.call("run", ()).await.unwrap();
        for _ in 0..5 {
            app.call("good", ()).await.unwrap();
            server.serves().await;
        }
    });
}

#[test]
fn agents_of_one_dna_write_at_once() {
    run(async |server| {
        let bundle = zome::app("shared", &[Dna::good()]);
        let mut cells = Vec::new();
        for _ in 0..4 {
            let id = server.install_bytes(bundle.clone()).await.unwrap();
            cells.push(server.client(&id, "role 0").await.1);
        }
        let writes = cells.iter().map(async |cell| {
            for _ in 0..10 {
                let payload = AuthorizeSigningCredentialsPayload { cell_id: cell.clone(), functions: None };
                server.admin.authorize_signing_credentials(payload).await.unwrap();
            }
        });
        futures_util::future::join_all(writes).await;
    });
}

#[test]
fn calls_at_once_are_each_answered() {
    run(async |server| {
        let app = good_app(server).await;
        let calls = (0..300).map(|_| app.call("good", ()));
        for result in futures_util::future::join_all(calls).await {
            assert_eq!(result.unwrap(), nothing());
        }
    });
}
