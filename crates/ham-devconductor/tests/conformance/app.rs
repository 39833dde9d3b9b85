//! An app as its clients see it, and the zomes that they call.

use ed25519_dalek::Signer as _;
use holochain_client::{AppInfo, AppWebsocket, CellInfo, ConductorApiResult};
use holochain_conductor_api::ZomeCallParamsSigned;
use holochain_types::prelude::{
    AgentPubKey, CapSecret, CellId, ExternIO, Signature, Timestamp, ZomeCallParams,
};
use holochain_types::signal::Signal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, mpsc};

use crate::stage::BOUND;
use crate::value::encoded;

/// An installed app and a client of it.
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) info: AppInfo,
    pub(crate) client: AppWebsocket,
    pub(crate) agent: AgentPubKey,
    pub(crate) signals: Mutex<mpsc::Receiver<Signal>>,
}

/// A zome of a cell, and the right to call it.
#[derive(Clone)]
pub(crate) struct Zome {
    pub(crate) client: AppWebsocket,
    pub(crate) cell: CellId,
    pub(crate) name: &'static str,
    pub(crate) credentials: Credentials,
}

/// A key, and the secret of the grant that lets it in.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) signing_agent_key: AgentPubKey,
    pub(crate) keypair: ed25519_dalek::SigningKey,
    pub(crate) cap_secret: CapSecret,
}

impl App {
    pub(crate) fn cell(&self, role: &str) -> CellId {
        let CellInfo::Provisioned(cell) = &self.info.cell_info[role][0] else { panic!("{role}") };
        cell.cell_id.clone()
    }

    /// Waits for so many signals and throws them away.
    /// How many signals come, up to so many.
    pub(crate) async fn heard(&self, count: usize) -> usize {
        let mut signals = self.signals.lock().await;
        for heard in 0..count {
            if !matches!(tokio::time::timeout(BOUND / 20, signals.recv()).await, Ok(Some(_))) {
                return heard;
            }
        }
        count
    }

    pub(crate) async fn hear(&self, count: usize) {
        let mut signals = self.signals.lock().await;
        for _ in 0..count {
            tokio::time::timeout(BOUND / 4, signals.recv()).await.unwrap().unwrap();
        }
    }
}

impl Zome {
    /// Another zome of the same cell.
    pub(crate) fn beside(&self, name: &'static str) -> Self {
        Self { name, ..self.clone() }
    }

    /// What a call signs, for a scenario to change.
    pub(crate) fn params(&self, function: &str, input: impl Serialize) -> ZomeCallParams {
        let (nonce, expires_at) = holochain_nonce::fresh_nonce(Timestamp::now()).unwrap();
        ZomeCallParams {
            provenance: self.credentials.signing_agent_key.clone(),
            cell_id: self.cell.clone(),
            zome_name: self.name.into(),
            fn_name: function.into(),
            cap_secret: Some(self.credentials.cap_secret),
            payload: encoded(input),
            nonce,
            expires_at,
        }
    }

    pub(crate) fn sign(&self, params: &ZomeCallParams) -> ZomeCallParamsSigned {
        self.sign_bytes(ExternIO::encode(params).unwrap())
    }

    pub(crate) fn sign_bytes(&self, bytes: ExternIO) -> ZomeCallParamsSigned {
        let hash = holo_hash::sha2_512(bytes.as_bytes());
        let signature = Signature(self.credentials.keypair.sign(&hash).to_bytes());
        ZomeCallParamsSigned { bytes, signature }
    }

    pub(crate) async fn send_params(&self, params: &ZomeCallParams) -> ConductorApiResult<ExternIO> {
        self.client.signed_call_zome(self.sign(params)).await
    }

    /// Calls a function; nothing is noted.
    pub(crate) async fn send(&self, function: &str, input: impl Serialize) -> ConductorApiResult<ExternIO> {
        self.send_params(&self.params(function, input)).await
    }

    /// Calls a function that must answer; nothing is noted.
    pub(crate) async fn quiet<T: DeserializeOwned + std::fmt::Debug>(
        &self,
        function: &str,
        input: impl Serialize,
    ) -> T {
        self.send(function, input).await.unwrap().decode().unwrap()
    }
}
