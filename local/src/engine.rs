//! DynamoDB inside the process: an embedded engine behind the AWS SDK, without a socket.
//!
//! Only the local host and the tests link it. The store code above it is the one that ships.

mod fault;
mod listing;
mod wire;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use dynoxide::{Database, DynoxideError};

pub use self::fault::{Fault, Faults};
use self::wire::Connector;

/// The name of the one table.
pub const TABLE: &str = "ovn-pay";

/// The table as it is deployed: sparse indexes whose entries hold keys only.
const TABLE_DEFINITION: &str = r#"{
    "TableName": "ovn-pay",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
        {"AttributeName": "g1p", "AttributeType": "S"},
        {"AttributeName": "g1s", "AttributeType": "S"},
        {"AttributeName": "g2p", "AttributeType": "S"},
        {"AttributeName": "g3p", "AttributeType": "S"},
        {"AttributeName": "g4p", "AttributeType": "S"},
        {"AttributeName": "gs", "AttributeType": "S"}
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"}
    ],
    "GlobalSecondaryIndexes": [{
        "IndexName": "due",
        "KeySchema": [
            {"AttributeName": "g1p", "KeyType": "HASH"},
            {"AttributeName": "g1s", "KeyType": "RANGE"}
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"}
    }, {
        "IndexName": "list",
        "KeySchema": [
            {"AttributeName": "g2p", "KeyType": "HASH"},
            {"AttributeName": "gs", "KeyType": "RANGE"}
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"}
    }, {
        "IndexName": "driver",
        "KeySchema": [
            {"AttributeName": "g3p", "KeyType": "HASH"},
            {"AttributeName": "gs", "KeyType": "RANGE"}
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"}
    }, {
        "IndexName": "status",
        "KeySchema": [
            {"AttributeName": "g4p", "KeyType": "HASH"},
            {"AttributeName": "gs", "KeyType": "RANGE"}
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"}
    }]
}"#;

/// The engine failed to start or to make its table.
#[derive(Debug, thiserror::Error)]
#[error("the embedded table does not work: {0}")]
pub struct EngineError(String);

impl From<DynoxideError> for EngineError {
    fn from(error: DynoxideError) -> Self {
        Self(error.to_string())
    }
}

/// An embedded database. Clones share it.
#[derive(Clone)]
pub struct Engine {
    database: Database,
    tokens: Arc<wire::Tokens>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine(..)")
    }
}

impl Engine {
    /// A database that ends with the process.
    ///
    /// # Errors
    /// [`EngineError`] when the database cannot be opened.
    pub fn in_memory() -> Result<Self, EngineError> {
        // A file that is kept in memory, and not a database without a file: there SQLite walks through all of its
        // pages at every commit.
        static OPENED: AtomicU64 = AtomicU64::new(0);
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        let path = format!("file:/ovn-pay-{number}?vfs=memdb");
        Ok(Self::over(Database::new(&path)?))
    }

    /// A database in a file, made when absent. Every commit is on disk before it is answered: the
    /// write-ahead log is synced by each transaction, so a killed process loses nothing it was told.
    ///
    /// # Errors
    /// [`EngineError`] when the file cannot be opened, or is no database of ours.
    pub fn on_file(path: &Path) -> Result<Self, EngineError> {
        let text = path
            .to_str()
            .ok_or_else(|| EngineError(format!("{} is not UTF-8", path.display())))?;
        Ok(Self::over(Database::new(text)?))
    }

    fn over(database: Database) -> Self {
        Self {
            database,
            tokens: Arc::default(),
        }
    }

    /// Makes the table unless it is there.
    ///
    /// # Errors
    /// [`EngineError`] when the engine refuses it.
    pub fn create_table(&self) -> Result<(), EngineError> {
        let request = serde_json::from_str(TABLE_DEFINITION)
            .map_err(|error| EngineError(error.to_string()))?;
        match self.database.create_table(request) {
            Ok(_) | Err(DynoxideError::ResourceInUseException(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// An SDK client whose requests are answered by this engine, in the same thread.
    pub fn client(&self) -> Client {
        self.faulty_client(Faults::default())
    }

    /// A client whose answers `faults` may spoil.
    pub fn faulty_client(&self, faults: Faults) -> Client {
        let connector = Connector::new(self.database.clone(), Arc::clone(&self.tokens), faults);
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "local"))
            .retry_config(RetryConfig::disabled())
            .http_client(connector);
        Client::from_conf(config.build())
    }

    /// Serves the DynamoDB protocol on `listener`, for tools. Ends with the process.
    pub async fn serve_aws(self, listener: tokio::net::TcpListener) {
        dynoxide::server::serve_on(listener, self.database).await;
    }
}
