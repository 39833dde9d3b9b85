//! Each row of what differs, on the embedded conductor as each release.

use ham_devconductor::Release::{self, V0_6, V0_7_0, V0_7_1};

use crate::SCENARIOS;
use crate::transcript::Step;

const UNREADABLE: &str = r#"error {type: "deserialization", value: "Failed to deserialize request"}"#;

/// What the embedded conductor answers in a scenario as this release.
struct Played(Vec<Step>);

impl Played {
    async fn of(scenario: &str, release: Release) -> Self {
        let scenario = SCENARIOS.iter().find(|known| known.name == scenario).unwrap();
        Self(scenario.embedded(release).await)
    }

    fn step(&self, name: &str) -> &str {
        let step = self.0.iter().find(|step| step.name == name);
        step.map_or("(not done)", |step| &step.answer)
    }

    #[track_caller]
    fn says(&self, step: &str, part: &str) {
        assert!(self.step(step).contains(part), "{step}: {} has no {part}", self.step(step));
    }

    #[track_caller]
    fn is(&self, step: &str, answer: &str) {
        assert_eq!(self.step(step), answer, "{step}");
    }
}

/// The requests by which a client finds the release out.
#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_told_by_the_requests_it_knows() {
    let (old, middle, new) = (
        Played::of("known_requests", V0_6).await,
        Played::of("known_requests", V0_7_0).await,
        Played::of("known_requests", V0_7_1).await,
    );
    for step in ["admin: grant direct signals", "app: grant direct signals"] {
        old.is(step, UNREADABLE);
        middle.is(step, UNREADABLE);
    }
    new.says("admin: grant direct signals", "ConductorApi: CellMissing(CellId(");
    new.says("app: grant direct signals", "Other: Cell not found in app");
    for step in ["awaiting_memproofs", "awaiting_restore", "unrecoverable"] {
        let step = &format!("list apps that are {step}");
        old.is(step, UNREADABLE);
        middle.is(step, "apps_listed");
        new.is(step, "apps_listed");
    }
    for played in [&old, &middle, &new] {
        played.is("list apps that are disabled", "apps_listed");
        for step in ["unknown everywhere", "admin: a peer's URL that is none", "graft nothing at all"] {
            played.is(step, UNREADABLE);
        }
    }
    old.is("app: timings of another's DNA", UNREADABLE);
    old.is("app: timings", UNREADABLE);
    middle.says("app: timings of another's DNA", "Other: DNA hash not found in app");
    middle.is("app: timings", "op_timings_dumped");
}

/// Also bug: on 0.7.0 a client that speaks 0.7.1 got no grant, and listed none where there were some.
#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_asked_for_and_listed_in_the_words_of_the_release() {
    for release in [V0_6, V0_7_0] {
        let played = Played::of("grants", release).await;
        played.is("grant in the words of 0.7.0", "zome_call_capability_granted");
        played.is("grant in the words of 0.7.1", UNREADABLE);
        played.is("list", "capability_grants_info [[[<DNA 1>, <agent 1>], []]]");
        played.says("list, revoked too", r#"cap_grant: {access: {access_type: "assigned", assignees: ["#);
        played.says("list, revoked too", r#"functions: {type: "all"}, tag: "the tag"}"#);
        played.is("call", "0");
        played.says("list all", "revoked_at: <time>");
        played.says("uninstall no app", r#"ConductorApi: AppNotInstalled(\"none\")"#);
    }
    Played::of("grants", V0_6).await.says("list of no app", r#"ConductorApi: AppNotInstalled(\"none\")"#);
    let played = Played::of("grants", V0_7_1).await;
    played.is("grant in the words of 0.7.0", UNREADABLE);
    played.says(
        "list",
        r#"cap_grant: {capability: {type: "zome_call", value: {functions: {type: "all"}}}, constraint"#,
    );
    played.is("call", "0");
    assert!(!played.step("list the rest").contains("the tag"), "{}", played.step("list the rest"));
    played.says("list of no app", "Tried to access an app that was not installed: none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_chain_takes_grants_before_0_7_1() {
    for release in [V0_6, V0_7_0] {
        let played = Played::of("closed_chain", release).await;
        played.is("grant", "zome_call_capability_granted");
        played.is("call with it", r#""heard""#);
        played.is("revoke", "zome_call_capability_revoked");
        Played::of("closed_chain_of_a_zome", release).await.is("created", "true");
    }
    let played = Played::of("closed_chain", V0_7_1).await;
    played.says("grant", "No more actions are allowed after a chain close");
    Played::of("closed_chain_of_a_zome", V0_7_1).await.is("created", "false");
}

/// Also bug: 0.6 ignores the cursor and answers the whole chain, for ever.
#[tokio::test(flavor = "multi_thread")]
async fn dumps_have_pages_and_actions_of_the_release() {
    let old = Played::of("dumps", V0_6).await;
    for step in ["a page", "no limit", "nonsense"] {
        assert_eq!(old.step(step), old.step("whole"), "{step}");
    }
    old.says("whole", r#"{action: {author: <agent 1>, hash: <DNA 1>, timestamp: <time>, type: "Dna"}"#);
    old.says("whole", "weight: {bucket_id: 255, rate_bytes: 0, units: 0}");
    old.is("whole, in words", r#""authored: 7""#);
    old.says("nowhere", "ConductorApi: CellMissing(");
    old.says("all operations", r#"{ChainOp: {StoreEntry: [<64 bytes>, {Create: {action_seq: 2"#);
    old.is("a cursor is a number", "true");
    old.says("a zome's definition", r#"["probe", {dependencies: ["probe_integrity"], wasm_hash"#);
    old.says("storage", "authored_data_size");
    old.says("network of the app", r#"{backend: "text""#);
    for release in [V0_7_0, V0_7_1] {
        let played = Played::of("dumps", release).await;
        played.is("a page, in words", r#""returned: 2""#);
        played.says("no limit", "dump limit must be greater than zero");
        played.is("nonsense", UNREADABLE);
        played.says("whole", r#"{action: {data: {dna_hash: <DNA 1>, type: "Dna"}, header: {action_seq: 0"#);
        played.says("all operations", r#"{ChainOp: {CreateEntry: [{data: {data: {entry_hash"#);
        played.is("a cursor is a number", "false");
        played.says("a zome's definition", r#"["probe", {Wasm: {dependencies"#);
        let grant = if release == V0_7_0 { "{entry: {access: {type" } else { "{entry: {capability: {type" };
        played.says("whole", grant);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn private_entries_are_hidden_in_dumps_of_operations() {
    for release in Release::ALL {
        let played = Played::of("dumps", release).await;
        played.says("whole", "secret: <64 bytes>");
        played.says("all operations", r#""Hidden""#);
        assert!(!played.step("all operations").contains("secret"), "{release}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_is_off_is_told_in_the_words_of_the_release() {
    for release in [V0_6, V0_7_0] {
        let played = Played::of("cells_off", release).await;
        for step in ["call", "grant", "grant in a clone"] {
            played.says(step, "Conductor returned an error while using a ConductorApi: CellDisabled(CellId(");
            played.says(step, ")))\"}");
        }
    }
    let played = Played::of("cells_off", V0_7_1).await;
    played.says("call", "ConductorApi: CellNotRunning(CellId(");
    played.says("call", ", AppDisabled(User))");
    played.says("grant in a clone", ", CloneCellDisabled)");
    Played::of("cells_off", V0_6).await.says("dump", "ConductorApi: CellDisabled(CellId(");
    Played::of("cells_off", V0_7_0).await.says("dump", "The K2 Space <DNA 2> does not exist");
    Played::of("cells_off", V0_6).await.is("restore without a key", "app_installed");
    Played::of("cells_off", V0_7_0).await.says("restore without a key", "AppStatusError(");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_a_zome_has_the_form_of_the_release() {
    let begin = "Wasm runtime error while working with Ribosome: RuntimeError: ";
    let old = Played::of("failed_calls", V0_6).await;
    old.says("an error", &format!(r#"{begin}WasmError {{ <place>, error: Guest(\"on purpose\") }}"#));
    for release in [V0_7_0, V0_7_1] {
        let played = Played::of("failed_calls", release).await;
        played.says("an error", &format!(r#"{begin}probe::failure:9: Guest(\"on purpose\")"#));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn direct_signals_are_those_of_the_release() {
    let old = Played::of("signals", V0_6).await;
    old.is("direct", UNREADABLE);
    let middle = Played::of("signals", V0_7_0).await;
    middle.is("direct", "ok nil");
    middle.is(
        "heard directly",
        r#"{type: "app_direct", value: {cell_id: [<DNA 1>, <agent 1>], signal: [1, 2, 3]}}"#,
    );
    // Nobody granted it, so nobody hears it: what is heard next was sent later.
    let new = Played::of("signals", V0_7_1).await;
    new.is("direct", "ok nil");
    for played in [old, middle, new] {
        played.says("heard", r#"{type: "app", value: {cell_id: "#);
        played.says("heard", r#"signal: bytes {text: "to all", type: "emitted"}"#);
    }
}
