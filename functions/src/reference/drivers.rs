//! What is said of drivers.

use app::error::Error;
use domain::denied::Denied;
use platform::api::{
    body::{
        AccountType, BankAccountMethod, BankAccountType, CardMethod, CardType, Decision,
        DriverRegistration, EntryType, NewPayoutMethod, PrepaidCardMethod, PrepaidCardType,
        Verification,
    },
    view::{DriverView, MethodView, RegisteredDriverView},
};

use super::{
    operation::{Operation, Title},
    samples::Samples,
};

pub(super) const TAG: &str = "Drivers";

pub(super) fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    Ok(vec![
        register(samples)?,
        get(samples),
        put_method(samples)?,
        verify(samples)?,
    ])
}

fn register(samples: &Samples) -> Result<Operation, Error> {
    let title = Title {
        function: "register-driver",
        tag: TAG,
        summary: "Register a driver",
        description: "The same registration again answers the driver as it is now. A driver becomes `active` with a \
            payout method and an approved verification.",
    };
    let body = DriverRegistration {
        ovn_driver_id: "OVN-DRIVER-789",
        name: "John Smith",
        email: "john@example.com",
        phone: "+15551234567",
    };
    let refusals = [
        Samples::invalid(&[("phone", "must be a phone number as +15551234567")]),
        Error::Conflict("a driver with this ovnDriverId exists with other details".to_owned()),
    ];
    let view = RegisteredDriverView::from(&samples.invited);
    Ok(Operation::new(title)
        .taking(&[("driver", body)])?
        .answering("driver", &view, samples)
        .refusing(refusals, samples)
        .linking("get-driver", "id", "/data/id")
        .linking("put-payout-method", "id", "/data/id")
        .linking("verify-driver", "id", "/data/id"))
}

fn get(samples: &Samples) -> Operation {
    let title = Title {
        function: "get-driver",
        tag: TAG,
        summary: "Read a driver",
        description: "By our id or by the one the driver was registered under.",
    };
    let refusals = [Samples::unknown_query(), Error::NotFound("driver")];
    Operation::new(title)
        .answering("driver", &DriverView::from(&samples.driver), samples)
        .refusing(refusals, samples)
        .linking("put-payout-method", "id", "/data/id")
        .linking("verify-driver", "id", "/data/id")
}

fn put_method(samples: &Samples) -> Result<Operation, Error> {
    let title = Title {
        function: "put-payout-method",
        tag: TAG,
        summary: "Say where a driver's money goes",
        description: "Sealed at once; only the last four characters can be read again. Each call makes a new version, \
            and payouts that are already on their way keep theirs.",
    };
    let card = NewPayoutMethod::Card(CardMethod {
        r#type: CardType::Card,
        card_number: "5123817234060000",
        exp_month: Some("12"),
        exp_year: Some("2029"),
        holder: Some("John Smith"),
    });
    let bank_account = NewPayoutMethod::BankAccount(BankAccountMethod {
        r#type: BankAccountType::BankAccount,
        account_number: "000123456789",
        routing_number: "110000000",
        holder: "John Smith",
        account_type: Some(AccountType::Checking),
    });
    let prepaid_card = NewPayoutMethod::PrepaidCard(PrepaidCardMethod {
        r#type: PrepaidCardType::PrepaidCard,
        account_id: "4000123",
        entry_type: Some(EntryType::B),
        channel: Some("fuel"),
    });
    let bodies = [
        ("card", card),
        ("bank_account", bank_account),
        ("prepaid_card", prepaid_card),
    ];
    let refusals = [
        Samples::invalid(&[("cardNumber", "must be 12 to 19 digits")]),
        Error::NotFound("driver"),
        Error::Conflict("the driver kept changing; send it again".to_owned()),
    ];
    Ok(Operation::new(title)
        .taking(&bodies)?
        .answering("method", &MethodView::from(&samples.driver), samples)
        .refusing(refusals, samples)
        .linking("get-driver", "id", "/data/driverId")
        .linking("verify-driver", "id", "/data/driverId"))
}

fn verify(samples: &Samples) -> Result<Operation, Error> {
    let title = Title {
        function: "verify-driver",
        tag: TAG,
        summary: "Record what was decided about a driver's identity",
        description: "A driver who is approved and has a payout method becomes `active`.",
    };
    let body = Verification {
        decision: Decision::Approve,
        reason: "documents checked",
    };
    let refusals = [
        Samples::invalid(&[("decision", "must be one of: approve, reject")]),
        Error::NotFound("driver"),
        Denied::DriverState("inactive").into(),
        Error::Conflict("the driver kept changing; send it again".to_owned()),
    ];
    Ok(Operation::new(title)
        .taking(&[("approval", body)])?
        .answering("driver", &DriverView::from(&samples.driver), samples)
        .refusing(refusals, samples)
        .linking("get-driver", "id", "/data/id")
        .linking("put-payout-method", "id", "/data/id"))
}
