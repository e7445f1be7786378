//! Stand-ins for the AWS services of one binary: DynamoDB is the embedded engine, SQS and KMS are the few
//! lines below. What was used is noted as template.yaml would grant it.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use app::port::SealedFor;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use local::engine::Engine;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub(crate) struct Aws {
    address: SocketAddr,
    desk: Arc<Desk>,
}

struct Desk {
    engine: SocketAddr,
    used: Mutex<BTreeSet<(String, String)>>,
    sent: Mutex<Vec<Value>>,
}

impl Aws {
    pub(crate) async fn serve(engine: Engine) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let desk = Arc::new(Desk {
            engine: listener.local_addr().expect("an address"),
            used: Mutex::default(),
            sent: Mutex::default(),
        });
        tokio::spawn(engine.serve_aws(listener));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().fallback(serve).with_state(Arc::clone(&desk));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, desk }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Action and resource of everything that was asked for.
    pub(crate) fn used(&self) -> BTreeSet<(String, String)> {
        self.desk.used.lock().expect("whole").clone()
    }

    /// Queue and message of everything that was sent, in order.
    pub(crate) fn sent(&self) -> Vec<Value> {
        self.desk.sent.lock().expect("whole").clone()
    }
}

/// The encryption context that our vault sends.
pub(crate) fn context(tenant: &str, owner: &SealedFor) -> Value {
    let mut context = json!({ "tenant": tenant });
    context[owner.name()] = owner.id().into();
    context
}

/// What the stand-in for KMS makes of a plain text.
pub(crate) fn sealed(context: &Value, plain: &[u8]) -> Vec<u8> {
    [format!("{context}\n").as_bytes(), plain].concat()
}

/// The plain text, when it was sealed in this context.
pub(crate) fn opened(context: &Value, sealed: &[u8]) -> Option<Vec<u8>> {
    let start = format!("{context}\n");
    sealed.strip_prefix(start.as_bytes()).map(<[u8]>::to_vec)
}

async fn serve(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|it| it.to_str().ok());
    let (service, operation) = target.and_then(|it| it.split_once('.')).unwrap_or_default();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    match service {
        "DynamoDB_20120810" => {
            desk.note_table_use(operation, &request);
            forward(desk.engine, &headers, &body).await
        }
        "AmazonSQS" if operation == "SendMessage" => answer(desk.send(&request)),
        "TrentService" => {
            desk.note(&format!("kms:{operation}"), "VaultKey.Arn");
            answer(vault(operation, &request))
        }
        _ => (
            StatusCode::BAD_REQUEST,
            format!("{target:?} has no stand-in"),
        )
            .into_response(),
    }
}

fn answer(body: Option<Value>) -> Response {
    match body {
        Some(body) => body.to_string().into_response(),
        None => (StatusCode::BAD_REQUEST, r#"{"__type":"Refused"}"#).into_response(),
    }
}

impl Desk {
    fn note(&self, action: &str, resource: &str) {
        let used = (action.to_owned(), resource.to_owned());
        self.used.lock().expect("whole").insert(used);
    }

    /// A transaction needs the permission of each item's own action.
    fn note_table_use(&self, operation: &str, request: &Value) {
        let resource = match request["IndexName"].as_str() {
            Some(index) => format!("${{Table.Arn}}/index/{index}"),
            None => "Table.Arn".to_owned(),
        };
        let items = request["TransactItems"].as_array();
        let actions: Vec<_> = match items {
            Some(items) => items.iter().filter_map(item_action).collect(),
            None => vec![operation.to_owned()],
        };
        for action in actions {
            self.note(&format!("dynamodb:{action}"), &resource);
        }
    }

    fn send(&self, request: &Value) -> Option<Value> {
        let queue = request["QueueUrl"].as_str()?.rsplit('/').next()?;
        self.note("sqs:SendMessage", &format!("{queue}.Arn"));
        let message = json!({
            "queue": queue,
            "delaySeconds": request["DelaySeconds"],
            "message": request["MessageBody"],
        });
        self.sent.lock().expect("whole").push(message);
        Some(json!({ "MessageId": "059f36b4-87a3-44ab-83d2-661975830a7d" }))
    }
}

fn item_action(item: &Value) -> Option<String> {
    let (kind, _) = item.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "ConditionCheck" => "ConditionCheckItem".to_owned(),
        kind => format!("{kind}Item"),
    })
}

fn vault(operation: &str, request: &Value) -> Option<Value> {
    let context = &request["EncryptionContext"];
    context["tenant"].as_str()?;
    ["driver", "key", "charge"]
        .iter()
        .find_map(|it| context[*it].as_str())?;
    let bytes = |name: &str| STANDARD.decode(request[name].as_str()?).ok();
    match operation {
        "Encrypt" => {
            let sealed = sealed(context, &bytes("Plaintext")?);
            Some(json!({ "CiphertextBlob": STANDARD.encode(sealed), "KeyId": "VaultKey" }))
        }
        "Decrypt" => {
            let plain = opened(context, &bytes("CiphertextBlob")?)?;
            Some(json!({ "Plaintext": STANDARD.encode(plain), "KeyId": "VaultKey" }))
        }
        _ => None,
    }
}

/// The engine's own answer. One connection per call: this is a test.
async fn forward(engine: SocketAddr, headers: &HeaderMap, body: &Bytes) -> Response {
    let mut request = b"POST / HTTP/1.1\r\nconnection: close\r\n".to_vec();
    let own = ["connection", "content-length", "transfer-encoding"];
    for (name, value) in headers
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()))
    {
        request.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    request.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
    request.extend_from_slice(body);

    let mut stream = TcpStream::connect(engine)
        .await
        .expect("the engine listens");
    stream.write_all(&request).await.expect("written");
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.expect("read");
    let reply = String::from_utf8(reply).expect("UTF-8");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.get(9..12).and_then(|it| it.parse().ok());
    let status = StatusCode::from_u16(status.expect("a status")).expect("a status");
    let content_type = ("content-type", "application/x-amz-json-1.0");
    (status, [content_type], body.to_owned()).into_response()
}
