//! Columns of values, and how they are read.

mod column;
pub mod csv;
mod dataset;
pub mod datetime;

pub use column::{Category, Column, Numbers, Strings, StringsBuilder, Values};
pub use dataset::{Dataset, DatasetError};

/// SHA-256 of `bytes` in lower-case hex: what `sha256sum` prints for a file.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex(&sha2::Sha256::digest(bytes))
}

/// [`sha256_hex`] of all that a source gives, which is never in memory as a whole.
///
/// # Errors
/// The source gives an error.
pub fn sha256_hex_of(mut source: impl std::io::Read) -> std::io::Result<String> {
    use sha2::Digest;
    let (mut hash, mut block) = (sha2::Sha256::new(), vec![0; 1 << 20]);
    loop {
        match source.read(&mut block)? {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(&block[..n]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string does not fail");
        hex
    })
}
