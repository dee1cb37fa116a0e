//! `tidemark demo`: everything at once, with traffic.

use clap::Args as ClapArgs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::serve::{ServiceArgs, serve};
use super::simulate::{Bodies, Labels, Pause, Traffic, play};
use super::{Failure, example, files, train};

/// See Tidemark at work: example data, a model trained on them, the service, and traffic that drifts
///
/// What is true of each row comes as a label half a minute after its prediction. What was made once is kept in the data folder and used again.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// Rows of the example
    #[arg(long, default_value_t = 40_000, value_parser = clap::value_parser!(u64).range(1000..=10_000_000))]
    rows: u64,
    /// Trees of the forest
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1000))]
    trees: u64,
    /// Seed of the example and of the forest
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Predictions per second
    #[arg(long, default_value_t = 200.0, value_parser = parse_rate)]
    rate: f64,
    #[command(flatten)]
    service: ServiceArgs,
}

const TARGET: &str = "Class";
/// What people call the model.
const MODEL: &str = "card-fraud";
/// How long after its prediction a label comes: late enough to see what was expected before.
const LABEL_DELAY: Duration = Duration::from_secs(30);

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    // Other rows, trees or seeds make another example, in a folder of its own.
    let name = format!("example-{}-{}-{}", args.rows, args.trees, args.seed);
    let folder = args.service.data_dir.join(name);
    let (reference, current) = (folder.join("reference.csv"), folder.join("current.csv"));
    if !reference.exists() || !current.exists() {
        example::make(args.rows, args.seed, &folder)?;
    }
    let model = model(args, &folder, &reference)?;
    let data = files::read_table(&current)?.data;
    let bodies = Bodies::of(&data, &[TARGET.to_owned()])?;

    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let served = serve(&[model], &args.service, None, |address| {
            let labels = format!("http://{address}/api/v1/models/{MODEL}/labels");
            let traffic = Traffic {
                bodies,
                endpoint: format!("http://{address}/predict"),
                senders: 4,
                pause: Pause::Every(Duration::from_secs_f64(1.0 / args.rate)),
                repeat: true,
                labels: Labels::of(&data, TARGET, &current, labels, LABEL_DELAY).ok(),
            };
            let is_over = &is_over;
            scope.spawn(move || play(&traffic, &|| is_over.load(Ordering::SeqCst), &complain));
        });
        is_over.store(true, Ordering::SeqCst);
        served
    })
}

/// The model that an earlier demo left, or a new one.
fn model(args: &Args, folder: &Path, reference: &Path) -> Result<PathBuf, Failure> {
    let path = folder.join("card-fraud.tidemark");
    if path.exists() {
        return Ok(path);
    }
    let mut options = train::options(args.trees, None, args.seed);
    MODEL.clone_into(&mut options.name);
    TARGET.clone_into(&mut options.target);
    train::train_to(reference, &path, &options)?;
    Ok(path)
}

fn complain(answer: &Result<String, String>) {
    if let Err(error) = answer {
        tracing::debug!("a simulated request failed: {error}");
    }
}

fn parse_rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_not_a_number| "expected rows per second".to_owned())?;
    if (0.001..=100_000.0).contains(&rate) { Ok(rate) } else { Err("expected 0.001 to 100000 per second".to_owned()) }
}
