//! A CSV file: as rows of members, in the columns its header names, and back as text.

use std::collections::BTreeSet;

use app::error::{Error, FieldError};
use csv::StringRecord;
use serde_json::{Map, Number, Value};

use crate::api::fields::{PROBLEMS_MAX, shown};

/// The media type of a CSV file.
pub const CSV: &str = "text/csv";
/// Some programs begin a file with it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What a file may hold.
pub struct Columns {
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
    /// Those that are numbers where JSON would read one; all others are text.
    pub numbers: &'static [&'static str],
    /// The most rows below the header.
    pub rows_max: usize,
}

impl Columns {
    fn known(&self, name: &str) -> Option<&'static str> {
        let all = self.required.iter().chain(self.optional);
        all.copied().find(|known| *known == name)
    }
}

/// A file with these columns, and a row for each of the cells.
///
/// # Errors
/// `Unavailable` when the text cannot be made, which would be a defect.
pub fn text<const N: usize>(
    columns: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<String, Error> {
    let unwritable = |error: &dyn std::fmt::Display| Error::Unavailable {
        cause: format!("a report cannot be written: {error}"),
    };
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let header = writer.write_record(columns);
    header.map_err(|error| unwritable(&error))?;
    for cells in rows {
        let row = writer.write_record(cells);
        row.map_err(|error| unwritable(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| unwritable(&error))?;
    String::from_utf8(bytes).map_err(|error| unwritable(&error))
}

/// The rows, each an object with the members of its cells, or what is wrong with it.
///
/// # Errors
/// [`Error::Invalid`] for a file that has no rows, too many of them, or cannot be split into rows.
pub fn rows(text: &str, allowed: &Columns) -> Result<Vec<Result<Value, FieldError>>, Error> {
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
    let columns = columns(&header, allowed)?;
    let mut rows = Vec::new();
    while let Some(record) = next()? {
        rows.push(row(&columns, &record, allowed));
        if rows.len() > allowed.rows_max {
            break;
        }
    }
    if !(1..=allowed.rows_max).contains(&rows.len()) {
        let message = format!("must have 1 to {} rows below its header", allowed.rows_max);
        return Err(Error::invalid("", &message));
    }
    Ok(rows)
}

fn unreadable() -> Error {
    Error::invalid("", "is not a CSV file")
}

/// The columns in the order of the file.
fn columns(header: &StringRecord, allowed: &Columns) -> Result<Vec<&'static str>, Error> {
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for name in header {
        match allowed.known(name) {
            None => problems.push(FieldError::new(shown(name), "is not a known column")),
            Some(known) if !seen.insert(known) => {
                problems.push(FieldError::new(known, "must be one column"));
            }
            Some(_) => {}
        }
    }
    for required in allowed.required {
        if !seen.contains(required) {
            problems.push(FieldError::new(*required, "is a required column"));
        }
    }
    if !problems.is_empty() {
        problems.truncate(PROBLEMS_MAX);
        return Err(Error::Invalid(problems));
    }
    Ok(header
        .iter()
        .filter_map(|name| allowed.known(name))
        .collect())
}

/// An empty cell is an absent member.
fn row(
    columns: &[&'static str],
    record: &StringRecord,
    allowed: &Columns,
) -> Result<Value, FieldError> {
    if record.len() != columns.len() {
        let message = format!("must have {} cells, as the header", columns.len());
        return Err(FieldError::new("", message));
    }
    let cells = columns.iter().zip(record);
    let members = cells
        .filter(|(_, cell)| !cell.is_empty())
        .map(|(column, cell)| {
            let is_number = allowed.numbers.contains(column);
            ((*column).to_owned(), value(is_number, cell))
        });
    Ok(Value::Object(members.collect::<Map<_, _>>()))
}

fn value(is_number: bool, cell: &str) -> Value {
    let number = match is_number && cell.trim() == cell {
        true => serde_json::from_str::<Number>(cell).ok(),
        false => None,
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
#[path = "csv_file_tests.rs"]
mod tests;
