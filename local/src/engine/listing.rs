//! Everything an engine holds, to be compared before and after something that must change nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Engine, EngineError, TABLE};

impl Engine {
    /// Every item as JSON, by its keys (`pk / sk`). It is read page by page, so nothing should write
    /// meanwhile.
    ///
    /// # Errors
    /// [`EngineError`] when the engine cannot be read, or an item is not one of the table.
    pub fn items(&self) -> Result<BTreeMap<String, String>, EngineError> {
        let mut items = BTreeMap::new();
        let mut start = Value::Null;
        loop {
            let mut request = json!({"TableName": TABLE, "ConsistentRead": true});
            if !start.is_null() {
                request["ExclusiveStartKey"] = start.take();
            }
            let request = serde_json::from_value(request).map_err(|error| unreadable(&error))?;
            let page = self.database.scan(request)?;
            let mut page = serde_json::to_value(&page).map_err(|error| unreadable(&error))?;
            for item in page["Items"].as_array().into_iter().flatten() {
                let (pk, sk) = (item["pk"]["S"].as_str(), item["sk"]["S"].as_str());
                let (pk, sk) = pk
                    .zip(sk)
                    .ok_or_else(|| unreadable(&"an item has no keys"))?;
                items.insert(format!("{pk} / {sk}"), item.to_string());
            }
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                return Ok(items);
            }
        }
    }
}

fn unreadable(cause: &impl ToString) -> EngineError {
    EngineError(cause.to_string())
}
