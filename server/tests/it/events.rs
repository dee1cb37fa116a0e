//! Pages that are open are told that there is something new.

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures::StreamExt;
use tidemark_app::live::News;
use tower::ServiceExt;

use crate::support::Instance;

/// The line of a page that was just opened.
async fn line(instance: &Instance) -> BodyDataStream {
    let request = Request::get("/events").body(Body::empty()).unwrap();
    let response = instance.router().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-store");
    response.into_body().into_data_stream()
}

/// The news of the next event.
async fn hear(line: &mut BodyDataStream) -> News {
    let event = line.next().await.expect("the line stays open").unwrap();
    let event = String::from_utf8(event.to_vec()).unwrap();
    assert!(event.contains("event: news\n") && event.ends_with("\n\n"), "{event:?}");
    let data = event.lines().find_map(|line| line.strip_prefix("data: ")).expect("an event has data");
    News::parse(data).expect("the data are numbers")
}

#[tokio::test]
async fn a_page_hears_of_predictions_and_reports_when_the_next_tick_has_come() {
    let instance = Instance::new();
    let mut line = line(&instance).await;
    let first = hear(&mut line).await;
    instance.predict_rows(0..150).await;
    let heads = instance.tick(11);
    assert_eq!(heads.len(), 1);
    let second = hear(&mut line).await;
    assert_eq!(second.predictions, first.predictions + 150);
    assert!(second.reports > first.reports);
    assert_eq!(second.alerts, first.alerts);
}

#[tokio::test(start_paused = true)]
async fn a_line_with_nothing_to_say_is_heard_all_the_same() {
    let instance = Instance::new();
    instance.tick(1);
    let mut line = line(&instance).await;
    let first = hear(&mut line).await;
    // The runtime's clock is turned while nothing else happens: two signs of life, and the same numbers.
    let begun = tokio::time::Instant::now();
    assert_eq!(hear(&mut line).await, first);
    assert_eq!(hear(&mut line).await, first);
    // Pages give a line up after seven seconds of silence.
    let waited = begun.elapsed().as_secs();
    assert!((4..12).contains(&waited), "{waited} s");
}
