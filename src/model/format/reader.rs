//! Takes numbers from bytes, and never more than there are.

use crate::model::ModelError;

/// What is left to read.
pub struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    /// The next `n` bytes. `part` names them in an error.
    pub fn bytes(&mut self, part: &str, n: usize) -> Result<&'a [u8], ModelError> {
        match self.left.split_at_checked(n) {
            Some((taken, left)) => {
                self.left = left;
                Ok(taken)
            }
            None => Err(self.too_short(part, n as u64)),
        }
    }

    /// The next `n` items of `N` bytes. Memory is taken only after the bytes have been found to be there.
    fn items<const N: usize, T>(
        &mut self,
        part: &str,
        n: usize,
        from_le: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, ModelError> {
        let n_bytes = n.checked_mul(N).ok_or_else(|| self.too_short(part, u64::MAX))?;
        let bytes = self.bytes(part, n_bytes)?;
        let (items, _) = bytes.as_chunks::<N>();
        Ok(items.iter().map(|item| from_le(*item)).collect())
    }

    pub fn u16s(&mut self, part: &str, n: usize) -> Result<Vec<u16>, ModelError> {
        self.items(part, n, u16::from_le_bytes)
    }

    pub fn u32s(&mut self, part: &str, n: usize) -> Result<Vec<u32>, ModelError> {
        self.items(part, n, u32::from_le_bytes)
    }

    pub fn u64(&mut self, part: &str) -> Result<u64, ModelError> {
        Ok(self.items(part, 1, u64::from_le_bytes)?[0])
    }

    pub fn f64s(&mut self, part: &str, n: usize) -> Result<Vec<f64>, ModelError> {
        self.items(part, n, f64::from_le_bytes)
    }

    /// Truth values, a byte each.
    pub fn bools(&mut self, part: &str, n: usize) -> Result<Vec<bool>, ModelError> {
        let bytes = self.bytes(part, n)?;
        if bytes.iter().any(|&byte| byte > 1) {
            return Err(ModelError::Value { part: part.to_owned(), expected: "0 or 1 per truth value" });
        }
        Ok(bytes.iter().map(|&byte| byte == 1).collect())
    }

    /// Makes sure that nothing is left.
    pub fn finish(self) -> Result<(), ModelError> {
        if self.left.is_empty() {
            return Ok(());
        }
        Err(ModelError::Length { part: "end".to_owned(), expected: 0, found: self.left.len() as u64 })
    }

    fn too_short(&self, part: &str, expected: u64) -> ModelError {
        ModelError::Length { part: part.to_owned(), expected, found: self.left.len() as u64 }
    }
}
