//! Puts counts, texts and choices into bytes.

/// What was written so far.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub written: Vec<u8>,
}

impl Writer {
    pub fn byte(&mut self, byte: u8) {
        self.written.push(byte);
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.written.extend_from_slice(bytes);
    }

    /// Seven bits to a byte, the lowest first; the eighth says that more follow.
    pub fn count(&mut self, mut count: u64) {
        while count >= 0x80 {
            self.byte(count as u8 | 0x80);
            count >>= 7;
        }
        self.byte(count as u8);
    }

    /// A length, and so many bytes.
    pub fn text(&mut self, text: &[u8]) {
        self.count(text.len() as u64);
        self.bytes(text);
    }

    /// Whether there is something, and what.
    pub fn optional<T>(&mut self, some: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.byte(u8::from(some.is_some()));
        if let Some(some) = some {
            write(self, some);
        }
    }
}
