//! Every form a field can have and must not have.

use domain::ids::LoadId;
use serde_json::json;

use super::*;

fn fields(value: Value) -> Fields {
    Fields::of_object(value).expect("an object")
}

fn problems(fields: Fields) -> Vec<(String, String)> {
    match fields.finish() {
        Ok(()) => Vec::new(),
        Err(Error::Invalid(problems)) => problems
            .into_iter()
            .map(|it| (it.path, it.message))
            .collect(),
        Err(other) => panic!("{other}"),
    }
}

fn amount(text: &str) -> Result<Cents, String> {
    amount_of(&serde_json::from_str(text).expect("JSON"))
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    for value in [json!(null), json!([]), json!("x"), json!(1), json!(true)] {
        let refused = Fields::of_object(value).err();
        assert_eq!(refused, Some(Error::invalid("", "must be a JSON object")));
    }
}

#[test]
fn every_problem_is_listed_at_once_and_unknown_members_last() {
    let mut fields = fields(json!({"loadId": "L#1", "amount": "1", "extra": 1}));
    assert_eq!(fields.required("loadId", LoadId::parse), None);
    assert_eq!(fields.required_amount("amount"), None);
    assert_eq!(fields.required_text("reason", 10), None);
    let paths: Vec<_> = problems(fields).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["loadId", "amount", "reason", "extra"]);
}

#[test]
fn valid_fields_leave_no_problem() {
    let mut fields = fields(json!({
        "loadId": "L-1", "amount": 45000, "urgency": "instant", "note": "Łódź", "none": null
    }));
    let load = fields.required("loadId", LoadId::parse);
    assert_eq!(load.map(|it| it.to_string()).as_deref(), Some("L-1"));
    assert_eq!(fields.required_amount("amount"), Some(Cents::new(45000)));
    let choices = [("standard", 1), ("instant", 2)];
    assert_eq!(fields.required_one_of("urgency", &choices), Some(2));
    assert_eq!(fields.optional_text("note", 4).as_deref(), Some("Łódź"));
    assert_eq!(fields.optional_text("none", 4), None);
    assert_eq!(fields.optional_amount("absent"), None);
    assert_eq!(fields.finish_with(Some(1)), Ok(1));
}

#[test]
fn null_is_absent_where_optional_and_missing_where_required() {
    let mut fields = fields(json!({"a": null, "b": null}));
    assert_eq!(fields.optional_text("a", 5), None);
    assert_eq!(fields.required_text("b", 5), None);
    let expected = [("b".to_owned(), "is required".to_owned())];
    assert_eq!(problems(fields), expected);
}

#[test]
fn an_amount_is_an_integer_literal_within_its_range() {
    assert_eq!(amount("1"), Ok(Cents::new(1)));
    assert_eq!(amount("100000000"), Ok(Cents::PAYOUT_MAX));
    let bad = [
        ("\"100\"", "a string"),
        ("1.0", "a decimal"),
        ("450.00", "a decimal"),
        ("1e2", "a decimal"),
        ("0.5", "a decimal"),
        ("0", "zero"),
        ("-0", "a negative number"),
        ("-1", "a negative number"),
        ("-1.5", "a negative number"),
        ("100000001", "too large"),
        ("9223372036854775807", "too large"),
        ("18446744073709551615", "too large"),
        ("99999999999999999999999", "too large"),
        ("1e300", "too large"),
        ("true", "a boolean"),
        ("[]", "a list"),
        ("{}", "an object"),
    ];
    for (text, found) in bad {
        let message = amount(text).expect_err(text);
        assert!(message.ends_with(found), "{text}: {message}");
        assert!(
            message.starts_with("must be an integer number of minor units from 1 to 100000000")
        );
    }
}

#[test]
fn a_text_is_neither_blank_nor_long_nor_full_of_control_characters() {
    let long = json!("x".repeat(6));
    let bad = [
        json!(""),
        json!("  "),
        long,
        json!("a\u{0}b"),
        json!("a\nb"),
        json!("a\u{7f}"),
        json!("a\u{85}"),
        json!(1),
        json!({}),
        json!([]),
        json!(true),
    ];
    for value in bad {
        let mut fields = fields(json!({"a": value}));
        assert_eq!(fields.required_text("a", 5), None);
        assert_eq!(problems(fields).len(), 1, "{value}");
    }
}

#[test]
fn a_word_outside_its_list_is_told_the_list() {
    for value in [json!("INSTANT"), json!(""), json!(1), json!(["instant"])] {
        let mut fields = fields(json!({"urgency": value}));
        let choices = [("standard", 1), ("instant", 2)];
        assert_eq!(fields.optional_one_of("urgency", &choices), None);
        let (_, message) = problems(fields).remove(0);
        assert_eq!(message, "must be one of: standard, instant");
    }
}

#[test]
fn a_bad_item_of_a_list_is_named_by_its_place() {
    let mut fields = fields(json!({"loadIds": ["L-1", "L#2", 3]}));
    assert!(fields.required_list("loadIds", 5, LoadId::parse).is_none());
    let paths: Vec<_> = problems(fields).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["loadIds[1]", "loadIds[2]"]);
}

#[test]
fn a_list_is_neither_empty_nor_longer_than_its_limit() {
    for value in [json!([]), json!(["a", "b", "c"]), json!("a"), json!({})] {
        let mut fields = fields(json!({"loadIds": value}));
        assert!(fields.required_list("loadIds", 2, LoadId::parse).is_none());
        assert_eq!(problems(fields).len(), 1);
    }
}

#[test]
fn metadata_is_a_flat_map_of_short_texts() {
    let mut good = fields(json!({"metadata": {"trip": "7", "empty": ""}}));
    let map = good.object("metadata").expect("a map");
    assert_eq!(map.get("trip").map(String::as_str), Some("7"));
    assert!(problems(good).is_empty());
    let many: BTreeMap<_, _> = (0..21).map(|n| (format!("k{n}"), "v")).collect();
    let bad = [
        json!(many),
        json!({"a": 1}),
        json!({"a": {"b": "c"}}),
        json!({"a": null}),
        json!({"a": "x".repeat(256)}),
        json!({"x".repeat(256): "a"}),
        json!({"": "a"}),
        json!({"a\u{0}": "a"}),
        json!({"a": "b\u{1}"}),
        json!([]),
        json!("x"),
    ];
    for value in bad {
        let mut fields = fields(json!({"metadata": value}));
        assert_eq!(fields.object("metadata"), None, "{value}");
        assert_eq!(problems(fields).len(), 1, "{value}");
    }
}

#[test]
fn a_flood_of_unknown_members_is_answered_briefly() {
    let flood: BTreeMap<_, _> = (0..1000)
        .map(|n| (format!("{n}{}", "x".repeat(99)), 1))
        .collect();
    let problems = problems(fields(json!(flood)));
    assert_eq!(problems.len(), PROBLEMS_MAX);
    assert!(problems.iter().all(|(path, _)| path.len() <= 64));
}

#[test]
fn nothing_half_read_goes_on() {
    let none: Option<u8> = None;
    assert!(fields(json!({})).finish_with(none).is_err());
}
