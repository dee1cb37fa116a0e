//! How fast a forest answers on one thread: `RAYON_NUM_THREADS=1 cargo bench --bench forest -- MODEL.onnx ROWS.csv [PYTHON]`.
//!
//! The columns of `ROWS.csv` are the model's features, in order; more columns are left out. A single row, then all rows at once: the least time of
//! many. With a Python that has onnxruntime the same model is timed there on the same rows, in the same run; if it also has treelite and
//! tl2cgen, and scikit-learn's `MODEL.joblib` lies beside the ONNX file, so is that, compiled by the C compiler.

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;
use tidemark::data::{Values, csv};
use tidemark::forest::{Forest, Precision};
use tidemark::onnx;

/// Rows that single answers go through in turn: always the same one would be foretold by the processor.
const N_SINGLE: usize = 1_000;

const THEIRS: &str = r#"
import os, sys, tempfile, time, numpy, pandas, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
name, width = session.get_inputs()[0].name, session.get_inputs()[0].shape[1]
rows = numpy.ascontiguousarray(pandas.read_csv(sys.argv[2]).to_numpy(dtype=numpy.float32)[:, :width])
def best(work, runs):
    times = []
    for _ in range(runs):
        began = time.perf_counter(); work(); times.append(time.perf_counter() - began)
    return min(times)
single = [rows[i:i + 1] for i in range(1000)]
each = best(lambda: [session.run(None, {name: row}) for row in single], 10) / 1000
def tell(what, each, all):
    print(f"{what}\t{each * 1e6:.2f}\t{len(rows) / all:.0f}")
tell(f"onnxruntime {onnxruntime.__version__}", each, best(lambda: session.run(None, {name: rows}), 5))
forest = sys.argv[1].removesuffix(".onnx") + ".joblib"
try:
    import joblib, tl2cgen, treelite
except ImportError as missing:
    sys.exit(print(f"skipped: tl2cgen ({missing})"))
if not os.path.exists(forest):
    sys.exit(print(f"skipped: tl2cgen (there is no {forest})"))
with tempfile.TemporaryDirectory() as folder:
    library = os.path.join(folder, "forest.so")
    tl2cgen.export_lib(treelite.sklearn.import_model(joblib.load(forest)), toolchain="gcc", libpath=library, params={"parallel_comp": 8})
    predictor = tl2cgen.Predictor(library, nthread=1)
    ones = [tl2cgen.DMatrix(numpy.asarray(row, dtype=numpy.float64)) for row in single]
    whole = tl2cgen.DMatrix(numpy.asarray(rows, dtype=numpy.float64))
    each = best(lambda: [predictor.predict(row) for row in ones], 10) / 1000
    tell(f"tl2cgen {tl2cgen.__version__}", each, best(lambda: predictor.predict(whole), 5))
"#;

fn best(runs: usize, mut work: impl FnMut()) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..runs {
        let began = Instant::now();
        work();
        least = least.min(began.elapsed().as_secs_f64());
    }
    least
}

fn main() {
    // Cargo adds --bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [model, table, python @ ..] = &arguments[..] else {
        println!("skipped: RAYON_NUM_THREADS=1 cargo bench --bench forest -- MODEL.onnx ROWS.csv [PYTHON]");
        return;
    };
    // In this workspace the server's wishes hold for the library, too: it would take all cores.
    if std::env::var("RAYON_NUM_THREADS").as_deref() != Ok("1") {
        println!("skipped: set RAYON_NUM_THREADS=1, the others use one thread too");
        return;
    }
    let forest = onnx::read(&std::fs::read(model).expect("the model")).expect("a tree ensemble").forest;
    let data = csv::read_from(std::fs::File::open(table).expect("the rows")).expect("a table");
    let mut columns: Vec<&[f64]> = Vec::new();
    for column in data.columns().iter().take(forest.n_features()) {
        let Values::Numbers(numbers) = &column.values else { panic!("{} holds no numbers", column.name) };
        columns.push(numbers.as_slice());
    }
    let columns = &columns[..];
    let rows: Vec<f64> = (0..data.n_rows()).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
    let (n_rows, n_features) = (data.n_rows(), forest.n_features());
    println!("what\tmicroseconds a row\trows a second, all at once");
    // What is trained here compares and sums in 64 bits, what comes from scikit-learn in 32.
    let mut parts = forest.to_parts();
    parts.scoring.precision = Precision::Double;
    let double = Forest::new(&parts).expect("the same trees");
    for (name, forest) in [("tidemark", &forest), ("tidemark, 64 bits", &double)] {
        let mut scores = vec![0.0; forest.n_scores()];
        let single = best(30, || {
            for row in rows.chunks_exact(n_features).take(N_SINGLE) {
                black_box(forest.predict(black_box(row), &mut scores));
            }
        });
        let all = best(10, || drop(black_box(forest.predict_rows(black_box(&rows)))));
        println!("{name}\t{:.2}\t{:.0}", single / N_SINGLE.min(n_rows) as f64 * 1e6, n_rows as f64 / all);
    }
    if let [python, ..] = python {
        let ran = Command::new(python).args(["-c", THEIRS, model, table]).status();
        assert!(ran.is_ok_and(|status| status.success()), "{python} could not time onnxruntime");
    }
}
