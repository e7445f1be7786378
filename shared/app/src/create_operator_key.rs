//! Makes the key of an operator. Nobody can ask for one over the API: who may run this is decided by the
//! permissions of the cloud account.

use domain::{ids::TenantId, rate::RateLimit};

use crate::{
    api_key::{Grant, Minting, mint},
    call::Call,
    cancel_payout::refuse_unless_overtaken,
    changes::Changes,
    create_key,
    create_payout::ROUNDS,
    error::Error,
    key_ring,
    port::Store,
    secret_answer::ShownKey,
};

pub struct CreateOperatorKey<'a> {
    pub tenant: TenantId,
    pub name: String,
    /// The person who holds the key. What needs two operators needs two owners.
    pub owner: String,
    pub scopes: Vec<&'static str>,
    pub minting: Minting<'a>,
}

/// # Errors
/// `Denied::KeysExhausted`; `Unavailable`.
pub async fn run(
    call: &Call,
    store: &impl Store,
    command: CreateOperatorKey<'_>,
) -> Result<ShownKey, Error> {
    let grant = Grant {
        tenant: command.tenant,
        name: command.name,
        owner: command.owner,
        operator: true,
        scopes: command.scopes.iter().map(ToString::to_string).collect(),
        limit: RateLimit::STANDARD,
        expires_at: None,
    };
    let minted = mint(grant, command.minting, call.now());
    for round in 0..ROUNDS {
        let ring = key_ring::read(store, &minted.key.tenant).await?;
        let tx_id = call.tx_id(&format!("create-operator-key {round}"));
        let changes = Changes::new("create-operator-key", tx_id);
        let changes = ring
            .add(changes, minted.key.clone(), call.now())?
            .insert(create_key::made(call, &minted.key));
        match store.commit(changes).await {
            Ok(()) => {
                return Ok(ShownKey {
                    key: minted.key,
                    secret: Some(minted.text),
                });
            }
            Err(error) => refuse_unless_overtaken(error)?,
        }
    }
    Err(Error::Conflict(
        "the tenant's keys kept changing; send it again".to_owned(),
    ))
}
