//! A setting that cannot work.

/// A setting that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerConfigError {
    /// It must not be zero.
    #[error("{setting} must not be zero")]
    Zero {
        /// The setting's name.
        setting: &'static str,
    },
}
