//! The twin's part of the books: one shelf per mode, so that no key sees the objects of the other mode.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::Failed;
use crate::twins::books::{Object, Page};
use crate::twins::spoiled;

const ALPHANUMERICS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_CHARS: usize = 23;
/// Ends the merchant's number in the key of a further order with the same number. No number holds it.
pub(crate) const FURTHER: char = '\n';
const AFTER_FURTHER: char = '\u{b}';

/// Test or live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Test,
    Live,
}

impl Mode {
    pub(crate) const ALL: [Self; 2] = [Self::Test, Self::Live];

    pub(crate) fn is_test(self) -> bool {
        match self {
            Self::Test => true,
            Self::Live => false,
        }
    }
}

/// A kind of objects on the shelf.
pub(crate) trait Kept: Serialize + DeserializeOwned {
    /// What it is called in the books.
    const KIND: &'static str;

    fn uuid(&self) -> &str;

    /// Unique in its kind and mode.
    fn key(&self) -> &str;

    /// What the clock made of it since it was written.
    fn catch_up(&mut self, now_s: i64);
}

/// The objects of one mode at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Shelf<'a> {
    pub(crate) page: &'a Page<'a>,
    pub(crate) mode: Mode,
    pub(crate) now_ms: i64,
}

impl<'a> Shelf<'a> {
    pub(crate) fn new(page: &'a Page<'a>, mode: Mode, now_ms: i64) -> Self {
        Self { page, mode, now_ms }
    }

    /// Unix seconds.
    pub(crate) fn now_s(&self) -> i64 {
        self.now_ms.div_euclid(1000)
    }

    /// False, and nothing changed, when the key is taken.
    pub(crate) fn insert<T: Kept>(&self, object: &T) -> Result<bool, Failed> {
        let (provider, record) = (self.provider::<T>(), record(object)?);
        Ok(self.page.insert(&of(&provider, object, &record))?)
    }

    /// Replaces an object that is on the shelf; false when its key has become one that is taken.
    pub(crate) fn replace<T: Kept>(&self, object: &T) -> Result<bool, Failed> {
        let (provider, record) = (self.provider::<T>(), record(object)?);
        let object = of(&provider, object, &record);
        if !self.page.rename(&object)? {
            return Ok(false);
        }
        self.page.replace(&object)?;
        Ok(true)
    }

    pub(crate) fn by_uuid<T: Kept>(&self, uuid: &str) -> Result<Option<T>, Failed> {
        let record = self.page.by_id(&self.provider::<T>(), uuid)?;
        record.map(|record| self.now(&record)).transpose()
    }

    pub(crate) fn by_key<T: Kept>(&self, key: &str) -> Result<Option<T>, Failed> {
        let record = self.page.by_reference(&self.provider::<T>(), key)?;
        record.map(|record| self.now(&record)).transpose()
    }

    /// What has this key, and what was made further with it, oldest first.
    pub(crate) fn all_of_key<T: Kept>(&self, key: &str) -> Result<Vec<T>, Failed> {
        let end = format!("{key}{AFTER_FURTHER}");
        let records = self
            .page
            .in_range(&self.provider::<T>(), key..end.as_str())?;
        records.iter().map(|record| self.now(record)).collect()
    }

    /// Everything of a kind, newest first.
    pub(crate) fn all<T: Kept>(&self) -> Result<Vec<T>, Failed> {
        let records = self.page.all(&self.provider::<T>())?;
        let newest_first = records.iter().rev();
        newest_first.map(|record| self.now(record)).collect()
    }

    fn provider<T: Kept>(&self) -> String {
        let mode = match self.mode {
            Mode::Test => "test",
            Mode::Live => "live",
        };
        format!("owlpay.{}.{mode}", T::KIND)
    }

    fn now<T: Kept>(&self, record: &str) -> Result<T, Failed> {
        let mut object: T = serde_json::from_str(record).map_err(spoiled)?;
        object.catch_up(self.now_s());
        Ok(object)
    }
}

fn record(object: &impl Kept) -> Result<String, Failed> {
    Ok(serde_json::to_string(object).map_err(spoiled)?)
}

fn of<'a>(provider: &'a str, object: &'a impl Kept, record: &'a str) -> Object<'a> {
    Object {
        provider,
        id: object.uuid(),
        reference: object.key(),
        record,
    }
}

/// A fresh id: `prefix` and 23 letters and digits.
pub(crate) fn new_id(prefix: &str) -> String {
    let letter = |byte: u8| char::from(ALPHANUMERICS[usize::from(byte) % ALPHANUMERICS.len()]);
    let letters = random::<ID_CHARS>().into_iter().map(letter);
    prefix.chars().chain(letters).collect()
}

/// A fresh id: `prefix` and 64 hexadecimal digits.
pub(crate) fn new_hex_id(prefix: &str) -> String {
    format!("{prefix}{}", hex::encode(random::<32>()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the twin draws its own ids, as the provider does; nobody replays it"
)]
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the computer has random bytes");
    bytes
}
