//! What a Lambda of each function opens at its start: only the clients it uses, once per process.

use domain::ids::Mode;
use platform::{
    Fatal, aws,
    dynamo::DynamoStore,
    entry::Backend,
    kms::KmsVault,
    pace::Pace,
    provider::{
        AnyProvider,
        http::Http,
        payelata::{
            Payelata,
            settings::{CallbackSecrets, PayelataSettings},
        },
    },
    settings::{PayelataEnv, QueueSettings, TableSettings, VaultSettings},
    sqs::SqsQueue,
};

use crate::{check_attempt, dispatch_payout};

/// # Errors
/// [`Fatal`] when a setting is missing or a client cannot be built.
pub fn backend() -> Result<Backend<DynamoStore>, Fatal> {
    let table = TableSettings::from_env()?.table;
    Backend::of_process(DynamoStore::new(aws::dynamo_client()?, table))
}

/// # Errors
/// As [`backend`].
pub fn queue() -> Result<SqsQueue, Fatal> {
    Ok(SqsQueue::new(aws::sqs_client()?, QueueSettings::from_env()?))
}

/// # Errors
/// As [`backend`].
pub fn with_queue() -> Result<(Backend<DynamoStore>, SqsQueue), Fatal> {
    Ok((backend()?, queue()?))
}

fn vault() -> Result<KmsVault, Fatal> {
    Ok(KmsVault::new(aws::kms_client()?, VaultSettings::from_env()?))
}

/// # Errors
/// As [`backend`].
pub fn with_vault() -> Result<(Backend<DynamoStore>, KmsVault), Fatal> {
    Ok((backend()?, vault()?))
}
