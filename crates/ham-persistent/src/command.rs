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

/// The handles' side. A mailbox of flags, not a queue: asking twice is asking once, so there is no bound to reach.
#[derive(Debug)]
pub(crate) struct Mailbox {
    orders: watch::Sender<Orders>,
}

#[derive(Debug, Default)]
struct Orders {
    close: Option<Cause>,
    close_after_link: bool,
    redials: u64,
}

impl Mailbox {
    pub(crate) fn new() -> Self {
        Self { orders: watch::Sender::new(Orders::default()) }
    }

    pub(crate) fn inbox(&self) -> Inbox {
        Inbox { orders: self.orders.subscribe(), told: Told::default() }
    }

    /// The cause of the close: this one, unless there was one before.
    pub(crate) fn close(&self, cause: Cause) -> Cause {
        let mut of = cause.clone();
        self.orders.send_if_modified(|orders| {
            let first = orders.close.is_none();
            of = orders.close.get_or_insert(cause).clone();
            first
        });
        of
    }

    pub(crate) fn close_after_link(&self) {
        self.orders.send_modify(|orders| orders.close_after_link = true);
    }

    pub(crate) fn redial_now(&self) {
        self.orders.send_modify(|orders| orders.redials = orders.redials.wrapping_add(1));
    }

    /// Why `close` was asked for, once it was.
    pub(crate) fn close_cause(&self) -> Option<Cause> {
        self.orders.borrow().close.clone()
    }
}

/// The driver's side.
#[derive(Debug)]
pub(crate) struct Inbox {
    orders: watch::Receiver<Orders>,
    told: Told,
}

#[derive(Debug, Default)]
struct Told {
    close: bool,
    close_after_link: bool,
    redials: u64,
}

impl Inbox {
    /// Resolves when there may be a command; at once when there is one already. Cancel-safe.
    pub(crate) async fn filled(&mut self) {
        if self.orders.changed().await.is_err() {
            // Never: the driver has a share of the mailbox.
            std::future::pending().await
        }
    }

    /// The next command that is there; `Close` before anything else.
    pub(crate) fn take(&mut self) -> Option<Command> {
        self.told.news(&self.orders.borrow_and_update())
    }
}

impl Told {
    fn news(&mut self, orders: &Orders) -> Option<Command> {
        if let (Some(cause), false) = (&orders.close, self.close) {
            self.close = true;
            return Some(Command::Close(cause.clone()));
        }
        if orders.close_after_link && !self.close_after_link {
            self.close_after_link = true;
            return Some(Command::CloseAfterLink);
        }
        if orders.redials != self.redials {
            self.redials = orders.redials;
            return Some(Command::RedialNow);
        }
        None
    }
}
