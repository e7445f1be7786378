//! A small client of the local host's own API: what the demo and the load command drive it with.

use std::time::Duration;

use serde_json::Value;

use crate::host::{Fault, Ready};

/// An authenticated client of one host.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    api: String,
    key: String,
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
        })
    }

    /// `data` of a successful answer.
    ///
    /// # Errors
    /// When the call fails, or its answer is not a success.
    pub async fn get(&self, path: &str) -> Result<Value, Fault> {
        let request = self.http.get(format!("{}{path}", self.api));
        data(request.bearer_auth(&self.key)).await
    }

    /// # Errors
    /// As [`Client::get`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        let request = self.http.post(format!("{}{path}", self.api));
        data(with_body(request.bearer_auth(&self.key), body)).await
    }

    /// # Errors
    /// As [`Client::get`].
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        let request = self.http.put(format!("{}{path}", self.api));
        data(with_body(request.bearer_auth(&self.key), body)).await
    }
}

fn with_body(request: reqwest::RequestBuilder, body: &Value) -> reqwest::RequestBuilder {
    request
        .header("content-type", "application/json")
        .body(body.to_string())
}

async fn data(request: reqwest::RequestBuilder) -> Result<Value, Fault> {
    let response = request.send().await?;
    let (status, text) = (response.status(), response.text().await?);
    let mut answer: Value = serde_json::from_str(&text)?;
    if status.is_success() && answer["success"] == true {
        return Ok(answer["data"].take());
    }
    Err(format!("{status}: {}", answer["error"]).into())
}
