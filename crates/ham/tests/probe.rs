//! The features of the HDK on a real conductor, by the zomes of `happ/bundle/features.happ`, whose functions
//! `happ/README.md` lists. One conductor serves all tests; each has an app of its own on it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::fmt::Debug;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ham::{PersistentHam, PersistentHamConfig, SignalItem};
use ham_testkit::conductor::{Conductor, Install, InstallOptions};
use holochain_types::prelude::*;
use holochain_types::signal::Signal;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, OnceCell};

/// Long enough for a conductor that compiles its zomes on a loaded machine: running into it means a hang.
const PATIENCE: Duration = Duration::from_secs(240);

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());

/// Runs one test after the other: a conductor answers administrative writes that meet with "database is locked".
fn run(test: impl Future<Output = ()>) {
    static TURN: Mutex<()> = Mutex::const_new(());
    RUNTIME.block_on(async {
        let _turn = TURN.lock().await;
        install().await;
        tokio::time::timeout(PATIENCE, test).await.expect("the test hangs");
    });
}

/// An app of the test's own on the conductor that all tests share.
async fn app() -> Features {
    static SHARED: OnceCell<Conductor> = OnceCell::const_new();
    app_on(SHARED.get_or_init(start).await).await
}

async fn start() -> Conductor {
    Conductor::builder().with_install(install().await).start().await.unwrap()
}

/// These tests are built twice: as `probe` and as `embedded_probe`.
async fn install() -> Install {
    Install::of_test(env!("CARGO_CRATE_NAME")).await.unwrap()
}

async fn app_on(conductor: &Conductor) -> Features {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let app_id = format!("features-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../happ/bundle/features.happ");
    let options = InstallOptions { network_seed: Some(app_id.clone()), ..InstallOptions::default() };
    conductor.install_app(&AppBundleSource::Path(bundle), &app_id, options).await.unwrap();
    conductor.enable(&app_id).await.unwrap();
    conductor.wait_until_callable(&app_id).await.unwrap();
    let config = PersistentHamConfig::local(conductor.admin_port(), &app_id).with_deadline(PATIENCE);
    Features(PersistentHam::connect(config).await.unwrap())
}

struct Features(PersistentHam);

impl Features {
    /// The answer of a function of the zome `features`.
    async fn ask<O: DeserializeOwned>(&self, function: &str, payload: impl Serialize + Debug) -> O {
        self.ask_zome("features", function, payload).await.unwrap_or_else(|e| panic!("{function}: {e}"))
    }

    /// The text of its error.
    async fn refused(&self, function: &str, payload: impl Serialize + Debug) -> String {
        self.ask_zome::<IgnoredAny>("features", function, payload).await.unwrap_err()
    }

    async fn ask_zome<O: DeserializeOwned>(
        &self,
        zome: &str,
        function: &str,
        payload: impl Serialize + Debug,
    ) -> Result<O, String> {
        self.0.call_zome("features", zome, function, payload).await.map_err(|e| format!("{e:?}"))
    }

    async fn chain_length(&self) -> usize {
        self.ask::<Vec<Record>>("query_chain", ChainQueryFilter::new()).await.len()
    }
}

#[test]
fn entries_are_written_read_replaced_and_deleted() {
    run(async {
        let app = app().await;
        for create in ["create_note", "create_secret_note"] {
            let first: ActionHash = app.ask(create, "first").await;
            let record: Option<Record> = app.ask("get_record", &first).await;
            assert!(record.unwrap().entry().as_option().is_some());
            let update = create.replace("create", "update");
            let change = Change { original: first.clone(), text: "second" };
            let second: ActionHash = app.ask(&update, change).await;
            let _: ActionHash = app.ask("delete_by_action", &second).await;
            assert!(app.ask::<Option<Record>>("get_record_local", &second).await.is_none());
            let details: Option<Details> = app.ask("get_details_of", &first).await;
            let Some(Details::Record(details)) = details else { panic!("no details") };
            assert_eq!((details.updates.len(), details.deletes.len()), (1, 0));
        }
        assert!(app.refused("create_note", "invalid").await.contains("the note is refused"));
        let _: ActionHash = app.ask("create_blob", 3_900_000).await;
        assert!(app.refused("create_blob", 4_100_000).await.contains("exceeds the limit"));
    });
}

#[test]
fn links_paths_and_anchors_lead_where_they_should() {
    run(async {
        let app = app().await;
        let note: ActionHash = app.ask("create_note", "base").await;
        let base = AnyLinkableHash::from(note);
        let tagged = |tag: &str| LinkNotes { base: base.clone(), target: base.clone(), tag: tag.into() };
        let made: ActionHash = app.ask("link_notes", tagged("a1")).await;
        let _: ActionHash = app.ask("link_notes", tagged("b1")).await;
        let of = |prefix: Option<&str>| LinksOf { base: base.clone(), tag_prefix: prefix.map(Into::into) };
        assert_eq!(app.ask::<Vec<Link>>("links_of", of(Some("a"))).await.len(), 1);
        assert_eq!(app.ask::<Vec<Vec<Link>>>("links_of_built", of(None)).await[0].len(), 2);
        let _: ActionHash = app.ask("unlink", &made).await;
        assert_eq!(app.ask::<usize>("count_links_of", of(None)).await, 1);
        let details: LinkDetails = app.ask("links_details_of", of(None)).await;
        let deletes: usize = details.into_inner().iter().map(|(_, deletes)| deletes.len()).sum();
        assert_eq!(deletes, 1);

        assert!(!app.ask::<bool>("path_exists", "a.b.c").await);
        let hash: EntryHash = app.ask("ensure_path", "a.b.c").await;
        assert_eq!(hash, app.ask("path_hash", "a.b.c").await);
        let _: EntryHash = app.ask("ensure_path", "a.b.d").await;
        assert!(app.ask::<bool>("path_exists", "a.b").await);
        assert_eq!(app.ask::<Vec<String>>("path_children_texts", "a.b").await, ["a.b.c", "a.b.d"]);
        let details: LinkDetails = app.ask("path_children_details", "a.b").await;
        assert_eq!(details.into_inner().len(), 2);
        let anchor = json!({ "anchor_type": "fruit", "text": "apple" });
        let hash: EntryHash = app.ask("ensure_anchor", anchor).await;
        assert_eq!(app.ask::<Vec<AnyLinkableHash>>("anchor_addresses", "fruit").await, [hash.into()]);
        assert_eq!(app.ask::<Vec<AnyLinkableHash>>("anchor_type_addresses", ()).await.len(), 1);
        assert_eq!(app.ask::<Vec<String>>("anchor_tags", "fruit").await, ["apple"]);
    });
}

#[test]
fn what_is_encrypted_or_signed_is_known_again() {
    run(async {
        let app = app().await;
        let data = XSalsa20Poly1305Data::from(b"secret".to_vec());
        let key: XSalsa20Poly1305KeyRef = app.ask("secret_create", ()).await;
        let sealed: XSalsa20Poly1305EncryptedData =
            app.ask("secret_encrypt", XSalsa20Poly1305Encrypt::new(key.clone(), data.clone())).await;
        let [ours, theirs]: [X25519PubKey; 2] =
            [app.ask("x25519_create", ()).await, app.ask("x25519_create", ()).await];
        let export = XSalsa20Poly1305SharedSecretExport::new(ours, theirs, key.clone());
        let packed: XSalsa20Poly1305EncryptedData = app.ask("secret_export", export).await;
        // A keystore takes a secret in once, and this one has it.
        let ingest = XSalsa20Poly1305SharedSecretIngest::new(theirs, ours, packed, None);
        assert!(app.refused("secret_ingest", ingest).await.contains("UNIQUE"));
        let elsewhere = start().await;
        let peer = app_on(&elsewhere).await;
        let theirs: X25519PubKey = peer.ask("x25519_create", ()).await;
        let export = XSalsa20Poly1305SharedSecretExport::new(ours, theirs, key);
        let packed: XSalsa20Poly1305EncryptedData = app.ask("secret_export", export).await;
        let ingest = XSalsa20Poly1305SharedSecretIngest::new(theirs, ours, packed, None);
        let copy: XSalsa20Poly1305KeyRef = peer.ask("secret_ingest", ingest).await;
        let opened = peer.ask("secret_decrypt", XSalsa20Poly1305Decrypt::new(copy, sealed.clone())).await;
        assert_eq!(Some(data.clone()), opened);
        let other: XSalsa20Poly1305KeyRef = app.ask("secret_create", ()).await;
        let shut: Option<XSalsa20Poly1305Data> =
            app.ask("secret_decrypt", XSalsa20Poly1305Decrypt::new(other, sealed)).await;
        assert_eq!(shut, None);

        let theirs: X25519PubKey = app.ask("x25519_create", ()).await;
        let sealed: XSalsa20Poly1305EncryptedData =
            app.ask("x25519_encrypt", X25519XSalsa20Poly1305Encrypt::new(ours, theirs, data.clone())).await;
        let opened =
            app.ask("x25519_decrypt", X25519XSalsa20Poly1305Decrypt::new(theirs, ours, sealed)).await;
        assert_eq!(Some(data.clone()), opened);
        let agent = app.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        let (me, too) = (agent.clone(), agent.clone());
        let sealed: XSalsa20Poly1305EncryptedData =
            app.ask("ed25519_encrypt", Ed25519XSalsa20Poly1305Encrypt::new(me, too, data.clone())).await;
        let (me, too) = (agent.clone(), agent.clone());
        let opened = app.ask("ed25519_decrypt", Ed25519XSalsa20Poly1305Decrypt::new(me, too, sealed)).await;
        assert_eq!(data, opened);

        let signature: Signature = app.ask("sign_text", "text").await;
        for (text, good) in [("text", true), ("other", false)] {
            let check = Check { key: agent.clone(), signature: signature.clone(), text };
            assert_eq!(app.ask::<bool>("verify_text", check).await, good);
        }
        let once: EphemeralSignatures = app.ask("sign_texts_once", ["a", "b"]).await;
        let check = Check { key: once.key, signature: once.signatures[1].clone(), text: "b" };
        assert!(app.ask::<bool>("verify_text", check).await);
    });
}

#[test]
fn data_decide_how_every_operation_is_validated() {
    run(async {
        let app = app().await;
        let verdict =
            |op, outcome: &Outcome| Verdict::new(vec![Rule { op, zome: None, outcome: outcome.clone() }]);
        let note: ActionHash = app.ask("create_note", "known").await;
        let nowhere = ActionHash::from_raw_36(vec![9; 36]);
        let base = AnyLinkableHash::from(note.clone());
        let link = |verdict| VerdictLink { base: base.clone(), target: base.clone(), verdict };
        let outcomes = [
            (Outcome::Invalid("by data".into()), "by data"),
            (Outcome::Unresolved(vec![nowhere.clone().into()]), "DepMissingFromDht"),
            (Outcome::Fetch(Fetch::Action(nowhere.clone())), "DepMissingFromDht"),
            (Outcome::Fetch(Fetch::ValidRecord(nowhere.clone())), "DepMissingFromDht"),
            (Outcome::Fetch(Fetch::Entry(EntryHash::from_raw_36(vec![9; 36]))), "DepMissingFromDht"),
            (Outcome::Error("guest".into()), "guest"),
        ];
        for (outcome, wanted) in &outcomes {
            for op in ["CreateRecord", "CreateEntry", "AgentActivity"] {
                let text = app.refused("create_verdict", verdict(op, outcome)).await;
                assert!(text.contains(wanted), "{op} {outcome:?}: {text}");
            }
            let valid: ActionHash = app.ask("create_verdict", verdict("Delete", outcome)).await;
            let change = Change2 { original: valid.clone(), verdict: verdict("Update", outcome) };
            let text = app.refused("update_verdict", change).await;
            assert!(text.contains(wanted), "Update {outcome:?}: {text}");
            let text = app.refused("delete_verdict", valid).await;
            assert!(text.contains(wanted), "Delete {outcome:?}: {text}");
            let text = app.refused("link_verdict", link(verdict("CreateLink", outcome))).await;
            assert!(text.contains(wanted), "CreateLink {outcome:?}: {text}");
            let made: ActionHash = app.ask("link_verdict", link(verdict("DeleteLink", outcome))).await;
            let text = app.refused("unlink_verdict", made).await;
            assert!(text.contains(wanted), "DeleteLink {outcome:?}: {text}");
        }
        for found in [Fetch::Action(note.clone()), Fetch::ValidRecord(note)] {
            let _: ActionHash =
                app.ask("create_verdict", verdict("CreateRecord", &Outcome::Fetch(found))).await;
        }
        // One zome waits, the other refuses: refusing goes first.
        let rule = |zome, outcome| Rule { op: "AgentActivity", zome: Some(zome), outcome };
        let waits = rule("features_integrity", Outcome::Unresolved(vec![nowhere.into()]));
        let refuses = rule("witness_integrity", Outcome::Invalid("by the witness".into()));
        let text = app.refused("create_verdict", Verdict::new(vec![waits, refuses])).await;
        assert!(text.contains("by the witness"), "{text}");
    });
}

#[test]
fn one_call_commits_as_a_whole() {
    run(async {
        let app = app().await;
        app.ask::<()>("nothing", ()).await;
        let before = app.chain_length().await;
        for function in
            ["two_notes_then_fail", "two_notes_then_panic", "note_and_invalid", "nested_note_then_fail"]
        {
            app.refused(function, "x").await;
            assert_eq!(app.chain_length().await, before, "{function}");
        }
        let _: (ActionHash, ActionHash) = app.ask("two_notes", "x").await;
        assert_eq!(app.chain_length().await, before + 2);
        let slow = |ordering| json!({ "text": "slow", "ordering": ordering, "millis": 1500 });
        for (ordering, kept) in [("Relaxed", true), ("Strict", false)] {
            let [one, two] =
                [0, 1].map(|_| app.ask_zome::<ActionHash>("features", "slow_ordered", slow(ordering)));
            let (one, two) = tokio::join!(one, two);
            assert_eq!(one.is_ok() && two.is_ok(), kept, "{ordering}: {one:?} {two:?}");
            assert!(one.is_ok() || two.is_ok(), "{ordering}: {one:?} {two:?}");
        }
    });
}

#[test]
fn the_answer_of_init_is_chosen_by_properties() {
    run(async {
        let app = app().await;
        app.ask::<()>("nothing", ()).await;
        assert!(app.refused("init_plan_too_late", ()).await.contains("get_init_properties"));
        // Failing goes before waiting.
        let text = app.0.call_zome::<_, ()>("refused", "features", "nothing", ()).await.unwrap_err();
        assert!(format!("{text:?}").contains("refused by mirror"), "{text:?}");
    });
}

#[test]
fn a_clone_made_by_a_zome_has_properties_of_its_own() {
    run(async {
        let app = app().await;
        let agent = app.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        let dna = app.ask::<DnaInfo>("info_dna", ()).await.hash;
        let cases = [
            (json!({ "init": { "mirror": { "Invalid": "not this one" } } }), "not this one"),
            (json!({ "init": { "features": { "Error": "an error" } } }), "an error"),
            (json!({ "init": { "features": { "Unresolved": [] } } }), "UnresolvedDependencies"),
        ];
        for (properties, wanted) in cases {
            let properties: YamlProperties = serde_json::from_value(properties).unwrap();
            let create = CreateCloneCellInput {
                cell_id: CellId::new(dna.clone(), agent.clone()),
                modifiers: DnaModifiersOpt::none().with_properties(properties),
                membrane_proof: None,
                name: None,
            };
            let clone: ClonedCell = app.ask("clone_create", create).await;
            let role = clone.clone_id.to_string();
            let error = app.0.call_zome::<_, ()>(role, "features", "nothing", ()).await.unwrap_err();
            assert!(format!("{error:?}").contains(wanted), "{error:?}");
            let this = DisableCloneCellInput { clone_cell_id: CloneCellId::CloneId(clone.clone_id) };
            app.ask::<()>("clone_disable", &this).await;
            let _: ClonedCell = app.ask("clone_enable", &this).await;
            app.ask::<()>("clone_disable", &this).await;
            app.ask::<()>("clone_delete", &this).await;
        }
    });
}

#[test]
fn a_grant_lets_another_agent_in_until_it_is_changed_or_ended() {
    run(async {
        let (app, other) = (app().await, app().await);
        let agent = app.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        let stranger = other.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        let cell = CellId::new(app.ask::<DnaInfo>("info_dna", ()).await.hash, agent);
        let secret: CapSecret = app.ask("new_secret", ()).await;
        let call = |secret| CallRequest {
            target: Target::Cell(cell.clone()),
            zome: "features".into(),
            function: "increment".into(),
            cap_secret: secret,
            payload: ExternIO::encode(1).unwrap(),
        };
        let allowed = async |secret| {
            let answer: ZomeCallResponse = other.ask("call_any", call(secret)).await;
            matches!(answer, ZomeCallResponse::Ok(_))
        };
        assert!(!allowed(Some(secret)).await);
        let listed = [("features".into(), "increment".into())].into_iter().collect();
        let transferable = CapGrantEntry::new_zome_call_grant(
            "transferable".into(),
            GrantConstraint::Transferable { secret },
            GrantedFunctions::Listed(listed),
        );
        let grant: ActionHash = app.ask("create_grant", transferable).await;
        assert!(allowed(Some(secret)).await && !allowed(None).await);
        let assigned = |agent: AgentPubKey| {
            let constraint = GrantConstraint::from((secret, agent));
            CapGrantEntry::new_zome_call_grant("assigned".into(), constraint, GrantedFunctions::All)
        };
        let nobody = AgentPubKey::from_raw_36(vec![9; 36]);
        let change = UpdateGrant { original: grant, grant: assigned(nobody) };
        let grant: ActionHash = app.ask("update_grant", change).await;
        assert!(!allowed(Some(secret)).await);
        let change = UpdateGrant { original: grant, grant: assigned(stranger) };
        let grant: ActionHash = app.ask("update_grant", change).await;
        assert!(allowed(Some(secret)).await);
        let _: ActionHash = app.ask("delete_grant", grant).await;
        assert!(!allowed(Some(secret)).await);
        let unrestricted = CapGrantEntry::new_zome_call_grant(
            "unrestricted".into(),
            GrantConstraint::Unrestricted,
            GrantedFunctions::All,
        );
        let _: ActionHash = app.ask("create_grant", unrestricted).await;
        assert!(allowed(None).await);
    });
}

#[test]
fn a_closed_chain_is_continued_by_another() {
    run(async {
        let app = app().await;
        let dna = app.ask::<DnaInfo>("info_dna", ()).await.hash;
        let target = MigrationTarget::Dna(dna);
        let close_hash: ActionHash = app.ask("chain_close", Some(&target)).await;
        let text = app.refused("create_note", "too late").await;
        assert!(text.contains("InvalidCommit") || text.contains("closed"), "{text}");
        let open = OpenChainInput { prev_target: target, close_hash };
        let _: ActionHash = app.0.call_zome("twin", "features", "chain_open", open).await.unwrap();
    });
}

#[test]
fn post_commit_tells_and_calls() {
    run(async {
        let app = app().await;
        let mut signals = app.0.signals();
        let _: ActionHash = app.ask("create_note", "relay:on").await;
        let mut zomes = Vec::new();
        while zomes.last().is_none_or(|(zome, count)| zome != "mirror" || *count != 1) {
            let told = told(&mut signals).await;
            assert_eq!(told.r#type, "committed");
            zomes.push((told.zome.unwrap(), told.actions.unwrap().len()));
        }
        assert!(zomes.contains(&("features".to_owned(), 1)), "{zomes:?}");
    });
}

#[test]
fn scheduled_functions_run_as_often_as_they_ask_for() {
    run(async {
        let app = app().await;
        // One after the other: of two functions that fall due together the conductor keeps only one.
        for (function, ephemeral, persisted) in
            [("tick_failing", 0, 0), ("tick_ephemeral", 3, 0), ("tick_persisted", 3, 3)]
        {
            app.ask::<()>("schedule_function", function).await;
            while app.ask::<Ticks>("ticks", ()).await != (Ticks { ephemeral, persisted }) {}
        }
    });
}

#[test]
fn hostile_code_costs_one_call() {
    run(async {
        let app = app().await;
        app.refused("endless_loop", ()).await;
        app.refused("deep_recursion", u32::MAX).await;
        app.refused("trap_by_panic", ()).await;
        app.refused("trap_by_memory", ()).await;
        // The embedded conductor bounds the memory of a call below what a module could address.
        let granted = u32::from(!env!("CARGO_CRATE_NAME").starts_with("embedded"));
        assert_eq!(app.ask::<u32>("memory_bomb", 4000).await, granted);
        for function in
            ["bare_garbage", "bare_nowhere", "bare_too_long", "bare_wrong_type", "bare_unimplemented"]
        {
            app.ask_zome::<IgnoredAny>("bare", function, ()).await.unwrap_err();
        }
        assert_eq!(app.ask::<u32>("increment_twice", 1).await, 3);
        assert_eq!(app.ask::<u32>("mapped", 4).await, 8);
        let written: ActionHash = app.ask_zome("bare", "bare_create", "bare").await.unwrap();
        let read: Vec<Option<Record>> =
            app.ask_zome("bare", "bare_get", AnyDhtHash::from(written)).await.unwrap();
        assert!(read[0].is_some());
        assert!(
            app.ask_zome::<ActionHash>("bare", "bare_create", ())
                .await
                .unwrap_err()
                .contains("nil is refused")
        );
    });
}

#[test]
fn functions_take_one_argument_or_none_and_their_names_are_their_zomes_own() {
    run(async {
        let app = app().await;
        app.ask::<()>("nothing", ()).await;
        assert_eq!(app.ask::<u32>("increment", 1).await, 2);
        assert_eq!(app.ask::<u32>("increment_thrice", 1).await, 4);
        assert_eq!(app.ask_zome::<u32>("mirror", "increment", 1).await.unwrap(), 2);
        // What does without the HDK does as well.
        assert_eq!(app.ask_zome::<String>("bare", "bare_echo", "same").await.unwrap(), "same");
        assert_eq!(app.ask_zome::<String>("bare", "bare_dna_name", ()).await.unwrap(), "features");
        assert!(app.ask_zome::<()>("bare", "bare_fail", "by hand").await.unwrap_err().contains("by hand"));
        let json = ExternIO(br#"{"a":1}"#.to_vec());
        let options = ham::CallOptions::default();
        let answer = app.0.call_zome_raw("features", "bare", "bare_json", json, options).await.unwrap();
        assert_eq!(answer.0, br#"{"received":{"a":1}}"#);
    });
}

#[test]
fn a_zome_is_told_what_surrounds_its_call() {
    run(async {
        let app = app().await;
        let zome: ZomeInfo = app.ask("info_zome", ()).await;
        assert_eq!(zome.name.0, "features");
        let defs: Vec<_> = zome
            .entry_defs
            .0
            .iter()
            .map(|def| (format!("{:?}", def.id), def.visibility, def.required_validations.0))
            .collect();
        let [note, secret, verdict, tick, blob] = defs.as_slice() else { panic!("{defs:?}") };
        assert_eq!((note.1, note.2), (EntryVisibility::Public, 2), "{note:?}");
        assert_eq!(secret.1, EntryVisibility::Private, "{secret:?}");
        assert_eq!((verdict.2, tick.2), (1, 0));
        assert!(blob.0.contains("blob"), "{blob:?}");
        // Of all integrity zomes in the order of the DNA, those of this one are the first.
        assert_eq!(zome.zome_types.entries.0[0].1.len(), 5);

        let (before, after): (AgentInfo, AgentInfo) = app.ask("info_agent_around_write", ()).await;
        assert_eq!(after.chain_head.1, before.chain_head.1 + 1);
        let call: CallInfo = app.ask("info_call", ()).await;
        assert_eq!((call.function_name.0.as_str(), call.as_at.0), ("info_call", after.chain_head.0));
        assert_eq!(app.ask::<Named>("info_dna_v1", ()).await.name, "features");

        let [one, two]: [serde_bytes::ByteBuf; 2] =
            [app.ask("random", 16).await, app.ask("random", 16).await];
        assert!(one.len() == 16 && two.len() == 16 && one != two);
        let [one, two]: [Timestamp; 2] =
            [app.ask("now", ()).await, app.ask_zome("bare", "bare_now", ()).await.unwrap()];
        assert!(one <= two);
    });
}

#[test]
fn errors_are_handed_on_or_handled() {
    run(async {
        let app = app().await;
        assert!(app.refused("guest_error", "of the guest").await.contains("of the guest"));
        assert!(app.refused("guest_error_formatted", 7).await.contains("the number 7 is refused"));
        assert!(app.refused("guest_serialize_error", ()).await.contains("not to be encoded"));
        assert!(app.refused("unencodable_answer", ()).await.contains("not to be encoded"));
        assert!(app.ask::<String>("unencodable_argument", ()).await.contains("not to be encoded"));
        let nowhere = EntryHash::from_raw_36(vec![9; 36]);
        let before = app.chain_length().await;
        let text = app.refused("host_error", &nowhere).await;
        assert!(text.contains("Failed to get Entry"), "{text}");
        assert_eq!(app.chain_length().await, before);
        let handled: String = app.ask("host_error_handled", &nowhere).await;
        assert!(handled.contains("Failed to get Entry"), "{handled}");
        assert_eq!(app.chain_length().await, before + 1);
        assert!(app.ask::<String>("host_answer_misread", ()).await.contains("Deserialize"));
        assert!(app.ask::<String>("host_argument_misread", ()).await.contains("Deserialize"));
        assert_eq!(app.chain_length().await, before + 1);
    });
}

#[test]
fn host_functions_are_called_directly_and_in_batches() {
    run(async {
        let app = app().await;
        let note: ActionHash = app.ask("create_note", "one of two").await;
        let wanted = [AnyDhtHash::from(note), ActionHash::from_raw_36(vec![9; 36]).into()];
        let found: Vec<Option<Record>> = app.ask("get_many", wanted).await;
        assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false]);
        let answers: Vec<ZomeCallResponse> =
            app.ask("call_many", [local("increment", 1), local("increment", 2)]).await;
        assert_eq!(answers.len(), 2);
    });
}

#[test]
fn what_was_done_elsewhere_stays_when_a_call_fails() {
    run(async {
        let app = app().await;
        let mut signals = app.0.signals();
        assert!(app.refused("signal_then_fail", "still heard").await.contains("failed after a signal"));
        while told(&mut signals).await.text.as_deref() != Some("still heard") {}

        // The other cell commits, and then the own commit is refused.
        let twin = CallRequest { target: Target::Role("twin"), ..local("create_note", "kept") };
        let text = app.refused("call_many", [twin, local("create_note", "invalid")]).await;
        assert!(text.contains("the note is refused"), "{text}");
        let entries = ChainQueryFilter::new().include_entries(true);
        let all: Vec<Record> = app.0.call_zome("twin", "features", "query_chain", entries).await.unwrap();
        let notes = all.iter().filter(|record| matches!(record.entry().as_option(), Some(Entry::App(_))));
        assert_eq!(notes.count(), 1);
    });
}

#[test]
fn after_a_commit_its_zome_is_told_and_can_undo_nothing() {
    run(async {
        let app = app().await;
        app.ask::<()>("nothing", ()).await;
        let mut signals = app.0.signals();
        let (first, second): (ActionHash, ActionHash) = app.ask("two_notes", "two").await;
        let of_write: ActionHash = app.ask("create_note", "write:more").await;
        let mut commits = Vec::new();
        let failure = loop {
            let told = told(&mut signals).await;
            match told.r#type.as_str() {
                "committed" => commits.push((told.zome.unwrap(), told.actions.unwrap())),
                _ => break told.text.unwrap(),
            }
        };
        assert!(failure.contains("cannot be called from"), "{failure}");
        let of = |hash: &ActionHash| -> Vec<_> {
            let with =
                commits.iter().filter(|(_, actions)| actions.iter().any(|action| action.as_hash() == hash));
            with.map(|(zome, actions)| (zome.as_str(), actions.len())).collect()
        };
        assert_eq!((of(&first), of(&second)), (vec![("features", 2)], vec![("features", 2)]));
        let of_panic: ActionHash = app.ask("create_note", "panic:now").await;
        for written in [of_write, of_panic] {
            assert!(app.ask::<Option<Record>>("get_record", written).await.is_some());
        }
    });
}

#[test]
fn checks_run_for_their_own_zome_and_ask_only_for_what_is_the_same_everywhere() {
    run(async {
        let app = app().await;
        let agent = app.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        let dna = app.ask::<DnaInfo>("info_dna", ()).await.hash;
        let verdict = |zome, outcome| Verdict::new(vec![Rule { op: "CreateEntry", zome, outcome }]);
        let text = app.refused("create_verdict", verdict(None, Outcome::Forbidden)).await;
        assert!(text.contains("cannot be called from"), "{text}");
        let other = verdict(Some("witness_integrity"), Outcome::Invalid("of another zome".into()));
        let _: ActionHash = app.ask("create_verdict", other).await;

        let cases = [
            (json!({ "Invalid": "not to join" }), "not to join"),
            (json!("Forbidden"), "cannot be called from"),
        ];
        for (outcome, wanted) in cases {
            let properties = json!({ "genesis": { "witness_integrity": outcome } });
            let create = CreateCloneCellInput {
                cell_id: CellId::new(dna.clone(), agent.clone()),
                modifiers: DnaModifiersOpt::none()
                    .with_properties(serde_json::from_value::<YamlProperties>(properties).unwrap()),
                membrane_proof: None,
                name: None,
            };
            let text = app.refused("clone_create", create).await;
            assert!(text.contains(wanted), "{text}");
        }
    });
}

#[test]
fn init_grants_to_everyone_and_is_tried_again_after_a_failure() {
    run(async {
        let (app, other) = (app().await, app().await);
        app.ask::<()>("nothing", ()).await;
        let agent = app.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        let cell = CellId::new(app.ask::<DnaInfo>("info_dna", ()).await.hash, agent);
        let stranger = other.ask::<AgentInfo>("info_agent", ()).await.agent_initial_pubkey;
        for zome in ["features", "mirror"] {
            let call = CallRequest {
                target: Target::Cell(cell.clone()),
                zome: zome.into(),
                ..local("echo_to_peer", "open")
            };
            let answer: ZomeCallResponse = other.ask("call_any", call).await;
            let ZomeCallResponse::Ok(answer) = answer else { panic!("{answer:?}") };
            assert_eq!(answer.decode::<(String, AgentPubKey)>().unwrap(), ("open".into(), stranger.clone()));
        }
        for _ in 0..2 {
            let error = app.0.call_zome::<_, ()>("refused", "features", "nothing", ()).await.unwrap_err();
            assert!(format!("{error:?}").contains("refused by mirror"), "{error:?}");
        }
    });
}

#[test]
fn what_zomes_log_is_in_the_conductors_log_up_to_the_level_of_wasm_log() {
    run(async {
        // A conductor of its own: `WASM_LOG` is read from the environment of its process.
        let directory = tempfile::tempdir().unwrap();
        let mut install = install().await;
        let program = directory.path().join("with-wasm-log");
        let script = format!("#!/bin/sh\nWASM_LOG=warn exec '{}' \"$@\"\n", install.binary.display());
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        install.binary = program;
        let conductor = Conductor::builder().with_install(install).start().await.unwrap();
        let app = app_on(&conductor).await;
        app.ask::<()>("trace_all", "of the test").await;
        app.refused("increment", "no number").await;
        let logged = |text: &str| conductor.logs().iter().any(|line| line.contains(text));
        for line in ["warn of the test", "error of the test", "Deserialize"] {
            while !logged(line) {
                app.ask::<()>("nothing", ()).await;
            }
        }
        for level in ["trace", "debug", "info"] {
            assert!(!logged(&format!("{level} of the test")), "{level}");
        }
    });
}

#[derive(Debug, Serialize)]
struct CallRequest {
    target: Target,
    zome: ZomeName,
    function: FunctionName,
    cap_secret: Option<CapSecret>,
    payload: ExternIO,
}

#[derive(Debug, Serialize)]
enum Target {
    Local,
    Role(&'static str),
    Cell(CellId),
}

/// A call to this zome of this cell.
fn local(function: &str, payload: impl Serialize + Debug) -> CallRequest {
    let payload = ExternIO::encode(payload).unwrap();
    CallRequest {
        target: Target::Local,
        zome: "features".into(),
        function: function.into(),
        cap_secret: None,
        payload,
    }
}

#[derive(Debug, Serialize)]
struct UpdateGrant {
    original: ActionHash,
    grant: CapGrantEntry,
}

#[derive(Debug, Serialize)]
struct Change<'a> {
    original: ActionHash,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct Change2 {
    original: ActionHash,
    verdict: Verdict,
}

#[derive(Debug, Serialize)]
struct LinkNotes {
    base: AnyLinkableHash,
    target: AnyLinkableHash,
    tag: Tag,
}

#[derive(Debug, Serialize)]
struct LinksOf {
    base: AnyLinkableHash,
    tag_prefix: Option<Tag>,
}

#[derive(Debug, Serialize)]
struct Tag(#[serde(with = "serde_bytes")] Vec<u8>);

impl From<&str> for Tag {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

#[derive(Debug, Serialize)]
struct Check<'a> {
    key: AgentPubKey,
    signature: Signature,
    text: &'a str,
}

#[derive(Debug, Clone, Serialize)]
enum Outcome {
    Invalid(String),
    Unresolved(Vec<AnyDhtHash>),
    Fetch(Fetch),
    Error(String),
    Forbidden,
}

#[derive(Debug, Clone, Serialize)]
enum Fetch {
    Entry(EntryHash),
    Action(ActionHash),
    ValidRecord(ActionHash),
}

#[derive(Debug, Serialize)]
struct Rule {
    op: &'static str,
    zome: Option<&'static str>,
    outcome: Outcome,
}

#[derive(Debug, Serialize)]
struct Verdict {
    name: String,
    rules: Vec<Rule>,
}

impl Verdict {
    fn new(rules: Vec<Rule>) -> Self {
        Self { name: "a verdict".to_owned(), rules }
    }
}

#[derive(Debug, Serialize)]
struct VerdictLink {
    base: AnyLinkableHash,
    target: AnyLinkableHash,
    verdict: Verdict,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Ticks {
    ephemeral: u32,
    persisted: u32,
}

#[derive(Debug, Deserialize)]
struct Told {
    r#type: String,
    zome: Option<String>,
    actions: Option<Vec<SignedActionHashed>>,
    text: Option<String>,
}

/// What the zomes signal next.
async fn told(signals: &mut ham::Signals) -> Told {
    loop {
        let SignalItem::Signal(signal) = signals.next().await.unwrap() else { continue };
        let Signal::App { signal, .. } = &*signal else { continue };
        return signal.clone().into_inner().decode().unwrap();
    }
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}
