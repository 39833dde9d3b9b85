//! Functions that the zomes of a cell have scheduled, as its database holds them: each with the time of its next run.

use holo_hash::AgentPubKey;
use holochain_state::DhtStore;
use holochain_state::data::{DbWrite, Dht};
use holochain_state::schedule::compute_schedule_params;
use holochain_types::prelude::{Schedule, ScheduledFn, Timestamp};

use tokio::sync::{Mutex, MutexGuard};

use crate::decode::decode;
use crate::error::Cause;

/// Those of one agent.
pub(crate) struct Schedules {
    database: DbWrite<Dht>,
    dht: DhtStore,
    author: AgentPubKey,
    turn: Mutex<()>,
}

/// A function that is due.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) function: ScheduledFn,
    pub(crate) schedule: Option<Schedule>,
    /// Whether the end of the conductor ends its schedule.
    is_ephemeral: bool,
}

impl Schedules {
    pub(super) fn new(database: DbWrite<Dht>, author: AgentPubKey) -> Self {
        Self { dht: DhtStore::new(database.clone()), database, author, turn: Mutex::default() }
    }

    /// Its holder alone may run them.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// What is due now, in order. Ephemeral ones are then no longer scheduled.
    ///
    /// # Errors
    /// The database failed; what was due is then still due.
    pub(crate) async fn take_due(&self, now: Timestamp) -> Result<Vec<Due>, Cause> {
        let due = self.dht.live_scheduled_functions(&self.author, now).await?;
        if !due.is_empty() {
            self.dht.delete_live_ephemeral_scheduled_functions(&self.author, now).await?;
        }
        let due = due.into_iter();
        Ok(due.map(|(function, schedule, is_ephemeral)| Due { function, schedule, is_ephemeral }).collect())
    }

    /// The time of the next run that is not due yet; `None` if none is scheduled. A function whose time has passed runs at its next
    /// time. A function that would come sooner if it were scheduled now comes then: the clock has gone back since it was scheduled.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn next(&self, now: Timestamp) -> Result<Option<Timestamp>, Cause> {
        self.dht.reschedule_expired_persisted(&self.author, now).await;
        let later: Vec<(String, String, Vec<u8>, i64)> = sqlx::query_as(LATER)
            .bind(self.author.get_raw_36())
            .bind(now.as_micros())
            .fetch_all(self.database.pool())
            .await?;
        let mut next: Option<Timestamp> = None;
        for (zome, function, schedule, starts) in later {
            let mut starts = Timestamp::from_micros(starts);
            // A schedule that cannot be read never runs.
            let Ok(schedule) = decode::<Option<Schedule>>(&schedule) else { continue };
            if let Ok(Some((anew, ..))) = compute_schedule_params(&schedule, now)
                && anew < starts
            {
                let function = ScheduledFn::new(zome.into(), function.into());
                self.dht.upsert_scheduled_function(&self.author, &function, &schedule, now).await?;
                starts = anew;
            }
            next = Some(next.map_or(starts, |next| next.min(starts)));
        }
        Ok(next)
    }

    /// The time of the next run, now if one is due.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn soonest(&self, now: Timestamp) -> Result<Option<Timestamp>, Cause> {
        let next = self.next(now).await?;
        let is_due = !self.dht.live_scheduled_functions(&self.author, now).await?.is_empty();
        Ok(if is_due { Some(now) } else { next })
    }

    /// Schedules what has run again, or no longer. A schedule that cannot be met counts as none.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn follow(
        &self,
        due: &Due,
        next: Option<Schedule>,
        now: Timestamp,
    ) -> Result<(), Cause> {
        let scheduled = match &next {
            Some(_) => self.dht.upsert_scheduled_function(&self.author, &due.function, &next, now).await,
            None if due.is_ephemeral => return Ok(()),
            None => self.dht.unschedule_function(&self.author, &due.function).await,
        };
        if let Err(error) = scheduled {
            tracing::error!(function = %due.function.fn_name(), %error, "a function could not be scheduled");
            self.dht.unschedule_function(&self.author, &due.function).await?;
        }
        Ok(())
    }

    /// Schedules what has not run, as it was.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn put_back(&self, due: &Due, now: Timestamp) -> Result<(), Cause> {
        if due.is_ephemeral {
            // It was due: `None` means at once, but the function is told its schedule.
            self.dht.upsert_scheduled_function(&self.author, &due.function, &due.schedule, now).await?;
        }
        Ok(())
    }

    /// Forgets ephemeral ones, of all agents in the DNA: they do not outlive a conductor.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn forget_ephemeral(&self) -> Result<(), Cause> {
        self.dht.delete_all_ephemeral_scheduled_functions().await?;
        Ok(())
    }
}

const LATER: &str = "SELECT zome_name, scheduled_fn, maybe_schedule, start_at FROM ScheduledFunction WHERE author = ? AND start_at > ?";
