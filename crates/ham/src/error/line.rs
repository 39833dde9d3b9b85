//! An error and its causes in one line.

use std::error::Error;

/// The error and all its causes, each said once: some texts already include their cause.
pub(super) fn line(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use crate::error::{AdminError, CallError, SigningError};

    #[test]
    fn every_cause_is_said_once() {
        let grant = SigningError::Grant(AdminError::NotConfigured);
        let error = CallError::During { doing: "Failed to call zome", error: Box::new(grant.into()) };
        let told = "Failed to call zome: cannot sign the call: cannot grant the signing capability: \
                    this operation needs the admin interface, but none is configured";
        assert_eq!(error.to_string(), told);
        assert_eq!(format!("{:#}", anyhow::Error::from(error)), told);
    }
}
