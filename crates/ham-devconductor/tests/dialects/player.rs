//! What the scenarios do things with: a conductor of some release, an app in it, and what it answered.

use std::path::{Path, PathBuf};

use ed25519_dalek::{Signer as _, SigningKey};
use ham_devconductor::Release;
use holo_hash::AgentPubKey;
use holochain_types::prelude::Timestamp;
use rmpv::Value;

use crate::transcript::{Step, Transcript, wire};
use crate::wire::{Answer, Wire, decoded, encoded, field, map};

/// A conductor, and what it has answered.
pub(crate) struct Player {
    pub(crate) release: Release,
    pub(crate) admin: Wire,
    bundle: PathBuf,
    app_port: u16,
    transcript: Transcript,
}

/// An installed app and a client of it.
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) wire: Wire,
    /// Of the roles `probe` and `ledger`.
    pub(crate) probe: Value,
    pub(crate) ledger: Value,
    pub(crate) agent: Value,
}

/// A key, and the secret of a grant that lets it in.
pub(crate) struct Credentials {
    key: SigningKey,
    secret: [u8; 64],
}

impl Player {
    pub(crate) async fn new(release: Release, admin_port: u16, bundle: &Path) -> Self {
        let mut admin = Wire::open(admin_port).await;
        let attached = admin.ask("attach_app_interface", map! { port: 0, allowed_origins: "*" }).await;
        let port = field(&attached.ok("app_interface_attached"), "port").as_u64().unwrap();
        let bundle = bundle.canonicalize().unwrap();
        let app_port = port.try_into().unwrap();
        let mut player = Self { release, admin, bundle, app_port, transcript: Transcript::default() };
        player.transcript.numbers_dnas = true;
        player
    }

    pub(crate) fn into_steps(self) -> Vec<Step> {
        self.transcript.into_steps()
    }

    pub(crate) fn note(&mut self, step: &str, value: &Value) {
        let value = self.transcript.value(value);
        self.transcript.add(step, value);
    }

    /// Notes values in no order.
    pub(crate) fn note_set(&mut self, step: &str, values: &[Value]) {
        let mut all: Vec<String> = values.iter().map(|value| self.transcript.value(value)).collect();
        all.sort();
        self.transcript.add(step, all.join("\n"));
    }

    /// Notes the type and the value of an answer, and hands it on.
    pub(crate) fn answer(&mut self, step: &str, answer: Answer) -> Answer {
        let Answer { kind, value } = &answer;
        let value = self.transcript.value(value);
        self.transcript.add(step, format!("{kind} {value}"));
        answer
    }

    /// Notes what of an answer does not depend on the network and on sizes: its type, and an error.
    pub(crate) fn kind(&mut self, step: &str, answer: &Answer) {
        match answer.kind.as_str() {
            "error" => drop(self.answer(step, answer.clone())),
            kind => self.transcript.add(step, kind.to_owned()),
        }
    }

    /// Asks as an administrator and notes the answer.
    pub(crate) async fn ask(&mut self, step: &str, name: &str, value: Value) -> Answer {
        let answer = self.admin.ask(name, value).await;
        self.answer(step, answer)
    }

    /// Asks as a client of an app and notes the answer.
    pub(crate) async fn ask_app(&mut self, app: &mut App, step: &str, name: &str, value: Value) -> Answer {
        let answer = app.wire.ask(name, value).await;
        self.answer(step, answer)
    }

    /// Asks for the probe under this id.
    pub(crate) fn payload(&self, id: &str) -> Vec<(Value, Value)> {
        let path = self.bundle.to_str().unwrap();
        let payload = map! {
            source: map! { type: "path", value: path }, installed_app_id: id, network_seed: id
        };
        payload.as_map().unwrap().clone()
    }

    /// Installs the probe; nothing is noted.
    pub(crate) async fn install(&mut self, id: &str) -> Value {
        let payload = Value::Map(self.payload(id));
        self.admin.ask("install_app", payload).await.ok("app_installed")
    }

    /// Installs the probe, enables it and connects to it; nothing is noted.
    pub(crate) async fn app(&mut self, id: &str) -> App {
        let info = self.install(id).await;
        self.admin.ask("enable_app", map! { installed_app_id: id }).await.ok("app_enabled");
        let asked = map! { installed_app_id: id };
        let issued = self.admin.ask("issue_app_authentication_token", asked).await;
        let token = field(&issued.ok("app_authentication_token_issued"), "token").clone();
        let cell = |role| {
            let cells = field(field(&info, "cell_info"), role).as_array().unwrap();
            field(field(&cells[0], "value"), "cell_id").clone()
        };
        App {
            id: id.to_owned(),
            wire: Wire::of_app(self.app_port, token).await,
            probe: cell("probe"),
            ledger: cell("ledger"),
            agent: field(&info, "agent_pub_key").clone(),
        }
    }

    /// Asks for the right to call every function of a cell, in the release's words.
    pub(crate) async fn grant(&mut self, cell: &Value, tag: &str, number: u8) -> (Credentials, Answer) {
        let credentials = Credentials::new(number);
        let cap_grant = credentials.grant(self.release, tag);
        let payload = map! { cell_id: cell.clone(), cap_grant: cap_grant };
        let answer = self.admin.ask("grant_zome_call_capability", payload).await;
        (credentials, answer)
    }

    /// The right itself, where it must be given; nothing is noted.
    pub(crate) async fn enter(&mut self, cell: &Value, number: u8) -> Credentials {
        let (credentials, answer) = self.grant(cell, "for the test", number).await;
        answer.ok("zome_call_capability_granted");
        credentials
    }

    /// Calls a function and notes what it answers.
    pub(crate) async fn call(
        &mut self,
        app: &mut App,
        step: &str,
        credentials: &Credentials,
        call: (&Value, &str, &str, Value),
    ) -> Option<Value> {
        let answer = app.wire.ask("call_zome", credentials.signed(call)).await;
        if answer.kind != "zome_called" {
            self.answer(step, answer);
            return None;
        }
        let said = decoded(answer.value.as_slice().unwrap());
        self.note(step, &said);
        Some(said)
    }
}

impl Credentials {
    /// The same for the same number.
    fn new(number: u8) -> Self {
        Self { key: SigningKey::from_bytes(&[number; 32]), secret: [number; 64] }
    }

    fn agent(&self) -> Value {
        let key = AgentPubKey::from_raw_32(self.key.verifying_key().to_bytes().to_vec());
        Value::Binary(key.get_raw_39().to_vec())
    }

    /// A grant to this key as a release writes it.
    pub(crate) fn grant(&self, release: Release, tag: &str) -> Value {
        let secret = Value::Binary(self.secret.to_vec());
        let assigned = map! { secret: secret, assignees: vec![self.agent()] };
        let constraint = map! { type: "assigned", value: assigned };
        let functions = map! { type: "all" };
        match release {
            Release::V0_7_1 => {
                map! { tag: tag, constraint: constraint, grant: map! { functions: functions } }
            }
            _ => map! { tag: tag, access: constraint, functions: functions },
        }
    }

    /// A call in the name of this key.
    pub(crate) fn signed(&self, call: (&Value, &str, &str, Value)) -> Value {
        self.signed_at(Timestamp::now(), call)
    }

    /// A call that is good for a while from then on.
    pub(crate) fn signed_at(
        &self,
        then: Timestamp,
        (cell, zome, function, input): (&Value, &str, &str, Value),
    ) -> Value {
        let (nonce, expires_at) = holochain_nonce::fresh_nonce(then).unwrap();
        let params = map! {
            provenance: self.agent(),
            cell_id: cell.clone(),
            zome_name: zome,
            fn_name: function,
            cap_secret: Value::Binary(self.secret.to_vec()),
            payload: Value::Binary(encoded(&input)),
            nonce: wire(nonce),
            expires_at: wire(expires_at),
        };
        let bytes = encoded(&params);
        let signature = self.key.sign(&holo_hash::sha2_512(&bytes)).to_bytes();
        map! { bytes: Value::Binary(bytes), signature: Value::Binary(signature.to_vec()) }
    }
}

/// A cell of a DNA that nobody has.
pub(crate) fn nowhere(app: &App) -> Value {
    let dna = holo_hash::DnaHash::from_raw_32(vec![9; 32]);
    Value::Array(vec![Value::Binary(dna.get_raw_39().to_vec()), app.agent.clone()])
}

/// The DNA of a cell.
pub(crate) fn dna(cell: &Value) -> Value {
    cell.as_array().unwrap()[0].clone()
}
