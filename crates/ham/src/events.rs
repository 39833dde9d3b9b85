//! The stable `event` names of ham's tracing events. The README's table is tested against this list.

/// `Ham::connect` is invoked (info).
pub const CONNECTING: &str = "ham.connecting";
/// Connection, app info and signing are ready (info).
pub const CONNECTED: &str = "ham.connected";
/// A zome call begins (debug).
pub const CALL_ZOME: &str = "ham.call_zome";
/// Each failed reconnect attempt (warn; error after `escalate_after`).
pub const RECONNECT_ATTEMPT: &str = "ham.reconnect.attempt";
/// The link is back after it was lost, or came up after one or more failed attempts (info).
pub const RECONNECTED: &str = "ham.reconnected";
/// The link to the conductor ended (warn).
pub const DISCONNECTED: &str = "ham.disconnected";
/// An attempt of `connect_with_backoff` was refused by the signing policy (error).
pub const CONNECT_REFUSED: &str = "ham.connect.refused";
/// A capability grant was written to a source chain (warn).
pub const CAP_GRANT: &str = "ham.cap_grant";
/// A requested grant has no answer: ham looks for it until it can no longer be written (warn).
pub const CAP_GRANT_AWAITED: &str = "ham.cap_grant_awaited";
/// A grant was allowed but lair signs, so none is written (info).
pub const CAP_GRANT_UNUSED: &str = "ham.cap_grant_unused";
/// Lair could not be found from the node's files (warn).
pub const LAIR_DISCOVERY_FAILED: &str = "ham.lair_discovery_failed";
/// The keystore link is down (debug), or a node has no keystore to reach and a grant is permitted instead (warn).
pub const LAIR_UNAVAILABLE: &str = "ham.lair_unavailable";
/// Others than its owner can read or write a file that holds a secret (warn).
pub const SECRET_EXPOSED: &str = "ham.secret_file_exposed";
/// A call was sent again with the same bytes (info).
pub const CALL_RESUMED: &str = "ham.call.resumed";
/// A call ended without a known outcome (warn).
pub const CALL_UNKNOWN: &str = "ham.call.unknown";
/// The hook for calls without a known outcome panicked (error).
pub const HOOK_PANICKED: &str = "ham.hook.panicked";
/// The breaker of a cell opened after source-chain pressure (warn).
pub const PRESSURE: &str = "ham.source_chain_pressure";
/// Signals may have been missed (warn).
pub const SIGNAL_GAP: &str = "ham.signal.gap";
/// A frame could not be understood and was skipped (warn).
pub const FRAME_SKIPPED: &str = "ham.frame.skipped";
/// An answer arrived that nobody waits for any more (debug).
pub const LATE_ANSWER: &str = "ham.answer.late";
/// The release of the conductor was found (info).
pub const RELEASE: &str = "ham.release";
/// The app was reinstalled; its link is replaced, because signals come only on links opened since (warn).
pub const REINSTALLED: &str = "ham.app.reinstalled";
/// An app interface was attached, permanently (info).
pub const INTERFACE_ATTACHED: &str = "ham.interface.attached";

/// All events, with level and what to do: the README's table.
pub const TABLE: &[(&str, &str, &str)] = &[
    (CONNECTING, "info", "nothing; a connect begins"),
    (CONNECTED, "info", "nothing"),
    (CALL_ZOME, "debug", "nothing; one per call"),
    (RECONNECT_ATTEMPT, "warn / error", "look at `error`; at error level the conductor needs attention"),
    (RECONNECTED, "info", "nothing; count them"),
    (DISCONNECTED, "warn", "look at `cause`; nothing alone, often means a flapping conductor"),
    (CONNECT_REFUSED, "error", "fix the signing configuration; no retry helps"),
    (CAP_GRANT, "warn", "expected once per cell; more often means lost credentials"),
    (CAP_GRANT_AWAITED, "warn", "nothing; a call waits, so that no grant is written twice"),
    (CAP_GRANT_UNUSED, "info", "drop the opt-in; lair signs"),
    (LAIR_DISCOVERY_FAILED, "warn", "check the conductor configuration and passphrase paths"),
    (
        LAIR_UNAVAILABLE,
        "warn / debug",
        "nothing where grants are permitted; else start the keystore: calls wait for it",
    ),
    (SECRET_EXPOSED, "warn", "`chmod 600` the file, unless it is mounted that way on purpose"),
    (CALL_RESUMED, "info", "nothing; the same bytes went out again"),
    (CALL_UNKNOWN, "warn", "reconcile this call against the chain"),
    (HOOK_PANICKED, "error", "correct the hook, and reconcile this call; its caller is told all the same"),
    (PRESSURE, "warn", "slow down; the conductor is busy"),
    (SIGNAL_GAP, "warn", "read the state the signals describe again"),
    (FRAME_SKIPPED, "warn", "check the versions of both sides"),
    (LATE_ANSWER, "debug", "raise the deadline if frequent"),
    (RELEASE, "info", "nothing; a change means an upgrade"),
    (REINSTALLED, "warn", "nothing; calls go to the new cells, signals sent in between are lost"),
    (INTERFACE_ATTACHED, "info", "expected once per app and conductor"),
];
