//! The body of a batch: JSON, or a CSV file with the rest in the query. Both end in the same fields, so that both
//! follow the same rules.

use std::str::FromStr;

use app::{
    batch_plan::AskedLine,
    create_batch::{ControlTotals, OnInvalid, Wish},
    error::{Error, FieldError},
};
use domain::{
    batch::{LINES_MAX, PlanHash, SCHEDULE_MAX},
    ids::LoadId,
    time::Timestamp,
};
use serde_json::{Map, Value};

use crate::api::{
    csv_file::{self, CSV, Columns},
    fields::{Fields, PROBLEMS_MAX},
    query::Query,
    request::{Headers, Request},
};

/// How many rows a file should have.
pub const EXPECT_COUNT: &str = "X-Expect-Count";
/// What the amounts of its loads should add up to, in minor units.
pub const EXPECT_TOTAL: &str = "X-Expect-Total";
const ON_INVALID: [(&str, OnInvalid); 2] = [
    ("refuseBatch", OnInvalid::RefuseBatch),
    ("rejectLines", OnInvalid::RejectLines),
];
const NAME_MAX: usize = 200;
const COLUMNS: Columns = Columns {
    required: &["loadId"],
    optional: &["amount"],
    numbers: &["amount"],
    rows_max: LINES_MAX as usize,
};

/// What a request asks for.
pub struct BatchFile {
    pub wish: Wish,
    /// Everything the request says, for its fingerprint.
    pub whole: Value,
}

impl BatchFile {
    /// # Errors
    /// [`Error::Invalid`] with everything that cannot be used.
    pub fn read(request: &Request) -> Result<Self, Error> {
        match request.media_type() == CSV {
            true => of_csv(request),
            false => of_json(request),
        }
    }
}

fn of_json(request: &Request) -> Result<BatchFile, Error> {
    Query::none(&request.query)?;
    let whole = request.json()?;
    let mut fields = Fields::of_object(whole.clone())?;
    let name = fields.required_text("name", NAME_MAX);
    let most = usize::try_from(LINES_MAX).unwrap_or(usize::MAX);
    let loads = fields.required_list("loadIds", most, LoadId::parse);
    let scheduled_for = fields.optional("scheduledFor", |text| schedule(text, request.received_at));
    let on_invalid = fields.optional_one_of("onInvalid", &ON_INVALID);
    let plan = fields.optional_long(("planHash", PlanHash::TEXT_MAX), PlanHash::from_str);
    let (name, loads) = fields.finish_with(name.zip(loads))?;
    let lines = loads
        .into_iter()
        .map(|load| AskedLine { load, amount: None });
    Ok(BatchFile {
        wish: Wish {
            name,
            lines: lines.collect(),
            scheduled_for,
            on_invalid: on_invalid.unwrap_or_default(),
            plan,
            expected: ControlTotals::default(),
            file: None,
        },
        whole,
    })
}

fn of_csv(request: &Request) -> Result<BatchFile, Error> {
    let text = std::str::from_utf8(&request.body)
        .map_err(|_| Error::invalid("", "must be a text in UTF-8"))?;
    let mut query = Query::new(&request.query);
    let name = query.optional("name", named);
    let scheduled_for = query.optional("scheduledFor", |text| schedule(text, request.received_at));
    let on_invalid = query.optional_one_of("onInvalid", &ON_INVALID);
    query.finish()?;
    let expected = ControlTotals {
        lines: control(&request.headers, EXPECT_COUNT)?,
        amount: control(&request.headers, EXPECT_TOTAL)?,
    };
    let lines = lines(text)?;
    let mut whole: Map<_, _> = request
        .query
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    whole.insert("file".to_owned(), text.into());
    Ok(BatchFile {
        wish: Wish {
            name: name.unwrap_or_else(|| format!("File of {}", request.received_at)),
            lines,
            scheduled_for,
            on_invalid: on_invalid.unwrap_or_default(),
            plan: None,
            expected,
            file: None,
        },
        whole: Value::Object(whole),
    })
}

/// Every row names a load, and what its amount should be where the file says so.
fn lines(text: &str) -> Result<Vec<AskedLine>, Error> {
    let mut lines = Vec::new();
    let mut problems = Vec::new();
    for (index, row) in csv_file::rows(text, &COLUMNS)?.into_iter().enumerate() {
        let read = row
            .map_err(|problem| Error::Invalid(vec![problem]))
            .and_then(line);
        match read {
            Ok(line) => lines.push(line),
            Err(Error::Invalid(found)) => {
                let placed = found.into_iter().map(|it| {
                    let path = format!("rows[{index}].{}", it.path);
                    FieldError::new(path.trim_end_matches('.'), it.message)
                });
                problems.extend(placed);
            }
            Err(other) => return Err(other),
        }
    }
    if problems.is_empty() {
        return Ok(lines);
    }
    problems.truncate(PROBLEMS_MAX);
    Err(Error::Invalid(problems))
}

fn line(row: Value) -> Result<AskedLine, Error> {
    let mut fields = Fields::of_object(row)?;
    let load = fields.required("loadId", LoadId::parse);
    let amount = fields.optional_amount("amount");
    let load = fields.finish_with(load)?;
    Ok(AskedLine { load, amount })
}

fn named(text: &str) -> Result<String, String> {
    crate::api::fields::text_of(&Value::from(text), NAME_MAX).map(str::to_owned)
}

/// A time that has passed is accepted, and releases nothing by itself.
fn schedule(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let at: Timestamp = text
        .parse()
        .map_err(|error: domain::time::InvalidTime| error.to_string())?;
    if at > now.plus(SCHEDULE_MAX) {
        return Err("must lie within the next 90 days".to_owned());
    }
    Ok(at)
}

fn control(headers: &Headers, name: &str) -> Result<Option<u64>, Error> {
    let mut values = headers.all(name);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let is_number = (1..=16).contains(&value.len()) && value.bytes().all(|it| it.is_ascii_digit());
    let number = value.parse().ok().filter(|_| is_number);
    match (number, values.next()) {
        (Some(number), None) => Ok(Some(number)),
        _ => Err(Error::invalid(name, "must be one whole number")),
    }
}
