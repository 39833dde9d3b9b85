//! Signing in this process, which holds the keystore: a signature takes a tenth of the time that it takes over a connection to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use lair_keystore_api::dependencies::one_err::OneErr;
use lair_keystore_api::dependencies::sodoken::{SizedLockedArray, sign};
use lair_keystore_api::prelude::client_traits::AsLairClient;
use lair_keystore_api::prelude::{
    Ed25519PubKey, Ed25519Signature, LairApiEnum, LairApiReqSignByPubKey, LairClient, LairEntryInner,
    LairResult, LairStore, SharedSizedLockedArray,
};
use serde::Serialize;

/// A connection to a keystore in this process that signs by itself. Everything else goes over the connection.
pub(super) struct Signer {
    connection: LairClient,
    keys: Arc<Keys>,
}

/// Keys that have signed, in memory that is never written to disk, as in the keystore.
struct Keys {
    store: LairStore,
    known: Mutex<HashMap<Ed25519PubKey, Key>>,
}

type Key = Arc<Mutex<SizedLockedArray<{ sign::SECRETKEYBYTES }>>>;

impl Signer {
    pub(super) fn of(connection: LairClient, store: LairStore) -> LairClient {
        let keys = Arc::new(Keys { store, known: Mutex::default() });
        LairClient(Arc::new(Self { connection, keys }))
    }
}

impl AsLairClient for Signer {
    fn get_enc_ctx_key(&self) -> SharedSizedLockedArray<32> {
        self.connection.0.get_enc_ctx_key()
    }

    fn get_dec_ctx_key(&self) -> SharedSizedLockedArray<32> {
        self.connection.0.get_dec_ctx_key()
    }

    fn shutdown(&self) -> BoxFuture<'static, LairResult<()>> {
        self.connection.0.shutdown()
    }

    fn request(&self, request: LairApiEnum) -> BoxFuture<'static, LairResult<LairApiEnum>> {
        let LairApiEnum::ReqSignByPubKey(request) = request else {
            return self.connection.0.request(request);
        };
        let (keys, connection) = (Arc::clone(&self.keys), Arc::clone(&self.connection.0));
        async move {
            match keys.sign(&request).await {
                Some(answer) => answer,
                // A locked key, or none: the keystore says why.
                None => connection.request(LairApiEnum::ReqSignByPubKey(request)).await,
            }
        }
        .boxed()
    }
}

impl Keys {
    async fn sign(&self, request: &LairApiReqSignByPubKey) -> Option<LairResult<LairApiEnum>> {
        let key = self.key(&request.pub_key).await?;
        let mut signature = [0; sign::SIGNATUREBYTES];
        let mut key = key.lock().unwrap_or_else(PoisonError::into_inner);
        let signed = sign::sign_detached(&mut signature, &request.data, &key.lock());
        let answer = Answer { msg_id: &request.msg_id, signature: signature.into() };
        Some(signed.map_err(Into::into).and_then(|()| answer.encoded()))
    }

    async fn key(&self, public: &Ed25519PubKey) -> Option<Key> {
        if let Some(key) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(public) {
            return Some(Arc::clone(key));
        }
        let entry = self.store.get_entry_by_ed25519_pub_key(public.clone()).await.ok()?;
        let LairEntryInner::Seed { seed, .. } = &*entry else { return None };
        let mut seed = seed.decrypt(self.store.get_bidi_ctx_key()).await.ok()?;
        let mut key = SizedLockedArray::<{ sign::SECRETKEYBYTES }>::new().ok()?;
        sign::seed_keypair(&mut [0; sign::PUBLICKEYBYTES], &mut key.lock(), &seed.lock()).ok()?;
        let key = Arc::new(Mutex::new(key));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Memory that is kept from the disk is scarce.
        if known.len() >= MAX_KEYS {
            known.clear();
        }
        known.insert(public.clone(), Arc::clone(&key));
        Some(key)
    }
}

/// The keystore's answer: nobody else can construct its struct, but anyone can read one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    msg_id: &'a str,
    signature: Ed25519Signature,
}

impl Answer<'_> {
    fn encoded(&self) -> LairResult<LairApiEnum> {
        let encoded = rmp_serde::to_vec_named(self).map_err(OneErr::new)?;
        Ok(LairApiEnum::ResSignByPubKey(rmp_serde::from_slice(&encoded).map_err(OneErr::new)?))
    }
}

/// How many keys are held for the next signature.
const MAX_KEYS: usize = 64;
