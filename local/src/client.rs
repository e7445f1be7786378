//! A small client of the local host's own API: what the demo and the load command drive it with.

use std::time::Duration;

use serde_json::Value;

use crate::host::{Fault, Ready};

/// What a call was refused with.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub status: u16,
    /// The stable word of a conflict; empty where there is none.
    pub reason: String,
}

/// An authenticated client of one host.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    api: String,
    key: String,
    sandbox: String,
    /// What recognises a repeat of the next call.
    request_key: Option<String>,
}

impl Client {
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn of(ready: &Ready) -> Result<Self, Fault> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            http,
            api: ready.api.clone(),
            key: ready.keys.full.clone(),
            sandbox: ready.sandbox.clone(),
            request_key: None,
        })
    }

    /// A client of the same host with another key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            ..self.clone()
        }
    }

    /// A client whose calls are one request: only the first of them does something.
    #[must_use]
    pub fn with_request_key(&self, key: &str) -> Self {
        Self {
            request_key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// `data` of a successful answer, or the text of a file.
    ///
    /// # Errors
    /// When the call fails, or its answer is not a success.
    pub async fn get(&self, path: &str) -> Result<Value, Fault> {
        self.call("GET", path, None).await
    }

    /// # Errors
    /// As [`Client::get`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        self.call("POST", path, Some(body)).await
    }

    /// # Errors
    /// As [`Client::get`].
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        self.call("PUT", path, Some(body)).await
    }

    /// # Errors
    /// As [`Client::get`].
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Fault> {
        let method = reqwest::Method::from_bytes(method.as_bytes())?;
        let request = self.http.request(method, format!("{}{path}", self.api));
        let request = request.bearer_auth(&self.key);
        let request = match &self.request_key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        data(match body {
            Some(body) => with_body(request, body),
            None => request,
        })
        .await
    }

    /// A post that may be refused: `data`, or with what it was.
    ///
    /// # Errors
    /// When the call fails, or its answer is no JSON.
    pub async fn ask(&self, path: &str, body: &Value) -> Result<Result<Value, Refusal>, Fault> {
        let request = self.http.post(format!("{}{path}", self.api));
        let response = with_body(request.bearer_auth(&self.key), body)
            .send()
            .await?;
        let (status, text) = (response.status(), response.text().await?);
        let mut answer: Value = serde_json::from_str(&text)?;
        if status.is_success() {
            return Ok(Ok(answer["data"].take()));
        }
        let reason = answer["error"]["details"]["reason"].as_str();
        Ok(Err(Refusal {
            status: status.as_u16(),
            reason: reason.unwrap_or_default().to_owned(),
        }))
    }

    /// Orders how a coming payment ends at a provider.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn order_outcome(&self, provider: &str, status: &str) -> Result<(), Fault> {
        let order = serde_json::json!({"provider": provider, "status": status});
        self.control("/_control/outcomes", Some(&order)).await?;
        Ok(())
    }

    /// What the sandbox's control answers: to a post with `body`, to a get without.
    ///
    /// # Errors
    /// When the call fails, or its answer is not a success.
    pub async fn control(&self, path: &str, body: Option<&Value>) -> Result<Value, Fault> {
        let url = format!("{}{path}", self.sandbox);
        let request = match body {
            Some(body) => with_body(self.http.post(url), body),
            None => self.http.get(url),
        };
        let response = request.send().await?;
        let (status, text) = (response.status(), response.text().await?);
        if !status.is_success() {
            return Err(format!("{path}: {status}: {text}").into());
        }
        Ok(serde_json::from_str(&text)?)
    }
}

/// A text alone is a CSV file; everything else is JSON.
fn with_body(request: reqwest::RequestBuilder, body: &Value) -> reqwest::RequestBuilder {
    let (media_type, text) = match body {
        Value::String(text) => ("text/csv", text.clone()),
        json => ("application/json", json.to_string()),
    };
    request.header("content-type", media_type).body(text)
}

async fn data(request: reqwest::RequestBuilder) -> Result<Value, Fault> {
    let response = request.send().await?;
    let is_file = response
        .headers()
        .get("content-type")
        .is_some_and(|it| it.as_bytes().starts_with(b"text/csv"));
    let (status, text) = (response.status(), response.text().await?);
    if status.is_success() && is_file {
        return Ok(Value::from(text));
    }
    let mut answer: Value = serde_json::from_str(&text)?;
    if status.is_success() && answer["success"] == true {
        return Ok(answer["data"].take());
    }
    // The published document is no answer of the API: it stands outside the envelope.
    if status.is_success() && answer["openapi"].is_string() {
        return Ok(answer);
    }
    Err(format!("{status}: {}", answer["error"]).into())
}
