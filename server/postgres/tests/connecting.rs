//! Connections to a real server, and errors of those that fail.

use tidemark_postgres::{Address, connect};

#[test]
fn a_connection_works_and_says_who_it_is() {
    let Some(server) = tidemark_throwaway::shared() else { return };
    let address: Address = server.database().parse().unwrap();
    let mut client = connect(&address.with_application("tidemark one")).unwrap();
    let name: String = client.query_one("select current_setting('application_name')", &[]).unwrap().get(0);
    assert_eq!(name, "tidemark one");
}

#[test]
fn an_error_says_where_and_why_and_holds_no_password() {
    let Some(server) = tidemark_throwaway::shared() else { return };
    let socket = server.folder().display();
    let wrong = format!("host={socket} user=nobody_known password=hunter2 dbname=postgres");
    let error = connect(&wrong.parse().unwrap()).map(drop).unwrap_err();
    let words = format!("{error} {error:?}");
    assert!(words.contains("nobody_known") && words.contains("does not exist"), "{words}");
    assert!(!words.contains("hunter2"), "{words}");
    let nowhere: Address = "postgres://ada:hunter2@127.0.0.1:1/t".parse().unwrap();
    let words = connect(&nowhere).map(drop).unwrap_err().to_string();
    assert!(words.contains("127.0.0.1:1") && words.contains("refused") && !words.contains("hunter2"), "{words}");
}

#[test]
fn a_server_without_tls_is_not_spoken_to_where_tls_is_asked_for() {
    let Some(server) = tidemark_throwaway::shared() else { return };
    let address = format!("{} sslmode=require", server.database());
    let error = connect(&address.parse().unwrap()).map(drop).unwrap_err().to_string();
    assert!(error.to_lowercase().contains("tls"), "{error}");
}
