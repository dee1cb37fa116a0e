//! The lease on keeping the log in shape: one replica at a time has it, and loses it by silence.
//!
//! Its times are those of the database's clock. Every taking has a number of its own, the fencing token: what its holder says of
//! segments is said in transactions that see that the token is still the last one, and that keep others from taking the lease
//! until they are over.

use std::time::{Duration, Instant};
use tidemark_postgres::postgres::{Client, Transaction};

use super::Replica;
use super::table::{self, Failed};
use crate::error::WriteFailure;

/// So long a holder may be silent.
const TIME: Duration = Duration::from_secs(30);

/// What the lease is called.
const NAME: &str = "keeper";

pub(super) struct Lease {
    client: Client,
    token: i64,
    renewed: Instant,
    /// Whether the one before was not given back: its holder died, or hung.
    pub(super) was_lost: bool,
}

impl Lease {
    /// Takes the lease; `None` if another has it.
    pub(super) fn take(replica: &Replica) -> Result<Option<Self>, Failed> {
        let mut client = table::connect(&replica.address)?;
        let began = Instant::now();
        let mut transaction = client.transaction()?;
        transaction.execute(
            "insert into log_leases (name, owner, token, until) values ($1, '', 0, '-infinity') on conflict do nothing",
            &[&NAME],
        )?;
        // Who is about to commit something under the lease has its row.
        let row = transaction.query_opt(
            "select until > '-infinity' from log_leases
             where name = $1 and (until <= clock_timestamp() or owner = $2) for update skip locked",
            &[&NAME, &replica.owner],
        )?;
        let Some(row) = row else { return Ok(None) };
        let was_lost = row.get(0);
        let row = transaction.query_one(
            "update log_leases set owner = $2, token = token + 1, until = clock_timestamp() + $3 * interval '1 second'
             where name = $1 returning token",
            &[&NAME, &replica.owner, &TIME.as_secs_f64()],
        )?;
        let token = row.get(0);
        transaction.commit()?;
        Ok(Some(Self { client, token, renewed: began, was_lost }))
    }

    /// Renews the lease once a third of its time has passed; to be called often enough for that.
    pub(super) fn keep(&mut self) -> Result<(), WriteFailure> {
        if self.renewed.elapsed() < TIME / 3 {
            return Ok(());
        }
        let began = Instant::now();
        let renewed = self.client.execute(
            "update log_leases set until = clock_timestamp() + $3 * interval '1 second'
             where name = $1 and token = $2 and until > clock_timestamp()",
            &[&NAME, &self.token, &TIME.as_secs_f64()],
        );
        match renewed {
            Ok(1) => {
                self.renewed = began;
                Ok(())
            }
            Ok(_) => Err(lost()),
            Err(error) => Err(table::failure(&error)),
        }
    }

    /// Does something in a transaction that only the holder of the lease can commit.
    pub(super) fn fenced<T>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Failed>,
    ) -> Result<T, WriteFailure> {
        let fenced = |client: &mut Client| -> Result<Option<T>, Failed> {
            let mut transaction = client.transaction()?;
            let held = transaction.query_opt(
                "select from log_leases where name = $1 and token = $2 and until > clock_timestamp() for update",
                &[&NAME, &self.token],
            )?;
            if held.is_none() {
                return Ok(None);
            }
            let result = work(&mut transaction)?;
            transaction.commit()?;
            Ok(Some(result))
        };
        fenced(&mut self.client)?.ok_or_else(lost)
    }

    /// Gives the lease back. Who cannot do so keeps others waiting until its time is over.
    pub(super) fn give_back(mut self) {
        let given = self
            .client
            .execute("update log_leases set until = '-infinity' where name = $1 and token = $2", &[&NAME, &self.token]);
        if let Err(error) = given {
            tracing::debug!(error = %tidemark_postgres::reason(&error), "the lease on the log could not be given back");
        }
    }
}

fn lost() -> WriteFailure {
    WriteFailure::of_database("another replica has taken the lease on keeping the log in shape")
}
