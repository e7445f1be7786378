//! What a Lambda of each function opens at its start: only the clients it uses, once per process.

use std::sync::Arc;

use app::breaker::Breaker;
use platform::{
    Fatal,
    api::{envelope::Reply, request::Request},
    aws,
    dynamo::DynamoStore,
    entry::{Backend, http},
    kms::KmsVault,
    pace::Pace,
    provider::{
        AnyProvider,
        http::Http,
        owlpay::{
            self, Owlpay,
            settings::{OwlpaySettings, Remittance},
        },
        payelata::{
            Payelata,
            public::PayelataPublic,
            settings::{CallbackSecrets, PayelataSettings, PublicSettings},
        },
        paywizard::{
            PayWizard,
            settings::{Channels, PayWizardSettings},
        },
    },
    settings::{QueueSettings, TableSettings, VaultSettings},
    sqs::SqsQueue,
};

use crate::{
    advance_batch, check_attempt, create_card_charge, dispatch_payout, guard, put_payout_method,
    run_reconciliation, sync_vendor,
    table::{Function, function},
};

/// # Errors
/// [`Fatal`] when a setting is missing or a client cannot be built.
pub fn backend() -> Result<Backend<DynamoStore>, Fatal> {
    let table = TableSettings::from_env()?.table;
    Backend::of_process(DynamoStore::new(aws::dynamo_client()?, table))
}

/// # Errors
/// As [`backend`].
pub fn queue() -> Result<SqsQueue, Fatal> {
    Ok(SqsQueue::new(
        aws::sqs_client()?,
        QueueSettings::from_env()?,
    ))
}

/// # Errors
/// As [`backend`].
pub fn with_queue() -> Result<(Backend<DynamoStore>, SqsQueue), Fatal> {
    Ok((backend()?, queue()?))
}

/// # Errors
/// As [`backend`].
pub fn vault() -> Result<KmsVault, Fatal> {
    Ok(KmsVault::new(
        aws::kms_client()?,
        VaultSettings::from_env()?,
    ))
}

fn providers() -> Result<AnyProvider, Fatal> {
    let http = Http::new(Pace::real()).map_err(|error| build("the provider client", &error))?;
    let payelata = Payelata::new(PayelataSettings::from_env()?, http.clone())
        .map_err(|fault| build("the Payelata adapter", &fault))?;
    let owlpay = OwlpaySettings::from_env()?
        .map(|settings| Owlpay::new(settings, http.clone()))
        .transpose()
        .map_err(|fault| build("the OwlPay adapter", &fault))?;
    let remittance = Remittance::from_env()?;
    let owlpay = owlpay.map(|owlpay| owlpay.with_remittance(remittance));
    let paywizard = PayWizardSettings::from_env()?
        .map(|settings| PayWizard::new(settings, http))
        .transpose()
        .map_err(|fault| build("the PayWizard adapter", &fault))?;
    Ok(AnyProvider::new(payelata)
        .with_owlpay(owlpay)
        .with_paywizard(paywizard))
}

fn build(what: &'static str, cause: &impl ToString) -> Fatal {
    Fatal::Build {
        what,
        cause: cause.to_string(),
    }
}

/// # Errors
/// As [`backend`].
pub fn for_dispatch()
-> Result<dispatch_payout::Bench<DynamoStore, SqsQueue, AnyProvider, KmsVault>, Fatal> {
    Ok(dispatch_payout::Bench {
        backend: backend()?,
        queue: queue()?,
        providers: providers()?,
        vault: vault()?,
        breaker: Breaker::default(),
    })
}

/// # Errors
/// As [`backend`].
pub fn for_check() -> Result<check_attempt::Bench<DynamoStore, SqsQueue, AnyProvider>, Fatal> {
    Ok(check_attempt::Bench {
        backend: backend()?,
        queue: queue()?,
        providers: providers()?,
        breaker: Breaker::default(),
    })
}

/// # Errors
/// As [`backend`].
pub fn for_charges() -> Result<create_card_charge::Means<SqsQueue, KmsVault>, Fatal> {
    Ok(create_card_charge::Means {
        queue: queue()?,
        vault: vault()?,
        channels: Channels::from_env()?,
    })
}

/// Providers that can be asked about accounts and nothing else.
///
/// # Errors
/// As [`backend`].
pub fn for_payout_methods() -> Result<put_payout_method::Means<KmsVault, AnyProvider>, Fatal> {
    let http = Http::new(Pace::real()).map_err(|error| build("the provider client", &error))?;
    let public = PublicSettings::from_env()?
        .map(|settings| PayelataPublic::new(settings, http))
        .transpose()
        .map_err(|fault| build("the public Payelata adapter", &fault))?;
    Ok(put_payout_method::Means {
        vault: vault()?,
        providers: AnyProvider::default().with_payelata_public(public),
        channels: Channels::from_env()?,
    })
}

/// # Errors
/// As [`backend`].
pub fn for_reconciliation() -> Result<run_reconciliation::Desk<SqsQueue, AnyProvider>, Fatal> {
    Ok(run_reconciliation::Desk {
        queue: queue()?,
        providers: providers()?,
    })
}

/// # Errors
/// As [`backend`].
pub fn for_batches() -> Result<advance_batch::Bench<DynamoStore, SqsQueue>, Fatal> {
    Ok(advance_batch::Bench {
        backend: backend()?,
        queue: queue()?,
    })
}

/// # Errors
/// As [`backend`].
pub fn for_vendors() -> Result<sync_vendor::Bench<DynamoStore, AnyProvider, KmsVault>, Fatal> {
    Ok(sync_vendor::Bench {
        backend: backend()?,
        providers: providers()?,
        vault: vault()?,
    })
}

/// # Errors
/// As [`backend`].
pub fn for_callbacks() -> Result<(SqsQueue, Arc<CallbackSecrets>), Fatal> {
    Ok((queue()?, Arc::new(CallbackSecrets::from_env())))
}

/// # Errors
/// As [`backend`].
pub fn for_owlpay_callbacks() -> Result<(SqsQueue, Arc<owlpay::callback::CallbackSecrets>), Fatal> {
    let secrets = owlpay::callback::CallbackSecrets::from_env();
    Ok((queue()?, Arc::new(secrets)))
}

/// Runs the HTTP function `name` of the table, whose handler needs the backend and nothing else.
///
/// # Errors
/// [`Fatal`] when it cannot start, or is not behind the HTTP API.
pub fn serve<F, Fut>(name: &'static str, handler: F) -> Result<(), Fatal>
where
    F: Fn(Backend<DynamoStore>, Request) -> Fut + Copy + Send + Sync,
    Fut: Future<Output = Reply> + Send,
{
    let nothing = || Ok(());
    serve_with(name, nothing, move |backend, (), request| {
        handler(backend, request)
    })
}

/// Runs the HTTP function `name` of the table; `open` builds what its handler needs beside the backend.
///
/// # Errors
/// As [`serve`].
pub fn serve_with<C, F, Fut>(
    name: &'static str,
    open: impl FnOnce() -> Result<C, Fatal>,
    handler: F,
) -> Result<(), Fatal>
where
    C: Clone + Send,
    F: Fn(Backend<DynamoStore>, C, Request) -> Fut + Copy + Send + Sync,
    Fut: Future<Output = Reply> + Send,
{
    let http = function(name).and_then(Function::http);
    let http = http.ok_or_else(|| build(name, &"it has no route"))?;
    http::run_with(
        http.route(),
        || Ok((backend()?, open()?)),
        move |(backend, context), request| async move {
            guard::answer(&backend, http.scopes, request, |request| {
                handler(backend.clone(), context, request)
            })
            .await
        },
    )
}
