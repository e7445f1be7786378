//! What `POST /_control/faults` takes: which calls go wrong, how, and how many of them.

use serde_json::{Map, Value};

use super::Provider;
use super::control::{members, optional, provider, required};
use super::faults::{self, CALLBACK, Fault};

/// Most calls one order can spoil.
const TIMES_MAX: u32 = 1_000_000;
/// Most kinds of faults one share can choose from.
const FAULTS_MAX: usize = 50;

/// How many of the matching calls go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dose {
    /// The next so many.
    Times(u32),
    /// So many of a hundred, until the reset.
    Share { percent: u32, seed: u32 },
}

/// An order that can be used.
#[derive(Debug)]
pub(crate) struct FaultRequest {
    pub(crate) provider: Provider,
    pub(crate) operation: String,
    /// `call` or `callback`: what the faults are about.
    pub(crate) side: &'static str,
    /// The faults as they were written, joined by commas. One, unless the dose is a share.
    pub(crate) faults: String,
    pub(crate) dose: Dose,
    pub(crate) reference: Option<String>,
}

impl FaultRequest {
    /// # Errors
    /// Which member is wrong, and what was expected.
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        let known = [
            "provider",
            "operation",
            "fault",
            "faults",
            "times",
            "share",
            "seed",
            "reference",
        ];
        let fields = members(body, &known)?;
        let provider = provider(&fields)?;
        let operation = required(&fields, "operation")?;
        let known = provider.operations();
        if !known.contains(&operation.as_str()) && operation != CALLBACK && operation != "*" {
            let known = known.join(", ");
            return Err(format!(
                "operation {operation} is unknown, expected {known}, callback or *"
            ));
        }
        let dose = dose(&fields)?;
        let texts = faults(&fields, dose)?;
        let mut sides = Vec::with_capacity(texts.len());
        for text in &texts {
            sides.push(usable(text, provider, &operation)?.side());
        }
        let Some(side) = sides.first().copied() else {
            return Err("faults is not usable, expected at least one".to_owned());
        };
        if sides.iter().any(|it| *it != side) {
            let expected = "expected faults of calls only, or of callbacks only";
            return Err(format!("faults is not usable, {expected}"));
        }
        Ok(Self {
            provider,
            operation,
            side,
            faults: texts.join(","),
            dose,
            reference: optional(&fields, "reference")?,
        })
    }
}

/// One fault that the operation of this provider can have.
fn usable(text: &str, provider: Provider, operation: &str) -> Result<Fault, String> {
    let fault: Fault = text
        .parse()
        .map_err(|()| format!("fault {text} is unknown, expected {}", faults::EXPECTED))?;
    let fits = match fault {
        Fault::Call(_) => operation != CALLBACK,
        Fault::Callback(_) => operation == CALLBACK || operation == "*",
    };
    if !fits {
        return Err(format!(
            "fault {text} does not fit operation {operation}, expected {}",
            faults::EXPECTED
        ));
    }
    if fault.is_about_bodies() && !provider.has_body_status() {
        let name = provider.name();
        return Err(format!(
            "fault {text} does not fit provider {name}, whose answers have no status in their body"
        ));
    }
    if fault.is_about_types() && !provider.has_error_types() {
        let name = provider.name();
        return Err(format!(
            "fault {text} does not fit provider {name}, whose errors have no types"
        ));
    }
    Ok(fault)
}

/// The one fault, or what a share chooses from.
fn faults(fields: &Map<String, Value>, dose: Dose) -> Result<Vec<String>, String> {
    let listed = match fields.get("faults") {
        None | Some(Value::Null) => return Ok(vec![required(fields, "fault")?]),
        Some(listed) => listed,
    };
    if present(fields, "fault") {
        return Err("faults is not usable beside fault, expected one of them".to_owned());
    }
    if !matches!(dose, Dose::Share { .. }) {
        return Err("faults is not usable without share, expected fault".to_owned());
    }
    let texts = listed.as_array().and_then(|listed| {
        let texts = listed.iter().map(|it| it.as_str().map(str::to_owned));
        texts.collect::<Option<Vec<_>>>()
    });
    texts
        .filter(|texts| (1..=FAULTS_MAX).contains(&texts.len()))
        .ok_or_else(|| format!("faults is not usable, expected a list of 1 to {FAULTS_MAX} texts"))
}

fn dose(fields: &Map<String, Value>) -> Result<Dose, String> {
    let times = whole(fields, "times", (1, TIMES_MAX))?;
    let percent = whole(fields, "share", (1, 100))?;
    let seed = whole(fields, "seed", (0, u32::MAX))?;
    match (times, percent) {
        (Some(_), Some(_)) => {
            Err("share is not usable beside times, expected one of them".to_owned())
        }
        (None, Some(percent)) => Ok(Dose::Share {
            percent,
            seed: seed.unwrap_or(0),
        }),
        (_, None) if seed.is_some() => {
            Err("seed is not usable without share, expected a share".to_owned())
        }
        (times, None) => Ok(Dose::Times(times.unwrap_or(1))),
    }
}

/// A whole number within its limits, if the member is there.
fn whole(
    fields: &Map<String, Value>,
    name: &str,
    (least, most): (u32, u32),
) -> Result<Option<u32>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| (least..=most).contains(number))
            .map(Some)
            .ok_or_else(|| {
                format!("{name} is not usable, expected a whole number from {least} to {most}")
            }),
    }
}

fn present(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).is_some_and(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(body: &str) -> String {
        match FaultRequest::read(body.as_bytes()) {
            Ok(_) => String::new(),
            Err(complaint) => complaint,
        }
    }

    #[test]
    fn a_fault_without_times_is_for_one_call() {
        let body = br#"{"provider":"payelata","operation":"create","fault":"drop_after"}"#;
        let order = FaultRequest::read(body).unwrap_or_else(|complaint| panic!("{complaint}"));
        assert_eq!(order.dose, Dose::Times(1));
        assert_eq!(order.reference, None);
    }

    #[test]
    fn a_wrong_order_is_told_which_field_is_wrong_and_what_was_expected() {
        for (body, start) in [
            ("[]", "the body is not usable, expected a JSON object"),
            (
                r#"{"operation":"create","fault":"lose"}"#,
                "provider is missing",
            ),
            (
                r#"{"provider":"stripe","operation":"create","fault":"drop_after"}"#,
                "provider stripe is unknown, expected payelata",
            ),
            (
                r#"{"provider":"payelata","operation":"void","fault":"drop_after"}"#,
                "operation void is unknown, expected create, process,",
            ),
            (
                r#"{"provider":"payelata","operation":"create","fault":"explode"}"#,
                "fault explode is unknown, expected drop_before",
            ),
            (
                r#"{"provider":"payelata","operation":"create","fault":"lose"}"#,
                "fault lose does not fit operation create",
            ),
            (
                r#"{"provider":"payelata","operation":"callback","fault":"drop_after"}"#,
                "fault drop_after does not fit operation callback",
            ),
            (
                r#"{"provider":"payelata","operation":"*","fault":"lose","times":0}"#,
                "times is not usable, expected a whole number",
            ),
            (
                r#"{"provider":"payelata","operation":"*","fault":"lose","reference":7}"#,
                "reference is not usable, expected text",
            ),
            (
                r#"{"provider":"payelata","operation":"*","fault":"lose","when":"now"}"#,
                "when is unknown, expected provider, operation",
            ),
        ] {
            let complaint = complaint(body);
            assert!(complaint.starts_with(start), "{body}: {complaint}");
        }
    }

    #[test]
    fn a_share_has_one_fault_or_a_list_and_a_seed_that_starts_at_zero() {
        let share = |body: &str| {
            let order = FaultRequest::read(body.as_bytes());
            let order = order.unwrap_or_else(|complaint| panic!("{complaint}"));
            (order.dose, order.side, order.faults)
        };
        assert_eq!(
            share(r#"{"provider":"owlpay","operation":"*","fault":"drop_after","share":20}"#),
            (
                Dose::Share {
                    percent: 20,
                    seed: 0
                },
                "call",
                "drop_after".to_owned()
            )
        );
        assert_eq!(
            share(
                r#"{"provider":"owlpay","operation":"*","faults":["lose","reorder"],"share":100,"seed":7}"#
            ),
            (
                Dose::Share {
                    percent: 100,
                    seed: 7
                },
                "callback",
                "lose,reorder".to_owned()
            )
        );
    }

    #[test]
    fn a_share_that_cannot_be_used_is_refused_by_the_name_of_its_field() {
        for (members, start) in [
            (
                r#""fault":"drop_after","share":0"#,
                "share is not usable, expected a whole number from 1 to 100",
            ),
            (r#""fault":"drop_after","share":101"#, "share is not usable"),
            (
                r#""fault":"drop_after","share":"20""#,
                "share is not usable",
            ),
            (
                r#""fault":"drop_after","share":20.5"#,
                "share is not usable",
            ),
            (
                r#""fault":"drop_after","share":20,"times":1"#,
                "share is not usable beside times",
            ),
            (
                r#""fault":"drop_after","share":20,"seed":-1"#,
                "seed is not usable, expected a whole number",
            ),
            (
                r#""fault":"drop_after","seed":1"#,
                "seed is not usable without share",
            ),
            (
                r#""fault":"drop_after","faults":["lose"],"share":20"#,
                "faults is not usable beside fault",
            ),
            (
                r#""faults":["drop_after"]"#,
                "faults is not usable without share",
            ),
            (
                r#""faults":[],"share":20"#,
                "faults is not usable, expected a list",
            ),
            (
                r#""faults":[7],"share":20"#,
                "faults is not usable, expected a list",
            ),
            (
                r#""faults":"lose","share":20"#,
                "faults is not usable, expected a list",
            ),
            (
                r#""faults":["drop_after","explode"],"share":20"#,
                "fault explode is unknown",
            ),
            (
                r#""faults":["drop_after","lose"],"share":20"#,
                "faults is not usable, expected faults of calls only",
            ),
            (
                r#""faults":["drop_after","body_status:500_after"],"share":20"#,
                "fault body_status:500_after does not fit provider payelata",
            ),
            (
                r#""fault":"error:2fa_error:400_before""#,
                "fault error:2fa_error:400_before does not fit provider payelata",
            ),
        ] {
            let complaint = complaint(&format!(
                r#"{{"provider":"payelata","operation":"*",{members}}}"#
            ));
            assert!(complaint.starts_with(start), "{members}: {complaint}");
        }
    }
}
