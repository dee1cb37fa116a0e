//! Replicas on one PostgreSQL and one folder, in one process. `scripts/replicas` has them in processes of their own, and kills them.

use axum::http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};
use tidemark_log::{Log, Options as LogOptions, SharedBy};
use tidemark_postgres::Address;
use tidemark_server::registry::folder::ModelFolder;
use tidemark_server::service::Service;
use tidemark_throwaway::Server;
use tidemark_watch::db::Db;
use tidemark_watch::store::{Lead, Store};

use crate::support::{
    Folder, HandClock, Instance, MIN_WINDOW, body_of, model_file, off_the_runtime, options, other_model_file,
};

/// What replicas share.
struct Place {
    folder: Folder,
    address: Address,
    clock: Arc<HandClock>,
}

impl Place {
    fn on(server: &Server) -> Self {
        let folder = Folder::new();
        ModelFolder::of(&folder.0).add("the model", model_file(), None).expect("the folder can be written");
        let address = server.database().parse().expect("an address");
        Self { folder, address, clock: Arc::new(HandClock(AtomicI64::new(1_795_423_287_120))) }
    }

    /// Starts a replica.
    fn replica(&self, name: &str) -> Instance {
        let service = off_the_runtime(|| {
            let store = Store::on(Db::postgres(self.address.clone())).expect("the database is there");
            let by = SharedBy { address: self.address.clone(), replica: name.to_owned() };
            let log = Log::open_shared(&self.folder.0, &by, LogOptions::default()).expect("the log opens");
            let options = tidemark_server::service::Options { replica: Some(name.to_owned()), ..options() };
            Service::new(&self.folder.0, log, store, options, Arc::clone(&self.clock) as _)
                .expect("the models can be read")
        });
        // Nothing lies in the instance's own folder.
        Instance::by(Arc::new(service), Folder::new(), Arc::clone(&self.clock))
    }
}

fn lead(replica: &Instance) -> Lead {
    off_the_runtime(|| replica.service.lead().expect("the database is there"))
}

async fn n_reports(replica: &Instance) -> usize {
    let answer = replica.send("GET", "/api/v1/reports", None).await;
    answer.json()["reports"].as_array().expect("a list").len()
}

#[tokio::test]
async fn replicas_answer_alike_and_the_one_that_leads_makes_the_reports() {
    let Some(server) = tidemark_throwaway::shared() else { return };
    let place = Place::on(server);
    let (a, b) = (place.replica("a"), place.replica("b"));
    assert!(a.tick(10).is_empty() && b.tick(10).is_empty(), "nobody leads yet");
    assert_eq!((lead(&a), lead(&b), lead(&a)), (Lead::Begun, Lead::Others, Lead::Held));
    let half = usize::try_from(MIN_WINDOW).unwrap();
    a.predict_rows(0..half).await;
    b.predict_rows(half..2 * half).await;
    assert_eq!(off_the_runtime(|| b.logged(1000)).ids.len(), 2 * half, "either one has all rows");
    assert!(b.tick(10).is_empty(), "it does not lead");
    let made = a.tick(10);
    assert_eq!(made.len(), 1);
    assert_eq!((n_reports(&a).await, n_reports(&b).await), (1, 1));
    let health = |answer: crate::support::Answer| (answer.status, answer.json()["replica"].clone());
    let (status, of_a) = health(a.send("GET", "/readyz", None).await);
    assert_eq!((status, &of_a["name"], &of_a["leads"]), (StatusCode::OK, &"a".into(), &true.into()));
    let (status, of_b) = health(b.send("GET", "/readyz", None).await);
    assert_eq!((status, &of_b["leads"], &of_b["database"]), (StatusCode::OK, &false.into(), &true.into()));
    // The one that leads is stopped, and the other one takes over.
    off_the_runtime(|| a.service.store.resign().expect("the database is there"));
    assert_eq!((lead(&b), lead(&a)), (Lead::Begun, Lead::Others));
    a.predict_rows(0..half).await;
    assert!(a.tick(10).is_empty());
    assert_eq!(b.tick(10).len(), 1);
    assert_eq!((n_reports(&a).await, n_reports(&b).await), (2, 2));
}

#[tokio::test]
async fn a_model_that_one_replica_takes_the_others_have_after_a_tick() {
    let Some(server) = tidemark_throwaway::shared() else { return };
    let place = Place::on(server);
    let (a, b) = (place.replica("a"), place.replica("b"));
    let before = b.version().version.clone();
    let body = other_model_file().to_vec();
    let added = a.send_as("POST", "/api/v1/models?name=other", "application/octet-stream", body).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
    assert_eq!(b.send("GET", "/api/v1/models/other", None).await.status, StatusCode::NOT_FOUND);
    b.tick(1);
    assert_eq!(b.send("GET", "/api/v1/models/other", None).await.status, StatusCode::OK);
    assert_eq!(b.version().version, before);
}

#[tokio::test]
async fn while_the_database_is_away_nothing_is_acknowledged_and_afterwards_nothing_is_lost() {
    let Some(mut server) = off_the_runtime(|| Server::start(true)) else { return };
    let place = Place::on(&server);
    let replica = place.replica("a");
    replica.predict_rows(0..20).await;
    off_the_runtime(|| server.stop());
    let refused = replica.send("POST", "/predict", Some(body_of(20).to_string())).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text);
    let ready = replica.send("GET", "/readyz", None).await;
    assert_eq!((ready.status, &ready.json()["replica"]["database"]), (StatusCode::SERVICE_UNAVAILABLE, &false.into()));
    assert_eq!(replica.send("GET", "/livez", None).await.status, StatusCode::OK);
    assert_eq!(replica.send("GET", "/api/v1/reports", None).await.status, StatusCode::SERVICE_UNAVAILABLE);
    off_the_runtime(|| server.resume());
    let until = Instant::now() + Duration::from_secs(30);
    while replica.send("GET", "/readyz", None).await.status != StatusCode::OK {
        assert!(Instant::now() < until, "it does not get ready again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    replica.predict_rows(21..30).await;
    let logged = off_the_runtime(|| replica.logged(1000)).ids.len();
    // The row that was refused may have reached the database before it went.
    assert!((29..=30).contains(&logged), "{logged}");
    drop(replica);
    assert_eq!(off_the_runtime(|| place.replica("b").logged(1000).ids.len()), logged);
}
