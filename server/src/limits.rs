//! How many requests a key or an address may send: token buckets.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sender {
    /// Whoever has this key.
    Key(Arc<str>),
    /// Whoever comes from this address without a key.
    Address(IpAddr),
}

/// A bucket for every sender. It holds a second's worth of requests and fills at the rate.
pub struct RateLimit {
    per_second: f64,
    shards: [Mutex<HashMap<Sender, Bucket>>; SHARDS],
    hasher: RandomState,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// Senders that hash alike wait for each other, for the time of a subtraction.
const SHARDS: usize = 16;

/// Above this many senders in a shard, those whose bucket has filled up are forgotten: they lose nothing by it.
const MAX_SENDERS: usize = 4096;

impl RateLimit {
    /// So many requests a second for every sender.
    pub fn new(per_second: f64) -> Self {
        Self { per_second, shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// There is none; there will be one after this time.
    pub fn take(&self, sender: Sender, now: Instant) -> Result<(), Duration> {
        let shard = &self.shards[self.hasher.hash_one(&sender) as usize % SHARDS];
        // A bucket is whole at any moment.
        let mut buckets = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let full = self.per_second.max(1.0);
        let filled = |bucket: &Bucket| {
            let since = now.saturating_duration_since(bucket.at).as_secs_f64();
            (bucket.tokens + since * self.per_second).min(full)
        };
        if buckets.len() >= MAX_SENDERS && !buckets.contains_key(&sender) {
            buckets.retain(|_, bucket| filled(bucket) < full);
            if buckets.len() >= MAX_SENDERS {
                return Err(Duration::from_secs(1));
            }
        }
        let bucket = buckets.entry(sender).or_insert(Bucket { tokens: full, at: now });
        *bucket = Bucket { tokens: filled(bucket), at: now };
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - bucket.tokens) / self.per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Sender {
        Sender::Key(name.into())
    }

    #[test]
    fn a_second_is_taken_at_once_and_then_at_the_rate() {
        let (limit, start) = (RateLimit::new(4.0), Instant::now());
        for _ in 0..4 {
            assert_eq!(limit.take(key("a"), start), Ok(()));
        }
        assert_eq!(limit.take(key("a"), start), Err(Duration::from_millis(250)));
        assert_eq!(limit.take(key("b"), start), Ok(()), "others are not held up");
        assert_eq!(limit.take(key("a"), start + Duration::from_millis(250)), Ok(()));
        assert!(limit.take(key("a"), start + Duration::from_millis(260)).is_err());
    }

    #[test]
    fn senders_at_rest_are_forgotten_and_memory_stays_bounded() {
        let (limit, start) = (RateLimit::new(1.0), Instant::now());
        for n in 0..200_000_u32 {
            let _taken_or_not = limit.take(Sender::Address(std::net::Ipv4Addr::from(n).into()), start);
        }
        let senders = || limit.shards.iter().map(|shard| shard.lock().unwrap().len()).sum::<usize>();
        assert!(senders() <= SHARDS * MAX_SENDERS);
        assert_eq!(limit.take(key("later"), start + Duration::from_secs(2)), Ok(()), "there is room again");
    }
}
