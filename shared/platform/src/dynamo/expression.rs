//! Update and condition expressions. Their text is made of our own names; what comes from outside only
//! ever stands in a value.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    driver::{DriverStatus, KycStatus, MethodKind},
    fee::Rail,
};

/// An update in the making. Every attribute has a placeholder, so none can be a reserved word.
#[derive(Default)]
pub(crate) struct Expression {
    sets: Vec<String>,
    adds: Vec<String>,
    removes: Vec<String>,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: HashMap<String, AttributeValue>,
}

impl Expression {
    pub(crate) fn set(&mut self, name: String, value: AttributeValue) {
        let (name, value) = self.place(name, value);
        self.sets.push(format!("{name} = {value}"));
    }

    /// The placeholder of the attribute, for a condition on it.
    pub(crate) fn add(&mut self, name: &str, value: AttributeValue) -> String {
        let (name, value) = self.place(name.to_owned(), value);
        self.adds.push(format!("{name} {value}"));
        name
    }

    pub(crate) fn remove(&mut self, name: String) {
        let name = self.name(name);
        self.removes.push(name);
    }

    fn name(&mut self, name: String) -> String {
        let placeholder = format!("#a{}", self.names.len());
        self.names.insert(placeholder.clone(), name);
        placeholder
    }

    fn place(&mut self, name: String, value: AttributeValue) -> (String, String) {
        let name = self.name(name);
        let placeholder = name.replace('#', ":");
        self.values.insert(placeholder.clone(), value);
        (name, placeholder)
    }

    pub(crate) fn text(&self) -> String {
        let clauses = [
            ("SET", &self.sets),
            ("ADD", &self.adds),
            ("REMOVE", &self.removes),
        ];
        let clauses = clauses.into_iter().filter(|(_, parts)| !parts.is_empty());
        let texts: Vec<_> = clauses
            .map(|(clause, parts)| format!("{clause} {}", parts.join(", ")))
            .collect();
        texts.join(" ")
    }
}

/// What is asked of a stored driver.
pub(crate) struct Payable {
    pub(crate) text: String,
    pub(crate) values: Option<HashMap<String, AttributeValue>>,
}

impl Payable {
    /// Only that they are there.
    pub(crate) fn exists() -> Self {
        Self {
            text: "attribute_exists(pk)".to_owned(),
            values: None,
        }
    }

    /// Active, verified, and with a method that serves the rail.
    pub(crate) fn on(rail: Rail) -> Self {
        let mut values = HashMap::from([
            (":active".to_owned(), text(DriverStatus::Active.name())),
            (":verified".to_owned(), text(KycStatus::Verified.name())),
        ]);
        let kinds = MethodKind::ALL.into_iter().filter(|kind| kind.serves(rail));
        let names: Vec<_> = kinds
            .enumerate()
            .map(|(index, kind)| {
                let name = format!(":k{index}");
                values.insert(name.clone(), text(kind.name()));
                name
            })
            .collect();
        Self {
            text: format!(
                "st = :active AND kyc = :verified AND me.kind IN ({})",
                names.join(", ")
            ),
            values: Some(values),
        }
    }
}

pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_names_every_attribute_by_a_placeholder() {
        let mut update = Expression::default();
        update.set("status".to_owned(), text("open"));
        update.add("size", number(1));
        update.remove("name".to_owned());
        assert_eq!(update.text(), "SET #a0 = :a0 ADD #a1 :a1 REMOVE #a2");
        assert_eq!(update.names["#a2"], "name");
        assert_eq!(update.values.len(), 2);
    }
}
