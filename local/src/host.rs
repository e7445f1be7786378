//! Puts the bundle together in one process: engine, queues, handlers, timers, twins, and two ports.

use std::{
    fs::{self, File},
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use app::{breaker::Breaker, call::Clock, memory::MemoryQueue, seal::Seal};
use axum::{
    Router, extract::State, http::StatusCode, response::Response, routing::post, serve::ListenerExt,
};
use domain::time::Timestamp;
use functions::mount::World;
use platform::{
    api::{auth::KeyCache, rate::Limiter},
    dynamo::{DynamoStore, Meter},
    entry::{Backend, system_entropy},
    provider::paywizard::settings::Channels,
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    adapters::{callback_secrets, owlpay_secrets, providers},
    clock::MovableClock,
    engine::{Engine, TABLE},
    gateway,
    pump::{LocalWorld, Pump},
    secrets::Secrets,
    start::{self, StartKeys},
    twins::{
        Books, Sandbox,
        control::{ReadBody, bad_request, body_of, json_response, members, wrong_method},
    },
    vault::LocalVault,
};

/// Why a host cannot start or go on; printed as it is.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Where the host keeps everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Memory,
    Folder(PathBuf),
}

/// How a host is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// 0 takes any free port.
    pub port: u16,
    pub sandbox_port: u16,
    /// Where the embedded DynamoDB API is served as well, if anywhere.
    pub aws_port: Option<u16>,
    pub place: Place,
}

/// The one line a started host prints on stdout.
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    pub ready: bool,
    pub api: String,
    pub sandbox: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<String>,
    pub keys: StartKeys,
}

/// A running host. Dropping it stops everything.
pub struct Host {
    pub ready: Ready,
    pub meter: Arc<Meter>,
    pub pump: Pump,
    pub world: LocalWorld,
    /// The table itself, below the store.
    pub engine: Engine,
    tasks: JoinSet<()>,
    /// Held for as long as the host runs, so that no second one uses the folder.
    _lock: Option<File>,
}

struct Storage {
    engine: Engine,
    books: Books,
    clock: MovableClock,
    secrets: Secrets,
    lock: Option<File>,
}

/// Takes the folder for this process alone.
///
/// # Errors
/// When it cannot be made, or another host has it.
pub fn lock_folder(folder: &Path) -> Result<File, Fault> {
    fs::create_dir_all(folder)?;
    let lock = File::create(folder.join("lock"))?;
    lock.try_lock()
        .map_err(|_| format!("{} is in use by another local host", folder.display()))?;
    Ok(lock)
}

/// The table's file in a data folder.
pub fn table_file(folder: &Path) -> PathBuf {
    folder.join("table.sqlite")
}

/// The twins' books in a data folder, if there are any, on its clock.
///
/// # Errors
/// When they cannot be read.
pub fn twins_of_folder(folder: &Path) -> Result<Option<Sandbox>, Fault> {
    let file = twins_file(folder);
    if !file.exists() {
        return Ok(None);
    }
    let clock = MovableClock::on_file(&folder.join("clock"))?;
    Ok(Some(Sandbox::open(Books::on_file(&file)?, clock)))
}

fn twins_file(folder: &Path) -> PathBuf {
    folder.join("twins.sqlite")
}

/// How the table's items are laid out. A folder of another layout would be misread.
const LAYOUT: &str = "2";

/// Marks a fresh folder with the layout, and refuses one of another.
fn require_layout(folder: &Path) -> Result<(), Fault> {
    let mark = folder.join("layout");
    let found = match fs::read_to_string(&mark) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    match found.as_deref().map(str::trim) {
        Some(LAYOUT) => Ok(()),
        None if !table_file(folder).exists() => Ok(fs::write(&mark, LAYOUT)?),
        Some(_) | None => Err(format!(
            "{} was written by another version of the local host; move it away, or choose another folder with --data",
            folder.display()
        )
        .into()),
    }
}

fn storage(place: &Place) -> Result<Storage, Fault> {
    Ok(match place {
        Place::Memory => Storage {
            engine: Engine::in_memory()?,
            books: Books::in_memory()?,
            clock: MovableClock::in_memory(),
            secrets: Secrets::fresh()?,
            lock: None,
        },
        Place::Folder(folder) => {
            let lock = lock_folder(folder)?;
            require_layout(folder)?;
            Storage {
                engine: Engine::on_file(&table_file(folder))?,
                books: Books::on_file(&twins_file(folder))?,
                clock: MovableClock::on_file(&folder.join("clock"))?,
                secrets: Secrets::of_folder(folder)?,
                lock: Some(lock),
            }
        }
    })
}

async fn listen(port: u16) -> Result<TcpListener, Fault> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address)
        .await
        .map_err(|error| format!("port {port} cannot be used: {error}").into())
}

fn url(listener: &TcpListener) -> io::Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}

impl Host {
    /// Starts everything and puts the start data.
    ///
    /// # Errors
    /// When a port or the folder is taken, or what the folder holds cannot be read.
    pub async fn start(options: Options) -> Result<Self, Fault> {
        Self::start_serving(options, Channels::default()).await
    }

    /// As [`Host::start`], with these prepaid channels served by the bundle and by the twin of PayWizard.
    ///
    /// # Errors
    /// As [`Host::start`].
    pub async fn start_serving(options: Options, channels: Channels) -> Result<Self, Fault> {
        let Storage {
            engine,
            books,
            clock,
            secrets,
            lock,
        } = storage(&options.place)?;
        engine.create_table()?;
        let (api_port, sandbox_port) = (
            listen(options.port).await?,
            listen(options.sandbox_port).await?,
        );
        let (api, sandbox_url) = (url(&api_port)?, url(&sandbox_port)?);
        let sandbox = Sandbox::open(books, clock.clone());
        sandbox.tell_api(&api);
        sandbox.serve_channels(channels.all().map(str::to_owned).collect());
        let meter = Arc::new(Meter::default());
        let moving = clock.clone();
        let app_clock = Clock::new(move || Timestamp::from_millis(moving.now_ms()));
        let world = World {
            backend: Backend {
                store: DynamoStore::new(engine.client(), TABLE.to_owned())
                    .metered(Arc::clone(&meter)),
                seal: Seal::new(secrets.derive("seal")),
                clock: app_clock.clone(),
                keys: KeyCache::default(),
                limiter: Limiter::default(),
                entropy: system_entropy,
                version: env!("CARGO_PKG_VERSION"),
            },
            queue: MemoryQueue::new(app_clock),
            providers: providers(&clock, (&api, &sandbox_url), &channels)?,
            vault: LocalVault::new(secrets.derive("vault")),
            callback_secrets: Arc::new(callback_secrets()),
            owlpay_secrets: Arc::new(owlpay_secrets()),
            breaker: Breaker::default(),
            channels,
        };
        let keys = start::put(&world, &secrets).await?;
        let pump = Pump::new(world.clone(), clock.clone(), sandbox.clone());
        let mut tasks = JoinSet::new();
        let aws = serve_aws(&mut tasks, engine.clone(), options.aws_port).await?;
        let gateway = gateway::router(world.clone(), clock);
        let api_port = api_port.tap_io(|stream| {
            // Without this an answer may wait for an acknowledgement; failing to set it costs time only.
            let _ = stream.set_nodelay(true);
        });
        tasks.spawn(async move {
            if let Err(error) = axum::serve(api_port, gateway).await {
                tracing::error!(%error, "the API stopped");
            }
        });
        let control = control(pump.clone());
        tasks.spawn(async move {
            if let Err(error) = sandbox.serve(sandbox_port, control).await {
                tracing::error!(%error, "the sandbox stopped");
            }
        });
        tasks.spawn(pump.clone().run());
        Ok(Self {
            ready: Ready {
                ready: true,
                api,
                sandbox: sandbox_url,
                aws,
                keys,
            },
            meter,
            pump,
            world,
            engine,
            tasks,
            _lock: lock,
        })
    }

    /// Serves until a part of the host ends.
    pub async fn wait(&mut self) {
        self.tasks.join_next().await;
    }
}

async fn serve_aws(
    tasks: &mut JoinSet<()>,
    engine: Engine,
    port: Option<u16>,
) -> Result<Option<String>, Fault> {
    let Some(port) = port else { return Ok(None) };
    let listener = listen(port).await?;
    let address = url(&listener)?;
    tasks.spawn(engine.serve_aws(listener));
    Ok(Some(address))
}

/// The longest single step of the clock: 90 days.
const STEP_MAX_SECONDS: u64 = 90 * 24 * 3_600;

/// The part of the sandbox control that moves the whole bundle.
fn control(pump: Pump) -> Router {
    Router::new()
        .route("/_control/advance", post(advance))
        .method_not_allowed_fallback(async || wrong_method())
        .with_state(pump)
}

async fn advance(State(pump): State<Pump>, body: ReadBody) -> Response {
    let seconds = match body_of(body).and_then(|body| seconds(&body)) {
        Ok(seconds) => seconds,
        Err(complaint) => return bad_request(&complaint),
    };
    // On a task of its own: a client that hangs up must not leave the clock half-way.
    let moved = tokio::spawn(async move { pump.advance(seconds).await }).await;
    match moved {
        Ok(Ok(now)) => {
            let answer = json!({"ok": true, "now": now.to_string()});
            json_response(StatusCode::OK, &answer)
        }
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn seconds(body: &[u8]) -> Result<u32, String> {
    let fields = members(body, &["seconds"])?;
    fields
        .get("seconds")
        .and_then(Value::as_u64)
        .filter(|seconds| *seconds <= STEP_MAX_SECONDS)
        .and_then(|seconds| u32::try_from(seconds).ok())
        .ok_or_else(|| format!("seconds must be an integer from 0 to {STEP_MAX_SECONDS}"))
}

fn failed(error: &impl ToString) -> Response {
    let body = json!({"error": error.to_string()});
    json_response(StatusCode::INTERNAL_SERVER_ERROR, &body)
}
