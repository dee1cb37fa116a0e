//! `golden-nannyml/1`: the reconstruction error of principal components per chunk.

use serde_json::Value;
use tidemark::data::{Column, Dataset};
use tidemark::multivariate::{ErrorBand, ErrorOfChunk, ReconstructionModel};

use super::tally::{Tally, agrees};

pub fn run_case(id: &str, case: &Value, reference: &Dataset, analysis: &Dataset, tally: &mut Tally) {
    let names: Vec<&str> =
        case["params"]["columns"].as_array().expect("columns").iter().filter_map(Value::as_str).collect();
    let columns = |data: &Dataset| -> Vec<Column> {
        names.iter().map(|name| data.column(name).unwrap_or_else(|| panic!("{id} lacks {name}")).clone()).collect()
    };
    let share = case["params"]["n_components"].as_f64().expect("a share");
    let (reference, analysis) = (columns(reference), columns(analysis));
    let model = ReconstructionModel::fit(&reference.iter().collect::<Vec<_>>(), share).expect("a model");
    let errors = [reference, analysis].map(|side| model.errors(&side.iter().collect::<Vec<_>>()));

    let periods = case["result"]["chunk.period"].as_array().expect("periods");
    let chunks: Vec<ErrorOfChunk> = (0..periods.len())
        .map(|i| {
            let row = |name: &str| case["result"][name][i].as_u64().expect("a row") as usize;
            let side = usize::from(periods[i] == "analysis");
            ErrorOfChunk::of(&errors[side], row("chunk.start_index")..row("chunk.end_index") + 1).expect("a chunk")
        })
        .collect();
    let n_reference = periods.iter().filter(|period| *period == "reference").count();
    let band = ErrorBand::of(&chunks[..n_reference]).expect("a band");

    for (i, chunk) in chunks.iter().enumerate() {
        let expected = |name: &str| &case["result"][format!("reconstruction_error.{name}")][i];
        let (low, high) = chunk.limits().expect("more than one row");
        let found = [
            ("value", Some(chunk.mean)),
            ("sampling_error", chunk.sampling_error),
            ("lower_confidence_boundary", Some(low)),
            ("upper_confidence_boundary", Some(high)),
            ("lower_threshold", band.low),
            ("upper_threshold", Some(band.high)),
        ];
        for (name, found) in found {
            let agree = match (found, expected(name).as_f64()) {
                (Some(found), Some(expected)) => agrees(found, expected),
                (found, expected) => found.is_none() && expected.is_none(),
            };
            tally.check(&format!("{id} chunk {i} {name}"), agree, || format!("{found:?}, not {}", expected(name)));
        }
        let alert = expected("alert").as_bool().expect("a verdict");
        tally.check(&format!("{id} chunk {i} alert"), band.is_left_by(chunk) == alert, || format!("not {alert}"));
    }
}
