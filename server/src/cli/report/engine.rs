//! Tables that are counted where they lie: by a database, by the SQL that a person runs there, or here; and the report of it.

use clap::Args as ClapArgs;
use std::io::Read;
use std::path::{Path, PathBuf};
use tidemark::judge::Settings;
use tidemark::profile::counts::TableCounts;
use tidemark::report::{ColumnSource, Counted, DriftReport, NeedsRows, compare_counts};
use tidemark::schema::{SchemaOverrides, UnknownColumn};
use tidemark::stattest::{Current, Reference};
use tidemark_engine::{Dialect, SqlColumn, TableName, count_sql, describe_sql, dialect_by_name, sql_columns};

use super::super::{Failure, files};
use super::live::{self, ConnectArgs};
use super::parquet_files::{self, ParquetFiles};
use super::planner::{self, EngineName, Means, Tables};
use super::{by_column, check_names};

/// What stands above the flags.
const HEADING: &str = "Tables in a database";

/// Where the tables lie, and what was counted there.
#[derive(ClapArgs)]
pub(super) struct EngineArgs {
    /// What counts, if the report is to be made from counts: takes --shuffled, as counts know no order. `auto`, which is also what is
    /// done where tables are named, takes the engine that fits and says which and why
    #[arg(long, value_enum, value_name = "ENGINE", help_heading = HEADING, conflicts_with_all = ["emit_sql", "from_counts"])]
    engine: Option<EngineName>,
    #[command(flatten, next_help_heading = HEADING)]
    connect: ConnectArgs,
    /// Print the SQL that counts --reference-table and --current-table, in the words of postgres, duckdb, clickhouse or spark; run it
    /// where the tables lie, and give its result, as CSV, to --from-counts. Needs --schema, and says how to get that
    #[arg(long, value_name = "DIALECT", value_parser = parse_dialect, help_heading = HEADING,
          requires_all = ["reference_table", "current_table"], conflicts_with_all = ["reference", "from_counts"])]
    emit_sql: Option<&'static str>,
    /// The table to hold against: NAME or SCHEMA.NAME, with double quotes around a part that holds a point
    #[arg(long, value_name = "TABLE", help_heading = HEADING, requires = "current_table", conflicts_with_all = ["reference", "from_counts"])]
    reference_table: Option<TableName>,
    /// The table under examination
    #[arg(long, value_name = "TABLE", help_heading = HEADING, requires = "reference_table")]
    current_table: Option<TableName>,
    /// The columns and their types: a table whose first two columns are name and type, as DESCRIBE gives it
    #[arg(long, value_name = "FILE", help_heading = HEADING, requires = "emit_sql")]
    schema: Option<PathBuf>,
    /// The same of the current table, where it differs
    #[arg(long, value_name = "FILE", help_heading = HEADING, requires = "schema")]
    current_schema: Option<PathBuf>,
    /// Make the report from what the SQL of --emit-sql gave, as CSV; - is standard input. Takes --shuffled, as counts know no order
    #[arg(long, value_name = "FILE", help_heading = HEADING, conflicts_with = "reference")]
    from_counts: Option<PathBuf>,
    /// Count files as a database would, as --engine embedded does: the report is the one of --from-counts. Takes --shuffled
    #[arg(long, help_heading = HEADING, conflicts_with_all = ["from_counts", "emit_sql", "engine"])]
    counted: bool,
    /// What the report calls the reference
    #[arg(long, value_name = "NAME", default_value = "reference", help_heading = HEADING)]
    reference_label: String,
    /// What the report calls the current table
    #[arg(long, value_name = "NAME", default_value = "current", help_heading = HEADING)]
    current_label: String,
}

impl EngineArgs {
    /// The SQL that was asked for.
    pub(super) fn sql(&self, ignored: &[String]) -> Result<Option<String>, Failure> {
        let Some(dialect) = self.emit_sql.and_then(dialect_by_name) else { return Ok(None) };
        let tables =
            [&self.reference_table, &self.current_table].map(|table| table.as_ref().expect("clap requires it"));
        let Some(path) = &self.schema else { return Err(schema_is_missing(dialect, tables)) };
        let reference = columns(path, ignored)?;
        let current = self.current_schema.as_deref().map(|path| columns(path, ignored)).transpose()?;
        let of_reference = |column: &SqlColumn| reference.iter().any(|other| other.name == column.name);
        // What the reference lacks is not compared, and would only make rows less empty.
        let current =
            current.map_or_else(|| reference.clone(), |columns| columns.into_iter().filter(of_reference).collect());
        let sql = count_sql(dialect, [(tables[0], &reference), (tables[1], &current)]);
        sql.map(Some).map_err(|error| Failure::file(path, error))
    }

    /// Whether the report is to be made from counts.
    pub(super) fn is_counted(&self) -> bool {
        self.from_counts.is_some() || self.counted || self.engine.is_some() || self.reference_table.is_some()
    }

    /// The report from counts that was asked for.
    pub(super) fn report(
        &self,
        files: Option<[&Path; 2]>,
        overrides: &SchemaOverrides,
        ignored: &[String],
        settings: &Settings,
    ) -> Result<Option<DriftReport>, Failure> {
        if !self.is_counted() {
            return Ok(None);
        }
        // Before anything is counted, which may take hours.
        check(settings)?;
        let [reference, current] = match (&self.from_counts, files) {
            (Some(path), _) => {
                if !ignored.is_empty() {
                    return Err(Failure::new(
                        "--ignore",
                        "columns are left out where they are counted: give it to --emit-sql",
                    ));
                }
                let sides = tidemark_engine::read(&read(path)?).map_err(|error| Failure::file(path, error))?;
                [sides.reference, sides.current]
            }
            (None, Some(files)) => match self.count_files(files, overrides, ignored, settings)? {
                Found::Counts(sides) => *sides,
                Found::Report(report) => return Ok(Some(*report)),
            },
            (None, None) => self.count_tables(ignored)?,
        };
        let mut overrides = overrides.clone();
        overrides.roles.retain(|name, _| !ignored.contains(name));
        let schema = reference.schema(&overrides).map_err(|error| Failure::new(&self.reference_label, error))?;
        let names: Vec<String> = schema.columns.iter().map(|column| column.name.clone()).collect();
        check_names(settings, &self.reference_label, &names)?;
        let reference = Reference(Counted { label: &self.reference_label, counts: &reference });
        let current = Current(Counted { label: &self.current_label, counts: &current });
        let report = compare_counts(reference, current, &schema, settings);
        Ok(Some(report.expect("check() found the settings to be such as counts answer")))
    }

    fn count_files(
        &self,
        paths: [&Path; 2],
        overrides: &SchemaOverrides,
        ignored: &[String],
        settings: &Settings,
    ) -> Result<Found, Failure> {
        let asked = if self.counted { EngineName::Embedded } else { self.engine.unwrap_or(EngineName::Auto) };
        let parquet = [ParquetFiles::of(paths[0])?, ParquetFiles::of(paths[1])?];
        let both = match &parquet {
            [Some(reference), Some(current)] => Some([reference, current]),
            _ => None,
        };
        let values = both.map(|both| both.iter().map(|side| side.values()).sum());
        let chosen = self.choose(asked, Tables::Files(values))?;
        if let Some([reference, current]) = both {
            if chosen != EngineName::Embedded {
                let prefix: &[&str] = if chosen == EngineName::Spark { &["parquet"] } else { &[] };
                let names = [reference.name(prefix)?, current.name(prefix)?];
                // What an engine makes of a folder's name, `day=1`, is no column of the files.
                let known = [reference.table.names(), current.table.names()];
                let names = [&names[0], &names[1]];
                let sides = live::count(&mut *self.connect.open(chosen)?, names, ignored, Some(known))?;
                return Ok(Found::Counts(Box::new(sides)));
            }
            if !self.counted {
                let labels = [self.reference_label.as_str(), self.current_label.as_str()];
                let report = by_column::compare([&reference.table, &current.table], labels, overrides, settings)?;
                return Ok(Found::Report(Box::new(report)));
            }
        }
        let is_kept = |name: &str| !ignored.iter().any(|other| other == name);
        let checked = |known: &[String]| match ignored.iter().find(|name| !known.contains(name)) {
            Some(name) => Err(Failure::new("--ignore", unknown(name, known.iter()))),
            None => Ok(()),
        };
        let reference = match &parquet[0] {
            Some(files) => {
                checked(files.table.names())?;
                files.count(&is_kept)?
            }
            None => {
                let data = files::read_table(paths[0])?.data;
                checked(&data.columns().iter().map(|column| column.name.clone()).collect::<Vec<_>>())?;
                parquet_files::count(&data, &is_kept)
            }
        };
        // What the reference lacks is not compared, and would only make rows less empty.
        let is_shared = |name: &str| reference.column(name).is_some();
        let current = match &parquet[1] {
            Some(files) => files.count(&is_shared)?,
            None => parquet_files::count(&files::read_table(paths[1])?.data, &is_shared),
        };
        Ok(Found::Counts(Box::new([reference, current])))
    }

    fn count_tables(&self, ignored: &[String]) -> Result<[TableCounts; 2], Failure> {
        let (Some(reference), Some(current)) = (&self.reference_table, &self.current_table) else {
            return Err(Failure::new("--engine", "takes two files, or --reference-table and --current-table"));
        };
        let chosen = self.choose(self.engine.unwrap_or(EngineName::Auto), Tables::Named)?;
        live::count(&mut *self.connect.open(chosen)?, [reference, current], ignored, None)
    }

    fn choose(&self, asked: EngineName, tables: Tables) -> Result<EngineName, Failure> {
        // The command is started for this, so only where it may be what counts.
        let may_be_duckdb = asked == EngineName::DuckdbCli || (asked, tables) == (EngineName::Auto, Tables::Named);
        let duckdb = may_be_duckdb.then(|| self.connect.duckdb_version()).flatten();
        let means =
            Means { connect: self.connect.scheme()?, has_spark: cfg!(feature = "spark"), duckdb: duckdb.as_deref() };
        let (chosen, why) = planner::choose(asked, tables, &means).map_err(|error| Failure::new("--engine", error))?;
        if asked == EngineName::Auto {
            eprintln!("Counted by {}, {why}.", live::name(chosen));
        }
        Ok(chosen)
    }
}

/// What files gave.
enum Found {
    /// Counts of both.
    Counts(Box<[TableCounts; 2]>),
    /// The report itself.
    Report(Box<DriftReport>),
}

/// Whether counts answer for all that the settings ask.
fn check(settings: &Settings) -> Result<(), Failure> {
    let told = |what| Failure::new("--from-counts", format!("{what}; --shuffled says that rows have no order"));
    NeedsRows::beyond_counts(settings).map_or(Ok(()), |what| Err(told(what)))
}

/// A column that is named and not there.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> UnknownColumn {
    UnknownColumn { name: name.to_owned(), known: known.cloned().collect() }
}

fn schema_is_missing(dialect: &dyn Dialect, tables: [&TableName; 2]) -> Failure {
    match describe_sql(dialect, tables[0]) {
        Ok(query) => Failure::new(
            "--schema",
            format!(
                "the columns' types are needed: run this where the tables lie, and save its result as CSV\n{query}"
            ),
        ),
        Err(error) => Failure::new("--reference-table", error),
    }
}

fn columns(path: &Path, ignored: &[String]) -> Result<Vec<SqlColumn>, Failure> {
    let table = files::read_table(path)?.data;
    let [names, types, ..] = table.columns() else {
        return Err(Failure::file(path, "two columns are needed: the names, and the types"));
    };
    let mut described = Vec::new();
    for (row, (name, type_name)) in names.texts().into_iter().zip(types.texts()).enumerate() {
        let (Some(name), Some(type_name)) = (name, type_name) else {
            return Err(Failure::file(path, format!("row {}: a name or a type is missing", row + 1)));
        };
        described.push((name, type_name));
    }
    sql_columns(described, ignored).map_err(|error| Failure::file(path, error))
}

fn read(path: &Path) -> Result<String, Failure> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|error| Failure::new("standard input", error))?;
        return Ok(text);
    }
    std::fs::read_to_string(path).map_err(|error| Failure::file(path, error))
}

fn parse_dialect(name: &str) -> Result<&'static str, String> {
    let known = || format!("the dialects are {}", tidemark_engine::NAMES.join(", "));
    dialect_by_name(name).map(Dialect::name).ok_or_else(known)
}
