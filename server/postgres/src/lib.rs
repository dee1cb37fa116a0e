//! How Tidemark reaches PostgreSQL.
//!
//! An [`Address`] says where a database is and who asks. It never shows its password, whether it is printed, logged, or part of
//! an error. [`connect`] opens a connection by it, with TLS and a checked certificate unless the database is on this machine or
//! the address says `sslmode=disable`.

mod address;
mod error;
mod settings;
mod tls;

pub use address::{Address, TlsMode};
pub use error::{Error, reason};
pub use postgres;

use postgres::Client;

/// Opens a connection.
///
/// Blocks, and must not be called on a thread that drives asynchronous tasks.
///
/// # Errors
/// The database cannot be reached, does not let this user in, or its certificate is not one that is trusted. The error holds no
/// credential.
pub fn connect(address: &Address) -> Result<Client, Error> {
    let config = address.config()?;
    let client = match address.tls() {
        TlsMode::Off => config.connect(postgres::NoTls),
        TlsMode::Checked { root } => config.connect(tls::connector(root.as_deref())?),
    };
    client.map_err(|error| Error::of(address, &error))
}
