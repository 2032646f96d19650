//! What becomes of secrets beside a decision: which was used, which hash should go, and what slow hashes cost.

use std::sync::{Arc, Mutex};

use countersign::clock::Clock;
use countersign::observer::RingBuffer;
use countersign::secret::{ClientSecret, Pepper, Rehash, SecretUse, WeakHash};
use countersign::store::{ClientStore, Clients, StoreError};
use countersign::{
    AuthMethod, AuthenticatedClient, Authenticator, AuthenticatorBuilder, Client, Reason, Refusal,
};
use countersign_tests::drivers::{Log, SetClock};
use countersign_tests::request::Request;
use countersign_tests::row::{HttpRequest, ISSUER, NOW};
use futures_util::future::join_all;
use serde_json::json;

use crate::faults::authenticate;

/// By libxcrypt, passlib and the reference implementation of Argon2.
const CHOSEN: &str = "correct horse battery staple";
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";
const PBKDF2: &str = "$pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0c2FsdA$31ltvuXrbs8POP2F4tw9851NSNQCQpm0sCwu2eEvId8";
const WEAK_ARGON2ID: &str =
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$GfSKr180UiCm+CVgrdPrzbKelEmaJB+EQ2B9mhVifyg";

/// A secret of the form that is generated, under Argon2id at OWASP's cost.
const GENERATED: &str = "cs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const STRONG_ARGON2ID: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$uX96OPvYMEOeAgyRt/iNV8k1b92ObA6vpoMKBcrsk5s";

fn client(id: &str, secrets: impl IntoIterator<Item = ClientSecret>) -> Client {
    let client = Client::new(id).with_method(AuthMethod::CLIENT_SECRET_BASIC);
    secrets.into_iter().fold(client, Client::with_secret)
}

fn stored(hash: &str) -> ClientSecret {
    ClientSecret::hashed(hash).unwrap()
}

fn builder(clients: impl ClientStore) -> AuthenticatorBuilder {
    Authenticator::builder().issuer(ISSUER).clients(clients)
}

fn request(client_id: &str, secret: &str) -> HttpRequest {
    Request::token().basic(client_id, secret).build()
}

fn send(auth: &Authenticator, client_id: &str, secret: &str) -> Result<AuthenticatedClient, Refusal> {
    futures_executor::block_on(authenticate(auth, &request(client_id, secret)))
}

/// The one hashing thread and its queue are full, so whoever needs a slow hash is turned away.
#[test]
fn a_secret_that_was_just_verified_needs_no_slow_hash() {
    let clock = SetClock::new(NOW);
    let clients = Clients::new([client("c", [stored(STRONG_ARGON2ID)])]).unwrap();
    let auth = builder(clients).slow_hashes(1, 1).clock(clock.clone()).build().unwrap();
    let wrong: Vec<_> = (0..8).map(|number| request("c", &format!("wrong-{number}"))).collect();
    let right = request("c", GENERATED);
    let in_the_crowd = || {
        let crowd = wrong.iter().chain([&right]).map(|request| authenticate(&auth, request));
        futures_executor::block_on(join_all(crowd)).pop().unwrap()
    };
    assert_eq!(in_the_crowd().unwrap_err().reason(), Reason::Throttled);
    assert!(send(&auth, "c", GENERATED).is_ok());
    for _ in 0..3 {
        assert!(in_the_crowd().is_ok());
        clock.advance(19);
    }
    // A minute after it was verified, however often it was used since.
    clock.advance(3);
    assert_eq!(in_the_crowd().unwrap_err().reason(), Reason::Throttled);
}

/// Requests that were dropped while their hash waited leave no place taken.
#[test]
fn dropped_requests_leave_the_hashing_threads_free() {
    use futures_util::FutureExt;

    let clients = Clients::new([client("c", [stored(WEAK_ARGON2ID)])]).unwrap();
    let auth = builder(clients).slow_hashes(1, 2).build().unwrap();
    for number in 0..200 {
        let wrong = request("c", &format!("wrong-{number}"));
        // Polled once, which hands the work over, and dropped.
        let _ = Box::pin(authenticate(&auth, &wrong)).now_or_never();
    }
    let free = (0..10_000).any(|_| {
        std::thread::yield_now();
        send(&auth, "c", CHOSEN).is_ok()
    });
    assert!(free);
}

/// A registry that replaces what it is advised to.
#[derive(Clone, Default)]
struct Improving {
    hashes: Arc<Mutex<Vec<String>>>,
    offers: Arc<Mutex<Vec<(String, WeakHash, String)>>>,
}

impl Improving {
    fn of(hash: &str) -> Self {
        let registry = Improving::default();
        registry.hashes.lock().unwrap().push(hash.to_owned());
        registry
    }

    fn hash(&self) -> String {
        self.hashes.lock().unwrap()[0].clone()
    }

    fn offers(&self) -> usize {
        self.offers.lock().unwrap().len()
    }
}

impl ClientStore for Improving {
    async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        let secrets = self.hashes.lock().unwrap().clone();
        let secrets = secrets.iter().map(|hash| ClientSecret::stored(hash).with_label("imported"));
        Ok((client_id == "c").then(|| Arc::new(client("c", secrets))))
    }

    async fn rehash(&self, client_id: &str, rehash: &Rehash<'_>) {
        let told = format!("{rehash:?}");
        self.offers.lock().unwrap().push((client_id.to_owned(), rehash.weak_hash(), told));
        let new = rehash.new_hash().await.unwrap();
        let mut hashes = self.hashes.lock().unwrap();
        let place = hashes.iter_mut().find(|stored| rehash.replaces(stored)).unwrap();
        *place = new;
    }
}

#[test]
fn a_weak_hash_is_replaced_when_its_secret_comes() {
    for (hash, secret, weak_hash, new) in [
        (BCRYPT, CHOSEN, WeakHash::Bcrypt, "$argon2id$v=19$m=19456,t=2,p=1$"),
        (PBKDF2, CHOSEN, WeakHash::Pbkdf2, "$argon2id$v=19$m=19456,t=2,p=1$"),
        (WEAK_ARGON2ID, CHOSEN, WeakHash::Argon2Parameters, "$argon2id$v=19$m=19456,t=2,p=1$"),
        (STRONG_ARGON2ID, GENERATED, WeakHash::SlowForGenerated, "sha256:"),
    ] {
        let registry = Improving::of(hash);
        let auth = builder(registry.clone()).build().unwrap();
        // A wrong secret is no occasion.
        assert_eq!(send(&auth, "c", "wrong").unwrap_err().reason(), Reason::SecretMismatch);
        assert_eq!(registry.offers(), 0);
        let proved = send(&auth, "c", secret).unwrap();
        assert_eq!((proved.weak_hash(), proved.secret_label()), (Some(weak_hash), Some("imported")));
        let (client_id, offered, told) = registry.offers.lock().unwrap()[0].clone();
        assert_eq!((&*client_id, offered), ("c", weak_hash));
        assert!(!told.contains(secret) && !told.contains(hash), "{told}");
        assert!(registry.hash().starts_with(new), "{}", registry.hash());
        // What replaced it is of the same secret, and good.
        let proved = send(&auth, "c", secret).unwrap();
        assert_eq!((proved.weak_hash(), registry.offers()), (None, 1));
        assert!(send(&auth, "c", "wrong").is_err());
    }
}

#[test]
fn an_old_pepper_gives_way_to_the_newest() {
    let (old, new) = ([1; 32], [2; 32]);
    let registry = Improving::of(&Pepper::new("old", &old).unwrap().hash(GENERATED));
    let auth = builder(registry.clone()).pepper("old", old).pepper("new", new).build().unwrap();
    assert!(send(&auth, "c", "wrong").is_err());
    assert_eq!(registry.offers(), 0);
    assert_eq!(send(&auth, "c", GENERATED).unwrap().weak_hash(), Some(WeakHash::OldPepper));
    assert_eq!(registry.hash(), Pepper::new("new", &new).unwrap().hash(GENERATED));
    assert_eq!(send(&auth, "c", GENERATED).unwrap().weak_hash(), None);
    assert_eq!(registry.offers(), 1);
    // And now the old one can go.
    let auth = builder(registry).pepper("new", new).build().unwrap();
    assert!(send(&auth, "c", GENERATED).is_ok());
}

/// Where peppers are in use, a generated secret comes under the newest.
#[test]
fn a_slow_hash_of_a_generated_secret_becomes_one_under_the_pepper() {
    let registry = Improving::of(STRONG_ARGON2ID);
    let auth = builder(registry.clone()).pepper("new", [2; 32]).build().unwrap();
    send(&auth, "c", GENERATED).unwrap();
    assert_eq!(registry.hash(), Pepper::new("new", &[2; 32]).unwrap().hash(GENERATED));
}

/// A registry that does nothing about it is told again, and the client is served all the same.
#[test]
fn advice_that_is_not_taken_is_given_again() {
    let (log, ring) = (Log::default(), Arc::new(RingBuffer::new(1)));
    let clients = Clients::new([client("c", [stored(BCRYPT).with_label("imported")])]).unwrap();
    let auth = builder(clients).observer((log.clone(), Arc::clone(&ring))).build().unwrap();
    for _ in 0..2 {
        log.clear();
        assert_eq!(send(&auth, "c", CHOSEN).unwrap().weak_hash(), Some(WeakHash::Bcrypt));
        assert!(log.lines()[0].contains(r#" secret="imported" weak_hash=bcrypt "#), "{:?}", log.lines());
        let event = serde_json::to_value(&*ring.events()[0]).unwrap();
        assert_eq!((&event["secret_label"], &event["weak_hash"]), (&json!("imported"), &json!("bcrypt")));
    }
}

#[test]
fn the_operator_sees_which_secret_is_no_longer_used() {
    let clock = SetClock::new(NOW);
    let began = clock.now();
    let uses = Arc::new(SecretUse::with_clock(clock.clone()).with_capacity(3));
    let secret = |label: &str| ClientSecret::generated(&format!("secret-{label}")).with_label(label);
    let c = client("c", [secret("2025"), secret("2026"), ClientSecret::generated("secret")]);
    let d = client("d", [secret("2025"), secret("2026")]);
    let clients = Clients::new([c.clone(), d.clone()]).unwrap();
    let auth = builder(clients).observer(Arc::clone(&uses)).clock(clock.clone()).build().unwrap();
    clock.advance(10);
    send(&auth, "c", "secret-2025").unwrap();
    clock.advance(10);
    send(&auth, "c", "secret-2026").unwrap();
    send(&auth, "c", "secret").unwrap();
    // A refused request is no use.
    clock.advance(10);
    assert!(send(&auth, "c", "wrong").is_err() && send(&auth, "d", "wrong").is_err());
    let after = |seconds| began + std::time::Duration::from_secs(seconds);
    let used: Vec<_> = uses.of(&c).iter().map(|last| last.used_at).collect();
    assert_eq!(used, [Some(after(10)), Some(after(20)), Some(after(20))]);
    let unused: Vec<_> = uses.of(&d).iter().map(|last| (last.used_at, last.unused_since())).collect();
    assert_eq!(unused, [(None, began), (None, began)]);
    assert_eq!(uses.of(&c)[0].to_string(), r#"secret "2025" used at 2027-01-15T08:00:10Z"#);
    send(&auth, "c", "secret-2025").unwrap();
    assert_eq!(uses.last_use("c", Some("2025")), Some(after(30)));
    // There is room for no fourth, and it says so.
    assert!(uses.is_complete());
    send(&auth, "d", "secret-2026").unwrap();
    assert!(!uses.is_complete() && uses.last_use("d", Some("2026")).is_none());
}

#[test]
fn a_secret_that_never_matches_is_named() {
    let log = Log::default();
    let lost = Pepper::new("lost", &[9; 32]).unwrap().hash(GENERATED);
    let secrets = [
        ClientSecret::stored("sha256:cut off").with_label("broken"),
        ClientSecret::stored(&lost).with_label("lost"),
        ClientSecret::generated("secret").with_label("good"),
    ];
    let c = client("c", secrets);
    let auth = builder(Clients::new([c.clone()]).unwrap()).observer(log.clone()).build().unwrap();
    let problems = auth.secret_problems(&c);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].contains(r#"client "c": the secret "broken" cannot be used: it sha256: must"#),
        "{problems:?}"
    );
    assert!(problems[1].contains(r#""lost" cannot be used: it needs the pepper lost"#), "{problems:?}");
    let refusal = send(&auth, "c", GENERATED).unwrap_err();
    assert_eq!(refusal.reason(), Reason::SecretMismatch);
    let got = refusal.got().unwrap();
    // One text for each refusal, so that its time does not tell why: the first of them.
    assert!(got.contains(r#""broken" cannot be used: it sha256: must"#), "{got}");
    assert!(send(&auth, "c", "secret").is_ok());
    // Metadata say the same, of what they can know.
    let metadata = serde_json::json!({
        "client_id": "c", "client_secrets": [{"label": "broken", "secret_hash": "sha256:cut off"}]
    });
    let metadata: countersign::metadata::ClientMetadata = serde_json::from_value(metadata).unwrap();
    assert!(Client::try_from(&metadata).is_err());
    assert_eq!(Client::from_stored(&metadata).unwrap().secrets().len(), 1);
    assert!(metadata.warnings()[0].contains(r#"client "c": the secret "broken" never matches"#));
}

#[test]
fn peppers_that_make_no_sense_build_no_server() {
    let built = |peppers: &[(&str, usize)]| {
        let empty = builder(Clients::new([]).unwrap());
        let with_peppers = |builder: AuthenticatorBuilder, (id, octets): &(&str, usize)| {
            builder.pepper(*id, vec![1; *octets])
        };
        peppers.iter().fold(empty, with_peppers).build().map(|_| ()).map_err(|error| error.setting())
    };
    assert_eq!(built(&[("a", 32), ("b", 64)]), Ok(()));
    assert_eq!(built(&[("a", 31)]), Err("pepper"));
    assert_eq!(built(&[("a", 32), ("a", 32)]), Err("pepper"));
    assert_eq!(built(&[("a:b", 32)]), Err("pepper"));
    assert_eq!(built(&[("a", 32), ("b", 32), ("c", 32), ("d", 32), ("e", 32)]), Err("pepper"));
}

/// Of each kind and cost as many as the client with most has, so that nobody's failure is cheaper: shown by a client
/// without any slow hash, whose failure finds the queue full.
#[test]
fn what_a_failure_costs_is_known_from_the_first_request_on() {
    let clients = [
        client("slow", [stored(BCRYPT), stored(PBKDF2)]),
        client("quick", [ClientSecret::generated("secret")]),
    ];
    let auth = builder(Clients::new(clients).unwrap()).slow_hashes(1, 1).build().unwrap();
    for client_id in ["nobody", "quick"] {
        let crowd: Vec<_> = (0..16).map(|number| request(client_id, &format!("wrong-{number}"))).collect();
        let crowd = crowd.iter().map(|request| authenticate(&auth, request));
        let answers = futures_executor::block_on(join_all(crowd));
        let throttled = answers
            .iter()
            .filter(|answer| answer.as_ref().is_err_and(|refusal| refusal.reason() == Reason::Throttled));
        assert!(throttled.count() > 0, "{client_id} was answered without a slow hash");
    }
    assert!(send(&auth, "quick", "secret").is_ok());
}

/// What an operator asks of a hash before it is registered.
#[test]
fn a_hash_tells_whether_a_secret_is_its_own() {
    let (pepper, other) = (Pepper::new("one", &[7; 32]).unwrap(), Pepper::new("other", &[7; 32]).unwrap());
    let secret = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";
    let peppered = |secret: &str| stored(&pepper.hash(secret));
    for (kept, of_nothing) in [
        (ClientSecret::generated(secret), ClientSecret::generated("")),
        (ClientSecret::raw(secret), ClientSecret::raw("")),
        (peppered(secret), peppered("")),
    ] {
        assert_eq!(kept.is(secret, Some(&pepper)), Ok(true), "{kept:?}");
        for wrong in ["", "wrong", &secret[1..], &secret.to_lowercase()] {
            assert_eq!(kept.is(wrong, Some(&pepper)), Ok(false), "{kept:?}: {wrong:?}");
        }
        assert_eq!(of_nothing.is("", Some(&pepper)), Ok(false), "{kept:?}");
    }
    assert!(peppered(secret).is(secret, None).is_err() && peppered(secret).is(secret, Some(&other)).is_err());
}
