use super::*;

pub(crate) fn attempt(state: AttemptState) -> Attempt {
    Attempt {
        tenant: "acme~test".parse().expect("valid"),
        reference: "pay_1-a01".parse().expect("valid"),
        version: 1,
        fence: 1,
        state,
        provider: Provider::Payelata,
        route: "payelata/card".to_owned(),
        left: Vec::new(),
        fallback: Vec::new(),
        driver: DriverId::parse("drv_1").expect("valid"),
        method: Some(PinnedMethod {
            kind: MethodKind::Card,
            version: 1,
        }),
        rail: Rail::Standard,
        net: Cents::new(44_750),
        currency: Currency::Usd,
        payee: None,
        balance_before: None,
        card_lock: None,
        object: None,
        object_updated: 0,
        last_status: None,
        reason: None,
        tries: 1,
        repeats: 0,
        reprocesses: 0,
        processed: false,
        created_at: Timestamp::default(),
        lease_until: None,
        sent_at: Some(Timestamp::from_millis(0)),
        process_sent_at: None,
        watched_at: Some(Timestamp::default()),
        polls: 0,
        checked_at: None,
        absent_at: None,
        absences: 0,
        doubt: None,
        next_at: None,
        reviewed_at: None,
        money: None,
        undecided: None,
        decided_on: None,
    }
}

fn changed(applied: Result<Applied, Denied>) -> Attempt {
    match applied.expect("allowed") {
        Applied::Changed(next) => *next,
        other => panic!("expected a change, got {other:?}"),
    }
}

#[test]
fn an_attempt_that_reached_processing_cannot_be_abandoned_even_when_it_is_created_again() {
    let at = Timestamp::from_millis(1_000);
    let sending = changed(attempt(AttemptState::Created).apply(AttemptEvent::IntendProcess, at));
    let submitted = changed(sending.apply(AttemptEvent::ProcessDone, at));
    let created = changed(submitted.apply(AttemptEvent::Reprocess, at));
    assert_eq!(created.state, AttemptState::Created);
    assert_eq!(
        created.apply(AttemptEvent::Abandon, at),
        Err(Denied::AttemptState)
    );
}

#[test]
fn a_prepared_attempt_that_never_sent_anything_cannot_be_paid() {
    let fresh = Attempt {
        tries: 0,
        ..attempt(AttemptState::Prepared)
    };
    assert!(
        fresh
            .apply(AttemptEvent::Paid, Timestamp::default())
            .is_err()
    );
    assert!(fresh.was_never_sent());
    let repeated = attempt(AttemptState::Prepared);
    assert!(
        repeated
            .apply(AttemptEvent::Paid, Timestamp::default())
            .is_ok()
    );
}

#[test]
fn a_lost_create_is_first_read_90_seconds_after_it_may_have_left() {
    let sent = Timestamp::from_millis(1_000_000);
    let sending = Attempt {
        sent_at: Some(sent),
        ..attempt(AttemptState::Sending)
    };
    let lost = changed(sending.apply(AttemptEvent::Lost, sent.plus(Duration::from_secs(25))));
    let due = lost.next_at.expect("watched").since(sent).as_secs();
    assert!((90..=108).contains(&due), "{due}");
}

#[test]
fn a_second_absence_is_looked_for_no_sooner_than_30_seconds_later() {
    let at = Timestamp::from_millis(90_000);
    let look = Look {
        at,
        shows: Shows::Nothing,
    };
    let polled = attempt(AttemptState::Unknown).polled(look, 0);
    assert!(polled.next_at.expect("watched") >= at.plus(Duration::from_secs(30)));
}

#[test]
fn a_process_call_that_goes_well_leaves_the_due_time_where_it_was() {
    let at = |millis| Timestamp::from_millis(millis);
    let sending =
        changed(attempt(AttemptState::Created).apply(AttemptEvent::IntendProcess, at(1_000)));
    assert!(sending.next_at < sending.lease_until);
    let submitted = changed(sending.apply(AttemptEvent::ProcessDone, at(1_400)));
    assert_eq!(submitted.next_at, sending.next_at);
    // One that takes longer than the first read may wait is read from its end on.
    let slow = changed(sending.apply(AttemptEvent::ProcessDone, at(90_000)));
    assert!(slow.next_at > Some(at(90_000)));
}

#[test]
fn a_paid_attempt_is_read_again_and_one_that_came_back_is_not() {
    let paid_at = Timestamp::from_millis(1_000);
    let paid = changed(attempt(AttemptState::Submitted).apply(AttemptEvent::Paid, paid_at));
    assert_eq!(paid.wake(), Some(Wake::Check));
    let day = Duration::from_secs(86_400);
    assert!(paid.next_at >= Some(paid_at.plus(day)));
    assert!(paid.next_at < Some(paid_at.plus(day).plus(Duration::from_secs(3_600))));
    assert_eq!(paid.no_more_reads().wake(), None);
    let dead =
        changed(attempt(AttemptState::Submitted).apply(AttemptEvent::FinalNegative, paid_at));
    assert_eq!(dead.wake(), None);
}

#[test]
fn a_live_attempt_always_has_a_wake_up() {
    let at = Timestamp::from_millis(5_000);
    for state in AttemptState::ALL {
        for event in AttemptEvent::ALL {
            if let Ok(Applied::Changed(next)) = attempt(state).apply(event, at) {
                assert_eq!(
                    next.next_at.is_some(),
                    next.wake().is_some(),
                    "{state:?} {event:?}"
                );
            }
        }
    }
}

#[test]
fn a_read_without_news_asks_for_people_once_when_the_time_has_come() {
    let minutes = |count: i64| Timestamp::from_millis(count * 60_000);
    let look = |at| Look {
        at,
        shows: Shows::Unclear,
    };
    let instant = Attempt {
        rail: Rail::Instant,
        ..attempt(AttemptState::Submitted)
    };
    for (waiting, due) in [
        (attempt(AttemptState::Unknown), 30),
        (instant, 15),
        // Three business days from a Thursday.
        (attempt(AttemptState::Submitted), 5 * 24 * 60),
    ] {
        let due = minutes(due);
        assert_eq!(waiting.review_due_at(), Some(due));
        let early = waiting.polled(look(due.minus(Duration::from_millis(1))), 500);
        assert_eq!(early.reviewed_at, None);
        assert_eq!(early.next_at, Some(due), "looked at again just then");
        let late = early.polled(look(due), 500);
        assert_eq!(late.reviewed_at, Some(due));
        assert!(late.next_at > Some(due), "and read on");
        let later = late.polled(look(due.plus(Duration::from_secs(60))), 500);
        assert_eq!(later.reviewed_at, Some(due));
    }
}

#[test]
fn what_does_not_fit_asks_for_people_at_once_and_what_workers_hold_does_not() {
    let at = Timestamp::from_millis(7_000);
    let review = changed(attempt(AttemptState::Submitted).apply(AttemptEvent::Mismatch, at));
    assert_eq!(review.reviewed_at, Some(at));
    for state in [
        AttemptState::Prepared,
        AttemptState::Sending,
        AttemptState::Created,
        AttemptState::ProcessSending,
        AttemptState::Review,
        AttemptState::Paid,
        AttemptState::Dead,
    ] {
        assert_eq!(attempt(state).review_due_at(), None, "{state:?}");
    }
}
