//! The main job on real transactions, where they are at hand: train on the first half by time, play the second half.

use axum::http::StatusCode;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tidemark::data::{Dataset, Values, csv};
use tidemark::judge::{Judge, Settings};
use tidemark::model::{TrainOptions, train};
use tidemark::report::{Source, compare};
use tidemark::schema::{Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};
use tidemark_app::backend::Backend;
use tidemark_log::{Log, Options as LogOptions, Policy};
use tidemark_server::clock::Clock;
use tidemark_server::registry::folder::ModelFolder;
use tidemark_server::service::{Options, Service};
use tidemark_watch::store::Store;

use crate::support::{Folder, HandClock, Instance, off_the_runtime};

const HALF: usize = 3691;

fn sample() -> Option<Dataset> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/creditcard_sample.csv.gz");
    Some(csv::read(&std::fs::read(path).ok()?).expect("the sample reads"))
}

fn bodies(rows: &Dataset) -> Vec<String> {
    let features: Vec<_> = rows.columns().iter().filter(|column| column.name != "Class").collect();
    let body = |row: usize| {
        let field = |column: &&tidemark::data::Column| match &column.values {
            Values::Numbers(numbers) => (column.name.clone(), numbers.as_slice()[row].into()),
            _ => panic!("the sample is numbers"),
        };
        serde_json::Value::Object(features.iter().map(field).collect()).to_string()
    };
    (0..rows.n_rows()).map(body).collect()
}

#[tokio::test]
async fn stored_reports_on_real_traffic_are_the_command_lines() {
    let Some(sample) = sample() else {
        writeln!(std::io::stderr(), "skipped: ../shared/data/creditcard_sample.csv.gz is not there")
            .expect("standard error can be written");
        return;
    };
    let (first, second) = (sample.slice(0..HALF), sample.slice(HALF..sample.n_rows()));
    let mut options = TrainOptions::new("fraud", "Class");
    options.grow.n_trees = 20;
    let model = train(&first, &options, &|_, _| true).expect("the sample trains");

    let folder = Folder::new();
    ModelFolder::of(&folder.0).add("fraud", &model.to_bytes(), None).unwrap();
    let settings = Settings { judge: Judge::Evidently, ..Settings::default() };
    let options = Options {
        interval_seconds: 1,
        window_rows: second.n_rows() as u64,
        min_window_rows: 100,
        settings: settings.clone(),
        policy: Policy::default(),
        config: tidemark_watch::config::Config::default(),
        base_url: None,
        replica: None,
        keep_reports: None,
    };
    let clock = Arc::new(HandClock(AtomicI64::new(0)));
    let service = off_the_runtime(|| {
        let log = Log::open(&folder.0, LogOptions::default()).unwrap();
        let store = Store::open(&folder.path("tidemark.db")).unwrap();
        Service::new(&folder.0, log, store, options, Arc::clone(&clock) as Arc<dyn Clock>).unwrap()
    });
    let mut instance = Instance::of(Arc::new(service), folder);
    instance.clock = Some(clock);

    // Two rounds of the loop: one in the middle of the traffic, one at its end.
    for (round, bodies) in bodies(&second).chunks(second.n_rows().div_ceil(2)).enumerate() {
        for body in bodies {
            let answer = instance.send("POST", "/predict", Some(body.clone())).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        }
        let head = instance.tick(1).pop().expect("rows came");
        let seen = second.slice(0..usize::try_from(head.window.rows()).unwrap());
        let stored = instance.service.snapshot(&head.id).unwrap().report;

        let schema = Schema::infer(&first, &SchemaOverrides::default()).unwrap();
        let direct = compare(
            Reference(Source { label: "first", data: &first, sha256: None }),
            Current(Source { label: "second", data: &seen, sha256: None }),
            &schema,
            &settings,
        );
        for column in direct.columns.iter().filter(|column| column.name != "Class") {
            let stored = stored.column(&column.name).unwrap();
            assert_eq!(stored.evidently, column.evidently, "round {round}, {}", column.name);
        }
    }
}
