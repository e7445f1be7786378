//! The body of an import of loads: JSON, or a CSV file. Both end in the same rows, so that both follow the
//! same rules; what is wrong with the whole is an error, what is wrong with a row stays with the row.

use std::collections::BTreeSet;

use app::{
    error::{Error, FieldError},
    import_loads::ROWS_MAX,
    request_key::RequestKey,
    seal::Seal,
};
use csv::StringRecord;
use domain::ids::TenantId;
use serde_json::{Map, Number, Value};

use crate::api::{
    fields::{Fields, PROBLEMS_MAX, shown},
    idempotency,
    request::Request,
};

/// The media type of a CSV file.
pub const CSV: &str = "text/csv";
const AMOUNT: &str = "amount";
const COLUMNS: [&str; 4] = ["loadId", "driverId", AMOUNT, "description"];
const OPTIONAL: &str = "description";
/// Some programs begin a file with it.
const BYTE_ORDER_MARK: char = '\u{feff}';

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
            Value::String(text) if self.is_csv => rows_of_csv(&text)?,
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

fn rows_of_csv(text: &str) -> Result<Vec<Result<Value, FieldError>>, Error> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    require_quoting(text)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let mut next = || records.next().transpose().map_err(|_| unreadable());
    let Some(header) = next()? else {
        return Err(Error::invalid("", "must begin with a header"));
    };
    let columns = columns(&header)?;
    let mut rows = Vec::new();
    while let Some(record) = next()? {
        rows.push(row(&columns, &record));
        if rows.len() > ROWS_MAX {
            break;
        }
    }
    if !is_allowed(rows.len()) {
        let message = format!("must have 1 to {ROWS_MAX} rows below its header");
        return Err(Error::invalid("", &message));
    }
    Ok(rows)
}

fn unreadable() -> Error {
    Error::invalid("", "is not a CSV file")
}

/// The columns in the order of the file.
fn columns(header: &StringRecord) -> Result<Vec<&'static str>, Error> {
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for name in header {
        match COLUMNS.into_iter().find(|known| *known == name) {
            None => problems.push(FieldError::new(shown(name), "is not a known column")),
            Some(known) if !seen.insert(known) => {
                problems.push(FieldError::new(known, "must be one column"));
            }
            Some(_) => {}
        }
    }
    for required in COLUMNS {
        if required != OPTIONAL && !seen.contains(required) {
            problems.push(FieldError::new(required, "is a required column"));
        }
    }
    if !problems.is_empty() {
        problems.truncate(PROBLEMS_MAX);
        return Err(Error::Invalid(problems));
    }
    let known = |name| COLUMNS.into_iter().find(|known| *known == name);
    Ok(header.iter().filter_map(known).collect())
}

/// An empty cell is an absent member.
fn row(columns: &[&'static str], record: &StringRecord) -> Result<Value, FieldError> {
    if record.len() != columns.len() {
        let message = format!("must have {} cells, as the header", columns.len());
        return Err(FieldError::new("", message));
    }
    let cells = columns.iter().zip(record);
    let members = cells
        .filter(|(_, cell)| !cell.is_empty())
        .map(|(column, cell)| ((*column).to_owned(), value(column, cell)));
    Ok(Value::Object(members.collect::<Map<_, _>>()))
}

/// An amount is a number where JSON would read one; all else is text.
fn value(column: &str, cell: &str) -> Value {
    let number = match column {
        AMOUNT if cell.trim() == cell => serde_json::from_str::<Number>(cell).ok(),
        _ => None,
    };
    number.map_or_else(|| Value::from(cell), Value::Number)
}

/// Where a quote may stand. The reader of the file takes any, and would make other cells of a broken one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    CellStart,
    Plain,
    Quoted,
    /// After a quote within quotes: the end of the cell, or the first of two that mean one.
    QuoteSeen,
}

/// # Errors
/// [`Error::Invalid`] naming the line of a quote that stands where none may, or is never closed.
fn require_quoting(text: &str) -> Result<(), Error> {
    let (mut place, mut line, mut opened) = (Place::CellStart, 1, 1);
    for byte in text.bytes() {
        place = match (place, byte) {
            (Place::CellStart, b'"') => {
                opened = line;
                Place::Quoted
            }
            (Place::Quoted, b'"') => Place::QuoteSeen,
            (Place::Quoted, _) | (Place::QuoteSeen, b'"') => Place::Quoted,
            (Place::CellStart | Place::Plain | Place::QuoteSeen, b',' | b'\r' | b'\n') => {
                Place::CellStart
            }
            (Place::QuoteSeen, _) | (Place::Plain, b'"') => return Err(broken_quoting(line)),
            (Place::CellStart | Place::Plain, _) => Place::Plain,
        };
        line += usize::from(byte == b'\n');
    }
    match place {
        Place::Quoted => Err(broken_quoting(opened)),
        Place::CellStart | Place::Plain | Place::QuoteSeen => Ok(()),
    }
}

fn broken_quoting(line: usize) -> Error {
    let message = format!("line {line} has broken quoting");
    Error::invalid("", &message)
}

#[cfg(test)]
#[path = "loads_file_tests.rs"]
mod tests;
