//! Records of batches that examples are written from: a delivered load is accepted, another has a payout already.

use std::collections::BTreeMap;

use app::{
    batch_lines::{Fate, LineNow},
    batch_plan::{Holder, Plan, PlannedLine},
    error::{BadLine, ChangedLine, Error},
    get_batch::BatchNow,
    preview_batch::Preview,
    report_batch::BatchReport,
    retry_batch::{BatchRetry, HeldLine},
};
use domain::{
    batch::{
        Approval, Assembly, Batch, BatchStatus, Counts, FeeTerms, Hand, Line, Lines, ManifestMark,
        Rejection, Verdict,
    },
    driver::MethodKind,
    fee::{Channel, FeeSchedule, Rail},
    ids::{BatchId, LoadId, PayoutId},
    payout::Payout,
    routing::Provider,
};

use super::samples::Samples;

pub(super) struct BatchSamples {
    pub(super) batch: Batch,
    pub(super) now: BatchNow,
    pub(super) preview: Preview,
    pub(super) approved: Batch,
    pub(super) released: Batch,
    pub(super) canceled: Batch,
    pub(super) retry: BatchRetry,
    pub(super) line: LineNow,
    pub(super) report: BatchReport,
    taken: BadLine,
}

fn parsed<T, E: ToString>(parsed: Result<T, E>) -> Result<T, Error> {
    parsed.map_err(|error| Error::invalid("", &error.to_string()))
}

impl BatchSamples {
    /// # Errors
    /// When an id or an amount is not valid.
    pub(super) fn new(samples: &Samples) -> Result<Self, Error> {
        let other = parsed(LoadId::parse("L-12346"))?;
        let holder = parsed(PayoutId::parse("pay_01M7Y8BCGA4T04JNKTBYHB7SCM"))?;
        let plan = plan(samples, &other, &holder)?;
        let accepted = plan.accepted()?;
        let batch = batch(samples, &plan)?;
        let in_status = |status| Batch {
            status,
            ..batch.clone()
        };
        let line = LineNow {
            number: 1,
            line: plan.lines[0].line.clone(),
            fate: Fate::Payout(Box::new(Payout {
                quote: batch.terms.quote(plan.lines[0].line.fee),
                ..samples.completed.clone()
            })),
        };
        let rejected = LineNow {
            number: 2,
            line: plan.lines[1].line.clone(),
            fate: Fate::Rejected(Rejection::LoadHeld),
        };
        let approval = Approval {
            by: Hand {
                key: "appr0v3d3sk1".to_owned(),
                owner: "finance".to_owned(),
            },
            plan: batch.plan.clone(),
            at: samples.now,
            lapses_at: samples.now.plus(std::time::Duration::from_secs(24 * 3_600)),
        };
        let amount = accepted.amount.get();
        Ok(Self {
            now: BatchNow {
                batch: in_status(BatchStatus::Queued),
                counts: Counts {
                    left: 1,
                    open: 1,
                    open_cents: amount,
                    rejected: 1,
                    rejected_cents: amount,
                    ..Counts::default()
                },
            },
            approved: Batch {
                approval: Some(approval),
                ..in_status(BatchStatus::Queued)
            },
            released: Batch {
                released_at: Some(samples.now),
                ..in_status(BatchStatus::Processing)
            },
            canceled: Batch {
                canceled_at: Some(samples.now),
                ..in_status(BatchStatus::Canceled)
            },
            retry: BatchRetry {
                batch: in_status(BatchStatus::Processing),
                retrying: 1,
                outcome_unknown: 1,
                in_review: 0,
                open: 0,
                held: vec![HeldLine {
                    line: 2,
                    payout: samples.payout.id.clone(),
                }],
            },
            report: BatchReport {
                batch: batch.clone(),
                lines: vec![line.clone(), rejected],
                attempts: BTreeMap::new(),
            },
            preview: Preview {
                plan,
                accepted,
                available: samples.balances.available,
            },
            taken: BadLine {
                line: 2,
                load: other,
                why: Rejection::LoadHeld,
                first: None,
                payout: Some(holder),
                batch: None,
            },
            line,
            batch,
        })
    }

    /// A line whose load has a payout.
    pub(super) fn taken(&self) -> Error {
        Error::BadLines(vec![self.taken.clone()])
    }

    /// A line whose load nobody registered.
    pub(super) fn unknown(&self) -> Error {
        let unknown = BadLine {
            why: Rejection::LoadNotFound,
            payout: None,
            ..self.taken.clone()
        };
        Error::BadLines(vec![unknown])
    }

    /// A line that is not as it was planned.
    pub(super) fn changed(&self) -> Error {
        let line = &self.line.line;
        Error::PlanChanged(vec![ChangedLine {
            line: 1,
            now: Some(Line {
                verdict: Verdict::Rejected(Rejection::DriverNotActive),
                ..line.clone()
            }),
        }])
    }

    /// A file that is a batch already.
    pub(super) fn known(&self) -> Error {
        Error::FileKnown(self.batch.id.clone())
    }
}

fn plan(samples: &Samples, other: &LoadId, holder: &PayoutId) -> Result<Plan, Error> {
    let load = &samples.load;
    let fee = FeeSchedule::default().quote(Rail::Standard, Channel::Batch, load.amount)?;
    let accepted = PlannedLine {
        line: Line {
            load: load.id.clone(),
            driver: Some(load.driver.clone()),
            amount: load.amount,
            fee: fee.fee,
            verdict: Verdict::Accepted,
        },
        driver_name: Some(load.driver_name.clone()),
        holder: None,
        first: None,
        route: Some((Provider::Payelata, MethodKind::Card)),
    };
    let rejected = PlannedLine {
        line: Line {
            load: other.clone(),
            verdict: Verdict::Rejected(Rejection::LoadHeld),
            ..accepted.line.clone()
        },
        holder: Some(Holder {
            payout: holder.clone(),
            batch: None,
        }),
        route: None,
        ..accepted.clone()
    };
    Ok(Plan {
        lines: vec![accepted, rejected],
    })
}

fn batch(samples: &Samples, plan: &Plan) -> Result<Batch, Error> {
    let lines = Lines(plan.lines().cloned().collect());
    let assembly = Assembly {
        tenant: samples.driver.tenant.clone(),
        id: parsed(BatchId::parse("batch_01M7Y8BCGA4T04JNKTBYHB7SCN"))?,
        name: "Week 47".to_owned(),
        lines: 2,
        accepted: plan.accepted()?,
        manifests: vec![ManifestMark {
            number: 1,
            first: 1,
            lines: 2,
            sha256: lines.digest(),
        }],
        plan: plan.hash().digest,
        terms: FeeTerms::of(&FeeSchedule::default()),
        scheduled_for: None,
        maker: Hand {
            key: "f57fd3b39691".to_owned(),
            owner: "acme".to_owned(),
        },
    };
    Ok(Batch::assembled(assembly, samples.now))
}
