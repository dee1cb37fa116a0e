//! `tidemark serve`: the service and the pages.

use clap::Args as ClapArgs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tidemark::model::Model;
use tokio::net::TcpListener;

use super::report::Judging;
use super::{Failure, files};
use crate::clock::SystemClock;
use crate::log::PredictionLog;
use crate::serve;
use crate::service::{Options, Service};
use crate::store::Snapshots;

mod edge;

use edge::EdgeArgs;

/// Serve a model: POST /predict, GET /health, and the pages
///
/// Every prediction is logged before it is answered. Every --interval seconds the latest --window rows of the log are
/// held against the model's reference, and the report is stored.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// The model file that `tidemark train` made
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    #[command(flatten)]
    service: ServiceArgs,
}

/// What `serve` and `demo` have in common.
#[derive(ClapArgs)]
pub(super) struct ServiceArgs {
    /// Folder for everything that is kept; it is made if it is not there
    #[arg(long, value_name = "DIR", default_value = "tidemark-data")]
    pub(super) data_dir: PathBuf,
    /// Address to listen on; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:8000")]
    pub(super) listen: SocketAddr,
    /// Seconds between two comparisons
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) interval: u64,
    /// Rows of the log that a comparison takes: the latest ones
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u64).range(2..=1_000_000))]
    pub(super) window: u64,
    /// Rows below which there is no comparison yet
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(2..))]
    pub(super) min_window: u64,
    #[command(flatten)]
    pub(super) edge: EdgeArgs,
    #[command(flatten)]
    pub(super) judging: Judging,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let model = files::read_model(&args.model)?;
    serve(model, &args.service, |_| {})
}

/// Serves until a signal comes. `on_ready` gets the address once requests are answered.
pub(super) fn serve(model: Model, args: &ServiceArgs, on_ready: impl FnOnce(SocketAddr)) -> Result<(), Failure> {
    let service = open(model, args)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::new("threads", error))?;
    runtime.block_on(async {
        let listener = TcpListener::bind(args.listen).await.map_err(|error| {
            let remedy =
                if error.kind() == std::io::ErrorKind::AddrInUse { "; --listen takes another one" } else { "" };
            Failure::new(args.listen, format!("{error}{remedy}"))
        })?;
        let address = listener.local_addr().map_err(|error| Failure::new(args.listen, error))?;
        let edge = args.edge.open(address, &args.data_dir)?;
        println!("Tidemark is at {}://{address}/", if edge.tls.is_some() { "https" } else { "http" });
        on_ready(address);
        let interval = Duration::from_secs(args.interval);
        serve::run(listener, service, interval, edge, serve::stop_signal()).await;
        Ok(())
    })?;
    tracing::info!("stopped in good order");
    Ok(())
}

/// Opens the data folder and puts the service together.
fn open(model: Model, args: &ServiceArgs) -> Result<Arc<Service>, Failure> {
    args.judging.check_without_rows()?;
    let folder: &Path = &args.data_dir;
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))?;
    let path = folder.join("tidemark.db");
    let log = PredictionLog::open(&path).map_err(|error| Failure::file(&path, error))?;
    let snapshots = Snapshots::open(&path).map_err(|error| Failure::file(&path, error))?;
    let options = Options {
        interval_seconds: args.interval,
        window_rows: args.window,
        min_window_rows: args.min_window.min(args.window),
        settings: args.judging.settings(),
    };
    Ok(Arc::new(Service::new(model, log, snapshots, options, Arc::new(SystemClock))))
}
