//! Everything the books are made of, read page by page for an audit. Not for use beside heavy traffic:
//! a scan reads the whole table, and writers go on meanwhile.

use app::{audit::Dump, port::Unreachable};

use super::{DynamoStore, cents, item, keys, readable, retry};

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
    if let Some(key) = keys::book_key(&address) {
        dump.records.push(readable(&key, item)?);
    } else if let (Some(key), Some((_, cents))) = (keys::balance_key(&address), cents(&item)) {
        dump.balances.insert(key, cents);
    }
    Ok(())
}
