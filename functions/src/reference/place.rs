//! Where an operation stands, and what it is called there.

use crate::table::Http;

/// Where an operation stands.
pub(super) struct Place<'a> {
    pub(super) http: &'a Http,
    pub(super) route: &'a str,
    /// Another path of the same function.
    pub(super) is_alias: bool,
    pub(super) with_key: bool,
}

impl Place<'_> {
    /// Whether it takes a body and an idempotency key.
    pub(super) fn is_change(&self) -> bool {
        matches!(self.http.method, "POST" | "PUT")
    }

    pub(super) fn has_values(&self) -> bool {
        self.route.contains('{')
    }

    /// Aliases are named after what their path ends in.
    pub(super) fn operation_id(&self, function: &str) -> String {
        let name = camel(function);
        let last = self.route.rsplit('/').next().unwrap_or_default();
        match last.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
            Some(value) if self.is_alias => camel(&format!("{function}-{value}")),
            None if self.is_alias => name + "Public",
            Some(_) | None => name,
        }
    }
}

/// `create-payout` as `createPayout`.
pub(super) fn camel(name: &str) -> String {
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        text + &initial.to_uppercase() + rest
    })
}
