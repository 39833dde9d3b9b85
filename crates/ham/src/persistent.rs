//! A connection to one app that stays up, and on which every call gets a true outcome.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ham_persistent::{AttemptError, Event, Persistent, WeakPersistent};
use ham_session::Link;
use holochain_conductor_api::{AppInfo, AppRequest, AppResponse};
use holochain_types::prelude::{
    AppStatus, CreateCloneCellPayload, DisableCloneCellPayload, DisabledAppReason, EnableCloneCellPayload,
    MemproofMap,
};
use holochain_zome_types::cell::CellId;
use holochain_zome_types::clone::ClonedCell;
use holochain_zome_types::prelude::ExternIO;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::admin::Admin;
use crate::breaker::Breakers;
use crate::call::{CallOptions, CallPlan, Fenced, SignedCall};
use crate::cell::{self, CallTarget};
use crate::conductor::{ConductorProtocol, Request, Welcome};
use crate::config::PersistentHamConfig;
use crate::connector::ConductorConnector;
use crate::error::{CallError, ConnectError, Outcome, from_request};
use crate::signal::{GapCause, SignalHub, Signals};
use crate::signing::Signer;
use crate::state::{CurrentLink, HamState, StateWatch};
use crate::wire::{self, BadAnswer, NotRunning, Verdict};
use crate::{events, metrics as names};

/// How often a cell that is not callable is asked again: there is no event to wait for (holochain#5951).
pub const READINESS_POLL: Duration = Duration::from_millis(100);

/// A persistent connection to one app on one conductor. Cheap to clone; all clones share one link.
///
/// The link is dialled at once and again whenever it ends, by one task, until [`close`](Self::close) or until the last
/// clone is dropped. Calls wait for it within their deadline.
#[derive(Clone)]
pub struct PersistentHam {
    shared: Arc<Shared>,
}

/// What all clones share.
pub(crate) struct Shared {
    pub(crate) config: Arc<PersistentHamConfig>,
    pub(crate) signer: Signer,
    pub(crate) breakers: Breakers,
    persistent: Persistent<ConductorConnector>,
    admin: Option<Admin>,
    signals: Arc<SignalHub>,
    /// The newest app info; replaced by every link and every refresh.
    app: Arc<RwLock<Option<Arc<AppInfo>>>>,
}

impl fmt::Debug for PersistentHam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersistentHam")
            .field("config", &self.shared.config)
            .field("state", &self.state().get())
            .finish_non_exhaustive()
    }
}

impl PersistentHam {
    /// Starts the connection and returns at once; calls wait for the link.
    ///
    /// # Errors
    /// [`ConnectError::Config`] and [`ConnectError::NoInterface`] when the configuration cannot work.
    pub fn start(config: PersistentHamConfig) -> Result<Self, ConnectError> {
        let builder = Parts::new(config)?;
        let persistent = builder.persistent().spawn();
        Ok(builder.finish(persistent))
    }

    /// Starts the connection and resolves when the first link is live.
    ///
    /// # Errors
    /// As [`start`](Self::start), and why the first attempt failed; nothing is retried then.
    ///
    /// # Cancel safety
    /// Cancel-safe: dropping the future ends the attempt.
    pub async fn connect(config: PersistentHamConfig) -> Result<Self, ConnectError> {
        let builder = Parts::new(config)?;
        let persistent = builder.persistent().spawn_connected().await.map_err(|error| match error {
            AttemptError::FailedToConnect(error) => (*error).clone(),
            AttemptError::Closed(_) => ConnectError::Closed,
        })?;
        Ok(builder.finish(persistent))
    }

    /// Calls a zome function with the connection's deadline and [`CallPolicy::Resume`](crate::CallPolicy::Resume).
    ///
    /// # Errors
    /// See [`CallError`]; ask it for [`outcome`](CallError::outcome), [`effect`](CallError::effect) and
    /// [`recovery`](CallError::recovery).
    ///
    /// # Cancel safety
    /// Dropping the future gives up the answer; a call that was sent may still run. To keep its fate in hand use
    /// [`prepare`](Self::prepare).
    pub async fn call_zome<I, O>(
        &self,
        target: impl Into<CallTarget>,
        zome: &str,
        function: &str,
        payload: I,
    ) -> Result<O, CallError>
    where
        I: Serialize + fmt::Debug,
        O: DeserializeOwned,
    {
        self.call_zome_with(target, zome, function, payload, CallOptions::default()).await
    }

    /// As [`call_zome`](Self::call_zome) with options.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// As [`call_zome`](Self::call_zome).
    pub async fn call_zome_with<I, O>(
        &self,
        target: impl Into<CallTarget>,
        zome: &str,
        function: &str,
        payload: I,
        options: CallOptions,
    ) -> Result<O, CallError>
    where
        I: Serialize + fmt::Debug,
        O: DeserializeOwned,
    {
        let payload = ExternIO::encode(payload).map_err(|error| CallError::Encode(error.to_string()))?;
        let output = self.call_zome_raw(target, zome, function, payload, options).await?;
        rmp_serde::from_slice(&output.0).map_err(|error| CallError::Decode(error.to_string()))
    }

    /// Calls a zome function with an encoded payload and returns the encoded output.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// As [`call_zome`](Self::call_zome).
    pub async fn call_zome_raw(
        &self,
        target: impl Into<CallTarget>,
        zome: &str,
        function: &str,
        payload: ExternIO,
        options: CallOptions,
    ) -> Result<ExternIO, CallError> {
        self.shared.call(&plan(target, zome, function, payload), options).await
    }

    /// Signs a call without sending it, to be journalled first. Its nonce lives for `deadline` and the skew margin.
    ///
    /// # Errors
    /// See [`CallError`]; nothing was sent.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn prepare<I: Serialize + fmt::Debug>(
        &self,
        target: impl Into<CallTarget>,
        zome: &str,
        function: &str,
        payload: I,
        deadline: Duration,
    ) -> Result<SignedCall, CallError> {
        let payload = ExternIO::encode(payload).map_err(|error| CallError::Encode(error.to_string()))?;
        self.shared.sign(&plan(target, zome, function, payload), Instant::now() + deadline).await
    }

    /// Sends a prepared call, or sends it again: after a lost link, after this process's own crash. The conductor runs
    /// it at most once.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::Arrived`] when an earlier sending got through. A call that was read from a
    /// journal may have been sent by the process that wrote it, so its errors never claim [`Outcome::NotRun`] unless the
    /// conductor's answer proves it.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the answer; send it again to learn more.
    pub async fn send_signed(&self, call: &SignedCall, options: CallOptions) -> Result<ExternIO, CallError> {
        self.shared.send_signed(call, options).await
    }

    /// Settles a lost call: burns its nonce by a harmless request, or learns that the call had arrived.
    ///
    /// # Errors
    /// See [`CallError`]; the fence itself may be repeated.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the nonce was burnt; fence again.
    pub async fn fence(&self, call: &SignedCall, within: Option<Duration>) -> Result<Fenced, CallError> {
        self.shared.fence(call, within).await
    }

    /// The app as the conductor describes it now.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn app_info(&self) -> Result<AppInfo, CallError> {
        let deadline = Instant::now() + self.shared.config.deadline;
        self.shared.refresh(deadline).await.map(|info| (*info).clone())
    }

    /// A round trip to the conductor; how long it took.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn ping(&self) -> Result<Duration, CallError> {
        let began = Instant::now();
        self.app_info().await?;
        Ok(began.elapsed())
    }

    /// Any app request but a zome call. Such requests carry no nonce: one that was lost is [`Outcome::Unknown`] and is
    /// never sent again.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// # Cancel safety
    /// Dropping the future gives up the answer; the request may still be carried out.
    pub async fn app_request(&self, request: &AppRequest) -> Result<AppResponse, CallError> {
        let deadline = Instant::now() + self.shared.config.deadline;
        self.shared.app_request(request, deadline).await
    }

    /// Clones a cell. Its calls and signals work at once.
    ///
    /// # Errors
    /// See [`CallError`]; a lost one shows in [`app_info`](Self::app_info).
    ///
    /// # Cancel safety
    /// As [`app_request`](Self::app_request).
    pub async fn create_clone(&self, payload: CreateCloneCellPayload) -> Result<ClonedCell, CallError> {
        match self.app_request(&AppRequest::CreateCloneCell(Box::new(payload))).await? {
            AppResponse::CloneCellCreated(clone) => Ok(clone),
            other => Err(unexpected("clone_cell_created", &other)),
        }
    }

    /// Disables a clone.
    ///
    /// # Errors
    /// See [`CallError`]; a lost one shows in [`app_info`](Self::app_info).
    ///
    /// # Cancel safety
    /// As [`app_request`](Self::app_request).
    pub async fn disable_clone(&self, payload: DisableCloneCellPayload) -> Result<(), CallError> {
        match self.app_request(&AppRequest::DisableCloneCell(Box::new(payload))).await? {
            AppResponse::CloneCellDisabled => Ok(()),
            other => Err(unexpected("clone_cell_disabled", &other)),
        }
    }

    /// Enables a clone.
    ///
    /// # Errors
    /// See [`CallError`]; a lost one shows in [`app_info`](Self::app_info).
    ///
    /// # Cancel safety
    /// As [`app_request`](Self::app_request).
    pub async fn enable_clone(&self, payload: EnableCloneCellPayload) -> Result<ClonedCell, CallError> {
        match self.app_request(&AppRequest::EnableCloneCell(Box::new(payload))).await? {
            AppResponse::CloneCellEnabled(clone) => Ok(clone),
            other => Err(unexpected("clone_cell_enabled", &other)),
        }
    }

    /// Provides the membrane proofs an app waits for.
    ///
    /// # Errors
    /// See [`CallError`]; a lost one shows in [`app_info`](Self::app_info).
    ///
    /// # Cancel safety
    /// As [`app_request`](Self::app_request).
    pub async fn provide_memproofs(&self, proofs: MemproofMap) -> Result<(), CallError> {
        match self.app_request(&AppRequest::ProvideMemproofs(proofs)).await? {
            AppResponse::Ok => Ok(()),
            other => Err(unexpected("ok", &other)),
        }
    }

    /// Enables the app, where the conductor lets it do so itself.
    ///
    /// # Errors
    /// See [`CallError`]; a lost one shows in [`app_info`](Self::app_info).
    ///
    /// # Cancel safety
    /// As [`app_request`](Self::app_request).
    pub async fn enable_app(&self) -> Result<(), CallError> {
        match self.app_request(&AppRequest::EnableApp).await? {
            AppResponse::Ok => Ok(()),
            other => Err(unexpected("ok", &other)),
        }
    }

    /// Whether the cell can be called now, and if not, why. Asks the conductor for a zome that no app has, which it
    /// refuses before the nonce; it runs the cell's `init` first, as any first call does.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::CellNotRunning`] with the reason.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn callable(&self, target: impl Into<CallTarget>) -> Result<CellId, CallError> {
        let deadline = Instant::now() + self.shared.config.deadline;
        self.shared.callable(&target.into(), deadline).await
    }

    /// Resolves when the cell can be called. `waiting` is told the reason whenever it changes.
    ///
    /// # Errors
    /// The last reason when `within` has passed.
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn wait_until_callable(
        &self,
        target: impl Into<CallTarget>,
        within: Duration,
        mut waiting: impl FnMut(&CallError),
    ) -> Result<CellId, CallError> {
        let target = target.into();
        let deadline = Instant::now() + within;
        let mut told = String::new();
        loop {
            let error = match self.shared.callable(&target, deadline).await {
                Ok(cell) => return Ok(cell),
                Err(error) => error,
            };
            let worth_waiting = matches!(error, CallError::CellNotRunning { .. }) || error.is_retryable();
            if !worth_waiting || Instant::now() + READINESS_POLL >= deadline {
                return Err(error);
            }
            let reason = error.to_string();
            if reason != told {
                tracing::info!(target = %target, %error, "waiting until the cell can be called");
                waiting(&error);
                told = reason;
            }
            tokio::time::sleep_until(Instant::now() + READINESS_POLL).await;
        }
    }

    /// Resolves when there is a link.
    ///
    /// # Errors
    /// [`ConnectError::TimedOut`] with the last thing that went wrong; [`ConnectError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel-safe.
    pub async fn connected(&self, within: Duration) -> Result<(), ConnectError> {
        match self.shared.link(Instant::now() + within).await {
            Ok(_) => Ok(()),
            Err(CallError::NoLink { after, last }) => Err(ConnectError::TimedOut { after, last }),
            Err(_) => Err(ConnectError::Closed),
        }
    }

    /// A subscription to the app's signals, from now on.
    pub fn signals(&self) -> Signals {
        self.shared.signals.subscribe()
    }

    /// Watches the state.
    pub fn state(&self) -> StateWatch {
        let link = Box::new(LinkOf(self.shared.persistent.downgrade()));
        StateWatch::new(self.shared.persistent.state(), link)
    }

    /// The last causes of lost links, the oldest first.
    pub fn causes(&self) -> Vec<ham_persistent::LostLink<Arc<ham_session::LinkEnd>>> {
        self.shared.persistent.causes()
    }

    /// The round-trip time of the live link, as measured by its pings.
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.shared.persistent.current_connection()?.round_trip_time()
    }

    /// The admin interface, where one is configured.
    pub fn admin(&self) -> Option<&Admin> {
        self.shared.admin.as_ref()
    }

    /// The configuration.
    pub fn config(&self) -> &PersistentHamConfig {
        &self.shared.config
    }

    /// Who signs: `lair` or `client`.
    pub fn signing(&self) -> &'static str {
        self.shared.signer.label()
    }

    /// Does not redial when the current link ends.
    pub(crate) fn connect_once(&self) {
        self.shared.persistent.close_when_current_connection_is_closed();
    }

    /// Makes sure that calls to a cell can be signed.
    pub(crate) async fn authorize(&self, cell: &CellId) -> Result<(), CallError> {
        let deadline = Instant::now() + self.shared.config.deadline;
        self.shared.signer.credentials(cell, deadline).await?;
        Ok(())
    }

    /// Ends a pause between attempts.
    pub fn redial_now(&self) {
        self.shared.persistent.redial_now();
    }

    /// Closes the connection: outstanding calls get the session's drain time-out. Resolves when everything is released.
    ///
    /// # Cancel safety
    /// Closing goes on when the future is dropped.
    pub async fn close(&self) {
        self.shared.persistent.close().await;
        self.shared.signals.close();
        self.shared.signer.close().await;
    }
}

/// Everything but the engine, so that both ways of starting share it.
struct Parts {
    config: Arc<PersistentHamConfig>,
    admin: Option<Admin>,
    signals: Arc<SignalHub>,
    app: Arc<RwLock<Option<Arc<AppInfo>>>>,
}

impl Parts {
    fn new(config: PersistentHamConfig) -> Result<Self, ConnectError> {
        config.check()?;
        let admin = match &config.admin {
            Some(url) => {
                Some(Admin::with_config(config.target(url)?, config.session.clone(), config.admin_timeout))
            }
            None => None,
        };
        let signals = Arc::new(SignalHub::new(config.signal_capacity));
        Ok(Self { config: Arc::new(config), admin, signals, app: Arc::default() })
    }

    fn persistent(&self) -> ham_persistent::Builder<ConductorConnector> {
        let connector =
            ConductorConnector::new(self.config.clone(), self.admin.clone(), self.signals.clone());
        let (signals, app) = (self.signals.clone(), self.app.clone());
        let mut failed = 0_u32;
        Persistent::builder(format!("conductor app {}", self.config.app_id), connector)
            .config(ham_persistent::Config::default().with_retry(self.config.retry.clone()))
            .on_event(move |event| {
                on_event(&event, &signals, &app, &mut failed);
                std::future::ready(())
            })
    }

    fn finish(self, persistent: Persistent<ConductorConnector>) -> PersistentHam {
        let signer = Signer::new(&self.config.signing, &self.config.app_id, self.admin.clone());
        let breakers = Breakers::new(self.config.breaker);
        PersistentHam {
            shared: Arc::new(Shared {
                config: self.config,
                signer,
                breakers,
                persistent,
                admin: self.admin,
                signals: self.signals,
                app: self.app,
            }),
        }
    }
}

/// What ham itself does when the link comes and goes.
fn on_event(
    event: &Event<ConductorConnector>,
    signals: &SignalHub,
    app: &RwLock<Option<Arc<AppInfo>>>,
    failed: &mut u32,
) {
    match event {
        Event::Connected(link) => {
            if let Welcome::App(info) = link.welcome() {
                let mut app = app.write().unwrap_or_else(PoisonError::into_inner);
                *app = Some(Arc::new((**info).clone()));
            }
            if *failed > 0 {
                tracing::info!(event = events::RECONNECTED, attempts = *failed);
                *failed = 0;
            }
            metrics::counter!(names::LINKS).increment(1);
            metrics::gauge!(names::LINK_UP).set(1.0);
        }
        Event::FailedToConnect(_) => *failed = failed.saturating_add(1),
        Event::Disconnected => {
            tracing::warn!(event = events::DISCONNECTED);
            metrics::counter!(names::LINKS_LOST).increment(1);
            metrics::gauge!(names::LINK_UP).set(0.0);
            signals.gap(GapCause::LinkLost("the link to the conductor ended".into()));
        }
        Event::AttemptingToConnect | Event::ObtainedAddress(_) => {}
    }
}

impl Shared {
    /// A link that lives, waited for within the deadline.
    pub(crate) async fn link(&self, deadline: Instant) -> Result<Link<ConductorProtocol>, CallError> {
        let began = Instant::now();
        // Subscribed before looking, so that no change is missed. The driver may not have seen yet that a link ended,
        // so its current one can be dead.
        let mut state = self.persistent.state();
        loop {
            if let Some(link) = self.persistent.current_connection().filter(|link| link.end().is_none()) {
                return Ok(link);
            }
            if self.persistent.is_closed() {
                return Err(CallError::Closed { sent: false });
            }
            match tokio::time::timeout_at(deadline, state.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(CallError::Closed { sent: false }),
                Err(_) => {
                    let last = HamState::new(&state.borrow(), None).to_string();
                    return Err(CallError::NoLink { after: began.elapsed(), last });
                }
            }
        }
    }

    /// One app request on one link.
    async fn app_request(&self, request: &AppRequest, deadline: Instant) -> Result<AppResponse, CallError> {
        let link = self.link(deadline).await?;
        let out = Request::app(request).map_err(CallError::Encode)?;
        match link.request(out, deadline).await {
            Ok(answer) => wire::app_answer(answer).map_err(bad_answer),
            Err(error) => Err(from_request(error, "app_request", false)),
        }
    }

    /// The app as it is now. A read, so it is asked again on the next link; a call that waits for it was not sent.
    async fn refresh(&self, deadline: Instant) -> Result<Arc<AppInfo>, CallError> {
        loop {
            return match self.app_request(&AppRequest::AppInfo, deadline).await {
                Ok(AppResponse::AppInfo(Some(info))) => {
                    let info = Arc::new(info);
                    *self.app.write().unwrap_or_else(PoisonError::into_inner) = Some(info.clone());
                    Ok(info)
                }
                Ok(other) => Err(unexpected("app_info", &other)),
                Err(CallError::LinkLost { .. }) => continue,
                Err(CallError::TimedOut { target, after, .. }) => {
                    Err(CallError::TimedOut { target, after, sent: false })
                }
                Err(error) => Err(error),
            };
        }
    }

    /// The app as it was last seen; asked for where it never was.
    async fn app(&self, deadline: Instant) -> Result<Arc<AppInfo>, CallError> {
        let known = self.app.read().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(info) => Ok(info),
            None => self.refresh(deadline).await,
        }
    }

    /// The cell a call is addressed to. A role that is not known is looked for once more: it may be a new clone.
    pub(crate) async fn resolve(&self, target: &CallTarget, deadline: Instant) -> Result<CellId, CallError> {
        if let Some(cell) = cell::find(&*self.app(deadline).await?, target) {
            return Ok(cell);
        }
        let info = self.refresh(deadline).await?;
        cell::find(&info, target)
            .ok_or_else(|| CallError::UnknownRole { role: target.to_string(), known: cell::names(&info) })
    }

    /// Whether the app is enabled, as the conductor says now.
    pub(crate) async fn check_enabled(
        &self,
        target: &CallTarget,
        deadline: Instant,
    ) -> Result<(), CallError> {
        let info = self.refresh(deadline).await?;
        match not_enabled(&info.status) {
            None => Ok(()),
            Some(reason) => {
                Err(CallError::CellNotRunning { role: target.to_string(), reason, sent_before: false })
            }
        }
    }

    /// Whether a cell can be called now.
    async fn callable(&self, target: &CallTarget, deadline: Instant) -> Result<CellId, CallError> {
        self.check_enabled(target, deadline).await?;
        let not_running =
            |reason| CallError::CellNotRunning { role: target.to_string(), reason, sent_before: false };
        let payload = ExternIO::encode(()).map_err(|error| CallError::Encode(error.to_string()))?;
        let probe = CallPlan {
            target: target.clone(),
            zome: PROBE_ZOME.into(),
            function: PROBE_ZOME.into(),
            payload,
        };
        let signed = self.sign(&probe, deadline).await.map_err(|error| granting(error, target))?;
        match self.probe(&signed, deadline).await {
            Err(CallError::Refused { refusal, .. }) => match refusal.verdict(signed.cell_id()) {
                Verdict::NotRunning(reason) => Err(not_running(reason)),
                _ => Ok(signed.cell_id().clone()),
            },
            Err(error) => Err(error),
            Ok(()) => Ok(signed.cell_id().clone()),
        }
    }

    /// One sending of a probe, without waiting for a cell to start.
    async fn probe(&self, call: &SignedCall, deadline: Instant) -> Result<(), CallError> {
        let link = self.link(deadline).await?;
        match link.request(call.request()?, deadline).await {
            Ok(answer) => wire::zome_output(answer).map(|_| ()).map_err(bad_answer),
            Err(error) => Err(from_request(error, &call.target().to_string(), false)),
        }
    }
}

/// A zome that no app has.
const PROBE_ZOME: &str = "ham_readiness_probe";

fn plan(target: impl Into<CallTarget>, zome: &str, function: &str, payload: ExternIO) -> CallPlan {
    CallPlan { target: target.into(), zome: zome.to_owned(), function: function.to_owned(), payload }
}

fn unexpected(expected: &'static str, got: &AppResponse) -> CallError {
    bad_answer(wire::unexpected(expected, got))
}

fn bad_answer(bad: BadAnswer) -> CallError {
    match bad {
        BadAnswer::Refused(refusal) => CallError::Refused { refusal, unsettled: false },
        BadAnswer::Empty => CallError::EmptyAnswer,
        BadAnswer::Undecodable(why) => CallError::UnexpectedResponse(why),
        unexpected @ BadAnswer::Unexpected { .. } => CallError::UnexpectedResponse(unexpected.to_string()),
    }
}

/// Why an app is not enabled.
fn not_enabled(status: &AppStatus) -> Option<NotRunning> {
    match status {
        AppStatus::Enabled => None,
        AppStatus::Disabled(reason) => Some(NotRunning::AppDisabled(disabled(reason))),
        AppStatus::AwaitingMemproofs => Some(NotRunning::AwaitingMemproofs),
        AppStatus::AwaitingRestore => Some(NotRunning::AwaitingRestore),
        AppStatus::Unrecoverable(_, reason) => Some(NotRunning::Unrecoverable(format!("{reason:?}"))),
    }
}

fn disabled(reason: &DisabledAppReason) -> String {
    match reason {
        DisabledAppReason::NeverStarted => "never started".into(),
        DisabledAppReason::NotStartedAfterProvidingMemproofs => {
            "not started after membrane proofs were provided".into()
        }
        DisabledAppReason::User => "by its user".into(),
        DisabledAppReason::Error(why) => format!("after an error: {why}"),
    }
}

/// A grant that a starting cell refused says so: it is the cell that is not callable.
fn granting(error: CallError, target: &CallTarget) -> CallError {
    use crate::error::{AdminError, SigningError};
    if let CallError::Signing(SigningError::Grant(AdminError::Answer {
        source: BadAnswer::Refused(refusal),
        ..
    })) = &error
        && refusal.text().contains("NotStarted")
    {
        return CallError::CellNotRunning {
            role: target.to_string(),
            reason: NotRunning::NotStarted,
            sent_before: false,
        };
    }
    error
}

/// The current link of a handle that must not be kept alive by a watch.
#[derive(Debug)]
struct LinkOf(WeakPersistent<ConductorConnector>);

impl CurrentLink for LinkOf {
    fn current(&self) -> Option<Link<ConductorProtocol>> {
        self.0.upgrade()?.current_connection()
    }
}

impl Outcome {
    /// Whether the call is settled: nothing about it can still change.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::NotRun | Self::Answered => true,
            Self::Unknown | Self::Arrived { .. } => false,
        }
    }
}
