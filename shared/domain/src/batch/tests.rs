use super::*;
use crate::{fee::FeeSchedule, ids::LoadId};

const NOW: Timestamp = Timestamp::from_millis(1_769_860_800_000);

fn hand(key: &str, owner: &str) -> Hand {
    Hand {
        key: key.to_owned(),
        owner: owner.to_owned(),
    }
}

fn line(load: &str, amount: i64) -> Line {
    Line {
        load: LoadId::parse(load).expect("valid"),
        driver: Some("drv_1".parse().expect("valid")),
        amount: Cents::new(amount),
        fee: Cents::new(amount / 200),
        verdict: Verdict::Accepted,
    }
}

fn mark(number: u32, first: u32, lines: u32) -> ManifestMark {
    ManifestMark {
        number,
        first,
        lines,
        sha256: String::new(),
    }
}

fn batch(lines: u32) -> Batch {
    let assembly = Assembly {
        tenant: "acme~test".parse().expect("valid"),
        id: "batch_1".parse().expect("valid"),
        name: "Weekly".to_owned(),
        lines,
        accepted: Sums {
            lines,
            amount: Cents::new(45_000),
            fees: Cents::new(225),
        },
        manifests: vec![mark(1, 1, lines)],
        plan: "plan".to_owned(),
        terms: FeeTerms::of(&FeeSchedule::default()),
        scheduled_for: None,
        maker: hand("maker", "Ana"),
    };
    Batch::assembled(assembly, NOW)
}

fn in_status(status: BatchStatus) -> Batch {
    Batch { status, ..batch(3) }
}

#[test]
fn all_35_cells_are_as_the_design_says() {
    const MATRIX: &str = "
        building   >queued >processing >canceled =          =
        queued     =       >processing >canceled =          =
        scheduled  =       >processing >canceled =          =
        processing =       =           x         >completed >failed
        completed  =       =           x         =          =
        failed     =       =           x         =          =
        canceled   =       x           =         =          =";
    let events = [
        BatchEvent::Expanded,
        BatchEvent::Release,
        BatchEvent::Cancel,
        BatchEvent::Finish { paid: true },
        BatchEvent::Finish { paid: false },
    ];
    let rows: Vec<_> = MATRIX
        .lines()
        .filter(|row| !row.trim().is_empty())
        .collect();
    assert_eq!(rows.len(), BatchStatus::ALL.len());
    for (row, status) in rows.into_iter().zip(BatchStatus::ALL) {
        let mut words = row.split_whitespace();
        assert_eq!(words.next(), Some(status.name()));
        for event in events {
            let cell = match decide(status, event) {
                BatchCell::Moves(to) => format!(">{to}"),
                BatchCell::Ignores => "=".to_owned(),
                BatchCell::Refuses => "x".to_owned(),
            };
            assert_eq!(words.next(), Some(cell.as_str()), "{status} {event:?}");
        }
        assert_eq!(words.next(), None);
    }
}

#[test]
fn a_batch_with_a_future_time_waits_for_it_and_one_with_a_past_time_for_a_person() {
    for (scheduled_for, expected) in [
        (None, BatchStatus::Queued),
        (Some(NOW), BatchStatus::Queued),
        (
            Some(NOW.plus(Duration::from_secs(1))),
            BatchStatus::Scheduled,
        ),
    ] {
        let building = Batch {
            scheduled_for,
            ..batch(3)
        };
        let built = building.apply(BatchEvent::Expanded, NOW);
        let built = built.expect("allowed").expect("moved");
        assert_eq!(built.status, expected);
        assert_eq!(built.status.public(), BatchStatus::Queued);
        assert_eq!(built.next_at.is_some(), expected == BatchStatus::Scheduled);
    }
}

#[test]
fn release_and_cancel_raise_the_gate_and_say_when() {
    let released = batch(3).apply(BatchEvent::Release, NOW);
    let released = released.expect("allowed").expect("moved");
    assert_eq!((released.gate, released.released_at), (1, Some(NOW)));
    assert!(released.next_at.is_some(), "somebody looks after it");
    assert_eq!(released.apply(BatchEvent::Release, NOW), Ok(None));
    let canceled = batch(3).apply(BatchEvent::Cancel, NOW);
    let canceled = canceled.expect("allowed").expect("moved");
    assert_eq!((canceled.gate, canceled.canceled_at), (1, Some(NOW)));
    assert_eq!(
        canceled.apply(BatchEvent::Release, NOW),
        Err(Denied::BatchState(BatchStatus::Canceled))
    );
}

#[test]
fn only_the_newest_version_of_a_built_batch_may_be_edited() {
    let queued = in_status(BatchStatus::Queued);
    assert_eq!(queued.require_editable(1), Ok(()));
    assert_eq!(
        queued.require_editable(2),
        Err(Denied::StaleVersion { current: 1 })
    );
    for status in [
        BatchStatus::Building,
        BatchStatus::Processing,
        BatchStatus::Canceled,
    ] {
        assert_eq!(
            in_status(status).require_editable(1),
            Err(Denied::BatchState(status))
        );
    }
}

#[test]
fn an_approval_is_anothers_and_is_void_after_an_edit_or_a_while() {
    let queued = Batch {
        tenant: "acme~live".parse().expect("valid"),
        ..in_status(BatchStatus::Queued)
    };
    let valid = Duration::from_secs(60);
    let approve = |by: Hand| queued.approved(by, (NOW, valid));
    assert_eq!(approve(hand("maker", "Ben")), Err(Denied::OwnBatch));
    assert_eq!(approve(hand("other", "ANA")), Err(Denied::OwnBatch));
    assert_eq!(queued.require_approval(NOW), Err(Denied::ApprovalMissing));
    let approved = approve(hand("second", "Ben")).expect("another person");
    assert_eq!(approved.require_approval(NOW), Ok(()));
    assert_eq!(
        approved.require_approval(NOW.plus(valid)),
        Err(Denied::ApprovalLapsed)
    );
    let edit = ("new".to_owned(), hand("third", "Cem"));
    let edited = approved.reduced((1, &line("L-1", 100)), edit);
    let edited = edited.expect("few were taken out");
    assert_eq!(edited.require_approval(NOW), Err(Denied::ApprovalMissing));
    let by_editor = edited.approved(hand("fourth", "cem"), (NOW, valid));
    assert_eq!(by_editor, Err(Denied::OwnBatch));
    let played = in_status(BatchStatus::Queued);
    let played = played.approved(hand("other", "Ana"), (NOW, valid));
    assert!(played.is_ok(), "without real money another key will do");
}

#[test]
fn chunks_end_with_their_manifest_and_every_line_has_its_own_payout() {
    let mut batch = batch(510);
    batch.manifests = vec![mark(1, 1, 500), mark(2, 501, 7), mark(3, 508, 3)];
    let chunks: Vec<_> = [1, 20, 21, 500, 501, 507, 508]
        .map(|it| batch.chunk_of(it))
        .into();
    assert_eq!(chunks, [0, 0, 1, 24, 25, 25, 26]);
    assert_eq!(batch.first_chunk(3), 26);
    assert_eq!(batch.tallies, TALLIES_MAX);
    let ids: Vec<_> = (1..=510).map(|it| batch.payout_id(it)).collect();
    assert!(ids.is_sorted(), "ids sort by line");
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    let other = Batch {
        id: "batch_2".parse().expect("valid"),
        ..batch
    };
    assert_ne!(other.payout_id(1), ids[0]);
}

#[test]
fn lines_read_back_as_they_were_written() {
    let unknown = Line {
        driver: None,
        amount: Cents::ZERO,
        fee: Cents::ZERO,
        verdict: Verdict::Rejected(Rejection::LoadNotFound),
        ..line("L:2.x-_", 1)
    };
    let lines = Lines(vec![line("L-1", 45_000), unknown]);
    let text = String::from(lines.clone());
    assert_eq!(
        text,
        "L-1|drv_1|45000|225|accepted\nL:2.x-_||0|0|load_not_found\n"
    );
    assert_eq!(Lines::try_from(text), Ok(lines));
    for text in ["x", "L-1|drv_1|1|1|nonsense", "L-1|drv_1|1|1|accepted|x"] {
        assert_eq!(Lines::try_from(text.to_owned()), Err(Unreadable), "{text}");
    }
}

#[test]
fn a_plan_hash_says_which_lines_differ() {
    let lines = [line("L-1", 100), line("L-2", 200), line("L-3", 300)];
    let hash = |lines: &[Line]| PlanHash::of(lines);
    let plan = hash(&lines);
    let read: PlanHash = plan.to_string().parse().expect("our own text");
    assert_eq!(read, plan);
    let mut changed = lines.clone();
    changed[1].amount = Cents::new(201);
    assert!(!hash(&changed).is_same(&plan));
    assert_eq!(hash(&changed).differing(&plan), Some(vec![1]));
    assert_eq!(hash(&lines[..2]).differing(&plan), Some(vec![2]));
    let bare: PlanHash = plan.digest.parse().expect("a digest alone");
    assert!(bare.is_same(&plan));
    assert_eq!(bare.differing(&plan), None);
    for text in [
        "",
        "abc",
        &plan.digest[1..],
        &format!("{}.xyz", plan.digest),
    ] {
        assert!(text.parse::<PlanHash>().is_err(), "{text}");
    }
}

#[test]
fn tallies_add_up_and_know_how_many_lines_are_left() {
    let mut movement = TallyMovement::default();
    movement.add(LineState::Waiting, 3, 300);
    let mut counts = Counts::default();
    counts.apply(&movement);
    assert_eq!((counts.left, counts.waiting), (3, 3));
    let mut paid = TallyMovement::default();
    paid.add(LineState::Waiting, -1, -100);
    paid.add(LineState::Paid, 1, 100);
    assert_eq!(paid.left(), -1);
    counts.apply(&paid);
    assert_eq!((counts.left, counts.paid_cents), (2, 100));
    let both = Counts::sum([&counts, &counts]);
    assert_eq!((both.left, both.ever_paid()), (4, 2));
}
