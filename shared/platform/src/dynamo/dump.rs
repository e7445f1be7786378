//! Everything the books are made of, read page by page for an audit. Not for use beside heavy traffic:
//! a scan reads the whole table, and writers go on meanwhile.

use app::{
    audit::Dump,
    changes::{BalanceKey, WalletKey, WalletPart},
    port::Unreachable,
};
use domain::{ledger::Account, money::Cents, payout::PayoutStatus};

use super::{DynamoStore, item, keys, readable, retry};

impl DynamoStore {
    /// # Errors
    /// [`Unreachable`] when the table does not answer, or an item is not one of ours.
    pub async fn dump(&self) -> Result<Dump, Unreachable> {
        let mut dump = Dump::default();
        let mut start = None;
        loop {
            let page = self
                .read(|| async {
                    self.client
                        .scan()
                        .table_name(&*self.table)
                        .consistent_read(true)
                        .set_exclusive_start_key(start.clone())
                        .send()
                        .await
                        .map_err(|error| retry::judge(&error))
                })
                .await?;
            for item in page.items.unwrap_or_default() {
                sort_in(&mut dump, item)?;
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        dump.records.sort_by_key(app::record::Record::key);
        Ok(dump)
    }
}

fn sort_in(dump: &mut Dump, item: item::Attributes) -> Result<(), Unreachable> {
    let Some(address) = item::address_of(&item) else {
        return Ok(());
    };
    if let Some(key) = keys::record_key(&address) {
        dump.records.push(readable(&key, item)?);
    } else if let Some(wallet) = keys::wallet_key(&address) {
        sort_in_wallet(dump, &wallet, &item)?;
    } else if let Some(counter) = keys::counter_key(&address) {
        for name in counter.list.names() {
            let count = item::whole(&item, &item::count_name(name))?;
            let entry = (counter.clone(), (*name).to_owned());
            dump.counts.insert(entry, count);
        }
    }
    Ok(())
}

fn sort_in_wallet(
    dump: &mut Dump,
    wallet: &WalletKey,
    item: &item::Attributes,
) -> Result<(), Unreachable> {
    for account in Account::ALL {
        let balance = BalanceKey {
            tenant: wallet.tenant.clone(),
            account,
            shard: match wallet.part {
                WalletPart::Shard(shard) => shard,
                WalletPart::Whole(_) => 0,
            },
        };
        let name = item::balance_name(account);
        if balance.wallet() == *wallet && item.contains_key(name) {
            let cents = Cents::new(item::whole(item, name)?);
            dump.balances.insert(balance, cents);
        }
    }
    for status in PayoutStatus::ALL {
        let name = item::count_name(status.name());
        if item.contains_key(&name) {
            let entry = (wallet.tenant.clone(), status);
            *dump.payout_counts.entry(entry).or_default() += item::whole(item, &name)?;
        }
    }
    Ok(())
}
