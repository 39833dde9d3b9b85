//! A conductor with the probe, a proxy before it, and a directory for the gateway.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};

use ham::{PersistentHam, PersistentHamConfig, ResetRule, RetryDelay, default_retry};
use ham_launcher::{Conductor, HappBundleSource, Install, InstallOptions};
use ham_testkit::chaos::{Fault, Proxy};
use holochain_types::prelude::{CreateCloneCellPayload, DnaModifiersOpt};
use tempfile::TempDir;

use crate::gateway::{Gateway, TIMEOUT};
use crate::job::{APP, Ask, Job, Say, Setup, Told, Way};
use crate::ledger::{Figures, Ledger};

/// The cells that are called: a role and its clones.
pub(crate) const ROLES: [&str; 5] = ["probe", "probe.0", "probe.1", "probe.2", "probe.3"];

pub(crate) struct Stage {
    pub(crate) conductor: Conductor,
    pub(crate) proxy: Proxy,
    pub(crate) ham: PersistentHam,
    pub(crate) setup: Setup,
    pub(crate) ledger: Ledger,
    _state: TempDir,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let install = Install::of_test(env!("CARGO_CRATE_NAME")).await.unwrap();
        let bundle = HappBundleSource::Path(install.probe_bundle_path());
        let conductor = Conductor::builder().with_install(install).start().await.unwrap();
        conductor.install_app(&bundle, APP, InstallOptions::default()).await.unwrap();
        conductor.enable(APP).await.unwrap();
        let ham = PersistentHam::connect(config(&conductor)).await.unwrap();
        ham.wait_until_callable("probe", TIMEOUT, |_| ()).await.unwrap();
        for clone in 1..ROLES.len() {
            let modifiers = DnaModifiersOpt::none().with_network_seed(format!("clone {clone}"));
            let payload = CreateCloneCellPayload {
                role_name: "probe".into(),
                modifiers,
                membrane_proof: None,
                name: None,
            };
            ham.create_clone(payload).await.unwrap();
        }
        let proxy = Proxy::start_with(app_address(&ham).await, Vec::<Fault>::new()).await.unwrap();
        let state = tempfile::tempdir().unwrap();
        let setup = Setup {
            admin_port: conductor.admin_port(),
            app: format!("ws://{}", proxy.address()),
            state: state.path().to_owned(),
            linger_ms: 60_000,
            answer_within_ms: 60_000,
            ahead_s: 0,
            without_link: false,
        };
        let stage = Self { conductor, proxy, ham, setup, ledger: Ledger::default(), _state: state };
        stage.chain().await;
        stage
    }

    /// Has the gateway make calls.
    pub(crate) async fn make(&mut self, gateway: &mut Gateway, jobs: &[Job]) {
        for job in jobs {
            self.ledger.made(job);
            gateway.ask(&Ask::Make(job.clone())).await;
        }
    }

    /// Starts the conductor again after its end.
    pub(crate) async fn restart_conductor(&mut self) {
        self.conductor.restart().await.unwrap();
        self.ham.connected(TIMEOUT).await.unwrap();
        self.ham.wait_until_callable("probe", TIMEOUT, |_| ()).await.unwrap();
        self.proxy.set_upstream(app_address(&self.ham).await);
    }

    /// Repeats what is not over, under the same keys, until all is; then looks at each call that was named.
    pub(crate) async fn settle(&mut self, gateway: &mut Gateway) {
        let entries = || self.ledger.jobs.values();
        let repeats: Vec<_> = entries()
            .filter(|entry| entry.job.way != Way::Direct && !entry.is_over())
            .map(|entry| Job { within_ms: 60_000, ..entry.job.clone() })
            .collect();
        for job in &repeats {
            gateway.ask(&Ask::Make(job.clone())).await;
        }
        let mut left = repeats.len();
        let told = |said: &Say| matches!(said, Say::Told { .. });
        if left > 0 {
            let all = gateway.listen(&mut self.ledger, |said| {
                left -= usize::from(told(said));
                left == 0
            });
            assert!(all.await, "the gateway died");
        }
        gateway.ask(&Ask::Settle).await;
        assert!(gateway.listen(&mut self.ledger, |said| matches!(said, Say::Settled)).await, "it settles");
        let looks: Vec<_> = self
            .ledger
            .jobs
            .values()
            .filter(|entry| !entry.is_over())
            .filter_map(|entry| Some((entry.job.id.clone(), entry.call.clone()?)))
            .collect();
        for (job, call) in looks {
            gateway.ask(&Ask::Look { job: job.clone(), call }).await;
            // Others may be told meanwhile.
            let looked = gateway
                .listen(&mut self.ledger, |said| matches!(said, Say::Told { job: of, .. } if *of == job));
            assert!(looked.await, "it looks");
        }
    }

    /// Compares everything.
    pub(crate) async fn compare(&self) -> Figures {
        let figures = self.ledger.compare(&self.chain().await);
        for (id, entry) in &self.ledger.jobs {
            // A direct call whose process was killed under it has nobody who could be told.
            let is_orphan = entry.job.way == Way::Direct && entry.call.is_none();
            let is_told = entry.told.last().is_some_and(|told| *told != Told::Open && *told != Told::Gone);
            assert!(is_told || is_orphan, "{id} is not settled: {entry:?}");
        }
        figures
    }

    /// How often each call is on the chains.
    pub(crate) async fn chain(&self) -> HashMap<String, usize> {
        #[derive(Debug, serde::Deserialize)]
        struct Item {
            call_id: String,
        }
        let mut chain = HashMap::new();
        for role in ROLES {
            let items: Vec<Item> = self.ham.call_zome(role, "probe", "list_items", ()).await.unwrap();
            for item in items {
                *chain.entry(item.call_id).or_default() += 1;
            }
        }
        chain
    }

    pub(crate) async fn strike(self) {
        self.ham.close().await;
        self.proxy.stop().await;
        self.conductor.stop().await.unwrap();
    }
}

fn config(conductor: &Conductor) -> PersistentHamConfig {
    let retry = match default_retry() {
        RetryDelay::Exponential(exponential) => exponential.with_reset(ResetRule::OnConnect).into(),
        fixed => fixed,
    };
    PersistentHamConfig::local(conductor.admin_port(), APP).with_deadline(TIMEOUT).with_retry(retry)
}

async fn app_address(ham: &PersistentHam) -> SocketAddr {
    let listed = ham.admin().unwrap().list_app_interfaces().await.unwrap();
    let ours = listed.iter().find(|interface| interface.installed_app_id.as_deref() == Some(APP)).unwrap();
    (Ipv4Addr::LOCALHOST, ours.port).into()
}
