use super::*;
use crate::provider::paywizard::{EntryType, OrderNo, PrepaidCard, samples};

const ID: &str = "930000000000000001";

fn id() -> ProviderId {
    ProviderId::parse(ID).expect("valid")
}

fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        body: Ok(body.as_bytes().to_vec()),
    }
}

fn data(amount: &str, result: &str) -> String {
    format!(
        r#"{{"code":200,"msg":"success","timestamp":"2026-01-01 00:00:00","data":{{"mid":"202600000001","paywizardId":"10020000001","checkoutId":"{ID}","transIndexCode":"100200000010000000001","amount":{amount},"result":{result}}}}}"#
    )
}

/// What a reply to a call over 10.50 says.
fn of(unit: AmountUnit, reply: Reply) -> Told<Movement> {
    let settings = PayWizardSettings {
        amount_unit: unit,
        top_ups: true,
        ..samples::settings()
    };
    let card = PrepaidCard {
        account_id: "6000000000000001".into(),
        entry: EntryType::Keyed,
        channel: "FACTOR4".to_owned(),
    };
    let order = MoneyOrder {
        order_no: &OrderNo::of("x"),
        card: &card,
        amount: Cents::new(1_050),
        currency: Currency::Usd,
    };
    moved(&settings, &order, reply)
}

fn read_as(unit: AmountUnit, body: &str) -> Told<Movement> {
    of(unit, reply(200, body))
}

fn done() -> Told<Movement> {
    Told::Said(Movement::Done { checkout_id: id() })
}

fn amount_unclear(told: Option<i64>) -> Told<Movement> {
    Told::Said(Movement::AmountUnclear {
        checkout_id: id(),
        told: told.map(Cents::new),
    })
}

#[test]
fn result_0_with_the_amount_asked_for_is_done() {
    for amount in ["\"10.50\"", "\"10.5\"", "\"10.500\""] {
        assert_eq!(
            read_as(AmountUnit::Major, &data(amount, "0")),
            done(),
            "{amount}"
        );
    }
    assert_eq!(read_as(AmountUnit::Minor, &data("\"1050\"", "0")), done());
}

#[test]
fn result_0_with_any_other_amount_goes_to_review() {
    for (amount, told) in [
        ("\"10.51\"", 1_051),
        ("\"10\"", 1_000),
        ("\"1050\"", 105_000),
        ("\"0\"", 0),
    ] {
        let read = read_as(AmountUnit::Major, &data(amount, "0"));
        assert_eq!(read, amount_unclear(Some(told)), "{amount}");
    }
    for amount in [
        "\"\"",
        "\"10,50\"",
        "\"-10.50\"",
        "\"+10.50\"",
        "\" 10.50\"",
        "\"1.05e1\"",
        "\"10.505\"",
        "\"10.\"",
        "\"NaN\"",
        "null",
        "10.50",
        "1050",
        "true",
        "{}",
        "[\"10.50\"]",
        "\"99999999999999999999999999999999999\"",
    ] {
        let told = read_as(AmountUnit::Major, &data(amount, "0"));
        assert_eq!(told, amount_unclear(None), "{amount}");
    }
    for (amount, told) in [
        ("\"10.50\"", None),
        ("\"10\"", Some(10)),
        ("\"1051\"", Some(1_051)),
        ("\"105000\"", Some(105_000)),
    ] {
        let read = read_as(AmountUnit::Minor, &data(amount, "0"));
        assert_eq!(read, amount_unclear(told), "{amount}");
    }
    let absent = data("0", "0").replace(r#""amount":0,"#, "");
    assert_eq!(read_as(AmountUnit::Major, &absent), amount_unclear(None));
}

#[test]
fn the_printed_answer_does_not_fit_the_printed_request() {
    let printed = r#"{"code":200,"msg":"success","timestamp":"2025-07-24 13:06:10","data":{"mid":"202507081058","paywizardId":"10020000080","checkoutId":"933392815902294016","transIndexCode":"100200000807293844967","amount":"10000","result":0}}"#;
    let told = read_as(AmountUnit::Major, printed);
    let checkout_id = ProviderId::parse("933392815902294016").expect("valid");
    let told_amount = Some(Cents::new(1_000_000));
    let expected = Movement::AmountUnclear {
        checkout_id,
        told: told_amount,
    };
    assert_eq!(told, Told::Said(expected));
}

#[test]
fn result_1_is_refused_for_good_whatever_else_is_said() {
    let refused = Told::Said(Movement::Refused);
    assert_eq!(read_as(AmountUnit::Major, &data("\"10.50\"", "1")), refused);
    assert_eq!(read_as(AmountUnit::Major, &data("null", "1")), refused);
    let bare = r#"{"code":200,"data":{"result":1}}"#;
    assert_eq!(read_as(AmountUnit::Major, bare), refused);
}

#[test]
fn result_2_is_pending_under_its_checkout_id() {
    let pending = Told::Said(Movement::Pending { checkout_id: id() });
    assert_eq!(read_as(AmountUnit::Major, &data("\"10.50\"", "2")), pending);
    assert_eq!(read_as(AmountUnit::Major, &data("\"9\"", "2")), pending);
}

#[test]
fn only_a_listed_code_without_data_proves_a_refused_token() {
    let coded = |code: u16, data: &str| {
        let body = format!(
            r#"{{"code":{code},"msg":"invalid sign","timestamp":"2026-01-01 00:00:00","data":{data}}}"#
        );
        read_as(AmountUnit::Major, &body)
    };
    assert_eq!(coded(401, "null"), Told::TokenRefused { code: 401 });
    assert_eq!(coded(403, "null"), Told::TokenRefused { code: 403 });
    assert_eq!(coded(402, "null"), unclear("code_402"));
    assert_eq!(coded(500, "null"), unclear("code_500"));
    assert_eq!(coded(401, r#"{"result":0}"#), unclear("code_401"));
}

#[test]
fn an_http_status_other_than_200_proves_nothing() {
    let good = data("\"10.50\"", "1");
    for status in [
        201, 202, 204, 301, 302, 400, 401, 403, 404, 409, 429, 500, 502, 503, 504,
    ] {
        let told = of(AmountUnit::Major, reply(status, &good));
        assert_eq!(told, unclear(&format!("http_{status}")));
    }
    let unlisted = of(AmountUnit::Major, reply(401, r#"{"code":401,"data":null}"#));
    assert_eq!(unlisted, unclear("http_401"));
}

#[test]
fn what_is_not_an_answer_as_documented_proves_nothing() {
    let good = data("\"10.50\"", "0");
    let bodies = [
        String::new(),
        "<html><body>502 Bad Gateway</body></html>".to_owned(),
        good[..good.len() / 2].to_owned(),
        format!("{good}{good}"),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"code":"200","data":{"result":1}}"#.to_owned(),
        r#"{"code":200.0,"data":{"result":1}}"#.to_owned(),
        r#"{"code":200,"code":401,"data":null}"#.to_owned(),
        r#"{"code":200,"data":[]}"#.to_owned(),
        r#"{"code":200,"data":[1,null,null]}"#.to_owned(),
        r#"[200,{"result":1}]"#.to_owned(),
        r#"{"code":200,"data":{}}"#.to_owned(),
        r#"{"code":200,"data":{"result":"1"}}"#.to_owned(),
        r#"{"code":200,"data":{"result":-1}}"#.to_owned(),
        r#"{"code":200,"data":{"result":null}}"#.to_owned(),
        r#"{"code":200,"data":{"result":1,"result":0}}"#.to_owned(),
        r#"{"code":200,"data":{"state":1}}"#.to_owned(),
    ];
    for body in bodies {
        assert_eq!(
            read_as(AmountUnit::Major, &body),
            unclear(UNREADABLE),
            "{body}"
        );
    }
    for body in [r#"{"code":200}"#, r#"{"code":200,"data":null}"#] {
        assert_eq!(read_as(AmountUnit::Major, body), unclear("data_missing"));
    }
    for result in ["3", "9", "200"] {
        let told = read_as(AmountUnit::Major, &data("\"10.50\"", result));
        assert_eq!(told, unclear("result_unknown"));
    }
    for result in ["0", "2"] {
        for bad in ["", "../../etc", "9 3", &"9".repeat(81)] {
            let body = data("\"10.50\"", result).replace(ID, bad);
            let told = read_as(AmountUnit::Major, &body);
            assert_eq!(told, unclear("checkout_id_unreadable"), "{bad}");
        }
    }
}

#[test]
fn a_lost_body_or_call_keeps_its_cause() {
    for cause in ["body_cut", "body_too_large", "timeout"] {
        let lost = Reply {
            status: 200,
            body: Err(cause),
        };
        assert_eq!(of(AmountUnit::Major, lost), unclear(cause));
    }
    let told: Told<Movement> = Lost::Unclear("connection_lost").into();
    assert_eq!(told, unclear("connection_lost"));
    let told: Told<Movement> = Lost::NotSent("connect_failed").into();
    let cause = "connect_failed";
    assert_eq!(told, Told::NotSent { cause });
}

#[test]
fn a_void_is_read_without_an_amount() {
    let body = |result: u8| {
        format!(
            r#"{{"code":200,"msg":"success","timestamp":"2026-01-01 00:00:00","data":{{"mid":"1","paywizardId":"2","checkoutId":"{ID}","transIndexCode":"3","result":{result},"oriCheckoutId":"4","oriTransIndexCode":"5"}}}}"#
        )
    };
    let read = |result| voided(&samples::settings(), reply(200, &body(result)));
    assert_eq!(read(0), done());
    assert_eq!(read(1), Told::Said(Movement::Refused));
    assert_eq!(read(2), Told::Said(Movement::Pending { checkout_id: id() }));
}

#[test]
fn a_balance_is_the_one_exact_number_of_the_currency() {
    let shown = |balances: &str| {
        let body = format!(
            r#"{{"code":200,"data":{{"accountId":"x","balances":{balances},"customerInfo":{{}}}}}}"#
        );
        card(&samples::settings(), Currency::Usd, reply(200, &body))
    };
    let both = r#"[{"valueCode":"Points","amount":7,"difference":0},{"valueCode":"USD","amount":25.10,"difference":-1.5}]"#;
    let balance = Cents::new(2_510);
    assert_eq!(shown(both), Told::Said(CardShown { balance }));
    let twice = r#"[{"valueCode":"USD","amount":1},{"valueCode":"USD","amount":1}]"#;
    assert_eq!(shown(twice), unclear("balance_missing"));
    assert_eq!(shown("[]"), unclear("balance_missing"));
    for amount in ["25.105", "\"25.10\"", "null", "-1", "1e2"] {
        let one = format!(r#"[{{"valueCode":"USD","amount":{amount}}}]"#);
        assert_eq!(shown(&one), unclear("balance_unreadable"), "{amount}");
    }
}

#[test]
fn an_order_is_read_by_its_state_and_must_be_the_one_that_was_asked_for() {
    let ask = |body: &str| {
        let id = id();
        let asked = (&id, Currency::Usd);
        order(&samples::settings(), asked, reply(200, body))
    };
    let shown = |state: &str, amount: &str| {
        ask(&format!(
            r#"{{"code":200,"data":{{"checkoutId":"{ID}","state":{state},"amount":{amount}}}}}"#
        ))
    };
    for (number, state) in [
        ("1", OrderState::Pending),
        ("2", OrderState::Completed),
        ("3", OrderState::Revoked),
        ("4", OrderState::Refunded),
        ("5", OrderState::Closed),
        ("6", OrderState::PartlyRefunded),
        ("7", OrderState::PreAuthorised),
        ("8", OrderState::PreAuthorisationRevoked),
        ("9", OrderState::PreAuthorisationPartlyRevoked),
        ("0", OrderState::Unknown),
        ("10", OrderState::Unknown),
    ] {
        let amount = Some(Cents::new(1_050));
        let expected = OrderShown { state, amount };
        assert_eq!(shown(number, "\"10.50\""), Told::Said(expected));
    }
    for amount in ["null", "10.50", "\"10.505\"", "\"x\""] {
        let state = OrderState::Completed;
        let expected = OrderShown {
            state,
            amount: None,
        };
        assert_eq!(shown("2", amount), Told::Said(expected), "{amount}");
    }
    for state in ["\"2\"", "2.0", "-1", "null"] {
        let told = shown(state, "\"10.50\"");
        assert_eq!(told, unclear(UNREADABLE), "{state}");
    }
    let other = r#"{"code":200,"data":{"checkoutId":"1","state":2}}"#;
    assert_eq!(ask(other), unclear("another_order"));
    let with_result = r#"{"code":200,"data":{"checkoutId":"1","result":2}}"#;
    assert_eq!(
        ask(with_result),
        unclear(UNREADABLE),
        "a result is no state"
    );
    assert_eq!(ask(r#"{"code":200,"data":null}"#), unclear("data_missing"));
    assert_eq!(ask(r#"{"code":404,"data":null}"#), unclear("code_404"));
}
