//! `tidemark keys`: who may do what with a service that can be reached from elsewhere.

use clap::{Args as ClapArgs, Subcommand};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::PathBuf;
use tidemark_app::monitor::Millis;

use super::Failure;
use super::shared::SharedArgs;
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::keys::{KeyRecord, KeyStore, Role, Secret};

/// Make, list, renew and end the keys of a service
///
/// A running service takes changes up within a second. Of a key only its hash is kept: it is shown once.
#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    /// The data folder of the service
    #[arg(long, global = true, value_name = "DIR", default_value = "tidemark-data")]
    data_dir: PathBuf,
    #[command(flatten)]
    shared: SharedArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key and print it
    Create {
        /// What it is for
        #[arg(long, value_enum)]
        role: Role,
        /// What people call it
        #[arg(long, default_value = "")]
        name: String,
        /// When it ends: in a time such as 90d, or on a day such as 2027-01-31
        #[arg(long, value_name = "WHEN", value_parser = parse_moment)]
        expires: Option<Millis>,
    },
    /// Show all keys
    List,
    /// Make a key in the place of another, which ends
    Rotate {
        /// The identifier that `list` shows
        id: String,
        /// How long the old key stays valid, such as 24h
        #[arg(long, value_name = "TIME", value_parser = parse_moment)]
        grace: Option<Millis>,
    },
    /// End a key
    Revoke {
        /// The identifier that `list` shows
        id: String,
    },
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let store =
        KeyStore::on(args.shared.database(&args.data_dir)?).map_err(|error| Failure::file(&args.data_dir, error))?;
    let failed = |error| Failure::file(&args.data_dir, error);
    let now = SystemClock.now();
    match &args.command {
        Command::Create { role, name, expires } => {
            print(&store.create(*role, name, now, *expires).map_err(failed)?);
        }
        Command::List => list(&store.list().map_err(failed)?, now),
        Command::Rotate { id, grace } => {
            let old = store.valid(id, now).map_err(failed)?.ok_or_else(|| unknown(id))?;
            print(&store.rotate(&old, now, grace.unwrap_or(now)).map_err(failed)?);
        }
        Command::Revoke { id } => {
            if !store.revoke(id, now).map_err(failed)? {
                return Err(unknown(id));
            }
            eprintln!("Key {id} is revoked.");
        }
    }
    Ok(())
}

fn unknown(id: &str) -> Failure {
    Failure::Error(format!("there is no valid key {id:?}; `tidemark keys list` shows them"))
}

/// The key goes to standard output, to be piped on; what is said about it does not.
fn print((record, secret): &(KeyRecord, Secret)) {
    eprintln!("Key {} for {}. Keep it: it is not shown again.", record.id, record.role);
    println!("{}", secret.reveal());
}

fn list(keys: &[KeyRecord], now: Millis) {
    println!("{:<10}{:<9}{:<9}{:<26}{:<26}{:<26}name", "id", "role", "state", "created", "expires", "last used");
    for key in keys {
        let state = match key {
            key if key.is_valid(now) => "valid",
            key if key.revoked.is_some_and(|at| at <= now) => "revoked",
            _ => "expired",
        };
        let time = |at: Option<Millis>| at.map_or_else(|| "-".to_owned(), rfc3339);
        println!(
            "{:<10}{:<9}{state:<9}{:<26}{:<26}{:<26}{}",
            key.id,
            key.role.name(),
            time(Some(key.created)),
            time(key.expires),
            time(key.last_used),
            key.name
        );
    }
}

/// A day, a moment, or a time from now.
fn parse_moment(text: &str) -> Result<Millis, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_millisecond());
    }
    let in_utc = |day: jiff::civil::Date| day.to_zoned(TimeZone::UTC);
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    let at = match text.parse::<jiff::Span>() {
        Ok(span) => now.checked_add(span),
        Err(_not_a_span) => text.parse::<jiff::civil::Date>().and_then(in_utc),
    };
    at.map(|at| at.timestamp().as_millisecond()).map_err(|_neither| "expected 90d, 12h or 2027-01-31".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_days_moments_or_times_from_now() {
        assert_eq!(parse_moment("1970-01-02"), Ok(86_400_000));
        assert_eq!(parse_moment("1970-01-01T00:00:01Z"), Ok(1000));
        let in_90_days = parse_moment("90d").unwrap() - SystemClock.now();
        assert!((90 * 86_400_000 - 5000..=90 * 86_400_000).contains(&in_90_days), "{in_90_days}");
        assert!(parse_moment("soon").is_err());
    }
}
