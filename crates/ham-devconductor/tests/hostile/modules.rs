//! Code that is no zome, or no code at all.

use holochain_client::AuthorizeSigningCredentialsPayload;

use crate::support::{Server, run, says};
use crate::zome::{self, Dna, GOOD, compile, function, module, with_allocator};

const DEALLOCATE: &str = r#"(func (export "__hc__deallocate_1") (param i32 i32))"#;
const ALLOCATE: &str = r#"(func (export "__hc__allocate_1") (param i32) (result i32) (i32.const 8192))"#;

const NOTHING: &str = r#"(func (export "good") (param i32 i32) (result i64) (i64.const 0))"#;

/// Why an app cannot be installed, or else why its zome cannot be called.
async fn refusal(server: &Server, dna: Dna) -> String {
    match server.install(dna).await {
        Err(error) => error,
        Ok(id) => server.connect(&id).await.call("good", ()).await.expect_err("it was answered"),
    }
}

/// The same code as either kind of zome.
async fn refused_as_any(server: &Server, code: Vec<u8>, part: &str) {
    let good = Dna::good();
    says(&refusal(server, Dna { integrity: code.clone(), ..good.clone() }).await, part);
    says(&refusal(server, Dna { coordinator: code, ..good }).await, part);
}

#[test]
fn what_is_no_wasm_is_refused() {
    run(async |server| {
        for code in [&b""[..], b"garbage", b"\0asm", b"\0asm\x01\0\0\0\x01", &[0xff; 4096]] {
            refused_as_any(server, code.to_vec(), "ModuleBuild").await;
        }
        // Text is no WASM, although the interpreter could read it.
        refused_as_any(server, module("", "").into_bytes(), "ModuleBuild").await;
    });
}

#[test]
fn what_does_not_keep_the_memory_protocol_is_installed_and_cannot_be_called() {
    run(async |server| {
        let no_memory = compile(&format!("(module {ALLOCATE} {DEALLOCATE} {NOTHING})"));
        let no_allocator = compile(&with_allocator("", DEALLOCATE, ""));
        let no_deallocator = compile(&with_allocator("", ALLOCATE, ""));
        for (code, missing) in [
            (no_memory, "memory"),
            (no_allocator, "__hc__allocate_1"),
            (no_deallocator, "__hc__deallocate_1"),
        ] {
            let id = server.install(Dna { coordinator: code.clone(), ..Dna::good() }).await.unwrap();
            let error = server.connect(&id).await.call("good", ()).await.unwrap_err();
            says(&error, &format!("ModuleBuild(\\\"Missing export {missing}\\\")"));
            // One that nobody calls is in nobody's way.
            let id = server.install(Dna { integrity: code, ..Dna::good() }).await.unwrap();
            server.connect(&id).await.call("good", ()).await.unwrap();
        }
    });
}

/// Case: the app could not be installed; the integrity crate of a DNA without types has no functions.
#[test]
fn a_zome_without_functions_is_installed() {
    run(async |server| {
        for code in ["(module)", r#"(module (memory (export "memory") 16))"#] {
            let id = server.install(Dna { integrity: compile(code), ..Dna::good() }).await.unwrap();
            server.connect(&id).await.call("good", ()).await.unwrap();
            let id = server.install(Dna { coordinator: compile(code), ..Dna::good() }).await.unwrap();
            says(&server.connect(&id).await.call("good", ()).await.unwrap_err(), "doesn't exist");
        }
    });
}

#[test]
fn exports_of_another_type_are_refused() {
    run(async |server| {
        let memory = format!(r#"(module {ALLOCATE} {DEALLOCATE} (func (export "memory")) {NOTHING})"#);
        let allocator = r#"(func (export "__hc__allocate_1") (param i64) (result i64) (i64.const 0))"#;
        let allocator = with_allocator("", &format!("{allocator} {DEALLOCATE}"), "");
        for text in [memory, allocator] {
            // As an integrity zome it is found out when it is first run, which is at the first commit.
            let error = refusal(server, Dna::with_coordinator(&text)).await;
            says(&error, "Incompatible Export Type");
        }
        let no_function = Dna::with_coordinator(&module("", r#"(global (export "run") i32 (i32.const 0))"#));
        let app = server.connect(&server.install(no_function).await.unwrap()).await;
        says(&app.failure().await, "Incompatible Export Type");
        let other_function = Dna::with_coordinator(&module("", r#"(func (export "run") (param f64))"#));
        let app = server.connect(&server.install(other_function).await.unwrap()).await;
        says(&app.failure().await, "CallError");
    });
}

#[test]
fn imports_that_no_conductor_has_are_refused() {
    run(async |server| {
        for import in [
            r#"(import "env" "__hc__launch_missiles_1" (func (param i32 i32) (result i64)))"#,
            r#"(import "env" "__hc__create_1" (func (param i64)))"#,
            r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#,
            r#"(import "env" "memory" (memory 1))"#,
        ] {
            let error = refusal(server, Dna::with_coordinator(&module(import, ""))).await;
            says(&error, "ModuleBuild");
        }
        let unstable = zome::import("accept_countersigning_preflight_request_1");
        let error = refusal(server, Dna::with_coordinator(&module(&unstable, ""))).await;
        says(
            &error,
            "unknown import. Expected Function(FunctionType { params: [I32, I32], results: [I64] })",
        );
    });
}

#[test]
fn a_start_that_fails_fails_the_call() {
    run(async |server| {
        for (imports, start, part) in [
            (String::new(), "unreachable", "unreachable"),
            (String::new(), "(loop $on (br $on))", "fuel"),
            (zome::import("agent_info_1"), "(drop (call $host (i32.const 0) (i32.const 0)))", "called while"),
        ] {
            let body = format!("(func $begin {start}) (start $begin)");
            says(&refusal(server, Dna::with_coordinator(&module(&imports, &body))).await, part);
        }
    });
}

#[test]
fn what_takes_more_than_it_may_at_its_start_is_refused() {
    run(async |server| {
        let memory = |pages: u32| {
            format!(r#"(module {ALLOCATE} {DEALLOCATE} (memory (export "memory") {pages}) {NOTHING})"#)
        };
        refused_at_the_call(server, &memory(65_536)).await;
        // Four thousand million functions are 64 GiB of table.
        refused_at_the_call(server, &module("", "(table 4294967295 funcref)")).await;
        let many = "(table 10000000 funcref)".repeat(90);
        refused_at_the_call(server, &module("", &many)).await;
        let memories = "(memory 1000)".repeat(90);
        refused_at_the_call(server, &module("", &memories)).await;
        refused_at_the_call(server, &module("", "(memory i64 1)")).await;
    });
}

async fn refused_at_the_call(server: &Server, text: &str) {
    says(&refusal(server, Dna::with_coordinator(text)).await, "ModuleBuild");
}

#[test]
fn more_table_is_not_granted_at_any_time() {
    run(async |server| {
        let grow = "(table.grow $table (ref.null func) (i32.const 400000000))";
        let body = format!("(if (i32.ne {grow} (i32.const -1)) (then unreachable)) {GOOD}");
        let table = format!("(table $table 1 funcref) {}", function(&body));
        let app = server.app("", &table).await;
        app.call("run", ()).await.unwrap();
    });
}

#[test]
fn types_that_cannot_be_are_refused_at_the_installation() {
    run(async |server| {
        let constant =
            |name: &str, body: &str| module("", &format!(r#"(func (export "{name}") (result i32) {body})"#));
        for name in ["__num_entry_types", "__num_link_types"] {
            for (body, part) in [
                ("(i32.const 300)", "Overflow"),
                ("(i32.const -1)", "Overflow"),
                ("unreachable", "unreachable"),
                ("(loop $on (br $on)) (i32.const 1)", "fuel"),
            ] {
                let error = server.refusal(Dna::with_integrity(&constant(name, body))).await;
                assert!(error.to_lowercase().contains(&part.to_lowercase()), "{error}");
            }
        }
    });
}

#[test]
fn callbacks_at_the_installation_that_misbehave_refuse_it() {
    run(async |server| {
        for name in ["entry_defs", "genesis_self_check_2"] {
            for (body, part) in [
                (GOOD, ""),
                ("unreachable", "unreachable"),
                ("(loop $on (br $on)) (i64.const 0)", "fuel"),
                ("(i64.const -1)", ""),
                ("(i64.const 0)", ""),
            ] {
                let callback = format!(r#"(func (export "{name}") (param i32 i32) (result i64) {body})"#);
                says(&server.refusal(Dna::with_integrity(&module("", &callback))).await, part);
            }
        }
    });
}

#[test]
fn an_init_that_misbehaves_fails_each_call_and_nothing_else() {
    run(async |server| {
        for (body, part) in [
            ("unreachable", "unreachable"),
            ("(loop $on (br $on)) (i64.const 0)", "fuel"),
            ("(i64.const -1)", ""),
            (GOOD, ""),
        ] {
            let init = format!(r#"(func (export "init") (param i32 i32) (result i64) {body})"#);
            let id = server.install(Dna::with_coordinator(&module("", &init))).await.unwrap();
            let (_client, cell) = server.client(&id, "role 0").await;
            for _ in 0..2 {
                // A grant is written to the chain, which begins with `init`.
                let payload = AuthorizeSigningCredentialsPayload { cell_id: cell.clone(), functions: None };
                let refused = server.admin.authorize_signing_credentials(payload).await;
                says(&format!("{:?}", refused.expect_err("it was granted")), part);
            }
        }
    });
}
