//! Every handler in one process: what the local host and its tests serve.

use std::sync::Arc;

use app::{
    breaker::Breaker,
    error::Error,
    message::Message,
    port::{Lists, Providers, Queue, Store, Vault},
};
use platform::{
    api::{envelope::Reply, request::Request},
    entry::Backend,
    provider::{owlpay, payelata::settings::CallbackSecrets, paywizard::settings::Channels},
};

use crate::{
    add_batch_lines, advance_batch, approve_batch, cancel_batch, cancel_payout, check_attempt,
    create_batch, create_card_charge, create_deposit, create_instant_payout, create_key,
    create_payout, decide_card_charge, decide_review, delete_driver, dispatch_payout, get_balance,
    get_batch, get_batch_report, get_card_charge, get_docs, get_driver, get_load, get_payout,
    get_payout_method, get_payout_timeline, get_reconciliation, get_reconciliation_report,
    get_review, get_settings, guard, health, import_loads, list_audit_events, list_batch_payouts,
    list_batches, list_driver_payouts, list_drivers, list_keys, list_loads, list_payouts,
    list_providers, list_reviews, pause_provider, preview_batch, put_load, put_payout_method,
    put_settings, put_settlement, receive_owlpay_callback, receive_payelata_callback,
    reconcile_ledger, register_driver, relay_outbox, release_batch, remove_batch_line,
    resume_provider, retry_batch, retry_payout, revoke_key, rotate_key, run_reconciliation,
    sweep_due, sync_vendor, table::Function, update_driver, verify_driver,
};

/// Everything any function works with.
#[derive(Clone)]
pub struct World<S, Q, P, V> {
    pub backend: Backend<S>,
    pub queue: Q,
    pub providers: P,
    pub vault: V,
    pub callback_secrets: Arc<CallbackSecrets>,
    pub owlpay_secrets: Arc<owlpay::callback::CallbackSecrets>,
    pub breaker: Breaker,
    /// Of prepaid cards.
    pub channels: Channels,
}

/// Answers an admitted request with the function's own handler, behind the guard.
pub async fn http<S: Store + Lists, Q: Queue, P: Providers, V: Vault>(
    world: &World<S, Q, P, V>,
    function: &Function,
    request: Request,
) -> Reply {
    let scopes = function.http().map_or(&[][..], |http| http.scopes);
    guard::answer(&world.backend, scopes, request, |request| {
        handle(world, function, request)
    })
    .await
}

async fn handle<S: Store + Lists, Q: Queue, P: Providers, V: Vault>(
    world: &World<S, Q, P, V>,
    function: &Function,
    request: Request,
) -> Reply {
    let backend = world.backend.clone();
    let queue = world.queue.clone();
    match function.name {
        "health" => health::handle(backend, request).await,
        "import-loads" => import_loads::handle(backend, request).await,
        "list-loads" => list_loads::handle(backend, request).await,
        "put-load" => put_load::handle(backend, request).await,
        "get-load" => get_load::handle(backend, request).await,
        "register-driver" => register_driver::handle(backend, request).await,
        "get-driver" => get_driver::handle(backend, request).await,
        "list-drivers" => list_drivers::handle(backend, request).await,
        "update-driver" => update_driver::handle(backend, request).await,
        "delete-driver" => delete_driver::handle(backend, request).await,
        "list-driver-payouts" => list_driver_payouts::handle(backend, request).await,
        "get-payout-method" => get_payout_method::handle(backend, request).await,
        "put-payout-method" => {
            let means = put_payout_method::Means {
                vault: world.vault.clone(),
                providers: world.providers.clone(),
                channels: world.channels.clone(),
            };
            put_payout_method::handle(backend, means, request).await
        }
        "verify-driver" => verify_driver::handle(backend, request).await,
        "create-payout" => create_payout::handle(backend, queue, request).await,
        "create-instant-payout" => create_instant_payout::handle(backend, queue, request).await,
        "get-payout" => get_payout::handle(backend, request).await,
        "list-payouts" => list_payouts::handle(backend, request).await,
        "get-payout-timeline" => get_payout_timeline::handle(backend, request).await,
        "cancel-payout" => cancel_payout::handle(backend, request).await,
        "retry-payout" => retry_payout::handle(backend, queue, request).await,
        "get-balance" => get_balance::handle(backend, request).await,
        "create-deposit" => create_deposit::handle(backend, request).await,
        "create-card-charge" => {
            let means = create_card_charge::Means {
                queue,
                vault: world.vault.clone(),
                channels: world.channels.clone(),
            };
            create_card_charge::handle(backend, means, request).await
        }
        "get-card-charge" => get_card_charge::handle(backend, request).await,
        "decide-card-charge" => decide_card_charge::handle(backend, request).await,
        "create-batch" => create_batch::handle(backend, queue, request).await,
        "preview-batch" => preview_batch::handle(backend, request).await,
        "list-batches" => list_batches::handle(backend, request).await,
        "get-batch" => get_batch::handle(backend, request).await,
        "list-batch-payouts" => list_batch_payouts::handle(backend, request).await,
        "get-batch-report" => get_batch_report::handle(backend, request).await,
        "release-batch" => release_batch::handle(backend, queue, request).await,
        "cancel-batch" => cancel_batch::handle(backend, queue, request).await,
        "approve-batch" => approve_batch::handle(backend, request).await,
        "add-batch-lines" => add_batch_lines::handle(backend, request).await,
        "remove-batch-line" => remove_batch_line::handle(backend, request).await,
        "retry-batch" => retry_batch::handle(backend, queue, request).await,
        "get-settings" => get_settings::handle(backend, request).await,
        "put-settings" => put_settings::handle(backend, request).await,
        "run-reconciliation" => run_reconciliation::handle(backend, desk(world), request).await,
        "get-reconciliation" => get_reconciliation::handle(backend, request).await,
        "get-reconciliation-report" => get_reconciliation_report::handle(backend, request).await,
        "put-settlement" => put_settlement::handle(backend, request).await,
        "list-reviews" => list_reviews::handle(backend, request).await,
        "get-review" => get_review::handle(backend, request).await,
        "decide-review" => decide_review::handle(backend, queue, request).await,
        "list-providers" => list_providers::handle(backend, request).await,
        "pause-provider" => pause_provider::handle(backend, request).await,
        "resume-provider" => resume_provider::handle(backend, request).await,
        "get-docs" => get_docs::handle(backend, request).await,
        "create-key" => create_key::handle(backend, world.vault.clone(), request).await,
        "list-keys" => list_keys::handle(backend, request).await,
        "revoke-key" => revoke_key::handle(backend, request).await,
        "rotate-key" => rotate_key::handle(backend, world.vault.clone(), request).await,
        "list-audit-events" => list_audit_events::handle(backend, request).await,
        "receive-owlpay-callback" => {
            let secrets = Arc::clone(&world.owlpay_secrets);
            receive_owlpay_callback::handle(backend, queue, secrets, request).await
        }
        "receive-payelata-callback" => {
            let secrets = Arc::clone(&world.callback_secrets);
            receive_payelata_callback::handle(backend, queue, secrets, request).await
        }
        _ => Reply::no_route(&request.meta()),
    }
}

fn desk<S, Q: Clone, P: Clone, V>(world: &World<S, Q, P, V>) -> run_reconciliation::Desk<Q, P> {
    run_reconciliation::Desk {
        queue: world.queue.clone(),
        providers: world.providers.clone(),
    }
}

/// Hands a message to its consumer.
///
/// # Errors
/// `Unavailable` when the message should come again.
pub async fn message<S: Store, Q: Queue, P: Providers, V: Vault>(
    world: &World<S, Q, P, V>,
    message: Message,
) -> Result<(), Error> {
    match message {
        Message::Dispatch(_) | Message::Charge(_) => {
            let bench = dispatch_payout::Bench {
                backend: world.backend.clone(),
                queue: world.queue.clone(),
                providers: world.providers.clone(),
                vault: world.vault.clone(),
                breaker: world.breaker.clone(),
            };
            dispatch_payout::handle(bench, message).await
        }
        Message::Check(_) => {
            let bench = check_attempt::Bench {
                backend: world.backend.clone(),
                queue: world.queue.clone(),
                providers: world.providers.clone(),
                breaker: world.breaker.clone(),
            };
            check_attempt::handle(bench, message).await
        }
        Message::Batch(_) => {
            let bench = advance_batch::Bench {
                backend: world.backend.clone(),
                queue: world.queue.clone(),
            };
            advance_batch::handle(bench, message).await
        }
        Message::Vendor(_) => {
            let bench = sync_vendor::Bench {
                backend: world.backend.clone(),
                providers: world.providers.clone(),
                vault: world.vault.clone(),
            };
            sync_vendor::handle(bench, message).await
        }
    }
}

/// One tick of a scheduled function.
///
/// # Errors
/// As the function says; `NotFound` for a name that is not a scheduled function.
pub async fn tick<S: Store + Lists, Q: Queue, P: Providers, V>(
    world: &World<S, Q, P, V>,
    name: &str,
) -> Result<(), Error> {
    let (backend, queue) = (world.backend.clone(), world.queue.clone());
    match name {
        "relay-outbox" => relay_outbox::handle(backend, queue).await,
        "sweep-due" => sweep_due::handle(backend, queue).await,
        "reconcile-ledger" => reconcile_ledger::handle(backend, desk(world)).await,
        _ => Err(Error::NotFound("function")),
    }
}
