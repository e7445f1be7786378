//! What a batch will do, as one text that two people can agree on.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

use super::{LINES_MAX, Line};

/// The digest of a plan, and four digits of each of its lines: enough to say which lines differ without
/// keeping any plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanHash {
    /// SHA-256 over all lines, in lower-case hex.
    pub digest: String,
    /// None for a hash that was sent without its lines.
    marks: Option<String>,
}

const DIGEST: usize = 64;
const MARK: usize = 4;

impl PlanHash {
    /// The longest text of a hash.
    pub const TEXT_MAX: usize = DIGEST + 1 + MARK * LINES_MAX as usize;

    pub fn of<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Self {
        let mut whole = Sha256::new();
        let mut marks = String::new();
        for line in lines {
            let text = format!("{line}\n");
            whole.update(text.as_bytes());
            let digest = Sha256::digest(text.as_bytes());
            marks.push_str(&hex::encode(&digest[..MARK / 2]));
        }
        Self {
            digest: hex::encode(whole.finalize()),
            marks: Some(marks),
        }
    }

    pub fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest
    }

    /// The places, from 0, in which another plan differs: those with other digits, and those only one of them
    /// has. None when either came without its lines.
    pub fn differing(&self, other: &Self) -> Option<Vec<usize>> {
        let (ours, theirs) = (self.marks.as_deref()?, other.marks.as_deref()?);
        let mark = |marks: &str, index: usize| {
            marks
                .get(index * MARK..(index + 1) * MARK)
                .map(str::to_owned)
        };
        let lines = ours.len().max(theirs.len()) / MARK;
        let differs = (0..lines).filter(|index| mark(ours, *index) != mark(theirs, *index));
        Some(differs.collect())
    }
}

/// A text that is no plan hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the planHash of a preview or a batch")]
pub struct InvalidPlanHash;

impl fmt::Display for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.marks {
            Some(marks) => write!(f, "{}.{marks}", self.digest),
            None => f.write_str(&self.digest),
        }
    }
}

impl FromStr for PlanHash {
    type Err = InvalidPlanHash;
    fn from_str(text: &str) -> Result<Self, InvalidPlanHash> {
        let (digest, marks) = match text.split_once('.') {
            Some((digest, marks)) => (digest, Some(marks)),
            None => (text, None),
        };
        let is_hex = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
        };
        let fits = digest.len() == DIGEST
            && is_hex(digest)
            && text.len() <= Self::TEXT_MAX
            && marks.is_none_or(|marks| is_hex(marks) && marks.len() % MARK == 0);
        if !fits {
            return Err(InvalidPlanHash);
        }
        Ok(Self {
            digest: digest.to_owned(),
            marks: marks.map(str::to_owned),
        })
    }
}
