//! Days compared with what the provider lists and with settlements: every reason, and no reason too many.

use app::{
    changes::Changes,
    error::Error,
    get_reconciliation,
    key_ring::KeyRing,
    memory::{Booked, Ending, MemoryStore, Operation, ScriptedProvider, Trouble},
    put_settlement::{self, PutSettlement},
    reconcile_day::{Reconciled, Reconciler, Wanted},
    reconcile_ledger,
    record::{ListEnding, Record, ReferenceLink},
    request_key::{Answered, Asking, RequestKey},
};
use domain::{
    charge::ChargeState,
    day::Day,
    fee::Rail,
    ids::{Mode, PayoutId, ProviderId, Submission, TenantId},
    money::Cents,
    order_no::OrderNo,
    payout::PayoutStatus,
    reconciliation::{Reason, SettledRow},
    routing::Provider,
};
use std::time::Duration;

use crate::{books, charge_stage, stage::Stage};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

type StagedReconciler =
    Reconciler<MemoryStore, app::memory::Faulty<app::memory::MemoryQueue>, ScriptedProvider>;

impl Stage {
    fn reconciler(&self) -> StagedReconciler {
        Reconciler {
            store: self.memory.clone(),
            queue: self.call_store().1.clone(),
            providers: self.provider.clone(),
        }
    }

    fn today(&self) -> Day {
        Day::of(self.clock.now())
    }

    async fn reconcile_for(&self, tenant: &TenantId, day: Day) -> Reconciled {
        let asking = Asking {
            tenant,
            key: None,
            render: &|_| String::new(),
        };
        let wanted = Wanted {
            day,
            budget: Duration::from_secs(60),
        };
        let call = self.call("reconcile-ledger");
        match self.reconciler().run(&call, &asking, wanted).await {
            Ok(Answered::Fresh { it, .. }) => it,
            other => panic!("reconciled: {other:?}"),
        }
    }

    async fn reconcile(&self, day: Day) -> Reconciled {
        self.reconcile_for(&self.tenant, day).await
    }

    /// Completed payouts of so many loads, an hour ago.
    async fn paid_payouts(&self, count: usize) -> Vec<PayoutId> {
        let mut ids = Vec::new();
        for number in 0..count {
            let load = format!("R-{number}");
            self.put_load(&load).await;
            match self.create(&load, Rail::Standard, &load).await {
                Ok(Answered::Fresh { it, .. }) => ids.push(it.id),
                other => panic!("created: {other:?}"),
            }
        }
        self.advance(HOUR).await;
        for id in &ids {
            assert_eq!(self.payout(id).await.status, PayoutStatus::Completed);
        }
        ids
    }

    async fn settle(&self, day: Day, rows: &[(&str, i64)]) {
        self.settle_by(Provider::Payelata, day, rows).await;
    }

    async fn settle_by(&self, provider: Provider, day: Day, rows: &[(&str, i64)]) {
        let rows = rows.iter().map(|(reference, amount)| SettledRow {
            reference: (*reference).to_owned(),
            amount: Cents::new(*amount),
        });
        let command = PutSettlement {
            asking: Asking {
                tenant: &self.tenant,
                key: None,
                render: &|_| String::new(),
            },
            day,
            provider,
            rows: rows.collect(),
        };
        put_settlement::run(&self.call("operator"), &self.memory, command)
            .await
            .expect("imported");
    }
}

fn reasons(reconciled: &Reconciled) -> Vec<Reason> {
    let differences = reconciled.differences.iter();
    differences.map(|it| it.reason).collect()
}

fn first(payout: &PayoutId) -> String {
    format!("{payout}-a01")
}

fn stranger(net: i64, stage: &Stage) -> Booked {
    Booked {
        object: ProviderId::parse("cpoi_STRANGER1").expect("valid"),
        net: Cents::new(net),
        mode: Mode::Test,
        currency: "USD",
        created_at: stage.clock.now(),
        ending: Some(Ending::Paid),
        updated: 1,
    }
}

#[tokio::test]
async fn a_day_on_which_both_sides_agree_has_no_difference() {
    let stage = Stage::new().await;
    stage.paid_payouts(7).await;
    let found = stage.reconcile(stage.today()).await;
    assert_eq!(found.differences, []);
    assert!(found.head.is_complete());
    let run = found.head.run.clone().expect("compared");
    assert_eq!(run.lists[0].objects, 7, "over three pages");
    let stored = get_reconciliation::run(&stage.memory, &stage.tenant, stage.today()).await;
    assert_eq!(stored, Ok(found));
    books::balance(&stage);
}

#[tokio::test]
async fn a_payout_the_provider_lacks_is_missing_there() {
    let stage = Stage::new().await;
    let ids = stage.paid_payouts(2).await;
    stage.provider.rewrite(|books| {
        books.remove(&first(&ids[0]));
    });
    let found = stage.reconcile(stage.today()).await;
    assert_eq!(reasons(&found), [Reason::MissingAtProvider]);
    let difference = &found.differences[0];
    assert_eq!(difference.payout.as_ref(), Some(&ids[0]));
    assert_eq!(difference.reference, first(&ids[0]));
    assert_eq!(difference.ours.as_deref(), Some("completed"));
    assert_eq!(difference.theirs, None);
    // It is asked about; what a read shows decides, and here it shows nothing that could move money.
    let reads = stage.provider.reads();
    stage.work().await;
    assert_eq!(stage.provider.reads(), reads + 1);
    assert_eq!(stage.payout(&ids[0]).await.status, PayoutStatus::Completed);
    books::balance(&stage);
}

#[tokio::test]
async fn an_object_under_a_reference_we_never_issued_is_missing_here() {
    for reference in ["old-system-17", "pay_NEVERISSUED-a01"] {
        let stage = Stage::new().await;
        stage.paid_payouts(1).await;
        let object = stranger(500, &stage);
        stage.provider.rewrite(|books| {
            books.insert(reference.to_owned(), object);
        });
        let found = stage.reconcile(stage.today()).await;
        assert_eq!(reasons(&found), [Reason::MissingHere]);
        let difference = &found.differences[0];
        assert_eq!(difference.payout, None);
        assert_eq!(difference.reference, reference);
        assert_eq!(difference.theirs.as_deref(), Some("processed"));
        books::balance(&stage);
    }
}

#[tokio::test]
async fn objects_of_other_tenants_and_of_other_days_are_nobodys_difference() {
    let stage = Stage::new().await;
    stage.paid_payouts(1).await;
    let theirs = Submission::Attempt("pay_OTHERS-a01".parse().expect("valid"));
    let tenant = "other~test".parse().expect("valid");
    let link = ReferenceLink::new(Provider::Payelata, tenant, theirs);
    let link = Record::Reference(Box::new(link));
    let changes = Changes::new("link", "link".to_owned()).insert(link);
    app::port::Store::commit(&stage.memory, changes)
        .await
        .expect("linked");
    let of_today = stranger(500, &stage);
    let of_last_week = Booked {
        object: ProviderId::parse("cpoi_STRANGER2").expect("valid"),
        created_at: stage.today().back(7).start(),
        ..of_today.clone()
    };
    stage.provider.rewrite(|books| {
        books.insert("pay_OTHERS-a01".to_owned(), of_today);
        books.insert("old-system-17".to_owned(), of_last_week);
    });
    assert_eq!(stage.reconcile(stage.today()).await.differences, []);
}

#[tokio::test]
async fn a_figure_or_currency_that_is_not_ours_is_told_with_both_sides() {
    let stage = Stage::new().await;
    let ids = stage.paid_payouts(3).await;
    stage.provider.rewrite(|books| {
        let [one, two] = [&ids[0], &ids[1]].map(first);
        books.get_mut(&one).expect("booked").net = Cents::new(44_751);
        books.get_mut(&two).expect("booked").currency = "EUR";
    });
    let found = stage.reconcile(stage.today()).await;
    assert_eq!(
        reasons(&found),
        [Reason::CurrencyDiffers, Reason::AmountDiffers]
    );
    let sides = found.differences.iter();
    let sides: Vec<_> = sides
        .map(|it| (it.ours.as_deref(), it.theirs.as_deref()))
        .collect();
    assert_eq!(
        sides,
        [(Some("USD"), Some("EUR")), (Some("44750"), Some("44751"))]
    );
}

#[tokio::test]
async fn a_silent_refund_differs_is_asked_about_and_is_gone_the_next_time() {
    let stage = Stage::new().await;
    let id = stage.paid_payouts(1).await.remove(0);
    stage.provider.end(&first(&id), Ending::Reversed);
    let found = stage.reconcile(stage.today()).await;
    assert_eq!(reasons(&found), [Reason::StatusDiffers]);
    let difference = &found.differences[0];
    let sides = (difference.ours.as_deref(), difference.theirs.as_deref());
    assert_eq!(sides, (Some("completed"), Some("refunded")));
    // The comparison itself has moved nothing.
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    stage.work().await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Returned);
    assert_eq!(stage.reconcile(stage.today()).await.differences, []);
    books::balance(&stage);
}

#[tokio::test]
async fn a_payment_we_have_not_heard_of_differs_and_is_asked_about() {
    let stage = Stage::new().await;
    let id = stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Processing);
    let found = stage.reconcile(stage.today()).await;
    assert_eq!(reasons(&found), [Reason::StatusDiffers]);
    let difference = &found.differences[0];
    let sides = (difference.ours.as_deref(), difference.theirs.as_deref());
    assert_eq!(sides, (Some("processing"), Some("processed")));
    stage.work().await;
    books::paid_exactly_once(&stage, &id).await;
    assert_eq!(stage.reconcile(stage.today()).await.differences, []);
}

#[tokio::test]
async fn a_list_that_breaks_off_leaves_the_day_incomplete_and_is_no_difference() {
    let stage = Stage::new().await;
    let ids = stage.paid_payouts(5).await;
    stage.provider.rewrite(|books| {
        books.remove(&first(&ids[0]));
    });
    stage.provider.trouble(Operation::List, Trouble::LostBefore);
    let found = stage.reconcile(stage.today()).await;
    assert_eq!(found.differences, []);
    assert!(!found.head.is_complete());
    let ending = found.head.run.expect("tried").lists.remove(0).ending;
    assert_eq!(ending, ListEnding::BrokenOff("timeout".to_owned()));
    let found = stage.reconcile(stage.today()).await;
    assert!(found.head.is_complete());
    assert_eq!(reasons(&found), [Reason::MissingAtProvider]);
}

#[tokio::test]
async fn a_day_that_passes_midnight_between_both_sides_is_no_difference() {
    let stage = Stage::new().await;
    // From Saturday noon to a few seconds before midnight.
    stage.advance(12 * HOUR - 3).await;
    stage.create_for_sure("L-1", Rail::Standard).await;
    stage.work().await;
    let day = stage.today();
    stage.provider.rewrite(|books| {
        for booked in books.values_mut() {
            booked.created_at = day.end().plus(Duration::from_secs(2));
        }
    });
    stage.advance(DAY).await;
    for day in [day, stage.today()] {
        assert_eq!(stage.reconcile(day).await.differences, [], "{day}");
    }
}

#[tokio::test]
async fn a_settlement_is_compared_row_by_row() {
    let stage = Stage::new().await;
    let ids = stage.paid_payouts(4).await;
    let by_object = stage.provider.booked()[&first(&ids[1])].object.to_string();
    let (one, two) = (first(&ids[0]), first(&ids[2]));
    let rows = [
        (one.as_str(), 44_750),
        (by_object.as_str(), 44_750),
        (two.as_str(), 44_000),
        ("unheard-of", 100),
    ];
    stage.settle(stage.today(), &rows).await;
    let found = stage.reconcile(stage.today()).await;
    assert_eq!(
        reasons(&found),
        [
            Reason::SettlementMissing,
            Reason::SettlementAmountDiffers,
            Reason::SettlementUnknown
        ]
    );
    let payouts: Vec<_> = found
        .differences
        .iter()
        .map(|it| it.payout.clone())
        .collect();
    assert_eq!(payouts, [Some(ids[3].clone()), Some(ids[2].clone()), None]);
    // A better settlement takes its place.
    let all: Vec<_> = ids.iter().map(first).collect();
    let rows: Vec<_> = all.iter().map(|it| (it.as_str(), 44_750)).collect();
    stage.settle(stage.today(), &rows).await;
    assert_eq!(stage.reconcile(stage.today()).await.differences, []);
}

#[tokio::test]
async fn a_settlement_speaks_of_its_own_provider_and_of_each_payment_once() {
    let stage = Stage::new().await;
    let ids = stage.paid_payouts(2).await;
    let one = first(&ids[0]);
    let object = stage.provider.booked()[&one].object.to_string();
    // Nothing of the day was OwlPay's to settle, and it lacks nothing either.
    let strange = [(one.as_str(), 44_750)];
    stage
        .settle_by(Provider::Owlpay, stage.today(), &strange)
        .await;
    let found = stage.reconcile(stage.today()).await;
    assert_eq!(reasons(&found), [Reason::SettlementUnknown]);
    assert_eq!(found.differences[0].payout, Some(ids[0].clone()));
    stage.settle_by(Provider::Owlpay, stage.today(), &[]).await;
    let two = first(&ids[1]);
    let rows = [
        (one.as_str(), 44_750),
        (object.as_str(), 44_750),
        (two.as_str(), 44_750),
    ];
    stage.settle(stage.today(), &rows).await;
    let found = stage.reconcile(stage.today()).await;
    assert_eq!(reasons(&found), [Reason::SettlementUnknown]);
    assert_eq!(found.differences[0].reference, object);
}

#[tokio::test]
async fn a_card_charge_is_found_in_the_settlement_of_the_card_provider() {
    let stage = Stage::new().await;
    let id = charge_stage::ask_for_sure(&stage, charge_stage::WISH).await;
    stage.advance(HOUR).await;
    let charged = charge_stage::charge(&stage, &id).await;
    assert_eq!(charged.state, ChargeState::Paid);
    let (reference, object) = (id.to_string(), charged.object.expect("seen").to_string());
    let number = OrderNo::of(&reference).to_string();
    let amount = charged.amount.get();
    for (row, reason) in [
        ((reference.as_str(), amount), None),
        ((object.as_str(), amount), None),
        ((number.as_str(), amount), None),
        (
            (reference.as_str(), amount + 1),
            Some(Reason::SettlementAmountDiffers),
        ),
    ] {
        let provider = Provider::Paywizard;
        stage.settle_by(provider, stage.today(), &[row]).await;
        let found = stage.reconcile(stage.today()).await;
        assert_eq!(reasons(&found), Vec::from_iter(reason), "{row:?}");
    }
    // Payelata settled no card charge.
    stage.settle(stage.today(), &[(&reference, amount)]).await;
    let found = stage.reconcile(stage.today()).await;
    assert!(reasons(&found).contains(&Reason::SettlementUnknown));
}

#[tokio::test]
async fn a_settlement_is_compared_although_the_list_breaks_off() {
    let stage = Stage::new().await;
    stage.paid_payouts(1).await;
    stage.settle(stage.today(), &[("unheard-of", 100)]).await;
    stage.provider.trouble(Operation::List, Trouble::LostBefore);
    let found = stage.reconcile(stage.today()).await;
    assert_eq!(
        reasons(&found),
        [Reason::SettlementMissing, Reason::SettlementUnknown]
    );
    assert!(!found.head.is_complete());
}

#[tokio::test]
async fn lines_of_a_batch_that_waited_for_weeks_belong_to_the_day_they_were_sent() {
    let stage = Stage::new().await;
    let loads = stage.put_loads(2).await;
    let batch = stage.batch_for_sure(&loads).await;
    stage.advance(20 * DAY).await;
    stage.release(&batch).await.expect("released");
    stage.advance(HOUR).await;
    let day = stage.today();
    assert_eq!(stage.reconcile(day).await.differences, []);
    stage.provider.rewrite(|books| {
        let one = books.keys().next().cloned().expect("paid");
        books.remove(&one);
    });
    let found = stage.reconcile(day).await;
    assert_eq!(reasons(&found), [Reason::MissingAtProvider]);
}

#[tokio::test]
async fn the_future_cannot_be_reconciled_and_an_unknown_day_is_not_found() {
    let stage = Stage::new().await;
    let asking = Asking {
        tenant: &stage.tenant,
        key: None,
        render: &|_: &Reconciled| String::new(),
    };
    let tomorrow = Day::of(stage.today().end());
    let wanted = Wanted {
        day: tomorrow,
        budget: Duration::from_secs(1),
    };
    let refused = stage
        .reconciler()
        .run(&stage.call("operator"), &asking, wanted)
        .await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    let unknown = get_reconciliation::run(&stage.memory, &stage.tenant, tomorrow).await;
    assert_eq!(unknown, Err(Error::NotFound("reconciliation")));
}

#[tokio::test]
async fn the_same_request_key_gets_the_same_answer_and_compares_once() {
    let stage = Stage::new().await;
    let key = RequestKey {
        digest: "digest".to_owned(),
        fingerprint: "print".to_owned(),
        expires_at: stage.clock.now().plus(Duration::from_secs(60)),
    };
    let render = |it: &Reconciled| format!("version {}", it.head.version);
    let asking = Asking {
        tenant: &stage.tenant,
        key: Some(&key),
        render: &render,
    };
    let wanted = Wanted {
        day: stage.today(),
        budget: Duration::from_secs(60),
    };
    let call = stage.call("operator");
    let reconciler = stage.reconciler();
    for is_first in [true, false] {
        match reconciler.run(&call, &asking, wanted).await {
            Ok(Answered::Fresh { body, .. }) if is_first => assert_eq!(body, "version 1"),
            Ok(Answered::Replayed { body }) if !is_first => assert_eq!(body, "version 1"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn every_night_reconciles_yesterday_and_what_was_left_incomplete() {
    let stage = Stage::new().await;
    let ring = Record::KeyRing(Box::new(KeyRing {
        tenant: stage.tenant.clone(),
        version: 1,
        made: 0,
        usable: Vec::new(),
    }));
    let changes = Changes::new("ring", "ring".to_owned()).insert(ring);
    app::port::Store::commit(&stage.memory, changes)
        .await
        .expect("a tenant");
    stage.paid_payouts(1).await;
    let paid_on = stage.today();
    let night = async || {
        let call = stage.call("reconcile-ledger");
        reconcile_ledger::run(&call, &stage.reconciler())
            .await
            .expect("run")
    };
    stage.advance(DAY).await;
    stage.provider.trouble(Operation::List, Trouble::LostBefore);
    assert_eq!(night().await, 7, "the first night looks back a week");
    assert_eq!(night().await, 1, "one of them was left incomplete");
    assert_eq!(night().await, 0);
    let stored = get_reconciliation::run(&stage.memory, &stage.tenant, paid_on)
        .await
        .expect("stored");
    assert!(stored.head.is_complete());
    assert_eq!(stored.head.run.expect("compared").lists[0].objects, 1);
    stage.advance(DAY).await;
    assert_eq!(night().await, 1);
}
