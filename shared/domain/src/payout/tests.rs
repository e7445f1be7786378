use super::*;
use crate::{
    attempt::AttemptMoney,
    fee::{Channel, FeeSchedule},
    review::Bearer,
};

fn booking(rail: Rail) -> Booking {
    let amount = Cents::new(45_000);
    Booking {
        tenant: "acme~test".parse().expect("valid"),
        id: PayoutId::parse("pay_1").expect("valid"),
        driver: DriverId::parse("drv_1").expect("valid"),
        driver_name: "John Smith".to_owned(),
        load: Some(LoadId::parse("L-1").expect("valid")),
        batch: None,
        description: None,
        amount,
        quote: FeeSchedule::default()
            .quote(rail, Channel::Single, amount)
            .expect("quoted"),
        currency: Currency::Usd,
        rail,
        may_fall_back: false,
        requested_by: None,
    }
}

fn note(actor: &Actor) -> Note<'_> {
    Note {
        actor,
        at: Timestamp::from_millis(1_000),
        tx_id: "tx",
        attempt: None,
        reason: None,
    }
}

pub(crate) fn standard() -> (Payout, Transition) {
    Payout::book_standard(
        booking(Rail::Standard),
        &note(&Actor::System("test".to_owned())),
    )
}

fn walk(changes: &[Change]) -> (Payout, Vec<Transition>) {
    let actor = Actor::System("test".to_owned());
    let (mut payout, first) = standard();
    let mut transitions = vec![first];
    for change in changes {
        match payout.apply(*change, &note(&actor)) {
            Ok(Outcome::Moved(next, transition)) => {
                payout = *next;
                transitions.push(*transition);
            }
            other => panic!("{change:?} in {}: {other:?}", payout.status),
        }
    }
    (payout, transitions)
}

fn balance(transitions: &[Transition], account: Account) -> i64 {
    transitions
        .iter()
        .flat_map(|transition| transition.legs.legs())
        .filter(|leg| leg.account == account)
        .map(|leg| leg.amount.get())
        .sum()
}

const P: Provider = Provider::Payelata;

#[test]
fn a_completed_payout_leaves_nothing_reserved() {
    let (payout, transitions) = walk(&[Change::Enqueue, Change::Claim(P), Change::Paid(P)]);
    assert_eq!(payout.status, PayoutStatus::Completed);
    assert_eq!(payout.settled_attempt, Some(1));
    assert_eq!(payout.live_attempt, None);
    assert_eq!(balance(&transitions, Account::Available), -45_000);
    assert_eq!(balance(&transitions, Account::Pending), 0);
    assert_eq!(balance(&transitions, Account::InTransit), 0);
    assert_eq!(balance(&transitions, Account::ClearingPayelata), 44_750);
    assert_eq!(balance(&transitions, Account::Fees), 250);
}

#[test]
fn a_failed_payout_gives_the_money_back_and_a_retry_takes_it_again() {
    let (failed, transitions) = walk(&[Change::Claim(P), Change::Dead]);
    assert_eq!(balance(&transitions, Account::Available), 0);
    assert_eq!(failed.status, PayoutStatus::Failed);
    let (queued, transitions) = walk(&[Change::Claim(P), Change::Dead, Change::Retry]);
    assert_eq!(queued.status, PayoutStatus::Queued);
    assert_eq!(queued.dispatch_seq, 2);
    assert!(queued.tried.is_empty());
    assert_eq!(balance(&transitions, Account::Available), -45_000);
    assert_eq!(balance(&transitions, Account::Pending), 45_000);
}

#[test]
fn canceling_gives_back_only_what_is_still_reserved() {
    let (_, waiting) = walk(&[Change::Cancel]);
    assert_eq!(balance(&waiting, Account::Available), 0);
    let (_, failed) = walk(&[Change::Claim(P), Change::Dead, Change::Cancel]);
    assert_eq!(balance(&failed, Account::Available), 0);
}

#[test]
fn a_return_gives_back_the_fee_too_by_default() {
    let (payout, transitions) = walk(&[Change::Claim(P), Change::Paid(P), Change::Returned(WHOLE)]);
    assert_eq!(payout.status, PayoutStatus::Returned);
    for account in Account::ALL {
        assert_eq!(balance(&transitions, account), 0, "{}", account.name());
    }
}

#[test]
fn an_operators_partial_settlement_leaves_the_rest_in_suspense() {
    let (payout, transitions) = walk(&[
        Change::Claim(P),
        Change::Partial,
        Change::Settle(P, Settlement::Partly(Cents::new(40_000))),
    ]);
    assert_eq!(payout.status, PayoutStatus::Completed);
    assert_eq!(balance(&transitions, Account::Suspense), 4_750);
    assert_eq!(balance(&transitions, Account::InTransit), 0);
}

#[test]
fn what_operators_settle_posts_as_the_provider_would_have() {
    for waits in [Change::Partial, Change::Unknown] {
        let settle = |settlement| walk(&[Change::Claim(P), waits, Change::Settle(P, settlement)]);
        let (paid, transitions) = settle(Settlement::Paid);
        assert_eq!(paid.status, PayoutStatus::Completed);
        assert_eq!((paid.settled_attempt, paid.live_attempt), (Some(1), None));
        assert_eq!(paid.reason, None);
        assert_eq!(balance(&transitions, Account::ClearingPayelata), 44_750);
        assert_eq!(balance(&transitions, Account::Fees), 250);
        assert_eq!(balance(&transitions, Account::Suspense), 0);

        let (failed, transitions) = settle(Settlement::NotPaid);
        assert_eq!(failed.status, PayoutStatus::Failed);
        assert_eq!((failed.settled_attempt, failed.live_attempt), (None, None));
        assert_eq!(failed.reason.as_deref(), Some("settled_not_paid"));
        for account in Account::ALL {
            assert_eq!(balance(&transitions, account), 0, "{}", account.name());
        }

        let (part, transitions) = settle(Settlement::Partly(Cents::new(1)));
        assert_eq!(part.status, PayoutStatus::Completed);
        assert_eq!(part.reason.as_deref(), Some("settled_partial"));
        for (account, cents) in [
            (Account::Available, -45_000),
            (Account::InTransit, 0),
            (Account::ClearingPayelata, 1),
            (Account::Fees, 250),
            (Account::Suspense, 44_749),
        ] {
            let name = account.name();
            assert_eq!(balance(&transitions, account), cents, "{name}");
        }
    }
}

#[test]
fn a_part_that_is_none_settles_nothing() {
    let actor = Actor::System("test".to_owned());
    let (payout, _) = walk(&[Change::Claim(P), Change::Partial]);
    for cents in [0, -1, 44_750] {
        let settlement = Settlement::Partly(Cents::new(cents));
        assert_eq!(
            payout.apply(Change::Settle(P, settlement), &note(&actor)),
            Err(Denied::AmountOutOfRange)
        );
    }
}

#[test]
fn an_instant_payout_starts_in_transit_with_its_first_attempt() {
    let actor = Actor::System("test".to_owned());
    let (payout, created) = Payout::book_instant(booking(Rail::Instant), P, &note(&actor));
    assert_eq!(payout.status, PayoutStatus::Processing);
    assert_eq!(payout.live_attempt, Some(1));
    assert_eq!(payout.net(), Cents::new(44_550));
    assert_eq!(balance(&[created], Account::InTransit), 45_000);
}

#[test]
fn a_run_has_three_attempts_and_giving_up_unsent_counts_none() {
    let dead = |counts| Change::DeadWithRoute { counts };
    let (payout, _) = walk(&[
        Change::Claim(P),
        dead(true),
        Change::Claim(P),
        dead(false),
        Change::Claim(P),
        dead(true),
        Change::Claim(P),
    ]);
    assert_eq!((payout.attempts, payout.run_counted), (4, 3));
    let actor = Actor::System("test".to_owned());
    assert_eq!(
        payout.apply(dead(true), &note(&actor)),
        Err(Denied::AttemptsExhausted)
    );
}

#[test]
fn every_record_holds_the_hash_of_the_one_before() {
    let (payout, transitions) = walk(&[Change::Enqueue, Change::Claim(P), Change::Paid(P)]);
    let mut previous = String::new();
    for (index, transition) in transitions.iter().enumerate() {
        assert_eq!(transition.prev_hash, previous);
        assert_eq!(transition.digest(), transition.hash);
        assert_eq!(usize::try_from(transition.seq), Ok(index + 1));
        previous.clone_from(&transition.hash);
    }
    assert_eq!(payout.head, previous);
}

/// What is booked of a payment that was settled whole.
const WHOLE: GivenBack = GivenBack {
    provider: P,
    cleared: Cents::new(44_750),
    rest: Cents::ZERO,
};
const FIRST: LateOf = LateOf {
    number: 1,
    provider: P,
};

fn late(payout: &Payout, change: &LateChange) -> (Payout, Vec<(Account, i64)>) {
    let actor = Actor::System("test".to_owned());
    let (after, transition) = payout
        .late(FIRST, change, &note(&actor))
        .expect("it happens");
    let legs = transition.legs.legs().iter();
    (
        after,
        legs.map(|leg| (leg.account, leg.amount.get())).collect(),
    )
}

/// A payout of which the first attempt died, and what the wallet lost of it before the news.
fn dead_in_every_state() -> Vec<(Payout, Account)> {
    let dead = Change::DeadWithRoute { counts: true };
    [
        (&[Change::Claim(P), dead][..], Account::Pending),
        (
            &[Change::Claim(P), dead, Change::Claim(P)],
            Account::InTransit,
        ),
        (&[Change::Claim(P), Change::Dead], Account::Available),
        (
            &[Change::Claim(P), Change::Dead, Change::Cancel],
            Account::Available,
        ),
        (
            &[Change::Claim(P), Change::Paid(P), Change::Returned(WHOLE)],
            Account::Available,
        ),
    ]
    .into_iter()
    .map(|(changes, account)| (walk(changes).0, account))
    .collect()
}

#[test]
fn a_contradiction_parks_the_money_in_suspense_moves_no_state_and_holds_the_payout() {
    for (payout, _) in dead_in_every_state() {
        let more = Cents::new(44_750);
        let (after, legs) = late(&payout, &LateChange::Contradicted { more });
        assert_eq!(after.status, payout.status);
        assert_eq!(
            legs,
            [
                (Account::Suspense, -44_750),
                (Account::ClearingPayelata, 44_750)
            ]
        );
        assert!(after.is_held() && after.is_contradicted());
        assert_eq!(after.next_at, None, "its people wake it");
        let actor = Actor::System("test".to_owned());
        for change in [Change::Claim(P), Change::Cancel, Change::Retry] {
            let refused = after.apply(change, &note(&actor));
            assert_eq!(refused, Err(Denied::Contradicted), "{change:?}");
        }
    }
}

#[test]
fn a_payment_that_was_made_late_is_taken_from_where_the_money_is_and_explains_suspense() {
    for (payout, from) in dead_in_every_state() {
        let more = Cents::new(44_750);
        let (held, _) = late(&payout, &LateChange::Contradicted { more });
        let money = AttemptMoney {
            cleared: more,
            suspense: more.negated(),
            ..AttemptMoney::default()
        };
        let (paid, legs) = late(&held, &LateChange::Paid(money));
        assert_eq!(
            legs,
            [
                (from, -45_000),
                (Account::Fees, 250),
                (Account::Suspense, 44_750)
            ]
        );
        assert_eq!(paid.status, PayoutStatus::Completed);
        assert_eq!((paid.settled_attempt, paid.live_attempt), (Some(1), None));
        assert!(!paid.is_held());
        assert_eq!((paid.reason, paid.next_at), (None, None));
    }
}

#[test]
fn what_was_not_paid_late_takes_the_suspense_back_and_what_waits_goes_on() {
    for (payout, _) in dead_in_every_state() {
        let more = Cents::new(44_750);
        let (held, _) = late(&payout, &LateChange::Contradicted { more });
        let (freed, legs) = late(&held, &LateChange::NotPaid { posted: more });
        assert_eq!(
            legs,
            [
                (Account::ClearingPayelata, -44_750),
                (Account::Suspense, 44_750)
            ]
        );
        assert!(!freed.is_held());
        assert_eq!(freed.status, payout.status);
        let waits = freed.waits_for_dispatch();
        assert_eq!(freed.next_at.is_some(), waits, "{}", freed.status);
        assert_eq!(freed.dispatch_seq > payout.dispatch_seq, waits);
    }
}

#[test]
fn a_payout_is_held_until_the_last_of_its_contradictions_is_decided() {
    let (payout, _) = walk(&[]);
    let more = Cents::ZERO;
    let second = LateOf {
        number: 2,
        provider: P,
    };
    let actor = Actor::System("test".to_owned());
    let (once, legs) = late(&payout, &LateChange::Contradicted { more });
    assert_eq!(legs, []);
    let (twice, _) = once
        .late(second, &LateChange::Contradicted { more }, &note(&actor))
        .expect("held");
    let (thrice, _) = late(&twice, &LateChange::HeldFor(payout.id.clone()));
    let (one_left, _) = late(&thrice, &LateChange::Lifted);
    assert!(one_left.is_held());
    let (other_left, _) = one_left
        .late(second, &LateChange::Lifted, &note(&actor))
        .expect("lifted");
    assert!(other_left.is_held() && !other_left.is_contradicted());
    let (free, _) = late(&other_left, &LateChange::FreedOf(payout.id.clone()));
    assert!(!free.is_held());
}

#[test]
fn what_comes_back_in_parts_is_credited_in_parts_and_is_a_return_once_it_is_all() {
    let (payout, _) = walk(&[Change::Claim(P), Change::Paid(P)]);
    let cleared = |cents| AttemptMoney {
        cleared: Cents::new(cents),
        ..AttemptMoney::default()
    };
    let part = LateChange::PartReturned {
        part: Cents::new(4_750),
        money: cleared(44_750),
    };
    let (partly, legs) = late(&payout, &part);
    assert_eq!(
        legs,
        [
            (Account::ClearingPayelata, -4_750),
            (Account::Available, 4_750)
        ]
    );
    assert_eq!(partly.status, PayoutStatus::Completed);
    assert_eq!(partly.reason.as_deref(), Some("partly_returned"));
    let rest = LateChange::PartReturned {
        part: Cents::new(40_000),
        money: cleared(40_000),
    };
    let (whole, legs) = late(&partly, &rest);
    assert_eq!(
        legs,
        [
            (Account::ClearingPayelata, -40_000),
            (Account::Available, 40_000)
        ]
    );
    assert_eq!(whole.status, PayoutStatus::Returned);
    assert_eq!(whole.returned, Cents::new(44_750), "the fee is kept");
}

#[test]
fn a_part_that_was_settled_and_came_back_gives_back_what_is_left_of_the_rest_too() {
    let (settled, _) = walk(&[
        Change::Claim(P),
        Change::Partial,
        Change::Settle(P, Settlement::Partly(Cents::new(4_875))),
    ]);
    let actor = Actor::System("test".to_owned());
    let back = GivenBack {
        provider: P,
        cleared: Cents::new(4_875),
        rest: Cents::new(1_000),
    };
    let Ok(Outcome::Moved(_, transition)) = settled.apply(Change::Returned(back), &note(&actor))
    else {
        panic!("it comes back");
    };
    let legs: Vec<_> = transition
        .legs
        .legs()
        .iter()
        .map(|leg| (leg.account, leg.amount.get()))
        .collect();
    assert_eq!(
        legs,
        [
            (Account::ClearingPayelata, -4_875),
            (Account::Suspense, -1_000),
            (Account::Fees, -250),
            (Account::Available, 6_125)
        ]
    );
}

#[test]
fn suspense_is_explained_by_who_got_the_money_back_or_bears_it() {
    let (payout, _) = walk(&[Change::Claim(P), Change::Paid(P)]);
    let surplus = Cents::new(44_750);
    let absorbed = |by| LateChange::Absorbed { by, surplus };
    for (change, expected) in [
        (
            LateChange::Recovered(Cents::new(7)),
            [(Account::ClearingPayelata, -7), (Account::Suspense, 7)],
        ),
        (
            absorbed(Bearer::Tenant),
            [(Account::Available, -44_750), (Account::Suspense, 44_750)],
        ),
        (
            absorbed(Bearer::Platform),
            [(Account::Losses, -44_750), (Account::Suspense, 44_750)],
        ),
        (
            LateChange::RestReturned(Cents::new(9)),
            [(Account::Suspense, -9), (Account::Available, 9)],
        ),
    ] {
        let (after, legs) = late(&payout, &change);
        assert_eq!(legs, expected, "{change:?}");
        assert_eq!(after.status, PayoutStatus::Completed);
    }
}

#[test]
fn a_payout_that_is_not_final_always_has_a_wake_up_of_its_own_or_of_its_attempt() {
    for changes in [
        &[][..],
        &[Change::Enqueue],
        &[Change::Claim(P)],
        &[Change::Claim(P), Change::DeadWithRoute { counts: true }],
        &[Change::Claim(P), Change::Dead, Change::Retry],
    ] {
        let (payout, _) = walk(changes);
        assert!(
            payout.next_at.is_some() != payout.live_attempt.is_some(),
            "{changes:?}"
        );
    }
}
