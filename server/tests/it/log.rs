//! The log keeps what it acknowledged.

use std::sync::Arc;

use crate::support::{Instance, body_of};

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
