//! A command, raced with the signals that end the process.

use std::pin::pin;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::shutdown::Shutdown;

/// Runs the command until it ends or a signal comes: whatever it is doing then, dialling included, is dropped, unless
/// the command listens for the signal and ends by itself.
pub(crate) async fn until_signal(
    context: Context,
    command: impl AsyncFnOnce(&Context) -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    let mut shutdown = Shutdown::install().map_err(|error| {
        Failure::new(
            Exit::Local,
            anyhow::Error::new(error).context("cannot listen for signals"),
            "free some resources",
        )
    })?;
    let ended = raced(&context, command, &mut shutdown).await;
    tokio::select! {
        biased;
        _ = shutdown.requested() => {}
        () = context.wind_up() => {}
    }
    context.end().await;
    ended
}

async fn raced(
    context: &Context,
    command: impl AsyncFnOnce(&Context) -> Result<(), Failure>,
    shutdown: &mut Shutdown,
) -> Result<Exit, Failure> {
    let mut command = pin!(command(context));
    let exit = tokio::select! {
        // The signal first: a command that is always ready must not outlive it.
        biased;
        exit = shutdown.requested() => exit,
        ended = &mut command => return ended.map(|()| Exit::Ok),
    };
    if context.interruption.tell() {
        context.output.note("interrupted: waiting for what is under way; interrupt again to stop at once");
        tokio::select! {
            biased;
            _ = shutdown.requested() => {}
            told = command => {
                if let Err(failure) = told {
                    context.output.failure(&failure);
                }
                return Ok(exit);
            }
        }
    }
    if let Some(note) = context.interruption.noted() {
        context.output.note(note);
    }
    Ok(exit)
}
