//! ClickHouse, by its HTTP interface.

use std::fmt;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tidemark_engine::{Cancel, ClickHouse, Dialect, Engine, EngineError, TakeRow};
use ureq::Agent;
use ureq::http::Uri;

use crate::csv_rows;

/// What of an answer that is no result is told.
const LONGEST_COMPLAINT: u64 = 2_000;

/// A ClickHouse server by its address, `https://host:8443/?database=shop`.
pub struct ClickHouseHttp {
    server: Arc<Server>,
}

/// What a request needs, and the statement that is under way.
struct Server {
    agent: Agent,
    /// Without a name and a password.
    address: String,
    database: Option<String>,
    user: Option<String>,
    password: Option<String>,
    query_id: Mutex<Option<String>>,
}

impl fmt::Debug for ClickHouseHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClickHouseHttp({})", self.server.address)
    }
}

impl ClickHouseHttp {
    /// The server at this address; `user` and `password` go before those that stand in it.
    ///
    /// # Errors
    /// It is no address. What stood in it is not told, as it may hold a password.
    pub fn new(address: &str, user: Option<String>, password: Option<String>) -> Result<Self, String> {
        let wrong = || "the address of a ClickHouse server is http://host:8123/ or https://host:8443/, with ?database=… behind it if need be";
        let uri: Uri = address.parse().map_err(|_no_uri| wrong().to_owned())?;
        let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong().to_owned());
        };
        let (of_address, host) = authority.as_str().rsplit_once('@').unwrap_or(("", authority.as_str()));
        let (of_address_user, of_address_password) = match of_address.split_once(':') {
            Some((user, password)) => (user, Some(unescaped(password))),
            None => (of_address, None),
        };
        let of_address_user = (!of_address_user.is_empty()).then(|| unescaped(of_address_user));
        let parameters = uri.query().unwrap_or("").split('&').filter_map(|pair| pair.split_once('='));
        let database = parameters.filter(|(name, _)| *name == "database").map(|(_, value)| unescaped(value)).next();
        let server = Server {
            agent: Agent::config_builder()
                .http_status_as_error(false)
                // A server that is there answers soon; the result may take as long as it takes.
                .timeout_connect(Some(Duration::from_secs(10)))
                .max_redirects(0)
                .build()
                .into(),
            address: format!("{scheme}://{host}{}", uri.path()),
            database,
            user: user.or(of_address_user),
            password: password.or(of_address_password),
            query_id: Mutex::default(),
        };
        Ok(Self { server: Arc::new(server) })
    }
}

/// Text of an address with its `%41` as signs.
fn unescaped(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()).filter(|_| *first == b'%');
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => (bytes.push(byte), rest = &behind[2..]),
            None => (bytes.push(*first), rest = behind),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Server {
    /// Sends a statement and gives the body of its answer.
    fn send(&self, sql: &str, query_id: Option<&str>) -> Result<impl Read + use<>, EngineError> {
        let mut request = self.agent.post(&self.address);
        // Where headers have gone out with 200, an error stands in the midst of the result; so the server keeps the result, on disk
        // where it is large, until it knows how the statement ended.
        request = request.query("wait_end_of_query", "1");
        let parameters = [("query_id", query_id), ("database", self.database.as_deref())];
        for (name, value) in parameters {
            if let Some(value) = value {
                request = request.query(name, value);
            }
        }
        let headers = [("X-ClickHouse-User", &self.user), ("X-ClickHouse-Key", &self.password)];
        for (name, value) in headers {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let answer = request.send(sql).map_err(|error| match error {
            // The only parts of a request that are a person's; what is told of them might be the password.
            ureq::Error::Http(_) => {
                EngineError::Unavailable { reason: "the user or the password can't be sent".to_owned() }
            }
            ureq::Error::Io(error) if error.kind() != std::io::ErrorKind::ConnectionRefused => {
                EngineError::Lost { reason: error.to_string() }
            }
            error => EngineError::Unavailable { reason: format!("{}: {error}", self.address) },
        })?;
        let status = answer.status();
        let body = answer.into_body().into_reader();
        if status.is_success() {
            return Ok(body);
        }
        let mut complaint = Vec::new();
        // What could be read of it is worth telling even if the rest could not.
        drop(body.take(LONGEST_COMPLAINT).read_to_end(&mut complaint));
        Err(EngineError::Refused { reason: format!("{status}: {}", String::from_utf8_lossy(&complaint).trim()) })
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.query_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for ClickHouseHttp {
    fn name(&self) -> &'static str {
        "clickhouse-http"
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &ClickHouse
    }

    fn run(&mut self, sql: &str, take: TakeRow<'_>) -> Result<(), EngineError> {
        let query_id = format!("tidemark-{}", uuid::Uuid::now_v7());
        *self.server.running() = Some(query_id.clone());
        let sql = format!("{} FORMAT CSV", sql.trim().trim_end_matches(';'));
        let ended = self.server.send(&sql, Some(&query_id)).and_then(|body| csv_rows::each(body, take));
        *self.server.running() = None;
        ended
    }

    fn cancel(&self) -> Arc<dyn Cancel> {
        Arc::clone(&self.server) as Arc<dyn Cancel>
    }
}

impl Cancel for Server {
    fn cancel(&self) -> Result<(), String> {
        let Some(query_id) = self.running().clone() else { return Ok(()) };
        // It is ours: letters, digits and hyphens.
        let sql = format!("KILL QUERY WHERE query_id = '{query_id}' ASYNC");
        self.send(&sql, None).map(drop).map_err(|error| format!("ClickHouse goes on with query {query_id}: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    /// A server that gives one answer, or breaks off; and what it was asked.
    fn serve(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") {
                let start = head.len();
                reader.read_line(&mut head).unwrap();
                if let Some(value) = head[start..].to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            head + &String::from_utf8(body).unwrap()
        });
        (address, asked)
    }

    #[test]
    fn a_statement_is_sent_with_its_name_and_the_password_in_a_header() {
        let (address, asked) = serve("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n\"a\",\"b\"\n");
        let address = format!("http://me:sec%20ret@{address}/?database=my%2Ddb");
        let mut engine = ClickHouseHttp::new(&address, None, None).unwrap();
        assert!(!format!("{engine:?}").contains("ret"));
        let mut rows = Vec::new();
        let mut take = |cells: &[&str]| {
            rows.push(cells.join("|"));
            Ok(())
        };
        engine.run("SELECT 1;\n", &mut take).unwrap();
        assert_eq!(rows, ["a|b"]);
        let asked = asked.join().unwrap();
        let line = asked.lines().next().unwrap();
        assert!(line.contains("query_id=tidemark-") && line.contains("database=my-db"), "{line}");
        assert!(!line.contains("ret") && asked.to_lowercase().contains("x-clickhouse-key: sec ret"), "{asked}");
        assert!(asked.ends_with("SELECT 1 FORMAT CSV"), "{asked}");
    }

    #[test]
    fn what_the_server_refuses_is_told_without_the_password() {
        let (address, _) = serve("HTTP/1.1 403 Forbidden\r\nContent-Length: 26\r\n\r\nCode: 516. DB::Exception: ");
        let mut engine =
            ClickHouseHttp::new(&format!("http://{address}"), Some("me".to_owned()), Some("secret".to_owned()))
                .unwrap();
        let error = engine.run("SELECT 1", &mut |_| Ok(())).unwrap_err();
        let EngineError::Refused { reason } = &error else { panic!("{error:?}") };
        assert!(reason.contains("Code: 516") && !reason.contains("secret"), "{reason}");
    }

    #[test]
    fn a_result_that_breaks_off_is_lost_and_no_server_is_unavailable() {
        let (address, asked) = serve("HTTP/1.1 200 OK\r\nContent-Length: 800\r\n\r\nreference,0,rows,1,5\n");
        let mut engine = ClickHouseHttp::new(&format!("http://{address}"), None, None).unwrap();
        let error = engine.run("SELECT 1", &mut |_| Ok(())).unwrap_err();
        assert!(matches!(error, EngineError::Lost { .. }), "{error:?}");
        asked.join().unwrap();
        let error = engine.run("SELECT 1", &mut |_| Ok(())).unwrap_err();
        assert!(matches!(error, EngineError::Unavailable { .. }), "{error:?}");
    }

    #[test]
    fn what_is_no_address_is_not_repeated() {
        for address in ["clickhouse://me:secret@host", "secret", "http://"] {
            let error = ClickHouseHttp::new(address, None, None).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
