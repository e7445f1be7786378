//! The callbacks the twins still have to send.

use rusqlite::{Row, params};

use super::Page;

/// One callback that waits to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Callback {
    /// Number in the books; 0 before it is in them.
    pub(crate) seq: i64,
    pub(crate) provider: String,
    pub(crate) object_id: String,
    pub(crate) reference: String,
    pub(crate) url: String,
    /// Exactly the bytes that are signed and sent.
    pub(crate) body: Vec<u8>,
    pub(crate) test_mode: bool,
    /// When to send it, Unix milliseconds of the sandbox clock.
    pub(crate) due_ms: i64,
    /// How often it was sent in vain.
    pub(crate) tries: u32,
}

impl Page<'_> {
    pub(crate) fn queue_callback(&self, callback: &Callback) -> rusqlite::Result<()> {
        self.0
            .prepare_cached(
                "INSERT INTO callbacks (provider, object_id, reference, url, body, test_mode, due_ms, tries, held)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0)",
            )?
            .execute(params![
                callback.provider,
                callback.object_id,
                callback.reference,
                callback.url,
                callback.body,
                callback.test_mode,
                callback.due_ms
            ])?;
        Ok(())
    }

    /// Up to `limit` callbacks due at `now_ms`, in the order they became due.
    pub(crate) fn due_callbacks(&self, now_ms: i64, limit: u32) -> rusqlite::Result<Vec<Callback>> {
        self.0
            .prepare_cached(
                "SELECT seq, provider, object_id, reference, url, body, test_mode, due_ms, tries
                 FROM callbacks WHERE held = 0 AND due_ms <= ?1 ORDER BY due_ms, seq LIMIT ?2",
            )?
            .query_map(params![now_ms, limit], read_callback)?
            .collect()
    }

    /// When the next callback is due, held ones aside.
    pub(crate) fn next_due_ms(&self) -> rusqlite::Result<Option<i64>> {
        self.0
            .prepare_cached("SELECT MIN(due_ms) FROM callbacks WHERE held = 0")?
            .query_row([], |row| row.get(0))
    }

    pub(crate) fn drop_callback(&self, seq: i64) -> rusqlite::Result<()> {
        self.0
            .prepare_cached("DELETE FROM callbacks WHERE seq = ?1")?
            .execute(params![seq])?;
        Ok(())
    }

    /// Forgets the callbacks about an object that are due after `after_ms` and were never tried.
    pub(crate) fn forget_callbacks(
        &self,
        provider: &str,
        object_id: &str,
        after_ms: i64,
    ) -> rusqlite::Result<()> {
        self.0
            .prepare_cached(
                "DELETE FROM callbacks WHERE provider = ?1 AND object_id = ?2 AND due_ms > ?3 AND tries = 0",
            )?
            .execute(params![provider, object_id, after_ms])?;
        Ok(())
    }

    pub(crate) fn put_off_callback(
        &self,
        seq: i64,
        tries: u32,
        due_ms: i64,
    ) -> rusqlite::Result<()> {
        self.0
            .prepare_cached("UPDATE callbacks SET tries = ?2, due_ms = ?3 WHERE seq = ?1")?
            .execute(params![seq, tries, due_ms])?;
        Ok(())
    }

    pub(crate) fn hold_callback(&self, seq: i64) -> rusqlite::Result<()> {
        self.0
            .prepare_cached("UPDATE callbacks SET held = 1 WHERE seq = ?1")?
            .execute(params![seq])?;
        Ok(())
    }

    /// Makes the held callbacks of a provider due at `now_ms`; true when there were any.
    pub(crate) fn release_callbacks(&self, provider: &str, now_ms: i64) -> rusqlite::Result<bool> {
        let released = self
            .0
            .prepare_cached(
                "UPDATE callbacks SET held = 0, due_ms = ?2 WHERE held = 1 AND provider = ?1",
            )?
            .execute(params![provider, now_ms])?;
        Ok(released > 0)
    }
}

fn read_callback(row: &Row<'_>) -> rusqlite::Result<Callback> {
    Ok(Callback {
        seq: row.get(0)?,
        provider: row.get(1)?,
        object_id: row.get(2)?,
        reference: row.get(3)?,
        url: row.get(4)?,
        body: row.get(5)?,
        test_mode: row.get(6)?,
        due_ms: row.get(7)?,
        tries: row.get(8)?,
    })
}
