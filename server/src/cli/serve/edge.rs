//! The flags of how a service meets the network.

use axum::http::HeaderValue;
use clap::Args as ClapArgs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::super::Failure;
use crate::clock::{Clock, SystemClock};
use crate::front::Settings;
use crate::keys::{KeyStore, Keyring};
use crate::listen::{Limits, Tls};
use crate::serve::Edge;
use crate::slow_body::Pace;
use tidemark_watch::db::Db;

const NETWORK: &str = "Network";

/// What `serve` and `demo` can be told about the network.
#[derive(ClapArgs)]
pub(in super::super) struct EdgeArgs {
    /// Ask for keys although only this machine can reach the service
    #[arg(long, help_heading = NETWORK)]
    require_keys: bool,
    /// Ask nobody for a key although other machines can reach the service
    #[arg(long, conflicts_with = "require_keys", help_heading = NETWORK)]
    insecure_no_keys: bool,
    /// A proxy stands in front and says who sends a request (X-Forwarded-For, X-Forwarded-Proto); asks for keys
    #[arg(long, help_heading = NETWORK)]
    trust_proxy: bool,
    /// Speak TLS with the certificates of this PEM file, the server's own first; SIGHUP reads it again
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = NETWORK)]
    tls_cert: Option<PathBuf>,
    /// The key of --tls-cert, a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = NETWORK)]
    tls_key: Option<PathBuf>,
    /// Let pages of this origin call the service, such as https://app.example; may be given again
    #[arg(long, value_name = "ORIGIN", value_parser = parse_origin, help_heading = NETWORK)]
    cors_origin: Vec<HeaderValue>,
    /// Requests a second that a key, or an address without one, may send; any number if not given
    #[arg(long, value_name = "N", value_parser = parse_rate, help_heading = NETWORK)]
    rate_limit: Option<f64>,
    /// Connections at a time; more of them wait
    #[arg(long, value_name = "N", default_value_t = 16_384, value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = NETWORK)]
    max_connections: u32,
}

impl EdgeArgs {
    /// What the flags add up to for a service at this address.
    ///
    /// # Errors
    /// There is no key, or no certificate.
    pub(super) fn open(&self, address: SocketAddr, folder: &Path, db: &Db) -> Result<Edge, Failure> {
        let is_reachable = !address.ip().is_loopback() || self.trust_proxy;
        let asks = self.require_keys || is_reachable && !self.insecure_no_keys;
        if is_reachable && !asks {
            tracing::warn!(
                "--insecure-no-keys: {address} can be reached from other machines, and whoever reaches it may read \
                 everything and change everything"
            );
        }
        let keyring = if asks { Some(keyring(folder, db)?) } else { None };
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(Tls::open(certificate, key).map_err(|error| Failure::new("TLS", error))?)
            }
            _ => None,
        };
        if asks && tls.is_none() && !address.ip().is_loopback() && !self.trust_proxy {
            tracing::warn!("keys and predictions cross the network unencrypted; see --tls-cert and --trust-proxy");
        }
        let limits = Limits { connections: self.max_connections as usize, ..Limits::default() };
        // All of a proxy's connections come from one address.
        let limits = if self.trust_proxy { Limits { per_address: usize::MAX, ..limits } } else { limits };
        let settings = Settings {
            keys: keyring,
            is_local: !is_reachable,
            trusts_proxy: self.trust_proxy,
            cors_origins: self.cors_origin.clone(),
            requests_per_second: self.rate_limit,
            pace: Pace::default(),
            data_folder: Some(folder.to_owned()),
        };
        Ok(Edge { settings, limits, tls })
    }
}

/// Without a key nobody could use the service.
fn keyring(folder: &Path, db: &Db) -> Result<Keyring, Failure> {
    let ring = KeyStore::on(db.clone()).and_then(Keyring::open).map_err(|error| Failure::file(folder, error))?;
    if ring.has_valid(SystemClock.now()) {
        return Ok(ring);
    }
    let place = if db.is_shared() { "--replica-of URL".to_owned() } else { format!("--data-dir {}", folder.display()) };
    Err(Failure::Error(format!(
        "a service that other machines can reach asks for keys, and there is none yet. Make one with\n  \
         tidemark keys create --role admin {place}\nor let everyone in with --insecure-no-keys"
    )))
}

fn parse_origin(text: &str) -> Result<HeaderValue, String> {
    let is_origin = text.split_once("://").is_some_and(|(scheme, host)| {
        matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '*', ' ', '@'])
    });
    let value = HeaderValue::from_str(text).ok().filter(|_| is_origin);
    value.ok_or_else(|| "expected a scheme and a host, such as https://app.example".to_owned())
}

fn parse_rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_not_a_number| "expected requests per second".to_owned())?;
    if (0.01..=1e6).contains(&rate) { Ok(rate) } else { Err("expected 0.01 to 1000000 per second".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        assert!(parse_origin("https://app.example").is_ok() && parse_origin("http://localhost:3000").is_ok());
        for wrong in ["*", "null", "app.example", "https://", "https://app.example/", "https://*.example", "file:///x"]
        {
            assert!(parse_origin(wrong).is_err(), "{wrong}");
        }
    }
}
