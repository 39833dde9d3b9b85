//! The apps that are served: one connection each, and whether it can be called.

mod connection;
mod readiness;

use std::collections::BTreeMap;
use std::sync::Arc;

use ham::PersistentHam;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use readiness::Readiness;

use crate::config::{self, Config};
use crate::error::StartError;
use crate::record::{self, Record};

/// All apps, by their ids.
#[derive(Debug)]
pub(crate) struct Apps {
    by_id: BTreeMap<String, Arc<App>>,
    seconds: watch::Receiver<i64>,
}

/// An app that is served.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) ham: PersistentHam,
    /// Where its conductor is.
    pub(crate) conductor: String,
    pub(crate) record: Arc<Record>,
    readiness: watch::Receiver<Readiness>,
}

impl Apps {
    /// Starts a connection for each app, without waiting for any; what asks whether they can be called is one of `tasks`.
    pub(crate) async fn start(config: &Config, tasks: &mut JoinSet<()>) -> Result<Self, StartError> {
        let mut apps = BTreeMap::new();
        for app in &config.app {
            let ham = connection::start(config, app).await?;
            let (told, readiness) = watch::channel(Readiness::default());
            tasks.spawn(readiness::watch(app.id.clone(), ham.clone(), app.ready.clone(), told));
            let record = Arc::<Record>::default();
            tasks.spawn(record::follow(ham.clone(), Arc::clone(&record)));
            let (id, conductor) = (app.id.clone(), place(config, app));
            apps.insert(id.clone(), Arc::new(App { id, ham, conductor, record, readiness }));
        }
        let (told, seconds) = watch::channel(0);
        let recorded = apps.values().map(|app| (app.ham.clone(), Arc::clone(&app.record)));
        tasks.spawn(record::keep(recorded.collect(), told));
        Ok(Self { by_id: apps, seconds })
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Arc<App>> {
        self.by_id.get(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<App>> {
        self.by_id.values()
    }

    /// The second for which there were samples last, in milliseconds since 1970.
    pub(crate) fn seconds(&self) -> watch::Receiver<i64> {
        self.seconds.clone()
    }

    /// Resolves once the calls of all of them can run.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(crate) async fn ready(&self) {
        for app in self.iter() {
            // Where its connection is closed it never is.
            if app.readiness.clone().wait_for(Readiness::is_ready).await.is_err() {
                std::future::pending().await
            }
        }
    }

    /// Closes all connections.
    pub(crate) async fn close(&self) {
        futures_util::future::join_all(self.iter().map(|app| app.ham.close())).await;
    }
}

impl App {
    /// Whether its calls can run now, as it was found last.
    pub(crate) fn readiness(&self) -> Readiness {
        self.readiness.borrow().clone()
    }
}

/// The address of an app's conductor, without credentials.
fn place(config: &Config, app: &config::App) -> String {
    let url = app.app_url.as_ref().or(config.conductor.admin_url.as_ref());
    let address = url.and_then(|url| Some((url.host_str()?, url.port_or_known_default()?)));
    address.map(|(host, port)| format!("{host}:{port}")).unwrap_or_default()
}
