//! The body of an import of loads: JSON, or a CSV file. Both end in the same rows, so that both follow the
//! same rules; what is wrong with the whole is an error, what is wrong with a row stays with the row.

use app::{
    error::{Error, FieldError},
    import_loads::ROWS_MAX,
    request_key::RequestKey,
    seal::Seal,
};
use domain::ids::TenantId;
use serde_json::Value;

use crate::api::{
    csv_file::{self, CSV, Columns},
    fields::{Fields, PROBLEMS_MAX, shown},
    idempotency,
    request::Request,
};

const COLUMNS: Columns = Columns {
    required: &["loadId", "driverId", "amount"],
    optional: &["description"],
    numbers: &["amount"],
    rows_max: ROWS_MAX,
};

/// The body as it was sent.
pub struct LoadsFile {
    body: Value,
    is_csv: bool,
}

impl LoadsFile {
    /// # Errors
    /// [`Error::Invalid`] for what is neither strict JSON nor, as `text/csv`, a text in UTF-8.
    pub fn read(request: &Request) -> Result<Self, Error> {
        if request.media_type() != CSV {
            let body = request.json()?;
            let is_csv = false;
            return Ok(Self { body, is_csv });
        }
        let text = std::str::from_utf8(&request.body)
            .map_err(|_| Error::invalid("", "must be a text in UTF-8"))?;
        Ok(Self {
            body: Value::from(text),
            is_csv: true,
        })
    }

    /// The request key. JSON is the same request however it is written; a CSV file only byte by byte.
    ///
    /// # Errors
    /// As [`idempotency::request_key`].
    pub fn key(
        &self,
        request: &Request,
        seal: &Seal,
        tenant: &TenantId,
    ) -> Result<Option<RequestKey>, Error> {
        idempotency::request_key(request, seal, tenant, &self.body)
    }

    /// The rows, each with the members of a load still to be read, or [`Error::Invalid`] for one that has
    /// no members.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a file that has no rows, too many of them, or cannot be split into rows.
    pub fn rows(self) -> Result<Vec<Result<Fields, Error>>, Error> {
        let rows = match self.body {
            Value::String(text) if self.is_csv => csv_file::rows(&text, &COLUMNS)?,
            body => rows_of_json(body)?,
        };
        let rows = rows.into_iter().map(|row| match row {
            Ok(members) => Fields::of_object(members),
            Err(problem) => Err(Error::Invalid(vec![problem])),
        });
        Ok(rows.collect())
    }
}

fn rows_of_json(body: Value) -> Result<Vec<Result<Value, FieldError>>, Error> {
    let Value::Object(mut members) = body else {
        return Err(Error::invalid("", "must be a JSON object"));
    };
    let loads = members.remove("loads");
    let mut problems: Vec<_> = members
        .keys()
        .map(|name| FieldError::new(shown(name), "is not a known field"))
        .collect();
    match loads {
        Some(Value::Array(rows)) if problems.is_empty() && is_allowed(rows.len()) => {
            return Ok(rows.into_iter().map(Ok).collect());
        }
        Some(Value::Array(rows)) if is_allowed(rows.len()) => {}
        Some(_) | None => {
            let message = format!("must be a list of 1 to {ROWS_MAX} loads");
            problems.push(FieldError::new("loads", message));
        }
    }
    problems.truncate(PROBLEMS_MAX);
    Err(Error::Invalid(problems))
}

fn is_allowed(rows: usize) -> bool {
    (1..=ROWS_MAX).contains(&rows)
}

#[cfg(test)]
#[path = "loads_file_tests.rs"]
mod tests;
