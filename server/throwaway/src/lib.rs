//! A PostgreSQL server for tests: in a folder of its own under the temporary one, reached by a Unix socket there, and gone with the
//! process that started it, however that ends.
//!
//! The server of the installed PostgreSQL is taken (`initdb` on the path, or the newest of Debian's). Where there is none,
//! [`shared`] says so once and gives nothing; a test then returns.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A server of its own.
#[derive(Debug)]
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    is_durable: bool,
    running: Option<(Child, ChildStdin)>,
    n_databases: AtomicU32,
}

/// The user that owns everything in it.
const USER: &str = "tide";

/// Keeps the server as long as its standard input is open, which the death of the test process closes.
const KEEPER: &str = r#"
    "$0/postgres" -D "$1/data" -c listen_addresses= -c unix_socket_directories="$1" -c fsync="$2" -c max_connections=200 >>"$1/log" 2>&1 &
    server=$!
    cat >/dev/null
    kill -QUIT $server 2>/dev/null
    wait $server
    test "$3" = keep && test -e "$1/keep" || rm -rf "$1"
"#;

/// The server that all tests of this process share; `None`, said once on standard error, where PostgreSQL is not installed.
///
/// # Panics
/// It is installed, and does not start.
pub fn shared() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(false)).as_ref()
}

impl Server {
    /// Starts a server. One that `is_durable` flushes what it commits, as those that are measured or killed should.
    ///
    /// # Panics
    /// PostgreSQL is installed, and does not start.
    pub fn start(is_durable: bool) -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!("skipped: no PostgreSQL server here (no initdb on the path or in /usr/lib/postgresql)");
            return None;
        };
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let nth = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("tidemark-pg-{}-{nth}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir(&folder).expect("the temporary folder can be written");
        if is_root() {
            std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY)).expect("root may give a folder away");
        }
        let initdb = as_nobody(&programs.join("initdb"))
            .args(["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(folder.join("data"))
            .current_dir("/")
            .output()
            .expect("initdb runs");
        assert!(initdb.status.success(), "{}", String::from_utf8_lossy(&initdb.stderr));
        let mut server = Self { programs, folder, is_durable, running: None, n_databases: AtomicU32::new(0) };
        server.resume();
        Some(server)
    }

    /// Starts it again after [`Server::stop`].
    ///
    /// # Panics
    /// It does not start within a minute.
    pub fn resume(&mut self) {
        let _removed = std::fs::remove_file(self.folder.join("keep"));
        let mut child = as_nobody(Path::new("/bin/sh"))
            .args(["-c", KEEPER])
            .arg(&self.programs)
            .arg(&self.folder)
            .args([if self.is_durable { "on" } else { "off" }, "keep"])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a shell runs");
        let stdin = child.stdin.take().expect("it was asked for");
        self.running = Some((child, stdin));
        let until = Instant::now() + Duration::from_secs(60);
        while let Err(error) = self.ask("select 1") {
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "PostgreSQL does not start: {error}: {}", log());
            sleep(Duration::from_millis(50));
        }
    }

    /// Stops it at once, as a crash would; what it had committed stays.
    pub fn stop(&mut self) {
        if let Some((mut child, stdin)) = self.running.take() {
            drop(std::fs::write(self.folder.join("keep"), ""));
            drop(stdin);
            drop(child.wait());
        }
    }

    /// A new, empty database, as an address.
    ///
    /// # Panics
    /// The server is not running.
    pub fn database(&self) -> String {
        let name = format!("test{}", self.n_databases.fetch_add(1, Ordering::Relaxed));
        self.ask(&format!("create database {name}")).expect("the server runs");
        format!("host={} user={USER} dbname={name}", self.folder.display())
    }

    /// Where its socket is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What `psql` says to a statement.
    ///
    /// # Errors
    /// The server does not answer, or refuses.
    pub fn ask(&self, sql: &str) -> io::Result<String> {
        let beside = self.programs.join("psql");
        let output = Command::new(if beside.exists() { &beside } else { Path::new("psql") })
            .args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-U", USER, "-d", "postgres", "-h"])
            .arg(&self.folder)
            .args(["-c", sql])
            .output()?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((mut child, stdin)) = self.running.take() {
            drop(stdin);
            drop(child.wait());
        } else {
            drop(std::fs::remove_dir_all(&self.folder));
        }
    }
}

/// The user and group that nothing belongs to.
const NOBODY: u32 = 65534;

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|of| std::os::unix::fs::MetadataExt::uid(&of) == 0)
}

/// PostgreSQL refuses to run as root.
fn as_nobody(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    let nobody = NOBODY.to_string();
    command.args(["--reuid", nobody.as_str(), "--regid", nobody.as_str(), "--clear-groups", "--"]).arg(program);
    command
}

fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> =
        std::env::split_paths(&on_path).filter(|folder| folder.join("initdb").exists()).collect();
    if found.is_empty() {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut versions: Vec<(u32, PathBuf)> = versions
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
            .filter(|(_, folder): &(u32, PathBuf)| folder.join("initdb").exists())
            .collect();
        versions.sort_unstable();
        found.extend(versions.pop().map(|(_, folder)| folder));
    }
    found.into_iter().next()
}
