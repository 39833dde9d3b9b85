//! What scenarios do things with: one conductor, seen through its clients.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::Signer as _;
use holochain_client::{
    AdminWebsocket, AllowedOrigins, AppInfo, AppWebsocket, AuthorizeSigningCredentialsPayload, CellInfo,
    ClientAgentSigner, ConductorApiError, ConductorApiResult, SigningCredentials,
};
use holochain_conductor_api::ZomeCallParamsSigned;
use holochain_types::app::{AppBundleSource, InstallAppPayload};
use holochain_types::prelude::{
    AgentPubKey, CapSecret, CellId, ExternIO, Signature, Timestamp, ZomeCallParams,
};
use holochain_types::signal::Signal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, mpsc};

use crate::transcript::{Step, Transcript, wire};

/// Longer than anything here takes; nothing is expected to take it.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// A conductor, and what it has answered in the scenario that runs.
pub(crate) struct Stage {
    pub(crate) admin: AdminWebsocket,
    pub(crate) admin_port: u16,
    pub(crate) app_port: u16,
    scenario: &'static str,
    transcript: Transcript,
    shared: Option<(Arc<App>, Zome)>,
}

/// An installed app and a client of it.
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) info: AppInfo,
    pub(crate) client: AppWebsocket,
    pub(crate) agent: AgentPubKey,
    signals: Mutex<mpsc::Receiver<Signal>>,
}

/// A zome of a cell, and the right to call it.
#[derive(Clone)]
pub(crate) struct Zome {
    pub(crate) client: AppWebsocket,
    pub(crate) cell: CellId,
    pub(crate) name: &'static str,
    pub(crate) credentials: Credentials,
}

/// A key, and the secret of the grant that lets it in.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) signing_agent_key: AgentPubKey,
    pub(crate) keypair: ed25519_dalek::SigningKey,
    pub(crate) cap_secret: CapSecret,
}

impl Stage {
    pub(crate) async fn new(admin_port: u16) -> Self {
        let admin = AdminWebsocket::connect((Ipv4Addr::LOCALHOST, admin_port), None).await.unwrap();
        let app_port = admin.attach_app_interface(0, None, AllowedOrigins::Any, None).await.unwrap();
        Self { admin, admin_port, app_port, scenario: "", transcript: Transcript::default(), shared: None }
    }

    /// A connection of its own for what comes next.
    pub(crate) async fn renew(&mut self) {
        self.admin = AdminWebsocket::connect((Ipv4Addr::LOCALHOST, self.admin_port), None).await.unwrap();
    }

    pub(crate) fn begin(&mut self, scenario: &'static str) {
        (self.scenario, self.transcript) = (scenario, Transcript::default());
    }

    pub(crate) fn end(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.transcript).into_steps()
    }

    /// Notes a value.
    pub(crate) fn note(&mut self, step: &str, value: impl Serialize) {
        let value = self.transcript.value(value);
        self.transcript.add(step, value);
    }

    /// Notes a text.
    pub(crate) fn say(&mut self, step: &str, text: &str) {
        let text = self.transcript.text(text);
        self.transcript.add(step, text);
    }

    /// Notes an answer or an error, and hands the answer on.
    pub(crate) fn answer<T: Serialize>(&mut self, step: &str, answer: ConductorApiResult<T>) -> Option<T> {
        match answer {
            Ok(value) => {
                self.note(step, &value);
                Some(value)
            }
            Err(error) => {
                self.error(step, &error);
                None
            }
        }
    }

    pub(crate) fn error(&mut self, step: &str, error: &ConductorApiError) {
        let text = match error {
            ConductorApiError::ExternalApiWireError(error) => format!("error {error:?}"),
            other => format!("client error {other:?}"),
        };
        self.say(step, &text);
    }

    /// The id of an app of this scenario.
    pub(crate) fn id(&self, name: &str) -> String {
        format!("{} {name}", self.scenario)
    }

    /// Asks for an app with cells of its own.
    pub(crate) fn payload(&self, bundle: &str, name: &str) -> InstallAppPayload {
        InstallAppPayload {
            source: AppBundleSource::Path(bundle_path(bundle)),
            agent_key: None,
            installed_app_id: Some(self.id(name)),
            network_seed: Some(self.scenario.to_owned()),
            roles_settings: None,
            ignore_genesis_failure: false,
            restore_from_dht: false,
        }
    }

    /// Installs an app and enables it.
    pub(crate) async fn install(&mut self, bundle: &str, name: &str) -> App {
        let payload = self.payload(bundle, name);
        self.install_with(payload).await
    }

    pub(crate) async fn install_with(&mut self, payload: InstallAppPayload) -> App {
        let app = self.admin.install_app(payload).await.unwrap();
        self.admin.enable_app(app.installed_app_id.clone()).await.unwrap();
        self.connect(&app.installed_app_id).await
    }

    pub(crate) async fn connect(&self, id: &str) -> App {
        let token = self.admin.issue_app_auth_token(id.to_owned().into()).await.unwrap().token;
        let address = (Ipv4Addr::LOCALHOST, self.app_port);
        let signer = Arc::new(ClientAgentSigner::default());
        let client = AppWebsocket::connect(address, token, signer, None).await.unwrap();
        let (sender, signals) = mpsc::channel(256);
        client.on_signal(move |signal| drop(sender.try_send(signal))).await;
        let info = client.cached_app_info().clone();
        let agent = info.agent_pub_key.clone();
        App { id: id.to_owned(), info, client, agent, signals: Mutex::new(signals) }
    }

    /// Notes whether that right is given; nobody uses it.
    pub(crate) async fn grant(&mut self, step: &str, cell: &CellId) {
        let payload = AuthorizeSigningCredentialsPayload { cell_id: cell.clone(), functions: None };
        let granted = self.admin.authorize_signing_credentials(payload).await;
        self.answer(step, granted.map(drop));
    }

    /// The right to call every function of a cell.
    pub(crate) async fn enter(&self, app: &App, role: &str, zome: &'static str) -> Zome {
        self.enter_cell(app, app.cell(role), zome).await
    }

    pub(crate) async fn enter_cell(&self, app: &App, cell: CellId, zome: &'static str) -> Zome {
        let payload = AuthorizeSigningCredentialsPayload { cell_id: cell.clone(), functions: None };
        let granted = self.admin.authorize_signing_credentials(payload).await.unwrap();
        let SigningCredentials { signing_agent_key, keypair, cap_secret } = granted;
        let credentials = Credentials { signing_agent_key, keypair, cap_secret };
        Zome { client: app.client.clone(), cell, name: zome, credentials }
    }

    /// The app `features` that scenarios share which do not look at the whole chain.
    pub(crate) async fn shared(&mut self) -> (Arc<App>, Zome) {
        if self.shared.is_none() {
            let payload = InstallAppPayload {
                installed_app_id: Some("shared".to_owned()),
                network_seed: Some("shared".to_owned()),
                ..self.payload("features.happ", "")
            };
            let app = self.install_with(payload).await;
            let zome = self.enter(&app, "features", "features").await;
            zome.quiet::<()>("nothing", ()).await;
            self.shared = Some((Arc::new(app), zome));
        }
        self.shared.clone().unwrap()
    }

    /// An app of this bundle and its first zome: `features` or `probe`.
    pub(crate) async fn features(&mut self) -> (App, Zome) {
        let app = self.install("features.happ", "app").await;
        let zome = self.enter(&app, "features", "features").await;
        (app, zome)
    }

    pub(crate) async fn probe(&mut self) -> (App, Zome) {
        let app = self.install("probe.happ", "app").await;
        let zome = self.enter(&app, "probe", "probe").await;
        (app, zome)
    }

    /// Calls a function and notes what it answers.
    pub(crate) async fn call(
        &mut self,
        zome: &Zome,
        function: &str,
        input: impl Serialize,
    ) -> Option<ExternIO> {
        let answer = zome.send(function, input).await;
        let step =
            if zome.name == "features" { function.to_owned() } else { format!("{}:{function}", zome.name) };
        match answer {
            Ok(answer) => {
                let shown = answer.clone();
                self.shown(&step, &shown);
                Some(answer)
            }
            Err(error) => {
                self.error(&step, &error);
                None
            }
        }
    }

    /// Calls a function whose answer has lists of actions in no order: notes them in the order of their times.
    pub(crate) async fn call_unordered(&mut self, zome: &Zome, function: &str, input: impl Serialize) {
        let answer = zome.send(function, input).await;
        let answer = answer.map(|answer| {
            let mut value = wire_bytes(&answer);
            order(&mut value);
            value
        });
        self.answer(function, answer);
    }

    /// Notes an answer by what its bytes say.
    pub(crate) fn shown(&mut self, step: &str, answer: &ExternIO) {
        match rmpv::decode::read_value(&mut answer.as_bytes()) {
            Ok(value) => self.note(step, value),
            Err(_) => self.note(step, answer.as_bytes()),
        }
    }

    /// Calls a function that must answer, and notes its answer.
    pub(crate) async fn get<T: DeserializeOwned + std::fmt::Debug>(
        &mut self,
        zome: &Zome,
        function: &str,
        input: impl Serialize,
    ) -> T {
        self.call(zome, function, input).await.expect("an answer").decode().unwrap()
    }

    /// Waits until the network knows so many agents of the cell's DNA; where there is no network, nothing has to be waited for.
    pub(crate) async fn wait_for_agents(&self, cell: &CellId, count: usize) {
        let stats = self.admin.dump_network_stats().await.unwrap();
        if stats.transport_stats.backend == "none" {
            return;
        }
        while self.admin.agent_info(Some(vec![cell.dna_hash().clone()])).await.unwrap().len() < count {
            self.a_moment().await;
        }
    }

    /// Between two looks at something that nobody announces.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one pause of this suite, in loops that end by what they see"
    )]
    pub(crate) async fn a_moment(&self) {
        tokio::time::sleep(BOUND / 1200).await;
    }

    /// Waits for so many signals and notes them, by what they say: `holochain` does not keep their order, not even of two that
    /// one call sends.
    pub(crate) async fn signals(&mut self, step: &str, app: &App, count: usize) {
        let mut signals = app.signals.lock().await;
        let mut heard = Vec::new();
        while heard.len() < count {
            match tokio::time::timeout(BOUND / 4, signals.recv()).await {
                Ok(Some(signal)) => heard.push(signal),
                Ok(None) | Err(_) => break,
            }
        }
        heard.sort_by_cached_key(said);
        self.note(&format!("{step}, number"), heard.len());
        heard.into_iter().for_each(|signal| self.signal(step, signal));
    }

    fn signal(&mut self, step: &str, signal: Signal) {
        match signal {
            Signal::App { cell_id, zome_name, signal } => {
                let said = wire_bytes(&signal.into_inner());
                self.note(step, ("app", cell_id, zome_name, said));
            }
            Signal::AppDirect { cell_id, from_agent, signal } => {
                self.note(step, ("direct", cell_id, from_agent, signal));
            }
            Signal::System(signal) => self.say(step, &format!("{signal:?}")),
        }
    }
}

impl App {
    pub(crate) fn cell(&self, role: &str) -> CellId {
        let CellInfo::Provisioned(cell) = &self.info.cell_info[role][0] else { panic!("{role}") };
        cell.cell_id.clone()
    }

    /// Waits for so many signals and throws them away.
    pub(crate) async fn hear(&self, count: usize) {
        let mut signals = self.signals.lock().await;
        for _ in 0..count {
            tokio::time::timeout(BOUND / 4, signals.recv()).await.unwrap().unwrap();
        }
    }
}

impl Zome {
    /// Another zome of the same cell.
    pub(crate) fn beside(&self, name: &'static str) -> Self {
        Self { name, ..self.clone() }
    }

    /// What a call signs, for a scenario to change.
    pub(crate) fn params(&self, function: &str, input: impl Serialize) -> ZomeCallParams {
        let (nonce, expires_at) = holochain_nonce::fresh_nonce(Timestamp::now()).unwrap();
        ZomeCallParams {
            provenance: self.credentials.signing_agent_key.clone(),
            cell_id: self.cell.clone(),
            zome_name: self.name.into(),
            fn_name: function.into(),
            cap_secret: Some(self.credentials.cap_secret),
            payload: encoded(input),
            nonce,
            expires_at,
        }
    }

    pub(crate) fn sign(&self, params: &ZomeCallParams) -> ZomeCallParamsSigned {
        self.sign_bytes(ExternIO::encode(params).unwrap())
    }

    pub(crate) fn sign_bytes(&self, bytes: ExternIO) -> ZomeCallParamsSigned {
        let hash = holo_hash::sha2_512(bytes.as_bytes());
        let signature = Signature(self.credentials.keypair.sign(&hash).to_bytes());
        ZomeCallParamsSigned { bytes, signature }
    }

    pub(crate) async fn send_params(&self, params: &ZomeCallParams) -> ConductorApiResult<ExternIO> {
        self.client.signed_call_zome(self.sign(params)).await
    }

    /// Calls a function; nothing is noted.
    pub(crate) async fn send(&self, function: &str, input: impl Serialize) -> ConductorApiResult<ExternIO> {
        self.send_params(&self.params(function, input)).await
    }

    /// Calls a function that must answer; nothing is noted.
    pub(crate) async fn quiet<T: DeserializeOwned + std::fmt::Debug>(
        &self,
        function: &str,
        input: impl Serialize,
    ) -> T {
        self.send(function, input).await.unwrap().decode().unwrap()
    }
}

pub(crate) fn encoded(input: impl Serialize) -> ExternIO {
    ExternIO(rmp_serde::to_vec_named(&input).unwrap())
}

/// What a signal is about: the fields of its payload that are texts.
fn said(signal: &Signal) -> Vec<String> {
    let Signal::App { signal, .. } = signal else { return vec![format!("{signal:?}")] };
    let value = wire_bytes(&signal.clone().into_inner());
    let fields = value.as_map().into_iter().flatten();
    fields.filter_map(|(_, value)| value.as_str().map(str::to_owned)).collect()
}

/// Orders lists of actions by their time.
fn order(value: &mut rmpv::Value) {
    match value {
        rmpv::Value::Map(fields) => fields.iter_mut().for_each(|(_, value)| order(value)),
        rmpv::Value::Array(items) => {
            items.iter_mut().for_each(order);
            if items.iter().all(|item| time(item).is_some()) {
                items.sort_by_key(time);
            }
        }
        _ => {}
    }
}

/// The time of an action, or of the first in a list that has it with others.
fn time(action: &rmpv::Value) -> Option<u64> {
    if let rmpv::Value::Array(items) = action {
        return items.first().and_then(time);
    }
    let path = ["hashed", "content", "header", "timestamp"];
    let found = path.iter().try_fold(action, |value, name| {
        value.as_map()?.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value)
    });
    found?.as_u64()
}

fn wire_bytes(bytes: &ExternIO) -> rmpv::Value {
    rmpv::decode::read_value(&mut bytes.as_bytes()).unwrap_or_else(|_| wire(bytes))
}

pub(crate) fn bundle_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../happ/bundle").join(name)
}

/// A MessagePack map: the argument of a function that takes a struct.
macro_rules! map {
    ($($key:ident: $value:expr),* $(,)?) => {
        rmpv::Value::Map(vec![$((stringify!($key).into(), $crate::transcript::wire(&$value))),*])
    };
}
pub(crate) use map;
