use super::*;
use crate::fee::{Channel, FeeSchedule};

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
    let (payout, transitions) = walk(&[Change::Claim(P), Change::Paid(P), Change::Returned(P)]);
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

#[test]
fn a_contradiction_parks_the_money_in_suspense_and_moves_no_state() {
    let actor = Actor::System("test".to_owned());
    let (payout, _) = walk(&[Change::Cancel]);
    let Outcome::Moved(after, record) = payout.contradicted(P, Cents::new(44_750), &note(&actor))
    else {
        panic!("a contradiction is recorded");
    };
    assert_eq!(after.status, PayoutStatus::Canceled);
    assert_eq!(balance(&[*record], Account::Suspense), -44_750);
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
