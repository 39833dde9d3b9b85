//! The names a zome may import.

/// Makes the enum and its table together, so that neither can miss a name.
macro_rules! host_functions {
    ($($variant:ident = $name:literal,)*) => {
        /// A host function (`holochain` 0.7.1, import module `env`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum HostFunction { $($variant,)* }

        impl HostFunction {
            /// All of them.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name under which it is imported.
            pub(crate) const fn import(self) -> &'static str {
                match self { $(Self::$variant => concat!("__hc__", $name),)* }
            }
        }
    };
}

host_functions! {
    AgentInfo = "agent_info_1",
    Call = "call_1",
    CallInfo = "call_info_1",
    CapabilityClaims = "capability_claims_1",
    CapabilityGrants = "capability_grants_1",
    CapabilityInfo = "capability_info_1",
    CloseChain = "close_chain_1",
    CountLinks = "count_links_1",
    Create = "create_1",
    CreateCloneCell = "create_clone_cell_1",
    CreateLink = "create_link_1",
    CreateX25519Keypair = "create_x25519_keypair_1",
    Delete = "delete_1",
    DeleteCloneCell = "delete_clone_cell_1",
    DeleteLink = "delete_link_1",
    DisableCloneCell = "disable_clone_cell_1",
    DnaInfo1 = "dna_info_1",
    DnaInfo2 = "dna_info_2",
    Ed25519Decrypt = "ed_25519_x_salsa20_poly1305_decrypt_1",
    Ed25519Encrypt = "ed_25519_x_salsa20_poly1305_encrypt_1",
    EmitSignal = "emit_signal_1",
    EnableCloneCell = "enable_clone_cell_1",
    Get = "get_1",
    GetAgentActivity = "get_agent_activity_1",
    GetDetails = "get_details_1",
    GetInitProperties = "get_init_properties_1",
    GetLinks = "get_links_1",
    GetLinksDetails = "get_links_details_1",
    GetValidationReceipts = "get_validation_receipts_1",
    MustGetAction = "must_get_action_1",
    MustGetAgentActivity = "must_get_agent_activity_1",
    MustGetEntry = "must_get_entry_1",
    MustGetValidRecord = "must_get_valid_record_1",
    OpenChain = "open_chain_1",
    Query = "query_1",
    RandomBytes = "random_bytes_1",
    Schedule = "schedule_1",
    SendRemoteSignal = "send_remote_signal_1",
    Sign = "sign_1",
    SignEphemeral = "sign_ephemeral_1",
    SysTime = "sys_time_1",
    Trace = "trace_1",
    Update = "update_1",
    VerifySignature = "verify_signature_1",
    X25519Decrypt = "x_25519_x_salsa20_poly1305_decrypt_1",
    X25519Encrypt = "x_25519_x_salsa20_poly1305_encrypt_1",
    SecretboxDecrypt = "x_salsa20_poly1305_decrypt_1",
    SecretboxEncrypt = "x_salsa20_poly1305_encrypt_1",
    SharedSecretCreateRandom = "x_salsa20_poly1305_shared_secret_create_random_1",
    SharedSecretExport = "x_salsa20_poly1305_shared_secret_export_1",
    SharedSecretIngest = "x_salsa20_poly1305_shared_secret_ingest_1",
    ZomeInfo = "zome_info_1",
}

impl HostFunction {
    /// The name without prefix and version, as permission errors give it.
    pub(crate) fn short(self) -> &'static str {
        let name = self.import().trim_start_matches("__hc__");
        match self {
            // To a reader of the error, both versions are one function.
            Self::DnaInfo1 | Self::DnaInfo2 => "dna_info",
            _ => name.trim_end_matches("_1"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HostFunction;

    #[test]
    fn there_are_as_many_as_a_released_conductor_links() {
        assert_eq!(HostFunction::ALL.len(), 52);
    }
}
