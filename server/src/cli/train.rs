//! `tidemark train`: a CSV file in, a model file out.

use clap::{Args as ClapArgs, ValueEnum};
use std::path::{Path, PathBuf};
use tidemark::forest::Task;
use tidemark::forest::train::{DEFAULT_MAX_DEPTH, GrowOptions, MAX_ROWS_PER_CLASS};
use tidemark::model::{Model, Split, TrainOptions, train};
use tidemark::render::format;
use tidemark::schema::ColumnRole;

use super::{Failure, check_folder, files, progress, stop};

/// Train a random forest that tells the classes of rows, or predicts a number, and keep it with its reference
///
/// The last rows (or a stratified choice) are held back; the forest's figures on them are printed and kept. The model
/// file also holds the training rows, which live data will be held against. The same file, options and seed give the same
/// model, byte for byte, on any number of cores.
///
/// Trees are grown side by side. A class of more rows than --max-rows-per-class gives each tree a random sample of its
/// own to find its questions by, smaller classes are kept whole; the probabilities in the leaves come from all rows.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// The rows to learn from, CSV; every column but the target is a feature and has to be a number
    #[arg(value_name = "DATA.csv")]
    data: PathBuf,
    /// The column to predict; of two classes the larger one is the positive one
    #[arg(long, value_name = "COLUMN")]
    target: String,
    /// Whether the target's values are classes (at most 100) or numbers
    #[arg(long, value_enum, default_value_t = TaskArg::Classification)]
    task: TaskArg,
    /// Where the model goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What people will call the model; by default the file's name
    #[arg(long)]
    name: Option<String>,
    /// Trees in the forest
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    trees: u64,
    /// Questions from root to leaf, at most
    #[arg(long, default_value_t = DEFAULT_MAX_DEPTH, value_parser = clap::value_parser!(u16).range(1..=64))]
    max_depth: u16,
    /// Rows of one class (of a regression: of all) that a tree's questions are found by, at most
    #[arg(long, default_value_t = MAX_ROWS_PER_CLASS as u64, value_parser = clap::value_parser!(u64).range(10..))]
    max_rows_per_class: u64,
    /// Decides every random choice
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Which rows are held back to measure the model by
    #[arg(long, value_enum, default_value_t = SplitArg::Time)]
    split: SplitArg,
    /// The share of rows that is held back
    #[arg(long, default_value_t = 0.2, value_parser = parse_test_share)]
    test_share: f64,
    /// Columns that are no features
    #[arg(long, value_name = "COLUMN")]
    ignore: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum TaskArg {
    /// A class and its probability
    Classification,
    /// A number
    Regression,
}

#[derive(Clone, Copy, ValueEnum)]
enum SplitArg {
    /// The last rows: for rows in order of time
    Time,
    /// Rows at random, the same share of every class
    Stratified,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let stem = args.out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut options = options(args.trees, Some(args.max_depth), args.seed);
    options.name = args.name.clone().unwrap_or(stem);
    options.target.clone_from(&args.target);
    options.task = match args.task {
        TaskArg::Classification => Task::Classification,
        TaskArg::Regression => Task::Regression,
    };
    options.split = match args.split {
        SplitArg::Time => Split::Time,
        SplitArg::Stratified => Split::Stratified,
    };
    options.test_share = args.test_share;
    options.grow.max_rows_per_class = usize::try_from(args.max_rows_per_class).unwrap_or(usize::MAX);
    options.overrides.roles = args.ignore.iter().map(|name| (name.clone(), ColumnRole::Ignored)).collect();
    let model = train_to(&args.data, &args.out, &options)?;
    print_figures(&model, &args.out);
    Ok(())
}

/// The usual options with these trees.
pub(super) fn options(trees: u64, max_depth: Option<u16>, seed: u64) -> TrainOptions {
    let default = GrowOptions::default();
    let n_trees = usize::try_from(trees).expect("the command line allows 10,000 trees");
    let grow = GrowOptions { n_trees, max_depth: max_depth.or(default.max_depth), seed, ..default };
    TrainOptions { grow, ..TrainOptions::new("", "") }
}

/// Trains on a file and writes the model.
pub(super) fn train_to(data: &Path, out: &Path, options: &TrainOptions) -> Result<Model, Failure> {
    check_folder(out)?;
    stop::check()?;
    let table = files::read_table(data)?;
    let bar = progress::bar(options.grow.n_trees as u64, "Growing", "trees");
    let grown = train(&table.data, options, &|done, _| {
        bar.set_position(bar.position().max(done as u64));
        !stop::asked()
    });
    bar.finish_and_clear();
    let model = grown.map_err(|error| if stop::asked() { Failure::Stopped } else { Failure::file(data, error) })?;
    files::write_atomically(out, |file| file.write_all(&model.to_bytes()))?;
    Ok(model)
}

fn print_figures(model: &Model, out: &Path) {
    let n_test = model.held_out.n_rows();
    println!(
        "{}: {} trees on {}, measured on {} held back",
        out.display(),
        model.forest.n_trees(),
        format::plural((model.reference.n_rows() - n_test) as u64, "row"),
        format::plural(n_test as u64, "row"),
    );
    print_metrics(model);
    let mut importances = model.importances.clone();
    importances.sort_by(|a, b| b.1.total_cmp(&a.1));
    let top: Vec<String> =
        importances.iter().take(5).map(|(name, share)| format!("{name} {}", format::share(*share))).collect();
    println!("  relies most on       {}", top.join(", "));
}

/// The figures of merit, one a line.
pub(super) fn print_metrics(model: &Model) {
    for (name, value) in &model.metrics {
        println!("  {name:<20} {}", format::number(*value));
    }
}

fn parse_test_share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_not_a_number| "expected a number".to_owned())?;
    if share > 0.0 && share < 1.0 { Ok(share) } else { Err("expected a share above 0 and below 1".to_owned()) }
}
