//! The class tables: everything for which a client is refused with `invalid_client` after it was looked up.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use countersign::key::KeySet;
use countersign::replay::MemoryReplayStore;
use countersign::secret::{ClientSecret, sha256};
use countersign::store::Clients;
use countersign::{AuthMethod, Authenticator, Client, Endpoint, MethodGrant, Reason};
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::SetClock;
use countersign_tests::encoding::{base64url, from_base64url};
use countersign_tests::jwk::PrivateJwk;
use countersign_tests::request::Request;
use countersign_tests::row::{Endpoint as RowEndpoint, ISSUER, NOW, STARTED_AT};
use serde_json::json;

use super::Table;
use super::classes::{Class, Prepared, Random};

/// Every table, to be made anew for each measurement: where a client lies in memory is not to be taken for its class.
pub(super) const ALL: [fn(&mut Random) -> Table; 5] = [
    |random| secrets("client_secret_basic", 20_000, 43, random),
    |random| secrets("client_secret_basic, a secret of 4 KiB", 10_000, 4096, random),
    slow,
    assertions,
    macs,
];

/// Copies of each request, for the same reason.
const COPIES: usize = 16;

/// One kind of client: how it is registered, with the secret that will be sent, and what comes of that.
struct Kind {
    name: &'static str,
    reason: Reason,
    register: fn(Client, &str, &mut Random) -> Option<Client>,
}

/// Secrets under fast hashes, of this many characters.
fn secrets(name: &'static str, samples: usize, octets: usize, random: &mut Random) -> Table {
    let kinds = [
        Kind { name: "unknown client", reason: Reason::UnknownClient, register: |_, _, _| None },
        Kind {
            name: "disabled",
            reason: Reason::ClientDisabled,
            register: |client, sent, _| Some(basic(client).with_secret(sha(sent)).disabled(true)),
        },
        Kind {
            name: "method not granted",
            reason: Reason::MethodNotGranted,
            register: |client, sent, _| {
                Some(client.with_method(AuthMethod::CLIENT_SECRET_POST).with_secret(sha(sent)))
            },
        },
        Kind {
            name: "method no longer granted",
            reason: Reason::MethodGrantExpired,
            register: |client, sent, _| {
                let ended = MethodGrant::new(AuthMethod::CLIENT_SECRET_BASIC).until(now());
                Some(client.with_grant(ended).with_secret(sha(sent)))
            },
        },
        Kind {
            name: "wrong secret",
            reason: Reason::SecretMismatch,
            register: |client, _, random| Some(rotated(client, 1, random)),
        },
        Kind {
            name: "wrong, of 2 secrets",
            reason: Reason::SecretMismatch,
            register: |client, _, random| Some(rotated(client, 2, random)),
        },
        Kind {
            name: "wrong, of 3 secrets",
            reason: Reason::SecretMismatch,
            register: |client, _, random| Some(rotated(client, 3, random)),
        },
        Kind {
            name: "wrong, of 4 secrets",
            reason: Reason::SecretMismatch,
            register: |client, _, random| Some(rotated(client, 4, random)),
        },
        Kind {
            name: "wrong, kept in the clear",
            reason: Reason::SecretMismatch,
            register: |client, _, random| Some(basic(client).with_secret(ClientSecret::raw(random.text(43)))),
        },
        Kind {
            name: "expired secret",
            reason: Reason::SecretExpired,
            register: |client, sent, _| {
                Some(basic(client).with_secret(sha(sent).with_label("label").expires_at(now())))
            },
        },
        Kind {
            name: "secret not yet valid",
            reason: Reason::SecretNotYetValid,
            register: |client, sent, _| {
                let start = now() + Duration::from_secs(60);
                Some(basic(client).with_secret(sha(sent).with_label("label").not_before(start)))
            },
        },
        Kind {
            name: "malformed stored hash",
            reason: Reason::SecretMismatch,
            register: |client, _, _| {
                Some(basic(client).with_secret(ClientSecret::stored("sha256:cut off").with_label("label")))
            },
        },
    ];
    with_secrets(name, samples, octets, &kinds, random)
}

/// A registry in which some secrets are under slow hashes, of three kinds; cheap ones, so that the rest shows.
fn slow(random: &mut Random) -> Table {
    let kinds = [
        Kind { name: "unknown client", reason: Reason::UnknownClient, register: |_, _, _| None },
        Kind {
            name: "disabled, under bcrypt",
            reason: Reason::ClientDisabled,
            register: |client, _, _| Some(basic(client).with_secret(slow_hash(BCRYPT)).disabled(true)),
        },
        Kind {
            name: "method not granted, under PBKDF2",
            reason: Reason::MethodNotGranted,
            register: |client, _, _| {
                Some(client.with_method(AuthMethod::CLIENT_SECRET_POST).with_secret(slow_hash(PBKDF2)))
            },
        },
        Kind {
            name: "wrong, under SHA-256",
            reason: Reason::SecretMismatch,
            register: |client, _, random| Some(rotated(client, 1, random)),
        },
        Kind {
            name: "wrong, under Argon2id",
            reason: Reason::SecretMismatch,
            register: |client, _, _| Some(basic(client).with_secret(slow_hash(ARGON2ID))),
        },
        Kind {
            name: "wrong, under PBKDF2",
            reason: Reason::SecretMismatch,
            register: |client, _, _| Some(basic(client).with_secret(slow_hash(PBKDF2))),
        },
        Kind {
            name: "wrong and too long, under bcrypt",
            reason: Reason::SecretMismatch,
            register: |client, _, _| Some(basic(client).with_secret(slow_hash(BCRYPT))),
        },
        Kind {
            name: "wrong, under bcrypt and Argon2id",
            reason: Reason::SecretMismatch,
            register: |client, _, _| {
                Some(basic(client).with_secret(slow_hash(BCRYPT)).with_secret(slow_hash(ARGON2ID)))
            },
        },
        Kind {
            name: "expired, under SHA-256",
            reason: Reason::SecretExpired,
            register: |client, sent, _| Some(basic(client).with_secret(sha(sent).expires_at(now()))),
        },
        Kind {
            name: "malformed bcrypt hash",
            reason: Reason::SecretMismatch,
            register: |client, _, _| Some(basic(client).with_secret(ClientSecret::stored("$2b$04$abc"))),
        },
    ];
    // Longer than bcrypt looks at.
    with_secrets("client_secret_basic, slow hashes about", 500, 80, &kinds, random)
}

fn with_secrets(
    name: &'static str,
    samples: usize,
    octets: usize,
    kinds: &[Kind],
    random: &mut Random,
) -> Table {
    let (mut clients, mut classes) = (Vec::new(), Vec::new());
    for kind in kinds {
        let (client_id, secret) = (random.text(12), random.text(octets));
        clients.extend((kind.register)(Client::new(&client_id), &secret, random));
        let request = || Prepared::new(Request::token().basic(&client_id, &secret).build());
        let requests = (0..COPIES).map(|_| request()).collect();
        classes.push(Class { name: kind.name, reason: kind.reason, requests });
    }
    random.shuffle(&mut clients);
    Table { name, auth: server(clients), classes, samples }
}

/// `private_key_jwt` with ES256.
fn assertions(random: &mut Random) -> Table {
    let (mut clients, mut classes) = (Vec::new(), Vec::new());
    let method = AuthMethod::PRIVATE_KEY_JWT;
    for (name, reason) in [
        ("unknown client", Reason::UnknownClient),
        ("disabled", Reason::ClientDisabled),
        ("method not granted", Reason::MethodNotGranted),
        ("wrong key", Reason::SignatureInvalid),
        ("unknown kid", Reason::KeyNotFound),
    ] {
        let (client_id, key) = (random.text(12), PrivateJwk::generate());
        let key = Arc::new(key.with(json!({"kid": random.text(8)})));
        let keys = KeySet::from_jwks(&json!({"keys": [key.public()]})).unwrap();
        let client = Client::new(&client_id).with_keys(keys);
        clients.extend(match reason {
            Reason::UnknownClient => None,
            Reason::ClientDisabled => Some(client.with_method(method.clone()).disabled(true)),
            Reason::MethodNotGranted => Some(client.with_method(AuthMethod::TLS_CLIENT_AUTH)),
            _ => Some(client.with_method(method.clone())),
        });
        // Many signatures: how long one takes to verify depends on it.
        let requests = (0..32 * COPIES).map(|_| {
            let kid =
                if reason == Reason::KeyNotFound { random.text(8) } else { key.kid().unwrap().to_owned() };
            let assertion = Assertion::new(&client_id, Arc::clone(&key), "ES256").header("kid", kid);
            let assertion = assertion.signed_with(Arc::new(PrivateJwk::generate()));
            Prepared::new(Request::token().assertion(assertion.mint()).build())
        });
        let requests = requests.collect();
        classes.push(Class { name, reason, requests });
    }
    Table { name: "private_key_jwt, ES256", auth: server(clients), classes, samples: 4_000 }
}

/// `client_secret_jwt` with HS256: the client, and how much of the tag is right.
fn macs(random: &mut Random) -> Table {
    let (mut clients, mut classes) = (Vec::new(), Vec::new());
    for (name, reason, right_octets) in [
        ("unknown client", Reason::UnknownClient, 0),
        ("disabled", Reason::ClientDisabled, 0),
        ("wrong key", Reason::SignatureInvalid, 0),
        ("wrong in the last octet of the tag", Reason::SignatureInvalid, 31),
        ("expired secret", Reason::SecretExpired, 32),
    ] {
        let (client_id, secret) = (random.text(12), random.text(43));
        let kept = ClientSecret::raw(&*secret);
        let kept = if reason == Reason::SecretExpired { kept.expires_at(now()) } else { kept };
        let client = Client::new(&client_id).with_method(AuthMethod::CLIENT_SECRET_JWT).with_secret(kept);
        if reason != Reason::UnknownClient {
            clients.push(client.disabled(reason == Reason::ClientDisabled));
        }
        let key = Arc::new(PrivateJwk::of_secret(&secret));
        let requests = (0..COPIES).map(|_| {
            let token = Assertion::new(&client_id, Arc::clone(&key), "HS256").mint();
            let (input, tag) = token.rsplit_once('.').unwrap();
            let mut tag = from_base64url(tag);
            tag.iter_mut().skip(right_octets).for_each(|octet| *octet ^= 0x55);
            Prepared::new(Request::token().assertion(format!("{input}.{}", base64url(tag))).build())
        });
        let requests = requests.collect();
        classes.push(Class { name, reason, requests });
    }
    Table { name: "client_secret_jwt, HS256", auth: server(clients), classes, samples: 10_000 }
}

fn server(clients: Vec<Client>) -> Authenticator {
    let clock = SetClock::new(STARTED_AT);
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new(clients).unwrap())
        .replay(MemoryReplayStore::with_clock(clock.clone()))
        .clock(clock.clone())
        .build()
        .unwrap();
    clock.advance(NOW - STARTED_AT);
    auth
}

fn basic(client: Client) -> Client {
    client.with_method(AuthMethod::CLIENT_SECRET_BASIC)
}

fn rotated(client: Client, count: usize, random: &mut Random) -> Client {
    (0..count).fold(basic(client), |client, _| {
        let secret = sha(&random.text(43)).with_label(random.text(5));
        client.with_secret(secret)
    })
}

fn sha(secret: &str) -> ClientSecret {
    ClientSecret::hashed(&sha256(secret)).unwrap()
}

fn slow_hash(stored: &str) -> ClientSecret {
    ClientSecret::hashed(stored).unwrap()
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs())
}

const ARGON2ID: &str =
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$GfSKr180UiCm+CVgrdPrzbKelEmaJB+EQ2B9mhVifyg";
const PBKDF2: &str = "$pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0c2FsdA$31ltvuXrbs8POP2F4tw9851NSNQCQpm0sCwu2eEvId8";
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";
