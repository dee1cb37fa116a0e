//! The flags of what replicas share.

use clap::Args as ClapArgs;
use std::path::{Path, PathBuf};
use tidemark_postgres::Address;
use tidemark_watch::db::Db;

use super::Failure;

const REPLICAS: &str = "Replicas";

/// Which database replicas share, where they do. Without it everything lies in the data folder.
#[derive(ClapArgs)]
pub(super) struct SharedArgs {
    /// Be one of several replicas on this PostgreSQL database, such as postgres://tidemark@db.example/tidemark; the data folder has
    /// to be one that all of them reach. A password does not belong here: password_file=FILE behind a ?, or PGPASSWORD
    #[arg(long, global = true, value_name = "URL", env = "TIDEMARK_DATABASE_URL", hide_env_values = true, help_heading = REPLICAS)]
    replica_of: Option<String>,
    /// The same, as the content of a file
    #[arg(
        long, global = true, value_name = "FILE", env = "TIDEMARK_DATABASE_URL_FILE", conflicts_with = "replica_of",
        help_heading = REPLICAS
    )]
    replica_of_file: Option<PathBuf>,
}

impl SharedArgs {
    /// The address of the database; `None` for a data folder of one process. Errors quote nothing of it.
    pub(super) fn address(&self) -> Result<Option<Address>, Failure> {
        let address = match (&self.replica_of, &self.replica_of_file) {
            (Some(url), _) => url.parse().map(Some),
            (None, Some(path)) => Address::from_file(path).map(Some),
            (None, None) => Ok(None),
        };
        address.map_err(|error| Failure::Error(error.to_string()))
    }

    /// The database of a data folder: the one that is shared, or the folder's own. The folder is made if it is not there.
    pub(super) fn database(&self, folder: &Path) -> Result<Db, Failure> {
        if let Some(address) = self.address()? {
            return Ok(Db::postgres(address.with_application("tidemark command line")));
        }
        std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))?;
        own_database(folder)
    }
}

/// The file in a data folder with all but the predictions.
pub(super) const DATABASE: &str = "tidemark.db";

/// A data folder's own database.
pub(super) fn own_database(folder: &Path) -> Result<Db, Failure> {
    let path = folder.join(DATABASE);
    Db::sqlite(&path).map_err(|error| Failure::file(&path, error))
}

/// What one replica is called.
#[derive(ClapArgs)]
pub(super) struct ReplicaArgs {
    #[command(flatten)]
    pub(super) shared: SharedArgs,
    /// What this replica is called in logs, in the table of leases and in `/readyz`; the machine's name if not given
    #[arg(long, value_name = "NAME", env = "TIDEMARK_REPLICA", help_heading = REPLICAS)]
    replica: Option<String>,
}

/// A replica: its name, and where it meets the others.
pub(super) struct Replica {
    pub(super) name: String,
    pub(super) address: Address,
}

impl ReplicaArgs {
    /// The replica that this process is to be; `None` if it is to be alone.
    pub(super) fn replica(&self) -> Result<Option<Replica>, Failure> {
        let Some(address) = self.shared.address()? else { return Ok(None) };
        let machine = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let name = self.replica.clone().or_else(machine).unwrap_or_default();
        let name = match name.trim() {
            "" => "replica".to_owned(),
            name if name.len() > MAX_NAME || name.contains(char::is_control) => {
                return Err(Failure::Error(format!(
                    "--replica: a name is at most {MAX_NAME} bytes without control characters"
                )));
            }
            name => name.to_owned(),
        };
        let address = address.with_application(&format!("tidemark {name}"));
        Ok(Some(Replica { name, address }))
    }
}

/// PostgreSQL cuts longer names of applications.
const MAX_NAME: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    fn args(url: &str) -> ReplicaArgs {
        let shared = SharedArgs { replica_of: Some(url.to_owned()), replica_of_file: None };
        ReplicaArgs { shared, replica: Some(" east-1\n".to_owned()) }
    }

    #[test]
    fn a_replica_has_a_name_and_an_address() {
        let replica = args("postgres://ada:hunter2@db/t").replica().unwrap().unwrap();
        assert_eq!((replica.name.as_str(), replica.address.to_string().as_str()), ("east-1", "postgres://ada@db/t"));
        let long = ReplicaArgs { replica: Some("x".repeat(51)), ..args("postgres://db/t") };
        assert!(long.replica().is_err());
    }

    #[test]
    fn an_address_that_does_not_read_is_refused_without_being_quoted() {
        for wrong in ["postgres://ada:hunter2@db:x/t", "hunter2", "host=db hunter2=1"] {
            let Err(failure) = args(wrong).replica() else { panic!("{wrong} is none") };
            assert!(!failure.to_string().contains("hunter2"), "{failure}");
        }
    }
}
