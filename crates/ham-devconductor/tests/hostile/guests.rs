//! Zomes that misbehave while they run. Each costs its caller one failed call, and its own next call is served.

use crate::support::{MEMORY, run, says};
use crate::zome::{
    Dna, GOOD, answers, answers_with, asks, asks_with, function, import, module, with_allocator,
};

/// Fails when `run` is called, with this part in the error.
fn fails(imports: &str, body: &str, part: &str) {
    run(async |server| says(&server.app(imports, body).await.failure().await, part));
}

#[test]
fn an_endless_loop_ends() {
    fails("", &function("(loop $on (br $on)) (i64.const 0)"), "fuel");
}

#[test]
fn endless_loops_at_once_end() {
    run(async |server| {
        let app = server.app("", &function("(loop $on (br $on)) (i64.const 0)")).await;
        let calls = (0..8).map(|_| app.call("run", ()));
        for result in futures_util::future::join_all(calls).await {
            says(&result.unwrap_err(), "fuel");
        }
    });
}

#[test]
fn a_trap_ends_the_call() {
    fails("", &function("unreachable"), "unreachable");
    fails("", &function("(i64.div_u (i64.const 1) (i64.const 0))"), "divide by zero");
    fails("", &function("(i64.load (i32.const -8))"), "out of bounds");
}

#[test]
fn endless_recursion_ends() {
    fails("", &function("(call $run (local.get $at) (local.get $length))"), "CallError");
    let wide = "(local i64 i64 i64 i64 i64 i64 i64 i64)".repeat(100);
    let body = format!("{wide} (i64.add (call $run (i32.const 0) (i32.const 0)) (i64.const 1))");
    fails("", &function(&body), "CallError");
}

#[test]
fn memory_is_granted_up_to_its_bound() {
    run(async |server| {
        // The number of steps of a mebibyte that were granted is the length of what it answers with, less a lie.
        let grow = "(br_if $on (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))";
        let below = "(if (i32.gt_u (memory.size) (i32.const LIMIT)) (then unreachable))"
            .replace("LIMIT", &(MEMORY / 65_536).to_string());
        let app = server.app("", &function(&format!("(loop $on {grow}) {below} {GOOD}"))).await;
        app.call("run", ()).await.unwrap();
    });
}

#[test]
fn an_answer_outside_of_memory_is_none() {
    const END: u32 = 4 << 16;
    for (at, length) in [(END, 1), (END - 1, 2), (16, u32::MAX), (0, 1 << 31)] {
        fails("", &answers(at, length), "memory access out of bounds");
    }
    for (at, length) in [(u32::MAX - 1024, 512), (u32::MAX, u32::MAX), (1 << 31, 0)] {
        fails("", &answers(at, length), "PointerMap");
    }
}

#[test]
fn an_answer_that_is_no_answer_is_none() {
    // Nothing; zeros; no MessagePack; half of it; of another type; an array, text and bytes longer than there is; too deep.
    fails("", &answers(0, 0), "Deserialize");
    fails("", &answers(0, 16), "Deserialize");
    for (bytes, length) in [
        (r"\c1\c1\c1\c1", 4),
        (r"\81\a2Ok\c4\05\c0", 7),
        (r"\81\a2Ok\07", 5),
        (r"\81\a3Yes\c0", 6),
        (r"\81\a2Ok\dd\ff\ff\ff\ff", 9),
        (r"\81\a2Ok\c6\ff\ff\ff\ff", 9),
        (r"\db\ff\ff\ff\ff", 5),
        (r"\df\ff\ff\ff\ff", 5),
    ] {
        fails("", &answers_with(bytes, length), "Deserialize");
    }
    let deep = r"\91".repeat(60_000);
    fails("", &answers_with(&format!(r"\81\a2Ok{deep}"), 60_004), "Deserialize");
}

#[test]
fn a_large_answer_that_is_no_answer_makes_no_large_error() {
    run(async |server| {
        let grow = "(drop (memory.grow (i32.const 800)))";
        let body = function(&format!("{grow} (i64.const {})", (1_u64 << 32 << 20) | (48 << 20)));
        let error = server.app("", &body).await.failure().await;
        says(&error, "Deserialize");
        assert!(error.len() < 1 << 20, "{}", error.len());
    });
}

#[test]
fn an_error_of_the_guest_reaches_the_caller_as_its_text() {
    // `Err` without what an error is made of.
    fails("", &answers_with(r"\81\a3Err\c0", 6), "Deserialize");
}

#[test]
fn an_allocator_that_lies_fails_the_call() {
    let deallocate = r#"(func (export "__hc__deallocate_1") (param i32 i32))"#;
    run(async |server| {
        for body in
            ["(i32.const -1)", "(i32.const 262144)", "unreachable", "(loop $on (br $on)) (i32.const 0)"]
        {
            let allocate = format!(r#"(func (export "__hc__allocate_1") (param i32) (result i32) {body})"#);
            let text = with_allocator("", &format!("{allocate} {deallocate}"), "");
            let id = server.install(Dna::with_coordinator(&text)).await.unwrap();
            server.connect(&id).await.call("good", ()).await.unwrap_err();
        }
    });
}

#[test]
fn an_allocator_that_asks_the_host_is_not_asked_again() {
    // The host's answer needs memory, for which the allocator asks the host, whose answer needs memory.
    let nested = |allocate: &str, deallocate: &str| {
        let memory = format!(
            r#"(func (export "__hc__allocate_1") (param i32) (result i32) {allocate} (i32.const 8192))
            (func (export "__hc__deallocate_1") (param i32 i32) {deallocate})"#
        );
        with_allocator(&import("zome_info_1"), &memory, &asks_with(r"\c0", 1))
    };
    let ask = "(drop (call $host (i32.const 18) (i32.const 0)))";
    run(async |server| {
        for text in [nested(ask, ""), nested("", ask), nested(ask, ask)] {
            let id = server.install(Dna::with_coordinator(&text)).await.unwrap();
            server.connect(&id).await.call("run", ()).await.unwrap_err();
        }
    });
}

#[test]
fn a_host_function_is_given_only_what_is_in_memory() {
    for (at, length) in [(0, u32::MAX), (u32::MAX, 1), (4 << 16, 1), (1 << 31, 1 << 31)] {
        fails(&import("create_1"), &asks(at, length), "Memory");
    }
}

#[test]
fn a_host_function_that_is_given_garbage_says_so() {
    // No MessagePack, of another type, and arrays, bytes and maps longer than there is.
    let garbage = [r"\c1", r"\c3", r"\dd\ff\ff\ff\ff", r"\c6\ff\ff\ff\ff", r"\df\ff\ff\ff\ff"];
    let function = |(number, bytes): (usize, &&str)| {
        let (at, length) = (1024 + number * 8, bytes.len() / 3);
        let call = format!("(call $host (i32.const {at}) (i32.const {length}))");
        format!(
            r#"(data (i32.const {at}) "{bytes}")
            (func (export "run {number}") (param i32 i32) (result i64) {call})"#
        )
    };
    let functions: String = garbage.iter().enumerate().map(function).collect();
    run(async |server| {
        for name in
            ["create_1", "get_1", "call_1", "query_1", "emit_signal_1", "sign_1", "schedule_1", "trace_1"]
        {
            let app = server.app(&import(name), &functions).await;
            for number in 0..garbage.len() {
                says(&app.call(&format!("run {number}"), ()).await.unwrap_err(), "Deserialize");
            }
            app.call("good", ()).await.unwrap();
        }
    });
    let deep = r"\91".repeat(60_000);
    fails(&import("call_1"), &asks_with(&deep, 60_000), "Deserialize");
}

#[test]
fn random_bytes_are_bounded() {
    fails(&import("random_bytes_1"), &asks_with(r"\ce\ff\ff\ff\ff", 5), "random_bytes");
}

#[test]
fn what_may_not_be_asked_for_is_refused() {
    run(async |server| {
        // While the chain is not there yet, nothing may be written to it.
        let ask = "(call $host (i32.const 18) (i32.const 0))";
        for name in ["create_1", "call_1", "agent_info_1", "sys_time_1"] {
            let check =
                format!(r#"(func (export "genesis_self_check_2") (param i32 i32) (result i64) {ask})"#);
            let error = server.refusal(Dna::with_integrity(&module(&import(name), &check))).await;
            says(&error, "cannot be called from");
        }
    });
}

#[test]
fn fuel_is_for_each_call_and_not_for_the_life_of_a_cell() {
    run(async |server| {
        let count = "(local $left i32) (local.set $left (i32.const 2000000))
            (loop $on (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))";
        let app = server.app("", &function(&format!("{count} {GOOD}"))).await;
        for _ in 0..20 {
            app.call("run", ()).await.unwrap();
        }
    });
}
