//! template.yaml as the tests read it. Short forms as `!Ref Table` read as their argument, `Table`.

use std::{collections::BTreeSet, fs, path::PathBuf};

use yaml_rust2::{Yaml, YamlLoader};

/// A file of the workspace, by its path from the top.
pub(crate) fn path(from_top: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(from_top)
}

pub(crate) fn read(from_top: &str) -> String {
    fs::read_to_string(path(from_top)).unwrap_or_else(|error| panic!("{from_top}: {error}"))
}

/// The resource of a function: `create-payout` is `CreatePayoutFunction`.
pub(crate) fn resource_name(function: &str) -> String {
    let words = function.split('-').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.chain(["Function".to_owned()]).collect()
}

/// The whole template.
pub(crate) struct Template(Yaml);

impl Template {
    pub(crate) fn read() -> Self {
        let mut documents =
            YamlLoader::load_from_str(&read("template.yaml")).expect("template.yaml is YAML");
        assert_eq!(documents.len(), 1, "one document");
        Self(documents.remove(0))
    }

    /// The properties of a resource.
    pub(crate) fn properties(&self, resource: &str) -> &Yaml {
        let name = Yaml::String(resource.to_owned());
        &self.resources()[&name]["Properties"]
    }

    /// What every function has.
    pub(crate) fn globals(&self) -> &Yaml {
        &self.0["Globals"]["Function"]
    }

    /// Name and content of every resource.
    pub(crate) fn resources(&self) -> &yaml_rust2::yaml::Hash {
        self.0["Resources"].as_hash().expect("resources")
    }

    /// The statements of a function's policy.
    pub(crate) fn statements(&self, function: &str) -> Vec<&Yaml> {
        let policies = &self.properties(&resource_name(function))["Policies"];
        policies
            .as_vec()
            .expect("a function has a policy")
            .iter()
            .flat_map(|policy| policy["Statement"].as_vec().expect("statements"))
            .collect()
    }

    /// What a function may do: action and resource, pair by pair.
    pub(crate) fn grants(&self, function: &str) -> BTreeSet<(&str, &str)> {
        let mut grants = BTreeSet::new();
        for statement in self.statements(function) {
            assert_eq!(text(&statement["Effect"]), "Allow", "{function}");
            for action in one_or_many(&statement["Action"]) {
                for resource in one_or_many(&statement["Resource"]) {
                    grants.insert((action, resource));
                }
            }
        }
        grants
    }
}

pub(crate) fn text(yaml: &Yaml) -> &str {
    yaml.as_str().unwrap_or_else(|| panic!("a text: {yaml:?}"))
}

/// A text, or each of a list.
pub(crate) fn one_or_many(yaml: &Yaml) -> Vec<&str> {
    match yaml.as_vec() {
        Some(many) => many.iter().map(text).collect(),
        None => vec![text(yaml)],
    }
}
