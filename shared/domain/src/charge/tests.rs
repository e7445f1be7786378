//! The decision table of a charge's answers, what each event sets, and what operators may say.

use std::time::Duration;

use super::*;
use crate::{
    answer::{Answer, Facts, Figure, Refusal, Seen, Standing},
    routing::StopReason,
};

const AT: Timestamp = Timestamp::from_millis(1_769_860_800_000);
const AMOUNT: Cents = Cents::new(1_050);

fn prepared() -> Charge {
    let asked = Asked {
        tenant: "acme~test".parse().expect("valid"),
        id: "chg_1".parse().expect("valid"),
        amount: AMOUNT,
        reference: "topup-1".to_owned(),
        masked: "****0001".to_owned(),
        account: "digest".to_owned(),
        sealed: "sealed".to_owned(),
    };
    Charge::prepared(asked, AT)
}

fn moved(charge: &Charge, event: ChargeEvent) -> Charge {
    match charge.apply(event, AT) {
        Ok(Applied::Changed(next)) => *next,
        other => panic!("{event:?}: {other:?}"),
    }
}

fn shown(standing: Standing, amount: Option<Cents>) -> Answer {
    Answer::Exists {
        object: "930000000000000001".parse().expect("valid"),
        seen: Box::new(Seen {
            standing,
            status: "word".to_owned(),
            updated: 1,
            withdrawable: false,
            facts: Facts {
                amount,
                ..Facts::default()
            },
        }),
    }
}

fn text(cause: &str) -> String {
    cause.to_owned()
}

#[test]
fn every_answer_proves_what_the_decision_table_says() {
    use ChargeEvent::{NotSent, Paid, Refused, RefusedUs, Unclear};
    let refused = |by| Answer::Refused {
        by,
        reason: text("declined"),
    };
    let doubted = |by| Answer::Doubted {
        by,
        reason: text("code_400"),
    };
    let other = Some(Cents::new(1_049));
    let rows = [
        (Answer::NotSent { cause: text("dns") }, NotSent, Some("dns")),
        (shown(Standing::Paid, Some(AMOUNT)), Paid, None),
        (
            shown(Standing::Paid, other),
            Unclear,
            Some("amount_differs"),
        ),
        (shown(Standing::Paid, None), Unclear, Some("amount_differs")),
        (
            shown(Standing::FinalNegative, Some(AMOUNT)),
            Refused,
            Some("word"),
        ),
        (shown(Standing::FinalNegative, None), Refused, Some("word")),
        (
            shown(Standing::InFlight, Some(AMOUNT)),
            Unclear,
            Some("pending"),
        ),
        (
            shown(Standing::Unrecognised, Some(AMOUNT)),
            Unclear,
            Some("word"),
        ),
        (shown(Standing::Inert, Some(AMOUNT)), Unclear, Some("word")),
        (
            shown(Standing::Reversed, Some(AMOUNT)),
            Unclear,
            Some("word"),
        ),
        (
            shown(Standing::NeedsReview, Some(AMOUNT)),
            Unclear,
            Some("word"),
        ),
        (
            refused(Refusal::Credentials),
            RefusedUs,
            Some("credentials_refused"),
        ),
        (refused(Refusal::Input), Refused, Some("declined")),
        (
            refused(Refusal::Integration),
            Unclear,
            Some("integration_defect"),
        ),
        (doubted(Refusal::Credentials), Unclear, Some("code_400")),
        (doubted(Refusal::Input), Unclear, Some("code_400")),
        (doubted(Refusal::Integration), Unclear, Some("code_400")),
        (
            Answer::Unclear {
                cause: text("timeout"),
            },
            Unclear,
            Some("timeout"),
        ),
        (Answer::Taken, Unclear, Some("object_not_shown")),
        (Answer::Absent, Unclear, Some("absent")),
    ];
    for (answer, event, reason) in rows {
        let verdict = charge_proves(&prepared(), &answer);
        assert_eq!(verdict.event, event, "{answer:?}");
        assert_eq!(verdict.reason.as_deref(), reason, "{answer:?}");
        let shows = matches!(answer, Answer::Exists { .. });
        assert_eq!(verdict.object.is_some(), shows, "{answer:?}");
        let stop = match &answer {
            Answer::Refused {
                by: Refusal::Credentials,
                ..
            } => Some(StopReason::Credentials),
            Answer::Refused {
                by: Refusal::Integration,
                ..
            } => Some(StopReason::IntegrationDefect),
            _ => None,
        };
        assert_eq!(verdict.stop, stop, "{answer:?}");
    }
}

#[test]
fn a_refusal_that_took_money_or_may_have_is_for_people() {
    for (figure, was_processed) in [
        (Figure::Exact(Cents::new(1)), false),
        (Figure::Unreadable, false),
        (Figure::Absent, true),
    ] {
        let mut answer = shown(Standing::FinalNegative, None);
        if let Answer::Exists { seen, .. } = &mut answer {
            seen.facts.processed_amount = figure;
            seen.facts.was_processed = was_processed;
        }
        let verdict = charge_proves(&prepared(), &answer);
        assert_eq!(verdict.event, ChargeEvent::Unclear, "{figure:?}");
    }
}

#[test]
fn a_worker_holds_the_charge_while_it_sends_and_nobody_when_it_ended() {
    let sending = moved(&prepared(), ChargeEvent::Intend);
    assert_eq!(sending.sends, 1);
    assert_eq!(sending.next_at, sending.lease_until);
    assert!(sending.lease_covers(AT, Duration::from_secs(25)));
    let late = AT.plus(Duration::from_secs(86));
    assert!(!sending.lease_covers(late, Duration::from_secs(25)));
    for event in [ChargeEvent::Paid, ChargeEvent::Refused] {
        let ended = moved(&sending, event);
        assert_eq!((ended.lease_until, ended.next_at), (None, None));
        assert!(ended.state.is_final());
    }
    let review = moved(&sending, ChargeEvent::Unclear);
    assert_eq!(review.lease_until, None);
    assert_eq!(review.next_at, Some(AT.plus(Duration::from_secs(300))));
}

#[test]
fn what_provably_never_left_gives_the_card_free_and_waits_longer_each_time() {
    let mut charge = prepared();
    let mut gaps = Vec::new();
    for _ in 0..9 {
        let sending = Charge {
            balance_before: Some(Cents::new(5)),
            card_lock: Some("lock".to_owned()),
            ..moved(&charge, ChargeEvent::Intend)
        };
        charge = moved(&sending, ChargeEvent::NotSent);
        assert_eq!((&charge.card_lock, charge.balance_before), (&None, None));
        let next_at = charge.next_at.expect("waits");
        gaps.push(next_at.since(AT).as_secs());
    }
    assert_eq!(gaps, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
    assert_eq!(charge.sends, 9);
}

fn balance(balance: Option<Cents>) -> Look {
    Look {
        balance,
        told: None,
    }
}

#[test]
fn the_card_of_a_charge_in_review_is_looked_at_once_an_hour() {
    let review = moved(
        &moved(&prepared(), ChargeEvent::Intend),
        ChargeEvent::Unclear,
    );
    let seen = review.looked_at(balance(Some(Cents::new(7))), AT);
    let hour = Some(AT.plus(Duration::from_secs(3_600)));
    assert_eq!(seen.next_at, hour);
    let later = AT.plus(Duration::from_secs(3_600));
    let silent = seen.looked_at(Look::default(), later);
    let evidence = Evidence {
        balance: Cents::new(7),
        at: AT,
    };
    assert_eq!(silent.evidence, Some(evidence), "the last look stays");
}

fn word(owner: &str, outcome: ChargeOutcome, evidence: &str) -> ChargeDecision {
    ChargeDecision {
        outcome,
        evidence: evidence.to_owned(),
        note: None,
        actor: Actor::Key(owner.to_owned()),
        owner: owner.to_owned(),
        at: AT,
    }
}

#[test]
fn two_operators_who_say_the_same_settle_a_charge_in_review() {
    let review = moved(
        &moved(&prepared(), ChargeEvent::Intend),
        ChargeEvent::Unclear,
    );
    for (outcome, state) in [
        (ChargeOutcome::Paid, ChargeState::Paid),
        (ChargeOutcome::NotPaid, ChargeState::Dead),
    ] {
        let Ok(Decided::Proposed(first)) = review.decided(word("ann", outcome, "S-1")) else {
            panic!("proposed");
        };
        assert_eq!(first.state, ChargeState::Review, "one is not enough");
        let again = first.decided(word(" Ann ", outcome, "S-1"));
        assert_eq!(again, Ok(Decided::Known));
        let other = first.decided(word("bob", outcome, "S-2"));
        assert_eq!(other, Ok(Decided::Disagrees));
        let Ok(Decided::Settled(settled)) = first.decided(word("bob", outcome, "S-1")) else {
            panic!("settled");
        };
        assert_eq!(settled.state, state);
        assert_eq!(settled.decisions.len(), 2);
        let repeated = settled.decided(word("bob", outcome, "S-1"));
        assert_eq!(repeated, Ok(Decided::Known));
        let third = settled.decided(word("eve", outcome, "S-1"));
        assert_eq!(third, Err(Denied::ChargeState(state)));
    }
}

#[test]
fn an_operator_may_correct_a_word_nobody_agreed_with() {
    let review = moved(
        &moved(&prepared(), ChargeEvent::Intend),
        ChargeEvent::Unclear,
    );
    let Ok(Decided::Proposed(first)) = review.decided(word("ann", ChargeOutcome::Paid, "S-1"))
    else {
        panic!("proposed");
    };
    let Ok(Decided::Proposed(second)) = first.decided(word("ann", ChargeOutcome::NotPaid, "S-2"))
    else {
        panic!("corrected");
    };
    assert_eq!(second.decisions.len(), 1);
}

#[test]
fn nobody_decides_about_a_charge_that_is_not_in_review() {
    let sending = moved(&prepared(), ChargeEvent::Intend);
    for charge in [prepared(), sending] {
        let denied = charge.decided(word("ann", ChargeOutcome::Paid, "S-1"));
        assert_eq!(denied, Err(Denied::ChargeState(charge.state)));
    }
}

#[test]
fn a_paid_charge_debits_clearing_and_credits_the_wallet() {
    let posting = prepared().posting();
    let legs: Vec<_> = posting
        .legs()
        .iter()
        .map(|leg| (leg.account.name(), leg.amount.get()))
        .collect();
    assert_eq!(legs, [("clearing.paywizard", -1_050), ("available", 1_050)]);
}

/// A charge in review that its provider has named.
fn named() -> Charge {
    let review = moved(
        &moved(&prepared(), ChargeEvent::Intend),
        ChargeEvent::Unclear,
    );
    let pending = charge_proves(&review, &shown(Standing::NeedsReview, Some(AMOUNT)));
    review.answered(&pending, AT)
}

#[test]
fn a_charge_that_its_provider_has_named_is_asked_about_sooner_and_then_less_often() {
    let mut charge = named();
    let mut minutes = Vec::new();
    for _ in 0..5 {
        let at = charge.next_at.expect("looked at");
        minutes.push(at.since(charge.changed_at).as_secs() / 60);
        charge = charge.looked_at(Look::default(), at);
    }
    assert_eq!(minutes, [1, 4, 16, 60, 60]);
}

#[test]
fn a_read_proves_a_payment_of_exactly_the_amount_and_nothing_else() {
    let charge = named();
    let told = |paid| Told {
        status: text("word"),
        paid,
    };
    let paid = charge_read_proves(&charge, &shown(Standing::Paid, Some(AMOUNT)));
    assert_eq!((paid.event, paid.reason), (ChargeEvent::Paid, None));
    assert_eq!(paid.told, Some(told(Some(AMOUNT))));

    let other = Some(Cents::new(1_049));
    for (answer, said) in [
        (shown(Standing::Paid, other), Some(told(other))),
        (shown(Standing::Paid, None), Some(told(None))),
        (
            shown(Standing::FinalNegative, Some(AMOUNT)),
            Some(told(None)),
        ),
        (shown(Standing::Reversed, Some(AMOUNT)), Some(told(None))),
        (shown(Standing::NeedsReview, Some(AMOUNT)), Some(told(None))),
        (shown(Standing::InFlight, Some(AMOUNT)), Some(told(None))),
        (Answer::Absent, None),
        (Answer::Taken, None),
        (Answer::NotSent { cause: text("dns") }, None),
        (
            Answer::Refused {
                by: Refusal::Input,
                reason: text("x"),
            },
            None,
        ),
        (
            Answer::Doubted {
                by: Refusal::Input,
                reason: text("code_404"),
            },
            None,
        ),
        (
            Answer::Unclear {
                cause: text("timeout"),
            },
            None,
        ),
    ] {
        let open = charge_read_proves(&charge, &answer);
        assert_eq!(open.event, ChargeEvent::Unclear, "{answer:?}");
        assert_eq!((open.told, open.stop), (said, None), "{answer:?}");
        assert_eq!(open.reason, charge.reason, "{answer:?}");
    }
    let stranger = Charge {
        object: Some("930000000000000002".parse().expect("valid")),
        ..charge
    };
    let open = charge_read_proves(&stranger, &shown(Standing::Paid, Some(AMOUNT)));
    assert_eq!((open.event, open.told), (ChargeEvent::Unclear, None));
}
