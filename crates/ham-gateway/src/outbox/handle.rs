//! The outbox, as the rest of the gateway uses it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ham::PersistentHam;
use serde_bytes::ByteBuf;

use super::call::{Call, CallId, Fingerprint};
use super::config::OutboxConfig;
use super::error::{StoreError, SubmitError};
use super::following::Following;
use super::machine::{Mode, Record};
use super::read::Page;
use super::recover::recover;
use super::registry::Taken;
use super::shared::Shared;
use super::store::Opened;
use super::submission::{Lost, Submission, Submitted};
use super::sweep::sweep;
use super::time;

/// Calls that outlive their requests. Cheap to clone; its tasks end when the last clone is dropped, and calls that are
/// open then are settled after the next start.
#[derive(Clone, Debug)]
pub struct Outbox {
    owner: Arc<Owner>,
}

/// The outbox's tasks, until this is dropped.
#[derive(Debug)]
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.stops.closing.cancel();
        self.0.stops.ended.cancel();
    }
}

impl Outbox {
    /// Continues the calls that were open when the store was closed, and sweeps the store every minute. Each app's
    /// calls go out on its connection, which keeps its keys between runs: a fence needs the key that signed.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn start(config: OutboxConfig, opened: Opened, apps: BTreeMap<String, PersistentHam>) -> Self {
        let Opened { store, open } = opened;
        let shared = Arc::new(Shared {
            config: Arc::new(config),
            store: Arc::new(store),
            apps,
            registry: Arc::default(),
            lanes: Arc::default(),
            stops: Default::default(),
            tasks: Default::default(),
        });
        recover(&shared, open);
        shared.tasks.spawn(sweep(Arc::clone(&shared)));
        Self { owner: Arc::new(Owner(shared)) }
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.owner.0
    }

    /// Makes a call under its owner's key, or finds the call that has the key. A call that nobody waits for is on disk
    /// once this answers; one that somebody waits for is on disk when it is sent.
    ///
    /// # Errors
    /// [`SubmitError`]; nothing was sent.
    ///
    /// # Cancel safety
    /// Dropping the future may leave the call made. A repeat under its key finds out.
    pub async fn submit(&self, submission: Submission) -> Result<Submitted, SubmitError> {
        let shared = self.shared();
        let fingerprint = submission.fingerprint();
        let (mut following, in_background) = {
            let mut open = shared.registry.open();
            match open.taken(&submission.api_key, &submission.key, fingerprint) {
                Some(Taken::By(following)) => return Ok(Submitted::Joined(following)),
                Some(Taken::ByAnotherRequest) => return Err(SubmitError::OtherRequest),
                None => {}
            }
            // With the registry locked: a settled call is on disk before it leaves the registry.
            let known = shared.store.find(&submission.api_key, &submission.key);
            match known.map_err(SubmitError::NotLookedUp)? {
                Some(call) if call.fingerprint != fingerprint => return Err(SubmitError::OtherRequest),
                Some(call) => return Ok(Submitted::Replayed(Box::new(call))),
                None => {}
            }
            self.admit(&submission.app)?;
            let (in_background, now) = (submission.in_background, shared.now());
            let (record, step) = Record::accepted(if in_background { Mode::Async } else { Mode::Keyed });
            let call = Call {
                id: open.next_id(now, shared.random()),
                record,
                api_key: submission.api_key,
                key: Some(submission.key),
                fingerprint,
                app: submission.app,
                role: submission.role,
                zome: submission.zome,
                function: submission.function,
                read_only: submission.read_only,
                retry_chain_moved: submission.retry_chain_moved,
                payload: Some(ByteBuf::from(submission.payload)),
                accepted_at: now,
                deliver_until: now.saturating_add(time::span(submission.deliver_within)),
                signed: None,
                not_started_after: None,
                answer: None,
                settled_at: None,
                keep_until: None,
            };
            (shared.take_on(&mut open, call, step, false), in_background)
        };
        if in_background {
            following.on_disk().await?;
        }
        Ok(Submitted::New(following))
    }

    /// Settles a call that was made without the outbox and lost. Once this answers, it is on disk that the call is
    /// being fenced.
    ///
    /// # Errors
    /// [`SubmitError`]: then nothing settles it.
    ///
    /// # Cancel safety
    /// Dropping the future may leave it adopted.
    pub async fn adopt(&self, lost: Lost) -> Result<Following, SubmitError> {
        let shared = self.shared();
        self.admit(&lost.app)?;
        let (record, step) = Record::accepted(Mode::Direct);
        let now = shared.now();
        let (zome, function) = lost.signed.function();
        let mut following = {
            let mut open = shared.registry.open();
            let call = Call {
                id: open.next_id(now, shared.random()),
                record,
                api_key: lost.api_key,
                key: None,
                fingerprint: Fingerprint([0; 32]),
                app: lost.app,
                role: lost.role,
                zome: zome.to_owned(),
                function: function.to_owned(),
                read_only: false,
                retry_chain_moved: false,
                payload: None,
                accepted_at: now,
                deliver_until: now,
                not_started_after: Some(time::of_timestamp(lost.signed.expires_at())),
                signed: Some(lost.signed),
                answer: None,
                settled_at: None,
                keep_until: None,
            };
            shared.take_on(&mut open, call, step, false)
        };
        following.on_disk().await?;
        Ok(following)
    }

    fn admit(&self, app: &str) -> Result<(), SubmitError> {
        let shared = self.shared();
        match shared.apps.contains_key(app) {
            _ if shared.stops.closing.is_cancelled() => Err(SubmitError::ShuttingDown),
            true => Ok(()),
            false => Err(SubmitError::UnknownApp { app: app.to_owned() }),
        }
    }

    /// Follows a call of `owner`, or of anybody. `None` if there is no such call.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn follow(&self, id: CallId, owner: Option<&str>) -> Result<Option<Following>, StoreError> {
        if let Some((following, _)) = self.shared().registry.open().follow(id, owner) {
            return Ok(Some(following));
        }
        Ok(self.get(id, owner)?.map(Following::settled))
    }

    /// A call of `owner`, or of anybody, in its state on disk; a call that somebody waits for and that is not signed
    /// yet is not on disk, but is returned all the same.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn get(&self, id: CallId, owner: Option<&str>) -> Result<Option<Call>, StoreError> {
        let registered = || self.shared().registry.open().get(id, owner);
        match self.shared().store.get(id) {
            Ok(Some(call)) => Ok(Some(call).filter(|call| owner.is_none_or(|owner| owner == call.api_key))),
            Ok(None) => Ok(registered()),
            // Open calls are known without the disk.
            Err(error) => registered().map(Some).ok_or(error),
        }
    }

    /// A part of the calls of `owner`, or of everybody's. Reads as many calls as it has to look at: must not run on a
    /// runtime's own threads.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn list(&self, page: Page, owner: Option<&str>) -> Result<Vec<Call>, StoreError> {
        self.shared().store.list(page, owner)
    }

    /// Asks for a call of `owner`, or of anybody, not to be made: a call that is waiting is settled. One that has left
    /// is not called back: its answer is kept if it comes, and once its link is gone it is fenced instead of sent
    /// again. Returns at once; follow the call to learn how it ends. A settled call stays as it is. `None` if there is
    /// no such call.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn cancel(&self, id: CallId, owner: Option<&str>) -> Result<Option<Following>, StoreError> {
        if let Some((following, cancelled)) = self.shared().registry.open().follow(id, owner) {
            cancelled.cancel();
            return Ok(Some(following));
        }
        Ok(self.get(id, owner)?.map(Following::settled))
    }

    /// Begins nothing more, and waits until what is under way has ended, at most this long. A call that has not left by then is
    /// queued again or, if somebody waits for it, did not run; one that may have left is settled after the next start.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the outbox stopping; call this again.
    pub async fn drain(&self, within: Duration) {
        self.shared().drain(within).await;
    }
}
