//! A database that goes away and comes back, as it does when it is upgraded.

use tidemark_throwaway::Server;
use tidemark_watch::db::Db;
use tidemark_watch::monitor::Monitor;
use tidemark_watch::store::{Lead, Store, StoreError};

#[test]
fn what_was_stored_is_there_after_an_outage_and_connections_are_made_again() {
    let Some(mut server) = Server::start(true) else { return };
    let address = server.database().parse().unwrap();
    let store = Store::on(Db::postgres(address)).unwrap();
    assert_eq!(store.lead_as("me").unwrap(), Lead::Begun);
    store.put_monitor(&Monitor::new("m", "model")).unwrap();
    for _ in 0..2 {
        server.stop();
        let away = |done: Result<(), StoreError>| matches!(done, Err(StoreError::Away(_)));
        assert!(away(store.ping()), "a connection that broke while nobody used it");
        assert!(away(store.put_monitor(&Monitor::new("n", "model"))));
        assert!(away(store.monitors().map(drop)));
        server.resume();
        store.ping().unwrap();
        assert_eq!(store.monitors().unwrap(), [Monitor::new("m", "model")]);
        assert_eq!(store.lead_as("me").unwrap(), Lead::Held, "nobody has taken the lease");
    }
}

#[test]
fn many_threads_share_a_handful_of_connections() {
    let Some(server) = tidemark_throwaway::shared() else { return };
    let address: tidemark_postgres::Address = server.database().parse().unwrap();
    let store = Store::on(Db::postgres(address.with_application("many threads"))).unwrap();
    std::thread::scope(|scope| {
        for nth in 0..32 {
            let store = &store;
            scope.spawn(move || {
                store.put_monitor(&Monitor::new(&format!("m{nth}"), "model")).unwrap();
                assert!(store.monitors().unwrap().iter().any(|monitor| monitor.name == format!("m{nth}")));
            });
        }
    });
    assert_eq!(store.monitors().unwrap().len(), 32);
    let open = "select count(*) from pg_stat_activity where application_name = 'many threads'";
    let open: u32 = server.ask(open).unwrap().parse().unwrap();
    assert!((1..=8).contains(&open), "{open} connections");
}
