use super::*;

const ASKED: Cents = Cents::new(1_050);

fn checkout() -> ProviderId {
    ProviderId::parse("930000000000000001").expect("valid")
}

fn seen(answer: Answer) -> Seen {
    match answer {
        Answer::Exists { object, seen } => {
            assert_eq!(object, checkout());
            assert_eq!(seen.facts.reference, "pay_1-a01");
            *seen
        }
        other => panic!("{other:?}"),
    }
}

/// Standing, amount, and what is reported as moved.
fn said(told: Movement) -> (Standing, Option<Cents>, Option<Cents>) {
    let seen = seen(answer(Told::Said(told), "pay_1-a01", ASKED));
    (
        seen.standing,
        seen.facts.amount,
        seen.facts.processed_amount.exact(),
    )
}

#[test]
fn done_is_paid_and_an_amount_that_does_not_fit_is_reported_as_it_is() {
    let checkout_id = checkout();
    let done = said(Movement::Done { checkout_id });
    assert_eq!(done, (Standing::Paid, Some(ASKED), Some(ASKED)));
    for told in [Some(Cents::new(1_051)), None] {
        let checkout_id = checkout();
        let unclear = said(Movement::AmountUnclear { checkout_id, told });
        assert_eq!(unclear, (Standing::Paid, told, told));
    }
    let checkout_id = checkout();
    let pending = said(Movement::Pending { checkout_id });
    assert_eq!(pending, (Standing::NeedsReview, Some(ASKED), None));
}

#[test]
fn only_a_completed_order_is_a_payment_and_no_state_is_a_failure() {
    let shown = |state, amount| {
        let told = Told::Said(OrderShown { state, amount });
        let seen = seen(order_answer(told, &checkout(), "pay_1-a01"));
        assert_eq!(seen.status, state.name());
        (seen.standing, seen.facts.processed_amount.exact())
    };
    for amount in [Some(ASKED), Some(Cents::new(1)), None] {
        let paid = shown(OrderState::Completed, amount);
        assert_eq!(paid, (Standing::Paid, amount));
        for state in [
            OrderState::Pending,
            OrderState::Revoked,
            OrderState::Refunded,
            OrderState::PartlyRefunded,
            OrderState::Closed,
            OrderState::PreAuthorised,
            OrderState::PreAuthorisationRevoked,
            OrderState::PreAuthorisationPartlyRevoked,
            OrderState::Unknown,
        ] {
            let open = shown(state, amount);
            assert_eq!(open, (Standing::NeedsReview, None), "{state:?}");
        }
    }
}

#[test]
fn an_order_query_without_an_order_says_nothing_of_it() {
    let told = |told| order_answer(told, &checkout(), "pay_1-a01");
    let unclear = |cause: &str| Told::Unclear {
        cause: cause.to_owned(),
    };
    let doubted = Answer::Doubted {
        by: Refusal::Input,
        reason: "code_404".to_owned(),
    };
    assert_eq!(told(unclear("code_404")), doubted);
    for cause in ["timeout", "http_500", "another_order", "data_missing"] {
        let open = Answer::Unclear {
            cause: cause.to_owned(),
        };
        assert_eq!(told(unclear(cause)), open);
    }
    let cause = "connect_failed";
    let not_sent = Answer::NotSent {
        cause: cause.to_owned(),
    };
    assert_eq!(told(Told::NotSent { cause }), not_sent);
    let refused = refused(Refusal::Credentials, "body_code_401");
    assert_eq!(told(Told::TokenRefused { code: 401 }), refused);
}

#[test]
fn a_refusal_and_a_refused_token_prove_that_nothing_moved() {
    let told = |told| answer(told, "pay_1-a01", ASKED);
    assert_eq!(
        told(Told::Said(Movement::Refused)),
        refused(Refusal::Input, "card_refused")
    );
    assert_eq!(
        told(Told::TokenRefused { code: 401 }),
        refused(Refusal::Credentials, "body_code_401")
    );
}

#[test]
fn a_card_is_read_from_its_account_and_nothing_else_is_one() {
    let read = |text: &str| card(&Plaintext(text.to_owned()), &Channels::default());
    let plain = read(r#"{"type":"prepaid_card","accountId":"6000000000000001"}"#);
    let plain = plain.expect("a card");
    assert_eq!(
        (plain.entry, plain.channel.as_str()),
        (EntryType::Keyed, "FACTOR4")
    );
    for other in [
        r#"{"type":"card","accountId":"6000000000000001"}"#,
        r#"{"type":"prepaid_card","accountId":"6000000000000001","entryType":"X"}"#,
        r#"{"type":"prepaid_card","accountId":"6000000000000001","channel":4}"#,
        r#"{"type":"prepaid_card"}"#,
        "",
    ] {
        assert_eq!(read(other).err(), Some("account_unreadable"), "{other}");
    }
}

#[test]
fn a_card_keeps_the_channel_that_was_stored_and_one_that_is_not_served_is_no_card() {
    let account = |channel: &str| {
        Plaintext(format!(
            r#"{{"type":"prepaid_card","accountId":"6000000000000001","channel":"{channel}"}}"#
        ))
    };
    let two = Channels::of(vec!["FACTOR4".to_owned(), "SECOND".to_owned()]).expect("two");
    for channel in ["FACTOR4", "SECOND"] {
        let card = card(&account(channel), &two).expect("a card");
        assert_eq!(card.channel, channel);
    }
    for channel in ["SECOND", "factor4", ""] {
        let refused = card(&account(channel), &Channels::default()).err();
        assert_eq!(refused, Some("channel_not_served"), "{channel}");
    }
}
