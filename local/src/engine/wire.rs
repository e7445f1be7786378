//! The connector between the SDK and the engine: one request in, one answer out, no socket.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use dynoxide::{
    Database, DynoxideError,
    actions::transact_write_items::{TransactWriteItemsRequest, TransactWriteItemsResponse},
};
use serde::{Serialize, de::DeserializeOwned};

use super::fault::{Fault, Faults};

/// How many of the newest transactions are recognised when their token comes again. The engine's own
/// memory of tokens has no bound but time, and is searched whole by every transaction.
const TOKENS_KEPT: usize = 1024;

/// An answer as it goes over the wire.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

/// The newest transactions by their token.
#[derive(Default)]
pub(super) struct Tokens {
    inner: Mutex<TokensInner>,
}

#[derive(Default)]
struct TokensInner {
    answers: HashMap<String, TransactWriteItemsResponse>,
    order: VecDeque<String>,
}

impl Tokens {
    fn lock(&self) -> MutexGuard<'_, TokensInner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, token: &str) -> Option<TransactWriteItemsResponse> {
        self.lock().answers.get(token).cloned()
    }

    fn keep(&self, token: String, answer: TransactWriteItemsResponse) {
        let mut inner = self.lock();
        inner.order.push_back(token.clone());
        inner.answers.insert(token, answer);
        if inner.order.len() > TOKENS_KEPT
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.answers.remove(&oldest);
        }
    }
}

#[derive(Clone)]
pub(super) struct Connector {
    database: Database,
    tokens: Arc<Tokens>,
    faults: Faults,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector(..)")
    }
}

impl Connector {
    pub(super) const fn new(database: Database, tokens: Arc<Tokens>, faults: Faults) -> Self {
        Self {
            database,
            tokens,
            faults,
        }
    }

    fn answer(&self, operation: &str, body: &[u8]) -> Reply {
        self.dispatch(operation, body).map_or_else(
            |error| Reply {
                status: error.status_code(),
                body: error.to_json(),
            },
            |body| Reply { status: 200, body },
        )
    }

    fn dispatch(&self, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
        let database = &self.database;
        match operation {
            "TransactWriteItems" => written(&self.transact_write(read(body)?)?),
            "TransactGetItems" => written(&database.transact_get_items(read(body)?)?),
            "GetItem" => written(&database.get_item(read(body)?)?),
            "BatchGetItem" => written(&database.batch_get_item(read(body)?)?),
            "Query" => written(&database.query(read(body)?)?),
            "Scan" => written(&database.scan(read(body)?)?),
            "PutItem" => written(&database.put_item(read(body)?)?),
            "UpdateItem" => written(&database.update_item(read(body)?)?),
            "DeleteItem" => written(&database.delete_item(read(body)?)?),
            other => Err(DynoxideError::ValidationException(format!(
                "{other} is not served in the process"
            ))),
        }
    }

    /// Repeats of a token are answered here, see [`TOKENS_KEPT`].
    fn transact_write(
        &self,
        mut request: TransactWriteItemsRequest,
    ) -> Result<TransactWriteItemsResponse, DynoxideError> {
        let token = request.client_request_token.take();
        if let Some(answer) = token.as_deref().and_then(|token| self.tokens.answer(token)) {
            return Ok(answer);
        }
        let answer = self.database.transact_write_items(request)?;
        if let Some(token) = token {
            self.tokens.keep(token, answer.clone());
        }
        Ok(answer)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, DynoxideError> {
    serde_json::from_slice(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn written<T: Serialize>(answer: &T) -> Result<String, DynoxideError> {
    serde_json::to_string(answer)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

impl HttpConnector for Connector {
    /// Works in the caller's thread: a call takes well under a millisecond.
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        let reply = match self.faults.next(operation) {
            None => self.answer(operation, body),
            Some(Fault::AnswerLost) => {
                self.answer(operation, body);
                let cause = "the connection was reset after the work was done";
                return HttpConnectorFuture::ready(Err(ConnectorError::io(cause.into())));
            }
            Some(Fault::Silence) => return HttpConnectorFuture::new(std::future::pending()),
            Some(fault @ (Fault::Conflict | Fault::Throttled | Fault::InternalError)) => {
                fault.reply(operation, body)
            }
        };
        HttpConnectorFuture::ready(response(reply))
    }
}

fn response(reply: Reply) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(reply.status)
        .map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(reply.body));
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
