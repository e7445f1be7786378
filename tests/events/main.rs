//! Every binary is started as Lambda starts it, takes its sample event, and must give the agreed answer
//! with no other variables and no other permissions than template.yaml gives it.
//!
//! The agreed answers are in `answers`; what differs is written to the target folder for comparison.

mod answer;
mod aws;
mod binaries;
mod runtime_api;
mod scene;
mod signed;
#[path = "../drift/template.rs"]
mod template;

use std::{collections::BTreeSet, fs, process::Stdio, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{process::Command, sync::Semaphore, task::JoinSet, time::timeout};

use self::{
    runtime_api::RuntimeApi,
    scene::Scene,
    template::{Template, path, resource_name, text},
};

/// Long enough for all programs on a busy computer.
const DEADLINE: Duration = Duration::from_secs(60);
/// Programs at the same time. A call to the table may take a second, as in production: with all of them at once,
/// a busy computer would answer later.
const AT_ONCE: usize = 6;

/// The sample events by file name without `.json`, as `create-payout.malformed-json`.
fn samples() -> Vec<String> {
    let files = fs::read_dir(path("events")).expect("a folder of events");
    let names = files.map(|file| file.expect("an entry").file_name());
    let mut names: Vec<_> = names
        .filter_map(|name| Some(name.to_str()?.strip_suffix(".json")?.to_owned()))
        .collect();
    names.sort();
    names
}

/// The names of a function's variables in the template.
fn variables<'a>(template: &'a Template, function: &str) -> BTreeSet<&'a str> {
    let own = template.properties(&resource_name(function));
    [own, template.globals()]
        .into_iter()
        .filter_map(|it| it["Environment"]["Variables"].as_hash())
        .flat_map(|variables| variables.keys().map(text))
        .collect()
}

/// Runs one binary on one event; what was answered and sent, or what went wrong.
async fn run(sample: String) -> Result<(), String> {
    let name = sample.split('.').next().unwrap_or_default();
    let event = template::read(&format!("events/{sample}.json"));
    let event = signed::now(name, &sample, event);

    let scene = Scene::set(name).await;
    let runtime = RuntimeApi::serve(event).await;
    let template = Template::read();
    let variables = variables(&template, name);
    let settings = variables.iter().map(|it| (*it, scene.setting(it)));
    let mut child = Command::new(binaries::path_of(name))
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", &runtime.address)
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "sample")
        .env("AWS_SECRET_ACCESS_KEY", "sample")
        .env("AWS_ENDPOINT_URL", scene.aws.url())
        .envs(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{name} does not start: {error}"))?;

    let answered = tokio::select! {
        answered = timeout(DEADLINE, runtime.answer()) => answered.ok(),
        _ = child.wait() => None,
    };
    // It may have ended by itself; then there is nothing left to end.
    let _ended = child.start_kill();
    let output = child.wait_with_output().await;
    let output = output.map_err(|error| error.to_string())?;
    let log = [output.stdout, output.stderr].concat();
    let log = String::from_utf8_lossy(&log);
    let answered = answered.ok_or_else(|| format!("no answer; its log:\n{log}"))?;

    let seen = answer::plain(json!({
        "answer": answered,
        "sent": scene.aws.sent(),
        "payouts": scene.payouts().await,
    }));
    compare(&sample, &seen).map_err(|problem| format!("{problem}; its log:\n{log}"))?;
    let granted: BTreeSet<_> = template.grants(name);
    let used = scene.aws.used();
    let missing: Vec<_> = used
        .iter()
        .filter(|(action, resource)| !granted.contains(&(action.as_str(), resource.as_str())))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("template.yaml does not allow {missing:?}"))
    }
}

fn compare(sample: &str, seen: &Value) -> Result<(), String> {
    let agreed_at = path(&format!("tests/events/answers/{sample}.json"));
    let agreed = fs::read_to_string(&agreed_at).unwrap_or_else(|_| "null".to_owned());
    let agreed: Value = serde_json::from_str(&agreed).expect("an agreed answer is JSON");
    if *seen == agreed {
        return Ok(());
    }
    let text = serde_json::to_string_pretty(seen).expect("JSON") + "\n";
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("answers");
    fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join(format!("{sample}.json"));
    fs::write(&file, &text).expect("written");
    Err(format!(
        "the answer is not the agreed one; if it should be: cp {} {}\n{text}",
        file.display(),
        agreed_at.display()
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_binary_answers_its_events_as_agreed() {
    let mut runs = JoinSet::new();
    let room = Arc::new(Semaphore::new(AT_ONCE));
    for sample in samples() {
        let room = Arc::clone(&room);
        runs.spawn(async move {
            let _turn = room.acquire().await;
            (sample.clone(), run(sample).await)
        });
    }
    let mut problems = Vec::new();
    while let Some(ended) = runs.join_next().await {
        let (sample, result) = ended.expect("a run ends in a result");
        if let Err(problem) = result {
            problems.push(format!("{sample}: {problem}"));
        }
    }
    problems.sort();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn every_agreed_answer_belongs_to_an_event() {
    let samples: BTreeSet<_> = samples().into_iter().collect();
    let answers = fs::read_dir(path("tests/events/answers")).expect("a folder of answers");
    for answer in answers {
        let name = answer.expect("an entry").file_name();
        let name = name.to_str().expect("UTF-8").trim_end_matches(".json");
        assert!(samples.contains(name), "{name} has no event");
    }
}
