//! The body of a settlement: a CSV file of references and amounts. A file with a bad row is refused as a whole,
//! with every bad row named: half a settlement would make differences of the other half.

use std::collections::BTreeSet;

use app::{
    error::{Error, FieldError},
    reconcile_day::SETTLED_MAX,
    request_key::RequestKey,
    seal::Seal,
};
use domain::{
    ids::{ProviderId, TenantId},
    money::Currency,
    reconciliation::SettledRow,
};
use serde_json::Value;

use crate::api::{
    csv_file::{self, Columns},
    fields::{Fields, PROBLEMS_MAX},
    idempotency,
    request::Request,
};

const COLUMNS: Columns = Columns {
    required: &["reference", "amount", "currency"],
    optional: &[],
    numbers: &["amount"],
    rows_max: SETTLED_MAX,
};

/// The file as it was sent.
pub struct SettlementFile {
    text: String,
}

impl SettlementFile {
    /// # Errors
    /// [`Error::Invalid`] for what is not a text in UTF-8.
    pub fn read(request: &Request) -> Result<Self, Error> {
        let text = std::str::from_utf8(&request.body)
            .map_err(|_| Error::invalid("", "must be a text in UTF-8"))?;
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// The request key. The file is the same only byte by byte.
    ///
    /// # Errors
    /// As [`idempotency::request_key`].
    pub fn key(
        &self,
        request: &Request,
        seal: &Seal,
        tenant: &TenantId,
    ) -> Result<Option<RequestKey>, Error> {
        idempotency::request_key(request, seal, tenant, &Value::from(self.text.as_str()))
    }

    /// # Errors
    /// [`Error::Invalid`] naming every row that cannot be used, or what is wrong with the file.
    pub fn rows(&self) -> Result<Vec<SettledRow>, Error> {
        let mut rows = Vec::new();
        let mut problems = Vec::new();
        let mut known = BTreeSet::new();
        for (index, row) in csv_file::rows(&self.text, &COLUMNS)?
            .into_iter()
            .enumerate()
        {
            let read = row.map_err(|problem| Error::Invalid(vec![problem]));
            match read.and_then(|row| settled(row, &mut known)) {
                Ok(row) => rows.push(row),
                Err(Error::Invalid(found)) => {
                    problems.extend(found.into_iter().map(|it| {
                        let path = format!("rows[{index}].{}", it.path);
                        FieldError::new(path.trim_end_matches('.'), it.message)
                    }));
                }
                Err(other) => return Err(other),
            }
        }
        if problems.is_empty() {
            return Ok(rows);
        }
        problems.truncate(PROBLEMS_MAX);
        Err(Error::Invalid(problems))
    }
}

fn settled(row: Value, known: &mut BTreeSet<String>) -> Result<SettledRow, Error> {
    let mut fields = Fields::of_object(row)?;
    // Ours are ids too.
    let reference = fields.required("reference", ProviderId::parse);
    let amount = fields.required_amount("amount");
    let currency = fields.required("currency", currency);
    if let Some(reference) = &reference
        && !known.insert(reference.to_string())
    {
        fields.problem("reference", "must not be repeated");
    }
    let (reference, (amount, _)) = fields.finish_with(reference.zip(amount.zip(currency)))?;
    Ok(SettledRow {
        reference: reference.to_string(),
        amount,
    })
}

fn currency(text: &str) -> Result<Currency, &'static str> {
    Currency::ALL
        .into_iter()
        .find(|currency| currency.code() == text)
        .ok_or("must be USD")
}

#[cfg(test)]
mod tests {
    use domain::money::Cents;

    use super::*;

    fn rows(text: &str) -> Result<Vec<SettledRow>, Error> {
        let text = text.to_owned();
        SettlementFile { text }.rows()
    }

    fn problems(text: &str) -> Vec<(String, String)> {
        match rows(text) {
            Err(Error::Invalid(problems)) => problems
                .into_iter()
                .map(|it| (it.path, it.message))
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_row_is_a_reference_and_minor_units() {
        let found = rows("amount,reference,currency\n44750,pay_1-a01,USD\n100,cpoi_X,USD\n");
        let row = |reference: &str, amount| SettledRow {
            reference: reference.to_owned(),
            amount: Cents::new(amount),
        };
        assert_eq!(
            found,
            Ok(vec![row("pay_1-a01", 44_750), row("cpoi_X", 100)])
        );
    }

    #[test]
    fn every_bad_row_is_named() {
        let found = problems(
            "reference,amount,currency\na b,100,USD\nx,447.50,USD\nx,1,EUR\ny,0,USD\ny,5,USD\n,5,USD\nz,5\n",
        );
        let paths: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "rows[0].reference",
                "rows[1].amount",
                "rows[2].currency",
                "rows[2].reference",
                "rows[3].amount",
                "rows[4].reference",
                "rows[5].reference",
                "rows[6]"
            ]
        );
    }

    #[test]
    fn a_file_without_its_columns_or_rows_is_refused() {
        for text in [
            "",
            "reference,amount,currency\n",
            "reference,amount\nx,1\n",
            "reference,amount,currency,fee\nx,1,USD,1\n",
            "reference,amount,currency\n\"x,1,USD\n",
        ] {
            assert!(!problems(text).is_empty(), "{text}");
        }
    }
}
