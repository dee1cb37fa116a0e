//! `tidemark import`: another tool's model file in, a model file out.

use clap::Args as ClapArgs;
use std::path::PathBuf;
use tidemark::data::sha256_hex;
use tidemark::model::{ImportOptions, Model, import};
use tidemark::onnx;
use tidemark::render::format;

use super::{Failure, check_folder, files, stop, train};

/// Take over a tree ensemble from an ONNX file: scikit-learn (skl2onnx), XGBoost, LightGBM (onnxmltools)
///
/// The trees answer as onnxruntime lets them answer. With --reference the model knows which values its features have and what
/// it says to them, so that live rows can be held against it; give rows that it was not trained on, for of those a model is
/// surer than of any that will come. Without, it is served and logged, and there are no reports.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// The trees
    #[arg(value_name = "MODEL.onnx")]
    file: PathBuf,
    /// Where the model goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What people will call the model; by default the file's name
    #[arg(long)]
    name: Option<String>,
    /// Rows to hold live rows against, CSV with the features and, if the truth is known, the target
    #[arg(long, value_name = "DATA.csv")]
    reference: Option<PathBuf>,
    /// The column of the reference that holds the truth; what the model says is measured by it
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// The features in the order in which the trees have them; by default the reference's other columns, else f0, f1 …
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    feature_names: Vec<String>,
    /// Other names for the classes, in the file's order
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    classes: Vec<String>,
    /// Columns of the reference that are no features
    #[arg(long, value_name = "COLUMN", requires = "reference")]
    ignore: Vec<String>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    check_folder(&args.out)?;
    stop::check()?;
    let bytes = files::read_at_most(&args.file, onnx::MAX_BYTES as u64)?;
    let read = onnx::read(&bytes).map_err(|error| Failure::file(&args.file, error))?;
    let reference = args.reference.as_deref().map(files::read_table).transpose()?;
    stop::check()?;
    let stem = args.out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let options = ImportOptions {
        name: args.name.clone().unwrap_or(stem),
        features: args.feature_names.clone(),
        classes: args.classes.clone(),
        target: args.target.clone(),
        ignored: args.ignore.clone(),
    };
    let model = import(read, sha256_hex(&bytes), &options, reference.as_ref().map(|table| &table.data));
    let model = model.map_err(|error| Failure::file(args.reference.as_ref().unwrap_or(&args.file), error))?;
    files::write_atomically(&args.out, |file| file.write_all(&model.to_bytes()))?;
    print_figures(&model, args);
    Ok(())
}

fn print_figures(model: &Model, args: &Args) {
    println!(
        "{}: {}, {} of {}",
        args.out.display(),
        model.task().name(),
        format::plural(model.forest.n_trees() as u64, "tree"),
        format::plural(model.forest.n_features() as u64, "feature"),
    );
    if !model.classes.is_empty() {
        println!("  classes              {}", model.classes.join(", "));
    }
    if model.has_reference() {
        println!("  reference            {}", format::plural(model.reference.n_rows() as u64, "row"));
    } else {
        println!("  reference            none: it can be served, and there will be no drift reports");
    }
    train::print_metrics(model);
}
