//! The log keeps what it acknowledged.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use crate::support::{HandClock, Instance, body_of, open};

#[tokio::test]
async fn rows_outlive_the_process_in_order() {
    let instance = Instance::new();
    instance.predict_rows(0..20).await;
    let before = instance.service.log.latest(100).unwrap();
    let path = instance.folder.path("tidemark.db");
    let again = open(&path, Arc::new(HandClock(AtomicI64::new(0))));
    let after = again.log.latest(100).unwrap();
    assert_eq!(before, after);
    assert_eq!(after.window.map(|window| (window.first, window.end)), Some((1, 21)));
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
    let mut logged: Vec<String> =
        instance.service.log.latest(1000).unwrap().entries.into_iter().map(|entry| entry.id).collect();
    acknowledged.sort();
    logged.sort();
    assert_eq!(acknowledged, logged);
}
