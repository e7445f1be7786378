//! The table of functions against everything that repeats it: the binaries, the routes of
//! `cargo lambda watch`, template.yaml and the sample events.

mod sample_events;
mod template;

use std::collections::{BTreeMap, BTreeSet};

use app::message::QueueName;
use domain::routing::Provider;
use functions::table::{FUNCTIONS, Http, Trigger};
use toml::{Table, Value};
use yaml_rust2::Yaml;

use self::template::{Template, one_or_many, read, resource_name, text};

fn manifest(from_top: &str) -> Table {
    read(from_top).parse().expect("a manifest is TOML")
}

fn names() -> BTreeSet<String> {
    FUNCTIONS.iter().map(|it| it.name.to_owned()).collect()
}

/// Path, method and function of every route of the table.
fn routes() -> BTreeSet<(String, String, String)> {
    let mut found = BTreeSet::new();
    for function in &FUNCTIONS {
        if let Trigger::Http(Http { method, routes, .. }) = function.trigger {
            found.extend(routes.iter().map(|route| {
                (
                    (*route).to_owned(),
                    method.to_owned(),
                    function.name.to_owned(),
                )
            }));
        }
    }
    found
}

fn queue_resource(queue: QueueName) -> &'static str {
    match queue {
        QueueName::Dispatch => "DispatchQueue",
        QueueName::Provider(Provider::Payelata) => "PayelataQueue",
        QueueName::Provider(Provider::Owlpay) => "OwlpayQueue",
        QueueName::Provider(Provider::Paywizard) => "PaywizardQueue",
        QueueName::Check => "CheckQueue",
        QueueName::Batch => "BatchQueue",
        QueueName::Vendors => "VendorsQueue",
    }
}

/// Resource and binary of every function of the template.
fn built(template: &Template) -> BTreeMap<&str, &str> {
    template
        .resources()
        .iter()
        .filter(|(_, it)| it["Type"].as_str() == Some("AWS::Serverless::Function"))
        .map(|(name, it)| {
            let binary = &it["Metadata"]["BuildProperties"]["Binary"];
            (text(name), text(binary))
        })
        .collect()
}

/// What wakes a function in the template: kind and properties of each event.
fn events<'a>(template: &'a Template, function: &str) -> Vec<(&'a str, &'a Yaml)> {
    let events = &template.properties(&resource_name(function))["Events"];
    let events = events.as_hash().into_iter().flatten();
    events
        .map(|(_, event)| (text(&event["Type"]), &event["Properties"]))
        .collect()
}

/// Seconds that a function may take.
fn timeout(template: &Template, function: &str) -> i64 {
    let own = &template.properties(&resource_name(function))["Timeout"];
    let all = &template.globals()["Timeout"];
    own.as_i64().or(all.as_i64()).expect("a timeout")
}

#[test]
fn a_resource_is_named_after_its_function() {
    assert_eq!(resource_name("create-payout"), "CreatePayoutFunction");
    assert_eq!(resource_name("health"), "HealthFunction");
}

#[test]
fn every_function_is_one_untested_binary_of_its_name() {
    let manifest = manifest("functions/Cargo.toml");
    let binaries = manifest["bin"].as_array().expect("[[bin]] entries");
    let mut found = BTreeSet::new();
    for binary in binaries {
        let name = binary["name"].as_str().expect("a name");
        let path = format!("src/bin/{}.rs", name.replace('-', "_"));
        assert_eq!(binary["path"].as_str(), Some(path.as_str()), "{name}");
        assert_eq!(binary["test"].as_bool(), Some(false), "{name}");
        assert!(found.insert(name.to_owned()), "{name} twice");
    }
    assert_eq!(found, names());
}

#[test]
fn the_watch_router_serves_the_routes_of_the_table() {
    let manifest = manifest("Cargo.toml");
    let watch = &manifest["workspace"]["metadata"]["lambda"]["watch"];
    assert_eq!(watch["env_file"].as_str(), Some("events/local.env"));
    let mut found = BTreeSet::new();
    for (path, entries) in watch["router"].as_table().expect("a router") {
        for entry in entries.as_array().expect("a list of functions") {
            let member = |name: &str| entry[name].as_str().expect("a text").to_owned();
            found.insert((path.clone(), member("method"), member("function")));
        }
    }
    assert_eq!(found, routes());
}

#[test]
fn the_template_has_the_functions_of_the_table_under_their_names() {
    let template = Template::read();
    let found = built(&template);
    let resources: Vec<_> = FUNCTIONS
        .iter()
        .map(|it| (resource_name(it.name), it.name))
        .collect();
    let wanted: BTreeMap<_, _> = resources
        .iter()
        .map(|(resource, name)| (resource.as_str(), *name))
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn the_template_wakes_every_function_as_the_table_says() {
    let template = Template::read();
    let mut http = BTreeSet::new();
    let mut read_queues = BTreeSet::new();
    for function in &FUNCTIONS {
        let sources = events(&template, function.name);
        for (kind, properties) in &sources {
            match function.trigger {
                Trigger::Http(_) => {
                    assert_eq!(*kind, "HttpApi", "{}", function.name);
                    assert_eq!(text(&properties["ApiId"]), "Api");
                    http.insert((
                        text(&properties["Path"]).to_owned(),
                        text(&properties["Method"]).to_owned(),
                        function.name.to_owned(),
                    ));
                }
                Trigger::Queues(queues) => {
                    assert_eq!(*kind, "SQS", "{}", function.name);
                    let source = text(&properties["Queue"]);
                    let known = queues
                        .iter()
                        .map(|it| format!("{}.Arn", queue_resource(*it)));
                    assert!(known.into_iter().any(|it| it == source), "{source}");
                    assert!(read_queues.insert(source), "{source} is read once");
                }
                Trigger::EveryMinute => {
                    assert_eq!(*kind, "Schedule", "{}", function.name);
                    assert_eq!(text(&properties["Schedule"]), "rate(1 minute)");
                }
                Trigger::EveryNight => {
                    assert_eq!(*kind, "Schedule", "{}", function.name);
                    assert_eq!(text(&properties["Schedule"]), "cron(0 2 * * ? *)");
                }
                Trigger::Invoke => panic!("{} is called by nobody but people", function.name),
            }
        }
        let is_woken = match function.trigger {
            Trigger::Http(_) => !sources.is_empty(),
            Trigger::Queues(queues) => sources.len() == queues.len(),
            Trigger::EveryMinute | Trigger::EveryNight => sources.len() == 1,
            Trigger::Invoke => sources.is_empty(),
        };
        assert!(is_woken, "{}", function.name);
    }
    assert_eq!(http, routes());
}

#[test]
fn a_queue_waits_six_times_as_long_as_its_function_and_gives_up_after_five() {
    let template = Template::read();
    for function in &FUNCTIONS {
        let Trigger::Queues(queues) = function.trigger else {
            continue;
        };
        for queue in queues {
            let properties = template.properties(queue_resource(*queue));
            assert_eq!(
                properties["VisibilityTimeout"].as_i64(),
                Some(6 * timeout(&template, function.name)),
                "{}",
                function.name
            );
            let redrive = &properties["RedrivePolicy"];
            assert_eq!(redrive["maxReceiveCount"].as_i64(), Some(5));
            let target = text(&redrive["deadLetterTargetArn"]);
            let dead = target.strip_suffix(".Arn").expect("an ARN");
            let kept = &template.properties(dead)["MessageRetentionPeriod"];
            assert_eq!(kept.as_i64(), Some(14 * 24 * 3600), "{dead}");
        }
        let mut limits = BTreeSet::new();
        for (_, source) in events(&template, function.name) {
            let partial = source["FunctionResponseTypes"][0].as_str();
            assert_eq!(partial, Some("ReportBatchItemFailures"));
            let limit = source["ScalingConfig"]["MaximumConcurrency"].as_str();
            limits.extend(limit);
        }
        assert_eq!(
            limits.len(),
            queues.len(),
            "{}: a limit for each",
            function.name
        );
    }
}

/// Every queue a function may send to by the template has its address there, and the other way round.
#[test]
fn who_may_send_to_the_queue_of_a_provider_knows_the_queues_of_all() {
    let template = Template::read();
    for function in &FUNCTIONS {
        let grants = template.grants(function.name);
        let variables = &template.properties(&resource_name(function.name))["Environment"];
        for (queue, variable) in [
            ("PayelataQueue", "OVN_PAYELATA_QUEUE_URL"),
            ("OwlpayQueue", "OVN_OWLPAY_QUEUE_URL"),
            ("PaywizardQueue", "OVN_PAYWIZARD_QUEUE_URL"),
        ] {
            let may = grants.contains(&("sqs:SendMessage", format!("{queue}.Arn").as_str()));
            let address = variables["Variables"][variable].as_str();
            assert!(!may || address == Some(queue), "{}: {queue}", function.name);
        }
    }
}

#[test]
fn no_function_may_do_everything_or_touch_everything() {
    let template = Template::read();
    for function in &FUNCTIONS {
        for (action, resource) in template.grants(function.name) {
            assert!(!action.contains('*'), "{}: {action}", function.name);
            assert!(!resource.contains('*'), "{}: {resource}", function.name);
        }
    }
}

/// The encryption contexts in which a function may do `action`: one for each statement that allows it.
fn vault_contexts<'a>(
    template: &'a Template,
    function: &str,
    action: &str,
) -> Vec<BTreeSet<&'a str>> {
    let allows = |it: &&Yaml| one_or_many(&it["Action"]).contains(&action);
    let statements = template.statements(function).into_iter().filter(allows);
    let names = |it: &'a Yaml| {
        let condition = &it["Condition"]["ForAllValues:StringEquals"];
        let names = &condition["kms:EncryptionContextKeys"];
        one_or_many(names).into_iter().collect()
    };
    statements.map(names).collect()
}

/// The functions that may do `action` with what is sealed for a `driver`, a `key` or a `charge`.
fn may<'a>(template: &'a Template, action: &str, owner: &str) -> Vec<&'a str> {
    let holds = |name: &str| {
        let contexts = vault_contexts(template, name, action);
        contexts.iter().any(|names| names.contains(owner))
    };
    let all = FUNCTIONS.iter().map(|it| it.name);
    all.filter(|name| holds(name)).collect()
}

#[test]
fn a_function_that_only_reads_may_write_rate_limits_and_nothing_else() {
    let reading = ["GetItem", "BatchGetItem", "Query"].map(|it| format!("dynamodb:{it}"));
    let template = Template::read();
    for function in &FUNCTIONS {
        let is_reader = function.http().is_some_and(|http| http.method == "GET");
        let statements = template.statements(function.name).into_iter();
        for statement in statements.filter(|_| is_reader) {
            let actions = one_or_many(&statement["Action"]);
            if actions.iter().all(|it| reading.contains(&(*it).to_owned())) {
                continue;
            }
            assert_eq!(actions, ["dynamodb:PutItem"], "{}", function.name);
            let items = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
            assert_eq!(one_or_many(items), ["RL#*"], "{}", function.name);
        }
    }
}

#[test]
fn only_who_hands_a_payout_method_to_a_provider_opens_it() {
    let template = Template::read();
    let opens = may(&template, "kms:Decrypt", "driver");
    assert_eq!(opens, ["dispatch-payout", "sync-vendor"]);
    let seals = may(&template, "kms:Encrypt", "driver");
    assert_eq!(seals, ["put-payout-method"]);
}

/// The functions that have a variable of their own.
fn having<'a>(template: &'a Template, variable: &str) -> Vec<&'a str> {
    let holds = |name: &&str| {
        let own = &template.properties(&resource_name(name))["Environment"]["Variables"];
        !own[variable].is_badvalue()
    };
    FUNCTIONS.iter().map(|it| it.name).filter(holds).collect()
}

#[test]
fn who_asks_payelata_about_accounts_has_no_credential_that_moves_money() {
    let template = Template::read();
    for variable in ["OVN_PAYELATA_PUBLIC_BASE", "OVN_PAYELATA_PUBLIC_KEY"] {
        let asks = having(&template, variable);
        assert_eq!(asks, ["put-payout-method"], "{variable}");
    }
    let moves = having(&template, "OVN_PAYELATA_API_KEY");
    assert!(moves.contains(&"dispatch-payout"));
    assert!(!moves.contains(&"put-payout-method"));
}

/// What is stored with a card must be what is later served: one list for who saves it and who calls PayWizard.
#[test]
fn who_saves_prepaid_cards_and_who_calls_paywizard_have_the_same_channels() {
    let template = Template::read();
    let mut need = having(&template, "OVN_PAYWIZARD_BASE");
    need.extend(["put-payout-method", "create-card-charge"]);
    let mut have = having(&template, "OVN_PAYWIZARD_CHANNELS");
    need.sort_unstable();
    have.sort_unstable();
    assert_eq!(have, need);
    for function in have {
        let own = &template.properties(&resource_name(function))["Environment"]["Variables"];
        let named = own["OVN_PAYWIZARD_CHANNELS"].as_str();
        assert_eq!(named, Some("PaywizardChannels"), "{function}");
    }
}

#[test]
fn only_the_dispatcher_opens_charged_cards() {
    let template = Template::read();
    assert_eq!(may(&template, "kms:Decrypt", "charge"), ["dispatch-payout"]);
    let seals = may(&template, "kms:Encrypt", "charge");
    assert_eq!(seals, ["create-card-charge"]);
}

#[test]
fn only_the_functions_that_show_secrets_of_keys_seal_and_open_them() {
    let template = Template::read();
    for action in ["kms:Encrypt", "kms:Decrypt"] {
        let may = may(&template, action, "key");
        assert_eq!(may, ["create-key", "rotate-key"], "{action}");
    }
}

#[test]
fn nothing_is_sealed_or_opened_for_more_than_one_kind_of_owner() {
    let template = Template::read();
    for function in &FUNCTIONS {
        for action in ["kms:Encrypt", "kms:Decrypt"] {
            for names in vault_contexts(&template, function.name, action) {
                let owners: Vec<_> = names.iter().filter(|it| **it != "tenant").collect();
                assert_eq!(owners.len(), 1, "{} {names:?}", function.name);
            }
        }
    }
    let policy = &template.properties("VaultKey")["KeyPolicy"]["Statement"];
    let refused: BTreeSet<BTreeSet<_>> = policy
        .as_vec()
        .expect("statements")
        .iter()
        .filter(|it| it["Effect"].as_str() == Some("Deny"))
        .map(|it| {
            let missing = it["Condition"]["Null"].as_hash().expect("what is missing");
            missing.keys().map(text).collect()
        })
        .collect();
    // Of one statement all must be missing.
    let context = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
    let expected = [
        context(&["kms:EncryptionContext:tenant"]),
        context(&[
            "kms:EncryptionContext:driver",
            "kms:EncryptionContext:key",
            "kms:EncryptionContext:charge",
        ]),
    ];
    assert_eq!(refused, expected.into());
}

#[test]
fn packaging_uses_the_values_of_the_lambda_profile() {
    let manifest = manifest("Cargo.toml");
    let profile = manifest["profile"]["lambda"].as_table().expect("a profile");
    let makefile = read("Makefile");
    for (name, value) in profile.iter().filter(|(name, _)| *name != "inherits") {
        let variable = name.to_uppercase().replace('-', "_");
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Boolean(switch) => switch.to_string(),
            other => panic!("{name} is {other:?}"),
        };
        let setting = format!("CARGO_PROFILE_RELEASE_{variable}={value}");
        assert!(makefile.contains(&setting), "Makefile: {setting}");
    }
}
