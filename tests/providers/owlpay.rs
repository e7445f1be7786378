//! OwlPay: exact request bytes, and the tables of create, release and query, row by row.

use app::port::{CreateOrder, Lookup, Plaintext, Providers};
use domain::{
    answer::{Answer, Refusal, Standing},
    attempt::Attempt,
    attempt_machine::{AttemptEvent, AttemptState},
    driver::MethodKind,
    ids::{Mode, ProviderId},
    resolution::{Asked, Step, Verdict},
    routing::Provider,
};
use platform::{
    pace::Pace,
    provider::{
        AnyProvider,
        http::Http,
        owlpay::{
            Owlpay,
            settings::{OwlpaySettings, SettingsFault},
        },
    },
};

use crate::stage::{self, Act, BANK, REFERENCE, Twin, unclear};

const KEY: &str = "pk_test_EXAMPLEKEY0001";
pub(crate) const ORDER: &str =
    "ord_978be7deca82a65525f74bec7a3077cf26138409d8838cce0cca5fbfbe4b02d7";
const TRANSFER: &str = "otr_LgURkR4yTufr2j5fyW2WMGH";

fn settings(base: &str, mode: Mode) -> OwlpaySettings {
    OwlpaySettings {
        base: base.to_owned(),
        api_key: KEY.into(),
        mode,
        sandbox_hosts: Vec::new(),
    }
}

pub(crate) fn provider(twin: &Twin) -> AnyProvider {
    let http = Http::new(Pace::real()).expect("a client");
    let base = format!("http://{}/api/v1/platform/tunnel", twin.host);
    let owlpay = Owlpay::new(settings(&base, Mode::Test), http).expect("valid settings");
    twin.provider().with_owlpay(Some(owlpay))
}

pub(crate) fn attempt(state: AttemptState) -> Attempt {
    Attempt {
        provider: Provider::Owlpay,
        payee: Some(ProviderId::parse("ven_X1abcd").expect("valid")),
        ..stage::attempt(state)
    }
}

pub(crate) fn order_id() -> ProviderId {
    ProviderId::parse(ORDER).expect("valid")
}

/// A printed order with our serial, and these members changed.
pub(crate) fn order(members: &str) -> String {
    let known = [
        ("uuid", format!("\"{ORDER}\"")),
        ("status", "\"owlpay.received_order\"".to_owned()),
        ("application_order_serial", format!("\"{REFERENCE}\"")),
        ("currency", "\"USD\"".to_owned()),
        ("total", "10.00".to_owned()),
        ("is_rejected", "false".to_owned()),
        ("order_transfer_uuid", "null".to_owned()),
        ("updated_at", "\"2022-04-07T16:40:45+00:00\"".to_owned()),
    ];
    let named = |name: &str| members.contains(&format!("\"{name}\":"));
    let rest = known.iter().filter(|(name, _)| !named(name));
    let rest: String = rest
        .map(|(name, value)| format!(",\"{name}\":{value}"))
        .collect();
    let start = if members.is_empty() {
        "\"object\":\"order\""
    } else {
        members
    };
    format!("{{{start}{rest}}}")
}

pub(crate) fn enveloped(data: &str) -> String {
    format!("{{\"data\":{data},\"status\":200}}")
}

async fn create(act: Act) -> Answer {
    let twin = Twin::acting(act).await;
    let answer = send(&twin, &attempt(AttemptState::Sending)).await;
    assert_eq!(twin.requests().len(), 1, "sent exactly once");
    answer
}

async fn send(twin: &Twin, attempt: &Attempt) -> Answer {
    let account = Plaintext(BANK.to_owned());
    let order = CreateOrder {
        attempt,
        method: MethodKind::BankAccount,
        account: &account,
        callback_token: "token".to_owned(),
    };
    provider(twin).create(order).await
}

pub(crate) async fn said(status: u16, body: &str) -> Answer {
    create(Act::Say(status, body.to_owned())).await
}

pub(crate) async fn read(acts: Vec<Act>, lookup: Lookup) -> Answer {
    let twin = Twin::acting_in_turn(acts).await;
    let attempt = attempt(AttemptState::Submitted);
    provider(&twin).read(&attempt, &lookup).await
}

async fn shown(members: &str) -> Answer {
    let body = enveloped(&order(members));
    read(vec![Act::Say(200, body)], Lookup::Object(order_id())).await
}

pub(crate) fn proves(state: AttemptState, asked: Asked, answer: &Answer) -> Verdict {
    stage::proves(&attempt(state), asked, answer)
}

fn standing(answer: &Answer) -> Standing {
    match answer {
        Answer::Exists { seen, .. } => seen.standing,
        other => panic!("expected an order, got {other:?}"),
    }
}

#[tokio::test]
async fn an_order_is_one_json_body_with_the_serial_under_both_names_and_never_forced() {
    let twin = Twin::acting(Act::Say(200, enveloped(&order("")))).await;
    send(&twin, &attempt(AttemptState::Sending)).await;
    let request = twin.request();
    let (head, body) = request.split_once("\r\n\r\n").expect("head and body");
    let head = head.to_lowercase();
    assert!(
        head.starts_with("post /api/v1/platform/tunnel/orders http/1.1"),
        "{head}"
    );
    assert!(head.contains(&format!("authorization: bearer {}", KEY.to_lowercase())));
    assert!(head.contains(&format!("idempotency-key: {}", REFERENCE.to_lowercase())));
    assert_eq!(
        body,
        format!(
            r#"{{"order_serial":"{REFERENCE}","application_order_serial":"{REFERENCE}","currency":"USD","total":"10","vendor_uuid":"ven_X1abcd","description":"Payout pay_7Q2","meta_data":{{"payoutId":"pay_7Q2"}}}}"#
        )
    );
}

#[tokio::test]
async fn an_attempt_without_a_vendor_is_refused_before_anything_is_sent() {
    let twin = Twin::acting(Act::Say(200, enveloped(&order("")))).await;
    let nobody = Attempt {
        payee: None,
        ..attempt(AttemptState::Sending)
    };
    let answer = send(&twin, &nobody).await;
    let reason = "vendor_missing".to_owned();
    let by = Refusal::Input;
    assert_eq!(answer, Answer::Refused { by, reason });
    assert!(twin.requests().is_empty());
}

#[tokio::test]
async fn a_200_whose_body_says_200_and_matches_created_an_inert_order() {
    let answer = said(200, &enveloped(&order(""))).await;
    assert_eq!(standing(&answer), Standing::Inert);
    let step = proves(AttemptState::Sending, Asked::Create, &answer).step;
    assert_eq!(step, Step::Attempt(AttemptEvent::Created));
}

#[tokio::test]
async fn a_200_whose_body_carries_an_error_is_unclear() {
    for (status, cause) in [
        (401, "body_status_401"),
        (404, "body_status_404"),
        (500, "body_status_500"),
    ] {
        let body = format!("{{\"status\":{status},\"msg\":\"no\"}}");
        let answer = said(200, &body).await;
        assert_eq!(answer, unclear(cause));
        let step = proves(AttemptState::Sending, Asked::Create, &answer).step;
        assert_eq!(step, Step::Attempt(AttemptEvent::Lost));
    }
}

#[tokio::test]
async fn a_200_that_differs_in_any_figure_goes_to_review() {
    for members in [
        r#""total":9.99"#,
        r#""total":10.001"#,
        r#""currency":"TWD""#,
        r#""application_order_serial":"pay_other-a01""#,
        r#""is_test":false"#,
    ] {
        let answer = said(200, &enveloped(&order(members))).await;
        let step = proves(AttemptState::Sending, Asked::Create, &answer).step;
        assert_eq!(step, Step::Attempt(AttemptEvent::Mismatch), "{members}");
    }
}

#[tokio::test]
async fn a_409_is_unclear_and_the_order_is_looked_up() {
    let answer = said(409, r#"{"error":{"type":"order_error"}}"#).await;
    assert_eq!(answer, unclear("http_409"));
}

#[tokio::test]
async fn every_other_status_timeout_reset_and_rubbish_is_unclear() {
    for status in [408, 418, 422, 425, 429, 500, 502, 503, 504, 301, 302] {
        assert_eq!(said(status, "").await, unclear(&format!("http_{status}")));
    }
    for body in [
        "",
        "<html>",
        "{",
        "[]",
        "{\"data\":null,\"status\":200}",
        "{\"data\":{},\"status\":200}",
        "{\"data\":{\"uuid\":1},\"status\":200}",
    ] {
        assert_eq!(said(200, body).await, unclear("body_unreadable"), "{body}");
    }
    let huge = enveloped(&format!("\"{}\"", "a".repeat(300 * 1024)));
    assert_eq!(said(200, &huge).await, unclear("body_too_large"));
    assert!(matches!(create(Act::Reset).await, Answer::Unclear { .. }));
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"data\"".to_vec();
    assert_eq!(create(Act::Raw(cut)).await, unclear("body_cut"));
}

#[tokio::test]
async fn a_release_names_the_one_order_and_whatever_it_answers_only_reads_tell() {
    let body = enveloped(r#"{"uuid":"otr_1","status":"unconfirm"}"#);
    for (status, body) in [
        (200, body.as_str()),
        (200, "{\"status\":404}"),
        (402, ""),
        (500, ""),
    ] {
        let twin = Twin::acting(Act::Say(status, body.to_owned())).await;
        let sent = attempt(AttemptState::ProcessSending);
        let answer = provider(&twin).process(&sent, &order_id()).await;
        let request = twin.request();
        assert!(request.starts_with("POST /api/v1/platform/tunnel/orders_reconciliation "));
        assert!(request.ends_with(&format!(
            r#"{{"application_order_serials":["{REFERENCE}"]}}"#
        )));
        let step = proves(AttemptState::ProcessSending, Asked::Process, &answer).step;
        assert_eq!(step, Step::Attempt(AttemptEvent::ProcessDone));
    }
}

#[tokio::test]
async fn a_search_by_serial_shows_one_order_nothing_or_something_that_is_not_ours() {
    let found = |rows: String| read(vec![Act::Say(200, enveloped(&rows))], Lookup::Reference);
    let one = order("");
    assert!(matches!(
        found(format!("[{one}]")).await,
        Answer::Exists { .. }
    ));
    assert_eq!(found("[]".to_owned()).await, Answer::Absent);
    let other = order(r#""application_order_serial":"pay_other-a01""#);
    assert_eq!(
        found(format!("[{other}]")).await,
        unclear("filter_not_obeyed")
    );
    let counted = r#"{"data":[],"status":200,"pagination":{"total":1,"count":0}}"#;
    let counted = read(vec![Act::Say(200, counted.to_owned())], Lookup::Reference);
    assert_eq!(counted.await, unclear("body_unreadable"));
    let twice = found(format!("[{one},{one}]")).await;
    let step = proves(AttemptState::Unknown, Asked::Read, &twice).step;
    assert_eq!(step, Step::Attempt(AttemptEvent::Mismatch));
}

#[tokio::test]
async fn an_order_read_by_its_id_must_be_that_order() {
    let answer = shown(r#""uuid":"ord_another0001""#).await;
    assert_eq!(answer, unclear("another_object"));
}

#[tokio::test]
async fn every_status_word_means_what_the_table_says() {
    let reconciled = format!("\"order_transfer_uuid\":\"{TRANSFER}\"");
    for (word, expected) in [
        ("owlpay.received_order", Standing::InFlight),
        ("owlpay.order_unconfirmed", Standing::InFlight),
        ("owlpay.order_confirmed", Standing::InFlight),
        ("owlpay.order_rejected", Standing::Rejected),
        ("owlpay.order_settled", Standing::InFlight),
        ("bank.in_process", Standing::InFlight),
        ("dest_bank.validated", Standing::Paid),
        ("owlpay.payout_succeed", Standing::Paid),
        ("owlpay.payout_failed", Standing::NeedsReview),
        ("platform.order_cancelled", Standing::FinalNegative),
        ("owlpay.brand_new_word", Standing::Unrecognised),
    ] {
        let answer = shown(&format!("\"status\":\"{word}\",{reconciled}")).await;
        assert_eq!(standing(&answer), expected, "{word}");
    }
}

#[tokio::test]
async fn a_dead_or_rejected_word_of_an_order_that_says_it_is_paid_is_for_people() {
    let reconciled = format!("\"order_transfer_uuid\":\"{TRANSFER}\"");
    for word in [
        r#""status":"platform.order_cancelled""#,
        r#""status":"owlpay.order_rejected""#,
        r#""status":"owlpay.order_confirmed","is_rejected":true"#,
        r#""status":"owlpay.payout_failed""#,
        r#""status":"owlpay.received_order""#,
    ] {
        let reconciled = match word.contains("received") {
            true => "\"order_transfer_uuid\":null",
            false => reconciled.as_str(),
        };
        let paid = shown(&format!("{word},{reconciled},\"is_paid\":true")).await;
        assert_eq!(standing(&paid), Standing::NeedsReview, "{word}");
        for state in [AttemptState::Submitted, AttemptState::Dead] {
            let step = proves(state, Asked::Read, &paid).step;
            assert_eq!(step, Step::Attempt(AttemptEvent::Mismatch), "{word}");
        }
    }
}

#[tokio::test]
async fn an_order_can_be_withdrawn_while_owlpay_says_so_and_no_money_can_have_left() {
    let withdrawable = async |members: &str| match shown(members).await {
        Answer::Exists { seen, .. } => seen.withdrawable,
        other => panic!("expected an order, got {other:?}"),
    };
    let closable = r#""is_allow_close":true"#;
    assert!(withdrawable(closable).await);
    assert!(!withdrawable(r#""is_allow_close":false"#).await);
    assert!(!withdrawable("").await);
    let rejected = r#""status":"owlpay.order_rejected""#;
    assert!(withdrawable(&format!("{rejected},{closable}")).await);
    assert!(!withdrawable(rejected).await);
    assert!(!withdrawable(&format!("{rejected},{closable},\"is_paid\":true")).await);
    for word in [
        "owlpay.payout_succeed",
        "bank.in_process",
        "dest_bank.validated",
    ] {
        let members = format!("\"status\":\"{word}\",{closable}");
        assert!(!withdrawable(&members).await, "{word}");
    }
}

#[tokio::test]
async fn a_paid_order_is_paid_only_with_its_exact_total() {
    let paid = r#""status":"owlpay.payout_succeed""#;
    let exact = shown(paid).await;
    let step = proves(AttemptState::Submitted, Asked::Read, &exact).step;
    assert_eq!(step, Step::Attempt(AttemptEvent::Paid));
    let less = shown(&format!("{paid},\"total\":9.5")).await;
    let step = proves(AttemptState::Submitted, Asked::Read, &less).step;
    assert_eq!(step, Step::Attempt(AttemptEvent::Mismatch));
}

#[tokio::test]
async fn the_end_of_the_transfer_is_paid_once_its_reconciliation_is_paid_out() {
    let ended = enveloped(&order(&format!(
        "\"status\":\"bank.transfer_end\",\"order_transfer_uuid\":\"{TRANSFER}\""
    )));
    for (status, expected) in [
        ("payout_finish", Standing::Paid),
        ("unconfirm", Standing::InFlight),
        ("in_process", Standing::InFlight),
        ("wait_remit", Standing::InFlight),
        ("on_the_way_to_bank", Standing::InFlight),
        ("settled", Standing::InFlight),
        ("a_brand_new_word", Standing::InFlight),
    ] {
        let reconciliation = enveloped(&format!(
            "{{\"uuid\":\"{TRANSFER}\",\"status\":\"{status}\"}}"
        ));
        let acts = vec![Act::Say(200, ended.clone()), Act::Say(200, reconciliation)];
        let answer = read(acts, Lookup::Object(order_id())).await;
        assert_eq!(standing(&answer), expected, "{status}");
    }
    let acts = vec![Act::Say(200, ended), Act::Say(500, String::new())];
    let answer = read(acts, Lookup::Object(order_id())).await;
    assert_eq!(
        standing(&answer),
        Standing::InFlight,
        "no answer is no evidence"
    );
}

#[test]
fn a_test_key_does_not_start_on_a_live_host_nor_a_live_one_in_clear_text() {
    let refused = |base: &str, mode| settings(base, mode).validate().is_err();
    assert!(refused(
        "https://api.owlpay.com/api/v1/platform/tunnel",
        Mode::Test
    ));
    assert!(refused(
        "http://api.owlpay.com/api/v1/platform/tunnel",
        Mode::Live
    ));
    assert!(!refused(
        "https://api.owlpay.com/api/v1/platform/tunnel",
        Mode::Live
    ));
    let empty = OwlpaySettings {
        api_key: "".into(),
        ..settings("http://127.0.0.1:1", Mode::Test)
    };
    assert_eq!(empty.validate().err(), Some(SettingsFault::ApiKey));
}

#[test]
fn neither_key_nor_address_is_shown_when_the_adapter_is_printed() {
    let http = Http::new(Pace::real()).expect("a client");
    let owlpay = Owlpay::new(settings("http://127.0.0.1:1", Mode::Test), http).expect("valid");
    assert!(!format!("{owlpay:?}").contains(KEY));
}
