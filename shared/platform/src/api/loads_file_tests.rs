use serde_json::json;

use super::*;

#[test]
fn a_json_body_is_an_object_with_a_list_of_loads_and_nothing_else() {
    let rows = rows_of_json(json!({"loads": [{"loadId": "L-1"}, 7]}));
    assert_eq!(
        rows.expect("rows"),
        [Ok(json!({"loadId": "L-1"})), Ok(json!(7))]
    );
    for (body, path) in [
        (json!([]), ""),
        (json!("loadId"), ""),
        (json!({}), "loads"),
        (json!({"loads": []}), "loads"),
        (json!({"loads": {}}), "loads"),
        (json!({"loads": vec![0; COLUMNS.rows_max + 1]}), "loads"),
        (json!({"loads": [{}], "dryRun": true}), "dryRun"),
    ] {
        match rows_of_json(body) {
            Err(Error::Invalid(problems)) => assert_eq!(problems[0].path, path),
            other => panic!("{path}: {other:?}"),
        }
    }
}
