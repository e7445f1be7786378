//! Records that examples are written from. They tell one story: the first payout of README.md.

use app::{
    error::{Error, FieldError},
    list::Place,
    page::Page,
    record::{Balances, Deposit},
};
use domain::{
    denied::{Denied, NotPayable},
    driver::{Driver, DriverStatus, KycStatus, Method, MethodKind},
    fee::{Channel, FeeSchedule, Rail},
    ids::{DepositId, DriverId, Id, Kind, LoadId, Mode, OvnDriverId, PayoutId, TenantId},
    ledger::{Account, Posting},
    load::{Load, LoadStatus},
    money::{Cents, Currency},
    payout::{Booking, Note, Payout, PayoutStatus},
    routing::Provider,
    time::Timestamp,
    transition::{Actor, Transition},
};
use platform::api::{envelope::Meta, page_view::PageView};

/// 2026-11-21T05:13:02Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_237_982_000);
const AMOUNT: Cents = Cents::new(45_000);

/// What a cursor looks like.
pub(super) const CURSOR: &str =
    "bHJ1ZmYgc3R1ZmYgaGVyZQAAAAIAAAGh_dBhsHBheV8wMU03WThCQ0dBNFQwNEpOS1RCWUhCN1NDSw";

pub(super) struct Samples {
    pub(super) meta: Meta,
    pub(super) driver: Driver,
    /// The same driver before anything else was known.
    pub(super) invited: Driver,
    /// The same driver after being deleted.
    pub(super) inactive: Driver,
    pub(super) load: Load,
    pub(super) payout: Payout,
    pub(super) completed: Payout,
    pub(super) instant: Payout,
    pub(super) failed: Payout,
    pub(super) canceled: Payout,
    pub(super) queued: Payout,
    pub(super) transitions: Vec<Transition>,
    pub(super) deposit: Deposit,
    pub(super) balances: Balances,
    pub(super) now: Timestamp,
}

impl Samples {
    /// # Errors
    /// When an id or an amount is not valid.
    pub(super) fn new() -> Result<Self, Error> {
        let tenant = TenantId::new("acme", Mode::Test).map_err(|it| invalid(&it))?;
        let driver = driver(&tenant)?;
        let load = load(&tenant, &driver)?;
        let actor = Actor::Key("f57fd3b39691".to_owned());
        let note = Note {
            actor: &actor,
            at: NOW,
            tx_id: "create",
            attempt: None,
            reason: None,
        };
        let (payout, created) = Payout::book_standard(booking(&load, Rail::Standard)?, &note);
        let (instant, _) =
            Payout::book_instant(booking(&load, Rail::Instant)?, Provider::Payelata, &note);
        let later = |status, reason: Option<&str>| Payout {
            status,
            reason: reason.map(str::to_owned),
            changed_at: NOW,
            ..payout.clone()
        };
        Ok(Self {
            meta: Meta::new("req_b83bc7e81966d9fa6a334e6e1d943850", NOW),
            invited: Driver {
                status: DriverStatus::Invited,
                kyc: KycStatus::Pending,
                method: None,
                ..driver.clone()
            },
            inactive: Driver {
                status: DriverStatus::Inactive,
                ..driver.clone()
            },
            completed: Payout {
                completed_at: Some(NOW),
                ..later(PayoutStatus::Completed, None)
            },
            failed: later(PayoutStatus::Failed, Some("provider_refused")),
            canceled: later(PayoutStatus::Canceled, None),
            queued: later(PayoutStatus::Queued, None),
            transitions: vec![created],
            deposit: deposit(tenant)?,
            balances: Balances {
                available: Cents::new(4_955_000),
                pending: AMOUNT,
                in_transit: Cents::ZERO,
            },
            now: NOW,
            driver,
            load,
            payout,
            instant,
        })
    }

    /// The first of several pages that show one entry each.
    pub(super) fn page<T: Clone>(&self, item: &T) -> Page<T> {
        Page {
            items: vec![item.clone()],
            total: 2,
            page: 1,
            size: 1,
            next: Some(Place {
                at: self.now,
                id: String::new(),
            }),
        }
    }

    /// The same as it is answered.
    pub(super) fn view<'p, T, V: From<&'p T>>(page: &'p Page<T>) -> PageView<V> {
        PageView::new(page, page.next.as_ref().map(|_| CURSOR.to_owned()))
    }

    /// What every list refuses.
    pub(super) fn unlisted() -> Error {
        Self::invalid(&[
            ("pageSize", "must be a number from 1 to 100"),
            ("cursor", "must not be sent together with page"),
        ])
    }

    /// What every log refuses.
    pub(super) fn unlisted_log() -> Error {
        let other = "must be the nextCursor of this list with the same filters";
        Self::invalid(&[("cursor", other)])
    }

    /// A request that names what is wrong with it.
    pub(super) fn invalid(fields: &[(&str, &str)]) -> Error {
        let problems = fields.iter();
        let problems = problems.map(|(path, message)| FieldError::new(*path, *message));
        Error::Invalid(problems.collect())
    }

    /// A read with a query that nobody reads.
    pub(super) fn unknown_query() -> Error {
        Self::invalid(&[("verbose", "is not a known query parameter")])
    }

    pub(super) fn unavailable() -> Error {
        Error::Unavailable {
            cause: String::new(),
        }
    }

    pub(super) fn load_held(&self) -> Error {
        let (load, payout) = (self.load.id.clone(), self.payout.id.clone());
        Denied::LoadHeld { load, payout }.into()
    }

    pub(super) fn load_paid(&self) -> Error {
        let (load, payout) = (self.load.id.clone(), self.payout.id.clone());
        Denied::LoadPaid { load, payout }.into()
    }

    pub(super) fn wallet_too_low() -> Error {
        Denied::InsufficientFunds { required: AMOUNT }.into()
    }

    /// Why a driver cannot be paid, but for a driver that vanished.
    pub(super) fn not_payable() -> [Error; 5] {
        [
            NotPayable::NotActive,
            NotPayable::NotVerified,
            NotPayable::NoMethod,
            NotPayable::InstantNotAvailable,
            NotPayable::NoRoute,
        ]
        .map(|it| Denied::DriverNotPayable(it).into())
    }

    pub(super) fn driver_vanished() -> Error {
        Denied::DriverNotPayable(NotPayable::Unknown).into()
    }
}

fn invalid(problem: &impl ToString) -> Error {
    Error::invalid("", &problem.to_string())
}

fn id<K: Kind>(text: &str) -> Result<Id<K>, Error> {
    Id::parse(text).map_err(|it| invalid(&it))
}

fn driver(tenant: &TenantId) -> Result<Driver, Error> {
    let ovn_id: OvnDriverId = id("OVN-DRIVER-789")?;
    let own_id: DriverId = id("drv_8229efb55c60b6fb398080a12be780a9d49ed23a")?;
    Ok(Driver {
        tenant: tenant.clone(),
        id: own_id,
        version: 3,
        ovn_id,
        name: "John Smith".to_owned(),
        email: "john@example.com".to_owned(),
        phone: "+15551234567".to_owned(),
        status: DriverStatus::Active,
        kyc: KycStatus::Verified,
        kyc_reason: None,
        kyc_by_owlpay: false,
        vendor: None,
        vendor_next_at: None,
        vendor_tries: 0,
        method: Some(Method {
            kind: MethodKind::Card,
            version: 1,
            masked: "****0000".to_owned(),
            sealed: String::new(),
            updated_at: NOW,
        }),
        created_at: NOW,
        payouts: 12,
        pending_payouts: 0,
        total_paid: Cents::new(125_000),
    })
}

fn load(tenant: &TenantId, driver: &Driver) -> Result<Load, Error> {
    let own_id: LoadId = id("L-12345")?;
    Ok(Load {
        tenant: tenant.clone(),
        id: own_id,
        version: 1,
        driver: driver.id.clone(),
        driver_name: driver.name.clone(),
        amount: AMOUNT,
        currency: Currency::Usd,
        description: Some("Dallas to Tulsa".to_owned()),
        metadata: Some(r#"{"truck":"T-17"}"#.to_owned()),
        status: LoadStatus::Open,
        holder: None,
        created_at: NOW,
        updated_at: NOW,
        payouts: Vec::new(),
    })
}

fn booking(load: &Load, rail: Rail) -> Result<Booking, Error> {
    let payout: PayoutId = id("pay_01M7Y8BCGA4T04JNKTBYHB7SCK")?;
    Ok(Booking {
        tenant: load.tenant.clone(),
        id: payout,
        driver: load.driver.clone(),
        driver_name: load.driver_name.clone(),
        load: Some(load.id.clone()),
        batch: None,
        description: None,
        amount: AMOUNT,
        quote: FeeSchedule::default().quote(rail, Channel::Single, AMOUNT)?,
        currency: Currency::Usd,
        rail,
        may_fall_back: false,
        requested_by: None,
    })
}

fn deposit(tenant: TenantId) -> Result<Deposit, Error> {
    let own_id: DepositId = id("dep_3e4c1c20e5d22ad0c10211648d8799eeaa77fece")?;
    let amount = Cents::new(5_000_000);
    Ok(Deposit {
        tenant,
        id: own_id,
        amount,
        currency: Currency::Usd,
        reference: "wire-2026-11-21".to_owned(),
        actor: Actor::Key("f57fd3b39691".to_owned()),
        created_at: NOW,
        legs: Posting::between(Account::CashFunding, Account::Available, amount),
        tx_id: "deposit".to_owned(),
    })
}
