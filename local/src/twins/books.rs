//! The durable books of the twins: provider objects, callbacks still to send, ordered faults and outcomes.
//!
//! A real provider forgets nothing when its clients crash, so the twins do not either: every change is
//! one SQLite transaction, in the write-ahead log before the answer leaves.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

mod draw;
mod orders;
mod outbox;

pub(crate) use orders::{FaultOrder, ShareOrder, Target};
pub(crate) use outbox::Callback;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    id TEXT NOT NULL,
    reference TEXT NOT NULL,
    record TEXT NOT NULL,
    UNIQUE (provider, id),
    UNIQUE (provider, reference)
);
CREATE INDEX IF NOT EXISTS objects_by_age ON objects (provider, seq);
CREATE TABLE IF NOT EXISTS callbacks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    object_id TEXT NOT NULL,
    reference TEXT NOT NULL,
    url TEXT NOT NULL,
    body BLOB NOT NULL,
    test_mode INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    held INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (due_ms, seq) WHERE held = 0;
CREATE INDEX IF NOT EXISTS callbacks_held ON callbacks (provider) WHERE held = 1;
CREATE TABLE IF NOT EXISTS faults (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    side TEXT NOT NULL,
    operation TEXT NOT NULL,
    reference TEXT,
    fault TEXT NOT NULL,
    times INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS fault_shares (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    side TEXT NOT NULL,
    operation TEXT NOT NULL,
    reference TEXT,
    faults TEXT NOT NULL,
    percent INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    misbehaved INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS outcomes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    reference TEXT,
    status TEXT NOT NULL
);
";

/// The books of all twins of one sandbox. Clones share one connection.
#[derive(Clone, Debug)]
pub struct Books {
    connection: Arc<Mutex<Connection>>,
}

impl Books {
    /// Books in the SQLite file at `path`, made when missing. They survive the process being killed.
    ///
    /// Errors: the file cannot be opened or is not a database.
    pub fn on_file(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        Self::with(connection)
    }

    /// Books that end with the process.
    ///
    /// Errors: SQLite has no memory for them.
    pub fn in_memory() -> rusqlite::Result<Self> {
        Self::with(Connection::open_in_memory()?)
    }

    fn with(connection: Connection) -> rusqlite::Result<Self> {
        connection.execute_batch(TABLES)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    /// Runs `work` on the books as one transaction: kept when it ends well, undone when it fails.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Page<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.write_with(work)
    }

    /// As [`write`](Self::write), for work that can fail in ways of its own.
    pub(crate) fn write_with<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Page<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        let made = work(&Page(&transaction))?;
        transaction.commit()?;
        Ok(made)
    }

    /// Runs `work`, which only reads, on the books.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Page<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.read_with(work)
    }

    /// As [`read`](Self::read), for work that can fail in ways of its own.
    pub(crate) fn read_with<T, E>(
        &self,
        work: impl FnOnce(&Page<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        work(&Page(&connection))
    }
}

/// The open books inside one transaction.
pub(crate) struct Page<'a>(&'a Connection);

/// One object of a provider, as its twin keeps it: `record` is the twin's own JSON.
pub(crate) struct Object<'a> {
    pub(crate) provider: &'a str,
    pub(crate) id: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) record: &'a str,
}

/// Where a list of objects, newest first, starts.
pub(crate) enum Start<'a> {
    Newest,
    /// The objects made just before the one of this id.
    Before(&'a str),
    /// The objects made just after the one of this id.
    After(&'a str),
}

impl Page<'_> {
    /// Adds an object; false, and nothing changed, when its reference or id is taken.
    pub(crate) fn insert(&self, object: &Object<'_>) -> rusqlite::Result<bool> {
        let added = self
            .0
            .prepare_cached(
                "INSERT OR IGNORE INTO objects (provider, id, reference, record) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                object.provider,
                object.id,
                object.reference,
                object.record
            ])?;
        Ok(added == 1)
    }

    /// Replaces the record of an object that is in the books.
    pub(crate) fn replace(&self, object: &Object<'_>) -> rusqlite::Result<()> {
        self.0
            .prepare_cached("UPDATE objects SET record = ?3 WHERE provider = ?1 AND id = ?2")?
            .execute(params![object.provider, object.id, object.record])?;
        Ok(())
    }

    /// Gives an object that is in the books the reference of `object`; false, and nothing changed, when it is taken.
    pub(crate) fn rename(&self, object: &Object<'_>) -> rusqlite::Result<bool> {
        let changed = self
            .0
            .prepare_cached(
                "UPDATE OR IGNORE objects SET reference = ?3 WHERE provider = ?1 AND id = ?2",
            )?
            .execute(params![object.provider, object.id, object.reference])?;
        Ok(changed == 1)
    }

    pub(crate) fn by_id(&self, provider: &str, id: &str) -> rusqlite::Result<Option<String>> {
        self.0
            .prepare_cached("SELECT record FROM objects WHERE provider = ?1 AND id = ?2")?
            .query_row(params![provider, id], |row| row.get(0))
            .optional()
    }

    pub(crate) fn by_reference(
        &self,
        provider: &str,
        reference: &str,
    ) -> rusqlite::Result<Option<String>> {
        self.0
            .prepare_cached("SELECT record FROM objects WHERE provider = ?1 AND reference = ?2")?
            .query_row(params![provider, reference], |row| row.get(0))
            .optional()
    }

    /// The reference of the object with this id.
    pub(crate) fn reference_of(
        &self,
        provider: &str,
        id: &str,
    ) -> rusqlite::Result<Option<String>> {
        self.0
            .prepare_cached("SELECT reference FROM objects WHERE provider = ?1 AND id = ?2")?
            .query_row(params![provider, id], |row| row.get(0))
            .optional()
    }

    /// The objects whose reference is in the range, oldest first.
    pub(crate) fn in_range(
        &self,
        provider: &str,
        references: Range<&str>,
    ) -> rusqlite::Result<Vec<String>> {
        self.0
            .prepare_cached(
                "SELECT record FROM objects WHERE provider = ?1 AND reference >= ?2 AND reference < ?3 ORDER BY seq",
            )?
            .query_map(
                params![provider, references.start, references.end],
                |row| row.get(0),
            )?
            .collect()
    }

    /// Every object of a provider, oldest first.
    pub(crate) fn all(&self, provider: &str) -> rusqlite::Result<Vec<String>> {
        self.0
            .prepare_cached("SELECT record FROM objects WHERE provider = ?1 ORDER BY seq")?
            .query_map(params![provider], |row| row.get(0))?
            .collect()
    }

    /// Up to `size` objects next to `from`, newest first; `None` when the object `from` names is unknown.
    pub(crate) fn list(
        &self,
        provider: &str,
        from: &Start<'_>,
        size: u32,
    ) -> rusqlite::Result<Option<Vec<String>>> {
        let edge = match from {
            Start::Newest => i64::MAX,
            Start::Before(id) | Start::After(id) => {
                let seq = self
                    .0
                    .prepare_cached("SELECT seq FROM objects WHERE provider = ?1 AND id = ?2")?
                    .query_row(params![provider, id], |row| row.get(0))
                    .optional()?;
                match seq {
                    Some(seq) => seq,
                    None => return Ok(None),
                }
            }
        };
        let newer = matches!(from, Start::After(_));
        let text = if newer {
            "SELECT record FROM objects WHERE provider = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3"
        } else {
            "SELECT record FROM objects WHERE provider = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3"
        };
        let mut records = self
            .0
            .prepare_cached(text)?
            .query_map(params![provider, edge, size], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<String>>>()?;
        if newer {
            records.reverse();
        }
        Ok(Some(records))
    }
}
