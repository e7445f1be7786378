//! Accounts that are judged by the fields of their service: the pre-request, what it answers, and for how long an
//! answer is used.

use std::{sync::Arc, time::Duration};

use app::port::{AccountAsk, AccountCheck, Plaintext, Providers};
use domain::{driver::MethodKind, ids::Mode, time::Timestamp};
use platform::{
    pace::Pace,
    provider::{
        AnyProvider,
        http::Http,
        payelata::{
            public::PayelataPublic,
            settings::{BANK_SERVICE, PublicSettings},
        },
    },
};
use serde_json::{Value, json};

use crate::{
    request::assert_request,
    stage::{Act, BANK, CARD, Twin, printed},
};

pub(crate) fn public(twin: &Twin, pace: Pace) -> PayelataPublic {
    let settings = PublicSettings {
        public_base: format!("http://{}/public-api/", twin.host),
        public_key: "pk_test_EXAMPLEKEY0001".into(),
        bank_service: BANK_SERVICE.to_owned(),
        mode: Mode::Test,
        sandbox_hosts: Vec::new(),
    };
    PayelataPublic::new(settings, Http::new(pace).expect("a client")).expect("valid settings")
}

fn checker(twin: &Twin, pace: Pace) -> AnyProvider {
    AnyProvider::default().with_payelata_public(Some(public(twin, pace)))
}

async fn ask(checker: &AnyProvider, kind: MethodKind, account: &str, seconds: u64) -> AccountCheck {
    let account = Plaintext(account.to_owned());
    let ask = AccountAsk {
        kind,
        account: &account,
        mode: Mode::Test,
        now: Timestamp::default().plus(Duration::from_secs(seconds)),
    };
    checker.check_account(ask).await
}

fn field(key: &str, regexp: &Value, required: bool) -> Value {
    json!({"key": key, "type": "string", "label": {"en": "x"}, "hint": {"en": "x"}, "example": null,
        "regexp": regexp, "required": required, "position": 0})
}

fn service(code: &str, fields: &[Value]) -> Value {
    json!({"code": code, "method": "x", "currency": "USD", "fields": fields, "amount_min": 0.01,
        "amount_max": 9_999_999, "exchange_rate": 1, "amount": "100.00"})
}

/// An answer that offers a card and a bank service.
fn offers() -> Value {
    let card = service("card", &[field("card_number", &json!(r"^\\d{16}$"), true)]);
    let bank = service(
        BANK_SERVICE,
        &[
            field("account_number", &json!(r"/^\d{4,17}$/"), true),
            field("routing_number", &json!(r"^0\\d{8}$"), true),
            field("account_holder", &json!("^[A-Za-z ]{2,64}$"), true),
            field("comment", &json!("^x$"), false),
        ],
    );
    json!({"data": {"currency": "USD", "amount": 100, "test_mode": true,
        "services": {"card": card, BANK_SERVICE: bank, "methods": {"x": {"code": "x"}}, "account": {"name": "x"}}}})
}

fn with(change: impl FnOnce(&mut Value)) -> String {
    let mut answer = offers();
    change(&mut answer["data"]);
    answer.to_string()
}

/// What one answer says of the sample bank account.
async fn judged(act: Act) -> AccountCheck {
    let twin = Twin::acting(act).await;
    let check = ask(
        &checker(&twin, Pace::real()),
        MethodKind::BankAccount,
        BANK,
        0,
    )
    .await;
    assert_eq!(twin.requests().len(), 1, "asked exactly once");
    check
}

fn unchecked(cause: &str) -> AccountCheck {
    AccountCheck::Unchecked {
        cause: cause.to_owned(),
    }
}

/// Path and message of every problem.
fn problems(check: &AccountCheck) -> Vec<(&str, &str)> {
    match check {
        AccountCheck::Refused(problems) => problems
            .iter()
            .map(|it| (it.path.as_str(), it.message.as_str()))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_pre_request_is_sent_as_documented_and_accounts_that_fit_are_told_so() {
    let twin = Twin::acting(Act::Say(200, offers().to_string())).await;
    let checker = checker(&twin, Pace::real());
    let bank = ask(&checker, MethodKind::BankAccount, BANK, 0).await;
    assert_eq!(bank, AccountCheck::Fits);
    assert_request(&twin, "prerequest.http");
    // The same answer tells of the other service.
    let card = ask(&checker, MethodKind::Card, CARD, 0).await;
    assert_eq!(card, AccountCheck::Fits);
    assert_eq!(twin.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_is_used_for_ten_minutes_and_a_failure_for_half_a_minute() {
    let say = |status, text: &str| Act::Say(status, text.to_owned());
    let answer = offers().to_string();
    let twin = Twin::acting_in_turn(vec![say(503, ""), say(200, &answer), say(200, &answer)]).await;
    let checker = checker(&twin, Pace::real());
    for (seconds, requests) in [
        (0, 1),
        (29, 1),
        (30, 2),
        (31, 2),
        (629, 2),
        (630, 3),
        (631, 3),
    ] {
        let check = ask(&checker, MethodKind::BankAccount, BANK, seconds).await;
        let expected = match seconds {
            0..30 => unchecked("http_503"),
            _ => AccountCheck::Fits,
        };
        assert_eq!(check, expected, "{seconds}");
        assert_eq!(twin.requests().len(), requests, "{seconds}");
    }
}

#[tokio::test]
async fn those_who_ask_at_the_same_time_wait_for_one_call() {
    let twin = Twin::acting(Act::Say(200, offers().to_string())).await;
    let checker = checker(&twin, Pace::real());
    let one = || ask(&checker, MethodKind::BankAccount, BANK, 0);
    let (a, b, c) = tokio::join!(one(), one(), one());
    assert_eq!([a, b, c], [const { AccountCheck::Fits }; 3]);
    assert_eq!(twin.requests().len(), 1);
}

#[tokio::test]
async fn a_value_the_provider_would_refuse_names_our_member_and_shows_no_value() {
    let account = r#"{"type":"bank_account","accountNumber":"000123456789","routingNumber":"121000021","holder":"J0hn Smith"}"#;
    let twin = Twin::acting(Act::Say(200, offers().to_string())).await;
    let check = ask(
        &checker(&twin, Pace::real()),
        MethodKind::BankAccount,
        account,
        0,
    )
    .await;
    assert_eq!(
        problems(&check),
        [
            (
                "routingNumber",
                r"must match ^0\d{8}$, as the provider requires"
            ),
            (
                "holder",
                "must match ^[A-Za-z ]{2,64}$, as the provider requires"
            ),
        ]
    );
    let shown = format!("{check:?}");
    for value in ["121000021", "000123456789", "J0hn"] {
        assert!(!shown.contains(value), "{shown}");
    }
}

#[tokio::test]
async fn a_required_field_that_is_never_sent_speaks_against_the_kind_of_method() {
    let asking_for = |key: &str| {
        let field = field(key, &Value::Null, true);
        with(|data| data["services"][BANK_SERVICE]["fields"] = json!([field]))
    };
    let check = judged(Act::Say(200, asking_for("tax_id"))).await;
    assert_eq!(
        problems(&check),
        [(
            "type",
            "cannot be paid: the provider requires the field tax_id, which is never sent"
        )]
    );
    // What is no name is not shown.
    let check = judged(Act::Say(200, asking_for("<b>12345</b>"))).await;
    assert_eq!(
        problems(&check),
        [(
            "type",
            "cannot be paid: the provider requires a field that is never sent"
        )]
    );
}

#[tokio::test]
async fn a_pattern_nobody_can_read_judges_nothing_and_the_others_still_do() {
    let patterned = |pattern: &str| {
        let pattern = json!(pattern);
        with(move |data| {
            data["services"][BANK_SERVICE]["fields"][0]["regexp"] = pattern;
        })
    };
    for pattern in ["(", r"(?=1)\d+", "a{1000}{1000}{1000}", &"a".repeat(1_000)] {
        let check = judged(Act::Say(200, patterned(pattern))).await;
        assert_eq!(check, unchecked("pattern_unreadable"), "{pattern}");
    }
    let both = with(|data| {
        let fields = &mut data["services"][BANK_SERVICE]["fields"];
        fields[0]["regexp"] = json!("(");
        fields[1]["regexp"] = json!("^1$");
    });
    let check = judged(Act::Say(200, both)).await;
    assert_eq!(problems(&check).len(), 1);
}

#[tokio::test]
async fn rates_limits_and_absent_patterns_are_nothing_against_an_account() {
    let odd = with(|data| {
        let bank = &mut data["services"][BANK_SERVICE];
        bank["exchange_rate"] = json!("0.93");
        bank["currency"] = json!("EUR");
        bank["amount_min"] = json!(500.25);
        bank["amount_max"] = json!("500.50");
        bank["fields"][0]["regexp"] = json!(null);
        bank["fields"][1]["regexp"] = json!("");
    });
    assert_eq!(judged(Act::Say(200, odd)).await, AccountCheck::Fits);
    let quoted = with(|data| data["amount"] = json!("100.00"));
    assert_eq!(judged(Act::Say(200, quoted)).await, AccountCheck::Fits);
}

#[tokio::test]
async fn a_service_that_is_not_offered_says_nothing_of_the_account() {
    let without = with(|data| {
        data["services"]
            .as_object_mut()
            .expect("an object")
            .remove(BANK_SERVICE);
    });
    let empty = with(|data| data["services"] = json!([]));
    let printed = printed("prerequest.json").replacen("\"amount\": 10,", "\"amount\": 100,", 1);
    for body in [without, empty, printed] {
        let check = judged(Act::Say(200, body)).await;
        assert_eq!(check, unchecked("service_not_offered"));
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_or_answers_something_else_judges_nothing() {
    let cut = offers().to_string();
    let wrong = |member: &str, value: Value| with(|data| data[member] = value);
    let rows = [
        (cut[..cut.len() / 2].to_owned(), "body_unreadable"),
        ("<html>sorry</html>".to_owned(), "body_unreadable"),
        (String::new(), "body_unreadable"),
        ("{}".to_owned(), "body_unreadable"),
        ("[]".to_owned(), "body_unreadable"),
        (wrong("services", json!([1])), "body_unreadable"),
        (wrong("services", json!("x")), "body_unreadable"),
        (wrong("services", json!(null)), "body_unreadable"),
        (wrong("test_mode", json!(1)), "body_unreadable"),
        (wrong("currency", json!(5)), "body_unreadable"),
        (wrong("currency", json!("EUR")), "other_currency"),
        (wrong("amount", json!(10)), "other_amount"),
        (wrong("amount", json!("ten")), "other_amount"),
        (wrong("amount", json!(null)), "other_amount"),
        (wrong("test_mode", json!(false)), "other_mode"),
        (
            format!("{{\"x\":\"{}\"}}", "x".repeat(300 * 1024)),
            "body_too_large",
        ),
    ];
    for (body, cause) in rows {
        let short = body.chars().take(80).collect::<String>();
        let check = judged(Act::Say(200, body)).await;
        assert_eq!(check, unchecked(cause), "{short}");
    }
    for status in [204, 301, 400, 401, 403, 404, 422, 429, 500, 502, 504] {
        let check = judged(Act::Say(status, offers().to_string())).await;
        assert_eq!(check, unchecked(&format!("http_{status}")));
    }
}

#[tokio::test]
async fn a_service_that_is_shown_in_another_way_judges_nothing() {
    let changed =
        |member: &str, value: Value| with(|data| data["services"][BANK_SERVICE][member] = value);
    let many: Vec<_> = (0..65)
        .map(|it| field(&format!("f{it}"), &Value::Null, false))
        .collect();
    for body in [
        changed("code", json!("card")),
        changed("code", json!(null)),
        changed("currency", json!(7)),
        changed("fields", json!({"0": "x"})),
        changed("fields", json!([{"key": "x"}])),
        changed("fields", json!([{"key": "x", "required": "yes"}])),
        changed("fields", json!([{"key": 5, "required": true}])),
        changed("fields", json!(many)),
        changed("exchange_rate", json!("many")),
        changed("exchange_rate", json!(null)),
        changed("amount_min", json!([])),
        changed("amount_max", json!("1,000")),
        with(|data| data["services"][BANK_SERVICE] = json!([])),
    ] {
        let check = judged(Act::Say(200, body.clone())).await;
        assert_eq!(check, unchecked("service_unreadable"), "{body}");
    }
}

#[tokio::test]
async fn a_call_that_fails_or_takes_too_long_judges_nothing() {
    assert_eq!(judged(Act::Reset).await, unchecked("connection_lost"));
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"data\"".to_vec();
    assert_eq!(judged(Act::Raw(cut)).await, unchecked("body_cut"));

    let budgets = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = Arc::clone(&budgets);
    let twin = Twin::acting(Act::Hang).await;
    let arrived = Arc::clone(&twin.arrived);
    let pace = Pace::by(Arc::new(move |budget| {
        noted.lock().expect("not poisoned").push(budget);
        let arrived = Arc::clone(&arrived);
        Box::pin(async move { arrived.notified().await })
    }));
    let check = ask(&checker(&twin, pace), MethodKind::BankAccount, BANK, 0).await;
    assert_eq!(check, unchecked("timeout"));
    assert_eq!(
        *budgets.lock().expect("not poisoned"),
        [Duration::from_secs(3)]
    );
}

#[tokio::test]
async fn nobody_is_asked_about_what_is_not_sent_there() {
    let twin = Twin::acting(Act::Say(200, offers().to_string())).await;
    let checker = checker(&twin, Pace::real());
    let prepaid = ask(&checker, MethodKind::PrepaidCard, "{}", 0).await;
    assert_eq!(prepaid, AccountCheck::NotAsked);
    let off = ask(&AnyProvider::default(), MethodKind::Card, CARD, 0).await;
    assert_eq!(off, AccountCheck::NotAsked);
    let unreadable = ask(&checker, MethodKind::Card, BANK, 0).await;
    assert_eq!(unreadable, unchecked("account_unreadable"));
    let account = Plaintext(CARD.to_owned());
    let live = checker
        .check_account(AccountAsk {
            kind: MethodKind::Card,
            account: &account,
            mode: Mode::Live,
            now: Timestamp::default(),
        })
        .await;
    assert_eq!(live, unchecked("mode_not_served"));
    assert_eq!(twin.connections(), 0);
}

#[test]
fn the_public_adapter_shows_no_key() {
    let settings = PublicSettings {
        public_base: "http://127.0.0.1:1/public-api".to_owned(),
        public_key: "pk_test_EXAMPLEKEY0001".into(),
        bank_service: BANK_SERVICE.to_owned(),
        mode: Mode::Test,
        sandbox_hosts: Vec::new(),
    };
    let http = Http::new(Pace::real()).expect("a client");
    let shown = format!("{:?}", PayelataPublic::new(settings, http));
    assert!(shown.contains("PayelataPublic") && !shown.contains("pk_test"));
}
