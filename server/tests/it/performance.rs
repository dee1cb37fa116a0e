//! How a model does, window by window: expected before labels come, found once they have, and watched event by event.

use serde_json::{Value, json};
use tidemark::data::{Column, Dataset};
use tidemark::forest::Task;
use tidemark::model::{Split, TrainOptions, train};
use tidemark::random::Rng;
use tidemark_app::backend::Backend;
use tidemark_app::performance::{Performance, PerformanceQuery, Series};

use crate::support::{Instance, WINDOW, off_the_runtime};

const MODEL: &str = "/api/v1/models/loans";

/// Rows whose truth follows their score, of those from `turned` on it is the other way round. Id, x, score, prediction, and the truth.
fn rows(seed: u64, n: usize, turned: usize) -> Vec<(String, f64, f64, bool, bool)> {
    let mut rng = Rng::new(seed);
    let mut row = |i: usize| {
        let score = rng.uniform();
        let truth = (rng.uniform() < score) != (i >= turned);
        (format!("s{seed}-{i}"), score * 10.0, score, score >= 0.5, truth)
    };
    (0..n).map(&mut row).collect()
}

fn name(is_positive: bool) -> &'static str {
    if is_positive { "yes" } else { "no" }
}

async fn post(instance: &Instance, what: &str, body: String) -> Value {
    let answer = instance.send_as("POST", &format!("{MODEL}/{what}"), "text/csv", body.into_bytes()).await;
    assert!(answer.status.is_success(), "{what}: {}", answer.text);
    answer.json()
}

async fn predict(instance: &Instance, rows: &[(String, f64, f64, bool, bool)]) {
    let lines = rows.iter().map(|(id, x, score, said, _)| format!("{id},{x},{},{score}\n", name(*said)));
    post(instance, "predictions", format!("id,x,prediction,score\n{}", lines.collect::<String>())).await;
}

async fn label(instance: &Instance, rows: &[(String, f64, f64, bool, bool)]) {
    let lines = rows.iter().map(|(id, .., truth)| format!("{id},{}\n", name(*truth)));
    post(instance, "labels", format!("id,label\n{}", lines.collect::<String>())).await;
}

async fn with_reference(query: &str) -> Instance {
    let instance = Instance::new();
    let reference = rows(1, 4000, usize::MAX);
    let lines =
        reference.iter().map(|(_, x, score, said, truth)| format!("{x},{},{score},{}\n", name(*said), name(*truth)));
    post(&instance, &format!("reference?{query}"), format!("x,prediction,score,truth\n{}", lines.collect::<String>()))
        .await;
    instance
}

fn page(instance: &Instance) -> Performance {
    let query = PerformanceQuery { model: Some("loans".to_owned()), ..PerformanceQuery::default() };
    off_the_runtime(|| Backend::performance(instance.service.as_ref(), &query)).unwrap()
}

fn figure(page: &Performance, window: usize, metric: &str) -> [Option<f64>; 2] {
    let window = &page.windows[window];
    let estimated = window.estimated.iter().find(|found| found.metric == metric).and_then(|found| found.value);
    let realised = window.realised.as_ref().and_then(|found| found.figure(metric)).and_then(|figure| figure.value());
    [estimated, realised]
}

#[tokio::test]
async fn windows_have_an_estimate_at_once_and_the_truth_once_labels_come() {
    let instance = with_reference("target=truth").await;
    let n = WINDOW as usize;
    let rows = rows(2, 5 * n / 2, usize::MAX);
    predict(&instance, &rows).await;
    instance.tick(1);
    let found = page(&instance);
    assert_eq!(found.not_estimated, None);
    assert_eq!(found.positive.as_deref(), Some("yes"));
    assert_eq!(
        found.windows.iter().map(|window| (window.window.rows(), window.is_open)).collect::<Vec<_>>(),
        [(WINDOW, false), (WINDOW, false), (WINDOW / 2, true)]
    );
    let [expected, realised] = figure(&found, 0, "accuracy");
    // Of scores from 0 to 1 and truths drawn by them three of four words are right.
    assert!((expected.unwrap() - 0.75).abs() < 0.04, "{expected:?}");
    assert_eq!(realised, None);

    // Half of the first window's labels, then all, one of them corrected.
    label(&instance, &rows[..n / 2]).await;
    instance.tick(1);
    assert_eq!(page(&instance).windows[0].n_labelled, WINDOW / 2);
    label(&instance, &rows[n / 2..2 * n]).await;
    let mut corrected = rows[0].clone();
    corrected.4 = !corrected.4;
    label(&instance, &[corrected]).await;
    instance.tick(1);
    let found = page(&instance);
    let right = rows[..n].iter().filter(|(.., said, truth)| said == truth).count();
    let was_right = rows[0].3 == rows[0].4;
    let right = if was_right { right - 1 } else { right + 1 };
    let [_, realised] = figure(&found, 0, "accuracy");
    assert_eq!(realised, Some(right as f64 / n as f64));
    let bands = found.bands.iter().find(|found| found.metric == "accuracy").unwrap().bands;
    assert_eq!((bands.n_windows, bands.n_held), (2, 2));
    assert_eq!(found.latest.as_ref().unwrap().confusion.n_rows(), WINDOW);
    // Words are wrong where scores lie near a half.
    let mistakes = found.mistakes.as_ref().unwrap();
    assert!(mistakes.n_slices == 5 && mistakes.worse.iter().any(|slice| slice.feature == "x"), "{mistakes:?}");
    assert!(mistakes.lift.iter().all(|lift| lift.lift.value().is_some_and(|lift| lift > 1.2)), "{mistakes:?}");
    // Each row is an event once, the correction none.
    let events = |series| found.watches.iter().find(|watch| watch.series == series).unwrap().n_events;
    assert_eq!((events(Series::Predictions), events(Series::Errors)), (5 * WINDOW / 2, 2 * WINDOW));
    assert!(found.alarms.is_empty(), "{:?}", found.alarms);

    let shown =
        instance.send("GET", "/performance?model=loans&metric=accuracy&false_positive=-7&threshold=0.4", None).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    for part in [
        "Accuracy is ",
        "class=\"tm-band\"",
        "The band held what came in 2 of 2 windows",
        "value=\"-7\"",
        "At 0.4",
        "called yes",
    ] {
        assert!(shown.text.contains(part), "{part}: {}", shown.text);
    }
    assert_eq!(instance.send("GET", "/performance?model=no", None).await.status, 404);

    let metrics = instance.send("GET", "/metrics", None).await.text;
    for line in [
        "tidemark_labels_ratio{model=\"loans\"} 1".to_owned(),
        format!(
            "tidemark_performance{{model=\"loans\",metric=\"accuracy\"}} {}",
            figure(&found, 1, "accuracy")[1].unwrap()
        ),
        format!(
            "tidemark_estimated_performance{{model=\"loans\",metric=\"accuracy\"}} {}",
            figure(&found, 1, "accuracy")[0].unwrap()
        ),
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn a_relation_that_turns_raises_alarms_and_a_restart_counts_nothing_twice() {
    let instance = with_reference("target=truth").await;
    let n = WINDOW as usize;
    let rows = rows(3, 8 * n, 4 * n);
    // Labels of one row come before its prediction.
    label(&instance, &rows[..1]).await;
    predict(&instance, &rows[..5 * n]).await;
    label(&instance, &rows[1..4 * n]).await;
    instance.tick(1);
    let before = page(&instance);
    assert!(before.alarms.is_empty(), "{:?}", before.alarms);
    let instance = instance.restarted(1_795_423_300_000);
    instance.tick(1);
    let again = page(&instance);
    assert_eq!((&again.windows, &again.watches, &again.alarms), (&before.windows, &before.watches, &before.alarms));

    predict(&instance, &rows[5 * n..]).await;
    label(&instance, &rows[4 * n..]).await;
    // The first label once more, after the restart.
    label(&instance, &rows[..1]).await;
    instance.tick(1);
    let found = page(&instance);
    let events = |series| found.watches.iter().find(|watch| watch.series == series).unwrap().n_events;
    assert_eq!((events(Series::Predictions), events(Series::Errors)), (8 * WINDOW, 8 * WINDOW));
    let watched: Vec<(&str, u64)> = found
        .alarms
        .iter()
        .filter(|alarm| alarm.series == Series::Errors)
        .map(|alarm| (alarm.detector.as_str(), alarm.event))
        .collect();
    for detector in ["anytime-valid watch", "ADWIN", "PageHinkley"] {
        let first = watched.iter().filter(|(name, _)| *name == detector).map(|(_, event)| *event).min();
        assert!(first.is_some_and(|event| (4 * WINDOW..6 * WINDOW).contains(&event)), "{detector}: {watched:?}");
    }
    assert!(found.alarms.iter().all(|alarm| alarm.series == Series::Errors), "the scores came as before");
    // The scores did not change, but what they mean.
    let split = found.windows[6].splits.iter().find(|split| split.metric == "accuracy").unwrap();
    assert!(split.relation < -0.3 && split.inputs.abs() < split.chance, "{split:?}");

    let stored = page(&instance);
    let instance = instance.restarted(1_795_423_400_000);
    instance.tick(1);
    assert_eq!(page(&instance).alarms, stored.alarms);
    let shown = instance.send("GET", &format!("{MODEL}/performance"), None).await.json();
    assert_eq!(shown["alarms"].as_array().unwrap().len(), stored.alarms.len());
    let metrics = instance.send("GET", "/metrics", None).await.text;
    let line = "tidemark_detector_alarms_total{model=\"loans\",series=\"errors\",detector=\"anytime-valid watch\"} 1";
    assert!(metrics.lines().any(|found| found == line), "{metrics}");
}

#[tokio::test]
async fn a_rule_on_the_estimate_needs_no_label() {
    let instance = with_reference("target=truth").await;
    let monitor = json!({
        "model": "loans", "window": { "rows": 400 }, "min_rows": 100, "schedule": { "rows": 400 },
        "alert": [
            { "name": "low", "when": { "estimated_performance": { "metric": "accuracy", "below": 0.8 } } },
            { "name": "lower", "when": { "estimated_performance": { "metric": "accuracy", "below": 0.5 } } },
        ],
    });
    let made = instance.send("PUT", "/api/v1/monitors/estimates", Some(monitor.to_string())).await;
    assert!(made.status.is_success(), "{}", made.text);
    instance.tick(1);
    predict(&instance, &rows(4, 400, usize::MAX)).await;
    let heads = instance.tick(1);
    assert_eq!(heads.len(), 1);
    let alerts = Backend::alerts(instance.service.as_ref()).unwrap().alerts;
    let begun: Vec<&str> = alerts.iter().map(|alert| alert.rule.as_str()).collect();
    assert_eq!(begun, ["low"]);
    assert!(alerts[0].sentence.starts_with("accuracy is estimated at 0.7"), "{}", alerts[0].sentence);
    let snapshot = instance.service.snapshot(&heads[0].id).unwrap();
    assert_eq!((snapshot.estimated.len(), snapshot.performance), (11, None));
    let told = instance.send("GET", &format!("/api/v1/reports/{}/performance", heads[0].id), None).await.json();
    assert_eq!(told["estimated"][5]["metric"], "accuracy");
    assert_eq!(told.get("figures"), None);
}

#[tokio::test]
async fn what_cannot_be_estimated_says_why() {
    let instance = with_reference("ignore=truth").await;
    predict(&instance, &rows(5, 400, usize::MAX)).await;
    instance.tick(1);
    let found = page(&instance);
    assert!(found.not_estimated.unwrap().contains("does not say what was true"));
    assert!(found.windows[0].estimated.is_empty());
    let wrong = instance
        .send_as("POST", &format!("{MODEL}/reference?target=y"), "text/csv", b"x,prediction\n1,2\n".to_vec())
        .await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
}

#[tokio::test]
async fn a_served_model_is_calibrated_on_the_rows_held_back_from_its_training() {
    let instance = Instance::new();
    // The example's rows held back hold no fraud.
    instance.predict_rows(0..1).await;
    instance.tick(1);
    let query = PerformanceQuery::default();
    let found = off_the_runtime(|| Backend::performance(instance.service.as_ref(), &query)).unwrap();
    assert!(found.not_estimated.unwrap().contains("of one class"));

    let column = |name, of: fn(&(String, f64, f64, bool, bool)) -> f64| {
        Column::numbers(name, rows(6, 2000, usize::MAX).iter().map(of).collect())
    };
    let data = Dataset::new(vec![column("x", |row| row.1), column("y", |row| f64::from(u8::from(row.4)))]).unwrap();
    let mut options = TrainOptions::new("loans", "y");
    (options.grow.n_trees, options.grow.max_depth) = (5, Some(3));
    let model = train(&data, &options, &|_, _| true).unwrap().to_bytes();
    let added = instance.send_as("POST", "/api/v1/models", "application/octet-stream", model).await;
    assert_eq!(added.status, 201, "{}", added.text);
    let asked: Vec<Value> = rows(7, WINDOW as usize, usize::MAX).iter().map(|row| json!({ "x": row.1 })).collect();
    let answer = instance.send("POST", &format!("{MODEL}/predict"), Some(json!({ "rows": asked }).to_string())).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    instance.tick(1);
    let found = page(&instance);
    assert_eq!((&found.not_estimated, found.positive.as_deref()), (&None, Some("1")));
    assert_eq!(found.reference.as_ref().unwrap().n_labelled, 400);
    let [expected, _] = figure(&found, 0, "accuracy");
    assert!((expected.unwrap() - 0.75).abs() < 0.06, "{expected:?}");
}

/// Rows of x and of one of three classes, which is that of x's third of the range in four of five rows and any in the fifth; of those from
/// `turned` on it is any in all.
fn thirds(seed: u64, n: usize, turned: usize) -> Vec<(f64, &'static str)> {
    let mut rng = Rng::new(seed);
    let mut row = |i: usize| {
        let x = 3.0 * rng.uniform();
        let is_any = i >= turned || rng.uniform() < 0.2;
        (x, ["cat", "dog", "fox"][if is_any { rng.below(3) as usize } else { x as usize }])
    };
    (0..n).map(&mut row).collect()
}

#[tokio::test]
async fn a_served_model_of_several_classes_is_estimated_and_held_against_its_labels() {
    let instance = Instance::new();
    let known = thirds(8, 6000, usize::MAX);
    let data = Dataset::new(vec![
        Column::fractions("x", known.iter().map(|row| row.0).collect()),
        Column::strings("kind", known.iter().map(|row| Some(row.1))),
    ]);
    let mut options = TrainOptions::new("loans", "kind");
    (options.grow.n_trees, options.grow.max_depth, options.split) = (10, Some(2), Split::Stratified);
    let model = train(&data.unwrap(), &options, &|_, _| true).unwrap().to_bytes();
    assert_eq!(instance.send_as("POST", "/api/v1/models", "application/octet-stream", model).await.status, 201);

    let n = WINDOW as usize;
    let came = thirds(20, 2 * n, n);
    let asked: Vec<Value> = came.iter().map(|row| json!({ "x": row.0 })).collect();
    let answer = instance.send("POST", &format!("{MODEL}/predict"), Some(json!({ "rows": asked }).to_string())).await;
    let ids = answer.json()["ids"].clone();
    instance.tick(1);
    let found = page(&instance);
    assert_eq!(found.not_estimated, None);
    assert_eq!((found.reference.as_ref().unwrap().n_labelled, found.windows.len()), (1200, 2));
    // Four of five, and a third of the fifth.
    let [expected, _] = figure(&found, 0, "accuracy");
    assert!((expected.unwrap() - 13.0 / 15.0).abs() < 0.04, "{expected:?}");

    let lines =
        ids.as_array().unwrap().iter().zip(&came).map(|(id, row)| format!("{},{}\n", id.as_str().unwrap(), row.1));
    post(&instance, "labels", format!("id,label\n{}", lines.collect::<String>())).await;
    instance.tick(1);
    let found = page(&instance);
    for metric in ["roc_auc", "accuracy", "balanced_accuracy", "f1_macro", "precision_macro", "specificity_macro"] {
        let window = &found.windows[0];
        let estimate = window.estimate_of(metric).unwrap();
        let came = figure(&found, 0, metric)[1].unwrap();
        assert!((estimate.lower.unwrap()..=estimate.upper.unwrap()).contains(&came), "{metric}: {estimate:?} {came}");
        assert!(found.thresholds.iter().any(|bounds| bounds.metric == metric && bounds.lower.is_some()), "{metric}");
        assert!(found.bands.iter().any(|bands| bands.metric == metric && bands.bands.n_windows == 2), "{metric}");
        // In the second window the labels are drawn without looking: the same inputs, another relation.
        let split = found.windows[1].splits.iter().find(|split| split.metric == metric).unwrap();
        assert!(split.relation < -split.chance && split.inputs.abs() < split.chance, "{split:?}");
    }
    let (classes, matrix) = found.mistakes.as_ref().unwrap().confusion.clone().unwrap();
    assert_eq!(classes, ["cat", "dog", "fox"]);
    assert_eq!(matrix.iter().flatten().sum::<u64>(), WINDOW);
    let shown = instance.send("GET", "/performance?model=loans&metric=f1_macro", None).await.text;
    assert!(shown.contains("truly fox") && shown.contains("Where it errs"), "{shown}");
    assert!(shown.contains("F1, macro is ") && shown.contains("class=\"tm-band\""), "{shown}");
}

/// Rows of x, of what was said, and of the truth: the error grows with x.
fn errors_by_x(seed: u64, n: usize, least: f64) -> Vec<(f64, f64, f64)> {
    let mut rng = Rng::new(seed);
    let mut row = |_| {
        let x = least + (1.0 - least) * rng.uniform();
        (x, 10.0, 10.0 + x * rng.normal())
    };
    (0..n).map(&mut row).collect()
}

#[tokio::test]
async fn larger_errors_of_numbers_are_seen_before_the_truth_comes() {
    let instance = Instance::new();
    let reference = errors_by_x(10, 4000, 0.0);
    let group = |x: f64| if x > 0.5 { "far" } else { "near" };
    let lines = reference.iter().map(|(x, said, truth)| format!("{x},{},{}.5,{truth}\n", group(*x), said));
    let lines = format!("x,group,prediction,truth\n{}", lines.collect::<String>());
    post(&instance, "reference?target=truth", lines).await;

    let n = WINDOW as usize;
    let mut came = errors_by_x(11, n, 0.0);
    came.extend(errors_by_x(12, n, 0.8));
    let lines = (0..).zip(&came).map(|(i, (x, said, _))| format!("r{i},{x},{},{said}.5\n", group(*x)));
    post(&instance, "predictions", format!("id,x,group,prediction\n{}", lines.collect::<String>())).await;
    instance.tick(1);
    let found = page(&instance);
    assert_eq!((&found.not_estimated, found.windows.len()), (&None, 2));
    let limit = found.thresholds.iter().find(|bounds| bounds.metric == "mae").unwrap().upper.unwrap();
    let estimates = [0, 1].map(|window| figure(&found, window, "mae")[0].unwrap());
    assert!(estimates[0] < limit && estimates[1] > limit, "{estimates:?}: {limit}");
    let shown = instance.send("GET", "/performance?model=loans", None).await.text;
    assert!(shown.contains("MAE is estimated at") && shown.contains("counts as worse"), "{shown}");
    assert!(shown.contains("Not fine since") && shown.contains("Above the dashed line"), "{shown}");

    let lines = (0..).zip(&came).map(|(i, (_, _, truth))| format!("r{i},{truth}\n"));
    post(&instance, "labels", format!("id,label\n{}", lines.collect::<String>())).await;
    instance.tick(1);
    let found = page(&instance);
    let estimate = found.windows[1].estimate_of("mae").unwrap();
    let realised = figure(&found, 1, "mae")[1].unwrap();
    assert!((estimate.lower.unwrap()..=estimate.upper.unwrap()).contains(&realised), "{estimate:?}: {realised}");
    let split = found.windows[1].splits.iter().find(|split| split.metric == "mae").unwrap();
    assert!(split.inputs > split.chance && split.relation.abs() < split.chance, "{split:?}");

    let names: Vec<&str> =
        found.mistakes.as_ref().unwrap().error_bias.iter().map(|found| found.name.as_str()).collect();
    assert!(names.contains(&"x") && names.contains(&"group"), "{names:?}");

    // What was found survives, and a rule on the estimate takes its name.
    let again = instance.restarted(1_795_423_300_000);
    again.tick(1);
    assert_eq!(page(&again).windows, found.windows);
    let monitor = |metric: &str| {
        json!({
            "model": "loans", "window": { "rows": 400 }, "min_rows": 100, "schedule": { "rows": 400 },
            "alert": [{ "name": "far", "when": { "estimated_performance": { "metric": metric, "above": 0.1 } } }],
        })
    };
    assert!(again.send("PUT", "/api/v1/monitors/far", Some(monitor("mae").to_string())).await.status.is_success());
    let wrong = again.send("PUT", "/api/v1/monitors/far", Some(monitor("mea").to_string())).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    assert!(
        wrong.text.contains("/alert/0/when/estimated_performance/metric") && wrong.text.contains("mae"),
        "{}",
        wrong.text
    );
}

#[tokio::test]
async fn a_served_regression_learns_its_errors_from_the_rows_held_back() {
    let instance = Instance::new();
    let known = errors_by_x(13, 4000, 0.0);
    let data = Dataset::new(vec![
        Column::fractions("x", known.iter().map(|row| row.0).collect()),
        Column::fractions("y", known.iter().map(|row| row.2).collect()),
    ]);
    let mut options = TrainOptions::new("loans", "y");
    options.task = Task::Regression;
    (options.grow.n_trees, options.grow.max_depth, options.split) = (10, Some(3), Split::Stratified);
    let model = train(&data.unwrap(), &options, &|_, _| true).unwrap().to_bytes();
    assert_eq!(instance.send_as("POST", "/api/v1/models", "application/octet-stream", model).await.status, 201);
    let n = WINDOW as usize;
    let came = [errors_by_x(14, n, 0.0), errors_by_x(15, n, 0.8)].concat();
    let asked: Vec<Value> = came.iter().map(|row| json!({ "x": row.0 })).collect();
    let answer = instance.send("POST", &format!("{MODEL}/predict"), Some(json!({ "rows": asked }).to_string())).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    instance.tick(1);
    let found = page(&instance);
    assert_eq!((&found.not_estimated, found.reference.as_ref().unwrap().n_labelled), (&None, 800));
    // sqrt(2 / π) times the mean of x.
    for (window, expected) in [(0, 0.4), (1, 0.72)] {
        let [estimate, _] = figure(&found, window, "mae");
        assert!((estimate.unwrap() - expected).abs() < 0.1, "{window}: {estimate:?}");
    }
}

#[tokio::test]
async fn scores_of_several_classes_come_from_elsewhere() {
    let instance = Instance::new();
    // The scores of a row say what is true of it; the class of the largest is said.
    let rows = |seed: u64, n: usize| {
        let mut rng = Rng::new(seed);
        let mut row = |i: usize| {
            let weights = [rng.uniform(), rng.uniform(), rng.uniform()];
            let sum: f64 = weights.iter().sum();
            let scores = weights.map(|weight| weight / sum);
            let draw = rng.uniform();
            let truth = if draw < scores[0] { 0 } else { 1 + usize::from(draw >= scores[0] + scores[1]) };
            let said = (0..3).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap();
            (i, scores, ["cat", "dog", "fox"][said], ["cat", "dog", "fox"][truth])
        };
        (0..n).map(&mut row).collect::<Vec<_>>()
    };
    let lines =
        rows(16, 3000).into_iter().map(|(i, [a, b, c], said, truth)| format!("{i},{said},{truth},{a},{b},{c}\n"));
    let lines = format!("x,prediction,truth,scores.cat,scores.dog,scores.fox\n{}", lines.collect::<String>());
    post(&instance, "reference?target=truth", lines).await;

    let n = WINDOW as usize;
    let came = rows(17, n);
    let row = |(i, [a, b, c], said, _): &(usize, [f64; 3], &str, &str)| json!({ "id": format!("r{i}"), "x": i, "prediction": said, "scores": { "fox": c, "cat": a, "dog": b } });
    let body: Vec<Value> = came.iter().map(row).collect();
    let taken = instance.send("POST", &format!("{MODEL}/predictions"), Some(json!(body).to_string())).await;
    assert_eq!(taken.json()["accepted"], n, "{}", taken.text);
    instance.tick(1);
    let found = page(&instance);
    assert_eq!(found.not_estimated, None);
    let lines = came.iter().map(|(i, .., truth)| format!("r{i},{truth}\n"));
    post(&instance, "labels", format!("id,label\n{}", lines.collect::<String>())).await;
    instance.tick(1);
    let found = page(&instance);
    for metric in ["roc_auc", "accuracy", "f1_macro"] {
        let estimate = found.windows[0].estimate_of(metric).unwrap();
        let came = figure(&found, 0, metric)[1].unwrap();
        assert!((estimate.lower.unwrap()..=estimate.upper.unwrap()).contains(&came), "{metric}: {estimate:?} {came}");
    }
    let export = instance.service.log.reader().rows(&tidemark_log::Line::predictions("loans"), 1..2).unwrap();
    assert_eq!(export.scores[0], came[0].1, "in the order in which the classes are declared");
}

#[tokio::test]
async fn detectors_are_tried_on_the_models_own_numbers() {
    let instance = with_reference("target=truth").await;
    let path = format!("{MODEL}/detectors");
    let none = instance.send("GET", &path, None).await;
    assert_eq!((none.status.as_u16(), &none.json()["bench"]), (200, &Value::Null), "{}", none.text);
    let rows = rows(18, 1000, usize::MAX);
    predict(&instance, &rows).await;
    label(&instance, &rows).await;
    let tried = |query: &str| {
        let path = format!("{path}?{query}");
        let instance = &instance;
        async move { instance.send("GET", &path, None).await }
    };
    let errors = tried("change=errors&size=0.5&before=500").await.json();
    assert_eq!((&errors["n_events"], &errors["bench"]["n_runs"]), (&json!(1000), &json!(20)), "{errors}");
    let fared = errors["bench"]["fared"].as_array().unwrap();
    let adwin = fared.iter().find(|fared| fared["detector"] == "ADWIN").unwrap();
    assert!(adwin["n_missed"] == 0 && adwin["mean_delay"].as_f64().unwrap() < 200.0, "{adwin}");
    // What suits one series is not put into another.
    for (query, kind) in [
        ("series=feature.x", "shift"),
        ("series=score&change=errors&size=0.1", "shift"),
        ("series=predictions&change=scale&size=2", "errors"),
    ] {
        let found = tried(query).await.json();
        assert_eq!(found["bench"]["injected"]["kind"], kind, "{found}");
    }
    for (query, status) in [("series=feature.y", 404), ("change=jump", 422), ("size=x", 422), ("before=1", 422)] {
        assert_eq!(tried(query).await.status, status, "{query}");
    }
    let shown = instance.send("GET", "/detectors?model=loans&change=errors&size=0.5", None).await;
    assert_eq!(shown.status, 200);
    for part in ["ADWIN", "anytime rate", "50.0% of the zeros become one", "20 runs"] {
        assert!(shown.text.contains(part), "{part}: {}", shown.text);
    }
}
