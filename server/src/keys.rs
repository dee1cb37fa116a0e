//! Who may do what: keys with roles, of which only hashes are kept, and the sessions of people who signed in with one.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use subtle::ConstantTimeEq;
use tidemark_app::monitor::Millis;

use tidemark_watch::db::{Db, Row};
use tidemark_watch::store::StoreError;
use tidemark_watch::values;

mod secret;

pub use secret::Secret;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Role {
    /// Ask models.
    Predict,
    /// Send predictions and labels of models that are served elsewhere.
    Ingest,
    /// Read pages, reports and metrics.
    Read,
    /// Everything.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Predict, Self::Ingest, Self::Read, Self::Admin];

    /// The name, as it is stored and declared.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Predict => "predict",
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.name() == name);
        found.ok_or_else(|| format!("{name:?} is no role: predict, ingest, read or admin"))
    }
}

type Hash = [u8; 32];

/// A key as it is kept: everything but the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// What lists and logs call it: the first eight digits of the hash.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// When it was made.
    pub created: Millis,
    /// From when on it is not valid; `None` for never.
    pub expires: Option<Millis>,
    /// When it was last used, to the second or so.
    pub last_used: Option<Millis>,
    /// When it was revoked.
    pub revoked: Option<Millis>,
    hash: Hash,
}

impl KeyRecord {
    /// Whether it opens anything at this time.
    pub fn is_valid(&self, now: Millis) -> bool {
        self.expires.is_none_or(|expires| now < expires) && self.revoked.is_none_or(|revoked| now < revoked)
    }
}

/// The keys in the data folder's database, or in the one that replicas share.
pub struct KeyStore {
    db: Db,
}

const SCHEMA: &str = "
    create table if not exists keys (
        id text primary key,
        name text not null,
        role text not null,
        hash blob not null unique,
        created integer not null,
        expires integer,
        last_used integer,
        revoked integer
    ) strict;
";

impl KeyStore {
    /// The keys in this database; their table is made if there is none.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn on(db: Db) -> Result<Self, StoreError> {
        db.write(|tx| tx.declare(SCHEMA))?;
        Ok(Self { db })
    }

    /// Makes a key. The secret is returned this once and kept nowhere.
    ///
    /// # Errors
    /// The key could not be stored, or the operating system gave no random bytes.
    pub fn create(
        &self,
        role: Role,
        name: &str,
        now: Millis,
        expires: Option<Millis>,
    ) -> Result<(KeyRecord, Secret), StoreError> {
        let secret = Secret::draw().map_err(|error| StoreError::Io(format!("no random bytes: {error}")))?;
        let hash = hash(secret.reveal());
        let id: String = hash[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        self.db.execute(
            "insert into keys (id, name, role, hash, created, expires) values (?1, ?2, ?3, ?4, ?5, ?6)",
            values![id, name, role.name(), hash.as_slice(), now, expires],
        )?;
        let record =
            KeyRecord { id, name: name.to_owned(), role, created: now, expires, last_used: None, revoked: None, hash };
        Ok((record, secret))
    }

    /// All keys, in the order they were made.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn list(&self) -> Result<Vec<KeyRecord>, StoreError> {
        let select = "select id, name, role, hash, created, expires, last_used, revoked from keys order by created, id";
        self.db.query(select, &[], record)
    }

    /// The key of this identifier, if there is one that is valid now.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn valid(&self, id: &str, now: Millis) -> Result<Option<KeyRecord>, StoreError> {
        Ok(self.list()?.into_iter().find(|key| key.id == id && key.is_valid(now)))
    }

    /// Makes a key in the place of another, with its role, name and end. The other one ends at `end`.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn rotate(&self, old: &KeyRecord, now: Millis, end: Millis) -> Result<(KeyRecord, Secret), StoreError> {
        let new = self.create(old.role, &old.name, now, old.expires)?;
        self.revoke(&old.id, end)?;
        Ok(new)
    }

    /// Ends a key from `at` on; `false` if there is no such key, or it has been ended.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn revoke(&self, id: &str, at: Millis) -> Result<bool, StoreError> {
        let sql = "update keys set revoked = ?2 where id = ?1 and (revoked is null or revoked > ?2)";
        Ok(self.db.execute(sql, values![id, at])? > 0)
    }

    fn touch(&self, id: &str, at: Millis) -> Result<(), StoreError> {
        let sql = "update keys set last_used = ?2 where id = ?1 and coalesce(last_used, 0) < ?2";
        self.db.execute(sql, values![id, at])?;
        Ok(())
    }
}

fn record(row: &Row<'_>) -> Result<KeyRecord, StoreError> {
    let hash: Vec<u8> = row.get(3)?;
    Ok(KeyRecord {
        id: row.get(0)?,
        name: row.get(1)?,
        role: row.get::<String>(2)?.parse().map_err(StoreError::Corrupt)?,
        hash: hash.try_into().map_err(|_wrong_length| StoreError::Corrupt("a key's hash has 32 bytes".to_owned()))?,
        created: row.get(4)?,
        expires: row.get(5)?,
        last_used: row.get(6)?,
        revoked: row.get(7)?,
    })
}

fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

/// A key that a request may act with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The key's identifier.
    pub key: Arc<str>,
    /// The key's role.
    pub role: Role,
}

struct Known {
    record: KeyRecord,
    caller: Caller,
    last_used: AtomicI64,
}

struct Session {
    key: Arc<str>,
    until: Millis,
}

/// The keys in memory, as requests are held against them. [`Keyring::refresh`] brings it up to date with the store.
pub struct Keyring {
    store: KeyStore,
    known: RwLock<Arc<[Known]>>,
    sessions: Mutex<HashMap<Hash, Session>>,
}

/// Who signed in is signed in for so long.
pub const SESSION_MILLIS: Millis = 12 * 60 * 60 * 1000;

/// More people than this are not signed in at a time; the ones whose session ends first have to sign in again.
const MAX_SESSIONS: usize = 10_000;

impl Keyring {
    /// The keys of this store.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn open(store: KeyStore) -> Result<Self, StoreError> {
        let ring = Self { store, known: RwLock::new(Arc::new([])), sessions: Mutex::default() };
        ring.refresh()?;
        Ok(ring)
    }

    /// Where the keys are kept. What is changed there holds after the next [`Self::refresh`].
    pub const fn store(&self) -> &KeyStore {
        &self.store
    }

    /// Whether there is a key that is valid now.
    pub fn has_valid(&self, now: Millis) -> bool {
        self.known().iter().any(|known| known.record.is_valid(now))
    }

    /// Writes down when keys were used, and reads what the command line has changed meanwhile. Meant for every second.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub fn refresh(&self) -> Result<(), StoreError> {
        for known in self.known().iter() {
            let last_used = known.last_used.load(Ordering::Relaxed);
            if last_used > known.record.last_used.unwrap_or(0) {
                self.store.touch(&known.record.id, last_used)?;
            }
        }
        let known: Arc<[Known]> = self.store.list()?.into_iter().map(Known::of).collect();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    /// The caller whose key this is, if it is valid. Takes the same time whichever key is like it.
    pub fn recognise(&self, key: &str, now: Millis) -> Option<Caller> {
        let presented = hash(key);
        let known = self.known();
        // Every key is looked at, whether or not an earlier one fits.
        let mut found = None;
        for candidate in known.iter() {
            if bool::from(candidate.record.hash.ct_eq(&presented)) {
                found = Some(candidate);
            }
        }
        found.filter(|known| known.record.is_valid(now)).map(|known| known.use_at(now))
    }

    /// Signs in: the secret of a new session, for a cookie.
    ///
    /// # Errors
    /// The operating system gave no random bytes.
    pub fn sign_in(&self, caller: &Caller, now: Millis) -> Result<Secret, getrandom::Error> {
        let secret = Secret::draw()?;
        let mut sessions = self.sessions();
        sessions.retain(|_, session| now < session.until);
        if sessions.len() >= MAX_SESSIONS
            && let Some(first) = sessions.iter().min_by_key(|(_, session)| session.until).map(|(hash, _)| *hash)
        {
            sessions.remove(&first);
        }
        sessions.insert(hash(secret.reveal()), Session { key: caller.key.clone(), until: now + SESSION_MILLIS });
        Ok(secret)
    }

    /// The caller of this session, as long as session and key are valid.
    pub fn resume(&self, session: &str, now: Millis) -> Option<Caller> {
        let key = self.sessions().get(&hash(session)).filter(|session| now < session.until)?.key.clone();
        let known = self.known();
        let known = known.iter().find(|known| known.caller.key == key)?;
        known.record.is_valid(now).then(|| known.use_at(now))
    }

    /// Ends a session.
    pub fn sign_out(&self, session: &str) {
        self.sessions().remove(&hash(session));
    }

    fn known(&self) -> Arc<[Known]> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<Hash, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn of(record: KeyRecord) -> Self {
        let caller = Caller { key: record.id.as_str().into(), role: record.role };
        let last_used = AtomicI64::new(record.last_used.unwrap_or(0));
        Self { record, caller, last_used }
    }

    fn use_at(&self, now: Millis) -> Caller {
        self.last_used.fetch_max(now, Ordering::Relaxed);
        self.caller.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> Keyring {
        on(Db::in_memory().unwrap())
    }

    fn on(db: Db) -> Keyring {
        Keyring::open(KeyStore::on(db).unwrap()).unwrap()
    }

    #[test]
    fn a_key_is_recognised_until_it_expires() {
        let ring = ring();
        let (record, secret) = ring.store.create(Role::Read, "dashboard", 1000, Some(2000)).unwrap();
        assert_eq!(ring.recognise(secret.reveal(), 1500), None, "not before the ring knows it");
        ring.refresh().unwrap();
        let caller = ring.recognise(secret.reveal(), 1999).unwrap();
        assert_eq!((&*caller.key, caller.role), (record.id.as_str(), Role::Read));
        assert_eq!(ring.recognise(secret.reveal(), 2000), None, "expired");
        for wrong in ["", "tdm_", &secret.reveal()[..46], &format!("{}A", secret.reveal())] {
            assert_eq!(ring.recognise(wrong, 1500), None, "{wrong}");
        }
    }

    #[test]
    fn a_revoked_key_ends_its_sessions() {
        let ring = ring();
        let (record, secret) = ring.store.create(Role::Admin, "", 0, None).unwrap();
        ring.refresh().unwrap();
        let caller = ring.recognise(secret.reveal(), 10).unwrap();
        let session = ring.sign_in(&caller, 10).unwrap();
        assert_eq!(ring.resume(session.reveal(), 20), Some(caller));
        assert!(ring.store.revoke(&record.id, 30).unwrap());
        assert!(!ring.store.revoke(&record.id, 30).unwrap(), "it has been");
        ring.refresh().unwrap();
        assert_eq!(ring.resume(session.reveal(), 40), None);
        assert_eq!(ring.recognise(secret.reveal(), 40), None);
    }

    #[test]
    fn sessions_end_by_themselves_and_when_signed_out() {
        let ring = ring();
        let (_, secret) = ring.store.create(Role::Read, "", 0, None).unwrap();
        ring.refresh().unwrap();
        let caller = ring.recognise(secret.reveal(), 0).unwrap();
        let (first, second) = (ring.sign_in(&caller, 0).unwrap(), ring.sign_in(&caller, 0).unwrap());
        ring.sign_out(first.reveal());
        assert_eq!(ring.resume(first.reveal(), 1), None);
        assert!(ring.resume(second.reveal(), SESSION_MILLIS - 1).is_some());
        assert_eq!(ring.resume(second.reveal(), SESSION_MILLIS), None);
    }

    #[test]
    fn replicas_share_keys_and_when_they_were_used() {
        let Some(server) = tidemark_throwaway::shared() else { return };
        let db = Db::postgres(server.database().parse().unwrap());
        let (one, other) = (on(db.clone()), on(db));
        let (record, secret) = one.store.create(Role::Read, "dashboard", 1000, Some(2000)).unwrap();
        other.refresh().unwrap();
        let caller = other.recognise(secret.reveal(), 1500).unwrap();
        assert_eq!((&*caller.key, caller.role), (record.id.as_str(), Role::Read));
        // Whoever saw it last says so, in whatever order they write it down.
        one.refresh().unwrap();
        one.recognise(secret.reveal(), 1400).unwrap();
        other.refresh().unwrap();
        one.refresh().unwrap();
        assert_eq!(one.store.list().unwrap()[0].last_used, Some(1500));
        assert!(other.store.revoke(&record.id, 1600).unwrap());
        one.refresh().unwrap();
        assert_eq!(one.recognise(secret.reveal(), 1700), None);
    }

    #[test]
    fn the_store_holds_no_secret_and_knows_when_a_key_was_used() {
        let ring = ring();
        let (record, secret) = ring.store.create(Role::Predict, "", 5, None).unwrap();
        ring.refresh().unwrap();
        ring.recognise(secret.reveal(), 77).unwrap();
        ring.refresh().unwrap();
        let listed = ring.store.list().unwrap();
        assert_eq!((listed[0].id.as_str(), listed[0].last_used), (record.id.as_str(), Some(77)));
        assert!(!format!("{listed:?} {secret:?}").contains(secret.reveal()));
    }
}
