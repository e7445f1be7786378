//! The scripted server, and the attempt that every test is about.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use app::port::{CreateOrder, Lookup, Plaintext, Providers};
use domain::{
    answer::Answer,
    attempt::Attempt,
    attempt_machine::AttemptState,
    driver::MethodKind,
    fee::Rail,
    ids::{DriverId, Mode, ProviderId},
    money::{Cents, Currency},
    resolution::{self, Asked, Verdict},
    routing::Provider,
    time::Timestamp,
};
use platform::{
    pace::Pace,
    provider::{
        AnyProvider,
        http::Http,
        payelata::{
            Payelata,
            settings::{BANK_SERVICE, CallbackSecrets, PayelataSettings},
        },
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

pub(crate) const CARD: &str =
    r#"{"type":"card","cardNumber":"5123817234060000","expMonth":12,"expYear":2030}"#;
pub(crate) const BANK: &str = r#"{"type":"bank_account","accountNumber":"000123456789","routingNumber":"021000021","accountType":"checking","holder":"John Smith"}"#;
/// The reference in the printed answers, which stands for ours.
const PRINTED: &str = "ada8c01f-f5d4-4037-88f1-d222ee6497ad";
pub(crate) const REFERENCE: &str = "pay_7Q2-a01";
pub(crate) const OBJECT: &str = "cpoi_VdHYVxq4RsLEebAQ";
const TOKEN: &str = "acme~test.pay_7Q2.01.00112233445566778899aabbccddeeff";

/// What the server does once it has read a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Say(u16, String),
    /// These bytes, then the end of the connection.
    Raw(Vec<u8>),
    /// This text, and then nothing for ever.
    Begin(String),
    Reset,
    Hang,
}

/// A provider that answers the first request with the first act, and so on; the last act stays.
pub(crate) struct Twin {
    pub(crate) host: String,
    pub(crate) arrived: Arc<Notify>,
    log: Arc<Mutex<Log>>,
}

#[derive(Default)]
struct Log {
    connections: usize,
    requests: Vec<String>,
}

impl Twin {
    pub(crate) async fn acting(act: Act) -> Self {
        Self::acting_in_turn(vec![act]).await
    }

    pub(crate) async fn acting_in_turn(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let twin = Self {
            host: listener.local_addr().expect("bound").to_string(),
            arrived: Arc::default(),
            log: Arc::default(),
        };
        let log = Arc::clone(&twin.log);
        let arrived = Arc::clone(&twin.arrived);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (log, arrived, acts) = (Arc::clone(&log), Arc::clone(&arrived), acts.clone());
                log.lock().expect("not poisoned").connections += 1;
                tokio::spawn(async move {
                    while let Some(request) = read_request(&mut stream).await {
                        let turn = {
                            let mut log = log.lock().expect("not poisoned");
                            log.requests.push(request);
                            log.requests.len().min(acts.len()) - 1
                        };
                        let stays = perform(&acts[turn], &mut stream, &arrived).await;
                        if !stays {
                            return;
                        }
                    }
                });
            }
        });
        twin
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.log.lock().expect("not poisoned").requests.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.log.lock().expect("not poisoned").connections
    }

    /// The only request that arrived.
    pub(crate) fn request(&self) -> String {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "exactly one request: {requests:?}");
        requests[0].clone()
    }

    pub(crate) fn provider(&self) -> AnyProvider {
        self.provider_at(Pace::real())
    }

    pub(crate) fn provider_at(&self, pace: Pace) -> AnyProvider {
        provider(&format!("http://{}/api", self.host), pace)
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |digits| digits.parse().expect("a length"));
            if body.len() >= length {
                return Some(text);
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

/// Whether the connection stays open. Where it then stays silent, `arrived` tells so.
async fn perform(act: &Act, stream: &mut TcpStream, arrived: &Notify) -> bool {
    match act {
        Act::Say(status, body) => {
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} Status\r\nlocation: /elsewhere\r\ncontent-length: {length}\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).await.is_ok()
        }
        Act::Raw(bytes) => {
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            false
        }
        Act::Reset => {
            stream.set_zero_linger().expect("a socket option");
            false
        }
        Act::Begin(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            arrived.notify_one();
            std::future::pending().await
        }
        Act::Hang => {
            arrived.notify_one();
            std::future::pending().await
        }
    }
}

pub(crate) fn provider(private_base: &str, pace: Pace) -> AnyProvider {
    let http = Http::new(pace).expect("a client");
    AnyProvider::new(Payelata::new(settings(private_base), http).expect("valid settings"))
}

pub(crate) fn settings(private_base: &str) -> PayelataSettings {
    PayelataSettings {
        private_base: private_base.to_owned(),
        account_id: "coma_TESTACCOUNT01".into(),
        api_key: "ak_TESTKEY0001".into(),
        callback_base: "https://pay.example/".to_owned(),
        callback_secrets: CallbackSecrets {
            test: vec!["sk_test_EXAMPLEKEY0001".into()],
            live: Vec::new(),
        },
        bank_service: BANK_SERVICE.to_owned(),
        mode: Mode::Test,
        sandbox_hosts: Vec::new(),
    }
}

/// An attempt over 10.00 whose create left at time 0.
pub(crate) fn attempt(state: AttemptState) -> Attempt {
    Attempt {
        tenant: "acme~test".parse().expect("valid"),
        reference: REFERENCE.parse().expect("valid"),
        version: 1,
        fence: 1,
        state,
        provider: Provider::Payelata,
        route: "payelata/card".to_owned(),
        left: Vec::new(),
        fallback: Vec::new(),
        driver: DriverId::parse("drv_1").expect("valid"),
        method: Some(domain::attempt::PinnedMethod {
            kind: domain::driver::MethodKind::Card,
            version: 1,
        }),
        rail: Rail::Standard,
        net: Cents::new(1_000),
        currency: Currency::Usd,
        payee: None,
        balance_before: None,
        card_lock: None,
        object: None,
        object_updated: 0,
        last_status: None,
        reason: None,
        tries: 1,
        repeats: 0,
        reprocesses: 0,
        processed: false,
        created_at: Timestamp::default(),
        lease_until: None,
        sent_at: Some(Timestamp::default()),
        process_sent_at: Some(Timestamp::default()),
        watched_at: None,
        polls: 0,
        checked_at: None,
        absent_at: None,
        absences: 0,
        doubt: None,
        next_at: None,
        reviewed_at: None,
        money: None,
        undecided: None,
        decided_on: None,
    }
}

pub(crate) fn holding(state: AttemptState) -> Attempt {
    Attempt {
        object: Some(object()),
        ..attempt(state)
    }
}

pub(crate) fn object() -> ProviderId {
    ProviderId::parse(OBJECT).expect("valid")
}

pub(crate) async fn send(
    provider: &AnyProvider,
    attempt: &Attempt,
    method: MethodKind,
    account: &str,
) -> Answer {
    let account = Plaintext(account.to_owned());
    provider
        .create(CreateOrder {
            attempt,
            method,
            account: &account,
            callback_token: TOKEN.to_owned(),
        })
        .await
}

/// The answer of a card create to `act`.
pub(crate) async fn create(act: Act) -> Answer {
    let twin = Twin::acting(act).await;
    let answer = send(
        &twin.provider(),
        &attempt(AttemptState::Sending),
        MethodKind::Card,
        CARD,
    )
    .await;
    assert_eq!(twin.requests().len(), 1, "sent exactly once");
    answer
}

pub(crate) async fn process(act: Act) -> Answer {
    let twin = Twin::acting(act).await;
    let answer = twin
        .provider()
        .process(&holding(AttemptState::ProcessSending), &object())
        .await;
    assert_eq!(twin.requests().len(), 1, "sent exactly once");
    answer
}

pub(crate) async fn read(act: Act, lookup: Lookup) -> Answer {
    let twin = Twin::acting(act).await;
    let answer = twin
        .provider()
        .read(&attempt(AttemptState::Unknown), &lookup)
        .await;
    assert_eq!(twin.requests().len(), 1, "sent exactly once");
    answer
}

/// What an answer proves 200 seconds after the create left.
pub(crate) fn proves(attempt: &Attempt, asked: Asked, answer: &Answer) -> Verdict {
    let now = Timestamp::default().plus(Duration::from_secs(200));
    resolution::proves(attempt, asked, answer, now)
}

pub(crate) fn unclear(cause: &str) -> Answer {
    Answer::Unclear {
        cause: cause.to_owned(),
    }
}

/// A printed answer, about our attempt.
pub(crate) fn fixture(name: &str) -> String {
    printed(name).replace(PRINTED, REFERENCE)
}

pub(crate) fn printed(name: &str) -> String {
    let path = format!(
        "{}/../../tests/fixtures/payelata/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(path).expect("a fixture")
}

/// The printed invoice with one member replaced.
pub(crate) fn invoice_with(member: &str, value: &str) -> String {
    let text = fixture("created.json");
    let start = text.find(&format!("\"{member}\":")).expect("a member");
    let end = start + text[start..].find(['\n']).expect("a line");
    format!("{}\"{member}\": {value},{}", &text[..start], &text[end..])
}

/// The printed invoice as the only row of a search.
pub(crate) fn row(document: &str) -> String {
    let start = document.find("\"data\":").expect("data") + "\"data\":".len();
    let end = document.rfind('}').expect("an object");
    format!("{{\"data\":[{}]}}", &document[start..end])
}
