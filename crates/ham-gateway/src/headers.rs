//! The headers that say how a call is made.

mod idempotency_key;
mod media;
mod prefer;

pub use idempotency_key::{BadIdempotencyKey, IdempotencyKey, MAX_IDEMPOTENCY_KEY};
pub use media::Form;
pub use prefer::{BadPreference, Preference};
