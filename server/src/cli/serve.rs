//! `tidemark serve`: the service and the pages.

use clap::Args as ClapArgs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tidemark_log::Log;
use tidemark_watch::config::Config;
use tidemark_watch::db::Db;
use tidemark_watch::store::Store;

use super::report::Judging;
use super::shared::{DATABASE, Replica, ReplicaArgs, own_database};
use super::{Failure, files};
use crate::clock::SystemClock;
use crate::listen;
use crate::migrate;
use crate::registry::folder::{MAX_MODEL_BYTES, ModelFolder};
use crate::serve;
use crate::service::{Options, Service};

mod edge;
mod keep;

use edge::EdgeArgs;
use keep::KeepArgs;

/// Serve models: POST /predict, GET /health, and the pages
///
/// Every prediction is logged before it is answered. Every --interval seconds the latest --window rows of each model's log
/// are held against its reference, and the report is stored. Models that were served before are served again: `tidemark
/// models` lists and changes them, also while this runs.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// A model file that `tidemark train` or `tidemark import` made; may be given several times. It is copied into the
    /// data folder, and becomes the version of its model that answers; the first one becomes the default model
    #[arg(long = "model", value_name = "FILE")]
    models: Vec<PathBuf>,
    #[command(flatten)]
    service: ServiceArgs,
    #[command(flatten)]
    replica: ReplicaArgs,
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
    /// A file of monitors and channels, TOML. A model that it has no monitor for is watched by the three flags above
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Where people reach the pages, for the links in messages: https://tidemark.example.org
    #[arg(long, value_name = "URL", env = "TIDEMARK_PUBLIC_URL")]
    pub(super) public_url: Option<String>,
    /// When an answer may go out
    #[arg(long, value_enum, default_value = "commit")]
    pub(super) durability: Durability,
    #[command(flatten)]
    keep: KeepArgs,
    #[command(flatten)]
    pub(super) edge: EdgeArgs,
    #[command(flatten)]
    pub(super) judging: Judging,
}

/// When an answer may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Durability {
    /// Once its prediction is on disk
    Commit,
    /// At once; a crash may take away the predictions of the last fifth of a second
    Async,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    serve(&args.models, &args.service, args.replica.replica()?.as_ref(), |_| {})
}

/// Has memory come in small pages. Allocators ask for those of two megabytes, and while one is cleared all requests of a thread wait: for
/// milliseconds where the machine is a guest that has to be given the memory first.
fn use_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "memory comes in large pages");
    }
}

/// Serves until a signal comes. `on_ready` gets the address once requests are answered.
pub(super) fn serve(
    models: &[PathBuf],
    args: &ServiceArgs,
    replica: Option<&Replica>,
    on_ready: impl FnOnce(SocketAddr),
) -> Result<(), Failure> {
    use_small_pages();
    let service = open(models, args, replica)?;
    // A file's keys have a connection of their own: their times of use need not wait for a report that is stored.
    let keys = match replica {
        Some(_) => service.store.db().clone(),
        None => own_database(&args.data_dir)?,
    };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::new("threads", error))?;
    runtime.block_on(async {
        let listener = listen::bind(args.listen).map_err(|error| {
            let remedy =
                if error.kind() == std::io::ErrorKind::AddrInUse { "; --listen takes another one" } else { "" };
            Failure::new(args.listen, format!("{error}{remedy}"))
        })?;
        let address = listener.local_addr().map_err(|error| Failure::new(args.listen, error))?;
        // The client of PostgreSQL must not be used on a thread that drives tasks.
        let edge = tokio::task::block_in_place(|| args.edge.open(address, &args.data_dir, &keys))?;
        println!("Tidemark is at {}://{address}/", if edge.tls.is_some() { "https" } else { "http" });
        on_ready(address);
        serve::run(listener, service, edge, serve::stop_signal()).await;
        Ok(())
    })?;
    tracing::info!("stopped in good order");
    Ok(())
}

/// Opens the data folder and puts the service together.
fn open(models: &[PathBuf], args: &ServiceArgs, replica: Option<&Replica>) -> Result<Arc<Service>, Failure> {
    args.judging.check_without_rows()?;
    let folder: &Path = &args.data_dir;
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))?;
    let durability = match args.durability {
        Durability::Commit => tidemark_log::Durability::Commit,
        Durability::Async => tidemark_log::Durability::Async { flush_within: FLUSH_WITHIN },
    };
    let log_options = tidemark_log::Options { durability, ..tidemark_log::Options::default() };
    let (log, store) = match replica {
        None => open_alone(folder, log_options)?,
        Some(replica) => open_shared(folder, replica, log_options)?,
    };
    add_models(&ModelFolder::of(folder), models)?;
    let options = Options {
        interval_seconds: args.interval,
        window_rows: args.window,
        min_window_rows: args.min_window.min(args.window),
        settings: args.judging.settings(),
        policy: args.keep.policy(),
        keep_reports: args.keep.reports(),
        config: args.config.as_deref().map(read_config).transpose()?.unwrap_or_default(),
        base_url: args.public_url.clone(),
        replica: replica.map(|replica| replica.name.clone()),
    };
    let service = Service::new(folder, log, store, options, Arc::new(SystemClock));
    let service = service.map_err(|error| Failure::file(folder, error))?;
    if service.catalog().slots().is_empty() {
        tracing::info!(
            "there is no model yet: --model names a file to serve, and one that is served elsewhere comes with its first predictions or \
             reference, sent to /api/v1/models/NAME"
        );
    }
    if let Some(path) = &args.config {
        service.check_set_up().map_err(|error| Failure::file(path, error))?;
    }
    if replica.is_none() {
        match migrate::take_over(&folder.join(DATABASE), &service) {
            Ok(0) => {}
            Ok(n_moved) => tracing::info!(n_moved, "predictions that 0.1 had logged were taken over"),
            // They stay where they are, and the next start tries again.
            Err(error) => tracing::error!(%error, "predictions that 0.1 had logged were not taken over"),
        }
    }
    Ok(Arc::new(service))
}

/// Log and store of a data folder that no other service has.
fn open_alone(folder: &Path, options: tidemark_log::Options) -> Result<(Log, Store), Failure> {
    // The log's lock is also what keeps a second service out of the folder.
    let log = Log::open(folder, options).map_err(|error| Failure::file(folder, error))?;
    let store = Store::on(own_database(folder)?).map_err(|error| Failure::file(folder, error))?;
    // Nobody else has the folder, so that whoever was at a run is no more.
    store.release_all().map_err(|error| Failure::file(folder, error))?;
    Ok((log, store))
}

/// Log and store that replicas share.
fn open_shared(folder: &Path, replica: &Replica, options: tidemark_log::Options) -> Result<(Log, Store), Failure> {
    let Replica { name, address } = replica;
    // The store first: it says at once whether the database is one that this version can use.
    let store = Store::on(Db::postgres(address.clone())).map_err(|error| Failure::new(address, error))?;
    let by = tidemark_log::SharedBy { address: address.clone(), replica: name.clone() };
    let log = Log::open_shared(folder, &by, options).map_err(|error| Failure::file(folder, error))?;
    tracing::info!(replica = name, database = %address, "this is a replica");
    Ok((log, store))
}

fn read_config(path: &Path) -> Result<Config, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
    Config::from_toml(&text).map_err(|error| Failure::file(path, error))
}

/// How long a prediction may wait for the disk where answers do not.
const FLUSH_WITHIN: Duration = Duration::from_millis(200);

/// Copies model files into the data folder. Each becomes its model's version that answers, the first the default model.
fn add_models(folder: &ModelFolder, models: &[PathBuf]) -> Result<(), Failure> {
    for (nth, path) in models.iter().enumerate() {
        let bytes = files::read_at_most(path, MAX_MODEL_BYTES)?;
        let file = path.display().to_string();
        let added = folder.add(&file, &bytes, None).and_then(|(name, version)| {
            folder.change(|manifest| {
                manifest.set_default_version(&name, &version)?;
                if nth == 0 { manifest.set_default(&name, None) } else { Ok(()) }
            })
        });
        added.map_err(|error| Failure::Error(error.to_string()))?;
    }
    Ok(())
}
