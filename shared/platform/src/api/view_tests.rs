//! Published shapes that no rule of today makes, from stored records.

use domain::{
    batch::{Assembly, Batch, BatchStatus, FeeTerms, Hand, Sums},
    fee::{FeeQuote, FeeSchedule, Rail},
    money::{Cents, Currency},
    payout::{Booking, Note, PayoutStatus},
    time::Timestamp,
    transition::Actor,
};
use serde_json::Value;

use super::*;
use crate::api::batch_view::BatchView;

/// 2026-01-31T12:00:00Z.
const REQUESTED: Timestamp = Timestamp::from_millis(1_769_860_800_000);
/// 2026-01-31T14:00:00Z.
const BATCH_COMPLETED: Timestamp = Timestamp::from_millis(1_769_868_000_000);
/// 2026-02-02T12:00:00Z.
const COMPLETED: Timestamp = Timestamp::from_millis(1_770_033_600_000);

/// The printed answer of that name.
fn printed(name: &str) -> Value {
    let text = include_str!("../../../../tests/fixtures/ovn/examples.json");
    let mut examples: Value = serde_json::from_str(text).expect("a fixture");
    let mut examples = examples.as_array_mut().into_iter().flatten();
    let example = examples.find(|it| it["name"] == name);
    example.expect("an example")["answer"]["data"].take()
}

/// A completed standard payout under a fee that was quoted by other rules.
fn payout() -> Payout {
    let booking = Booking {
        tenant: "acme~test".parse().expect("valid"),
        id: "pay_xyz".parse().expect("valid"),
        driver: "drv_abc123".parse().expect("valid"),
        driver_name: "John Smith".to_owned(),
        load: Some("L-12345".parse().expect("valid")),
        batch: None,
        description: None,
        amount: Cents::new(45_000),
        quote: FeeQuote {
            fee: Cents::new(450),
            rule: "S2".to_owned(),
            version: "2025-01".to_owned(),
            refund_on_return: true,
        },
        currency: Currency::Usd,
        rail: Rail::Standard,
        may_fall_back: false,
        requested_by: None,
    };
    let actor = Actor::System("test".to_owned());
    let note = Note {
        actor: &actor,
        at: REQUESTED,
        tx_id: "tx",
        attempt: None,
        reason: None,
    };
    let (booked, _) = Payout::book_standard(booking, &note);
    Payout {
        status: PayoutStatus::Completed,
        completed_at: Some(COMPLETED),
        ..booked
    }
}

#[test]
fn a_completed_payout_shows_the_fee_it_was_quoted_as_the_payouts_of_a_driver_print_it() {
    let shown = serde_json::to_value(PayoutView::from(&payout())).expect("JSON");
    assert_eq!(shown, printed("get driver payouts")["items"][0]);
}

/// A completed batch whose lines were charged 250 each.
fn batch() -> Batch {
    let assembly = Assembly {
        tenant: "acme~test".parse().expect("valid"),
        id: "batch_xyz".parse().expect("valid"),
        name: "Weekly Payouts - 2026-01-31".to_owned(),
        lines: 45,
        accepted: Sums {
            lines: 45,
            amount: Cents::new(2_025_000),
            fees: Cents::new(11_250),
        },
        manifests: Vec::new(),
        plan: String::new(),
        terms: FeeTerms::of(&FeeSchedule::default()),
        scheduled_for: None,
        maker: Hand {
            key: "key".to_owned(),
            owner: "owner".to_owned(),
        },
    };
    Batch {
        status: BatchStatus::Completed,
        completed_at: Some(BATCH_COMPLETED),
        ..Batch::assembled(assembly, REQUESTED)
    }
}

#[test]
fn a_completed_batch_shows_the_fees_it_was_quoted_as_the_list_of_batches_prints_them() {
    let shown = serde_json::to_value(BatchView::from(&batch())).expect("JSON");
    assert_eq!(shown, printed("list batches")["items"][0]);
}
