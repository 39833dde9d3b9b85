//! The apps that are served: one connection each, and whether it can be called.

mod connection;
mod readiness;

use std::collections::BTreeMap;
use std::sync::Arc;

use ham::PersistentHam;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use readiness::Readiness;

use crate::config::Config;
use crate::error::StartError;

/// All apps, by their ids.
#[derive(Debug)]
pub(crate) struct Apps(BTreeMap<String, Arc<App>>);

/// An app that is served.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) ham: PersistentHam,
    readiness: watch::Receiver<Readiness>,
}

impl Apps {
    /// Starts a connection for each app, without waiting for any; what asks whether they can be called is one of `tasks`.
    pub(crate) async fn start(config: &Config, tasks: &mut JoinSet<()>) -> Result<Self, StartError> {
        let mut apps = BTreeMap::new();
        for app in &config.app {
            let ham = connection::start(config, app).await?;
            let (told, readiness) = watch::channel(Readiness::default());
            tasks.spawn(readiness::watch(ham.clone(), app.ready.clone(), told));
            let id = app.id.clone();
            apps.insert(id.clone(), Arc::new(App { id, ham, readiness }));
        }
        Ok(Self(apps))
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Arc<App>> {
        self.0.get(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<App>> {
        self.0.values()
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
