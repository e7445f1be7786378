//! OwlPay's vendors: exact request bytes, and every row of the tables of register, tell and read.

use app::port::{PayeeAnswer, PayeeAsk, Plaintext, Providers};
use domain::{
    driver::{Driver, DriverStatus, KycStatus, Method, MethodKind, Vendor, VendorStanding},
    ids::{Mode, ProviderId},
    money::Cents,
    time::Timestamp,
};
use platform::{
    pace::Pace,
    provider::{
        AnyProvider,
        http::Http,
        owlpay::{
            Owlpay,
            settings::{Applicant, OwlpaySettings, Remittance},
        },
    },
};

use crate::stage::{Act, BANK, Twin};

const VENDOR: &str = "ven_2psRYn3k90lZ1H0H49TcLhg";

fn owlpay(twin: &Twin) -> Owlpay {
    let settings = OwlpaySettings {
        base: format!("http://{}/api/v1/platform/tunnel", twin.host),
        api_key: "pk_test_EXAMPLEKEY0001".into(),
        mode: Mode::Test,
        sandbox_hosts: Vec::new(),
    };
    let http = Http::new(Pace::real()).expect("a client");
    Owlpay::new(settings, http).expect("valid settings")
}

fn provider(twin: &Twin) -> AnyProvider {
    twin.provider().with_owlpay(Some(owlpay(twin)))
}

fn payee() -> ProviderId {
    VENDOR.parse().expect("valid")
}

fn driver() -> Driver {
    Driver {
        tenant: "acme~test".parse().expect("valid"),
        id: "drv_9f1".parse().expect("valid"),
        version: 3,
        ovn_id: "OVN-DRIVER-1".parse().expect("valid"),
        name: "Ana Ruiz".to_owned(),
        email: "ana@example.test".to_owned(),
        phone: "+15551234567".to_owned(),
        status: DriverStatus::Invited,
        kyc: KycStatus::Pending,
        kyc_reason: None,
        kyc_by_owlpay: false,
        method: Some(Method {
            kind: MethodKind::BankAccount,
            version: 2,
            masked: "****6789".to_owned(),
            sealed: "sealed".to_owned(),
            updated_at: Timestamp::default(),
        }),
        vendor: Some(Vendor {
            id: payee(),
            standing: VendorStanding::Unchecked,
            told_method: None,
            told_details: None,
            approved_at: None,
            leaving: false,
        }),
        vendor_next_at: None,
        vendor_tries: 1,
        created_at: Timestamp::default(),
        payouts: 0,
        pending_payouts: 0,
        total_paid: Cents::ZERO,
    }
}

fn enveloped(data: &str) -> String {
    format!("{{\"data\":{data},\"status\":200}}")
}

/// A vendor as OwlPay prints it, in this status and with this review.
fn vendor(status: &str, review: &str, is_passed: bool) -> String {
    format!(
        r#"{{"uuid":"{VENDOR}","object":"vendor","application_vendor_uuid":"drv_9f1","name":"Ana Ruiz","email":"ana@example.test","description":"","note":null,"is_removed":false,"is_active":false,"is_vendor_kyc_passed":{is_passed},"status":"{status}","kyc_status_list":{{"remit_info":{{"status":"{review}","is_allow_update":true}}}},"country_iso":"US","remit_info":[{{"id":4856,"status":0,"sort":0,"payout_gateway":"nium","is_enable":1,"detail":{{"account":"000123456789"}}}}]}}"#
    )
}

fn rows(status: &str) -> String {
    format!(
        r#"[{{"payout_gateway_channel":"nium","payout_gateway_key":"k","status":"{status}","sort":0,"is_enable":true,"detail":{{"account":"000123456789","account_name":"Ana Ruiz"}}}}]"#
    )
}

fn known(standing: VendorStanding, status: &str) -> PayeeAnswer {
    PayeeAnswer::Known {
        id: payee(),
        standing,
        status: status.to_owned(),
    }
}

fn refused(reason: &str) -> PayeeAnswer {
    PayeeAnswer::Refused {
        reason: reason.to_owned(),
    }
}

fn unclear(cause: &str) -> PayeeAnswer {
    PayeeAnswer::Unclear {
        cause: cause.to_owned(),
    }
}

async fn register(twin: &Twin, again: bool) -> PayeeAnswer {
    let driver = driver();
    let ask = PayeeAsk::Register {
        driver: &driver,
        again,
    };
    provider(twin).payee(ask).await
}

async fn tell(twin: &Twin, account: &str) -> PayeeAnswer {
    let ask = PayeeAsk::Tell {
        driver: &driver(),
        payee: &payee(),
        account: &Plaintext(account.to_owned()),
    };
    provider(twin).payee(ask).await
}

async fn read(act: Act) -> PayeeAnswer {
    let twin = Twin::acting(act).await;
    let ask = PayeeAsk::Read {
        payee: &payee(),
        mode: Mode::Test,
    };
    let answer = provider(&twin).payee(ask).await;
    assert_eq!(twin.requests().len(), 1, "sent exactly once");
    answer
}

async fn shown(vendor: String) -> PayeeAnswer {
    read(Act::Say(200, enveloped(&vendor))).await
}

/// OwlPay's own word that it has no such vendor.
fn own_absence() -> String {
    r#"{"error":{"type":"data_not_found","message":"no"},"status":404}"#.to_owned()
}

/// Head in lower case, and body.
fn parts(request: &str) -> (String, &str) {
    let (head, body) = request.split_once("\r\n\r\n").expect("head and body");
    (head.to_lowercase(), body)
}

#[tokio::test]
async fn a_driver_is_registered_with_one_json_body_under_our_own_id() {
    let body = enveloped(&vendor("uncheck", "unchecked", false));
    let twin = Twin::acting(Act::Say(200, body)).await;
    let answer = register(&twin, false).await;
    assert_eq!(answer, known(VendorStanding::Unchecked, "unchecked"));
    let request = twin.request();
    let (head, body) = parts(&request);
    assert!(
        head.starts_with("post /api/v1/platform/tunnel/vendors http/1.1"),
        "{head}"
    );
    assert!(head.contains("authorization: bearer pk_test_examplekey0001"));
    assert!(head.contains("idempotency-key: drv_9f1"));
    assert_eq!(
        body,
        r#"{"name":"Ana Ruiz","email":"ana@example.test","country_iso":"US","application_vendor_uuid":"drv_9f1","description":"Driver OVN-DRIVER-1"}"#
    );
}

#[tokio::test]
async fn a_repeat_takes_the_vendor_that_is_in_the_list_and_makes_no_other() {
    let ours = vendor("uncheck", "checking", false);
    let other = ours.replace("drv_9f1", "drv_other");
    let twin = Twin::acting(Act::Say(200, enveloped(&format!("[{other},{ours}]")))).await;
    let answer = register(&twin, true).await;
    assert_eq!(answer, known(VendorStanding::Checking, "checking"));
    let request = twin.request();
    let (head, _) = parts(&request);
    let start = "get /api/v1/platform/tunnel/vendors?page=1&limit=100&application_vendor_uuid=drv_9f1 http/1.1";
    assert!(head.starts_with(start), "{head}");
}

#[tokio::test]
async fn full_pages_are_searched_one_after_the_other_and_no_more_than_ten() {
    let ours = vendor("uncheck", "checking", false);
    let full = enveloped(&format!(
        "[{}]",
        vec![ours.replace("drv_9f1", "drv_other"); 100].join(",")
    ));
    let mut acts = vec![Act::Say(200, full.clone()); 9];
    acts.push(Act::Say(200, enveloped(&format!("[{ours}]"))));
    let twin = Twin::acting_in_turn(acts).await;
    let answer = register(&twin, true).await;
    assert_eq!(answer, known(VendorStanding::Checking, "checking"));
    let requests = twin.requests();
    let pages: Vec<_> = requests.iter().map(|it| parts(it).0).collect();
    assert!(
        pages[9].contains("vendors?page=10&limit=100&"),
        "{}",
        pages[9]
    );

    let mut acts = vec![Act::Say(200, full); 10];
    acts.push(Act::Say(409, String::new()));
    let twin = Twin::acting_in_turn(acts).await;
    assert_eq!(register(&twin, true).await, unclear("http_409"));
    assert_eq!(twin.requests().len(), 11);
}

#[tokio::test]
async fn a_repeat_registers_whom_the_list_does_not_show_and_nobody_when_it_shows_nothing_at_all() {
    let made = enveloped(&vendor("uncheck", "unchecked", false));
    for list in [
        "[]".to_owned(),
        format!("[{}]", vendor("deleted", "unchecked", false)),
    ] {
        let acts = vec![Act::Say(200, enveloped(&list)), Act::Say(201, made.clone())];
        let twin = Twin::acting_in_turn(acts).await;
        let answer = register(&twin, true).await;
        assert_eq!(answer, known(VendorStanding::Unchecked, "unchecked"));
        assert_eq!(twin.requests().len(), 2);
    }
    for (act, cause) in [
        (Act::Say(500, String::new()), "http_500"),
        (Act::Say(200, enveloped("{}")), "body_unreadable"),
        (Act::Reset, "connection_lost"),
    ] {
        let twin = Twin::acting(act).await;
        assert_eq!(register(&twin, true).await, unclear(cause));
        assert_eq!(twin.requests().len(), 1, "nothing was made");
    }
}

#[tokio::test]
async fn every_answer_to_a_registration_is_known_refused_or_unclear() {
    let ours = vendor("uncheck", "unchecked", false);
    for (status, body, expected) in [
        (
            201,
            enveloped(&ours),
            known(VendorStanding::Unchecked, "unchecked"),
        ),
        (
            200,
            enveloped(&ours.replace("drv_9f1", "drv_other")),
            unclear("another_vendor"),
        ),
        (200, enveloped("{}"), unclear("body_unreadable")),
        (
            200,
            enveloped(&ours.replace("ven_", "../")),
            unclear("body_unreadable"),
        ),
        (200, "<html>".to_owned(), unclear("body_unreadable")),
        (
            200,
            r#"{"status":400,"type":"unknowns_error","msg":"email"}"#.to_owned(),
            refused("http_400_unknowns_error"),
        ),
        (
            200,
            r#"{"status":401,"msg":"no"}"#.to_owned(),
            unclear("http_401"),
        ),
        (400, String::new(), refused("http_400")),
        (
            400,
            r#"{"error":{"code":"rate_limit"}}"#.to_owned(),
            unclear("rate_limit"),
        ),
        (
            402,
            r#"{"type":"data_is_lock"}"#.to_owned(),
            unclear("data_is_lock"),
        ),
        (402, String::new(), refused("http_402")),
        (422, String::new(), refused("http_422")),
        (401, String::new(), unclear("http_401")),
        (403, String::new(), unclear("http_403")),
        (409, String::new(), unclear("http_409")),
        (429, String::new(), unclear("http_429")),
        (500, String::new(), unclear("http_500")),
        (302, String::new(), unclear("http_302")),
    ] {
        let twin = Twin::acting(Act::Say(status, body.clone())).await;
        let answer = register(&twin, false).await;
        assert_eq!(answer, expected, "{status} {body}");
        assert_eq!(twin.requests().len(), 1, "sent exactly once");
    }
}

#[tokio::test]
async fn a_bank_account_is_told_with_the_documented_names_under_a_key_of_its_version() {
    let twin = Twin::acting(Act::Say(200, enveloped(&rows("checking")))).await;
    assert_eq!(
        tell(&twin, BANK).await,
        known(VendorStanding::Checking, "checking")
    );
    let request = twin.request();
    let (head, body) = parts(&request);
    let start = format!(
        "post /api/v1/platform/tunnel/vendors/{}/remit_info/apply http/1.1",
        VENDOR.to_lowercase()
    );
    assert!(head.starts_with(&start), "{head}");
    assert!(head.contains("idempotency-key: drv_9f1-m2"), "{head}");
    assert_eq!(
        body,
        r#"{"payout_channel":"nium","applicant":"individual","aml_data":{"customName":"John Smith","bankCountry":"US","bankCode":"021000021","currency":"USD","accountName":"John Smith","account":"000123456789"}}"#
    );
}

#[tokio::test]
async fn channel_country_and_applicant_are_settings() {
    let twin = Twin::acting(Act::Say(200, enveloped(&rows("checking")))).await;
    let told_otherwise = owlpay(&twin).with_remittance(Remittance {
        channel: "cathay".to_owned(),
        country: "TW".to_owned(),
        applicant: Applicant::Company,
    });
    let ask = PayeeAsk::Tell {
        driver: &driver(),
        payee: &payee(),
        account: &Plaintext(BANK.to_owned()),
    };
    twin.provider()
        .with_owlpay(Some(told_otherwise))
        .payee(ask)
        .await;
    let request = twin.request();
    let (_, body) = parts(&request);
    let start = r#"{"payout_channel":"cathay","applicant":"company","aml_data":{"companyName":"Ana Ruiz","companyEmail":"ana@example.test","customName":"John Smith","bankCountry":"TW","#;
    assert!(body.starts_with(start), "{body}");
}

#[tokio::test]
async fn every_answer_to_a_told_account_is_known_refused_or_unclear() {
    for (status, body, expected) in [
        (
            200,
            enveloped(&rows("approved")),
            known(VendorStanding::Approved, "approved"),
        ),
        (
            200,
            enveloped(&rows("need_correction")),
            known(VendorStanding::Rejected, "need_correction"),
        ),
        (
            200,
            enveloped(rows("checking").trim_matches(['[', ']'])),
            known(VendorStanding::Checking, "checking"),
        ),
        (200, enveloped("[]"), unclear("body_unreadable")),
        (404, own_absence(), PayeeAnswer::Absent),
        (200, r#"{"status":404}"#.to_owned(), PayeeAnswer::Absent),
        (404, String::new(), unclear("http_404")),
        (400, String::new(), refused("http_400")),
        (409, String::new(), unclear("http_409")),
        (503, String::new(), unclear("http_503")),
    ] {
        let twin = Twin::acting(Act::Say(status, body.clone())).await;
        assert_eq!(tell(&twin, BANK).await, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn an_account_that_is_none_and_a_driver_of_the_other_mode_never_leave() {
    let twin = Twin::acting(Act::Say(200, enveloped(&rows("checking")))).await;
    for account in [
        "",
        "{}",
        r#"{"type":"card","cardNumber":"5123817234060000"}"#,
    ] {
        assert_eq!(tell(&twin, account).await, refused("account_unreadable"));
    }
    let live = Driver {
        tenant: "acme~live".parse().expect("valid"),
        ..driver()
    };
    let ask = PayeeAsk::Register {
        driver: &live,
        again: true,
    };
    let answer = provider(&twin).payee(ask).await;
    assert_eq!(answer, refused("mode_not_served"));
    let stranger: ProviderId = "ord_1234".parse().expect("valid");
    let ask = PayeeAsk::Read {
        payee: &stranger,
        mode: Mode::Test,
    };
    let answer = provider(&twin).payee(ask).await;
    assert_eq!(answer, refused("not_a_vendor_id"));
    assert!(twin.requests().is_empty());
}

#[tokio::test]
async fn only_a_vendor_who_is_approved_in_every_respect_is_approved() {
    use VendorStanding::{Approved, Checking, Rejected, Unchecked};
    for (status, review, is_passed, expected) in [
        ("approved", "approved", true, known(Approved, "approved")),
        ("approved", "approved", false, known(Checking, "approved")),
        ("uncheck", "approved", true, known(Checking, "approved")),
        ("approved", "checking", true, known(Checking, "checking")),
        ("approved", "unchecked", true, known(Unchecked, "unchecked")),
        ("uncheck", "unchecked", false, known(Unchecked, "unchecked")),
        ("uncheck", "checking", false, known(Checking, "checking")),
        ("uncheck", "rejected", false, known(Rejected, "rejected")),
        (
            "approved",
            "need_correction",
            true,
            known(Rejected, "need_correction"),
        ),
        ("deleted", "approved", true, known(Rejected, "deleted")),
        ("new", "something", true, known(Checking, "something")),
        ("new", "John Smith 0001", true, known(Checking, "unknown")),
    ] {
        let answer = shown(vendor(status, review, is_passed)).await;
        assert_eq!(answer, expected, "{status} {review} {is_passed}");
    }
    let removed =
        vendor("approved", "approved", true).replace("\"is_removed\":false", "\"is_removed\":true");
    assert_eq!(shown(removed).await, known(Rejected, "deleted"));
    let review = vendor("approved", "approved", true).replace("kyc_status_list", "kyc_status");
    assert_eq!(shown(review).await, known(Approved, "approved"));
    let silent = vendor("approved", "approved", true).replace("kyc_status_list", "unnamed");
    assert_eq!(shown(silent).await, known(Approved, "approved"));
    let silent = vendor("uncheck", "approved", true).replace("kyc_status_list", "unnamed");
    assert_eq!(shown(silent).await, known(Unchecked, "uncheck"));
}

#[tokio::test]
async fn every_other_answer_to_a_read_is_absent_refused_or_unclear() {
    let other = vendor("approved", "approved", true).replace(VENDOR, "ven_other123");
    assert_eq!(shown(other).await, unclear("another_vendor"));
    for (act, expected) in [
        (Act::Say(404, own_absence()), PayeeAnswer::Absent),
        (Act::Say(404, "<html>".to_owned()), unclear("http_404")),
        (
            Act::Say(404, r#"{"message":"Not Found"}"#.to_owned()),
            unclear("http_404"),
        ),
        (
            Act::Say(404, r#"{"status":404,"error":"Not Found"}"#.to_owned()),
            unclear("http_404"),
        ),
        (
            Act::Say(400, r#"{"type":"2fa_error","message":"m"}"#.to_owned()),
            unclear("2fa_error"),
        ),
        (
            Act::Say(200, r#"{"status":404}"#.to_owned()),
            PayeeAnswer::Absent,
        ),
        (Act::Say(401, String::new()), unclear("http_401")),
        (Act::Say(500, String::new()), unclear("http_500")),
        (Act::Say(200, enveloped("[]")), unclear("body_unreadable")),
        (
            Act::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec()),
            unclear("body_cut"),
        ),
        (Act::Reset, unclear("connection_lost")),
    ] {
        assert_eq!(read(act.clone()).await, expected, "{act:?}");
    }
}

async fn change(twin: &Twin) -> PayeeAnswer {
    let ask = PayeeAsk::Change {
        driver: &driver(),
        payee: &payee(),
    };
    provider(twin).payee(ask).await
}

async fn delete(twin: &Twin, payee: Option<&ProviderId>) -> PayeeAnswer {
    let ask = PayeeAsk::Delete {
        driver: &driver(),
        payee,
    };
    provider(twin).payee(ask).await
}

#[tokio::test]
async fn a_vendor_is_changed_with_the_body_of_a_registration() {
    let body = enveloped(&vendor("approved", "approved", true));
    let twin = Twin::acting(Act::Say(200, body)).await;
    let answer = change(&twin).await;
    assert_eq!(answer, known(VendorStanding::Approved, "approved"));
    let request = twin.request();
    let (head, body) = parts(&request);
    let start = format!(
        "put /api/v1/platform/tunnel/vendors/{} http/1.1",
        VENDOR.to_lowercase()
    );
    assert!(head.starts_with(&start), "{head}");
    assert_eq!(
        body,
        r#"{"name":"Ana Ruiz","email":"ana@example.test","country_iso":"US","application_vendor_uuid":"drv_9f1","description":"Driver OVN-DRIVER-1"}"#
    );
    for (status, body, expected) in [
        (404, own_absence(), PayeeAnswer::Absent),
        (400, String::new(), refused("http_400")),
        (409, String::new(), unclear("http_409")),
        (500, String::new(), unclear("http_500")),
    ] {
        let twin = Twin::acting(Act::Say(status, body)).await;
        assert_eq!(change(&twin).await, expected, "{status}");
    }
}

#[tokio::test]
async fn a_vendor_is_gone_once_owlpay_deleted_it_or_says_that_it_has_none() {
    let done = enveloped(r#"{"deleted":true,"message":"success"}"#);
    for (act, expected) in [
        (Act::Say(200, done), PayeeAnswer::Absent),
        (Act::Say(404, own_absence()), PayeeAnswer::Absent),
        (
            Act::Say(200, r#"{"status":404}"#.to_owned()),
            PayeeAnswer::Absent,
        ),
        (
            Act::Say(200, enveloped(r#"{"deleted":false}"#)),
            unclear("body_unreadable"),
        ),
        (Act::Say(404, "<html>".to_owned()), unclear("http_404")),
        (Act::Say(400, String::new()), refused("http_400")),
        (Act::Say(503, String::new()), unclear("http_503")),
        (Act::Reset, unclear("connection_lost")),
    ] {
        let twin = Twin::acting(act.clone()).await;
        assert_eq!(delete(&twin, Some(&payee())).await, expected, "{act:?}");
        let request = twin.request();
        let (head, _) = parts(&request);
        assert!(head.starts_with("delete /api/v1/platform/tunnel/vendors/ven_"));
    }
}

#[tokio::test]
async fn a_vendor_nobody_knows_of_is_looked_for_before_it_is_deleted() {
    let ours = vendor("uncheck", "unchecked", false);
    let other = ours.replace("drv_9f1", "drv_other");
    let done = enveloped(r#"{"deleted":true,"message":"success"}"#);
    for (list, expected, calls) in [
        (
            enveloped(&format!("[{other},{ours}]")),
            PayeeAnswer::Absent,
            2,
        ),
        (enveloped(&format!("[{other}]")), PayeeAnswer::Absent, 1),
        (enveloped("{}"), unclear("body_unreadable"), 1),
        (r#"{"status":404}"#.to_owned(), unclear("http_404"), 1),
    ] {
        let acts = vec![Act::Say(200, list.clone()), Act::Say(200, done.clone())];
        let twin = Twin::acting_in_turn(acts).await;
        assert_eq!(delete(&twin, None).await, expected, "{list}");
        assert_eq!(twin.requests().len(), calls, "{list}");
    }
}

#[tokio::test]
async fn the_channels_of_a_vendor_are_listed_without_their_accounts() {
    let twin = Twin::acting(Act::Say(200, enveloped(&rows("checking")))).await;
    let told = owlpay(&twin).remittances(&payee(), Mode::Test).await;
    let expected = vec![("nium".to_owned(), "checking".to_owned())];
    assert_eq!(told, Ok(expected));
    let (head, _) = parts(&twin.request());
    assert!(head.contains("/remit_info http/1.1"), "{head}");
}

const INVITE: &str = r#"{"object":"vendor_invite","uuid":"veninv_xxxxxxx","vendor_uuid":"ven_2psRYn3k90lZ1H0H49TcLhg","connect_invite_hash":"h","invite_url":"https://auth.example/secret-hash","email":"ana@example.test","is_owlpay_send_email":false,"expired_at":"2021-09-11T16:23:07+00:00","created_at":"2021-09-10T16:23:07+00:00"}"#;

#[tokio::test]
async fn an_invitation_is_made_for_the_vendor_and_its_address_is_never_printed() {
    let twin = Twin::acting(Act::Say(200, enveloped(INVITE))).await;
    let invite = owlpay(&twin)
        .invite(&driver())
        .await
        .expect("an invitation");
    assert_eq!(invite.vendor, Some(payee()));
    assert!(!format!("{invite:?}").contains("secret-hash"));
    let request = twin.request();
    let (head, body) = parts(&request);
    assert!(head.starts_with("post /api/v1/platform/tunnel/vendor_invite http/1.1"));
    assert_eq!(
        body,
        r#"{"is_owlpay_send_email":false,"email":"ana@example.test","vendor":{"uuid":"ven_2psRYn3k90lZ1H0H49TcLhg","application_vendor_uuid":"drv_9f1","name":"Ana Ruiz","email":"ana@example.test"}}"#
    );
    let twin = Twin::acting(Act::Say(200, enveloped(&format!("[{INVITE}]")))).await;
    let open = owlpay(&twin).invites(Mode::Test).await.expect("a list");
    assert_eq!(open.len(), 1);
}

#[tokio::test]
async fn no_answer_shows_an_account_a_name_or_the_key() {
    let echo = r#"{"type":"000123456789","message":"Ana Ruiz","status":400}"#;
    let acts = [
        Act::Say(200, enveloped(&rows("000123456789 Ana Ruiz"))),
        Act::Say(
            200,
            enveloped(&vendor("Ana Ruiz", "000123456789 Ana", true)),
        ),
        Act::Say(200, echo.to_owned()),
        Act::Say(400, echo.to_owned()),
        Act::Say(500, echo.to_owned()),
    ];
    for act in acts {
        let twin = Twin::acting(act.clone()).await;
        let answers = [
            register(&twin, false).await,
            register(&twin, true).await,
            tell(&twin, BANK).await,
            read(act).await,
        ];
        let shown = format!("{answers:?} {:?}", owlpay(&twin));
        for hidden in ["000123456789", "Ana", "John", "pk_test"] {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
    }
}
