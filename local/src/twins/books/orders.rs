//! The faults and outcomes ordered over the control API and not used up yet.

use rusqlite::{OptionalExtension, params};
use serde::Serialize;

use super::{Page, draw::Draw};

/// The calls that an order of faults is about, or one call that looks for an order.
pub(crate) struct Target<'a> {
    pub(crate) provider: &'a str,
    /// `call` for calls to the provider, `callback` for calls from it.
    pub(crate) side: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) reference: Option<&'a str>,
}

/// A number of calls to spoil, as `/_control/faults` took it.
pub(crate) struct FaultOrder<'a> {
    pub(crate) target: Target<'a>,
    pub(crate) fault: &'a str,
    pub(crate) times: u32,
}

/// A share of all calls to spoil, as `/_control/faults` took it.
pub(crate) struct ShareOrder<'a> {
    pub(crate) target: Target<'a>,
    /// What can go wrong, joined by commas.
    pub(crate) faults: &'a str,
    /// Of a hundred calls, 1 to 100.
    pub(crate) percent: u32,
    pub(crate) seed: u32,
}

/// A share that is in force, with the calls that met it so far.
#[derive(Debug, Serialize)]
pub(crate) struct Share {
    provider: String,
    operation: String,
    reference: Option<String>,
    faults: Vec<String>,
    #[serde(rename = "share")]
    percent: u32,
    seed: u32,
    calls: u64,
    misbehaved: u64,
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
                order.target.provider,
                order.target.side,
                order.target.operation,
                order.target.reference,
                order.fault,
                order.times
            ])?;
        Ok(())
    }

    /// The oldest fault ordered for this call.
    pub(crate) fn next_fault(&self, wanted: &Target<'_>) -> rusqlite::Result<Option<NextFault>> {
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
    pub(crate) fn take_fault(&self, wanted: &Target<'_>) -> rusqlite::Result<Option<String>> {
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

    pub(crate) fn order_share(&self, order: &ShareOrder<'_>) -> rusqlite::Result<()> {
        self.0
            .prepare_cached(
                "INSERT INTO fault_shares
                     (provider, side, operation, reference, faults, percent, seed, calls, misbehaved)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0)",
            )?
            .execute(params![
                order.target.provider,
                order.target.side,
                order.target.operation,
                order.target.reference,
                order.faults,
                order.percent,
                order.seed
            ])?;
        Ok(())
    }

    /// Whether a share is in force for this call.
    pub(crate) fn has_share(&self, wanted: &Target<'_>) -> rusqlite::Result<bool> {
        self.0
            .prepare_cached(
                "SELECT 1 FROM fault_shares
                 WHERE provider = ?1 AND side = ?2 AND operation IN (?3, '*')
                   AND (reference IS NULL OR reference = ?4)
                 LIMIT 1",
            )?
            .exists(params![
                wanted.provider,
                wanted.side,
                wanted.operation,
                wanted.reference
            ])
    }

    /// Counts this call for the oldest share that is in force for it, and names what goes wrong with it, if anything.
    pub(crate) fn draw_fault(&self, wanted: &Target<'_>) -> rusqlite::Result<Option<String>> {
        let met = self
            .0
            .prepare_cached(
                "UPDATE fault_shares SET calls = calls + 1 WHERE seq = (
                     SELECT seq FROM fault_shares
                     WHERE provider = ?1 AND side = ?2 AND operation IN (?3, '*')
                       AND (reference IS NULL OR reference = ?4)
                     ORDER BY seq LIMIT 1)
                 RETURNING seq, faults, percent, seed, calls",
            )?
            .query_row(
                params![
                    wanted.provider,
                    wanted.side,
                    wanted.operation,
                    wanted.reference
                ],
                |row| {
                    let (seq, faults): (i64, String) = (row.get(0)?, row.get(1)?);
                    let percent: u32 = row.get(2)?;
                    Ok((seq, faults, percent, Draw::of(row.get(3)?, row.get(4)?)))
                },
            )
            .optional()?;
        let Some((seq, faults, percent, draw)) = met else {
            return Ok(None);
        };
        let faults: Vec<_> = faults.split(',').collect();
        let Some(fault) = draw.one_of(percent, &faults) else {
            return Ok(None);
        };
        self.0
            .prepare_cached("UPDATE fault_shares SET misbehaved = misbehaved + 1 WHERE seq = ?1")?
            .execute(params![seq])?;
        Ok(Some((*fault).to_owned()))
    }

    /// The shares in force, oldest first.
    pub(crate) fn shares(&self) -> rusqlite::Result<Vec<Share>> {
        self.0
            .prepare_cached(
                "SELECT provider, operation, reference, faults, percent, seed, calls, misbehaved
                 FROM fault_shares ORDER BY seq",
            )?
            .query_map([], |row| {
                let faults: String = row.get(3)?;
                Ok(Share {
                    provider: row.get(0)?,
                    operation: row.get(1)?,
                    reference: row.get(2)?,
                    faults: faults.split(',').map(str::to_owned).collect(),
                    percent: row.get(4)?,
                    seed: row.get(5)?,
                    calls: row.get(6)?,
                    misbehaved: row.get(7)?,
                })
            })?
            .collect()
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
            .execute_batch("DELETE FROM faults; DELETE FROM fault_shares; DELETE FROM outcomes;")?;
        self.0
            .prepare_cached("UPDATE callbacks SET held = 0, due_ms = ?1 WHERE held = 1")?
            .execute(params![now_ms])?;
        Ok(())
    }
}
