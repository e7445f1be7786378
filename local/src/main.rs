//! `local up` runs the bundle on this machine; `local load` measures it; `local audit` checks a data
//! folder's books.

use std::{path::PathBuf, process::ExitCode};

use app::audit::{self, Finding};
use clap::{Args, Parser, Subcommand};
use local::{
    comparison, demo,
    engine::{Engine, TABLE},
    host::{self, Fault, Host, Options, Place},
    load,
};
use platform::{
    dynamo::DynamoStore,
    provider::paywizard::settings::{CHANNEL, Channels},
};

/// Half of what a local payout takes is the engine, the SDK and JSON allocating, on many threads. No function has
/// another allocator than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(about = "OVN Pay on one machine: the whole bundle, its queues, timers and sandbox twins")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the host and serve until it is stopped.
    Up(Up),
    /// Run payouts through a host and print what it took: in memory, then on files.
    Load(Load),
    /// Check the books of a data folder that no host is using.
    Audit(Folder),
}

#[derive(Args)]
struct Up {
    /// Port of the API on 127.0.0.1; 0 takes any.
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// Port of the sandbox twins on 127.0.0.1; 0 takes any.
    #[arg(long, default_value_t = 9001)]
    sandbox_port: u16,
    /// Also serve the embedded DynamoDB API on this port, for `cargo lambda watch`.
    #[arg(long)]
    aws_port: Option<u16>,
    /// Prepaid channels that are served, the usual one first.
    #[arg(long, value_delimiter = ',', default_value = CHANNEL)]
    channels: Vec<String>,
    #[command(flatten)]
    place: Where,
    /// After the start, pay a standard and an instant payout and a batch, and print what became of them.
    #[arg(long)]
    demo: bool,
    /// Exit after the demo; non-zero when a demo payout did not complete.
    #[arg(long, requires = "demo")]
    once: bool,
}

#[derive(Args)]
struct Load {
    /// How many payouts.
    #[arg(long, default_value_t = 5000)]
    payouts: usize,
    /// How often each endpoint is called afterwards, to measure how long it takes; 0 leaves that out.
    #[arg(long, default_value_t = 200)]
    calls: usize,
    /// Then run batches of 100, 1,000 and 10,000 lines.
    #[arg(long)]
    batches: bool,
    /// Only on the files of this folder.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Only in memory.
    #[arg(long, conflicts_with = "data")]
    memory: bool,
    /// Fail when fewer payouts per second were completed.
    #[arg(long)]
    at_least: Option<u64>,
    /// Instead of all that, pay over every provider while so many of a hundred of their calls and callbacks misbehave,
    /// and fail when a payment was doubled, lost or stuck.
    #[arg(
        long,
        value_name = "PERCENT",
        value_parser = clap::value_parser!(u32).range(1..=100),
        conflicts_with_all = ["calls", "batches", "at_least"]
    )]
    faults: Option<u32>,
    /// Which calls misbehave: another number, other calls.
    #[arg(long, default_value_t = 0, requires = "faults")]
    seed: u32,
}

/// Lines of the batches that are measured.
const BATCHES: [usize; 3] = [100, 1_000, 10_000];

#[derive(Args)]
struct Where {
    /// Folder of the data.
    #[arg(long, default_value = ".ovn-pay")]
    data: PathBuf,
    /// Keep nothing on disk.
    #[arg(long, conflicts_with = "data")]
    memory: bool,
}

#[derive(Args)]
struct Folder {
    /// Folder of the data.
    #[arg(long, default_value = ".ovn-pay")]
    data: PathBuf,
}

impl Where {
    fn place(self) -> Place {
        if self.memory {
            Place::Memory
        } else {
            Place::Folder(self.data)
        }
    }
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Fault::from)
        .and_then(|runtime| runtime.block_on(run(Cli::parse())));
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<bool, Fault> {
    match cli.command {
        Command::Up(up) => serve(up).await,
        Command::Load(load) => measure(load).await,
        Command::Audit(folder) => audit_folder(folder.data).await,
    }
}

async fn serve(up: Up) -> Result<bool, Fault> {
    let channels = Channels::of(up.channels).ok_or("--channels takes names of channels")?;
    let options = Options {
        port: up.port,
        sandbox_port: up.sandbox_port,
        aws_port: up.aws_port,
        place: up.place.place(),
    };
    let mut host = Host::start_serving(options, channels).await?;
    say(&serde_json::to_string(&host.ready)?);
    if up.demo {
        let completed = demo::run(&host).await?;
        if up.once {
            return Ok(completed);
        }
    }
    tokio::select! {
        () = host.wait() => Ok(false),
        () = stopped() => Ok(true),
    }
}

/// Ends with the first signal that asks the process to stop.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => std::future::pending().await,
    }
}

async fn measure(load: Load) -> Result<bool, Fault> {
    let spare = std::env::temp_dir().join(format!("ovn-pay-load-{}", std::process::id()));
    let places = match (load.memory, load.data) {
        (true, _) => vec![Place::Memory],
        (false, Some(folder)) => vec![Place::Folder(folder)],
        (false, None) => vec![Place::Memory, Place::Folder(spare.clone())],
    };
    let mut measured = match load.faults {
        Some(percent) => run_faults((load.payouts, percent, load.seed), places.clone()).await,
        None => measure_all((load.payouts, load.calls), load.at_least, places.clone()).await,
    };
    if load.batches {
        measured = match (measured, measure_batches(places).await) {
            (Ok(passed), Ok(paid)) => Ok(passed && paid),
            (Err(fault), _) | (_, Err(fault)) => Err(fault),
        };
    }
    if spare.exists() {
        std::fs::remove_dir_all(&spare)?;
    }
    measured
}

/// One run for each place; false when something is wrong with one.
async fn run_faults(
    (payouts, percent, seed): (usize, u32, u32),
    places: Vec<Place>,
) -> Result<bool, Fault> {
    let mut is_right = true;
    for place in places {
        let run = load::FaultRun {
            payouts,
            percent,
            seed,
            place,
        };
        let report = load::run_faults(run).await?;
        say(&report.to_string());
        is_right &= report.findings.is_empty();
    }
    Ok(is_right)
}

async fn measure_all(
    (payouts, calls): (usize, usize),
    at_least: Option<u64>,
    places: Vec<Place>,
) -> Result<bool, Fault> {
    let mut passed = true;
    for place in places {
        let report = load::run(payouts, calls, place).await?;
        say(report.to_string().trim_end());
        let fast = at_least.is_none_or(|wanted| report.per_second() >= wanted);
        passed &= fast && report.completed == report.payouts;
    }
    Ok(passed)
}

/// One run for each place.
async fn measure_batches(places: Vec<Place>) -> Result<bool, Fault> {
    let mut paid = true;
    for place in places {
        say(load::HEAD);
        for report in load::run_batches(&BATCHES, place).await? {
            say(&report.to_string());
            paid &= report.is_paid();
        }
    }
    Ok(paid)
}

async fn audit_folder(folder: PathBuf) -> Result<bool, Fault> {
    if !host::table_file(&folder).exists() {
        return Err(format!("{} holds no data of a local host", folder.display()).into());
    }
    let _lock = host::lock_folder(&folder)?;
    let engine = Engine::on_file(&host::table_file(&folder))?;
    let store = DynamoStore::new(engine.client(), TABLE.to_owned());
    let dump = store.dump().await?;
    let (figures, mut findings) = (dump.figures(), audit::findings(&dump));
    if let Some(twins) = host::twins_of_folder(&folder)? {
        let compared = comparison::compare(&dump, &twins.movements()?);
        findings.extend(compared.differences.into_iter().map(|what| Finding {
            invariant: "twins",
            what,
        }));
    }
    say(&format!(
        "{} payouts ({} completed), {} transitions, {} deposits: {} findings",
        figures.payouts,
        figures.completed,
        figures.transitions,
        figures.deposits,
        findings.len()
    ));
    for finding in &findings {
        say(&format!("{}: {}", finding.invariant, finding.what));
    }
    Ok(findings.is_empty())
}

/// One line on stdout. A reader that went away is no reason to stop.
fn say(line: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
