//! Clients that do not read what they are told.

use holochain_conductor_api::AppRequest;

use crate::frames::{authenticated, encode, request};
use crate::support::{fresh_name, nothing, run};
use crate::zome::{Dna, GOOD, app, asks_with, import, module};

#[test]
fn a_client_that_reads_nothing_slows_nobody() {
    run(async |server| {
        // Sixteen kilobytes a signal, a hundred and more of them a call, twenty calls: more than any socket holds.
        let text = [&b"\xc5\x40\x00"[..], &[7; 16_384]].concat();
        let escaped: String = text.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let emit = format!(
            "(local $left i32) (local.set $left (i32.const 150))
            (loop $on
                (drop (call $host (i32.const 32768) (i32.const {})))
                (global.set $top (i32.const 8192))
                (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            {GOOD}",
            text.len()
        );
        let data = format!(r#"(data (i32.const 32768) "{escaped}")"#);
        let code = module(&import("emit_signal_1"), &format!("{data} {}", crate::zome::function(&emit)));
        let id = server.install(Dna::with_coordinator(&code)).await.unwrap();
        let (deaf, app) = (authenticated(server, &id).await, server.connect(&id).await);
        for _ in 0..20 {
            app.call("run", ()).await.unwrap();
        }
        app.call("good", ()).await.unwrap();
        drop(deaf);
    });
}

#[test]
fn a_client_that_asks_and_reads_nothing_slows_nobody() {
    run(async |server| {
        let id = server.install_bytes(app(&fresh_name(), &[Dna::good()])).await.unwrap();
        let mut socket = authenticated(server, &id).await;
        // The answers are larger than the requests: sooner or later neither side's socket takes more.
        let flood = async {
            for id in 0..20_000 {
                request(&mut socket, id, encode(&AppRequest::ListWasmHostFunctions)).await;
            }
        };
        let serve = async {
            for _ in 0..3 {
                server.serves().await;
            }
        };
        tokio::select! { () = flood => {} () = serve => {} }
    });
}

#[test]
fn a_connection_that_ends_during_its_call_ends_nothing_else() {
    run(async |server| {
        let body = format!("{} {}", asks_with(r"\c0", 1), "");
        let app = server.app(&import("sys_time_1"), &body).await;
        for _ in 0..5 {
            let mut socket = authenticated(server, &app.id).await;
            let signed = app.sign(&app.params("good", nothing()));
            request(&mut socket, 1, encode(&AppRequest::CallZome(Box::new(signed)))).await;
            drop(socket);
        }
        app.call("good", ()).await.unwrap();
    });
}
