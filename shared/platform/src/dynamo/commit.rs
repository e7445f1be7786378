//! A unit of work as one `TransactWriteItems`, and its cancellation read back as refusals.

use std::collections::BTreeMap;

use app::{
    changes::{Changes, Item, Left, Movement, Subject, Write},
    port::{CommitError, Refused},
    record::{Key, Record},
};
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure::AllOld,
    TransactWriteItem, Update, builders::PutBuilder,
};
use domain::{
    batch::TallyMovement, driver::DriverFigures, fee::Rail, ids::PayoutId, ledger::Account,
    load::LoadStatus, money::Cents, time::Timestamp,
};
use sha2::{Digest, Sha256};

use super::{
    expression::{Expression, Payable, number, text},
    item,
    keys::{self, Address},
    retry::Failed,
};

/// A unit of work as the store takes it. Built once; every try sends the same.
pub(crate) struct Unit {
    pub(crate) writes: Vec<Write>,
    pub(crate) items: Vec<TransactWriteItem>,
    /// Recognises a repeat for ten minutes: 36 hex digits over the unit's id and what it writes.
    pub(crate) token: String,
}

impl Unit {
    pub(crate) fn new(table: &str, changes: Changes) -> Self {
        let mut token = Sha256::new();
        token.update(changes.label);
        token.update([0]);
        token.update(&changes.tx_id);
        let writes = changes.into_writes();
        for write in &writes {
            let (Address { pk, sk }, version) = target(write);
            for part in [pk.as_bytes(), sk.as_bytes(), &version.to_be_bytes()] {
                token.update([0]);
                token.update(part);
            }
        }
        Self {
            items: writes.iter().map(|write| action(table, write)).collect(),
            writes,
            token: hex::encode(&token.finalize()[..18]),
        }
    }

    /// Reads why the store cancelled the unit. The reasons stand in the order of the writes. In this
    /// order decide: our own earlier write; the record of a request key, because its answer is
    /// replayed whatever else failed; a conflict, because it may hide the true reason; the refusals.
    pub(crate) fn canceled(
        &self,
        reasons: &[CancellationReason],
    ) -> Result<(), Failed<CommitError>> {
        let mut refusals = Vec::new();
        let mut busy = None;
        for (write, reason) in self.writes.iter().zip(reasons) {
            match reason.code() {
                Some("None") | None => {}
                Some("ConditionalCheckFailed") => {
                    let refused = refused(write, reason);
                    if is_own(write, &refused) {
                        return Ok(());
                    }
                    refusals.push(refused);
                }
                Some(
                    code @ ("TransactionConflict"
                    | "ThrottlingError"
                    | "ProvisionedThroughputExceeded"),
                ) => busy = Some(code.to_owned()),
                Some(code) => {
                    let cause = format!("{code}: {}", reason.message().unwrap_or_default());
                    return Err(Failed::Final(CommitError::Unreachable(cause)));
                }
            }
        }
        let is_replay = refusals.iter().any(|it| it.subject == Subject::Request);
        match busy {
            Some(code) if !is_replay => Err(Failed::Busy(code)),
            _ if refusals.is_empty() => Err(Failed::Busy("canceled without a reason".to_owned())),
            _ => Err(Failed::Final(CommitError::Refused(refusals))),
        }
    }
}

fn refused(write: &Write, reason: &CancellationReason) -> Refused {
    let found = found_key(write)
        .zip(reason.item().filter(|item| !item.is_empty()))
        .and_then(|(key, item)| {
            item::read(&key, item.clone())
                .inspect_err(|error| tracing::error!(%error, "an item cannot be read: {error}"))
                .ok()
        });
    Refused {
        subject: write.subject(),
        found,
    }
}

/// The record that may stand in the way of a write; a balance is none.
fn found_key(write: &Write) -> Option<Key> {
    match write.item() {
        Item::Record(key) => Some(key),
        Item::Wallet(_) | Item::Counter(_) => None,
    }
}

fn is_own(write: &Write, refused: &Refused) -> bool {
    let Write::Insert(record) = write else {
        return false;
    };
    let ours = record.tx_id();
    ours.is_some() && ours == refused.found.as_ref().and_then(Record::tx_id)
}

fn target(write: &Write) -> (Address, u32) {
    let address = match write.item() {
        Item::Record(key) => keys::address(&key),
        Item::Wallet(wallet) => keys::wallet_address(&wallet),
        Item::Counter(counter) => keys::counter_address(&counter),
    };
    let version = match write {
        Write::Replace { version, .. } | Write::Retire { version, .. } => *version,
        Write::Insert(_)
        | Write::Remember { .. }
        | Write::Driver { .. }
        | Write::SettleLoad { .. }
        | Write::Move { .. }
        | Write::Count { .. }
        | Write::Forget(_) => 0,
        // The plain and the closing form of a unit are two units.
        Write::Tally { left, .. } => match left {
            Left::Any => 0,
            Left::Some => 1,
            Left::None => 2,
        },
        Write::Gate { gate, .. } => *gate,
    };
    (address, version)
}

fn action(table: &str, write: &Write) -> TransactWriteItem {
    let (address, _) = target(write);
    let place = Place { table, address };
    match write {
        Write::Insert(record) => place.put(record, |put| {
            put.condition_expression("attribute_not_exists(pk)")
        }),
        Write::Replace {
            record: record @ Record::Driver(_),
            version,
        } => place.revise(record, *version, "v = :v"),
        Write::Retire { driver, version } => {
            let record = Record::Driver(driver.clone());
            place.revise(&record, *version, "v = :v AND pp <= :zero")
        }
        Write::Replace { record, version } => place.put(record, |put| {
            put.condition_expression("v = :v")
                .expression_attribute_values(":v", number(*version))
        }),
        Write::Remember { record, now } if record.forgotten_at().is_some() => {
            place.put(record, |put| {
                put.condition_expression("attribute_not_exists(pk) OR ea < :now")
                    .expression_attribute_values(":now", number(now.millis()))
            })
        }
        Write::Remember { record, .. } => place.put(record, |put| {
            put.condition_expression("attribute_not_exists(pk)")
        }),
        Write::Driver { payable, by, .. } => place.driver(*payable, *by),
        Write::SettleLoad {
            payout, status, at, ..
        } => place.settle_load(payout, *status, *at),
        Write::Move { by, .. } => place.move_cents(by),
        Write::Count { by, .. } => place.count(by),
        Write::Tally { by, left, .. } => place.tally(by, *left),
        Write::Gate { gate, .. } => place.gate(*gate),
        Write::Forget(_) => place.delete(),
    }
}

/// Where one write goes.
struct Place<'a> {
    table: &'a str,
    address: Address,
}

const COMPLETE: &str = "every required member is given";

impl Place<'_> {
    fn put(
        &self,
        record: &Record,
        condition: impl FnOnce(PutBuilder) -> PutBuilder,
    ) -> TransactWriteItem {
        let put = Put::builder()
            .table_name(self.table)
            .set_item(Some(item::write(record)))
            .return_values_on_condition_check_failure(AllOld);
        let put = condition(put).build().expect(COMPLETE);
        TransactWriteItem::builder().put(put).build()
    }

    /// Replaces a driver but for the figures, which payouts add to at the same time.
    fn revise(&self, record: &Record, version: u32, condition: &str) -> TransactWriteItem {
        let mut revision = Expression::default();
        for (name, value) in item::write(record) {
            let is_key = name == keys::PK || name == keys::SK;
            if !is_key && !item::FIGURES.contains(&name.as_str()) {
                revision.set(name, value);
            }
        }
        for name in item::absent(record) {
            revision.remove(name);
        }
        let update = Update::builder()
            .table_name(self.table)
            .set_key(Some(item::key_of(&self.address)))
            .update_expression(revision.text())
            .set_expression_attribute_names(Some(revision.names))
            .set_expression_attribute_values(Some(revision.values))
            .condition_expression(condition)
            .expression_attribute_values(":v", number(version))
            .return_values_on_condition_check_failure(AllOld);
        let update = if condition.contains(":zero") {
            update.expression_attribute_values(":zero", number(0))
        } else {
            update
        };
        let update = update.build().expect(COMPLETE);
        TransactWriteItem::builder().update(update).build()
    }

    /// Adds to a driver's figures where there is something to add, and checks where a rail is named:
    /// the same condition as `Driver::require_payable`.
    fn driver(&self, payable: Option<Rail>, by: DriverFigures) -> TransactWriteItem {
        let condition = payable.map_or_else(Payable::exists, Payable::on);
        if by.is_zero() {
            let check = ConditionCheck::builder()
                .table_name(self.table)
                .set_key(Some(item::key_of(&self.address)))
                .condition_expression(condition.text)
                .set_expression_attribute_values(condition.values)
                .return_values_on_condition_check_failure(AllOld)
                .build()
                .expect(COMPLETE);
            return TransactWriteItem::builder().condition_check(check).build();
        }
        let update = Update::builder()
            .table_name(self.table)
            .set_key(Some(item::key_of(&self.address)))
            .update_expression("ADD po :payouts, pp :pending, tp :paid")
            .condition_expression(condition.text)
            .set_expression_attribute_values(condition.values)
            .expression_attribute_values(":payouts", number(by.payouts))
            .expression_attribute_values(":pending", number(by.pending_payouts))
            .expression_attribute_values(":paid", number(by.total_paid.get()))
            .return_values_on_condition_check_failure(AllOld)
            .build()
            .expect(COMPLETE);
        TransactWriteItem::builder().update(update).build()
    }

    fn settle_load(
        &self,
        payout: &PayoutId,
        status: LoadStatus,
        at: Timestamp,
    ) -> TransactWriteItem {
        let change = match status {
            LoadStatus::Open => "SET st = :st, ua = :at, v = v + :one REMOVE ho",
            LoadStatus::Held | LoadStatus::Paid => "SET st = :st, ua = :at, v = v + :one",
        };
        let update = Update::builder()
            .table_name(self.table)
            .set_key(Some(item::key_of(&self.address)))
            .update_expression(change)
            .condition_expression("ho = :payout")
            .expression_attribute_values(":payout", text(payout.as_str()))
            .expression_attribute_values(":st", text(status.name()))
            .expression_attribute_values(":at", number(at.millis()))
            .expression_attribute_values(":one", number(1))
            .return_values_on_condition_check_failure(AllOld)
            .build()
            .expect(COMPLETE);
        TransactWriteItem::builder().update(update).build()
    }

    fn move_cents(&self, by: &Movement) -> TransactWriteItem {
        let mut addition = Expression::default();
        let mut conditions = Vec::new();
        for (index, (account, cents)) in by.cents.iter().enumerate() {
            let name = item::balance_name(*account);
            addition.add(name, number(cents.get()));
            let limit = format!(":limit{index}");
            if *cents < Cents::ZERO && account.is_bounded() {
                conditions.push(format!("{name} >= {limit}"));
                addition.values.insert(limit, number(cents.negated().get()));
            } else if *cents > Cents::ZERO && *account == Account::Available {
                conditions.push(format!(
                    "(attribute_not_exists({name}) OR {name} <= {limit})"
                ));
                let most = Cents::WALLET_MAX.get() - cents.get();
                addition.values.insert(limit, number(most));
            }
        }
        for (status, by) in &by.payouts {
            addition.add(&item::count_name(status.name()), number(by));
        }
        self.add(addition, conditions.join(" AND "))
    }

    fn count(&self, by: &BTreeMap<&'static str, i64>) -> TransactWriteItem {
        let mut addition = Expression::default();
        for (name, by) in by {
            addition.add(&item::count_name(name), number(by));
        }
        self.add(addition, String::new())
    }

    /// Adds to a tally that exists, when as many of its lines are left as `left` says.
    fn tally(&self, by: &TallyMovement, left: Left) -> TransactWriteItem {
        let mut addition = Expression::default();
        for (state, (lines, cents)) in &by.by {
            addition.add(state.name(), number(lines));
            addition.add(state.cents_name(), number(cents));
        }
        if by.held != 0 {
            addition.add(item::HELD, number(by.held));
        }
        let name = addition.add(item::LEFT, number(by.left()));
        let condition = match left {
            Left::Any => "attribute_exists(pk)".to_owned(),
            Left::Some => format!("{name} > :ending"),
            Left::None => format!("{name} = :ending"),
        };
        if left != Left::Any {
            let ending = number(by.left().saturating_neg());
            addition.values.insert(":ending".to_owned(), ending);
        }
        self.add(addition, condition)
    }

    fn gate(&self, gate: u32) -> TransactWriteItem {
        let check = ConditionCheck::builder()
            .table_name(self.table)
            .set_key(Some(item::key_of(&self.address)))
            .condition_expression("#gate = :gate")
            .expression_attribute_names("#gate", item::GATE)
            .expression_attribute_values(":gate", number(gate))
            .return_values_on_condition_check_failure(AllOld)
            .build()
            .expect(COMPLETE);
        TransactWriteItem::builder().condition_check(check).build()
    }

    fn add(&self, addition: Expression, condition: String) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(self.table)
            .set_key(Some(item::key_of(&self.address)))
            .update_expression(addition.text())
            .set_expression_attribute_names(Some(addition.names))
            .set_expression_attribute_values(Some(addition.values))
            .set_condition_expression(Some(condition).filter(|it| !it.is_empty()))
            .return_values_on_condition_check_failure(AllOld)
            .build()
            .expect(COMPLETE);
        TransactWriteItem::builder().update(update).build()
    }

    fn delete(&self) -> TransactWriteItem {
        let delete = Delete::builder()
            .table_name(self.table)
            .set_key(Some(item::key_of(&self.address)))
            .build()
            .expect(COMPLETE);
        TransactWriteItem::builder().delete(delete).build()
    }
}

#[cfg(test)]
mod tests;
