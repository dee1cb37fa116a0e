//! Where a database is and who asks.

use postgres::Config;
use postgres::config::{SslMode, TargetSessionAttrs};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::Error;
use crate::settings;

/// How a connection is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsMode {
    /// Not at all: for a Unix socket, this machine, or a network that is trusted.
    Off,
    /// By TLS. The certificate has to be the host's, signed by one of the authorities in `root` or, without, by a public one.
    Checked {
        /// A PEM file of authorities.
        root: Option<PathBuf>,
    },
}

/// Where a database is and who asks. Printing it in any form leaves the password out.
///
/// ```
/// # use tidemark_postgres::Address;
/// let address: Address = "postgres://ada:secret@db.example:5433/tidemark".parse().unwrap();
/// assert_eq!(address.to_string(), "postgres://ada@db.example:5433/tidemark");
/// assert!(!format!("{address:?}").contains("secret"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    hosts: Vec<String>,
    ports: Vec<u16>,
    user: Option<String>,
    password: Option<String>,
    password_file: Option<PathBuf>,
    database: Option<String>,
    tls: TlsMode,
    connect_timeout: Duration,
    application: String,
    options: Option<String>,
    must_write: bool,
}

/// How long a host may take to answer, unless the address says so.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may be silent under a request before the machine gives it up: a host that vanished sends nothing.
const SILENCE: Duration = Duration::from_secs(10);

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let settings = settings::read(text).map_err(Error::Address)?;
        Self::of(&settings)
    }
}

impl Address {
    /// The address in a file, as it would be written on a command line; blanks and line ends around it do not count.
    ///
    /// # Errors
    /// The file cannot be read, or holds no address.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::File(path.to_owned(), error.to_string()))?;
        text.parse()
    }

    fn of(settings: &[(String, String)]) -> Result<Self, Error> {
        let mut address = Self {
            hosts: Vec::new(),
            ports: Vec::new(),
            user: None,
            password: None,
            password_file: None,
            database: None,
            tls: TlsMode::Off,
            connect_timeout: CONNECT_TIMEOUT,
            application: "tidemark".to_owned(),
            options: None,
            must_write: false,
        };
        let (mut mode, mut root) = (None, None);
        let wrong = |what: &str| Err(Error::Address(what.to_owned()));
        for (name, value) in settings {
            match name.as_str() {
                "host" => address.hosts = value.split(',').map(str::to_owned).collect(),
                "port" => {
                    let ports = value.split(',').map(|port| if port.is_empty() { Ok(5432) } else { port.parse() });
                    match ports.collect() {
                        Ok(ports) => address.ports = ports,
                        Err(_no_number) => return wrong("port is no number up to 65535"),
                    }
                }
                "user" => address.user = Some(value.clone()),
                "password" => address.password = Some(value.clone()),
                "password_file" => address.password_file = Some(PathBuf::from(value)),
                "dbname" => address.database = Some(value.clone()),
                "sslmode" => mode = Some(value.as_str()),
                "sslrootcert" => root = Some(PathBuf::from(value)),
                "connect_timeout" => match value.parse() {
                    Ok(seconds) if seconds > 0 => address.connect_timeout = Duration::from_secs(seconds),
                    _ => return wrong("connect_timeout is no number of seconds"),
                },
                "application_name" => address.application.clone_from(value),
                "options" => address.options = Some(value.clone()),
                "target_session_attrs" => match value.as_str() {
                    "any" => address.must_write = false,
                    "read-write" => address.must_write = true,
                    _ => return wrong("target_session_attrs is any or read-write"),
                },
                // A name that is none may be the rest of a password.
                _ => return wrong(UNKNOWN),
            }
        }
        if !(address.ports.len() <= 1 || address.ports.len() == address.hosts.len()) {
            return wrong("expected one port, or as many as there are hosts");
        }
        address.tls = match mode {
            Some("disable") => TlsMode::Off,
            Some("require" | "verify-full") => TlsMode::Checked { root },
            Some(_) => return wrong(MODES),
            None if root.is_none() && address.hosts.iter().all(|host| is_here(host)) => TlsMode::Off,
            None => TlsMode::Checked { root },
        };
        Ok(address)
    }

    /// How its connections are protected.
    pub const fn tls(&self) -> &TlsMode {
        &self.tls
    }

    /// The same address for another database of the same server.
    #[must_use]
    pub fn with_database(&self, database: &str) -> Self {
        Self { database: Some(database.to_owned()), ..self.clone() }
    }

    /// The same address under another name in `pg_stat_activity`.
    #[must_use]
    pub fn with_application(&self, application: &str) -> Self {
        Self { application: application.to_owned(), ..self.clone() }
    }

    /// The password: from its file, the address, or `PGPASSWORD`. The file is read each time, so that a password may be changed.
    fn password(&self) -> Result<Option<String>, Error> {
        if let Some(path) = &self.password_file {
            let text = std::fs::read_to_string(path).map_err(|error| Error::File(path.clone(), error.to_string()))?;
            return Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()));
        }
        Ok(self.password.clone().or_else(|| std::env::var("PGPASSWORD").ok()))
    }

    pub(crate) fn config(&self) -> Result<Config, Error> {
        let mut config = Config::new();
        for host in &self.hosts {
            config.host(host);
        }
        if self.hosts.is_empty() {
            config.host("localhost");
        }
        for port in &self.ports {
            config.port(*port);
        }
        if let Some(user) = self.user.clone().or_else(|| std::env::var("PGUSER").ok()) {
            config.user(&user);
        }
        if let Some(password) = self.password()? {
            config.password(password);
        }
        if let Some(database) = &self.database {
            config.dbname(database);
        }
        if let Some(options) = &self.options {
            config.options(options);
        }
        if self.must_write {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        config.ssl_mode(if self.tls == TlsMode::Off { SslMode::Disable } else { SslMode::Require });
        config.application_name(&self.application);
        config.connect_timeout(self.connect_timeout).tcp_user_timeout(SILENCE).keepalives_idle(SILENCE);
        Ok(config)
    }
}

const UNKNOWN: &str = "a name that is none of host, port, user, password, password_file, dbname, sslmode, sslrootcert, \
                       connect_timeout, application_name, options, target_session_attrs";

const MODES: &str = "sslmode is disable, require or verify-full (require checks the certificate too)";

/// Whether this host is the machine itself, so that nobody else sees what goes there.
fn is_here(host: &str) -> bool {
    host.starts_with('/') || host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        for (nth, host) in self.hosts.iter().enumerate() {
            let port = self.ports.get(nth).or(self.ports.first());
            f.write_str(if nth > 0 { "," } else { "" })?;
            f.write_str(&if host.contains(':') { format!("[{host}]") } else { host.clone() })?;
            if let Some(port) = port {
                write!(f, ":{port}")?;
            }
        }
        self.database.as_ref().map_or(Ok(()), |database| write!(f, "/{database}"))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self}, tls: {:?})", self.tls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn no_form_of_printing_shows_the_password() {
        for text in [
            "postgres://ada:hunter2@db.example:5433/tidemark?sslmode=require",
            "host=db.example port=5433 user=ada password=hunter2 dbname=tidemark",
        ] {
            let address = read(text);
            assert_eq!(address.to_string(), "postgres://ada@db.example:5433/tidemark");
            for printed in [format!("{address:?}"), format!("{address:#?}"), format!("{address}")] {
                assert!(!printed.contains("hunter2"), "{printed}");
            }
            assert_eq!(address.password().unwrap().as_deref(), Some("hunter2"));
        }
    }

    #[test]
    fn errors_quote_no_value() {
        for wrong in [
            "postgres://ada:x@db/t?hunter2=1",
            "postgres://ada:x@db:hunter2/t",
            "host=db hunter2=3",
            "host=db sslmode=hunter2",
            "host=db connect_timeout=hunter2",
            "host=db target_session_attrs=hunter2",
            "host=a,b port=1,2,3 password=hunter2",
        ] {
            let error = wrong.parse::<Address>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn tls_is_on_wherever_the_database_is_elsewhere() {
        let off = ["postgres:///t", "host=/run/postgresql", "postgres://localhost/t", "postgres://127.0.0.1,[::1]/t"];
        for text in off.into_iter().chain(["postgres://db.example/t?sslmode=disable"]) {
            assert_eq!(read(text).tls(), &TlsMode::Off, "{text}");
        }
        let on = ["postgres://db.example/t", "postgres://localhost,db.example/t", "host=localhost sslmode=verify-full"];
        for text in on {
            assert_eq!(read(text).tls(), &TlsMode::Checked { root: None }, "{text}");
        }
        let root = TlsMode::Checked { root: Some("ca.pem".into()) };
        assert_eq!(read("host=localhost sslrootcert=ca.pem").tls(), &root);
        assert!("host=db sslmode=prefer".parse::<Address>().unwrap_err().to_string().contains("require"));
    }

    #[test]
    fn a_password_may_lie_in_a_file() {
        let path = std::env::temp_dir().join(format!("tidemark-password-{}", std::process::id()));
        std::fs::write(&path, "from file\n").unwrap();
        let address = read(&format!("host=db password=other password_file={}", path.display()));
        assert_eq!(address.password().unwrap().as_deref(), Some("from file"));
        std::fs::write(&path, "postgres://ada:hunter2@db/t\n").unwrap();
        assert_eq!(Address::from_file(&path).unwrap().to_string(), "postgres://ada@db/t");
        std::fs::remove_file(&path).unwrap();
        let error = address.password().unwrap_err().to_string();
        assert!(error.contains("tidemark-password"), "{error}");
    }
}
