//! Which engine counts, and why.

use clap::ValueEnum;

/// From how many values on, of both tables together, a cluster is worth the seconds that it takes to begin.
const MANY_VALUES: u128 = 500_000_000;

/// What counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum EngineName {
    /// The one that fits the tables, their size and the connection
    Auto,
    /// Tidemark itself: files
    Embedded,
    /// The PostgreSQL of --connect
    Postgres,
    /// The `duckdb` command: files, or the database file of --connect
    DuckdbCli,
    /// The ClickHouse server of --connect, over HTTP
    ClickhouseHttp,
    /// The Spark Connect server of --connect; needs a build with the feature `spark`
    Spark,
}

/// Whose address --connect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Postgres,
    ClickHouse,
    Spark,
    /// A file, which only DuckDB opens.
    File,
}

impl Scheme {
    /// By how the address begins.
    pub(super) fn of(address: &str) -> Self {
        let begins = |starts: &[&str]| starts.iter().any(|start| address.starts_with(start));
        if begins(&["postgres://", "postgresql://"]) || (address.contains('=') && !address.contains("://")) {
            Self::Postgres
        } else if begins(&["http://", "https://"]) {
            Self::ClickHouse
        } else if begins(&["sc://"]) {
            Self::Spark
        } else {
            Self::File
        }
    }

    const fn engine(self) -> EngineName {
        match self {
            Self::Postgres => EngineName::Postgres,
            Self::ClickHouse => EngineName::ClickhouseHttp,
            Self::Spark => EngineName::Spark,
            Self::File => EngineName::DuckdbCli,
        }
    }
}

/// What is to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tables {
    /// Tables that are known by name where they lie.
    Named,
    /// Files, with how many values they hold; `None` where only reading them would tell, or not all are Parquet.
    Files(Option<u128>),
}

/// What there is to count with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Means<'a> {
    /// Whose address --connect is.
    pub(super) connect: Option<Scheme>,
    /// Whether this build has Spark's client.
    pub(super) has_spark: bool,
    /// What the `duckdb` command calls its version, if there is one.
    pub(super) duckdb: Option<&'a str>,
}

/// The engine, and why in a sentence that follows its name.
///
/// Tables in a database are counted there: their rows are never fetched, however few they are, because a report is the same either way
/// and nobody has to let rows out for it. Only files have a choice, and there Tidemark itself takes less time than any engine on the
/// same machine (docs/scale.md) and needs nothing beside it; a cluster has more machines, and pays from half a billion values on.
///
/// # Errors
/// What is asked for, or what is there, does not fit the tables.
pub(super) fn choose(asked: EngineName, tables: Tables, means: &Means<'_>) -> Result<(EngineName, String), String> {
    let (chosen, why) = match (asked, tables, means.connect) {
        (EngineName::Auto, Tables::Named, Some(scheme)) => {
            (scheme.engine(), "as --connect names where the tables lie".to_owned())
        }
        (EngineName::Auto, Tables::Named, None) => match means.duckdb {
            Some(version) => {
                (EngineName::DuckdbCli, format!("as there is no --connect, and duckdb {version} reads files"))
            }
            None => return Err("tables need --connect, or the duckdb command to read files".to_owned()),
        },
        (EngineName::Auto, Tables::Files(None), _) => {
            (EngineName::Embedded, "as these files are not all Parquet".to_owned())
        }
        (EngineName::Auto, Tables::Files(Some(values)), connect) => of_files(values, connect, means),
        (named, ..) => (named, "as --engine says".to_owned()),
    };
    check(chosen, tables, means)?;
    Ok((chosen, why))
}

fn of_files(values: u128, connect: Option<Scheme>, means: &Means<'_>) -> (EngineName, String) {
    if values < MANY_VALUES {
        return (EngineName::Embedded, format!("as {values} values are fewer than {MANY_VALUES}"));
    }
    match connect {
        Some(Scheme::Spark) if means.has_spark => {
            (EngineName::Spark, format!("as {values} values are {MANY_VALUES} or more"))
        }
        _ => {
            (EngineName::Embedded, format!("though {values} values are {MANY_VALUES} or more: Spark is not connected"))
        }
    }
}

fn check(chosen: EngineName, tables: Tables, means: &Means<'_>) -> Result<(), String> {
    let needs = |scheme: Scheme, example: &str| match means.connect {
        Some(given) if given == scheme => Ok(()),
        _ => Err(format!("takes --connect {example}")),
    };
    match (chosen, tables) {
        (EngineName::Embedded, Tables::Named) => Err("--engine embedded counts files: name two".to_owned()),
        (EngineName::Spark, _) if !means.has_spark => {
            Err("this build has no client for Spark: build it with --features spark".to_owned())
        }
        (EngineName::DuckdbCli, _) if means.duckdb.is_none() => {
            Err("there is no duckdb command on the path; --duckdb names one".to_owned())
        }
        (EngineName::DuckdbCli, Tables::Named) if means.connect.is_some_and(|scheme| scheme != Scheme::File) => {
            Err("--engine duckdb-cli takes a database file as --connect, or none".to_owned())
        }
        (EngineName::Postgres | EngineName::ClickhouseHttp, Tables::Files(_)) => {
            Err("a server's own tables are counted: --reference-table and --current-table name them".to_owned())
        }
        (EngineName::DuckdbCli | EngineName::Spark, Tables::Files(None)) => {
            Err("of files, other engines read Parquet alone".to_owned())
        }
        (EngineName::Postgres, _) => needs(Scheme::Postgres, "postgres://user@host/database"),
        (EngineName::ClickhouseHttp, _) => needs(Scheme::ClickHouse, "https://host:8443/?database=name"),
        (EngineName::Spark, _) => needs(Scheme::Spark, "sc://host:15002"),
        (EngineName::Auto | EngineName::Embedded | EngineName::DuckdbCli, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Means<'_> = Means { connect: Some(Scheme::Spark), has_spark: true, duckdb: Some("v1.5.6") };
    const NONE: Means<'_> = Means { connect: None, has_spark: false, duckdb: None };

    fn auto(tables: Tables, means: Means<'_>) -> EngineName {
        choose(EngineName::Auto, tables, &means).unwrap().0
    }

    #[test]
    fn few_values_are_counted_here_and_many_by_spark() {
        let files = |values| Tables::Files(Some(values));
        assert_eq!(auto(files(MANY_VALUES - 1), ALL), EngineName::Embedded);
        assert_eq!(auto(files(MANY_VALUES), ALL), EngineName::Spark);
        assert_eq!(auto(files(MANY_VALUES), Means { has_spark: false, ..ALL }), EngineName::Embedded);
        assert_eq!(auto(files(MANY_VALUES), Means { connect: None, ..ALL }), EngineName::Embedded);
        assert_eq!(auto(files(MANY_VALUES), NONE), EngineName::Embedded);
        assert_eq!(auto(Tables::Files(None), ALL), EngineName::Embedded);
        let (_, why) = choose(EngineName::Auto, files(7), &ALL).unwrap();
        assert!(why.contains('7') && why.contains("500000000"), "{why}");
    }

    #[test]
    fn named_tables_are_counted_where_they_lie() {
        for (address, engine) in [
            ("postgres://db/t", EngineName::Postgres),
            ("host=db dbname=t", EngineName::Postgres),
            ("https://db:8443/?database=t", EngineName::ClickhouseHttp),
            ("sc://host:15002/;use_ssl=true", EngineName::Spark),
            ("shop.duckdb", EngineName::DuckdbCli),
        ] {
            assert_eq!(auto(Tables::Named, Means { connect: Some(Scheme::of(address)), ..ALL }), engine, "{address}");
        }
        assert_eq!(auto(Tables::Named, Means { connect: None, ..ALL }), EngineName::DuckdbCli);
        assert!(choose(EngineName::Auto, Tables::Named, &NONE).is_err());
    }

    #[test]
    fn what_is_asked_for_goes_before_and_has_to_fit() {
        let small = Tables::Files(Some(1));
        assert_eq!(choose(EngineName::Spark, small, &ALL).unwrap().0, EngineName::Spark);
        assert_eq!(choose(EngineName::DuckdbCli, small, &ALL).unwrap().0, EngineName::DuckdbCli);
        let refused = |asked, tables, means: Means<'_>| choose(asked, tables, &means).unwrap_err();
        assert!(refused(EngineName::Spark, small, NONE).contains("--features spark"));
        assert!(refused(EngineName::Spark, small, Means { connect: None, ..ALL }).contains("sc://"));
        assert!(refused(EngineName::DuckdbCli, small, NONE).contains("--duckdb"));
        assert!(refused(EngineName::DuckdbCli, Tables::Files(None), ALL).contains("Parquet"));
        assert!(refused(EngineName::DuckdbCli, Tables::Named, ALL).contains("database file"));
        assert!(refused(EngineName::Embedded, Tables::Named, ALL).contains("files"));
        assert!(refused(EngineName::Postgres, small, ALL).contains("--reference-table"));
        assert!(refused(EngineName::Postgres, Tables::Named, ALL).contains("postgres://"));
    }
}
