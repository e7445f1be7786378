//! Tallies of a batch: added to blindly, and told apart whether others of their lines are left.

use app::{
    changes::{Changes, Left, Subject, Write},
    port::{CommitError, Refused, Store},
    record::{Key, Record},
};
use domain::{
    batch::{
        LineState::{self, Failed, Open, Paid, Returned, Waiting},
        Tally, TallyMovement,
    },
    ledger::Account::{Available, Hold, Pending},
};
use local::engine::{Engine, Fault, Faults};
use platform::dynamo::TRIES;

use crate::{
    fixtures::*,
    stores::{AnyStore, on_every_store, over, spoiled},
};

fn unit(tx_id: &str, movement: &TallyMovement) -> Changes {
    Changes::new("tally", tx_id.to_owned()).tally(tally_key(), movement)
}

/// So many open lines are paid, and others are left.
fn paid(tx_id: &str, count: i64) -> Changes {
    unit(tx_id, &lines(Open, Paid, count))
}

/// So many open lines are paid, and they are the last.
fn paid_last(tx_id: &str, count: i64) -> Changes {
    paid(tx_id, count).closing(batch_entry())
}

/// A line becomes a payout that takes its money out of the hold.
fn made(name: &str, tx_id: &str) -> Changes {
    let (payout, created) = line_payout(name, tx_id);
    Changes::new("made", tx_id.to_owned())
        .insert(Record::Payout(Box::new(payout.clone())))
        .record(&payout, created)
}

async fn given(store: &impl Store, state: LineState, count: i64) -> Tally {
    let tally = tally(state, count);
    insert(store, tally_record(&tally)).await;
    tally
}

async fn tally_now(store: &impl Store) -> Tally {
    match stored(store, tally_key().key()).await {
        Some(Record::Tally(tally)) => *tally,
        other => panic!("a tally is there, got {other:?}"),
    }
}

async fn has_entry(store: &impl Store) -> bool {
    let key = Key::Outbox(batch_entry().id);
    stored(store, key).await.is_some()
}

fn assert_refused(outcome: Result<(), CommitError>, found: Option<&Tally>) {
    let expected = Refused {
        subject: Subject::Tally,
        found: found.map(tally_record),
    };
    assert_eq!(refusals(outcome), [expected]);
}

#[tokio::test]
async fn a_tally_is_added_to_state_by_state_and_knows_how_many_lines_are_left() {
    on_every_store(|store| async move {
        let mut expected = given(&store, Waiting, 5).await;
        for (tx_id, movement, left) in [
            ("1", lines(Waiting, Open, 3), 5),
            ("2", lines(Open, Paid, 2), 3),
            ("3", lines(Open, Failed, 1), 2),
            ("4", lines(Paid, Returned, 1), 2),
            ("5", lines(Failed, Open, 1), 3),
        ] {
            assert_eq!(store.commit(unit(tx_id, &movement)).await, Ok(()));
            expected.counts.apply(&movement);
            let found = tally_now(&store).await;
            assert_eq!(found, expected, "{tx_id}");
            assert_eq!(found.counts.left, left, "{tx_id}");
        }
    })
    .await;
}

#[tokio::test]
async fn lines_end_alone_while_others_are_left_and_the_last_ones_only_with_what_wakes_the_batch() {
    on_every_store(|store| async move {
        given(&store, Open, 3).await;
        assert_eq!(store.commit(paid("1", 1)).await, Ok(()));
        let two_left = tally_now(&store).await;
        assert_refused(store.commit(paid("2", 2)).await, Some(&two_left));
        assert_refused(store.commit(paid_last("3", 1)).await, Some(&two_left));
        assert_eq!(tally_now(&store).await, two_left);
        assert!(!has_entry(&store).await, "nothing of a refused unit");
        assert_eq!(store.commit(paid_last("4", 2)).await, Ok(()));
        assert_eq!(tally_now(&store).await, tally(Paid, 3));
        assert!(has_entry(&store).await);
    })
    .await;
}

#[tokio::test]
async fn more_lines_than_are_left_never_end() {
    on_every_store(|store| async move {
        let one_left = given(&store, Open, 1).await;
        assert_refused(store.commit(paid("1", 2)).await, Some(&one_left));
        assert_refused(store.commit(paid_last("2", 2)).await, Some(&one_left));
        assert_eq!(store.commit(paid_last("3", 1)).await, Ok(()));
        let none_left = tally_now(&store).await;
        assert_refused(store.commit(paid("4", 1)).await, Some(&none_left));
    })
    .await;
}

#[tokio::test]
async fn a_movement_that_ends_no_line_needs_nothing_but_the_tally() {
    on_every_store(|store| async move {
        given(&store, Failed, 2).await;
        let retried = unit("1", &lines(Failed, Open, 1));
        assert_eq!(store.commit(retried).await, Ok(()));
        assert_eq!(tally_now(&store).await.counts.left, 1);
        let returned = unit("2", &lines(Failed, Returned, 1));
        assert_eq!(store.commit(returned).await, Ok(()));
        assert_eq!(tally_now(&store).await.counts.left, 1);
    })
    .await;
}

#[tokio::test]
async fn a_tally_that_is_not_there_refuses_every_movement_and_is_not_made() {
    on_every_store(|store| async move {
        for left in [Left::Any, Left::Some, Left::None] {
            let write = Write::Tally {
                tally: tally_key(),
                by: lines(Open, Paid, 1),
                left,
            };
            let unit = Changes::new("tally", format!("{left:?}")).write(write);
            assert_refused(store.commit(unit).await, None);
            assert_eq!(stored(&store, tally_key().key()).await, None);
        }
    })
    .await;
}

#[tokio::test]
async fn movements_of_one_unit_on_one_tally_are_merged_and_what_cancels_out_is_not_written() {
    on_every_store(|store| async move {
        // Nothing is written: the tally need not even be there.
        let nothing = unit("1", &lines(Open, Paid, 1)).tally(tally_key(), &lines(Paid, Open, 1));
        assert_eq!(store.commit(nothing).await, Ok(()));
        given(&store, Open, 3).await;
        let two = paid("2", 1).tally(tally_key(), &lines(Open, Failed, 1));
        assert_eq!(store.commit(two).await, Ok(()));
        let counts = tally_now(&store).await.counts;
        assert_eq!((counts.left, counts.paid, counts.failed), (1, 1, 1));
        // One ends and another opens again: as many are left as before.
        let same = paid("3", 1).tally(tally_key(), &lines(Failed, Open, 1));
        assert_eq!(store.commit(same).await, Ok(()));
        assert_eq!(tally_now(&store).await.counts.left, 1);
    })
    .await;
}

#[tokio::test]
async fn a_transition_of_a_line_moves_it_in_its_tally_and_once() {
    on_every_store(|store| async move {
        enrol(&store).await;
        fund(&store, 100_000).await;
        assert_eq!(store.commit(holding("create", 90_000)).await, Ok(()));
        let mut expected = given(&store, Waiting, 2).await;
        expected.counts.apply(&lines(Waiting, Open, 1));
        // Another label makes another token: only the transition can tell.
        for label in ["made", "made", "made-again"] {
            let mut unit = made("1", "t1");
            unit.label = label;
            assert_eq!(store.commit(unit).await, Ok(()), "{label}");
            assert_eq!(tally_now(&store).await, expected, "{label}");
        }
        let refused = refusals(store.commit(made("1", "t2")).await);
        let subjects: Vec<_> = refused.iter().map(|it| it.subject).collect();
        assert_eq!(subjects, [Subject::Payout, Subject::Transition]);
        assert_eq!(tally_now(&store).await, expected);
    })
    .await;
}

#[tokio::test]
async fn a_unit_that_only_counts_is_recognised_when_it_is_repeated_at_once() {
    on_every_store(|store| async move {
        given(&store, Open, 3).await;
        for _ in 0..3 {
            assert_eq!(store.commit(paid("1", 1)).await, Ok(()));
            assert_eq!(tally_now(&store).await.counts.left, 2);
        }
        for _ in 0..3 {
            assert_eq!(store.commit(paid_last("2", 2)).await, Ok(()));
            assert_eq!(tally_now(&store).await, tally(Paid, 3));
        }
    })
    .await;
}

#[tokio::test]
async fn a_line_that_ended_in_one_form_of_its_unit_is_recognised_in_the_other() {
    on_every_store(|store| async move {
        fund(&store, 100_000).await;
        given(&store, Open, 2).await;
        let ended = || {
            let (payout, _) = line_payout("1", "t1");
            let moved = transition("1", 2, legs(&[(Available, -1), (Pending, 1)]));
            Changes::new("end", moved.tx_id.clone())
                .record(&payout, moved)
                .tally(tally_key(), &lines(Open, Paid, 1))
        };
        assert_eq!(store.commit(ended()).await, Ok(()));
        assert_eq!(store.commit(ended().closing(batch_entry())).await, Ok(()));
        assert_eq!(tally_now(&store).await.counts.left, 1);
        assert!(!has_entry(&store).await, "it was not the last");
    })
    .await;
}

#[tokio::test]
async fn lines_whose_answer_was_lost_are_counted_once() {
    for (start, unit, left) in [(3, paid("1", 1), 2), (1, paid_last("2", 1), 0)] {
        let engine = Engine::in_memory().expect("opens");
        given(&over(&engine), Open, start).await;
        let faults = Faults::new().then("TransactWriteItems", 3, Fault::AnswerLost);
        assert_eq!(spoiled(&engine, faults).commit(unit).await, Ok(()));
        assert_eq!(tally_now(&over(&engine)).await.counts.left, left);
    }
}

#[tokio::test]
async fn a_line_whose_every_answer_was_lost_is_counted_once_when_another_process_repeats_it() {
    let engine = Engine::in_memory().expect("opens");
    let store = over(&engine);
    enrol(&store).await;
    fund(&store, 100_000).await;
    assert_eq!(store.commit(holding("create", 90_000)).await, Ok(()));
    given(&store, Waiting, 2).await;
    let faults = Faults::new().then("TransactWriteItems", TRIES, Fault::AnswerLost);
    let outcome = spoiled(&engine, faults).commit(made("1", "t1")).await;
    assert!(matches!(outcome, Err(CommitError::Unreachable(_))));
    let mut repeat = made("1", "t1");
    repeat.label = "repeat";
    assert_eq!(store.commit(repeat).await, Ok(()));
    let counts = tally_now(&store).await.counts;
    assert_eq!((counts.left, counts.waiting, counts.open), (2, 1, 1));
    let unit = Changes::new("back", "t2".to_owned());
    let rest = journal("back", "t2", &[(Hold, -45_000), (Available, 45_000)]);
    assert_eq!(store.commit(unit.journal(rest)).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_lines_that_end_at_once_exactly_one_is_told_that_it_is_the_last() {
    on_every_store(|store| async move {
        given(&store, Open, 40).await;
        let tasks: Vec<_> = (0..40)
            .map(|n| {
                let store: AnyStore = store.clone();
                tokio::spawn(async move { store.commit(paid(&format!("t{n}"), 1)).await })
            })
            .collect();
        let mut refused = Vec::new();
        for task in tasks {
            let outcome = task.await.expect("no panic");
            refused.extend(outcome.is_err().then_some(outcome));
        }
        assert_eq!(refused.len(), 1);
        let last = tally_now(&store).await;
        assert_eq!(last.counts.left, 1);
        for outcome in refused {
            assert_refused(outcome, Some(&last));
        }
        assert_eq!(store.commit(paid_last("last", 1)).await, Ok(()));
        assert_eq!(tally_now(&store).await, tally(Paid, 40));
    })
    .await;
}
