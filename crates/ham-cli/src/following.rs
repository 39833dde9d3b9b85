//! How long a command that follows goes on: until it is interrupted, until `--count` items have come, or for as long
//! as `--timeout`
//! says.

use std::future::Future;

use tokio::time::{Instant, timeout_at};

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// What remains to be followed.
#[derive(Debug)]
pub(crate) struct Following {
    counted: u64,
    count: Option<u64>,
    end: Option<Instant>,
}

impl Following {
    /// Begins now. `count` items are wanted, or as many as come.
    pub(crate) fn begin(context: &Context, count: Option<u64>) -> Self {
        let end = context.follow_for().and_then(|bound| Instant::now().checked_add(bound));
        Self { counted: 0, count, end }
    }

    /// Counts one of the wanted items.
    pub(crate) fn count(&mut self) {
        self.counted += 1;
    }

    /// The next item; `None` when it is over.
    ///
    /// # Errors
    /// The time is up before all wanted items came.
    ///
    /// # Cancel safety
    /// As `item`, which is dropped when the time is up.
    pub(crate) async fn next<T>(
        &self,
        context: &Context,
        item: impl Future<Output = Option<T>>,
    ) -> Result<Option<T>, Failure> {
        if self.count.is_some_and(|count| self.counted >= count) {
            return Ok(None);
        }
        let Some(end) = self.end else { return Ok(item.await) };
        match (timeout_at(end, item).await, self.count) {
            (Ok(item), _) => Ok(item),
            (Err(_), None) => Ok(None),
            (Err(_), Some(count)) => Err(Failure::new(
                Exit::Refused,
                anyhow::anyhow!(
                    "only {} of {count} came within {:?}",
                    self.counted,
                    context.settings.timeout
                ),
                "pass a longer --timeout, or omit it to go on until interrupted",
            )),
        }
    }
}
