//! Drivers who are vendors already: renamed, deleted and brought back here; approvals that OwlPay takes back;
//! and its callbacks about them.

use app::{
    delete_driver,
    memory::{Operation, Trouble},
    receive_vendor_callback::{self, ReceiveVendorCallback},
    record::Key,
    request_key::Asking,
    update_driver::{self, UpdateDriver},
};
use domain::{
    answer::Refusal,
    driver::{Driver, KycDecision, KycStatus, MethodKind, Revision, VendorStanding, WantedStatus},
    fee::Rail,
    ids::{Mode, ProviderId},
    routing::Provider,
};

use crate::{
    books,
    rare::attempt_of,
    stage::Stage,
    vendors::{driver, invited, live, noted, payees},
};

const DAY: i64 = 24 * 3_600;

fn asking(stage: &Stage) -> Asking<'_, Driver> {
    Asking {
        tenant: &stage.tenant,
        key: None,
        render: &|_: &Driver| String::new(),
    }
}

pub(crate) async fn delete(stage: &Stage) {
    let call = stage.call("client");
    delete_driver::run(&call, &stage.memory, asking(stage), stage.driver.clone())
        .await
        .expect("deleted");
}

async fn revise(stage: &Stage, revision: Revision) {
    let command = UpdateDriver {
        asking: asking(stage),
        driver: stage.driver.clone(),
        revision,
    };
    update_driver::run(&stage.call("client"), &stage.memory, command)
        .await
        .expect("changed");
}

pub(crate) async fn bring_back(stage: &Stage) {
    let revision = Revision {
        status: Some(WantedStatus::Active),
        ..Revision::default()
    };
    revise(stage, revision).await;
}

async fn rename(stage: &Stage, name: &str) {
    let revision = Revision {
        name: Some(name.to_owned()),
        ..Revision::default()
    };
    revise(stage, revision).await;
}

/// A stage about a driver whom OwlPay approved.
pub(crate) async fn approved() -> Stage {
    let stage = invited().await;
    stage.put_method(MethodKind::BankAccount).await;
    stage.advance(300).await;
    assert!(driver(&stage).await.is_approved_at(Provider::Owlpay));
    stage
}

#[tokio::test]
async fn another_name_is_told_once_and_takes_no_approval_back() {
    let stage = approved().await;
    rename(&stage, "Ana Ruiz").await;
    stage.advance(DAY).await;
    let payee = payees(&stage).remove(0);
    assert_eq!((payee.name.as_str(), payee.renamed), ("Ana Ruiz", 1));
    assert!(driver(&stage).await.is_approved_at(Provider::Owlpay));
    let events = noted(&stage);
    let change = events.last().expect("the change");
    assert_eq!(change.action, "driver.vendor_change");
    stage.advance(3 * DAY).await;
    assert_eq!(payees(&stage)[0].renamed, 1);
    books::balance(&stage);
}

#[tokio::test]
async fn a_name_that_changes_and_changes_back_ends_as_it_was() {
    let stage = approved().await;
    rename(&stage, "Ana Ruiz").await;
    stage.advance(120).await;
    rename(&stage, "John Smith").await;
    stage.advance(120).await;
    let payee = payees(&stage).remove(0);
    assert_eq!((payee.name.as_str(), payee.renamed), ("John Smith", 2));
}

#[tokio::test]
async fn a_lost_answer_repeats_a_change_and_a_refused_one_holds_up_nothing_else() {
    for (trouble, name) in [
        (Trouble::LostBefore, "Ana Ruiz"),
        (Trouble::LostAfter, "Ana Ruiz"),
        (Trouble::NotSent, "Ana Ruiz"),
        (Trouble::Refused(Refusal::Input), "John Smith"),
    ] {
        let stage = approved().await;
        for _ in 0..2 {
            stage.provider.trouble(Operation::Rename, trouble.clone());
        }
        rename(&stage, "Ana Ruiz").await;
        stage.put_method(MethodKind::BankAccount).await;
        stage.advance(DAY).await;
        let payee = payees(&stage).remove(0);
        assert_eq!(payee.name, name, "{trouble:?}");
        let driver = driver(&stage).await;
        assert!(driver.is_approved_at(Provider::Owlpay), "{trouble:?}");
        assert_eq!(driver.vendor.expect("a vendor").told_method, Some(2));
    }
}

#[tokio::test]
async fn a_lost_answer_repeats_a_deletion_until_nobody_is_there() {
    for trouble in [Trouble::LostBefore, Trouble::LostAfter, Trouble::NotSent] {
        let stage = approved().await;
        for _ in 0..2 {
            stage.provider.trouble(Operation::Forget, trouble.clone());
        }
        delete(&stage).await;
        stage.advance(DAY).await;
        assert!(payees(&stage)[0].is_deleted, "{trouble:?}");
        let driver = driver(&stage).await;
        assert_eq!((driver.vendor, driver.vendor_next_at), (None, None));
    }
    let stage = approved().await;
    let refused = Trouble::Refused(Refusal::Input);
    stage.provider.trouble(Operation::Forget, refused);
    delete(&stage).await;
    stage.advance(DAY).await;
    assert!(!payees(&stage)[0].is_deleted);
    assert_eq!(driver(&stage).await.vendor_next_at, None);
}

#[tokio::test]
async fn who_is_deleted_before_the_registration_is_answered_leaves_no_vendor() {
    for trouble in [Trouble::LostBefore, Trouble::LostAfter] {
        let mut stage = Stage::new().await;
        stage.advance(60).await;
        stage.invite("OVN-NEW-1").await;
        stage.provider.trouble(Operation::Register, trouble.clone());
        stage.tick().await;
        stage.work().await;
        assert_eq!(driver(&stage).await.vendor, None);
        delete(&stage).await;
        stage.advance(DAY).await;
        let left = payees(&stage).iter().filter(|it| !it.is_deleted).count();
        assert_eq!(left, 0, "{trouble:?}");
        assert_eq!(driver(&stage).await.vendor_next_at, None);
    }
}

#[tokio::test]
async fn who_comes_back_while_their_deletion_is_unclear_is_registered_anew_before_they_are_paid() {
    let stage = approved().await;
    stage
        .provider
        .trouble(Operation::Forget, Trouble::LostAfter);
    delete(&stage).await;
    stage.tick().await;
    stage.work().await;
    bring_back(&stage).await;
    assert!(!driver(&stage).await.is_approved_at(Provider::Owlpay));
    stage.advance(DAY).await;
    let payees = payees(&stage);
    assert_eq!(payees.len(), 2);
    assert!(payees[0].is_deleted);
    let driver = driver(&stage).await;
    assert!(driver.is_approved_at(Provider::Owlpay));
    assert_eq!(driver.payee_at(Provider::Owlpay), Some(&payees[1].id));
}

#[tokio::test]
async fn an_approval_that_is_taken_back_is_noticed_within_a_day_and_then_within_a_week() {
    for (wait, notice) in [(DAY, DAY + 6 * 3_600), (30 * DAY, 7 * DAY)] {
        let stage = approved().await;
        stage.advance(wait).await;
        stage.provider.review_with(VendorStanding::Rejected);
        assert!(driver(&stage).await.is_approved_at(Provider::Owlpay));
        stage.advance(notice).await;
        let withdrawn = driver(&stage).await;
        assert!(!withdrawn.is_approved_at(Provider::Owlpay));
        assert_eq!(withdrawn.kyc, KycStatus::Rejected);
        assert_eq!(withdrawn.kyc_reason.as_deref(), Some("OwlPay: rejected"));
        let events = noted(&stage);
        let last = events.last().expect("the review");
        assert_eq!(last.action, "driver.vendor_review");
        let changes: Vec<_> = last.changes.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(changes, ["standing", "kycStatus", "reason"]);
        // And approves after all.
        stage.provider.review_with(VendorStanding::Approved);
        stage.advance(3_700).await;
        assert!(driver(&stage).await.is_approved_at(Provider::Owlpay));
    }
}

#[tokio::test]
async fn an_approval_that_is_taken_back_leaves_what_an_operator_decided() {
    let stage = approved().await;
    stage.verify(KycDecision::Approve).await;
    stage.provider.review_with(VendorStanding::Rejected);
    stage.advance(2 * DAY).await;
    let withdrawn = driver(&stage).await;
    assert!(!withdrawn.is_approved_at(Provider::Owlpay));
    assert_eq!(withdrawn.kyc, KycStatus::Verified);
    stage.put_load("L-2").await;
    let id = stage.create_for_sure("L-2", Rail::Standard).await;
    stage.advance(DAY).await;
    let attempt = attempt_of(&stage, &id, 1).await;
    assert_eq!(attempt.provider, Provider::Payelata);
}

#[tokio::test]
async fn a_lost_read_of_an_approval_is_repeated_within_minutes() {
    let stage = approved().await;
    stage.provider.review_with(VendorStanding::Rejected);
    stage
        .provider
        .trouble(Operation::Review, Trouble::LostBefore);
    stage.advance(DAY + 6 * 3_600 + 120).await;
    assert!(!driver(&stage).await.is_approved_at(Provider::Owlpay));
}

/// OwlPay's callback about a vendor, with this body.
async fn ring(stage: &Stage, vendor: &ProviderId, body: &str) {
    let command = ReceiveVendorCallback {
        mode: Mode::Test,
        vendor: vendor.clone(),
        body_sha256: body.to_owned(),
    };
    receive_vendor_callback::run(&stage.call("owlpay"), &stage.memory, command)
        .await
        .expect("taken");
}

#[tokio::test]
async fn a_callback_about_a_vendor_pulls_the_next_read_forward_once() {
    let stage = approved().await;
    stage.advance(30 * DAY).await;
    let planned = driver(&stage).await.vendor_next_at;
    let vendor = payees(&stage).remove(0).id;
    ring(&stage, &vendor, "one").await;
    // It says nothing itself: OwlPay is asked, and approves as before.
    assert!(driver(&stage).await.is_approved_at(Provider::Owlpay));
    stage.advance(120).await;
    let read = driver(&stage).await;
    assert!(read.is_approved_at(Provider::Owlpay));
    assert_eq!(read.vendor_next_at, planned);
    ring(&stage, &vendor, "one").await;
    assert_eq!(
        driver(&stage).await.vendor_next_at,
        planned,
        "it came before"
    );

    stage.provider.review_with(VendorStanding::Rejected);
    ring(&stage, &vendor, "two").await;
    stage.advance(120).await;
    assert!(!driver(&stage).await.is_approved_at(Provider::Owlpay));
}

#[tokio::test]
async fn a_callback_about_nobody_of_ours_or_nothing_to_read_changes_nothing() {
    let stage = approved().await;
    let vendor = payees(&stage).remove(0).id;
    let stranger = ProviderId::from_digest(&[7; 32]);
    let before = driver(&stage).await;
    ring(&stage, &stranger, "stranger").await;
    assert_eq!(driver(&stage).await, before);

    delete(&stage).await;
    stage.advance(DAY).await;
    let before = driver(&stage).await;
    ring(&stage, &vendor, "deleted").await;
    assert_eq!(driver(&stage).await, before);
    let link = Key::Object(Provider::Owlpay, Mode::Test, vendor);
    assert_eq!(stage.record(link).await, None);
}

/// A driver from the registration to the approval, then renamed and deleted.
async fn lively(stage: &Stage) {
    live(stage).await;
    rename(stage, "Ana Ruiz").await;
    stage.advance(DAY).await;
    let payee = payees(stage).remove(0);
    assert_eq!(payee.name, "Ana Ruiz");
    delete(stage).await;
    stage.advance(DAY).await;
}

#[tokio::test]
async fn a_driver_is_renamed_and_deleted_at_owlpay_with_a_crash_at_every_point() {
    let stage = invited().await;
    lively(&stage).await;
    let names = stage.points.names();
    for (number, name) in names.iter().enumerate() {
        let stage = invited().await;
        stage.points.crash_at(number);
        lively(&stage).await;
        let driver = driver(&stage).await;
        assert_eq!(
            (driver.vendor, driver.vendor_next_at),
            (None, None),
            "{name}"
        );
        let payees = payees(&stage);
        assert_eq!(payees.len(), 1, "{name}");
        assert!(payees[0].is_deleted, "{name}");
        books::balance(&stage);
    }
}
