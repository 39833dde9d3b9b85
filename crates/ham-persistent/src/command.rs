//! What handles ask of the driver.

use tokio::sync::watch;

use crate::error::Cause;

/// What a handle asks of the driver.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    /// Close now.
    Close(Cause),
    /// Close when the link ends; now if there is none.
    CloseAfterLink,
    /// Do not wait any longer.
    RedialNow,
}

/// The handles' side. A mailbox of flags, not a queue: asking twice is the same as asking once, so there is no bound to reach.
#[derive(Debug)]
pub(crate) struct Mailbox {
    /// Why close was requested. Kept separately, so that waiting for a close is woken by nothing else.
    closing: watch::Sender<Option<Cause>>,
    flags: watch::Sender<Flags>,
}

/// Everything that was requested so far.
#[derive(Debug, Default)]
struct Flags {
    close: Option<Cause>,
    close_after_link: bool,
    redials: u64,
}

impl Mailbox {
    pub(crate) fn new() -> Self {
        Self { closing: watch::Sender::new(None), flags: watch::Sender::new(Flags::default()) }
    }

    pub(crate) fn inbox(&self) -> Inbox {
        Inbox { flags: self.flags.subscribe(), seen: Seen::default() }
    }

    /// Returns the cause of the close: this one, unless there was an earlier one.
    pub(crate) fn close(&self, cause: Cause) -> Cause {
        let mut before = None;
        let first = self.closing.send_if_modified(|closing| {
            before.clone_from(closing);
            closing.get_or_insert_with(|| cause.clone());
            before.is_none()
        });
        if first {
            self.flags.send_modify(|flags| flags.close = Some(cause.clone()));
        }
        before.unwrap_or(cause)
    }

    pub(crate) fn close_after_link(&self) {
        self.flags.send_modify(|flags| flags.close_after_link = true);
    }

    pub(crate) fn redial_now(&self) {
        self.flags.send_modify(|flags| flags.redials = flags.redials.wrapping_add(1));
    }

    /// Why `close` was called, once it has been.
    pub(crate) fn close_cause(&self) -> Option<Cause> {
        self.closing.borrow().clone()
    }
}

/// The driver's side.
#[derive(Debug)]
pub(crate) struct Inbox {
    flags: watch::Receiver<Flags>,
    seen: Seen,
}

/// The flags that the driver has already been given as commands.
#[derive(Debug, Default)]
struct Seen {
    close: bool,
    close_after_link: bool,
    redials: u64,
}

impl Inbox {
    /// Resolves when there may be a command; at once if there already is one. Cancel-safe.
    pub(crate) async fn filled(&mut self) {
        if self.flags.changed().await.is_err() {
            // Cannot happen: the driver holds a share of the mailbox.
            std::future::pending().await
        }
    }

    /// The next pending command; `Close` before anything else.
    pub(crate) fn take(&mut self) -> Option<Command> {
        self.seen.next(&self.flags.borrow_and_update())
    }
}

impl Seen {
    fn next(&mut self, flags: &Flags) -> Option<Command> {
        if let (Some(cause), false) = (&flags.close, self.close) {
            self.close = true;
            return Some(Command::Close(cause.clone()));
        }
        if flags.close_after_link && !self.close_after_link {
            self.close_after_link = true;
            return Some(Command::CloseAfterLink);
        }
        if flags.redials != self.redials {
            self.redials = flags.redials;
            return Some(Command::RedialNow);
        }
        None
    }
}
