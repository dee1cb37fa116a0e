//! TLS by rustls: a certificate and its key from PEM files, read again when asked to.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::{Accept, TlsAcceptor};

/// Why there is no TLS.
#[derive(Debug)]
pub enum TlsError {
    /// The file cannot be read, or holds no PEM of what it should.
    File(PathBuf, String),
    /// Certificate and key do not fit together.
    Pair(rustls::Error),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Pair(error) => write!(f, "certificate and key: {error}"),
        }
    }
}

impl std::error::Error for TlsError {}

/// A certificate in use. Clones share it.
#[derive(Clone)]
pub struct Tls {
    files: Arc<(PathBuf, PathBuf)>,
    config: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Tls {
    /// Reads a chain of certificates, the server's first, and its key.
    ///
    /// # Errors
    /// A file cannot be read, or they do not fit together.
    pub fn open(certificates: &Path, key: &Path) -> Result<Self, TlsError> {
        let config = read(certificates, key)?;
        Ok(Self {
            files: Arc::new((certificates.to_owned(), key.to_owned())),
            config: Arc::new(RwLock::new(Arc::new(config))),
        })
    }

    /// Reads the files again, for connections to come. Those that are open keep what they have.
    ///
    /// # Errors
    /// A file cannot be read, or they do not fit together; then nothing changes.
    pub fn reload(&self) -> Result<(), TlsError> {
        let config = read(&self.files.0, &self.files.1)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
        Ok(())
    }

    /// Shakes hands.
    pub(super) fn accept(&self, stream: TcpStream) -> Accept<TcpStream> {
        let config = Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner));
        TlsAcceptor::from(config).accept(stream)
    }
}

fn read(certificates: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let error = |path: &Path, error: rustls::pki_types::pem::Error| TlsError::File(path.to_owned(), error.to_string());
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|why| error(certificates, why))?;
    if chain.is_empty() {
        return Err(TlsError::File(certificates.to_owned(), "there is no certificate in it".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|why| error(key, why))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(TlsError::Pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_certificate_is_named() {
        let path = std::env::temp_dir().join(format!("tidemark-test-{}.pem", uuid::Uuid::now_v7()));
        std::fs::write(&path, "no certificate\n").unwrap();
        let error = Tls::open(&path, &path).err().expect("it is no certificate").to_string();
        std::fs::remove_file(&path).unwrap();
        assert!(error.contains(&path.display().to_string()), "{error}");
        assert!(matches!(Tls::open(&path, &path), Err(TlsError::File(..))), "it is gone");
    }
}
