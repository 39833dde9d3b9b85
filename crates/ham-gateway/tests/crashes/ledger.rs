//! What callers were told, and what the chain holds: they must agree.

use std::collections::{BTreeMap, HashMap};

use crate::job::{Job, Say, Told, Way};

/// What is known of all calls.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) jobs: BTreeMap<String, Entry>,
}

/// What is known of one.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) job: Job,
    /// Its name in the outbox.
    pub(crate) call: Option<String>,
    pub(crate) accepted: bool,
    /// Everything that was told of it, in order.
    pub(crate) told: Vec<Told>,
}

impl Entry {
    /// Whether nothing more can be learned of it.
    pub(crate) fn is_over(&self) -> bool {
        self.told.last().is_some_and(|told| told.is_kept() || *told == Told::NotRun)
    }
}

/// The figures of a comparison. The last four must be nought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) calls: usize,
    pub(crate) answered: usize,
    pub(crate) failed: usize,
    pub(crate) arrived: usize,
    pub(crate) not_run: usize,
    pub(crate) unknown: usize,
    pub(crate) ran_twice: usize,
    pub(crate) acknowledged_but_missing: usize,
    pub(crate) not_run_but_present: usize,
    pub(crate) keys_with_two_actions: usize,
}

impl Ledger {
    /// A call is about to be made.
    pub(crate) fn made(&mut self, job: &Job) {
        let entry = Entry { job: job.clone(), call: None, accepted: false, told: Vec::new() };
        self.jobs.entry(job.id.clone()).or_insert(entry);
    }

    pub(crate) fn heard(&mut self, said: &Say) {
        let (job, told) = match said {
            Say::Named { job, .. } | Say::Accepted { job } => (job, None),
            Say::Told { job, told } => (job, Some(*told)),
            Say::Ready | Say::Left(_) | Say::Settled => return,
        };
        let entry = self.jobs.get_mut(job).expect("a call that was made");
        match said {
            Say::Named { call, .. } => entry.call = Some(call.clone()),
            Say::Accepted { .. } => entry.accepted = true,
            Say::Told { .. } | Say::Ready | Say::Left(_) | Say::Settled => {}
        }
        let Some(told) = told else { return };
        if let Some(before) = entry.told.iter().find(|told| told.is_kept()) {
            // The answer may have been read by the caller and not by the disk: K6.
            let was_answered = matches!(before, Told::Answered | Told::Failed);
            let agrees = told == *before || (was_answered && told == Told::Arrived);
            assert!(agrees, "{job} was told {:?}, and now {told:?}", entry.told);
        }
        entry.told.push(told);
    }

    /// How many calls are open: made, and their ends not told.
    pub(crate) fn open(&self) -> usize {
        let is_open = |entry: &&Entry| matches!(entry.told.last(), None | Some(Told::Open));
        self.jobs.values().filter(is_open).count()
    }

    /// Compares what was told with how often each call stands on the chain.
    pub(crate) fn compare(&self, chain: &HashMap<String, usize>) -> Figures {
        let mut figures = Figures { calls: self.jobs.len(), ..Figures::default() };
        for (id, entry) in &self.jobs {
            let times = chain.get(id).copied().unwrap_or_default();
            match entry.told.last() {
                Some(Told::Answered) => figures.answered += 1,
                Some(Told::Failed) => figures.failed += 1,
                Some(Told::Arrived) => figures.arrived += 1,
                Some(Told::NotRun) => figures.not_run += 1,
                Some(Told::Unknown) => figures.unknown += 1,
                Some(Told::Open | Told::Refused | Told::Gone) | None => {}
            }
            let lied = |lie: bool, count: &mut usize| {
                if lie {
                    eprintln!("{id}: {times} times on the chain, {entry:?}");
                    *count += 1;
                }
            };
            let direct = entry.job.way == Way::Direct;
            lied(times > 1 && direct, &mut figures.ran_twice);
            lied(times > 1 && !direct, &mut figures.keys_with_two_actions);
            let acknowledged = entry.told.contains(&Told::Answered) && times == 0;
            let forgotten = entry.accepted && !entry.is_over() || entry.told.contains(&Told::Gone);
            lied(acknowledged || forgotten, &mut figures.acknowledged_but_missing);
            let is_absent = matches!(entry.told.last(), Some(Told::NotRun | Told::Failed));
            lied(is_absent && times > 0, &mut figures.not_run_but_present);
        }
        figures
    }
}

impl Figures {
    /// Fails where a promise was broken.
    pub(crate) fn hold(self) {
        let Self { ran_twice, acknowledged_but_missing, not_run_but_present, keys_with_two_actions, .. } =
            self;
        let broken = [ran_twice, acknowledged_but_missing, not_run_but_present, keys_with_two_actions];
        assert_eq!(broken, [0; 4], "{self:?}");
    }
}
