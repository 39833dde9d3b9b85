//! A life as lines of text.

use std::fmt::Write as _;

use crate::history::{Entry, Event, History, Recorder};

/// One line per event: simulated milliseconds, actor, words. Lines of the log are where they were written, marked `|`.
pub(crate) fn transcript<E: Event>(history: &History<E>) -> String {
    lines(&history.entries, &history.log)
}

/// The same for a life that is still going on.
pub(crate) fn so_far<E: Event>(recorder: &Recorder<E>) -> String {
    recorder.look(lines)
}

fn lines<E: Event>(entries: &[Entry<E>], log: &[(usize, String)]) -> String {
    let mut text = String::new();
    let mut log = log.iter().peekable();
    let width = entries.iter().map(|entry| entry.event.actor().chars().count()).max().unwrap_or(0);
    for (index, entry) in entries.iter().enumerate() {
        while let Some((_, line)) = log.next_if(|(after, _)| *after <= index) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{:>9} | {line}", "");
        }
        let actor = entry.event.actor();
        let _ = writeln!(text, "{:>9} {actor:<width$}  {}", entry.at.as_millis(), entry.event);
    }
    for (_, line) in log {
        let _ = writeln!(text, "{:>9} | {line}", "");
    }
    text
}
