//! Steps, repeats, look-ups, memory and limits.

use std::time::Duration;

use domain::{
    answer::{Answer, Refusal, Standing},
    attempt::{Attempt, REPEATS_MAX},
    attempt_machine::{AttemptEvent, AttemptState},
    driver::MethodKind,
    ids::ProviderId,
    manifest::{ByObject, CancelWindow, Idempotency, LookUp, Manifest, Steps},
    money::{Cents, Currency},
    resolution::{ABSENCES_APART, Asked, Step, VISIBLE_AFTER, proves},
    routing::{Skipped, Wish, choose, served_by},
    time::Timestamp,
};

use crate::rig::{NET, Rig, promises};

const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

fn shown(answer: &Answer) -> (ProviderId, Standing) {
    match answer {
        Answer::Exists { object, seen } => (object.clone(), seen.standing),
        other => panic!("expected an object, got {other:?}"),
    }
}

fn is_unclear(answer: &Answer) -> bool {
    matches!(answer, Answer::Unclear { .. })
}

/// An attempt whose create left at time 0 and was not answered.
async fn unanswered(rig: &Rig, promises: &Manifest) -> Attempt {
    Attempt {
        state: AttemptState::Unknown,
        sent_at: Some(Timestamp::default()),
        ..rig.attempt(promises.provider).await
    }
}

/// What follows from reads that show nothing: so many, as far apart as they must be, the first at `first`.
fn after_absences(attempt: &Attempt, first: Timestamp, count: u32) -> Step {
    let mut attempt = attempt.clone();
    let (mut now, mut step) = (first, Step::Nothing);
    for _ in 0..count {
        step = proves(&attempt, Asked::Read, &Answer::Absent, now).step;
        if step == Step::AbsentOnce {
            attempt.absences += 1;
            attempt.absent_at = Some(now);
        }
        now = now.plus(ABSENCES_APART);
    }
    step
}

#[tokio::test(flavor = "multi_thread")]
async fn money_leaves_with_as_many_calls_as_the_manifest_has_steps_and_not_before_the_last() {
    let rig = Rig::new().await;
    for promises in promises() {
        let name = promises.provider.name();
        let attempt = rig.attempt(promises.provider).await;
        rig.count(promises.provider).await;
        let (object, standing) = shown(&rig.create(&attempt).await);
        let calls = match promises.steps {
            Steps::One => {
                assert_eq!(standing, Standing::Paid, "{name}");
                let second = rig.process(&attempt, &object).await;
                assert!(is_unclear(&second), "{name} has no second step: {second:?}");
                1
            }
            Steps::Two => {
                assert_eq!(standing, Standing::Inert, "{name}");
                assert_eq!(rig.made(&attempt).await, (1, Vec::new()), "{name}");
                rig.process(&attempt, &object).await;
                2
            }
        };
        assert_eq!(rig.calls().await, calls, "{name}");
        assert_eq!(rig.made(&attempt).await, (1, vec![NET]), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_twice_is_made_once_where_references_are_recognised_and_is_sent_once_elsewhere()
 {
    let rig = Rig::new().await;
    for promises in promises() {
        let name = promises.provider.name();
        let attempt = rig.attempt(promises.provider).await;
        match promises.idempotency {
            Idempotency::ByReference => {
                let (object, _) = shown(&rig.create(&attempt).await);
                let again = rig.create(&attempt).await;
                if let Answer::Exists { object: second, .. } = &again {
                    assert_eq!(*second, object, "{name}");
                }
                rig.process(&attempt, &object).await;
                rig.process(&attempt, &object).await;
                rig.create(&attempt).await;
                assert_eq!(rig.made(&attempt).await, (1, vec![NET]), "{name}");
            }
            Idempotency::None => {
                assert!(!promises.may_repeat(), "{name}");
                let prepared = Attempt {
                    state: AttemptState::Prepared,
                    ..attempt
                };
                let again = prepared.apply(AttemptEvent::IntendCreate, rig.now());
                assert!(
                    again.is_err(),
                    "{name}: a create that may have left is not sent again"
                );
                let unknown = unanswered(&rig, promises).await;
                let again = unknown.apply(AttemptEvent::Repeat, rig.now());
                assert!(again.is_err(), "{name}: nor is it offered");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_where_references_can_be_looked_up_and_is_for_people_elsewhere() {
    let rig = Rig::new().await;
    for promises in promises() {
        let name = promises.provider.name();
        let attempt = rig.attempt(promises.provider).await;
        rig.lose_answer(promises.provider).await;
        let lost = rig.create(&attempt).await;
        assert!(is_unclear(&lost), "{name}: {lost:?}");
        let learnt = proves(&attempt, Asked::Create, &lost, rig.now()).step;
        let unknown = Attempt {
            state: AttemptState::Unknown,
            ..attempt.clone()
        };
        rig.count(promises.provider).await;
        let looked = rig.look_up(&unknown).await;
        let calls = rig.calls().await;
        match promises.look_up {
            LookUp::ByReference { .. } => {
                assert_eq!(learnt, Step::Attempt(AttemptEvent::Lost), "{name}");
                let found = proves(&unknown, Asked::Read, &looked, rig.now()).step;
                assert_eq!(found, Step::Attempt(AttemptEvent::Created), "{name}");
                assert_eq!(calls, 1, "{name}");
                let other = rig.attempt(promises.provider).await;
                let looked = rig.look_up(&other).await;
                assert_eq!(looked, Answer::Absent, "{name}: nothing was sent");
            }
            LookUp::None => {
                assert_eq!(learnt, Step::Attempt(AttemptEvent::Mismatch), "{name}");
                assert!(is_unclear(&looked), "{name}: {looked:?}");
                let told = proves(&unknown, Asked::Read, &looked, rig.now()).step;
                assert_eq!(told, Step::Nothing, "{name}");
                assert_eq!(calls, 0, "{name}: there is nobody to ask");
            }
        }
        let made = rig.made(&attempt).await.0;
        assert_eq!(made, 1, "{name}: the work was done, once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_absent_by_the_word_of_a_gateway_and_by_the_providers_own_only_what_has_an_id() {
    let rig = Rig::new().await;
    for promises in promises() {
        let LookUp::ByReference { .. } = promises.look_up else {
            continue;
        };
        let (provider, name) = (promises.provider, promises.provider.name());
        let attempt = rig.attempt(provider).await;
        let (object, _) = shown(&rig.create(&attempt).await);
        for page in ["gateway", "gateway_json", "gateway_empty"] {
            let fault = format!("{page}:404_before");
            for operation in ["create", "process"] {
                rig.fault(provider, operation, &fault).await;
            }
            rig.fault(provider, "query", &fault).await;
            rig.fault(provider, "query", &fault).await;
            for answer in [
                rig.create(&attempt).await,
                rig.process(&attempt, &object).await,
                rig.read(&attempt, &object).await,
                rig.look_up(&attempt).await,
            ] {
                assert!(is_unclear(&answer), "{name} {page}: {answer:?}");
            }
        }
        let own = "status:404_before";
        rig.fault(provider, "query", own).await;
        let read = rig.read(&attempt, &object).await;
        assert_eq!(read, Answer::Absent, "{name}");
        rig.fault(provider, "query", own).await;
        let looked = rig.look_up(&attempt).await;
        assert!(is_unclear(&looked), "{name}: {looked:?}");
        assert_eq!(rig.made(&attempt).await, (1, Vec::new()), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_by_the_providers_id_proves_the_outcome_or_a_payment_and_nothing_else() {
    let rig = Rig::new().await;
    for promises in promises() {
        let name = promises.provider.name();
        let attempt = rig.attempt(promises.provider).await;
        let (object, _) = shown(&rig.create(&attempt).await);
        let review = Attempt {
            state: AttemptState::Review,
            object: Some(object.clone()),
            ..attempt.clone()
        };
        let read = async || {
            let answer = rig.read(&review, &object).await;
            (
                proves(&review, Asked::Read, &answer, rig.now()).step,
                answer,
            )
        };
        match promises.by_object {
            ByObject::Outcome => {
                let (step, answer) = read().await;
                assert_eq!(shown(&answer).0, object, "{name}");
                assert_eq!(step, Step::Attempt(AttemptEvent::Created), "{name}");
            }
            ByObject::PaymentOnly => {
                let (step, answer) = read().await;
                assert_eq!(shown(&answer), (object.clone(), Standing::Paid), "{name}");
                assert_eq!(step, Step::Attempt(AttemptEvent::Paid), "{name}");
                let other = Attempt {
                    net: Cents::new(NET + 1),
                    ..review.clone()
                };
                let step = proves(&other, Asked::Read, &answer, rig.now()).step;
                assert_eq!(step, Step::Attempt(AttemptEvent::Mismatch), "{name}");
                for state in (1..=9).filter(|state| *state != 2) {
                    rig.order(&attempt, &format!("order_state_{state}")).await;
                    let (step, answer) = read().await;
                    assert_eq!(shown(&answer).1, Standing::NeedsReview, "{name} {state}");
                    let open = Step::Attempt(AttemptEvent::Mismatch);
                    assert_eq!(step, open, "{name} {state}");
                }
                rig.order(&attempt, "query_off").await;
                let (step, answer) = read().await;
                assert!(!matches!(answer, Answer::Absent), "{name}");
                assert_eq!(step, Step::Nothing, "{name}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_absences_prove_that_nothing_was_made_and_no_number_does_where_nobody_can_be_asked()
{
    let rig = Rig::new().await;
    for promises in promises() {
        let name = promises.provider.name();
        let unknown = unanswered(&rig, promises).await;
        let visible = Timestamp::default().plus(VISIBLE_AFTER);
        match promises.look_up {
            LookUp::ByReference { absences } => {
                let before = after_absences(&unknown, visible, absences - 1);
                assert_eq!(before, Step::AbsentOnce, "{name}");
                let last = after_absences(&unknown, visible, absences);
                assert_eq!(last, Step::Attempt(AttemptEvent::Repeat), "{name}");
            }
            LookUp::None => {
                let step = after_absences(&unknown, visible, 100);
                assert_eq!(step, Step::AbsentOnce, "{name}: nothing is ever proven");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_is_believed_for_as_long_as_the_provider_remembers() {
    let rig = Rig::new().await;
    for promises in promises() {
        let LookUp::ByReference { absences } = promises.look_up else {
            continue;
        };
        let name = promises.provider.name();
        let unknown = unanswered(&rig, promises).await;
        let late = promises.remembers.unwrap_or(YEAR) + Duration::from_secs(1);
        let step = after_absences(&unknown, Timestamp::default().plus(late), absences);
        let believed = match promises.remembers {
            Some(_) => Step::Nothing,
            None => Step::Attempt(AttemptEvent::Repeat),
        };
        assert_eq!(step, believed, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_exist_is_given_up_only_where_it_stays_inert_by_itself() {
    let rig = Rig::new().await;
    for promises in promises() {
        let name = promises.provider.name();
        let LookUp::ByReference { absences } = promises.look_up else {
            assert!(!promises.may_abandon(), "{name}");
            continue;
        };
        let spent = Attempt {
            repeats: REPEATS_MAX,
            ..unanswered(&rig, promises).await
        };
        let visible = Timestamp::default().plus(VISIBLE_AFTER);
        let end = after_absences(&spent, visible, absences);
        let expected = match promises.cancel {
            CancelWindow::LeaveInert => AttemptEvent::Abandon,
            CancelWindow::ConfirmedCancel | CancelWindow::VoidBeforeSettlement => {
                AttemptEvent::Mismatch
            }
        };
        assert_eq!(end, Step::Attempt(expected), "{name}");
        if promises.cancel == CancelWindow::LeaveInert {
            let left = rig.attempt(promises.provider).await;
            shown(&rig.create(&left).await);
            rig.host.pump.advance(30 * 24 * 3_600).await.expect("moved");
            assert_eq!(
                rig.made(&left).await,
                (1, Vec::new()),
                "{name}: it pays nothing"
            );
        }
    }
}

#[test]
fn an_amount_outside_the_limits_goes_to_nobody_and_no_other_currency_to_anybody() {
    for promises in promises() {
        let provider = promises.provider;
        let (least, most) = promises.amounts;
        for (method, rail) in served_by(provider) {
            // Only this provider could carry it.
            let chosen = |net: Cents| {
                let wish = Wish {
                    method,
                    rail,
                    net,
                    currency: Currency::Usd,
                    tried: &[],
                    may_fall_back: false,
                };
                let others = |it| (it != provider).then_some(Skipped::NotConfigured);
                choose(wish, others).provider
            };
            for within in [least, most] {
                assert_eq!(chosen(within), Some(provider), "{within}");
            }
            for outside in [least.get() - 1, most.get() + 1] {
                assert_eq!(chosen(Cents::new(outside)), None, "{outside}");
            }
        }
        for currency in ["USD", "EUR", "TWD", "usd", ""] {
            let carried = promises.currencies.contains(&currency);
            assert_eq!(promises.carries(least, currency), carried, "{currency}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_a_kind_that_the_provider_does_not_serve_never_leaves() {
    let rig = Rig::new().await;
    for promises in promises() {
        let name = promises.provider.name();
        let attempt = rig.attempt(promises.provider).await;
        rig.count(promises.provider).await;
        let served: Vec<_> = served_by(promises.provider)
            .into_iter()
            .map(|(kind, _)| kind)
            .collect();
        for kind in MethodKind::ALL {
            if served.contains(&kind) {
                continue;
            }
            let answer = rig.create_with(&attempt, kind).await;
            let reason = match &answer {
                Answer::Refused {
                    by: Refusal::Input,
                    reason,
                } => reason.as_str(),
                other => panic!("{name} {}: {other:?}", kind.name()),
            };
            let known = ["method_not_served", "account_unreadable"];
            assert!(known.contains(&reason), "{name} {}: {reason}", kind.name());
        }
        assert_eq!(rig.calls().await, 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_of_one_mode_never_meets_the_credentials_of_the_other() {
    let rig = Rig::new().await;
    for promises in promises() {
        let name = promises.provider.name();
        let object = ProviderId::parse("ord_1234").expect("an id");
        let live = Attempt {
            tenant: "acme~live".parse().expect("a tenant"),
            ..rig.attempt(promises.provider).await
        };
        rig.count(promises.provider).await;
        let created = rig.create(&live).await;
        let refused = Answer::Refused {
            by: Refusal::Input,
            reason: "mode_not_served".to_owned(),
        };
        assert_eq!(created, refused, "{name}");
        for answer in [rig.process(&live, &object).await, rig.look_up(&live).await] {
            assert!(is_unclear(&answer), "{name}: {answer:?}");
        }
        assert_eq!(rig.calls().await, 0, "{name}");
    }
}
