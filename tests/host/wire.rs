//! HTTP/1.1 as it is typed: a client library would tidy up paths and headers before it sends them.

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// One request, exactly as it goes out. The length of a body is added.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Response {
    /// The value of the only header of that name, given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(held, _)| held == name);
        let value = values.next().map(|(_, value)| value.as_str());
        value.filter(|_| values.next().is_none())
    }
}

/// A connection that is kept for many requests, one after the other.
pub(crate) struct Connection {
    address: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection {
    pub(crate) fn new(base: &str) -> Self {
        let address = base.strip_prefix("http://").expect("an http address");
        Self {
            address: address.to_owned(),
            stream: None,
        }
    }

    pub(crate) async fn send(&mut self, request: &Request) -> Response {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(&self.address).await.expect("connected");
                stream.set_nodelay(true).expect("an option of TCP");
                BufReader::new(stream)
            }
        };
        let bytes = self.bytes(request);
        stream.get_mut().write_all(&bytes).await.expect("sent");
        let response = receive(&mut stream).await;
        if response.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        response
    }

    fn bytes(&self, request: &Request) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
        head.push_str(&format!("host: {}\r\n", self.address));
        for (name, value) in &request.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &request.body {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend(request.body.iter().flatten());
        bytes
    }
}

async fn receive(stream: &mut BufReader<TcpStream>) -> Response {
    let status_line = line(stream).await;
    let status = status_line.split(' ').nth(1);
    let status = status.and_then(|it| it.parse().ok()).expect("a status");
    let mut headers = Vec::new();
    loop {
        let line = line(stream).await;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.expect("a whole body");
    let text = String::from_utf8(body).expect("UTF-8");
    Response {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
        text,
    }
}

async fn line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).await.expect("a line");
    line.trim_end().to_owned()
}
