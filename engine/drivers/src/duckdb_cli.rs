//! DuckDB, by the command that the person has.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use tidemark_engine::{Cancel, Dialect, DuckDb, Engine, EngineError, TakeRow};

use crate::csv_rows;

/// The `duckdb` command: one process a statement, SQL by its standard input, CSV by its standard output.
pub struct DuckDbCli {
    command: OsString,
    database: Option<PathBuf>,
    running: Arc<Running>,
}

impl DuckDbCli {
    /// The command by its name or path, and the database file that it opens for reading; without one it reads files alone.
    pub fn new(command: impl Into<OsString>, database: Option<PathBuf>) -> Self {
        Self { command: command.into(), database, running: Arc::default() }
    }

    /// What the command calls its version, if there is such a command.
    pub fn version(&self) -> Option<String> {
        let said =
            Command::new(&self.command).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        said.status.success().then(|| String::from_utf8_lossy(&said.stdout).trim().to_owned())
    }

    fn start(&self) -> std::io::Result<Child> {
        let mut command = Command::new(&self.command);
        // What a person's own start file says of how results look would be in the way.
        command.args([
            "-init",
            if cfg!(windows) { "NUL" } else { "/dev/null" },
            "-batch",
            "-bail",
            "-csv",
            "-noheader",
        ]);
        if let Some(database) = &self.database {
            command.arg("-readonly").arg(database);
        }
        // A group of its own: the command may be a script around the program that counts, and both have to end.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    }
}

impl Engine for DuckDbCli {
    fn name(&self) -> &'static str {
        "duckdb-cli"
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &DuckDb
    }

    fn run(&mut self, sql: &str, take: TakeRow<'_>) -> Result<(), EngineError> {
        let unavailable = |error: std::io::Error| EngineError::Unavailable {
            reason: format!("the command {} does not start: {error}", self.command.display()),
        };
        let mut child = self.start().map_err(unavailable)?;
        let piped = "start() asked for it";
        let (mut stdin, stdout, mut stderr) =
            (child.stdin.take().expect(piped), child.stdout.take().expect(piped), child.stderr.take().expect(piped));
        self.running.begin(&child);
        let (taken, complaint) = std::thread::scope(|scope| {
            let complaint = scope.spawn(move || {
                let mut text = Vec::new();
                // What could be read of it is worth telling even if the rest could not.
                drop(stderr.read_to_end(&mut text));
                String::from_utf8_lossy(&text).trim().to_owned()
            });
            // A command that ends before it has read everything says why on its standard error.
            scope.spawn(move || drop(stdin.write_all(statement(sql).as_bytes())));
            let taken = csv_rows::each(stdout, take);
            if taken.is_err() {
                drop(self.running.cancel());
            }
            (taken, complaint.join().unwrap_or_default())
        });
        self.running.end();
        let status = child.wait().map_err(|error| EngineError::Lost { reason: error.to_string() })?;
        match taken {
            taken if status.success() => taken,
            _ if !complaint.is_empty() => Err(EngineError::Refused { reason: complaint }),
            Err(error) if !matches!(error, EngineError::Counts(_)) => Err(error),
            // Half a row is what is left where the command ended early.
            _ => Err(EngineError::Lost { reason: format!("the command ended by {status}") }),
        }
    }

    fn cancel(&self) -> Arc<dyn Cancel> {
        Arc::clone(&self.running) as Arc<dyn Cancel>
    }
}

/// DuckDB's way of handing a result over in pieces stands still for ever where a `UNION ALL` of many rows fills its buffer (duckdb 1.5.6);
/// writing it as a file does not.
fn statement(sql: &str) -> String {
    let sql = sql.trim().trim_end_matches(';');
    if cfg!(windows) {
        return format!("SET streaming_buffer_size = '1TB';\n{sql};\n");
    }
    format!("SET preserve_insertion_order = false;\nCOPY (\n{sql}\n) TO '/dev/stdout' (FORMAT csv, HEADER false);\n")
}

/// The group of the processes that count.
#[derive(Default)]
struct Running(Mutex<Option<u32>>);

impl Running {
    fn begin(&self, child: &Child) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(child.id());
    }

    /// To be called before the child is waited for: afterwards its number may be another process'.
    fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Cancel for Running {
    fn cancel(&self) -> Result<(), String> {
        let group = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(id) = *group else { return Ok(()) };
        kill(id)
    }
}

#[cfg(unix)]
fn kill(group: u32) -> Result<(), String> {
    use nix::errno::Errno;
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;
    let group = i32::try_from(group).map_err(|error| error.to_string())?;
    match killpg(Pid::from_raw(group), Signal::SIGKILL) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(format!("the duckdb command goes on: {error}")),
    }
}

#[cfg(not(unix))]
fn kill(process: u32) -> Result<(), String> {
    let killed = Command::new("taskkill").args(["/F", "/T", "/PID", &process.to_string()]).output();
    killed.map(drop).map_err(|error| format!("the duckdb command goes on: {error}"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::stoppable;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, Instant};

    /// A command that behaves as told, instead of `duckdb`.
    fn scripted(name: &str, script: &str) -> (PathBuf, DuckDbCli) {
        let path = std::env::temp_dir().join(format!("tidemark-{name}-{}", std::process::id()));
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        let engine = DuckDbCli::new(&path, None);
        (path, engine)
    }

    fn run(name: &str, script: &str) -> (Vec<String>, Result<(), EngineError>) {
        let (path, mut engine) = scripted(name, script);
        let mut rows = Vec::new();
        let ended = engine.run("SELECT 1", &mut |cells| {
            rows.push(cells.join("|"));
            Ok(())
        });
        std::fs::remove_file(path).unwrap();
        (rows, ended)
    }

    #[test]
    fn the_statement_goes_in_and_the_rows_come_out() {
        let (rows, ended) = run("echo", "grep SELECT");
        assert_eq!((rows, ended), (vec!["SELECT 1".to_owned()], Ok(())));
    }

    #[test]
    fn what_the_command_complains_of_is_told() {
        let (_, ended) = run("refusal", "cat >/dev/null; echo a,b; echo 'Catalog Error: no table' >&2; exit 1");
        assert_eq!(ended, Err(EngineError::Refused { reason: "Catalog Error: no table".to_owned() }));
    }

    #[test]
    fn a_command_that_dies_half_way_has_not_counted() {
        let (rows, ended) = run("death", "echo reference,0,rows,1,5; printf refer; kill -9 $$");
        assert_eq!(rows[0], "reference|0|rows|1|5");
        assert!(matches!(&ended, Err(EngineError::Lost { reason }) if reason.contains("signal: 9")), "{ended:?}");
    }

    #[test]
    fn a_command_that_is_not_there_is_named() {
        let mut engine = DuckDbCli::new("/nowhere/duckdb", None);
        assert_eq!(engine.version(), None);
        let ended = engine.run("SELECT 1", &mut |_| Ok(()));
        assert!(matches!(&ended, Err(EngineError::Unavailable { reason }) if reason.contains("/nowhere/duckdb")));
    }

    #[test]
    fn a_script_around_the_command_and_the_command_end_together() {
        // Standard output stays open as long as the inner process lives.
        let (path, mut engine) = scripted("wrapper", "sleep 600 & wait");
        let (began, cancel) = (Instant::now(), engine.cancel());
        let ended = stoppable(
            &cancel,
            || began.elapsed() > Duration::from_millis(200),
            |_| (),
            || engine.run("SELECT 1", &mut |_| Ok(())),
        );
        std::fs::remove_file(path).unwrap();
        assert!(matches!(ended, Err(EngineError::Lost { .. })), "{ended:?}");
        assert!(began.elapsed() < Duration::from_secs(60));
    }
}
