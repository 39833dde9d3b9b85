//! Functions that the conductor runs by the clock. Each run writes a private entry, so that the chain says how often.

use features_entries::{EntryTypes, Tick, UnitEntryTypes};
use hdk::prelude::{schedule as add_to_schedule, *};
use probe_types::features::TickCount;
use std::time::Duration;

/// The runs after which a function leaves the schedule.
pub const MAX_TICKS: u32 = 3;

/// The pause between two runs of `tick_ephemeral`.
const PAUSE: Duration = Duration::from_millis(100);

/// Every second.
const EVERY_SECOND: &str = "* * * * * * *";

/// Schedules `tick_ephemeral`, `tick_persisted`, `tick_failing`, or any other name.
#[hdk_extern]
pub fn schedule_function(function: String) -> ExternResult<()> {
    add_to_schedule(&function)
}

/// Schedules `tick_ephemeral` and fails: the schedule is part of the commit.
#[hdk_extern]
pub fn schedule_then_fail() -> ExternResult<()> {
    add_to_schedule("tick_ephemeral")?;
    Err(wasm_error!(WasmErrorInner::Guest("failed after scheduling".to_owned())))
}

/// Runs three times, a tenth of a second apart; a restart of the conductor ends it.
#[hdk_extern(infallible)]
pub fn tick_ephemeral(_: Option<Schedule>) -> Option<Schedule> {
    tick("tick_ephemeral", Schedule::Ephemeral(PAUSE))
}

/// Runs three times, at full seconds; a restart of the conductor does not end it.
#[hdk_extern(infallible)]
pub fn tick_persisted(_: Option<Schedule>) -> Option<Schedule> {
    tick("tick_persisted", Schedule::Persisted(EVERY_SECOND.to_owned()))
}

/// Traps, which takes it from the schedule.
#[hdk_extern(infallible)]
pub fn tick_failing(_: Option<Schedule>) -> Option<Schedule> {
    panic!("tick_failing was told to trap")
}

/// How often the scheduled functions have run.
#[hdk_extern]
pub fn ticks() -> ExternResult<TickCount> {
    Ok(TickCount { ephemeral: runs("tick_ephemeral")?, persisted: runs("tick_persisted")? })
}

/// Writes one run and says when the next one is due.
fn tick(function: &str, next: Schedule) -> Option<Schedule> {
    let written = runs(function).and_then(|earlier| {
        create_entry(EntryTypes::Tick(Tick { function: function.to_owned(), earlier }))?;
        Ok(earlier + 1)
    });
    match written {
        Ok(runs) if runs < MAX_TICKS => Some(next),
        Ok(_) => None,
        Err(failure) => {
            error!("{function}: {failure}");
            None
        }
    }
}

fn runs(function: &str) -> ExternResult<u32> {
    let ticks = ChainQueryFilter::new().entry_type(UnitEntryTypes::Tick.try_into()?).include_entries(true);
    let mut runs = 0;
    for record in query(ticks)? {
        runs += u32::from(Tick::try_from(record)?.function == function);
    }
    Ok(runs)
}
