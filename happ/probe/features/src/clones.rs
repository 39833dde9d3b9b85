//! Clones of a role, made and ended by a zome; the HDK's own types are the arguments.

use hdk::prelude::*;

/// Makes a clone; its modifiers must make it a DNA of its own.
#[hdk_extern]
pub fn clone_create(input: CreateCloneCellInput) -> ExternResult<ClonedCell> {
    create_clone_cell(input)
}

/// Stops a clone.
#[hdk_extern]
pub fn clone_disable(input: DisableCloneCellInput) -> ExternResult<()> {
    disable_clone_cell(input)
}

/// Starts a clone that was stopped.
#[hdk_extern]
pub fn clone_enable(input: EnableCloneCellInput) -> ExternResult<ClonedCell> {
    enable_clone_cell(input)
}

/// Ends a clone that was stopped, for good.
#[hdk_extern]
pub fn clone_delete(input: DeleteCloneCellInput) -> ExternResult<()> {
    delete_clone_cell(input)
}
