//! What is asked of the conductor while it is killed: apps come and go, clones come and go, a chain grows.

use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use ham::{Admin, CallOptions, CallPolicy, PersistentHam};
use holochain_conductor_api::{AdminRequest, AdminResponse};
use holochain_types::app::{
    AppBundleSource, CreateCloneCellPayload, DeleteCloneCellPayload, DisableCloneCellPayload,
    EnableCloneCellPayload, InstallAppPayload,
};
use holochain_types::prelude::{ActionHash, CloneCellId, DnaHash, DnaModifiersOpt};
use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::ledger::{Fate, Ledger, Written};

/// The app that stays.
pub(crate) const KEPT: &str = "kept";

/// What is known of everything.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) apps: Mutex<Ledger>,
    pub(crate) clones: Mutex<Ledger>,
    pub(crate) items: Mutex<Written>,
    named: Mutex<usize>,
}

/// A conductor that is used until it is killed.
pub(crate) struct Load<'a> {
    pub(crate) world: &'a World,
    pub(crate) bundle: &'a Path,
    pub(crate) admin: &'a Admin,
    pub(crate) ham: &'a PersistentHam,
    /// How many requests were answered.
    pub(crate) answered: &'a watch::Sender<usize>,
    /// From now on answers may be missing.
    pub(crate) killed: &'a CancellationToken,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

impl Load<'_> {
    /// Installs, enables and uninstalls, until the conductor is killed.
    pub(crate) async fn apps(&self, mut rng: StdRng) {
        while !self.killed.is_cancelled() {
            let living = lock(&self.world.apps).all(Fate::On);
            if living.len() > 3 || (!living.is_empty() && rng.random_bool(0.4)) {
                let app = &living[rng.random_range(0..living.len())];
                lock(&self.world.apps).asked(app);
                let gone = self.admin.uninstall_app(app, false).await;
                self.tell(gone, &self.world.apps, app, Fate::Gone);
                continue;
            }
            let app = &self.name("app");
            lock(&self.world.apps).asked(app);
            let installed = self.admin.install_app(payload(self.bundle, app)).await;
            if self.tell(installed, &self.world.apps, app, Fate::Off).is_some() {
                lock(&self.world.apps).asked(app);
                let enabled = self.admin.enable_app(app).await;
                self.tell(enabled, &self.world.apps, app, Fate::On);
            }
        }
    }

    /// Makes, disables, enables and deletes clones of the app that stays.
    pub(crate) async fn clones(&self, mut rng: StdRng, hash_of: impl Fn(&str) -> Option<DnaHash>) {
        let mut made: std::collections::BTreeMap<String, DnaHash> = std::collections::BTreeMap::new();
        while !self.killed.is_cancelled() {
            let ledger = &self.world.clones;
            let on = lock(ledger).all(Fate::On);
            let off = lock(ledger).all(Fate::Off);
            let living = [&on[..], &off[..]].concat();
            if living.len() < 3 && (living.is_empty() || rng.random_bool(0.5)) {
                let seed = &self.name("clone");
                let payload = CreateCloneCellPayload {
                    role_name: "probe".to_owned(),
                    modifiers: DnaModifiersOpt::none().with_network_seed(seed.clone()),
                    membrane_proof: None,
                    name: None,
                };
                lock(ledger).asked(seed);
                let clone = self.ham.create_clone(payload).await;
                if let Some(clone) = self.tell(clone, ledger, seed, Fate::On) {
                    made.insert(seed.clone(), clone.cell_id.dna_hash().clone());
                }
                continue;
            }
            let seed = &living[rng.random_range(0..living.len())];
            let Some(dna) = made.get(seed).cloned().or_else(|| hash_of(seed)) else { panic!("{seed}") };
            let clone_cell_id = CloneCellId::DnaHash(dna);
            lock(ledger).asked(seed);
            if on.contains(seed) {
                let payload = DisableCloneCellPayload { clone_cell_id };
                let disabled = self.ham.disable_clone(payload).await;
                self.tell(disabled, ledger, seed, Fate::Off);
            } else if rng.random_bool(0.5) {
                let payload = EnableCloneCellPayload { clone_cell_id };
                let enabled = self.ham.enable_clone(payload).await;
                self.tell(enabled, ledger, seed, Fate::On);
            } else {
                let payload = DeleteCloneCellPayload { app_id: KEPT.to_owned(), clone_cell_id };
                let request = AdminRequest::DeleteCloneCell(Box::new(payload));
                let deleted = self.admin.request("delete_clone_cell", "list the clones", &request).await;
                if let Some(answer) = self.tell(deleted, ledger, seed, Fate::Gone) {
                    assert!(matches!(answer, AdminResponse::CloneCellDeleted), "{answer:?}");
                }
            }
        }
    }

    /// Writes to the chain of the app that stays.
    pub(crate) async fn items(&self) {
        let options = CallOptions::default().with_policy(CallPolicy::FailFast).with_deadline(PATIENCE);
        while !self.killed.is_cancelled() {
            let id = self.name("item");
            lock(&self.world.items).asked(&id);
            let item = json!({ "call_id": id, "body": "of a chain" });
            let call =
                self.ham.call_zome_with::<_, ActionHash>("probe", "probe", "create_item", item, options);
            match call.await {
                Ok(_) => {
                    lock(&self.world.items).answered(&id);
                    self.answered.send_modify(|answered| *answered += 1);
                }
                Err(error) => self.must_be_killed(&error),
            }
        }
    }

    /// Writes down what was acknowledged.
    fn tell<T, E: std::fmt::Debug>(
        &self,
        answer: Result<T, E>,
        ledger: &Mutex<Ledger>,
        name: &str,
        fate: Fate,
    ) -> Option<T> {
        match answer {
            Ok(answer) => {
                lock(ledger).answered(name, fate);
                self.answered.send_modify(|answered| *answered += 1);
                Some(answer)
            }
            Err(error) => {
                self.must_be_killed(&error);
                None
            }
        }
    }

    fn must_be_killed(&self, error: &impl std::fmt::Debug) {
        assert!(self.killed.is_cancelled(), "the conductor was not killed, and yet: {error:?}");
    }

    fn name(&self, kind: &str) -> String {
        let mut named = lock(&self.world.named);
        *named += 1;
        format!("{kind} {named}")
    }
}

pub(crate) fn payload(bundle: &Path, app: &str) -> InstallAppPayload {
    InstallAppPayload {
        source: AppBundleSource::Path(bundle.to_owned()),
        agent_key: None,
        installed_app_id: Some(app.to_owned()),
        network_seed: Some(app.to_owned()),
        roles_settings: None,
        ignore_genesis_failure: false,
        restore_from_dht: false,
    }
}

/// Reaching it means a hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
