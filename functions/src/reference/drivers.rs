//! What is said of drivers.

use app::error::Error;
use domain::denied::{Denied, NotPayable};
use platform::api::{
    body::{
        AccountType, BankAccountMethod, BankAccountType, CardMethod, CardType, Decision,
        DriverRegistration, DriverRevision, EntryType, NewPayoutMethod, PrepaidCardMethod,
        PrepaidCardType, PrepaidChannel, Verification,
    },
    page_view::PageView,
    view::{DriverView, ListedDriverView, MethodView, RegisteredDriverView},
    vocabulary,
};

use super::{
    lists::{filter, paging},
    operation::{Operation, Title},
    samples::Samples,
};

pub(super) const TAG: &str = "Drivers";

pub(super) fn operations(samples: &Samples) -> Result<Vec<Operation>, Error> {
    Ok(vec![
        register(samples)?,
        list(samples),
        get(samples),
        update(samples)?,
        delete(samples),
        put_method(samples)?,
        get_method(samples),
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
        .linking("update-driver", "id", "/data/id")
        .linking("delete-driver", "id", "/data/id")
        .linking("put-payout-method", "id", "/data/id")
        .linking("verify-driver", "id", "/data/id")
        .linking("list-driver-payouts", "id", "/data/id"))
}

fn list(samples: &Samples) -> Operation {
    let title = Title {
        function: "list-drivers",
        tag: TAG,
        summary: "List drivers",
        description: "Newest first, with what each was paid and how many payouts are under way.",
    };
    let page = samples.page(&samples.driver);
    let view: PageView<ListedDriverView<'_>> = Samples::view(&page);
    Operation::new(title)
        .asking([
            filter::<vocabulary::DriverStatus>("status", "Only drivers of this status."),
            paging(),
        ])
        .answering("drivers", &view, samples)
        .refusing([Samples::unlisted()], samples)
        .linking("get-driver", "id", "/data/items/0/id")
        .linking("update-driver", "id", "/data/items/0/id")
        .linking("list-driver-payouts", "id", "/data/items/0/id")
        .linking_on()
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
        .linking("update-driver", "id", "/data/id")
        .linking("put-payout-method", "id", "/data/id")
        .linking("get-payout-method", "id", "/data/id")
        .linking("verify-driver", "id", "/data/id")
        .linking("list-driver-payouts", "id", "/data/id")
}

fn update(samples: &Samples) -> Result<Operation, Error> {
    let title = Title {
        function: "update-driver",
        tag: TAG,
        summary: "Change a driver",
        description: "What is the same already changes nothing. Loads and payouts keep the name they were made with. \
            Only a driver who is verified and has a payout method can be made `active`, only an active one \
            `suspended`, and only one without a pending payout `inactive`.",
    };
    let phone = DriverRevision {
        phone: Some("+15557654321"),
        ..DriverRevision::default()
    };
    let suspended = DriverRevision {
        status: Some("suspended"),
        ..DriverRevision::default()
    };
    let refusals = [
        Samples::invalid(&[("status", "must be one of: active, suspended, inactive")]),
        Error::NotFound("driver"),
        Denied::DriverNotPayable(NotPayable::NotVerified).into(),
        Denied::DriverNotPayable(NotPayable::NoMethod).into(),
        Denied::DriverState("only an active driver can be suspended").into(),
        Denied::DriverHasPayouts.into(),
        Error::Conflict("the driver kept changing; send it again".to_owned()),
    ];
    Ok(Operation::new(title)
        .taking(&[("other_phone", phone), ("suspension", suspended)])?
        .answering("driver", &DriverView::from(&samples.driver), samples)
        .refusing(refusals, samples)
        .linking("get-driver", "id", "/data/id")
        .linking("delete-driver", "id", "/data/id"))
}

fn delete(samples: &Samples) -> Operation {
    let title = Title {
        function: "delete-driver",
        tag: TAG,
        summary: "Make a driver inactive",
        description: "Nothing is removed: the driver stays readable and listed, and can be made `active` again. Deleting \
            again answers the same. It takes no idempotency key.",
    };
    let refusals = [
        Samples::unknown_query(),
        Error::NotFound("driver"),
        Denied::DriverHasPayouts.into(),
        Error::Conflict("the driver kept changing; send it again".to_owned()),
    ];
    let view = DriverView::from(&samples.inactive);
    Operation::new(title)
        .answering("inactive", &view, samples)
        .refusing(refusals, samples)
        .linking("get-driver", "id", "/data/id")
        .linking("update-driver", "id", "/data/id")
}

fn put_method(samples: &Samples) -> Result<Operation, Error> {
    let title = Title {
        function: "put-payout-method",
        tag: TAG,
        summary: "Say where a driver's money goes",
        description: "Sealed at once; only the last four characters can be read again. Each call makes a new version, \
            and payouts that are already on their way keep theirs. Cards and bank accounts are held against what the \
            provider asks for, where it can be asked: a member it would refuse is named. While it cannot be asked, \
            the method is saved as it is.",
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
        channel: Some(PrepaidChannel::Factor4),
    });
    let bodies = [
        ("card", card),
        ("bank_account", bank_account),
        ("prepaid_card", prepaid_card),
    ];
    let refusals = [
        Samples::invalid(&[
            ("cardNumber", "must be 12 to 19 digits"),
            ("channel", "must be one of: FACTOR4"),
        ]),
        Error::NotFound("driver"),
        Error::Conflict("the driver kept changing; send it again".to_owned()),
    ];
    Ok(Operation::new(title)
        .taking(&bodies)?
        .answering("method", &MethodView::from(&samples.driver), samples)
        .refusing(refusals, samples)
        .linking("get-driver", "id", "/data/driverId")
        .linking("get-payout-method", "id", "/data/driverId")
        .linking("verify-driver", "id", "/data/driverId"))
}

fn get_method(samples: &Samples) -> Operation {
    let title = Title {
        function: "get-payout-method",
        tag: TAG,
        summary: "Read where a driver's money goes",
        description: "The last four characters only.",
    };
    let refusals = [
        Samples::unknown_query(),
        Error::NotFound("driver"),
        Error::NotFound("payout_method"),
    ];
    Operation::new(title)
        .answering("method", &MethodView::from(&samples.driver), samples)
        .refusing(refusals, samples)
        .linking("get-driver", "id", "/data/driverId")
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
