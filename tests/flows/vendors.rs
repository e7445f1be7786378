//! Drivers as payees at OwlPay: registered, told about, reviewed; with lost answers, crashes and company.

use std::sync::Arc;

use app::{
    memory::{Operation, Payee, Trouble},
    message::{Message, VendorTask},
    port::{
        ChargeOrder, CreateOrder, Lookup, NotShown, PayeeAnswer, PayeeAsk, Plaintext, Providers,
        Snapshot, Store,
    },
    record::{AuditEvent, Key, Record},
    sync_vendor::VendorKeeper,
};
use domain::{
    answer::{Answer, Refusal},
    attempt::Attempt,
    driver::{Driver, DriverStatus, KycDecision, KycStatus, MethodKind, VendorStanding},
    fee::Rail,
    ids::ProviderId,
    payout::PayoutStatus,
    routing::Provider,
};

use crate::{
    books,
    rare::attempt_of,
    stage::{MarkingVault, Stage},
    vendor_changes::{bring_back, delete},
};

const DAY: i64 = 24 * 3_600;

/// A stage about a driver who was only registered.
pub(crate) async fn invited() -> Stage {
    let mut stage = Stage::new().await;
    stage.invite("OVN-NEW-1").await;
    stage
}

pub(crate) async fn driver(stage: &Stage) -> Driver {
    let key = Key::Driver(stage.tenant.clone(), stage.driver.clone());
    let found = stage.memory.fetch(&[key]).await.expect("in memory");
    match found.into_iter().next().flatten() {
        Some(Record::Driver(driver)) => *driver,
        other => panic!("no driver: {other:?}"),
    }
}

async fn decided(stage: &Stage) -> (DriverStatus, KycStatus) {
    let driver = driver(stage).await;
    (driver.status, driver.kyc)
}

/// The driver's payees at OwlPay.
pub(crate) fn payees(stage: &Stage) -> Vec<Payee> {
    let all = stage.provider.payees().into_iter();
    let ours = all.filter(|(driver, _)| *driver == stage.driver);
    ours.map(|(_, payee)| payee).collect()
}

/// What the vendors' worker noted about the driver, oldest first.
pub(crate) fn noted(stage: &Stage) -> Vec<AuditEvent> {
    let records = stage.memory.dump().records.into_iter();
    let worker = stage.call("sync-vendor").actor;
    let events = records.filter_map(|record| match record {
        Record::AuditEvent(event)
            if event.actor == worker && event.subject_id == stage.driver.as_str() =>
        {
            Some(*event)
        }
        _ => None,
    });
    let mut events: Vec<_> = events.collect();
    events.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    events
}

pub(crate) fn task(stage: &Stage) -> VendorTask {
    VendorTask {
        tenant: stage.tenant.clone(),
        driver: stage.driver.clone(),
    }
}

#[tokio::test]
async fn a_registered_driver_becomes_a_vendor_and_stays_unverified() {
    let stage = invited().await;
    stage.advance(DAY).await;
    assert_eq!(payees(&stage).len(), 1);
    let driver = driver(&stage).await;
    let vendor = driver.vendor.expect("a vendor");
    assert_eq!(
        (vendor.standing, vendor.told_method),
        (VendorStanding::Unchecked, None)
    );
    assert_eq!(driver.kyc, KycStatus::Pending);
    assert_eq!(driver.vendor_next_at, None);
}

#[tokio::test]
async fn a_bank_account_is_reviewed_and_its_approval_verifies_and_activates() {
    let stage = invited().await;
    stage.put_method(MethodKind::BankAccount).await;
    stage.tick().await;
    stage.work().await;
    let reviewed = (DriverStatus::Invited, KycStatus::InReview);
    assert_eq!(decided(&stage).await, reviewed);
    stage.advance(120).await;
    let approved = driver(&stage).await;
    assert_eq!(
        (approved.status, approved.kyc),
        (DriverStatus::Active, KycStatus::Verified)
    );
    assert!(approved.is_approved_at(Provider::Owlpay));
    let events = noted(&stage);
    let mut actions: Vec<_> = events.iter().map(|it| it.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(
        actions,
        [
            "driver.vendor_account",
            "driver.vendor_register",
            "driver.vendor_review"
        ]
    );
    let last = events.last().expect("the review");
    let changes: Vec<_> = last
        .changes
        .iter()
        .map(|it| (it.field.as_str(), it.after.as_deref()))
        .collect();
    assert_eq!(
        changes,
        [
            ("standing", Some("approved")),
            ("kycStatus", Some("verified")),
            ("reason", Some("OwlPay: approved")),
            ("status", Some("active")),
        ]
    );
    books::balance(&stage);
}

#[tokio::test]
async fn a_standard_payout_of_an_approved_driver_goes_to_owlpay_as_that_vendor() {
    let stage = invited().await;
    stage.put_method(MethodKind::BankAccount).await;
    stage.advance(300).await;
    stage.put_load("L-2").await;
    let id = stage.create_for_sure("L-2", Rail::Standard).await;
    stage.advance(DAY).await;
    let attempt = attempt_of(&stage, &id, 1).await;
    assert_eq!(attempt.provider, Provider::Owlpay);
    assert_eq!(attempt.payee, Some(payees(&stage).remove(0).id));
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    assert_eq!(stage.provider.paid(), 1);
    books::balance(&stage);
}

#[tokio::test]
async fn a_rejected_driver_is_told_why_and_verified_once_owlpay_approves_after_all() {
    let stage = invited().await;
    stage.provider.review_with(VendorStanding::Rejected);
    stage.put_method(MethodKind::BankAccount).await;
    stage.advance(DAY).await;
    let rejected = driver(&stage).await;
    assert_eq!(rejected.kyc, KycStatus::Rejected);
    assert_eq!(rejected.kyc_reason.as_deref(), Some("OwlPay: rejected"));
    stage.provider.review_with(VendorStanding::Approved);
    stage.advance(DAY).await;
    assert_eq!(
        decided(&stage).await,
        (DriverStatus::Active, KycStatus::Verified)
    );
}

#[tokio::test]
async fn a_driver_whom_an_operator_verified_stays_verified_whatever_owlpay_says() {
    let stage = invited().await;
    stage.provider.review_with(VendorStanding::Rejected);
    stage.put_method(MethodKind::BankAccount).await;
    stage.verify(KycDecision::Approve).await;
    stage.advance(DAY).await;
    let driver = driver(&stage).await;
    assert_eq!(driver.kyc, KycStatus::Verified);
    assert!(!driver.is_approved_at(Provider::Owlpay));
    stage.put_load("L-2").await;
    let id = stage.create_for_sure("L-2", Rail::Standard).await;
    stage.advance(DAY).await;
    let attempt = attempt_of(&stage, &id, 1).await;
    assert_eq!(attempt.provider, Provider::Payelata);
    assert_eq!(stage.payout(&id).await.status, PayoutStatus::Completed);
    assert_eq!(stage.provider.paid(), 1);
    books::balance(&stage);
}

#[tokio::test]
async fn a_review_that_never_ends_is_asked_about_for_30_days() {
    let stage = invited().await;
    stage.provider.review_with(VendorStanding::Checking);
    stage.put_method(MethodKind::BankAccount).await;
    stage.advance(29 * DAY).await;
    assert!(driver(&stage).await.vendor_next_at.is_some());
    stage.advance(2 * DAY).await;
    let left = driver(&stage).await;
    assert_eq!((left.vendor_next_at, left.kyc), (None, KycStatus::InReview));
}

#[tokio::test]
async fn lost_answers_make_no_second_vendor_and_end_in_an_approval() {
    for trouble in [Trouble::LostBefore, Trouble::LostAfter, Trouble::NotSent] {
        let mut stage = Stage::new().await;
        // The driver of the stage is registered first.
        stage.advance(60).await;
        stage.invite("OVN-NEW-1").await;
        for operation in [Operation::Register, Operation::Tell, Operation::Review] {
            for _ in 0..2 {
                stage.provider.trouble(operation, trouble.clone());
            }
        }
        stage.put_method(MethodKind::BankAccount).await;
        stage.advance(DAY).await;
        assert_eq!(payees(&stage).len(), 1, "{trouble:?}");
        assert_eq!(
            decided(&stage).await,
            (DriverStatus::Active, KycStatus::Verified),
            "{trouble:?}"
        );
    }
}

#[tokio::test]
async fn a_refused_vendor_is_left_alone_until_a_bank_account_is_saved() {
    let mut stage = Stage::new().await;
    stage.advance(60).await;
    stage.invite("OVN-NEW-1").await;
    let refused = Trouble::Refused(Refusal::Input);
    stage.provider.trouble(Operation::Register, refused);
    stage.advance(DAY).await;
    let left = driver(&stage).await;
    assert_eq!((left.vendor, left.vendor_next_at), (None, None));
    stage.put_method(MethodKind::BankAccount).await;
    stage.advance(DAY).await;
    assert!(driver(&stage).await.is_approved_at(Provider::Owlpay));
}

#[tokio::test]
async fn without_owlpay_nobody_is_told_and_nothing_stays_due() {
    let stage = invited().await;
    stage.provider.offer_owlpay(false);
    stage.put_method(MethodKind::BankAccount).await;
    stage.advance(DAY).await;
    assert_eq!(payees(&stage), []);
    let driver = driver(&stage).await;
    assert_eq!((driver.vendor, driver.vendor_next_at), (None, None));
    assert_eq!(driver.kyc, KycStatus::Pending);
    assert_eq!(noted(&stage), []);
}

#[tokio::test]
async fn a_new_account_under_review_is_told_and_reviewed_itself() {
    let stage = invited().await;
    stage.provider.review_with(VendorStanding::Checking);
    stage.put_method(MethodKind::BankAccount).await;
    stage.advance(3_600).await;
    stage.put_method(MethodKind::BankAccount).await;
    stage.provider.review_with(VendorStanding::Approved);
    assert!(!driver(&stage).await.is_approved_at(Provider::Owlpay));
    stage.advance(3_600).await;
    let approved = driver(&stage).await;
    assert!(approved.is_approved_at(Provider::Owlpay));
    assert_eq!(approved.vendor.expect("a vendor").told_method, Some(2));
    assert_eq!(payees(&stage)[0].told, 2);
}

#[tokio::test]
async fn a_deleted_driver_is_not_told_and_one_who_is_brought_back_is() {
    let stage = invited().await;
    stage.advance(60).await;
    stage.put_method(MethodKind::BankAccount).await;
    stage.verify(KycDecision::Approve).await;
    delete(&stage).await;
    stage.advance(DAY).await;
    let deleted = payees(&stage).remove(0);
    assert_eq!((deleted.told, deleted.is_deleted), (0, true));
    assert_eq!(driver(&stage).await.vendor, None);
    bring_back(&stage).await;
    stage.advance(DAY).await;
    assert!(driver(&stage).await.is_approved_at(Provider::Owlpay));
    let payees = payees(&stage);
    assert_eq!((payees.len(), payees[1].told), (2, 1));
    let events = noted(&stage);
    let deletions = events
        .iter()
        .filter(|it| it.action == "driver.vendor_delete");
    assert_eq!(deletions.count(), 1);
}

#[tokio::test]
async fn a_message_that_comes_again_asks_nobody() {
    let stage = invited().await;
    stage.put_method(MethodKind::BankAccount).await;
    for _ in 0..3 {
        stage.handle(Message::Vendor(task(&stage))).await;
    }
    let payees = payees(&stage);
    assert_eq!((payees.len(), payees[0].told), (1, 1));
}

/// Whatever OwlPay is asked, the driver is decided about by an operator before it answers.
#[derive(Clone)]
struct DecidedWithin {
    stage: Arc<Stage>,
}

/// What the other calls of the port are answered with.
fn not_asked() -> Answer {
    panic!("only payees are asked about here")
}

impl Providers for DecidedWithin {
    fn offers(&self, provider: Provider) -> bool {
        self.stage.provider.offers(provider)
    }
    async fn snapshot(&self, _: Provider, _: &Plaintext) -> Result<Snapshot, NotShown> {
        Err(NotShown::Silent)
    }
    fn call_budget(&self) -> std::time::Duration {
        self.stage.provider.call_budget()
    }
    async fn charge(&self, order: ChargeOrder<'_>) -> Answer {
        self.stage.provider.charge(order).await
    }
    async fn create(&self, _: CreateOrder<'_>) -> Answer {
        not_asked()
    }
    async fn process(&self, _: &Attempt, _: &ProviderId) -> Answer {
        not_asked()
    }
    async fn read(&self, _: &Attempt, _: &Lookup) -> Answer {
        not_asked()
    }
    async fn payee(&self, ask: PayeeAsk<'_>) -> PayeeAnswer {
        self.stage.verify(KycDecision::Reject).await;
        self.stage.provider.payee(ask).await
    }
}

#[tokio::test]
async fn who_is_changed_while_owlpay_answers_keeps_both_the_change_and_the_answer() {
    let stage = Arc::new(invited().await);
    stage.put_method(MethodKind::BankAccount).await;
    let keeper = VendorKeeper {
        store: stage.memory.clone(),
        providers: DecidedWithin {
            stage: Arc::clone(&stage),
        },
        vault: MarkingVault,
    };
    let call = stage.call("sync-vendor");
    keeper.run(&call, &task(&stage)).await.expect("kept");
    let told = driver(&stage).await;
    assert_eq!(told.vendor.expect("a vendor").told_method, Some(1));
    assert_eq!(told.kyc, KycStatus::Rejected);
    stage.advance(DAY).await;
    let approved = driver(&stage).await;
    assert!(approved.is_approved_at(Provider::Owlpay));
    assert_eq!(approved.kyc, KycStatus::Rejected);
    assert_eq!(approved.kyc_reason.as_deref(), Some("checked"));
    assert_eq!(payees(&stage).len(), 1);
}

/// A driver from the registration to the approval.
pub(crate) async fn live(stage: &Stage) {
    stage.put_method(MethodKind::BankAccount).await;
    stage.tick().await;
    stage.work().await;
    stage.advance(DAY).await;
}

#[tokio::test]
async fn a_driver_becomes_payable_at_owlpay_with_a_crash_at_every_point() {
    let stage = invited().await;
    live(&stage).await;
    let names = stage.points.names();
    assert!(names.iter().any(|it| it == "payee after"), "{names:?}");
    for (number, name) in names.iter().enumerate() {
        let stage = invited().await;
        stage.points.crash_at(number);
        live(&stage).await;
        let driver = driver(&stage).await;
        assert!(driver.is_approved_at(Provider::Owlpay), "{name}");
        assert_eq!(
            (driver.status, driver.kyc),
            (DriverStatus::Active, KycStatus::Verified),
            "{name}"
        );
        assert_eq!(payees(&stage).len(), 1, "{name}");
        books::balance(&stage);
    }
}
