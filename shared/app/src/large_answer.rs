//! Answers that are too large for one item: stored in parts beside the record of the request key, in one
//! unit, so that a repeat gets all of the bytes or none.

use domain::time::Timestamp;

use crate::{
    changes::{Changes, Write},
    error::Error,
    port::Store,
    record::{AnswerPart, Key, Record, RequestRecord},
    request_key::{Answered, Asking, RequestKey},
};

/// The most bytes of one part.
pub(crate) const PART_MAX: usize = 256 * 1024;

/// The stored answer as it is this moment, when this request was answered before.
///
/// # Errors
/// [`Error::KeyReused`] when the key came with another request; `Unavailable`.
pub(crate) async fn replay_now<T>(
    store: &impl Store,
    asking: &Asking<'_, T>,
    now: Timestamp,
) -> Result<Option<Answered<T>>, Error> {
    let Some(key) = asking.stored_at() else {
        return Ok(None);
    };
    let found = store.fetch(&[key]).await?.into_iter().next().flatten();
    let replayed = asking.replay(found.as_ref(), now)?;
    match (replayed, found) {
        (Some(_), Some(Record::Request(stored))) if stored.parts > 0 => {
            let body = joined(store, &stored).await?;
            Ok(Some(Answered::Replayed { body }))
        }
        (replayed, _) => Ok(replayed),
    }
}

/// Stores an answer under its request key. When the same request stored one meanwhile, that is the answer of
/// both.
///
/// # Errors
/// [`Error::KeyReused`] when the key was used with another request meanwhile; `Unavailable`.
pub(crate) async fn remember<T>(
    store: &impl Store,
    asking: &Asking<'_, T>,
    (it, body): (T, String),
    (tx_id, now): (String, Timestamp),
) -> Result<Answered<T>, Error> {
    let Some(key) = asking.key else {
        return Ok(Answered::Fresh { it, body });
    };
    let changes = Changes::new("remember-answer", tx_id);
    let changes = records(asking, key, &body)
        .into_iter()
        .fold(changes, |changes, record| {
            changes.write(Write::Remember { record, now })
        });
    let Err(error) = store.commit(changes).await else {
        return Ok(Answered::Fresh { it, body });
    };
    match replay_now(store, asking, now).await? {
        Some(replayed) => Ok(replayed),
        None => Err(error.into()),
    }
}

/// The record of the key, and the parts of the answer.
fn records<T>(asking: &Asking<'_, T>, key: &RequestKey, body: &str) -> Vec<Record> {
    let texts = match body.len() > PART_MAX {
        true => parts(body),
        false => Vec::new(),
    };
    let record = Record::Request(Box::new(RequestRecord {
        tenant: asking.tenant.clone(),
        digest: key.digest.clone(),
        fingerprint: key.fingerprint.clone(),
        status: 200,
        body: match texts.is_empty() {
            true => body.to_owned(),
            false => String::new(),
        },
        secret: None,
        expires_at: key.expires_at,
        parts: u32::try_from(texts.len()).unwrap_or(u32::MAX),
    }));
    let parts = (1..).zip(texts).map(|(number, text)| {
        Record::AnswerPart(Box::new(AnswerPart {
            tenant: asking.tenant.clone(),
            digest: key.digest.clone(),
            number,
            text: text.to_owned(),
            expires_at: key.expires_at,
        }))
    });
    std::iter::once(record).chain(parts).collect()
}

/// The text in pieces of at most [`PART_MAX`] bytes.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.floor_char_boundary(PART_MAX));
        parts.push(part);
        rest = after;
    }
    parts
}

async fn joined(store: &impl Store, stored: &RequestRecord) -> Result<String, Error> {
    let keys: Vec<_> = (1..=stored.parts)
        .map(|number| Key::AnswerPart(stored.tenant.clone(), stored.digest.clone(), number))
        .collect();
    let mut body = String::new();
    for found in store.fetch(&keys).await? {
        let Some(Record::AnswerPart(part)) = found else {
            let cause = "a part of a stored answer is missing".to_owned();
            return Err(Error::Unavailable { cause });
        };
        body.push_str(&part.text);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_its_characters() {
        let text = format!("x{}", "é".repeat(PART_MAX));
        let parts = parts(&text);
        assert!(parts.iter().all(|part| part.len() <= PART_MAX));
        assert_eq!(parts.len(), 3);
        assert_eq!(parts.concat(), text);
    }
}
