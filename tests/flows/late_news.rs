//! What was seen paid is never paid again without people: news of attempts that had ended, in every state of their
//! payout, from its first sight to the last cent.

use app::{
    error::Error,
    memory::{Ending, Operation, Trouble},
    port::Store,
    record::{Key, Record},
    request_key::Answered,
};
use domain::{
    attempt_machine::AttemptState,
    denied::Denied,
    driver::MethodKind,
    fee::Rail,
    ids::{Mode, PayoutId},
    ledger::Account,
    load::LoadStatus,
    money::Cents,
    payout::PayoutStatus,
    review::{Bearer, Disposition, Question, ReviewStatus},
    routing::{Provider, StopReason},
};

use crate::{
    books,
    lives::{cancel, retry},
    rare::attempt_of,
    review_stage::{
        NET, agree, assert_reviews, balance, decide, decide_on, read_now, review, says,
    },
    stage::{AMOUNT, Stage, WALLET},
    troubles::ring,
    vendor_changes::approved,
};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Where a payout stands when its first attempt, dead or given back, is heard of again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum World {
    /// It waits for a route that is stopped.
    Queued,
    /// Its second attempt exists, and nothing of it was processed.
    Preparing,
    Failed,
    Canceled,
    Returned,
}

impl World {
    const ALL: [Self; 5] = [
        Self::Queued,
        Self::Preparing,
        Self::Failed,
        Self::Canceled,
        Self::Returned,
    ];

    const fn status(self) -> PayoutStatus {
        match self {
            Self::Queued => PayoutStatus::Queued,
            Self::Preparing => PayoutStatus::Processing,
            Self::Failed => PayoutStatus::Failed,
            Self::Canceled => PayoutStatus::Canceled,
            Self::Returned => PayoutStatus::Returned,
        }
    }

    /// A stage with such a payout of `L-2`, whose driver is paid by OwlPay first and Payelata then.
    async fn stage(self) -> (Stage, PayoutId) {
        let stage = approved().await;
        stage.put_load("L-2").await;
        let first = match self {
            Self::Returned => Ending::Paid,
            Self::Queued | Self::Preparing | Self::Failed | Self::Canceled => Ending::InFlight,
        };
        stage.provider.end_with(first);
        let id = stage.create_for_sure("L-2", Rail::Standard).await;
        stage.advance(120).await;
        match self {
            Self::Returned => {
                // Two owners found that all of it came back.
                stage.advance(HOUR).await;
                show(&stage, &id, Ending::Failed).await;
                agree(&stage, &id, Disposition::Returned(Cents::new(NET))).await;
            }
            Self::Queued => {
                stop(&stage, Provider::Payelata, true).await;
                reject(&stage, &id).await;
            }
            Self::Preparing => {
                for _ in 0..20 {
                    stage.provider.trouble(Operation::Create, Trouble::NotSent);
                }
                reject(&stage, &id).await;
                let second = attempt_of(&stage, &id, 2).await;
                assert_eq!(second.state, AttemptState::Prepared);
            }
            Self::Failed | Self::Canceled => {
                stage.provider.end_with(Ending::Failed);
                reject(&stage, &id).await;
                stage.advance(HOUR).await;
                if self == Self::Canceled {
                    cancel(&stage, &id).await.expect("canceled");
                }
            }
        }
        assert_eq!(stage.payout(&id).await.status, self.status(), "{self:?}");
        if self != Self::Preparing {
            stage.provider.calm();
        }
        books::balance(&stage);
        (stage, id)
    }
}

/// OwlPay rejects the first attempt, and it is seen withdrawn.
async fn reject(stage: &Stage, id: &PayoutId) {
    stage.provider.end(&format!("{id}-a01"), Ending::Rejected);
    stage.advance(300).await;
    assert_eq!(attempt_of(stage, id, 1).await.state, AttemptState::Dead);
}

/// The provider shows the first attempt so, and somebody looks.
async fn show(stage: &Stage, id: &PayoutId, ending: Ending) {
    stage.provider.end(&format!("{id}-a01"), ending);
    let body = format!("{ending:?} {}", stage.provider.reads());
    ring(stage, id, 1, &body).await;
    stage.advance(5).await;
    stage.provider.calm();
}

async fn stop(stage: &Stage, provider: Provider, stopped: bool) {
    let key = Key::Switch(provider, Mode::Test);
    let found = stage.memory.fetch(&[key]).await.expect("in memory");
    let known = match found.into_iter().next().flatten() {
        Some(Record::Switch(switch)) => *switch,
        Some(_) | None => domain::routing::RouteSwitch::open(provider, Mode::Test),
    };
    let now = stage.clock.now();
    let next = if stopped {
        known.stopped_by(StopReason::IntegrationDefect, now)
    } else {
        known.reopened()
    };
    let changes = app::changes::Changes::new("by-hand", stage.call("test").tx_id("switch"));
    let record = Record::Switch(Box::new(next));
    let changes = match known.version {
        0 => changes.insert(record),
        version => changes.replace(record, version),
    };
    stage.memory.commit(changes).await.expect("switched");
}

async fn route_is_stopped(stage: &Stage, provider: Provider) -> bool {
    match stage.record(Key::Switch(provider, Mode::Test)).await {
        Some(Record::Switch(switch)) => switch.stopped.is_some(),
        Some(_) | None => false,
    }
}

/// Nothing happens for it, whoever asks and however long it takes.
async fn assert_held(stage: &Stage, id: &PayoutId, status: PayoutStatus) {
    let payout = stage.payout(id).await;
    assert_eq!(payout.status, status);
    assert!(payout.is_held());
    for refused in [retry(stage, id).await, cancel(stage, id).await] {
        assert_eq!(refused.map(|_| ()), Err(Denied::Contradicted.into()));
    }
    let another = stage.create("L-2", Rail::Standard, "another").await;
    assert!(
        matches!(another, Err(Error::Denied(Denied::LoadHeld { .. }))),
        "{another:?}"
    );
    let calls = stage.provider.calls();
    stage.advance(2 * DAY).await;
    assert_eq!(stage.provider.calls(), calls, "nothing was sent");
    let later = stage.payout(id).await;
    assert_eq!(later.status, status);
    assert!(later.is_held());
    books::balance(stage);
}

/// What left the wallet, what the provider is booked to have paid, and what nobody explains.
async fn books_of(stage: &Stage) -> (i64, i64, i64) {
    let clearing = [
        Account::ClearingOwlpay,
        Account::ClearingPayelata,
        Account::ClearingPaywizard,
    ];
    (
        stage.balances().await.available.get() - WALLET,
        clearing
            .iter()
            .map(|account| balance(stage, *account))
            .sum(),
        balance(stage, Account::Suspense),
    )
}

#[tokio::test]
async fn a_payment_of_an_ended_attempt_holds_its_payout_in_every_state() {
    for world in World::ALL {
        let (stage, id) = world.stage().await;
        show(&stage, &id, Ending::Paid).await;
        let routes = [Provider::Owlpay, Provider::Payelata];
        let stopped = route_is_stopped(&stage, routes[0]).await;
        assert!(!stopped, "{world:?}: an ordinary hold stops nobody");
        stop(&stage, Provider::Payelata, false).await;
        assert_held(&stage, &id, world.status()).await;
        let (_, clearing, suspense) = books_of(&stage).await;
        assert_eq!((clearing, suspense), (NET, -NET), "{world:?}");
        let open = review(&stage, &id).await;
        assert_eq!(open.status(), ReviewStatus::Open);
        assert_eq!(open.question, Question::LatePayment, "{world:?}");
    }
}

#[tokio::test]
async fn what_the_ended_attempt_paid_pays_the_payout_once_two_owners_say_so() {
    for world in World::ALL {
        let (stage, id) = world.stage().await;
        show(&stage, &id, Ending::Paid).await;
        stop(&stage, Provider::Payelata, false).await;
        stage.advance(DAY).await;
        agree(&stage, &id, Disposition::Paid).await;
        stage.advance(20 * DAY).await;
        let payout = stage.payout(&id).await;
        assert_eq!(payout.status, PayoutStatus::Completed, "{world:?}");
        assert_eq!((payout.settled_attempt, payout.is_held()), (Some(1), false));
        assert_eq!(payout.reason, None);
        assert_eq!(stage.load("L-2").await.status, LoadStatus::Paid);
        assert_eq!(stage.provider.paid(), 1, "{world:?}");
        assert_eq!(books_of(&stage).await, (-AMOUNT, NET, 0), "{world:?}");
        assert_eq!(balance(&stage, Account::Fees), AMOUNT - NET);
        books::balance(&stage);
    }
}

#[tokio::test]
async fn what_the_ended_attempt_did_not_pay_is_taken_back_and_what_waits_goes_on() {
    for world in World::ALL {
        let (stage, id) = world.stage().await;
        let before = books_of(&stage).await;
        show(&stage, &id, Ending::Paid).await;
        stop(&stage, Provider::Payelata, false).await;
        stage.provider.end_with(Ending::Paid);
        // A mistake of the provider, which it corrects; money was booked, so people look.
        show(&stage, &id, Ending::Failed).await;
        stage.advance(DAY).await;
        assert!(stage.payout(&id).await.is_held());
        read_now(&stage, &id).await;
        agree(&stage, &id, Disposition::NotPaid).await;
        let freed = stage.payout(&id).await;
        assert!(!freed.is_held());
        assert_eq!(freed.status, world.status());
        assert_eq!(books_of(&stage).await, before, "{world:?}");
        let (load, payouts) = match world {
            World::Queued | World::Preparing | World::Failed => (LoadStatus::Held, 0),
            World::Canceled | World::Returned => (LoadStatus::Open, 0),
        };
        assert_eq!(stage.load("L-2").await.status, load, "{world:?}");
        assert_eq!(stage.provider.paid(), payouts);
        books::balance(&stage);
        stage.advance(2 * DAY).await;
        let (status, paid) = match world {
            World::Queued | World::Preparing => (PayoutStatus::Completed, 1),
            World::Failed | World::Canceled | World::Returned => (world.status(), 0),
        };
        assert_eq!(stage.payout(&id).await.status, status, "{world:?}");
        assert_eq!(stage.provider.paid(), paid, "{world:?}");
        books::balance(&stage);
    }
}

#[tokio::test]
async fn a_hold_without_money_lifts_by_itself_once_two_reads_show_the_attempt_dead() {
    for world in World::ALL {
        for news in [Ending::InFlight, Ending::Rejected] {
            let (stage, id) = world.stage().await;
            let before = books_of(&stage).await;
            show(&stage, &id, news).await;
            assert_held(&stage, &id, world.status()).await;
            assert_eq!(books_of(&stage).await, before, "nothing was paid");
            stop(&stage, Provider::Payelata, false).await;
            stage.provider.end_with(Ending::Paid);
            show(&stage, &id, Ending::Failed).await;
            assert!(stage.payout(&id).await.is_held(), "one read is not two");
            stage.advance(60).await;
            assert!(!stage.payout(&id).await.is_held(), "{world:?} {news:?}");
            let closed = review(&stage, &id).await;
            assert_eq!(closed.status(), ReviewStatus::Closed);
            stage.advance(DAY).await;
            let went_on = matches!(world, World::Queued | World::Preparing);
            let status = if went_on {
                PayoutStatus::Completed
            } else {
                world.status()
            };
            assert_eq!(stage.payout(&id).await.status, status, "{world:?}");
            books::balance(&stage);
        }
    }
}

#[tokio::test]
async fn a_word_that_may_still_pay_between_two_deaths_starts_the_count_anew() {
    let (stage, id) = World::Failed.stage().await;
    show(&stage, &id, Ending::InFlight).await;
    show(&stage, &id, Ending::Failed).await;
    show(&stage, &id, Ending::InFlight).await;
    stage.advance(31).await;
    show(&stage, &id, Ending::Failed).await;
    assert!(stage.payout(&id).await.is_held());
    stage.advance(60).await;
    assert!(!stage.payout(&id).await.is_held());
    books::balance(&stage);
}

/// The load of a payout that was canceled, or came back, is open; another payout takes it.
async fn with_another(stage: &Stage, pays: bool) -> PayoutId {
    stage.provider.end_with(Ending::Paid);
    stop(stage, Provider::Payelata, !pays).await;
    stop(stage, Provider::Owlpay, !pays).await;
    let created = stage.create("L-2", Rail::Standard, "another").await;
    let Ok(Answered::Fresh { it, .. }) = created else {
        panic!("accepted: {created:?}");
    };
    stage.advance(HOUR).await;
    it.id
}

#[tokio::test]
async fn another_payout_of_the_load_waits_for_the_same_decision() {
    for world in [World::Canceled, World::Returned] {
        for outcome in [Disposition::Paid, Disposition::NotPaid] {
            let (stage, first) = world.stage().await;
            let second = with_another(&stage, false).await;
            show(&stage, &first, Ending::Paid).await;
            for id in [&first, &second] {
                assert!(stage.payout(id).await.is_held(), "{world:?}");
            }
            stop(&stage, Provider::Payelata, false).await;
            stop(&stage, Provider::Owlpay, false).await;
            let calls = stage.provider.calls();
            stage.advance(2 * DAY).await;
            assert_eq!(stage.provider.calls(), calls, "{world:?}");
            books::balance(&stage);
            if outcome == Disposition::NotPaid {
                show(&stage, &first, Ending::Failed).await;
            }
            agree(&stage, &first, outcome).await;
            stage.advance(2 * DAY).await;
            let statuses = (
                stage.payout(&first).await.status,
                stage.payout(&second).await.status,
            );
            let expected = match outcome {
                Disposition::Paid => (PayoutStatus::Completed, PayoutStatus::Canceled),
                _ => (world.status(), PayoutStatus::Completed),
            };
            assert_eq!(statuses, expected, "{world:?} {outcome:?}");
            assert_eq!(stage.provider.paid(), 1, "{world:?} {outcome:?}");
            // A payout that came back in parts has kept its fee.
            let kept = match (world, outcome) {
                (World::Returned, Disposition::NotPaid) => AMOUNT - NET,
                _ => 0,
            };
            let books = books_of(&stage).await;
            assert_eq!(books, (-AMOUNT - kept, NET, 0), "{world:?} {outcome:?}");
            let load = stage.load("L-2").await;
            assert_eq!(load.status, LoadStatus::Paid);
            let owner = match outcome {
                Disposition::Paid => first,
                _ => second,
            };
            assert_eq!(load.holder, Some(owner));
            books::balance(&stage);
        }
    }
}

#[tokio::test]
async fn a_second_payment_of_a_load_stops_its_route_and_is_a_surplus_until_somebody_bears_it() {
    for (end, available, losses, clearing) in [
        (Disposition::Recovered(Cents::new(NET)), -AMOUNT, 0, NET),
        (
            Disposition::Absorbed(Bearer::Tenant),
            -AMOUNT - NET,
            0,
            2 * NET,
        ),
        (
            Disposition::Absorbed(Bearer::Platform),
            -AMOUNT,
            -NET,
            2 * NET,
        ),
    ] {
        let (stage, first) = World::Canceled.stage().await;
        let second = with_another(&stage, true).await;
        assert_eq!(stage.payout(&second).await.status, PayoutStatus::Completed);
        show(&stage, &first, Ending::Paid).await;
        assert!(route_is_stopped(&stage, Provider::Owlpay).await);
        assert!(!stage.payout(&second).await.is_held(), "it was paid");
        let (store, _) = stage.call_store();
        for refused in [Disposition::Paid, Disposition::NotPaid] {
            let decided = decide_on(&stage, store, (&first, says("ann", refused))).await;
            let offered = vec!["surplus"];
            let expected = Denied::OutcomeNotOffered { offered };
            assert_eq!(decided, Err(expected.into()), "{refused:?}");
        }
        agree(&stage, &first, Disposition::Surplus).await;
        assert_eq!(stage.payout(&first).await.status, PayoutStatus::Canceled);
        assert!(!stage.payout(&first).await.is_held());
        assert_eq!(books_of(&stage).await, (-AMOUNT, 2 * NET, -NET));
        // The same payment, seen again, is no news.
        ring(&stage, &first, 1, "again").await;
        stage.advance(DAY).await;
        assert!(!stage.payout(&first).await.is_held());
        books::balance(&stage);
        agree(&stage, &first, end).await;
        assert_eq!(books_of(&stage).await, (available, clearing, 0), "{end:?}");
        assert_eq!(balance(&stage, Account::Losses), losses);
        let explained = review(&stage, &first).await;
        assert_eq!(
            (explained.round, explained.question),
            (2, Question::Suspense)
        );
        let more = decide(&stage, &first, says("eve", end)).await;
        assert_eq!(more, Err(Denied::ReviewClosed.into()));
        stage.advance(20 * DAY).await;
        books::balance(&stage);
    }
}

#[tokio::test]
async fn a_surplus_is_recovered_in_parts() {
    let (stage, first) = World::Canceled.stage().await;
    with_another(&stage, true).await;
    show(&stage, &first, Ending::Paid).await;
    agree(&stage, &first, Disposition::Surplus).await;
    for (part, left) in [(1, NET - 1), (NET - 2, 1), (1, 0)] {
        agree(&stage, &first, Disposition::Recovered(Cents::new(part))).await;
        assert_eq!(books_of(&stage).await, (-AMOUNT, NET + left, -left));
        books::balance(&stage);
    }
}

#[tokio::test]
async fn nothing_is_settled_as_paid_while_another_attempt_may_hold_money() {
    let (stage, id) = World::Queued.stage().await;
    stage.provider.end_with(Ending::InFlight);
    stop(&stage, Provider::Payelata, false).await;
    stage.advance(HOUR).await;
    assert_eq!(
        attempt_of(&stage, &id, 2).await.state,
        AttemptState::Submitted
    );
    show(&stage, &id, Ending::Paid).await;
    read_now(&stage, &id).await;
    decide(&stage, &id, says("ann", Disposition::Paid))
        .await
        .expect("first");
    let refused = decide(&stage, &id, says("bob", Disposition::Paid)).await;
    assert_eq!(refused, Err(Denied::AttemptInFlight.into()));
    // It pays as well: two payments, and only one of them is the payout's.
    stage.provider.end(&format!("{id}-a02"), Ending::Paid);
    stage.advance(DAY).await;
    let payout = stage.payout(&id).await;
    assert_eq!(payout.status, PayoutStatus::Completed);
    assert_eq!(payout.settled_attempt, Some(2));
    assert!(payout.is_held(), "the first payment is not explained");
    assert!(route_is_stopped(&stage, Provider::Owlpay).await);
    agree(&stage, &id, Disposition::Surplus).await;
    assert_eq!(books_of(&stage).await, (-AMOUNT, 2 * NET, -NET));
    assert!(!stage.payout(&id).await.is_held());
    books::balance(&stage);
}

#[tokio::test]
async fn a_wallet_that_is_too_low_keeps_a_late_payment_open() {
    let (stage, id) = World::Failed.stage().await;
    show(&stage, &id, Ending::Paid).await;
    // A batch takes all but a cent of what it needs.
    stage.put_load_of("B-1", WALLET - AMOUNT + 1).await;
    stage.batch_for_sure(&["B-1".to_owned()]).await;
    decide(&stage, &id, says("ann", Disposition::Paid))
        .await
        .expect("first");
    let refused = decide(&stage, &id, says("bob", Disposition::Paid)).await;
    let required = Cents::new(AMOUNT);
    assert_eq!(refused, Err(Denied::InsufficientFunds { required }.into()));
    assert_eq!(review(&stage, &id).await.status(), ReviewStatus::Open);
    assert!(stage.payout(&id).await.is_held());
    stage.deposit("more", AMOUNT).await;
    decide(&stage, &id, says("bob", Disposition::Paid))
        .await
        .expect("second");
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    books::balance(&stage);
}

#[tokio::test]
async fn a_late_payment_of_less_than_was_asked_for_leaves_the_rest_in_suspense_by_name() {
    let (stage, id) = World::Failed.stage().await;
    show(&stage, &id, Ending::PaidShort).await;
    agree(&stage, &id, Disposition::Paid).await;
    assert_eq!(books_of(&stage).await, (-AMOUNT, NET - 1, 1));
    let payout = stage.payout(&id).await;
    assert_eq!(payout.reason.as_deref(), Some("settled_partial"));
    books::balance(&stage);
    agree(&stage, &id, Disposition::RestReturned(Cents::new(1))).await;
    assert_eq!(books_of(&stage).await, (1 - AMOUNT, NET - 1, 0));
    books::balance(&stage);
}

#[tokio::test]
async fn what_comes_back_after_paid_is_credited_as_two_owners_say_and_is_a_return_once_it_is_all() {
    for kind in [MethodKind::BankAccount, MethodKind::Card] {
        let stage = match kind {
            MethodKind::BankAccount => approved().await,
            MethodKind::Card | MethodKind::PrepaidCard => Stage::new().await,
        };
        stage.put_load("L-2").await;
        let id = stage.create_for_sure("L-2", Rail::Standard).await;
        stage.advance(HOUR).await;
        assert_eq!(books_of(&stage).await, (-AMOUNT, NET, 0));
        show(&stage, &id, Ending::PartlyBack).await;
        assert!(stage.payout(&id).await.is_held());
        let open = review(&stage, &id).await;
        assert_eq!(open.question, Question::Return, "{kind:?}");
        agree(&stage, &id, Disposition::Returned(Cents::new(4_750))).await;
        let payout = stage.payout(&id).await;
        assert_eq!(payout.status, PayoutStatus::Completed);
        assert_eq!(payout.reason.as_deref(), Some("partly_returned"));
        assert_eq!(stage.load("L-2").await.status, LoadStatus::Paid);
        assert_eq!(books_of(&stage).await, (4_750 - AMOUNT, NET - 4_750, 0));
        books::balance(&stage);
        // The same word again is no news; another is.
        ring(&stage, &id, 1, "again").await;
        stage.advance(DAY).await;
        assert!(!stage.payout(&id).await.is_held());
        show(&stage, &id, Ending::PartlyBack).await;
        agree(&stage, &id, Disposition::Nothing).await;
        assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
        show(&stage, &id, Ending::Failed).await;
        agree(&stage, &id, Disposition::Returned(Cents::new(NET - 4_750))).await;
        let payout = stage.payout(&id).await;
        assert_eq!(payout.status, PayoutStatus::Returned);
        assert_eq!(stage.load("L-2").await.status, LoadStatus::Open);
        let fee = AMOUNT - NET;
        assert_eq!(books_of(&stage).await, (-fee, 0, 0), "the fee is kept");
        stage.advance(20 * DAY).await;
        books::balance(&stage);
    }
}

#[tokio::test]
async fn only_a_provider_whose_word_proves_it_takes_a_payment_back_by_itself() {
    let stage = Stage::new().await;
    stage.put_load("L-2").await;
    let id = stage.create_for_sure("L-2", Rail::Standard).await;
    stage.advance(HOUR).await;
    show(&stage, &id, Ending::PartlyBack).await;
    agree(&stage, &id, Disposition::Returned(Cents::new(4_750))).await;
    // What is left comes back whole, and the fee with it.
    show(&stage, &id, Ending::Reversed).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Returned);
    assert_eq!(books_of(&stage).await, (0, 0, 0));
    books::balance(&stage);
    assert_reviews(&stage, (0, 1)).await;

    let stage = approved().await;
    stage.put_load("L-2").await;
    let id = stage.create_for_sure("L-2", Rail::Standard).await;
    stage.advance(HOUR).await;
    show(&stage, &id, Ending::Reversed).await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    assert!(stage.payout(&id).await.is_held());
    assert!(!route_is_stopped(&stage, Provider::Owlpay).await);
    show(&stage, &id, Ending::Paid).await;
    assert!(!stage.payout(&id).await.is_held(), "it takes its word back");
    books::balance(&stage);
}

#[tokio::test]
async fn a_part_that_was_settled_comes_back_as_a_part_with_what_is_left_of_the_rest() {
    for explained in [0, 5_000] {
        let stage = Stage::new().await;
        stage.put_load("L-2").await;
        stage.provider.end_with(Ending::PaidShort);
        let id = stage.create_for_sure("L-2", Rail::Standard).await;
        stage.advance(HOUR).await;
        stage.provider.rewrite(|booked| {
            for it in booked.values_mut() {
                it.updated += 1;
            }
        });
        agree(&stage, &id, Disposition::Partly(Cents::new(NET - 1))).await;
        assert_eq!(books_of(&stage).await, (-AMOUNT, NET - 1, 1));
        if explained > 0 {
            agree(&stage, &id, Disposition::RestReturned(Cents::new(1))).await;
            assert_eq!(books_of(&stage).await, (1 - AMOUNT, NET - 1, 0));
        }
        books::balance(&stage);
        show(&stage, &id, Ending::Reversed).await;
        assert_eq!(stage.payout(&id).await.status, PayoutStatus::Returned);
        assert_eq!(books_of(&stage).await, (0, 0, 0), "{explained}");
        books::balance(&stage);
    }
}

#[tokio::test]
async fn the_rest_of_a_part_can_go_back_to_the_wallet_with_the_decision() {
    let stage = Stage::new().await;
    stage.put_load("L-2").await;
    stage.provider.end_with(Ending::PaidShort);
    let id = stage.create_for_sure("L-2", Rail::Standard).await;
    stage.advance(HOUR).await;
    agree(
        &stage,
        &id,
        Disposition::PartlyRestReturned(Cents::new(NET - 1)),
    )
    .await;
    assert_eq!(books_of(&stage).await, (1 - AMOUNT, NET - 1, 0));
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    books::balance(&stage);
}

#[tokio::test]
async fn late_news_survives_a_crash_at_every_point_from_its_first_sight_to_its_end() {
    async fn life(stage: &Stage, id: &PayoutId) {
        let shown = format!("{id}-a01");
        stage.provider.end(&shown, Ending::Paid);
        loop {
            crate::troubles::ring_if_up(stage, id).await;
            stage.advance(600).await;
            if stage.payout(id).await.is_held() {
                break;
            }
        }
        for owner in ["ann", "bob"] {
            let key = Some(owner);
            let said = crate::review_stage::Says {
                key,
                ..says(owner, Disposition::Paid)
            };
            stage.for_sure(|| decide(stage, id, said)).await;
        }
        stage.advance(DAY).await;
    }
    for world in [World::Queued, World::Canceled] {
        let (stage, id) = world.stage().await;
        let before = stage.points.names().len();
        life(&stage, &id).await;
        let names = stage.points.names();
        assert!(names.len() > before);
        for (number, name) in names.iter().enumerate().skip(before) {
            let (stage, id) = world.stage().await;
            stage.points.crash_at(number);
            life(&stage, &id).await;
            let payout = stage.payout(&id).await;
            assert_eq!(payout.status, PayoutStatus::Completed, "{world:?} {name}");
            assert_eq!(books_of(&stage).await, (-AMOUNT, NET, 0), "{name}");
            books::balance(&stage);
        }
    }
}
