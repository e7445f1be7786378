//! The sample events against the table of functions.

use std::{collections::BTreeSet, fs};

use functions::table::{FUNCTIONS, Function, Http, Trigger, function};
use platform::{api::path::match_route, sqs::parse_message};
use serde_json::Value;

use crate::template::{path, read};

/// Function, case (empty for the happy event) and content of every file.
fn samples() -> Vec<(&'static Function, String, Value)> {
    let files = fs::read_dir(path("events")).expect("a folder of events");
    let mut found = Vec::new();
    for file in files {
        let name = file.expect("an entry").file_name();
        let name = name.to_str().expect("UTF-8");
        let Some(stem) = name.strip_suffix(".json") else {
            continue;
        };
        let (owner, case) = stem.split_once('.').unwrap_or((stem, ""));
        let owner = function(owner).unwrap_or_else(|| panic!("{name} belongs to no function"));
        let content = read(&format!("events/{name}"));
        let content = serde_json::from_str(&content).expect("an event is JSON");
        found.push((owner, case.to_owned(), content));
    }
    found
}

#[test]
fn every_function_has_one_happy_event() {
    let happy: BTreeSet<_> = samples()
        .iter()
        .filter(|(_, case, _)| case.is_empty())
        .map(|(function, ..)| function.name)
        .collect();
    let wanted: BTreeSet<_> = FUNCTIONS.iter().map(|it| it.name).collect();
    assert_eq!(happy, wanted);
}

#[test]
fn every_event_is_one_that_its_function_gets() {
    for (function, case, event) in samples() {
        let place = format!("{} {case}", function.name);
        match function.trigger {
            Trigger::Http(Http { method, routes, .. }) => {
                let http = &event["requestContext"]["http"];
                assert_eq!(event["version"], "2.0", "{place}");
                assert_eq!(http["method"], method, "{place}");
                assert_eq!(event["rawPath"], http["path"], "{place}");
                let raw_path = event["rawPath"].as_str().expect("a path");
                let route = routes.iter().find(|it| match_route(it, raw_path).is_some());
                let route = route.unwrap_or_else(|| panic!("{place}: {raw_path} is not its path"));
                assert_eq!(event["routeKey"], format!("{method} {route}"), "{place}");
            }
            Trigger::Queues(queues) => {
                for record in event["Records"].as_array().expect("records") {
                    let source = record["eventSourceARN"].as_str().expect("a queue");
                    let queue = queues
                        .iter()
                        .find(|it| source.ends_with(&format!(":{}", it.name())));
                    let queue = queue.unwrap_or_else(|| panic!("{place}: {source}"));
                    let body = record["body"].as_str().expect("a body");
                    let message = parse_message(body).expect("a message");
                    assert_eq!(message.queue(), *queue, "{place}");
                }
            }
            Trigger::Invoke => {
                assert!(
                    event.as_object().is_some_and(|it| !it.is_empty()),
                    "{place}"
                );
            }
            Trigger::EveryMinute | Trigger::EveryNight => {
                assert_eq!(event["detail-type"], "Scheduled Event", "{place}");
            }
        }
    }
}
