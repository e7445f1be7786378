use super::*;
use crate::{
    answer::{Facts, Figure},
    attempt::tests::attempt,
    payout::tests::standard,
};

fn held(state: AttemptState, status: PayoutStatus) -> Held {
    let (payout, _) = standard();
    Held {
        payout: Payout { status, ..payout },
        attempt: attempt(state),
    }
}

fn shown(standing: Standing) -> ListedObject {
    let net = Some(Cents::new(44_750));
    let was_processed = matches!(standing, Standing::Paid | Standing::Reversed);
    ListedObject {
        object: ProviderId::parse("cpoi_1").expect("valid"),
        created_at: Timestamp::from_millis(1_000),
        seen: Seen {
            standing,
            status: "word".to_owned(),
            updated: 1,
            withdrawable: false,
            facts: Facts {
                reference: "pay_1-a01".to_owned(),
                currency: "USD".to_owned(),
                amount: net,
                processed_amount: net.filter(|_| was_processed).into(),
                was_processed,
                ..Facts::default()
            },
        },
    }
}

fn reason(held: &Held, shown: &ListedObject) -> Option<Reason> {
    compare(held, shown).map(|it| it.reason)
}

const STANDINGS: [Standing; 7] = [
    Standing::Inert,
    Standing::InFlight,
    Standing::Unrecognised,
    Standing::Paid,
    Standing::FinalNegative,
    Standing::Reversed,
    Standing::NeedsReview,
];

#[test]
fn each_state_agrees_with_the_standings_that_say_the_same_of_the_money() {
    // `=` agrees, `x` differs, in the order of STANDINGS.
    let rows = [
        (AttemptState::Prepared, PayoutStatus::Processing, "===xxxx"),
        (AttemptState::Sending, PayoutStatus::Processing, "===xxxx"),
        (AttemptState::Created, PayoutStatus::Processing, "===xxxx"),
        (
            AttemptState::ProcessSending,
            PayoutStatus::Processing,
            "===xxxx",
        ),
        (AttemptState::Submitted, PayoutStatus::Processing, "===xxxx"),
        (AttemptState::Unknown, PayoutStatus::Processing, "===xxxx"),
        (AttemptState::Review, PayoutStatus::Processing, "===xxx="),
        (AttemptState::Paid, PayoutStatus::Completed, "xxx=xxx"),
        (AttemptState::Paid, PayoutStatus::Returned, "xxxxx=x"),
        (AttemptState::Dead, PayoutStatus::Failed, "=xxx=xx"),
    ];
    for (state, status, expected) in rows {
        for (standing, mark) in STANDINGS.into_iter().zip(expected.chars()) {
            let expected = (mark == 'x').then_some(Reason::StatusDiffers);
            let found = reason(&held(state, status), &shown(standing));
            assert_eq!(found, expected, "{state:?} {status} {standing:?}");
        }
    }
}

#[test]
fn an_object_that_was_withdrawn_before_payment_agrees_with_a_dead_attempt() {
    let mut withdrawn = shown(Standing::Reversed);
    withdrawn.seen.facts.was_processed = false;
    withdrawn.seen.facts.processed_amount = Figure::Absent;
    let dead = held(AttemptState::Dead, PayoutStatus::Failed);
    assert_eq!(reason(&dead, &withdrawn), None);
    // Our books say that nothing left, and one of these says that something may have.
    for standing in [Standing::FinalNegative, Standing::Reversed] {
        for (figure, was_processed) in [
            (Figure::Unreadable, false),
            (Figure::Exact(Cents::new(1)), false),
            (Figure::Absent, true),
        ] {
            let mut shown = shown(standing);
            shown.seen.facts.processed_amount = figure;
            shown.seen.facts.was_processed = was_processed;
            let found = reason(&dead, &shown);
            assert_eq!(
                found,
                Some(Reason::StatusDiffers),
                "{standing:?} {figure:?}"
            );
        }
    }
}

#[test]
fn currency_is_told_before_amount_and_amount_before_status() {
    let paid = held(AttemptState::Paid, PayoutStatus::Completed);
    let mut object = shown(Standing::InFlight);
    object.seen.facts.amount = Some(Cents::new(44_000));
    let found = compare(&paid, &object).expect("differs");
    assert_eq!(found.reason, Reason::AmountDiffers);
    assert_eq!(found.ours.as_deref(), Some("44750"));
    assert_eq!(found.theirs.as_deref(), Some("44000"));
    object.seen.facts.currency = "EUR".to_owned();
    let found = compare(&paid, &object).expect("differs");
    assert_eq!(found.reason, Reason::CurrencyDiffers);
    assert_eq!(
        (found.ours, found.theirs),
        (Some("USD".to_owned()), Some("EUR".to_owned()))
    );
}

#[test]
fn a_payment_of_another_figure_is_a_difference_of_the_amount() {
    let paid = held(AttemptState::Paid, PayoutStatus::Completed);
    let mut object = shown(Standing::Paid);
    for figure in [
        Figure::Exact(Cents::new(44_749)),
        Figure::Absent,
        Figure::Unreadable,
    ] {
        object.seen.facts.processed_amount = figure;
        let found = reason(&paid, &object);
        assert_eq!(found, Some(Reason::AmountDiffers), "{figure:?}");
    }
}

#[test]
fn only_what_the_provider_must_have_is_missing_there() {
    let missing: Vec<_> = AttemptState::ALL
        .into_iter()
        .filter(|state| missing_at_provider(&held(*state, PayoutStatus::Processing)).is_some())
        .collect();
    assert_eq!(
        missing,
        [
            AttemptState::ProcessSending,
            AttemptState::Submitted,
            AttemptState::Review,
            AttemptState::Paid
        ]
    );
    let mut repeated = held(AttemptState::Paid, PayoutStatus::Completed);
    repeated.attempt.repeats = 1;
    assert_eq!(missing_at_provider(&repeated), None);
}

#[test]
fn a_settlement_is_held_against_what_was_paid() {
    let row = |amount| SettledRow {
        reference: "pay_1-a01".to_owned(),
        amount: Cents::new(amount),
    };
    let paid = held(AttemptState::Paid, PayoutStatus::Completed);
    let failed = held(AttemptState::Dead, PayoutStatus::Failed);
    let of = |provider, amount, named: &Named| {
        let row = row(amount);
        settle((provider, &row), named, Timestamp::default()).map(|found| found.reason)
    };
    let reason = |amount, named: &Named| of(Provider::Payelata, amount, named);
    let named = |held: &Held| Named::Attempt(Box::new(held.clone()));
    assert_eq!(reason(44_750, &named(&paid)), None);
    assert_eq!(
        reason(45_000, &named(&paid)),
        Some(Reason::SettlementAmountDiffers)
    );
    let unknown = Some(Reason::SettlementUnknown);
    assert_eq!(reason(44_750, &named(&failed)), unknown);
    assert_eq!(reason(44_750, &Named::Nothing), unknown);
    assert_eq!(of(Provider::Owlpay, 44_750, &named(&paid)), unknown);
    let returned = held(AttemptState::Paid, PayoutStatus::Returned);
    let missing = |held| settlement_missing(held).map(|found| found.reason);
    assert_eq!(missing(&paid), Some(Reason::SettlementMissing));
    assert_eq!(missing(&failed), None);
    assert_eq!(missing(&returned), None);
}

#[test]
fn a_report_is_in_one_order_whatever_order_it_was_found_in() {
    let at = |reason, made_at, reference: &str| Difference {
        reason,
        payout: None,
        provider: None,
        reference: reference.to_owned(),
        object: None,
        ours: None,
        theirs: None,
        made_at: Timestamp::from_millis(made_at),
    };
    let sorted = vec![
        at(Reason::MissingHere, 9, "z"),
        at(Reason::StatusDiffers, 1, "b"),
        at(Reason::StatusDiffers, 2, "a"),
        at(Reason::StatusDiffers, 2, "b"),
    ];
    let mut backwards = sorted.clone();
    backwards.reverse();
    assert_eq!(Difference::sorted(backwards), sorted);
}
