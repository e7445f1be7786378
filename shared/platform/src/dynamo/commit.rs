//! A unit of work as one `TransactWriteItems`, and its cancellation read back as refusals.

use app::{
    changes::{Changes, Item, Subject, Write},
    port::{CommitError, Refused},
    record::{Key, Record},
};
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Put,
    ReturnValuesOnConditionCheckFailure::AllOld, TransactWriteItem, Update, builders::PutBuilder,
};
use domain::{
    driver::{DriverStatus, KycStatus, MethodKind},
    fee::Rail,
    ids::PayoutId,
    ledger::Account,
    load::LoadStatus,
    money::Cents,
    time::Timestamp,
};
use sha2::{Digest, Sha256};

use super::{
    item,
    keys::{self, Address},
    retry::Failed,
};

const METHOD_KINDS: [MethodKind; 3] = [
    MethodKind::Card,
    MethodKind::BankAccount,
    MethodKind::PrepaidCard,
];

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
        Item::Balance(_) => None,
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
        Item::Balance(balance) => keys::balance_address(&balance),
    };
    let version = match write {
        Write::Replace { version, .. } => *version,
        Write::Insert(_)
        | Write::Remember { .. }
        | Write::RequirePayable { .. }
        | Write::SettleLoad { .. }
        | Write::Move { .. }
        | Write::Forget(_) => 0,
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
        Write::RequirePayable { rail, .. } => place.require_payable(*rail),
        Write::SettleLoad {
            payout, status, at, ..
        } => place.settle_load(payout, *status, *at),
        Write::Move { balance, by } => place.move_cents(balance.account, *by),
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

    /// The same condition as `Driver::require_payable`.
    fn require_payable(&self, rail: Rail) -> TransactWriteItem {
        let kinds: Vec<_> = METHOD_KINDS
            .into_iter()
            .filter(|kind| kind.serves(rail))
            .enumerate()
            .map(|(index, kind)| (format!(":k{index}"), text(kind.name())))
            .collect();
        let names: Vec<_> = kinds.iter().map(|(name, _)| name.as_str()).collect();
        let condition = format!(
            "st = :active AND kyc = :verified AND me.kind IN ({})",
            names.join(", ")
        );
        let check = ConditionCheck::builder()
            .table_name(self.table)
            .set_key(Some(item::key_of(&self.address)))
            .condition_expression(condition)
            .expression_attribute_values(":active", text(DriverStatus::Active.name()))
            .expression_attribute_values(":verified", text(KycStatus::Verified.name()))
            .return_values_on_condition_check_failure(AllOld);
        let check = kinds.into_iter().fold(check, |check, (name, value)| {
            check.expression_attribute_values(name, value)
        });
        let check = check.build().expect(COMPLETE);
        TransactWriteItem::builder().condition_check(check).build()
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

    fn move_cents(&self, account: Account, by: Cents) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(self.table)
            .set_key(Some(item::key_of(&self.address)))
            .update_expression("ADD c :by")
            .expression_attribute_values(":by", number(by.get()))
            .return_values_on_condition_check_failure(AllOld);
        let update = if by < Cents::ZERO && account.is_bounded() {
            update
                .condition_expression("c >= :least")
                .expression_attribute_values(":least", number(by.negated().get()))
        } else if by > Cents::ZERO && account == Account::Available {
            let most = Cents::WALLET_MAX.get() - by.get();
            update
                .condition_expression("attribute_not_exists(c) OR c <= :most")
                .expression_attribute_values(":most", number(most))
        } else {
            update
        };
        let update = update.build().expect(COMPLETE);
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

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
