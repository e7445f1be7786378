//! Every step, and what each of OwlPay's answers may and may not change.

use super::*;
use crate::{
    driver::{
        KycDecision, Revision, WantedStatus,
        tests::{invited, method},
    },
    routing::Provider,
};

const NOW: Timestamp = Timestamp::from_millis(1_769_860_800_000);

fn minutes(count: u64) -> Timestamp {
    NOW.plus(std::time::Duration::from_secs(60 * count))
}

fn registered(standing: VendorStanding) -> VendorNews {
    VendorNews::Registered {
        id: "ven_1234".parse().expect("valid"),
        standing,
        details: Some(Details::of(&invited())),
    }
}

fn seen(standing: VendorStanding) -> VendorNews {
    VendorNews::Seen {
        told: Some(1),
        standing,
        status: standing.name().to_owned(),
    }
}

fn heard(driver: &Driver, news: &VendorNews) -> Driver {
    driver.heard_from_owlpay(news, NOW).expect("news")
}

/// A driver with a bank account that OwlPay knows.
fn told() -> Driver {
    let driver = invited().with_method(method(MethodKind::BankAccount));
    let known = heard(&driver, &registered(VendorStanding::Unchecked));
    heard(&known, &VendorNews::Told { version: 1 })
}

#[test]
fn a_driver_is_registered_then_told_about_then_read_until_approved() {
    let driver = invited().with_method(method(MethodKind::BankAccount));
    assert_eq!(driver.vendor_step(), VendorStep::Register);
    let known = heard(&driver, &registered(VendorStanding::Unchecked));
    assert_eq!(known.vendor_step(), VendorStep::Tell);
    assert_eq!(known.vendor_next_at, Some(NOW));
    let told = heard(&known, &VendorNews::Told { version: 1 });
    assert_eq!(told.vendor_step(), VendorStep::Read);
    assert_eq!(told.vendor_next_at, Some(minutes(1)));
    assert_eq!(told.kyc, KycStatus::InReview);
    assert!(!told.is_approved_at(Provider::Owlpay));
    let approved = heard(&told, &seen(VendorStanding::Approved));
    assert_eq!(approved.vendor_step(), VendorStep::Read);
    let next = approved.vendor_next_at.expect("read again");
    let hours = next.since(NOW).as_secs() / 3_600;
    assert!((24..30).contains(&hours), "{hours}");
    assert_eq!(
        (approved.status, approved.kyc),
        (DriverStatus::Active, KycStatus::Verified)
    );
    assert!(approved.is_approved_at(Provider::Owlpay));
    assert_eq!(approved.version, told.version + 1);
}

#[test]
fn a_driver_without_a_bank_account_is_registered_and_then_left_alone() {
    for driver in [invited(), invited().with_method(method(MethodKind::Card))] {
        let known = heard(&driver, &registered(VendorStanding::Unchecked));
        assert_eq!(known.vendor_step(), VendorStep::Nothing);
        assert_eq!(known.vendor_next_at, None);
        assert_eq!(known.kyc, KycStatus::Pending);
    }
}

#[test]
fn a_new_bank_account_is_told_and_reviewed_again_and_not_paid_to_before() {
    let approved = heard(&told(), &seen(VendorStanding::Approved));
    let second = Method {
        version: 2,
        ..method(MethodKind::BankAccount)
    };
    let changed = approved.with_method(second);
    assert_eq!(changed.vendor_step(), VendorStep::Tell);
    assert!(changed.vendor_next_at.is_some());
    assert!(!changed.is_approved_at(Provider::Owlpay));
    let told = heard(&changed, &VendorNews::Told { version: 2 });
    assert!(!told.is_approved_at(Provider::Owlpay));
    assert_eq!(told.kyc, KycStatus::Verified);
    // What was said of the account before says nothing of this one.
    let late = seen(VendorStanding::Approved);
    assert_eq!(told.heard_from_owlpay(&late, NOW), None);
    let late = VendorNews::Told { version: 1 };
    assert_eq!(told.heard_from_owlpay(&late, NOW), None);
}

#[test]
fn a_rejection_rejects_only_whom_nobody_decided_about() {
    let rejection = seen(VendorStanding::Rejected);
    let rejected = heard(&told(), &rejection);
    assert_eq!(rejected.kyc, KycStatus::Rejected);
    assert_eq!(rejected.kyc_reason.as_deref(), Some("OwlPay: rejected"));
    assert_eq!(rejected.vendor_step(), VendorStep::Read);

    // What OwlPay decided it may take back.
    let withdrawn = heard(&heard(&told(), &seen(VendorStanding::Approved)), &rejection);
    assert_eq!(withdrawn.kyc, KycStatus::Rejected);
    assert_eq!(withdrawn.status, DriverStatus::Active);
    assert!(!withdrawn.is_approved_at(Provider::Owlpay));

    let operators = told()
        .verified(KycDecision::Approve, "documents checked")
        .expect("allowed");
    let heard = heard(&operators, &rejection);
    assert_eq!(heard.kyc, KycStatus::Verified);
    assert_eq!(heard.kyc_reason.as_deref(), Some("documents checked"));
    assert_eq!(heard.status, DriverStatus::Active);
    assert!(!heard.is_approved_at(Provider::Owlpay));
}

#[test]
fn only_its_own_rejection_is_reopened_or_undone_by_owlpay() {
    let rejected = heard(&told(), &seen(VendorStanding::Rejected));
    let approved = heard(&rejected, &seen(VendorStanding::Approved));
    assert_eq!(approved.kyc, KycStatus::Verified);
    let second = VendorNews::Told { version: 2 };
    let reopened = heard(&rejected, &second);
    assert_eq!(
        (reopened.kyc, reopened.kyc_reason),
        (KycStatus::InReview, None)
    );

    for driver in [told(), rejected] {
        let operators = driver
            .verified(KycDecision::Reject, "forged papers")
            .expect("allowed");
        let approved = heard(&operators, &seen(VendorStanding::Approved));
        assert_eq!(approved.kyc, KycStatus::Rejected);
        assert_eq!(approved.kyc_reason.as_deref(), Some("forged papers"));
        assert_eq!(heard(&operators, &second).kyc, KycStatus::Rejected);
    }
}

#[test]
fn the_same_standing_again_changes_nothing() {
    let same = seen(VendorStanding::Checking);
    assert_eq!(told().heard_from_owlpay(&same, NOW), None);
}

#[test]
fn who_was_registered_twice_keeps_the_first_vendor() {
    let known = heard(&invited(), &registered(VendorStanding::Unchecked));
    let second = VendorNews::Registered {
        id: "ven_5678".parse().expect("valid"),
        standing: VendorStanding::Approved,
        details: None,
    };
    assert_eq!(known.heard_from_owlpay(&second, NOW), None);
}

#[test]
fn every_asking_puts_the_next_one_off_until_30_days_have_passed() {
    let mut driver = invited().with_vendor_due(NOW);
    assert!(driver.is_vendor_due(NOW));
    let mut gaps = Vec::new();
    let mut now = NOW;
    while let Some(at) = driver.vendor_next_at {
        gaps.push(at.since(now).as_secs() / 60);
        now = at;
        driver = driver.asking_owlpay(now);
    }
    assert_eq!(gaps[..9], [0, 1, 2, 4, 8, 16, 32, 60, 60]);
    let days = now.since(NOW).as_secs() / (24 * 3_600);
    assert!((29..=30).contains(&days), "{days}");
}

#[test]
fn a_refusal_ends_the_asking_until_there_is_something_new() {
    let refused = heard(&invited().with_vendor_due(NOW), &VendorNews::Refused);
    assert_eq!(refused.vendor_next_at, None);
    let again = refused.with_method(method(MethodKind::BankAccount));
    assert!(again.vendor_next_at.is_some());
}

/// The driver after a revision by a client.
fn revised(driver: &Driver, revision: Revision) -> Driver {
    let next = driver.revised(revision).expect("allowed");
    next.expect("a change").with_news_for_owlpay(driver, NOW)
}

fn moved(driver: &Driver, status: WantedStatus) -> Driver {
    let revision = Revision {
        status: Some(status),
        ..Revision::default()
    };
    revised(driver, revision)
}

#[test]
fn an_approval_is_read_58_times_in_a_year_unless_it_is_taken_back() {
    let mut driver = heard(&told(), &seen(VendorStanding::Approved));
    let mut reads = 0;
    while let Some(at) = driver.vendor_next_at {
        let asking = driver.asking_owlpay(at);
        // Lost answers are repeated soon.
        assert_eq!(
            asking.vendor_next_at,
            Some(at.plus(schedule::vendor_delay(0).expect("soon")))
        );
        driver = asking
            .heard_from_owlpay(&seen(VendorStanding::Approved), at)
            .expect("put off");
        assert_eq!(driver.vendor, asking.vendor);
        // Whoever asked at the same time has nothing to add.
        let again = driver.heard_from_owlpay(&seen(VendorStanding::Approved), at);
        assert_eq!(again, None);
        reads += 1;
    }
    assert_eq!(reads, 58);

    let approved = heard(&told(), &seen(VendorStanding::Approved));
    for standing in [
        VendorStanding::Rejected,
        VendorStanding::Checking,
        VendorStanding::Unchecked,
    ] {
        let withdrawn = heard(&approved.asking_owlpay(NOW), &seen(standing));
        assert!(!withdrawn.is_approved_at(Provider::Owlpay));
        assert_eq!(withdrawn.vendor_step(), VendorStep::Read);
        assert_eq!(withdrawn.vendor_next_at, Some(minutes(1)));
        let since = withdrawn.vendor.as_ref().and_then(|it| it.approved_at);
        assert_eq!(since, None);
        assert!(
            heard(&withdrawn, &seen(VendorStanding::Approved)).is_approved_at(Provider::Owlpay)
        );
    }
}

#[test]
fn another_name_or_mail_is_told_once_and_then_the_review_is_read() {
    let approved = heard(&told(), &seen(VendorStanding::Approved));
    for (revision, is_news) in [
        (
            Revision {
                name: Some("Ana Ruiz".to_owned()),
                ..Revision::default()
            },
            true,
        ),
        (
            Revision {
                email: Some("ana@example.com".to_owned()),
                ..Revision::default()
            },
            true,
        ),
        (
            Revision {
                phone: Some("+15550000000".to_owned()),
                ..Revision::default()
            },
            false,
        ),
    ] {
        let changed = revised(&approved, revision.clone());
        assert_eq!(changed.is_vendor_due(NOW), is_news);
        if !is_news {
            assert_eq!(changed.vendor_step(), VendorStep::Read);
            continue;
        }
        assert_eq!(changed.vendor_step(), VendorStep::Change);
        let news = VendorNews::Changed {
            details: Details::of(&changed),
        };
        let told = heard(&changed, &news);
        assert_eq!(told.vendor_step(), VendorStep::Read);
        assert_eq!(told.vendor_next_at, Some(minutes(1)));
        assert!(told.is_approved_at(Provider::Owlpay));
        assert_eq!(told.heard_from_owlpay(&news, NOW), None);
        // Of a driver whom OwlPay does not know it is told with the registration.
        assert!(!revised(&invited(), revision).is_vendor_due(NOW));
    }
}

#[test]
fn details_that_changed_while_they_were_told_are_told_again() {
    let known = heard(&invited(), &registered(VendorStanding::Unchecked));
    let renamed = Driver {
        name: "Ana Ruiz".to_owned(),
        ..invited()
    };
    let heard_late = heard(&renamed, &registered(VendorStanding::Unchecked));
    assert_eq!(known.vendor_next_at, None);
    assert_eq!(heard_late.vendor_step(), VendorStep::Change);
    assert_eq!(heard_late.vendor_next_at, Some(NOW));
}

#[test]
fn a_deleted_driver_is_deleted_there_and_registered_anew_when_they_come_back() {
    let approved = heard(&told(), &seen(VendorStanding::Approved));
    let deleted = moved(&approved, WantedStatus::Inactive);
    assert!(deleted.is_vendor_due(NOW));
    assert_eq!(deleted.vendor_step(), VendorStep::Delete);
    // Back before OwlPay was asked: it knows them still.
    let back = moved(&deleted, WantedStatus::Active);
    assert!(back.is_approved_at(Provider::Owlpay));
    assert_eq!(back.vendor_step(), VendorStep::Read);

    let asked = deleted.asking_owlpay(NOW);
    let news = VendorNews::Deleted {
        id: asked.vendor.as_ref().map(|vendor| vendor.id.clone()),
    };
    // Back while OwlPay is asked, or after its answer was lost: nobody knows whether it knows them.
    let back = moved(&asked, WantedStatus::Active);
    assert!(!back.is_approved_at(Provider::Owlpay));
    assert_eq!(back.vendor_step(), VendorStep::Delete);
    let anew = heard(&back, &news);
    assert_eq!(anew.vendor_step(), VendorStep::Register);
    assert_eq!(anew.vendor_next_at, Some(NOW));

    let gone = heard(&asked, &news);
    assert_eq!((&gone.vendor, gone.vendor_next_at), (&None, None));
    assert_eq!(gone.heard_from_owlpay(&news, NOW), None);
    let back = moved(&gone, WantedStatus::Active);
    assert_eq!(back.vendor_step(), VendorStep::Register);
    assert!(back.is_vendor_due(NOW));
}

#[test]
fn a_driver_who_is_deleted_while_they_are_registered_is_looked_for_and_deleted() {
    let asking = invited().with_vendor_due(NOW).asking_owlpay(NOW);
    let deleted = moved(&asking, WantedStatus::Inactive);
    assert!(deleted.is_vendor_due(NOW));
    let nothing = VendorNews::Deleted { id: None };
    let gone = heard(&deleted, &nothing);
    assert_eq!((&gone.vendor, gone.vendor_next_at), (&None, None));
    // The registration's answer comes late: there is a vendor after all.
    let known = heard(&deleted, &registered(VendorStanding::Unchecked));
    assert_eq!(known.vendor_step(), VendorStep::Delete);
    assert!(known.is_vendor_due(NOW));
    assert_eq!(known.heard_from_owlpay(&nothing, NOW), None);
    // Back again, the vendor that may have been made is looked for first.
    let back = revised(
        &Driver {
            kyc: KycStatus::Verified,
            method: Some(method(MethodKind::Card)),
            ..deleted
        },
        Revision {
            status: Some(WantedStatus::Active),
            ..Revision::default()
        },
    );
    assert_eq!(
        (back.vendor_step(), back.vendor_tries),
        (VendorStep::Register, 1)
    );
    // Nobody forgets whom nobody was told about.
    assert!(!moved(&invited(), WantedStatus::Inactive).is_vendor_due(NOW));
}

#[test]
fn a_callback_pulls_a_read_forward_and_nothing_else() {
    let approved = heard(&told(), &seen(VendorStanding::Approved));
    let rung = approved.rung_by_owlpay(NOW).expect("a read");
    assert_eq!(
        (rung.vendor_next_at, rung.vendor_tries),
        (Some(NOW), approved.vendor_tries)
    );
    assert_eq!(rung.vendor, approved.vendor);
    assert_eq!(rung.rung_by_owlpay(NOW), None, "it is due");
    // Also where nobody would ask any more.
    let left = told().left_by_owlpay();
    assert!(
        left.rung_by_owlpay(NOW)
            .is_some_and(|it| it.is_vendor_due(NOW))
    );

    let known = heard(&invited(), &registered(VendorStanding::Unchecked));
    let deleted = Driver {
        status: DriverStatus::Inactive,
        ..told()
    };
    for driver in [invited(), known, deleted] {
        assert_eq!(driver.rung_by_owlpay(NOW), None);
    }
}
