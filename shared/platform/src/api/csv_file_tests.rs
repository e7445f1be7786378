use serde_json::json;

use super::*;

const COLUMNS: Columns = Columns {
    required: &["loadId", "driverId", "amount"],
    optional: &["description"],
    numbers: &["amount"],
    rows_max: 10_000,
};

fn csv(text: &str) -> Vec<Result<Value, FieldError>> {
    rows(text, &COLUMNS).expect("readable")
}

fn refused(text: &str) -> Vec<FieldError> {
    match rows(text, &COLUMNS) {
        Err(Error::Invalid(problems)) => problems,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn columns_stand_in_any_order_and_an_empty_cell_is_absent() {
    let rows = csv(
        "amount,loadId,description,driverId\r\n100,L-1,\"two, \"\"three\"\"\n4\",D-1\r\n,L-2,,D-1\r\n",
    );
    let expected = [
        json!({"amount": 100, "loadId": "L-1", "description": "two, \"three\"\n4", "driverId": "D-1"}),
        json!({"loadId": "L-2", "driverId": "D-1"}),
    ];
    assert_eq!(rows, expected.map(Ok));
}

#[test]
fn a_byte_order_mark_blank_lines_and_a_missing_last_line_end_are_accepted() {
    let rows = csv("\u{feff}loadId,driverId,amount\n\nL-1,D-1,1\n\nL-2,D-1,2");
    assert_eq!(rows.len(), 2);
}

#[test]
fn only_what_json_reads_as_a_number_is_one() {
    let rows =
        csv("loadId,driverId,amount\na,b,7\na,b,7.5\na,b,1e2\na,b,007\na,b, 7\na,b,+7\na,b,x\n");
    let amounts: Vec<_> = rows
        .into_iter()
        .map(|row| row.expect("a row")["amount"].is_number())
        .collect();
    assert_eq!(amounts, [true, true, true, false, false, false, false]);
}

#[test]
fn a_row_with_more_or_fewer_cells_is_wrong_by_itself() {
    let rows = csv("loadId,driverId,amount\nL-1,D-1\nL-2,D-1,1\nL-3,D-1,1,2\n");
    let wrong: Vec<_> = rows.iter().map(Result::is_err).collect();
    assert_eq!(wrong, [true, false, true]);
}

#[test]
fn every_problem_of_a_header_is_named() {
    let paths = |text: &str| -> Vec<String> {
        let problems = refused(text);
        problems.into_iter().map(|it| it.path).collect()
    };
    assert_eq!(paths("loadid,driverId\n"), ["loadid", "loadId", "amount"]);
    assert_eq!(paths("loadId,driverId,amount,amount\n"), ["amount"]);
    assert_eq!(paths("L-1,D-1,100\n").len(), 6);
    assert_eq!(paths(""), [""]);
    assert_eq!(paths("\r\n"), [""]);
}

#[test]
fn broken_quoting_is_refused_by_its_line() {
    let header = "loadId,driverId,amount\n";
    for (rest, line) in [
        ("\"L-1,D-1,1\n", 2),
        ("L-1,D-1,1\nL-\"2,D-1,1\n", 3),
        ("\"L\"-1,D-1,1\n", 2),
        ("L-1,\"\"\",1", 2),
    ] {
        let problems = refused(&format!("{header}{rest}"));
        assert_eq!(
            problems[0].message,
            format!("line {line} has broken quoting")
        );
    }
    assert_eq!(csv(&format!("{header}\"\",\"\"\"\",\"1\"")).len(), 1);
}

#[test]
fn a_file_has_one_to_ten_thousand_rows() {
    let file = |rows: usize| format!("loadId,driverId,amount\n{}", "a,b,1\n".repeat(rows));
    assert_eq!(csv(&file(COLUMNS.rows_max)).len(), COLUMNS.rows_max);
    for rows in [0, COLUMNS.rows_max + 1] {
        assert!(refused(&file(rows))[0].message.contains("1 to 10000 rows"));
    }
}
