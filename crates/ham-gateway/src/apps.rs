//! The apps that are served: one connection each, and whether calls to it can run.

mod connection;
mod history;
mod readiness;
mod samples;
mod stats;

use std::collections::BTreeMap;
use std::sync::Arc;

use ham::{Admin, PersistentHam};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use readiness::{Readiness, RecheckSignal};
pub(crate) use samples::Ended;
pub(crate) use stats::AppStats;

use connection::Conductor;

use crate::config::Config;
use crate::error::StartError;
use crate::feed::{Feed, pump};
use crate::kind::Kind;

/// All apps, by their ids.
#[derive(Debug)]
pub(crate) struct Apps {
    apps: BTreeMap<String, Arc<App>>,
    conductor: Conductor,
    /// Changes each second, and whenever a link changes.
    changes: watch::Receiver<()>,
}

/// An app that is served.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) ham: PersistentHam,
    /// How its calls ended, and how its link fared.
    pub(crate) stats: Arc<AppStats>,
    readiness: watch::Receiver<Readiness>,
    recheck: Arc<RecheckSignal>,
}

impl Apps {
    /// Starts a connection for each app, without waiting for any. `tasks` gets the tasks that ask whether the apps can
    /// be called and those that pass their signals to the feed.
    pub(crate) fn start(
        config: &Config,
        feed: &Arc<Feed>,
        tasks: &mut JoinSet<()>,
    ) -> Result<Self, StartError> {
        let conductor = Conductor::new(config)?;
        let mut apps = BTreeMap::new();
        let (told, changes) = watch::channel(());
        for app in &config.app {
            let ham = conductor.start(app)?;
            let (feed, signals) = (Arc::clone(feed), ham.signals());
            tasks.spawn(pump(feed, app.id.clone(), ham.clone(), signals, app.backfill.clone()));
            let stats = Arc::new(AppStats::default());
            tasks.spawn(stats::changes(ham.clone(), Arc::clone(&stats), told.clone()));
            let (ready, readiness) = watch::channel(Readiness::default());
            let (id, recheck) = (app.id.clone(), Arc::new(RecheckSignal::default()));
            let asked = Arc::clone(&recheck);
            tasks.spawn(readiness::watch(id.clone(), ham.clone(), app.ready.clone(), asked, ready));
            apps.insert(id.clone(), Arc::new(App { id, ham, stats, readiness, recheck }));
        }
        let all = apps.values().map(|app: &Arc<App>| (app.ham.clone(), Arc::clone(&app.stats)));
        tasks.spawn(stats::seconds(all.collect(), told));
        Ok(Self { apps, conductor, changes })
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Arc<App>> {
        self.apps.get(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<App>> {
        self.apps.values()
    }

    /// The conductor's admin interface, if it is known.
    pub(crate) fn admin(&self) -> Option<&Admin> {
        self.conductor.admin()
    }

    /// Changes each second, and whenever a link does.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.clone()
    }

    /// Resolves once calls to all of them can run.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub(crate) async fn ready(&self) {
        for app in self.iter() {
            // Never, if its connection is closed.
            if app.readiness.clone().wait_for(Readiness::is_ready).await.is_err() {
                std::future::pending().await
            }
        }
    }

    /// Closes all connections, and then what they share.
    pub(crate) async fn close(&self) {
        futures_util::future::join_all(self.iter().map(|app| app.ham.close())).await;
        self.conductor.close().await;
    }
}

impl App {
    /// A call to it was refused with this: if that says that a cell does not run, the app is soon asked again whether
    /// its cells can be called.
    pub(crate) fn refused(&self, kind: Kind) {
        self.recheck.refused(kind);
    }

    /// Whether calls to it can run now, as found last.
    pub(crate) fn readiness(&self) -> Readiness {
        self.readiness.borrow().clone()
    }
}
