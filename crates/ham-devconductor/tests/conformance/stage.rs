//! What scenarios do things with: one conductor, seen through its clients.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use holochain_client::{
    AdminWebsocket, AllowedOrigins, AppWebsocket, AuthorizeSigningCredentialsPayload, ClientAgentSigner,
    ConductorApiError, ConductorApiResult, SigningCredentials,
};
use holochain_types::app::{AppBundleSource, InstallAppPayload};
use holochain_types::prelude::{CellId, ExternIO};
use holochain_types::signal::Signal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, mpsc};

use crate::app::{App, Credentials, Zome};
use crate::transcript::{Step, Transcript};
use crate::value::{order, said, wire_bytes};

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
        // Nobody announces them, so they are asked for again and again.
        let mut turn = tokio::time::interval(BOUND / 1200);
        let known = async {
            while self.admin.agent_info(Some(vec![cell.dna_hash().clone()])).await.unwrap().len() < count {
                turn.tick().await;
            }
        };
        tokio::time::timeout(BOUND / 2, known).await.expect("the network knows the agents");
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

pub(crate) fn bundle_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../happ/bundle").join(name)
}
