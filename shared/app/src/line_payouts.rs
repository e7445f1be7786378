//! Makes payouts of lines: each holds its load, and its driver must be payable.

use std::collections::BTreeSet;

use domain::{
    batch::{Batch, Line},
    denied::Denied,
    driver::DriverFigures,
    ids::DriverId,
    ledger::Account,
    load::Load,
    money::Currency,
    payout::{BatchLine, Booking, Note, Payout},
    transition::Transition,
};

use crate::{
    batch_plan::RAIL,
    call::Call,
    changes::{Changes, Write},
    message::{Dispatch, Message},
    record::Record,
};

/// Where a new payout of a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Waits for the release; its money is on hold.
    FromHold,
    /// As before, but was not part of what the hold was made for.
    FromAvailable,
    /// Its batch is released already.
    Released,
}

/// A line that becomes a payout.
pub(crate) struct Booked {
    pub(crate) payout: Payout,
    pub(crate) transition: Transition,
    pub(crate) before: Load,
    pub(crate) after: Load,
}

/// # Errors
/// Why the load cannot be held.
pub(crate) fn book(
    call: &Call,
    batch: &Batch,
    (number, line, load): (u32, &Line, Load),
    (start, tx_id): (Start, &str),
) -> Result<Booked, Denied> {
    let id = batch.payout_id(number);
    let after = load.held_by(&id, call.now())?;
    let booking = Booking {
        tenant: batch.tenant.clone(),
        id,
        driver: load.driver.clone(),
        driver_name: load.driver_name.clone(),
        load: Some(load.id.clone()),
        batch: Some(BatchLine {
            id: batch.id.clone(),
            line: number,
            tally: batch.tally_of(batch.chunk_of(number)),
        }),
        description: load.description.clone(),
        amount: line.amount,
        quote: batch.terms.quote(line.fee),
        currency: Currency::Usd,
        rail: RAIL,
        may_fall_back: false,
        requested_by: None,
    };
    let note = Note {
        actor: &call.actor,
        at: call.now(),
        tx_id,
        attempt: None,
        reason: None,
    };
    let (payout, transition) = match start {
        Start::FromHold => Payout::book_scheduled_line(booking, Account::Hold, &note),
        Start::FromAvailable => Payout::book_scheduled_line(booking, Account::Available, &note),
        Start::Released => Payout::book_released_line(booking, &note),
    };
    Ok(Booked {
        payout,
        transition,
        before: load,
        after,
    })
}

/// Writes the payouts with their loads, and requires that their drivers can be paid.
pub(crate) fn written(changes: Changes, booked: &[Booked]) -> Changes {
    let drivers = booked.iter().map(|it| &it.payout);
    let changes = require_payable(changes, drivers);
    booked.iter().fold(changes, |changes, it| {
        changes
            .record(&it.payout, it.transition.clone())
            .insert(Record::Payout(Box::new(it.payout.clone())))
            .replace(Record::Load(Box::new(it.after.clone())), it.before.version)
    })
}

/// Requires once of each driver that they can be paid.
pub(crate) fn require_payable<'a>(
    changes: Changes,
    payouts: impl Iterator<Item = &'a Payout>,
) -> Changes {
    let mut seen: BTreeSet<DriverId> = BTreeSet::new();
    payouts.fold(changes, |changes, payout| {
        match seen.insert(payout.driver.clone()) {
            true => changes.write(Write::Driver {
                tenant: payout.tenant.clone(),
                driver: payout.driver.clone(),
                payable: Some(payout.rail),
                by: DriverFigures::default(),
            }),
            false => changes,
        }
    })
}

/// The hint that a payout can be claimed.
pub(crate) fn dispatch(payout: &Payout) -> Message {
    Message::Dispatch(Dispatch {
        tenant: payout.tenant.clone(),
        payout: payout.id.clone(),
        driver: Some(payout.driver.clone()),
        attempt: payout.attempts.saturating_add(1),
        seq: payout.dispatch_seq,
        provider: None,
    })
}
