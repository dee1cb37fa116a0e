//! The log keeps what it acknowledged.

use rusqlite::{Connection, params};
use std::sync::Arc;
use tidemark_server::migrate;

use tidemark_log::{Maintained, Policy, Retention};

use crate::support::{Instance, body_of, off_the_runtime};

#[tokio::test]
async fn rows_outlive_the_process_in_order() {
    let instance = Instance::new();
    instance.predict_rows(0..20).await;
    let before = instance.logged(100);
    let after = instance.restarted(0).logged(100);
    assert_eq!((&before.ids, &before.features, &before.outcomes), (&after.ids, &after.features, &after.outcomes));
    assert_eq!(after.positions, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn rows_that_arrive_together_are_all_there_once() {
    let instance = Arc::new(Instance::new());
    let tasks: Vec<_> = (0..200)
        .map(|row| {
            let instance = Arc::clone(&instance);
            tokio::spawn(async move {
                let answer = instance.send("POST", "/predict", Some(body_of(row).to_string())).await;
                answer.json()["id"].as_str().expect("an id").to_owned()
            })
        })
        .collect();
    let mut acknowledged = Vec::new();
    for task in tasks {
        acknowledged.push(task.await.unwrap());
    }
    let mut logged: Vec<String> = instance.logged(1000).ids.iter().map(ToString::to_string).collect();
    acknowledged.sort();
    logged.sort();
    assert_eq!(acknowledged, logged);
}

#[tokio::test]
async fn predictions_of_the_first_version_are_taken_over_by_the_default_model() {
    let instance = Instance::new();
    let n_features = instance.version().stream.layout().features.len();
    let file = instance.folder.path("tidemark.db");
    let old = Connection::open(&file).unwrap();
    old.execute_batch(
        "create table predictions (position integer primary key, id text not null unique, at integer not null,
         model text not null, features blob not null, class integer not null, probability real not null) strict",
    )
    .unwrap();
    // The last row is of a model with one feature more, which nobody serves.
    for n in 0..5_usize {
        let n_values = n_features + usize::from(n == 4);
        let features: Vec<u8> = (0..n_values).flat_map(|feature| (feature as f64).to_le_bytes()).collect();
        let insert =
            "insert into predictions (id, at, model, features, class, probability) values (?1, ?2, 'a', ?3, 1, 0.75)";
        old.execute(insert, params![format!("row {n}"), n, features]).unwrap();
    }
    drop(old);
    let take_over = || off_the_runtime(|| migrate::take_over(&file, &instance.service)).unwrap();
    assert_eq!((take_over(), take_over()), (4, 0));
    let logged = instance.logged(10);
    assert_eq!(logged.times, [0, 1, 2, 3]);
    assert_eq!(logged.scores[3], [0.25, 0.75]);
}

#[tokio::test]
async fn what_is_not_to_be_kept_goes_by_whole_segments() {
    let retention = Retention { max_age: None, max_bytes: Some(1) };
    let instance = Instance::keeping(Policy { retention, ..Policy::default() });
    instance.predict_rows(0..10).await;
    off_the_runtime(|| instance.service.log.seal()).unwrap();
    instance.predict_rows(10..15).await;
    let done = off_the_runtime(|| instance.service.maintain()).unwrap();
    assert_eq!(done, Maintained { n_retired: 1, n_compacted: 0 });
    assert_eq!(instance.logged(100).positions, (11..=15).collect::<Vec<_>>());
}
