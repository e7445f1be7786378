//! Identifiers that are checked once, at the edge, and trusted afterwards.
//!
//! No identifier can contain `#`, the separator of stored keys, so a client cannot reach another key.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Serialize, de};

use crate::time::Timestamp;

/// The longest identifier a client may send.
pub const ID_MAX: usize = 64;

/// A text that is not an identifier of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {expected}")]
pub struct InvalidId {
    pub expected: String,
}

/// What distinguishes one kind of identifier from another.
pub trait Kind {
    /// The fixed start of every identifier of this kind; empty for identifiers that clients choose.
    const PREFIX: &'static str;
    /// The most characters of one.
    const MAX: usize = ID_MAX;
}

/// An identifier of one kind: `[A-Za-z0-9._:-]`, up to the kind's length, with the kind's prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<K>(String, PhantomData<K>);

impl<K: Kind> Id<K> {
    /// # Errors
    /// [`InvalidId`] naming the allowed characters, length and prefix.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let valid = !text.is_empty()
            && text.len() <= K::MAX
            && text.starts_with(K::PREFIX)
            && text.len() > K::PREFIX.len()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-'));
        if valid {
            return Ok(Self(text.to_owned(), PhantomData));
        }
        let start = match K::PREFIX {
            "" => String::new(),
            prefix => format!(", starting with {prefix}"),
        };
        Err(InvalidId {
            expected: format!("1 to {} characters of A-Z a-z 0-9 . _ : -{start}", K::MAX),
        })
    }

    /// A new identifier that sorts by creation time: the prefix and a ULID.
    pub fn mint(now: Timestamp, entropy: u128) -> Self {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        Self(
            format!("{}{}", K::PREFIX, ulid::Ulid::from_parts(millis, entropy)),
            PhantomData,
        )
    }

    /// An identifier derived from a keyed digest, so that the same source always gets the same one.
    /// 20 bytes of the digest are used.
    pub fn from_digest(digest: &[u8; 32]) -> Self {
        Self(
            format!("{}{}", K::PREFIX, hex::encode(&digest[..20])),
            PhantomData,
        )
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayoutKind {}
impl Kind for PayoutKind {
    const PREFIX: &'static str = "pay_";
}
/// Our id of a payout: `pay_` and a ULID.
pub type PayoutId = Id<PayoutKind>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DriverKind {}
impl Kind for DriverKind {
    const PREFIX: &'static str = "drv_";
}
/// Our id of a driver: `drv_` and a digest of the tenant and the OVN driver id.
pub type DriverId = Id<DriverKind>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DepositKind {}
impl Kind for DepositKind {
    const PREFIX: &'static str = "dep_";
}
/// Our id of a wallet deposit: `dep_` and a digest of the tenant and the deposit's reference.
pub type DepositId = Id<DepositKind>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChargeKind {}
impl Kind for ChargeKind {
    const PREFIX: &'static str = "chg_";
}
/// Our id of a card charge: `chg_` and a digest of the tenant and the charge's reference.
pub type ChargeId = Id<ChargeKind>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BatchKind {}
impl Kind for BatchKind {
    const PREFIX: &'static str = "batch_";
}
/// Our id of a batch: `batch_` and a ULID.
pub type BatchId = Id<BatchKind>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReviewKind {}
impl Kind for ReviewKind {
    const PREFIX: &'static str = "rev_";
}
/// Our id of a review: it names the attempt that is looked at, as `rev_...-a01`.
pub type ReviewId = Id<ReviewKind>;

impl ReviewId {
    /// The one review of an attempt.
    pub fn of(attempt: &AttemptRef) -> Self {
        let text = attempt.to_string();
        let rest = text.strip_prefix(PayoutKind::PREFIX).unwrap_or(&text);
        Self(format!("{}{rest}", ReviewKind::PREFIX), PhantomData)
    }

    /// The attempt it is about; none when no attempt can have this review.
    pub fn attempt(&self) -> Option<AttemptRef> {
        let rest = self.0.strip_prefix(ReviewKind::PREFIX)?;
        format!("{}{rest}", PayoutKind::PREFIX).parse().ok()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoadKind {}
impl Kind for LoadKind {
    const PREFIX: &'static str = "";
}
/// The ERP's id of a load.
pub type LoadId = Id<LoadKind>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OvnDriverKind {}
impl Kind for OvnDriverKind {
    const PREFIX: &'static str = "";
}
/// The ERP's id of a driver.
pub type OvnDriverId = Id<OvnDriverKind>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProviderKind {}
impl Kind for ProviderKind {
    const PREFIX: &'static str = "";
    /// OwlPay's are `ord_` and 64 hex digits.
    const MAX: usize = 80;
}
/// A provider's own id of the object it made for one attempt.
pub type ProviderId = Id<ProviderKind>;

/// Whether money is real. Test and live are separate worlds: the mode is part of every stored key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Test,
    Live,
}

impl Mode {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

/// A tenant in one mode, written `<tenant>~<mode>`. It comes from the credential only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId {
    name: String,
    mode: Mode,
}

impl TenantId {
    /// # Errors
    /// [`InvalidId`] when the name is not 1 to 32 characters of `a-z 0-9 -`.
    pub fn new(name: &str, mode: Mode) -> Result<Self, InvalidId> {
        let valid = (1..=32).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !valid {
            return Err(InvalidId {
                expected: "a tenant of 1 to 32 characters of a-z 0-9 -".to_owned(),
            });
        }
        Ok(Self {
            name: name.to_owned(),
            mode,
        })
    }

    pub const fn mode(&self) -> Mode {
        self.mode
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.name, self.mode.name())
    }
}

impl FromStr for TenantId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once('~') {
            Some((name, "test")) => Self::new(name, Mode::Test),
            Some((name, "live")) => Self::new(name, Mode::Live),
            _ => Err(InvalidId {
                expected: "a tenant and its mode, as acme~test".to_owned(),
            }),
        }
    }
}

impl Serialize for TenantId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TenantId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// The most attempts a payout may ever have; two digits hold it.
pub const ATTEMPTS_MAX: u8 = 9;

/// Our reference of one attempt, as the provider sees it: `<payout>-a<nn>`. A pure function of the
/// payout and the attempt number, so a repeat of an unclear call carries the same text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptRef {
    pub payout: PayoutId,
    /// 1 for the first attempt.
    pub number: u8,
}

impl AttemptRef {
    pub const fn new(payout: PayoutId, number: u8) -> Self {
        Self { payout, number }
    }
}

impl fmt::Display for AttemptRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-a{:02}", self.payout, self.number)
    }
}

impl FromStr for AttemptRef {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId {
            expected: "an attempt reference, as pay_...-a01".to_owned(),
        };
        let (payout, digits) = text.rsplit_once("-a").ok_or_else(invalid)?;
        if digits.len() != 2 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid());
        }
        let number: u8 = digits.parse().map_err(|_| invalid())?;
        if number == 0 {
            return Err(invalid());
        }
        Ok(Self::new(PayoutId::parse(payout)?, number))
    }
}

impl Serialize for AttemptRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AttemptRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// One submission to a provider that moves money: an attempt of a payout, or a card charge. Their texts
/// begin differently.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Submission {
    Attempt(AttemptRef),
    Charge(ChargeId),
}

impl fmt::Display for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attempt(reference) => reference.fmt(f),
            Self::Charge(id) => f.write_str(id.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_cannot_inject_a_key_separator() {
        let long = "x".repeat(65);
        for text in ["L#1", "", "L 1", "L/1", "Ł-1", "a\u{0}b", long.as_str()] {
            assert!(LoadId::parse(text).is_err(), "{text:?}");
        }
        assert!(LoadId::parse("L-12345").is_ok());
    }

    #[test]
    fn a_prefixed_id_needs_its_prefix_and_a_rest() {
        assert!(PayoutId::parse("pay_xyz").is_ok());
        assert!(PayoutId::parse("drv_xyz").is_err());
        assert!(PayoutId::parse("pay_").is_err());
    }

    #[test]
    fn a_reference_names_its_payout_and_attempt() {
        let reference = AttemptRef::new(PayoutId::parse("pay_7Q2").expect("valid"), 1);
        assert_eq!(reference.to_string(), "pay_7Q2-a01");
        assert_eq!("pay_7Q2-a01".parse(), Ok(reference));
        for text in [
            "pay_7Q2",
            "pay_7Q2-a1",
            "pay_7Q2-a00",
            "pay_7Q2-a+1",
            "x-a01",
        ] {
            assert!(text.parse::<AttemptRef>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_review_names_its_attempt() {
        let reference = AttemptRef::new(PayoutId::parse("pay_7Q2").expect("valid"), 2);
        let review = ReviewId::of(&reference);
        assert_eq!(review.as_str(), "rev_7Q2-a02");
        assert_eq!(review.attempt(), Some(reference));
        for text in ["rev_7Q2", "rev_7Q2-a00", "rev_-a01"] {
            let review = ReviewId::parse(text).expect("an id");
            assert_eq!(review.attempt(), None, "{text}");
        }
    }

    #[test]
    fn ids_minted_later_sort_later() {
        let early = PayoutId::mint(Timestamp::from_millis(1000), u128::MAX);
        let late = PayoutId::mint(Timestamp::from_millis(1001), 0);
        assert!(early < late);
    }

    #[test]
    fn test_and_live_are_different_tenants() {
        let test: TenantId = "acme~test".parse().expect("valid");
        assert_ne!(test, "acme~live".parse().expect("valid"));
        assert!("acme".parse::<TenantId>().is_err());
        assert!("ACME~test".parse::<TenantId>().is_err());
    }
}
