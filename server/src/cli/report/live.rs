//! Engines that run the statements themselves.

use clap::{Args as ClapArgs, ValueEnum};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use tidemark::profile::counts::TableCounts;
use tidemark_drivers::{ClickHouseHttp, DuckDbCli, Postgres, stoppable};
use tidemark_engine::{Engine, EngineError, Sides, SqlColumn, TableName, describe, sql_columns};

use super::super::{Failure, files, progress, stop};
use super::engine::unknown;
use super::planner::{EngineName, Scheme};

/// A file with a password holds no more.
const MAX_PASSWORD_BYTES: u64 = 4_096;

/// How the engine is reached.
#[derive(ClapArgs)]
pub(super) struct ConnectArgs {
    /// Where the tables lie: postgres://user@host/database, https://host:8443/?database=name (ClickHouse), sc://host:15002 (Spark),
    /// or a DuckDB file. The environment's TIDEMARK_CONNECT says it too. A password belongs into PGPASSWORD or TIDEMARK_PASSWORD, or
    /// into --password-file: who shares the machine can read a command line
    #[arg(long, value_name = "ADDRESS")]
    connect: Option<String>,
    /// A file whose one line is the password (PostgreSQL, ClickHouse) or the token (Spark)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The duckdb command
    #[arg(long, value_name = "COMMAND", default_value = "duckdb")]
    duckdb: OsString,
}

impl ConnectArgs {
    fn address(&self) -> Option<String> {
        self.connect.clone().or_else(|| variable("TIDEMARK_CONNECT"))
    }

    /// Whose address was given.
    pub(super) fn scheme(&self) -> Result<Option<Scheme>, Failure> {
        let Some(address) = self.address() else { return Ok(None) };
        let scheme = scheme_of(&address);
        // What is no file is not repeated: it may be an address with a password.
        if scheme == Scheme::File && !Path::new(&address).is_file() {
            let known =
                "postgres://…, http://… or https://… (ClickHouse), sc://… (Spark), or a DuckDB file that is there";
            return Err(Failure::new("--connect", format!("is none of {known}")));
        }
        Ok(Some(scheme))
    }

    /// What the duckdb command calls its version, if there is one.
    pub(super) fn duckdb_version(&self) -> Option<String> {
        DuckDbCli::new(&self.duckdb, None).version()
    }

    fn password(&self) -> Result<Option<String>, Failure> {
        let Some(path) = &self.password_file else { return Ok(variable("TIDEMARK_PASSWORD")) };
        let text = String::from_utf8(files::read_at_most(path, MAX_PASSWORD_BYTES)?);
        let text = text.map_err(|_not_text| Failure::file(path, "a password is text"))?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// Opens the engine that was chosen.
    pub(super) fn open(&self, chosen: EngineName) -> Result<Box<dyn Engine>, Failure> {
        let address = self.address().unwrap_or_default();
        let failure = |error: EngineError| Failure::new(name(chosen), error);
        Ok(match chosen {
            EngineName::Postgres => {
                let mut address: tidemark_postgres::Address =
                    address.parse().map_err(|error| Failure::new("--connect", error))?;
                if let Some(path) = &self.password_file {
                    address = address.with_password_file(path);
                } else if let Some(password) = self.password()? {
                    address = address.with_password(&password);
                }
                Box::new(Postgres::connect(&address).map_err(failure)?)
            }
            EngineName::ClickhouseHttp => {
                let password = self.password()?.or_else(|| variable("CLICKHOUSE_PASSWORD"));
                let engine = ClickHouseHttp::new(&address, variable("CLICKHOUSE_USER"), password);
                Box::new(engine.map_err(|error| Failure::new("--connect", error))?)
            }
            EngineName::Spark => spark(&address, self.password()?.as_deref()).map_err(failure)?,
            EngineName::Auto | EngineName::Embedded | EngineName::DuckdbCli => {
                let database = self.address().filter(|address| scheme_of(address) == Scheme::File);
                Box::new(DuckDbCli::new(&self.duckdb, database.map(PathBuf::from)))
            }
        })
    }
}

#[cfg(feature = "spark")]
fn spark(address: &str, token: Option<&str>) -> Result<Box<dyn Engine>, EngineError> {
    Ok(Box::new(tidemark_spark::Spark::connect(address, token)?))
}

#[cfg(not(feature = "spark"))]
fn spark(_: &str, _: Option<&str>) -> Result<Box<dyn Engine>, EngineError> {
    let reason = "this build has no client for Spark: build it with --features spark";
    Err(EngineError::Unavailable { reason: reason.to_owned() })
}

/// Whose address it is; a file that is there is one, whatever its name looks like.
fn scheme_of(address: &str) -> Scheme {
    if Path::new(address).is_file() { Scheme::File } else { Scheme::of(address) }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The engine as it is named on the command line.
pub(super) fn name(engine: EngineName) -> String {
    engine.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Counts two tables. Of each, columns that are not `known` are left out, if that is told.
pub(super) fn count(
    engine: &mut dyn Engine,
    tables: [&TableName; 2],
    ignored: &[String],
    known: Option<[&[String]; 2]>,
) -> Result<[TableCounts; 2], Failure> {
    let (name, cancel) = (engine.name(), engine.cancel());
    let spinner = progress::spinner(format!("{name} counts {} and {}", tables[0], tables[1]));
    let complain = |complaint: String| tracing::warn!("{complaint}");
    let counted = stoppable(&cancel, stop::asked, complain, || count_sides(engine, tables, ignored, known));
    spinner.finish_and_clear();
    // A statement that was cancelled failed, and that is no news.
    stop::check()?;
    let sides = counted?;
    Ok([sides.reference, sides.current])
}

fn count_sides(
    engine: &mut dyn Engine,
    tables: [&TableName; 2],
    ignored: &[String],
    known: Option<[&[String]; 2]>,
) -> Result<Sides, Failure> {
    let name = engine.name();
    let failure = |error: EngineError| Failure::new(name, error);
    let mut columns: [Vec<SqlColumn>; 2] = Default::default();
    for (side, table) in tables.into_iter().enumerate() {
        let mut described = describe(engine, table).map_err(failure)?;
        if let Some(known) = known {
            described.retain(|(name, _)| known[side].contains(name));
        }
        if side == 0 {
            if let Some(name) = ignored.iter().find(|name| described.iter().all(|(other, _)| other != *name)) {
                return Err(Failure::new("--ignore", unknown(name, described.iter().map(|(name, _)| name))));
            }
        } else {
            // What the reference lacks is not compared, and would only make rows less empty.
            described.retain(|(name, _)| columns[0].iter().any(|column| column.name == *name));
        }
        columns[side] = sql_columns(described, ignored).map_err(failure)?;
    }
    let [reference, current] = &columns;
    tidemark_engine::count(engine, [(tables[0], reference), (tables[1], current)]).map_err(failure)
}
