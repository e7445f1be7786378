//! What a fresh local wallet holds, so that the examples of the API's documentation work as printed.
//! Everything is put only when it is absent: a restart changes nothing.

use app::{
    call::Call,
    changes::Changes,
    create_deposit::{self, CreateDeposit},
    error::Error,
    get_driver, get_load, key_ring,
    port::{Plaintext, Store},
    put_load::{self, PutLoad},
    put_payout_method::{self, PutPayoutMethod},
    record::{ApiKey, Key, Record},
    register_driver::{self, RegisterDriver},
    request_key::Asking,
    scope,
    verify_driver::{self, VerifyDriver},
};
use domain::{
    driver::{DriverStatus, KycDecision, KycStatus, MethodKind},
    ids::{LoadId, Mode, OvnDriverId, TenantId},
    money::Cents,
    rate::RateLimit,
    routing::{Provider, StopReason},
};
use platform::provider::AnyProvider;
use serde::Serialize;

use crate::{
    pump::{LocalWorld, system_call},
    secrets::Secrets,
};

/// The four API keys of a local host, as the ready line prints them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StartKeys {
    /// Every scope.
    pub full: String,
    /// Reading only.
    pub read: String,
    /// Every scope, of a second tenant that owns nothing.
    pub other: String,
    /// Every scope, of the first tenant and another owner: what two operators decide needs this key too.
    pub second: String,
}

/// As good as none: tests and demos call as fast as they can.
const LIMIT: RateLimit = RateLimit {
    per_minute: 6_000_000,
    burst: 6_000_000,
};

/// Who holds the start keys.
const OWNER: &str = "local";
/// Who holds the key of the second operator.
const SECOND_OWNER: &str = "local-second";
const TENANT: &str = "acme";
const OTHER_TENANT: &str = "other";
const DRIVER: &str = "OVN-DRIVER-789";
const LOADS: [&str; 3] = ["L-12345", "L-12346", "L-12347"];
const LOAD_AMOUNT: Cents = Cents::new(45_000);
const WALLET: Cents = Cents::new(5_000_000);
const CARD: &str = "5123817234060000";

/// Puts keys, driver, loads and wallet, as far as they are absent.
///
/// # Errors
/// When the store cannot be reached.
pub async fn put(world: &LocalWorld, secrets: &Secrets) -> Result<StartKeys, Error> {
    let tenant = TenantId::new(TENANT, Mode::Test).map_err(|error| invalid(&error))?;
    let other = TenantId::new(OTHER_TENANT, Mode::Test).map_err(|error| invalid(&error))?;
    let call = system_call(world, "local-start");
    let reading: Vec<&str> = scope::ALL
        .into_iter()
        .filter(|scope| scope.ends_with(":read"))
        .collect();
    let keys = StartKeys {
        full: put_key(&call, world, secrets, StartKey::new("full", &tenant)).await?,
        read: put_key(
            &call,
            world,
            secrets,
            StartKey {
                scopes: &reading,
                ..StartKey::new("read", &tenant)
            },
        )
        .await?,
        other: put_key(&call, world, secrets, StartKey::new("other", &other)).await?,
        second: put_key(
            &call,
            world,
            secrets,
            StartKey {
                owner: SECOND_OWNER,
                ..StartKey::new("second", &tenant)
            },
        )
        .await?,
    };
    put_driver(&call, world, &tenant).await?;
    for load in LOADS {
        put_start_load(&call, world, &tenant, load).await?;
    }
    deposit(world, &tenant, ("start", WALLET)).await?;
    reopen_routes(&call, world, tenant.mode()).await?;
    Ok(keys)
}

fn invalid(error: &impl ToString) -> Error {
    Error::Conflict(error.to_string())
}

/// An asking without a request key and with an answer nobody reads.
fn quietly<T>(tenant: &TenantId) -> Asking<'_, T> {
    Asking {
        tenant,
        key: None,
        render: &|_| String::new(),
    }
}

/// What a start key is made of, beside its secret.
struct StartKey<'a> {
    name: &'a str,
    tenant: &'a TenantId,
    owner: &'a str,
    scopes: &'a [&'a str],
}

impl<'a> StartKey<'a> {
    /// A key of every scope that the first operator holds.
    const fn new(name: &'a str, tenant: &'a TenantId) -> Self {
        Self {
            name,
            tenant,
            owner: OWNER,
            scopes: &scope::ALL,
        }
    }
}

async fn put_key(
    call: &Call,
    world: &LocalWorld,
    secrets: &Secrets,
    start: StartKey<'_>,
) -> Result<String, Error> {
    let StartKey {
        name,
        tenant,
        owner,
        scopes,
    } = start;
    let material = hex::encode(secrets.derive(&format!("start key {name}")));
    let (id, rest) = material.split_at(12);
    let secret = &rest[..40];
    let record = ApiKey {
        id: id.to_owned(),
        version: 1,
        tenant: tenant.clone(),
        name: name.to_owned(),
        owner: owner.to_owned(),
        operator: true,
        digest: world.backend.seal.api_key(secret),
        previous: None,
        limit: LIMIT,
        scopes: scopes.iter().map(ToString::to_string).collect(),
        expires_at: None,
        revoked_at: None,
        created_at: call.now(),
    };
    let key = Key::ApiKey(id.to_owned());
    let known = world.backend.store.fetch(&[key]).await?;
    if known.into_iter().flatten().next().is_none() {
        let store = &world.backend.store;
        let ring = key_ring::read(store, tenant).await?;
        let changes = Changes::new("start-key", call.tx_id(name));
        store.commit(ring.add(changes, record, call.now())?).await?;
    }
    Ok(format!("psk_{}_{id}{secret}", tenant.mode().name()))
}

async fn put_driver(call: &Call, world: &LocalWorld, tenant: &TenantId) -> Result<(), Error> {
    let store = &world.backend.store;
    let ovn_id = OvnDriverId::parse(DRIVER).map_err(|error| invalid(&error))?;
    let id = world.backend.seal.driver_id(tenant, &ovn_id);
    let known = Key::Driver(tenant.clone(), id.clone());
    if store.fetch(&[known]).await?.iter().flatten().count() == 0 {
        let register = RegisterDriver {
            asking: quietly(tenant),
            id: id.clone(),
            ovn_id,
            name: "John Smith".to_owned(),
            email: "john@example.com".to_owned(),
            phone: "+15551234567".to_owned(),
        };
        register_driver::run(call, store, register).await?;
    }
    let driver = get_driver::run(store, tenant, &id).await?;
    if driver.method.is_none() {
        let method = PutPayoutMethod {
            asking: quietly(tenant),
            driver: id.clone(),
            kind: MethodKind::Card,
            masked: "****0000".to_owned(),
            account: Plaintext(format!(r#"{{"type":"card","cardNumber":"{CARD}"}}"#)),
        };
        // The twins do not answer yet, and need not be asked about the start data.
        let means = put_payout_method::Means {
            vault: &world.vault,
            providers: &AnyProvider::default(),
        };
        put_payout_method::run(call, store, means, method).await?;
    }
    if driver.status == DriverStatus::Invited && driver.kyc == KycStatus::Pending {
        let verify = VerifyDriver {
            asking: quietly(tenant),
            driver: id,
            decision: KycDecision::Approve,
            reason: "start data".to_owned(),
        };
        verify_driver::run(call, store, verify).await?;
    }
    Ok(())
}

async fn put_start_load(
    call: &Call,
    world: &LocalWorld,
    tenant: &TenantId,
    load: &str,
) -> Result<(), Error> {
    let load = LoadId::parse(load).map_err(|error| invalid(&error))?;
    if get_load::run(&world.backend.store, tenant, &load)
        .await
        .is_ok()
    {
        return Ok(());
    }
    let ovn_id = OvnDriverId::parse(DRIVER).map_err(|error| invalid(&error))?;
    let command = PutLoad {
        asking: quietly(tenant),
        load,
        driver: world.backend.seal.driver_id(tenant, &ovn_id),
        amount: LOAD_AMOUNT,
        description: None,
        metadata: None,
    };
    put_load::run(call, &world.backend.store, command).await?;
    Ok(())
}

/// A restart stands for a new release: it lets routes that stopped over a defect of ours try again.
async fn reopen_routes(call: &Call, world: &LocalWorld, mode: Mode) -> Result<(), Error> {
    let store = &world.backend.store;
    let keys = Provider::ALL.map(|provider| Key::Switch(provider, mode));
    for found in store.fetch(&keys).await? {
        let Some(Record::Switch(switch)) = found else {
            continue;
        };
        let reason = switch.stopped.as_ref().map(|stop| stop.reason);
        if reason == Some(StopReason::IntegrationDefect) {
            let open = Record::Switch(Box::new(switch.reopened()));
            let tx_id = call.tx_id(&format!("reopen {}", switch.provider.name()));
            let changes = Changes::new("reopen-route", tx_id);
            store.commit(changes.replace(open, switch.version)).await?;
        }
    }
    Ok(())
}

/// Funds a wallet once per reference.
async fn deposit(
    world: &LocalWorld,
    tenant: &TenantId,
    (reference, amount): (&str, Cents),
) -> Result<(), Error> {
    let call = system_call(world, "local-start");
    let command = CreateDeposit {
        asking: quietly(tenant),
        id: world.backend.seal.deposit_id(tenant, reference),
        amount,
        reference: reference.to_owned(),
        owner: OWNER.to_owned(),
    };
    create_deposit::run(&call, &world.backend.store, command).await?;
    Ok(())
}
