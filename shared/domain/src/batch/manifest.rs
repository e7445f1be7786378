//! The lines of a batch as they were accepted, immutable, in the order they came.

use std::{fmt, fmt::Write as _, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::CHUNK_LINES;
use crate::{
    denied::NotPayable,
    ids::{BatchId, DriverId, LoadId, TenantId},
    money::Cents,
    time::Timestamp,
};

/// Why a line is no payout. The names are public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    LoadNotFound,
    /// The load stands in an earlier line.
    DuplicateLine,
    LoadHeld,
    LoadPaid,
    LoadExhausted,
    /// Driver or amount are no longer, or never were, what the line says.
    LoadChanged,
    FeeNotBelowAmount,
    DriverNotFound,
    DriverNotActive,
    KycNotVerified,
    PayoutMethodMissing,
    InstantNotAvailable,
    NoRoute,
}

impl Rejection {
    pub const ALL: [Self; 13] = [
        Self::LoadNotFound,
        Self::DuplicateLine,
        Self::LoadHeld,
        Self::LoadPaid,
        Self::LoadExhausted,
        Self::LoadChanged,
        Self::FeeNotBelowAmount,
        Self::DriverNotFound,
        Self::DriverNotActive,
        Self::KycNotVerified,
        Self::PayoutMethodMissing,
        Self::InstantNotAvailable,
        Self::NoRoute,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::LoadNotFound => "load_not_found",
            Self::DuplicateLine => "duplicate_line",
            Self::LoadHeld => "load_held",
            Self::LoadPaid => "load_paid",
            Self::LoadExhausted => "load_exhausted",
            Self::LoadChanged => "load_changed",
            Self::FeeNotBelowAmount => "fee_not_below_amount",
            Self::DriverNotFound => "driver_not_found",
            Self::DriverNotActive => "driver_not_active",
            Self::KycNotVerified => "kyc_not_verified",
            Self::PayoutMethodMissing => "payout_method_missing",
            Self::InstantNotAvailable => "instant_not_available",
            Self::NoRoute => "no_route",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == text)
    }
}

impl From<NotPayable> for Rejection {
    fn from(reason: NotPayable) -> Self {
        match reason {
            NotPayable::Unknown => Self::DriverNotFound,
            NotPayable::NotActive => Self::DriverNotActive,
            NotPayable::NotVerified => Self::KycNotVerified,
            NotPayable::NoMethod => Self::PayoutMethodMissing,
            NotPayable::InstantNotAvailable => Self::InstantNotAvailable,
            NotPayable::NoRoute => Self::NoRoute,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    Rejected(Rejection),
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected(reason) => reason.name(),
        }
    }
}

/// One line: a load, and what its payout will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub load: LoadId,
    /// None where the load is not known.
    pub driver: Option<DriverId>,
    pub amount: Cents,
    pub fee: Cents,
    pub verdict: Verdict,
}

impl Line {
    pub const fn is_accepted(&self) -> bool {
        matches!(self.verdict, Verdict::Accepted)
    }

    /// N: what the driver receives.
    pub const fn net(&self) -> Cents {
        Cents::new(self.amount.get() - self.fee.get())
    }
}

/// A text that holds no lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the lines of a batch")]
pub struct Unreadable;

/// `load|driver|amount|fee|verdict`; no id can contain the bar.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let driver = self.driver.as_ref().map_or("", |driver| driver.as_str());
        let (amount, fee) = (self.amount.get(), self.fee.get());
        write!(
            f,
            "{}|{driver}|{amount}|{fee}|{}",
            self.load,
            self.verdict.name()
        )
    }
}

impl FromStr for Line {
    type Err = Unreadable;
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let mut cells = text.split('|');
        let mut next = || cells.next().ok_or(Unreadable);
        let load = next()?.parse().map_err(|_| Unreadable)?;
        let driver = match next()? {
            "" => None,
            driver => Some(driver.parse().map_err(|_| Unreadable)?),
        };
        let mut cents = || next()?.parse().map(Cents::new).map_err(|_| Unreadable);
        let (amount, fee) = (cents()?, cents()?);
        let verdict = match next()? {
            "accepted" => Verdict::Accepted,
            reason => Verdict::Rejected(Rejection::parse(reason).ok_or(Unreadable)?),
        };
        if cells.next().is_some() {
            return Err(Unreadable);
        }
        Ok(Self {
            load,
            driver,
            amount,
            fee,
            verdict,
        })
    }
}

/// Lines as one text, one below the other: a tenth of the size of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Lines(pub Vec<Line>);

impl Lines {
    /// SHA-256 of the text, in lower-case hex.
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(String::from(self.clone())))
    }
}

impl From<Lines> for String {
    fn from(lines: Lines) -> Self {
        let mut text = Self::new();
        for line in &lines.0 {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

impl TryFrom<String> for Lines {
    type Error = Unreadable;
    fn try_from(text: String) -> Result<Self, Unreadable> {
        let lines: Result<_, _> = text.lines().map(str::parse).collect();
        lines.map(Self)
    }
}

/// Some lines of a batch, stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub tenant: TenantId,
    pub batch: BatchId,
    pub number: u32,
    pub version: u32,
    pub lines: Lines,
    /// Until its batch exists: one that never comes to be leaves nothing behind.
    pub expires_at: Option<Timestamp>,
}

/// What the batch knows of one of its manifests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestMark {
    pub number: u32,
    /// The number of its first line.
    pub first: u32,
    pub lines: u32,
    /// Of its lines: what is read later is what was committed.
    pub sha256: String,
}

impl ManifestMark {
    pub const fn chunks(&self) -> u32 {
        self.lines.div_ceil(CHUNK_LINES)
    }
}
