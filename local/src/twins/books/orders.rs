//! The faults and outcomes ordered over the control API and not used up yet.

use rusqlite::{OptionalExtension, params};

use super::Page;

/// One fault order as `/_control/faults` took it.
pub(crate) struct FaultOrder<'a> {
    pub(crate) provider: &'a str,
    /// `call` for calls to the provider, `callback` for calls from it.
    pub(crate) side: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) reference: Option<&'a str>,
    pub(crate) fault: &'a str,
    pub(crate) times: u32,
}

/// The fault that is next for a call.
pub(crate) struct NextFault {
    seq: i64,
    fault: String,
    times: u32,
}

impl Page<'_> {
    pub(crate) fn order_fault(&self, order: &FaultOrder<'_>) -> rusqlite::Result<()> {
        self.0
            .prepare_cached(
                "INSERT INTO faults (provider, side, operation, reference, fault, times) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                order.provider,
                order.side,
                order.operation,
                order.reference,
                order.fault,
                order.times
            ])?;
        Ok(())
    }

    /// The oldest fault ordered for this call; `fault` and `times` of `wanted` are not looked at.
    pub(crate) fn next_fault(
        &self,
        wanted: &FaultOrder<'_>,
    ) -> rusqlite::Result<Option<NextFault>> {
        self.0
            .prepare_cached(
                "SELECT seq, fault, times FROM faults
                 WHERE provider = ?1 AND side = ?2 AND operation IN (?3, '*')
                   AND (reference IS NULL OR reference = ?4)
                 ORDER BY seq LIMIT 1",
            )?
            .query_row(
                params![
                    wanted.provider,
                    wanted.side,
                    wanted.operation,
                    wanted.reference
                ],
                |row| {
                    Ok(NextFault {
                        seq: row.get(0)?,
                        fault: row.get(1)?,
                        times: row.get(2)?,
                    })
                },
            )
            .optional()
    }

    /// Uses up one time of the fault [`next_fault`](Self::next_fault) finds, and names it.
    pub(crate) fn take_fault(&self, wanted: &FaultOrder<'_>) -> rusqlite::Result<Option<String>> {
        let Some(next) = self.next_fault(wanted)? else {
            return Ok(None);
        };
        let text = if next.times > 1 {
            "UPDATE faults SET times = times - 1 WHERE seq = ?1"
        } else {
            "DELETE FROM faults WHERE seq = ?1"
        };
        self.0.prepare_cached(text)?.execute(params![next.seq])?;
        Ok(Some(next.fault))
    }

    pub(crate) fn order_outcome(
        &self,
        provider: &str,
        reference: Option<&str>,
        status: &str,
    ) -> rusqlite::Result<()> {
        self.0
            .prepare_cached(
                "INSERT INTO outcomes (provider, reference, status) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![provider, reference, status])?;
        Ok(())
    }

    /// Uses up the oldest outcome ordered for this payment; one that names it goes before one for any payment.
    pub(crate) fn take_outcome(
        &self,
        provider: &str,
        reference: &str,
    ) -> rusqlite::Result<Option<String>> {
        self.0
            .prepare_cached(
                "DELETE FROM outcomes WHERE seq = (
                     SELECT seq FROM outcomes WHERE provider = ?1 AND (reference IS NULL OR reference = ?2)
                     ORDER BY reference IS NULL, seq LIMIT 1)
                 RETURNING status",
            )?
            .query_row(params![provider, reference], |row| row.get(0))
            .optional()
    }

    /// Forgets every fault and outcome and lets held callbacks go at `now_ms`.
    pub(crate) fn reset(&self, now_ms: i64) -> rusqlite::Result<()> {
        self.0
            .execute_batch("DELETE FROM faults; DELETE FROM outcomes;")?;
        self.0
            .prepare_cached("UPDATE callbacks SET held = 0, due_ms = ?1 WHERE held = 1")?
            .execute(params![now_ms])?;
        Ok(())
    }
}
