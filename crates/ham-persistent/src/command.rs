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
    /// Apart from the orders, so that those who wait for the end are not woken by anything else.
    close: watch::Sender<Option<Cause>>,
}

#[derive(Debug, Default)]
struct Orders {
    close: Option<Cause>,
    close_after_link: bool,
    redials: u64,
}

impl Mailbox {
    pub(crate) fn new() -> Self {
        Self { orders: watch::Sender::new(Orders::default()), close: watch::Sender::new(None) }
    }

    pub(crate) fn inbox(&self) -> Inbox {
        Inbox { orders: self.orders.subscribe(), told: Told::default() }
    }

    /// The first cause stays.
    pub(crate) fn close(&self, cause: Cause) {
        let first = self.close.send_if_modified(|close| {
            let first = close.is_none();
            if first {
                *close = Some(cause.clone());
            }
            first
        });
        if first {
            self.orders.send_modify(|orders| orders.close = Some(cause));
        }
    }

    pub(crate) fn close_after_link(&self) {
        self.orders.send_modify(|orders| orders.close_after_link = true);
    }

    pub(crate) fn redial_now(&self) {
        self.orders.send_modify(|orders| orders.redials = orders.redials.wrapping_add(1));
    }

    /// Why `close` was asked for, once it was.
    pub(crate) fn close_cause(&self) -> Option<Cause> {
        self.close.borrow().clone()
    }

    pub(crate) fn is_to_close_after_link(&self) -> bool {
        self.orders.borrow().close_after_link
    }

    /// Resolves when `close` was asked for. Cancel-safe.
    pub(crate) async fn closing(&self) -> Cause {
        let mut close = self.close.subscribe();
        // The sender is owned by this very mailbox.
        let closed = close.wait_for(Option::is_some).await;
        closed.ok().and_then(|cause| cause.clone()).unwrap_or(Cause::DriverEnded)
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
    /// The next command; `Close` before anything else. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Command {
        loop {
            if let Some(command) = self.told.news(&self.orders.borrow_and_update()) {
                return command;
            }
            if self.orders.changed().await.is_err() {
                return Command::Close(Cause::LastHandleDropped);
            }
        }
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
