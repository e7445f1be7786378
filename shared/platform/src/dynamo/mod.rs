//! The table on DynamoDB: strong reads, and every unit of work as one transaction.

mod commit;
mod dump;
mod expression;
mod item;
mod keys;
mod lists;
mod meter;
mod query;
mod retry;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
};

use app::{
    changes::{Changes, WalletKey, WalletPart},
    port::{CommitError, Store, Unreachable},
    record::{Balances, DueEntry, Key, OutboxEntry, Record},
};
use aws_sdk_dynamodb::{
    Client,
    operation::{
        transact_get_items::TransactGetItemsError, transact_write_items::TransactWriteItemsError,
    },
    types::{Get, KeysAndAttributes, ReturnConsumedCapacity, TransactGetItem},
};
use domain::{
    ids::{PayoutId, TenantId},
    ledger::Account,
    money::Cents,
    payout::SHARDS,
    time::Timestamp,
    transition::Transition,
};

use self::{
    commit::Unit,
    item::Attributes,
    keys::Address,
    query::Ask,
    retry::{Failed, GaveUp},
};
pub use self::{
    meter::{Cost, Meter, Step},
    retry::{Jitter, TRIES, TRY_TIMEOUT},
};

/// The most keys of one batch read.
const FETCH_MAX: usize = 100;

/// The table. Clones share the connection and the meter.
#[derive(Clone)]
pub struct DynamoStore {
    client: Client,
    table: Arc<str>,
    jitter: Jitter,
    meter: Option<Arc<Meter>>,
}

impl fmt::Debug for DynamoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoStore")
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}

impl DynamoStore {
    /// The store over `table`. The client's own retries are switched off and a try is limited to
    /// [`TRY_TIMEOUT`], whatever the client was made with.
    pub fn new(client: Client, table: String) -> Self {
        Self {
            client: retry::disciplined(&client),
            table: table.into(),
            jitter: retry::hasher_jitter,
            meter: None,
        }
    }

    /// The same store with another source of random numbers for its delays.
    #[must_use]
    pub fn with_jitter(self, jitter: Jitter) -> Self {
        Self { jitter, ..self }
    }

    /// The same store, counting into `meter`. The table is then asked what each call consumed.
    #[must_use]
    pub fn metered(self, meter: Arc<Meter>) -> Self {
        Self {
            meter: Some(meter),
            ..self
        }
    }

    fn capacity(&self) -> Option<ReturnConsumedCapacity> {
        self.meter.as_ref().map(|_| ReturnConsumedCapacity::Total)
    }

    fn count(&self, count: impl FnOnce(&Meter)) {
        if let Some(meter) = &self.meter {
            count(meter);
        }
    }

    async fn read<T, F>(&self, call: impl FnMut() -> F + Send) -> Result<T, Unreachable>
    where
        F: Future<Output = Result<T, Failed<String>>> + Send,
    {
        retry::persist(self.jitter, call)
            .await
            .map_err(|gave_up| match gave_up {
                GaveUp::Busy(cause) | GaveUp::InDoubt(cause) | GaveUp::Final(cause) => {
                    Unreachable(cause)
                }
            })
    }

    async fn get(&self, key: &Key) -> Result<Option<Record>, Unreachable> {
        let step = step("GetItem", "fetch");
        let address = keys::address(key);
        let item = self
            .read(|| async {
                self.count(|meter| meter.called(step));
                let output = self
                    .client
                    .get_item()
                    .table_name(&*self.table)
                    .set_key(Some(item::key_of(&address)))
                    .consistent_read(true)
                    .set_return_consumed_capacity(self.capacity())
                    .send()
                    .await
                    .map_err(|error| retry::judge(&error))?;
                self.count(|meter| meter.read(step, output.consumed_capacity.as_slice()));
                Ok(output.item)
            })
            .await?;
        item.map(|item| readable(key, item)).transpose()
    }

    /// One round of a batch read: what was found, and the keys the table left for another round.
    async fn get_batch(
        &self,
        wanted: &[Attributes],
    ) -> Result<(Vec<Attributes>, Vec<Attributes>), Unreachable> {
        let step = step("BatchGetItem", "fetch");
        self.read(|| async {
            self.count(|meter| meter.called(step));
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(wanted.to_vec()))
                .consistent_read(true)
                .build()
                .map_err(|error| Failed::Final(error.to_string()))?;
            let output = self
                .client
                .batch_get_item()
                .request_items(&*self.table, wanted)
                .set_return_consumed_capacity(self.capacity())
                .send()
                .await
                .map_err(|error| retry::judge(&error))?;
            self.count(|meter| meter.read(step, output.consumed_capacity()));
            let found = output.responses.unwrap_or_default().into_values().flatten();
            let left = output.unprocessed_keys.unwrap_or_default().into_values();
            Ok((
                found.collect(),
                left.flat_map(|it| it.keys).collect::<Vec<_>>(),
            ))
        })
        .await
    }

    async fn get_all(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, Unreachable> {
        assert!(keys.len() <= FETCH_MAX, "a read names at most 100 items");
        let addresses: Vec<_> = keys.iter().map(keys::address).collect();
        let found = self.items_at(&addresses).await?;
        keys.iter()
            .zip(&addresses)
            .map(|(key, address)| {
                let item = found.get(address).cloned();
                item.map(|item| readable(key, item)).transpose()
            })
            .collect()
    }

    /// What stands at the addresses, read strongly.
    async fn items_at(
        &self,
        addresses: &[Address],
    ) -> Result<HashMap<Address, Attributes>, Unreachable> {
        let unique: HashSet<_> = addresses.iter().collect();
        let mut wanted: Vec<_> = unique.into_iter().map(item::key_of).collect();
        let mut found = HashMap::new();
        for round in 0..TRIES {
            if round > 0 {
                tokio::time::sleep(retry::delay(round, (self.jitter)())).await;
            }
            let (items, left) = self.get_batch(&wanted).await?;
            for item in items {
                if let Some(address) = item::address_of(&item) {
                    found.insert(address, item);
                }
            }
            wanted = left;
            if wanted.is_empty() {
                return Ok(found);
            }
        }
        Err(Unreachable("keys were left unprocessed".to_owned()))
    }

    async fn try_commit(&self, unit: &Unit, step: Step) -> Result<(), Failed<CommitError>> {
        self.count(|meter| meter.called(step));
        let outcome = self
            .client
            .transact_write_items()
            .set_transact_items(Some(unit.items.clone()))
            .client_request_token(&unit.token)
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        let error = match outcome {
            Ok(output) => {
                self.count(|meter| meter.wrote(step, output.consumed_capacity()));
                return Ok(());
            }
            Err(error) => error,
        };
        if let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) =
            error.as_service_error()
        {
            return unit.canceled(canceled.cancellation_reasons());
        }
        Err(match retry::judge(&error) {
            Failed::Busy(cause) => Failed::Busy(cause),
            Failed::InDoubt(cause) => Failed::InDoubt(cause),
            Failed::Final(cause) => Failed::Final(CommitError::Unreachable(cause)),
        })
    }

    async fn try_wallet(&self, addresses: &[Address]) -> Result<Vec<Attributes>, Failed<String>> {
        let step = step("TransactGetItems", "balances");
        self.count(|meter| meter.called(step));
        let gets = addresses.iter().map(|address| {
            let get = Get::builder()
                .table_name(&*self.table)
                .set_key(Some(item::key_of(address)))
                .build()
                .expect("table and key are given");
            TransactGetItem::builder().get(get).build()
        });
        let outcome = self
            .client
            .transact_get_items()
            .set_transact_items(Some(gets.collect()))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await;
        let output = outcome.map_err(|error| match error.as_service_error() {
            // A read is cancelled only by writers that are at work on the same items.
            Some(TransactGetItemsError::TransactionCanceledException(_)) => {
                Failed::Busy("TransactionConflict".to_owned())
            }
            _ => retry::judge(&error),
        })?;
        self.count(|meter| meter.read(step, output.consumed_capacity()));
        let responses = output.responses.unwrap_or_default();
        Ok(responses.into_iter().filter_map(|it| it.item).collect())
    }
}

/// The shards of a wallet.
fn shards(tenant: &TenantId) -> impl Iterator<Item = Address> {
    (0..SHARDS).map(|shard| {
        keys::wallet_address(&WalletKey {
            tenant: tenant.clone(),
            part: WalletPart::Shard(shard),
        })
    })
}

const fn step(operation: &'static str, label: &'static str) -> Step {
    Step { operation, label }
}

fn readable(key: &Key, item: Attributes) -> Result<Record, Unreachable> {
    item::read(key, item).map_err(|error| Unreachable(error.to_string()))
}

impl Store for DynamoStore {
    async fn fetch(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, Unreachable> {
        match keys {
            [] => Ok(Vec::new()),
            [key] => Ok(vec![self.get(key).await?]),
            keys => self.get_all(keys).await,
        }
    }

    async fn commit(&self, changes: Changes) -> Result<(), CommitError> {
        let step = step("TransactWriteItems", changes.label);
        let unit = Unit::new(&self.table, changes);
        // Movements that cancel out leave nothing to write.
        if unit.items.is_empty() {
            return Ok(());
        }
        retry::persist(self.jitter, || self.try_commit(&unit, step))
            .await
            .map_err(|gave_up| match gave_up {
                GaveUp::Busy(_) => CommitError::Contended,
                GaveUp::InDoubt(cause) => CommitError::Unreachable(cause),
                GaveUp::Final(error) => error,
            })
    }

    async fn transitions(
        &self,
        tenant: &TenantId,
        payout: &PayoutId,
    ) -> Result<Vec<Transition>, Unreachable> {
        let items = self.query(&Ask::transitions(tenant, payout)).await?;
        items
            .into_iter()
            .map(|item| item::of(item).map_err(|error| Unreachable(error.to_string())))
            .collect()
    }

    async fn balances(&self, tenant: &TenantId) -> Result<Balances, Unreachable> {
        let wholes = [Account::Available, Account::Hold].map(|account| {
            keys::wallet_address(&WalletKey {
                tenant: tenant.clone(),
                part: WalletPart::Whole(account),
            })
        });
        let addresses: Vec<_> = wholes.into_iter().chain(shards(tenant)).collect();
        let items = self.read(|| self.try_wallet(&addresses)).await?;
        let mut balances = Balances::default();
        for item in &items {
            let address = item::address_of(item);
            let add = |sum: &mut Cents, account| {
                let cents = item::whole(item, item::balance_name(account))?;
                *sum = Cents::new(sum.get().saturating_add(cents));
                Ok(())
            };
            if address.as_ref() == addresses.first() {
                add(&mut balances.available, Account::Available)?;
            } else if address.as_ref() == addresses.get(1) {
                add(&mut balances.pending, Account::Hold)?;
            } else {
                add(&mut balances.pending, Account::Pending)?;
                add(&mut balances.in_transit, Account::InTransit)?;
            }
        }
        Ok(balances)
    }

    async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueEntry>, Unreachable> {
        let items = self.query(&Ask::due(shard, until, limit)).await?;
        Ok(items.iter().filter_map(query::due_entry).collect())
    }

    async fn outbox(
        &self,
        shard: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxEntry>, Unreachable> {
        let items = self.query(&Ask::outbox(shard, until, limit)).await?;
        items
            .into_iter()
            .map(|item| item::of(item).map_err(|error| Unreachable(error.to_string())))
            .collect()
    }
}
