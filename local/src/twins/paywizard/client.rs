//! The PayWizard client against this twin, over HTTP: every row of what an answer proves. Neither was written from the
//! other, so where they agree, both have read the documentation alike.

use std::time::Duration;

use domain::{
    ids::{Mode, ProviderId},
    money::{Cents, Currency},
};
use platform::{
    pace::Pace,
    provider::{
        http::Http,
        paywizard::{
            CardShown, CustomerInfo, EntryType, MoneyOrder, Movement, OrderNo, OrderState,
            PayWizard, PrepaidCard, Told,
            settings::{AmountUnit, Channels, PayWizardSettings},
        },
    },
};
use serde_json::json;

use super::{
    CARD_FAIL, CARD_OK, CARD_PENDING_OK, CARD_UNANSWERED, CHANNEL, CLIENT_ID, CLIENT_SECRET,
    JWT_TOKEN, PENDING_MS,
};
use crate::twins::bench::Bench;

const USD: Currency = Currency::Usd;
const INACTIVE: &str = "6009000000000042";

fn settings(bench: &Bench) -> PayWizardSettings {
    PayWizardSettings {
        base: format!("http://{}/paywizard", bench.address),
        client_id: CLIENT_ID.into(),
        client_secret: CLIENT_SECRET.into(),
        jwt_token: JWT_TOKEN.into(),
        channels: Channels::default(),
        refusal_codes: vec![401, 403],
        amount_unit: AmountUnit::Major,
        top_ups: true,
        mode: Mode::Test,
        sandbox_hosts: Vec::new(),
    }
}

/// A client whose deadlines pass with the sandbox's clock, as the local host's do.
fn client_with(bench: &Bench, settings: PayWizardSettings) -> PayWizard {
    let clock = bench.sandbox.clock().clone();
    let pace = Pace::by(std::sync::Arc::new(move |span: Duration| {
        let clock = clock.clone();
        let at_ms = clock.now_ms() + i64::try_from(span.as_millis()).unwrap();
        Box::pin(async move { clock.sleep_until(at_ms).await })
    }));
    PayWizard::new(settings, Http::new(pace).unwrap()).unwrap()
}

fn client(bench: &Bench) -> PayWizard {
    client_with(bench, settings(bench))
}

fn card(number: &str) -> PrepaidCard {
    PrepaidCard {
        account_id: number.into(),
        entry: EntryType::default(),
        channel: CHANNEL.to_owned(),
    }
}

enum Way {
    Pay,
    TopUp,
}

/// A call over 10.50 on a card, under the number of this reference.
async fn call(client: &PayWizard, way: Way, number: &str, reference: &str) -> Told<Movement> {
    let card = card(number);
    let order = MoneyOrder {
        order_no: &OrderNo::of(reference),
        card: &card,
        amount: Cents::new(1_050),
        currency: USD,
    };
    match way {
        Way::Pay => client.pay(&order).await,
        Way::TopUp => client.top_up(&order).await,
    }
}

async fn balance(client: &PayWizard, number: &str) -> Cents {
    match client.balance(&card(number), USD).await {
        Told::Said(CardShown { balance }) => balance,
        other => panic!("{other:?}"),
    }
}

async fn state(client: &PayWizard, id: &ProviderId) -> OrderState {
    match client.query_order(id, USD).await {
        Told::Said(shown) => {
            assert_eq!(shown.amount, Some(Cents::new(1_050)));
            shown.state
        }
        other => panic!("{other:?}"),
    }
}

fn done(told: Told<Movement>) -> ProviderId {
    match told {
        Told::Said(Movement::Done { checkout_id }) => checkout_id,
        other => panic!("{other:?}"),
    }
}

fn unclear(cause: &str) -> Told<Movement> {
    Told::Unclear {
        cause: cause.to_owned(),
    }
}

#[tokio::test]
async fn what_was_asked_for_moves_exactly_and_can_be_taken_back() {
    let bench = Bench::open().await;
    let client = client(&bench);
    let paid = done(call(&client, Way::Pay, CARD_OK, "charge-1").await);
    assert_eq!(balance(&client, CARD_OK).await, Cents::new(998_950));
    let filled = done(call(&client, Way::TopUp, "6000123412341299", "pay_1-a01").await);
    assert_eq!(
        balance(&client, "6000123412341299").await,
        Cents::new(11_050)
    );
    assert_eq!(state(&client, &filled).await, OrderState::Completed);

    let void = done(client.void(&OrderNo::of("void-1"), &paid).await);
    assert_ne!(void, paid);
    assert_eq!(state(&client, &paid).await, OrderState::Revoked);
    assert_eq!(balance(&client, CARD_OK).await, Cents::new(1_000_000));
    let again = client.void(&OrderNo::of("void-2"), &paid).await;
    assert_eq!(again, Told::Said(Movement::Refused));
    let references: Vec<_> = bench
        .movements()
        .await
        .into_iter()
        .map(|row| row.0)
        .collect();
    let ours = ["charge-1", "pay_1-a01", "void-1", "void-2"].map(|it| OrderNo::of(it).to_string());
    assert_eq!(references, ours);
}

#[tokio::test]
async fn a_refusal_is_final_and_a_card_that_holds_too_little_refuses() {
    let bench = Bench::open().await;
    let client = client(&bench);
    let refused = Told::Said(Movement::Refused);
    assert_eq!(call(&client, Way::Pay, CARD_FAIL, "1").await, refused);
    assert_eq!(call(&client, Way::TopUp, CARD_FAIL, "2").await, refused);
    assert_eq!(
        call(&client, Way::Pay, "5123817234060000", "3").await,
        refused
    );
    assert_eq!(call(&client, Way::TopUp, INACTIVE, "4").await, refused);
    let customer = CustomerInfo {
        customer_type: Some("1".to_owned()),
        country: Some("US".to_owned()),
        ..CustomerInfo::default()
    };
    let shown = client.activate(&card(INACTIVE), &customer, USD).await;
    let balance = Cents::ZERO;
    assert_eq!(shown, Told::Said(CardShown { balance }));
    assert_eq!(
        call(&client, Way::Pay, INACTIVE, "5").await,
        refused,
        "it is empty"
    );
    done(call(&client, Way::TopUp, INACTIVE, "6").await);
    done(call(&client, Way::Pay, INACTIVE, "7").await);
    assert_eq!(call(&client, Way::Pay, INACTIVE, "8").await, refused);
}

#[tokio::test]
async fn what_is_pending_is_found_by_its_checkout_id() {
    let bench = Bench::open().await;
    let client = client(&bench);
    let told = call(&client, Way::TopUp, CARD_PENDING_OK, "1").await;
    let Told::Said(Movement::Pending { checkout_id }) = told else {
        panic!("{told:?}");
    };
    assert_eq!(state(&client, &checkout_id).await, OrderState::Pending);
    bench.forward(PENDING_MS / 1000);
    assert_eq!(state(&client, &checkout_id).await, OrderState::Completed);
    let number = OrderNo::of("1");
    for (word, expected) in [
        ("order_state_4", OrderState::Refunded),
        ("order_state_9", OrderState::PreAuthorisationPartlyRevoked),
    ] {
        let order = json!({"status": word, "reference": number.as_str()});
        bench.order("outcomes", order).await;
        assert_eq!(state(&client, &checkout_id).await, expected);
    }
    let order = json!({"status": "query_off", "reference": number.as_str()});
    bench.order("outcomes", order).await;
    let unknown = client.query_order(&checkout_id, USD).await;
    assert!(matches!(unknown, Told::Unclear { cause } if cause == "code_404"));
}

#[tokio::test]
async fn an_amount_that_is_not_the_one_asked_for_goes_to_review() {
    let bench = Bench::open().await;
    let major = client(&bench);
    let minor = client_with(
        &bench,
        PayWizardSettings {
            amount_unit: AmountUnit::Minor,
            top_ups: true,
            ..settings(&bench)
        },
    );
    for (status, client, fits) in [
        ("amount_in_minor_units", &major, false),
        ("amount_in_minor_units", &minor, true),
        ("amount_differs", &major, false),
        ("query_by_order_no", &minor, false),
        ("query_by_order_no", &major, true),
    ] {
        bench.order("outcomes", json!({"status": status})).await;
        let reference = format!("{status} {fits}");
        let told = call(client, Way::Pay, CARD_OK, &reference).await;
        match (told, fits) {
            (Told::Said(Movement::Done { .. }), true)
            | (Told::Said(Movement::AmountUnclear { .. }), false) => {}
            (told, _) => panic!("{reference}: {told:?}"),
        }
    }
    assert_eq!(
        balance(&major, CARD_OK).await,
        Cents::new(1_000_000 - 5 * 1_050)
    );
}

#[tokio::test]
async fn only_a_refusal_on_the_list_proves_that_nothing_was_carried_out() {
    let bench = Bench::open().await;
    let wrong_token = || PayWizardSettings {
        jwt_token: "WRONG".into(),
        ..settings(&bench)
    };
    let wrong_secret = || PayWizardSettings {
        client_secret: "wrong".into(),
        ..settings(&bench)
    };
    let told = async |settings| call(&client_with(&bench, settings), Way::Pay, CARD_OK, "1").await;
    assert_eq!(told(wrong_token()).await, Told::TokenRefused { code: 401 });
    assert_eq!(told(wrong_secret()).await, Told::TokenRefused { code: 403 });
    let unlisted = PayWizardSettings {
        refusal_codes: Vec::new(),
        ..wrong_token()
    };
    assert_eq!(told(unlisted).await, unclear("code_401"));
    assert!(bench.movements().await.is_empty());
}

#[tokio::test]
async fn whatever_goes_wrong_on_the_way_is_unclear_whether_money_moved_or_not() {
    let bench = Bench::open().await;
    let client = client(&bench);
    let mut moved = 0;
    for (fault, cause, moves) in [
        ("drop_before", "connection_lost", false),
        ("drop_after", "connection_lost", true),
        ("status:500_before", "http_500", false),
        ("status:504_after", "http_504", true),
        ("status:401_before", "http_401", false),
        ("status:302_after", "http_302", true),
        ("code:500_before", "code_500", false),
        ("code:500_after", "code_500", true),
        ("code:404_after", "code_404", true),
        ("garbage_after", "body_unreadable", true),
    ] {
        for (operation, way) in [("pay", Way::Pay), ("topup", Way::TopUp)] {
            let order = json!({"operation": operation, "fault": fault});
            bench.order("faults", order).await;
            let reference = format!("{operation} {fault}");
            let told = call(&client, way, CARD_OK, &reference).await;
            assert_eq!(told, unclear(cause), "{reference}");
            moved += usize::from(moves);
            assert_eq!(bench.movements().await.len(), moved, "{reference}");
        }
    }
    let told = call(&client, Way::Pay, CARD_UNANSWERED, "unanswered").await;
    assert_eq!(told, unclear("connection_lost"));
    assert_eq!(balance(&client, CARD_UNANSWERED).await, Cents::new(998_950));
}

#[tokio::test]
async fn the_other_calls_meet_the_same_faults() {
    let bench = Bench::open().await;
    let client = client(&bench);
    let paid = done(call(&client, Way::Pay, CARD_OK, "1").await);
    let fault = async |operation: &str, fault: &str| {
        let order = json!({"operation": operation, "fault": fault});
        bench.order("faults", order).await;
    };
    fault("void", "drop_after").await;
    let void = client.void(&OrderNo::of("2"), &paid).await;
    assert_eq!(void, unclear("connection_lost"));
    assert_eq!(state(&client, &paid).await, OrderState::Revoked);
    fault("query", "garbage_after").await;
    let told = client.balance(&card(CARD_OK), USD).await;
    assert!(matches!(told, Told::Unclear { cause } if cause == "body_unreadable"));
    fault("query", "status:503_before").await;
    let told = client.query_order(&paid, USD).await;
    assert!(matches!(told, Told::Unclear { cause } if cause == "http_503"));
    fault("activate", "code:500_after").await;
    let told = client
        .activate(&card(CARD_OK), &CustomerInfo::default(), USD)
        .await;
    assert!(matches!(told, Told::Unclear { cause } if cause == "code_500"));
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_unclear() {
    let bench = Bench::open().await;
    let client = client(&bench);
    let order = json!({"operation": "pay", "fault": "delay:60"});
    bench.order("faults", order).await;
    let clock = bench.sandbox.clock().clone();
    let time_passes = async {
        // The call's deadline and the twin's delay: two sleepers, the deadline first.
        while clock.next_wake_ms().is_none() || bench.movements().await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        clock.move_to(clock.next_wake_ms().unwrap()).unwrap();
    };
    let (told, ()) = tokio::join!(call(&client, Way::Pay, CARD_OK, "1"), time_passes);
    assert_eq!(told, unclear("timeout"));
    assert_eq!(bench.movements().await.len(), 1);
}

#[tokio::test]
async fn a_vendor_that_cannot_be_reached_got_nothing() {
    let bench = Bench::open().await;
    let nobody = PayWizardSettings {
        base: "http://127.0.0.1:1/paywizard".to_owned(),
        ..settings(&bench)
    };
    let told = call(&client_with(&bench, nobody), Way::Pay, CARD_OK, "1").await;
    let cause = "connect_failed";
    assert_eq!(told, Told::NotSent { cause });
}

#[tokio::test]
async fn neither_the_client_nor_what_it_is_told_shows_a_card_or_a_secret() {
    let bench = Bench::open().await;
    let client = client(&bench);
    let card = card(CARD_OK);
    let order = MoneyOrder {
        order_no: &OrderNo::of("1"),
        card: &card,
        amount: Cents::new(1),
        currency: USD,
    };
    let told = client.pay(&order).await;
    let shown = format!("{client:?} {order:?} {told:?}");
    for hidden in [CARD_OK, CLIENT_ID, CLIENT_SECRET, JWT_TOKEN] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
