//! The document as the tests read it.

use std::{fs, path::PathBuf};

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::{Map, Value};

const ADDRESS: &str = "http://ovn-pay.test/openapi.json";

/// A file of the workspace, by its path from the top.
pub(crate) fn path(from_top: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(from_top)
}

pub(crate) fn read(from_top: &str) -> String {
    fs::read_to_string(path(from_top)).unwrap_or_else(|error| panic!("{from_top}: {error}"))
}

/// The whole document. In the strict one no object has members that are not described.
pub(crate) struct Published(pub(crate) Value);

/// One operation and where it stands.
pub(crate) struct Operation<'a> {
    pub(crate) route: &'a str,
    /// In upper case.
    pub(crate) method: String,
    pub(crate) content: &'a Value,
    /// Its place in the document, as a JSON pointer.
    pub(crate) pointer: String,
}

impl Published {
    pub(crate) fn new() -> Self {
        let text = functions::reference::text().expect("a document");
        Self(serde_json::from_str(&text).expect("JSON"))
    }

    pub(crate) fn strict() -> Self {
        let mut document = Self::new();
        close(&mut document.0);
        document
    }

    pub(crate) fn operations(&self) -> Vec<Operation<'_>> {
        let mut found = Vec::new();
        for (route, item) in members(&self.0["paths"]) {
            for (method, content) in members(item) {
                found.push(Operation {
                    route,
                    method: method.to_uppercase(),
                    content,
                    pointer: format!("/paths/{}/{method}", escaped(route)),
                });
            }
        }
        found
    }

    /// What a JSON pointer leads to, names followed.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        let found = self.0.pointer(pointer);
        let found = found.unwrap_or_else(|| panic!("{pointer} is not in the document"));
        self.follow(found)
    }

    /// The value itself, or what it names.
    pub(crate) fn follow<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(name) => self.at(name.strip_prefix('#').expect("a place in the document")),
            None => value,
        }
    }

    /// The parameters of an operation, each with its place.
    pub(crate) fn parameters(&self, operation: &Operation<'_>) -> Vec<(String, &Value)> {
        let listed = operation.content["parameters"].as_array().map(Vec::len);
        (0..listed.unwrap_or(0))
            .map(|index| self.placed(format!("{}/parameters/{index}", operation.pointer)))
            .collect()
    }

    /// A response of an operation, and its place.
    pub(crate) fn response(&self, operation: &Operation<'_>, status: &str) -> (String, &Value) {
        self.placed(format!("{}/responses/{status}", operation.pointer))
    }

    /// What stands at a place, or at the place that is named there.
    fn placed(&self, pointer: String) -> (String, &Value) {
        let place = match self.0.pointer(&pointer).and_then(|it| it["$ref"].as_str()) {
            Some(name) => name.trim_start_matches('#').to_owned(),
            None => pointer,
        };
        let found = self.at(&place);
        (place, found)
    }
}

/// Schemas of a document, ready to be asked.
pub(crate) struct Judge {
    compiler: Compiler,
    schemas: Schemas,
}

impl Judge {
    pub(crate) fn of(document: &Published) -> Self {
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        let added = compiler.add_resource(ADDRESS, document.0.clone());
        added.expect("a document");
        Self {
            compiler,
            schemas: Schemas::new(),
        }
    }

    /// The schema at a JSON pointer.
    pub(crate) fn schema(&mut self, pointer: &str) -> SchemaIndex {
        let fragment = pointer.replace('{', "%7B").replace('}', "%7D");
        let place = format!("{ADDRESS}#{fragment}");
        let compiled = self.compiler.compile(&place, &mut self.schemas);
        compiled.unwrap_or_else(|error| panic!("{pointer}: {error:#}"))
    }

    /// # Errors
    /// What does not fit.
    pub(crate) fn check(&self, value: &Value, schema: SchemaIndex) -> Result<(), String> {
        let checked = self.schemas.validate(value, schema);
        checked.map_err(|error| format!("{error:#}"))
    }
}

pub(crate) fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = value.as_object().into_iter().flat_map(Map::iter);
    members.map(|(name, value)| (name.as_str(), value))
}

/// A name as a part of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn close(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let is_schema = members.get("type") == Some(&"object".into());
            if is_schema && members.contains_key("properties") {
                let known = members.entry("additionalProperties");
                known.or_insert(Value::Bool(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
