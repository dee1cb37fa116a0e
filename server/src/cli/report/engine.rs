//! Tables that lie in a database: the SQL that counts them, and the report from what it counted.

use clap::Args as ClapArgs;
use std::io::Read;
use std::path::{Path, PathBuf};
use tidemark::data::Dataset;
use tidemark::judge::Settings;
use tidemark::profile::counts::TableCounts;
use tidemark::report::{Counted, DriftReport, compare_counts};
use tidemark::schema::{SchemaOverrides, UnknownColumn};
use tidemark::stattest::{Current, Reference};
use tidemark_engine::{Dialect, Kind, SqlColumn, TableName, count_sql, dialect_by_name};

use super::super::{Failure, files};

/// What stands above the flags.
const HEADING: &str = "Tables in a database";

/// Where the tables lie, and what was counted there.
#[derive(ClapArgs)]
pub(super) struct EngineArgs {
    /// Print the SQL that counts --reference-table and --current-table, in the words of postgres, duckdb, clickhouse or spark; run it
    /// where the tables lie, and give its result, as CSV, to --from-counts. Needs --schema, and says how to get that
    #[arg(long, value_name = "DIALECT", value_parser = parse_dialect, help_heading = HEADING,
          requires_all = ["reference_table", "current_table"], conflicts_with_all = ["reference", "from_counts"])]
    emit_sql: Option<&'static str>,
    /// The table to hold against: NAME or SCHEMA.NAME, with double quotes around a part that holds a point
    #[arg(long, value_name = "TABLE", help_heading = HEADING, requires = "emit_sql")]
    reference_table: Option<TableName>,
    /// The table under examination
    #[arg(long, value_name = "TABLE", help_heading = HEADING, requires = "emit_sql")]
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
    /// Count files as a database would: the report is the one of --from-counts. Takes --shuffled
    #[arg(long, help_heading = HEADING, conflicts_with_all = ["from_counts", "emit_sql"])]
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

    /// The report from counts that was asked for.
    pub(super) fn report(
        &self,
        files: Option<[&Path; 2]>,
        overrides: &SchemaOverrides,
        ignored: &[String],
        settings: &Settings,
    ) -> Result<Option<DriftReport>, Failure> {
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
            (None, Some([reference, current])) if self.counted => {
                let reference = files::read_table(reference)?.data;
                let is_kept =
                    |name: &str| reference.column(name).is_some() && !ignored.iter().any(|other| other == name);
                if let Some(name) = ignored.iter().find(|name| reference.column(name).is_none()) {
                    return Err(Failure::new("--ignore", unknown(name, reference.columns().iter().map(|c| &c.name))));
                }
                let current = files::read_table(current)?.data;
                let kept = |data: &Dataset| {
                    let columns = data.columns().iter().filter(|column| is_kept(&column.name)).cloned().collect();
                    Dataset::new(columns).expect("columns of one table are as long as each other")
                };
                [&reference, &current].map(|data| TableCounts::of(&kept(data)))
            }
            _ => return Ok(None),
        };
        let mut overrides = overrides.clone();
        overrides.roles.retain(|name, _| !ignored.contains(name));
        let schema = reference.schema(&overrides).map_err(|error| Failure::new(&self.reference_label, error))?;
        let evidently = &settings.evidently;
        for name in evidently.per_column_method.keys().chain(evidently.per_column_threshold.keys()) {
            if schema.column(name).is_none() {
                let known = schema.columns.iter().map(|column| &column.name);
                return Err(Failure::new(&self.reference_label, unknown(name, known)));
            }
        }
        let reference = Reference(Counted { label: &self.reference_label, counts: &reference });
        let current = Current(Counted { label: &self.current_label, counts: &current });
        let report = compare_counts(reference, current, &schema, settings);
        report
            .map(Some)
            .map_err(|error| Failure::new("--from-counts", format!("{error}; --shuffled says that rows have no order")))
    }
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> UnknownColumn {
    UnknownColumn { name: name.to_owned(), known: known.cloned().collect() }
}

fn schema_is_missing(dialect: &dyn Dialect, tables: [&TableName; 2]) -> Failure {
    let name = tables[0].parts();
    let table: Vec<String> = name.iter().map(|part| dialect.quoted(part)).collect();
    let query = dialect.describe(&table.join("."), name);
    Failure::new(
        "--schema",
        format!("the columns' types are needed: run this where the tables lie, and save its result as CSV\n{query}"),
    )
}

fn columns(path: &Path, ignored: &[String]) -> Result<Vec<SqlColumn>, Failure> {
    let table = files::read_table(path)?.data;
    let [names, types, ..] = table.columns() else {
        return Err(Failure::file(path, "two columns are needed: the names, and the types"));
    };
    let mut columns = Vec::new();
    for (row, (name, type_name)) in names.texts().into_iter().zip(types.texts()).enumerate() {
        let (Some(name), Some(type_name)) = (name, type_name) else {
            return Err(Failure::file(path, format!("row {}: a name or a type is missing", row + 1)));
        };
        if ignored.contains(&name) {
            continue;
        }
        let kind = Kind::of_type(&type_name)
            .map_err(|error| Failure::file(path, format!("column {name:?}: {error}; --ignore leaves it out")))?;
        columns.push(SqlColumn { name, kind });
    }
    Ok(columns)
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
