//! What happens around a zome's functions: authorization, `init`, validation, commit, and what follows a commit.

mod app_validation;
mod call;
mod commit;
mod genesis;
mod init;
mod schedule;
mod staged;
mod sys_validation;

pub(crate) use call::call_zome;
pub(crate) use commit::{commit, validate};
pub(crate) use genesis::genesis;
pub(crate) use init::initialize;
pub(crate) use schedule::{Looked, SCHEDULED_AT_A_TIME, follow_schedules, run_due};
