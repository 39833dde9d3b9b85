//! A zome with a schedule.

use crate::zome;

/// The imports and functions of one whose `tick` tells a signal, as often as `schedule` says, once `run` has scheduled it for good.
pub(crate) fn ticking(schedule: &str) -> (&'static str, String) {
    let imports = r#"
        (import "env" "__hc__schedule_1" (func $schedule (param i32 i32) (result i64)))
        (import "env" "__hc__emit_signal_1" (func $emit (param i32 i32) (result i64)))"#;
    // `Ok(ExternIO(Some(Schedule::Persisted(schedule))))`. A short text is written behind one byte.
    let length = schedule.len();
    assert!(length < 32, "{schedule}");
    let (inner, text) = (12 + length, 0xa0 + length);
    let next = format!(r"\81\a2Ok\c4\{inner:02x}\81\a9Persisted\{text:02x}{schedule}");
    let answer = (2048_u64 << 32) | (6 + inner as u64);
    let functions = format!(
        r#"(data (i32.const 1024) "\a4tick") (data (i32.const 1040) "\c4\01\c0") (data (i32.const 2048) "{next}")
        (func (export "tick") (param i32 i32) (result i64)
            (drop (call $emit (i32.const 1040) (i32.const 3))) (i64.const {answer}))
        {}"#,
        zome::function(&format!("(drop (call $schedule (i32.const 1024) (i32.const 5))) {}", zome::GOOD))
    );
    (imports, functions)
}
