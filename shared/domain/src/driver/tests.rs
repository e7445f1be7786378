//! The driver: what makes them payable, and every cell of their statuses.

use super::*;

pub(super) fn invited() -> Driver {
    Driver {
        tenant: "acme~test".parse().expect("valid"),
        id: DriverId::parse("drv_1").expect("valid"),
        version: 1,
        ovn_id: OvnDriverId::parse("OVN-1").expect("valid"),
        name: "John Smith".to_owned(),
        email: "john@example.com".to_owned(),
        phone: "+15551234567".to_owned(),
        status: DriverStatus::Invited,
        kyc: KycStatus::Pending,
        kyc_reason: None,
        kyc_by_owlpay: false,
        method: None,
        vendor: None,
        vendor_next_at: None,
        vendor_tries: 0,
        created_at: Timestamp::default(),
        payouts: 0,
        pending_payouts: 0,
        total_paid: Cents::ZERO,
    }
}

pub(super) fn method(kind: MethodKind) -> Method {
    Method {
        kind,
        version: 1,
        masked: "****0000".to_owned(),
        sealed: "sealed".to_owned(),
        updated_at: Timestamp::default(),
    }
}

#[test]
fn whichever_of_method_and_verification_comes_second_activates() {
    let first = invited().with_method(method(MethodKind::Card));
    assert_eq!(first.status, DriverStatus::Invited);
    assert_eq!(
        first.require_payable(Rail::Standard),
        Err(NotPayable::NotVerified)
    );
    let both = first
        .verified(KycDecision::Approve, "checked")
        .expect("allowed");
    assert_eq!(both.status, DriverStatus::Active);

    let first = invited()
        .verified(KycDecision::Approve, "checked")
        .expect("allowed");
    assert_eq!(
        first.require_payable(Rail::Standard),
        Err(NotPayable::NoMethod)
    );
    let both = first.with_method(method(MethodKind::Card));
    assert_eq!(both.require_payable(Rail::Instant), Ok(()));
}

#[test]
fn a_bank_account_cannot_be_paid_instantly() {
    let driver = invited()
        .with_method(method(MethodKind::BankAccount))
        .verified(KycDecision::Approve, "checked")
        .expect("allowed");
    assert_eq!(driver.require_payable(Rail::Standard), Ok(()));
    assert_eq!(
        driver.require_payable(Rail::Instant),
        Err(NotPayable::InstantNotAvailable)
    );
}

#[test]
fn a_rejected_or_suspended_driver_is_not_payable() {
    let active = invited()
        .with_method(method(MethodKind::Card))
        .verified(KycDecision::Approve, "checked")
        .expect("allowed");
    let rejected = active
        .verified(KycDecision::Reject, "expired document")
        .expect("allowed");
    assert_eq!(
        rejected.require_payable(Rail::Standard),
        Err(NotPayable::NotVerified)
    );
    let suspended = Driver {
        status: DriverStatus::Suspended,
        ..active
    };
    assert_eq!(
        suspended.require_payable(Rail::Standard),
        Err(NotPayable::NotActive)
    );
}

fn with_status(status: DriverStatus) -> Driver {
    Driver {
        status,
        ..invited()
    }
}

fn ready(status: DriverStatus) -> Driver {
    Driver {
        status,
        kyc: KycStatus::Verified,
        ..invited().with_method(method(MethodKind::BankAccount))
    }
}

fn set(driver: &Driver, status: WantedStatus) -> Result<Option<Driver>, Denied> {
    driver.revised(Revision {
        status: Some(status),
        ..Revision::default()
    })
}

#[test]
fn every_status_and_wish_is_decided() {
    let suspends = Denied::DriverState("only an active driver can be suspended");
    for status in DriverStatus::ALL {
        for wanted in WantedStatus::ALL {
            let moved = set(&ready(status), wanted).map(|it| it.map(|driver| driver.status));
            let expected = match (status, wanted) {
                (DriverStatus::Active, WantedStatus::Active)
                | (DriverStatus::Suspended, WantedStatus::Suspended)
                | (DriverStatus::Inactive, WantedStatus::Inactive) => Ok(None),
                (DriverStatus::Invited | DriverStatus::Inactive, WantedStatus::Suspended) => {
                    Err(suspends.clone())
                }
                (DriverStatus::Active, WantedStatus::Suspended) => {
                    Ok(Some(DriverStatus::Suspended))
                }
                (
                    DriverStatus::Invited | DriverStatus::Suspended | DriverStatus::Inactive,
                    WantedStatus::Active,
                ) => Ok(Some(DriverStatus::Active)),
                (
                    DriverStatus::Invited | DriverStatus::Active | DriverStatus::Suspended,
                    WantedStatus::Inactive,
                ) => Ok(Some(DriverStatus::Inactive)),
            };
            assert_eq!(moved, expected, "{} to {}", status.name(), wanted.name());
        }
    }
}

#[test]
fn only_a_verified_driver_with_a_method_becomes_active_again() {
    for status in [
        DriverStatus::Invited,
        DriverStatus::Suspended,
        DriverStatus::Inactive,
    ] {
        let unverified = with_status(status).with_method(method(MethodKind::Card));
        let without_method = Driver {
            kyc: KycStatus::Verified,
            ..with_status(status)
        };
        for (driver, reason) in [
            (unverified, NotPayable::NotVerified),
            (without_method, NotPayable::NoMethod),
        ] {
            let refused = set(&driver, WantedStatus::Active);
            assert_eq!(refused, Err(Denied::DriverNotPayable(reason)));
        }
    }
}

#[test]
fn a_driver_with_a_pending_payout_does_not_become_inactive() {
    for status in [
        DriverStatus::Invited,
        DriverStatus::Active,
        DriverStatus::Suspended,
    ] {
        let driver = Driver {
            pending_payouts: 1,
            ..ready(status)
        };
        let refused = set(&driver, WantedStatus::Inactive);
        assert_eq!(refused, Err(Denied::DriverHasPayouts));
    }
}

#[test]
fn a_revision_changes_what_it_names_and_nothing_else() {
    let driver = ready(DriverStatus::Active);
    let revision = Revision {
        email: Some("jane@example.com".to_owned()),
        status: Some(WantedStatus::Suspended),
        ..Revision::default()
    };
    let expected = Driver {
        version: driver.version + 1,
        email: "jane@example.com".to_owned(),
        status: DriverStatus::Suspended,
        ..driver.clone()
    };
    assert_eq!(driver.revised(revision), Ok(Some(expected)));
}

#[test]
fn a_revision_to_what_is_already_there_changes_nothing() {
    let driver = ready(DriverStatus::Active);
    let revision = Revision {
        name: Some(driver.name.clone()),
        email: Some(driver.email.clone()),
        phone: Some(driver.phone.clone()),
        status: Some(WantedStatus::Active),
    };
    assert_eq!(driver.revised(revision), Ok(None));
    assert_eq!(driver.revised(Revision::default()), Ok(None));
}
