//! Requests whose truth is known before they are sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use countersign_tests::assertion::Assertion;
use countersign_tests::jwk::PrivateJwk;
use countersign_tests::request::Request;
use countersign_tests::row::{HttpRequest, ISSUER};

use crate::bed::{FURTHEST_STEP, LEEWAY};
use crate::clock::unix_now;
use crate::node::NUMBER;
use crate::random::{Random, fresh_number};
use crate::subject::{Kind, Subject, fresh_secret};

/// A request, and what is true of it.
pub(crate) struct Drawn {
    pub(crate) subject: Arc<Subject>,
    pub(crate) request: HttpRequest,
    /// For the report.
    pub(crate) name: &'static str,
    pub(crate) truth: Truth,
    pub(crate) assertion: Option<Sent>,
    /// To be sent again, but not before it was sent.
    stolen: Option<Stolen>,
}

/// What is true of a credential, as far as it does not depend on what else happens.
#[derive(Clone)]
pub(crate) enum Truth {
    /// It proves the client wherever this secret and this key are the client's.
    Good(Proof),
    /// The same, and it was sent before.
    Again(Proof),
    /// It proves nobody.
    Wrong,
}

#[derive(Clone, Default)]
pub(crate) struct Proof {
    pub(crate) secret: Option<Arc<str>>,
    /// By its name at the `jwks_uri`.
    pub(crate) key: Option<String>,
}

/// An assertion that a request carries.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) number: u64,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
}

/// Assertions that were sent, to be sent again.
#[derive(Default)]
pub(crate) struct Pool(Mutex<VecDeque<Stolen>>);

#[derive(Clone)]
struct Stolen {
    subject: Arc<Subject>,
    token: String,
    proof: Proof,
    sent: Sent,
}

impl Pool {
    /// The request was sent.
    pub(crate) fn add(&self, drawn: &Drawn) {
        let Some(stolen) = drawn.stolen.clone() else { return };
        let now = unix_now();
        let mut pool = self.0.lock().unwrap();
        while pool.len() >= MOST_STOLEN || pool.front().is_some_and(|oldest| oldest.is_dead(now)) {
            pool.pop_front();
        }
        pool.push_back(stolen);
    }

    /// Any, or one that is about to expire, by one clock or another.
    fn draw(&self, random: &mut Random) -> Option<Stolen> {
        let now = unix_now();
        let pool = self.0.lock().unwrap();
        let expiring = |stolen: &&Stolen| {
            let since = now - stolen.sent.expires_at;
            (-FURTHEST_STEP..=LEEWAY + FURTHEST_STEP).contains(&since)
        };
        let expiring: Vec<&Stolen> =
            if random.chance(50) { pool.iter().filter(expiring).collect() } else { Vec::new() };
        let all: Vec<&Stolen> = if expiring.is_empty() { pool.iter().collect() } else { expiring };
        (!all.is_empty()).then(|| (*random.one(&all)).clone())
    }
}

impl Stolen {
    fn is_dead(&self, now: i64) -> bool {
        now > self.sent.expires_at + LEEWAY + 3 * FURTHEST_STEP
    }
}

/// Draws a request.
pub(crate) fn draw(random: &mut Random, subjects: &[Arc<Subject>], pool: &Pool) -> Drawn {
    if random.chance(20)
        && let Some(stolen) = pool.draw(random)
    {
        let request = carrying(&stolen.token, stolen.sent.number).build();
        let (truth, sent) = (Truth::Again(stolen.proof), Some(stolen.sent));
        let (subject, name) = (stolen.subject, "sent again");
        return Drawn { subject, request, name, truth, assertion: sent, stolen: None };
    }
    let subject = Arc::clone(random.one(subjects));
    if random.chance(60) { good(random, subject) } else { wrong(random, subject) }
}

fn good(random: &mut Random, subject: Arc<Subject>) -> Drawn {
    let secret = subject.has_secret().then(|| subject.entry.latest().secret);
    let key = match (subject.kind, &secret) {
        (Kind::Mac, Some(secret)) => Some(Arc::new(PrivateJwk::of_secret(secret))),
        _ => subject.key(),
    };
    let proof = Proof { key: key.as_ref().and_then(|key| named(&subject, key)), secret };
    let Some(key) = key else {
        let request = by_secret(&subject, proof.secret.as_deref()).build();
        return Drawn {
            subject,
            request,
            name: "good",
            truth: Truth::Good(proof),
            assertion: None,
            stolen: None,
        };
    };
    let sent = Sent::living_for(random.between(5, 16));
    let token = assertion(&subject, key, &sent).mint();
    let request = carrying(&token, sent.number).build();
    let (truth, assertion) = (Truth::Good(proof.clone()), Some(sent.clone()));
    let stolen =
        Some(Stolen { subject: Arc::clone(&subject), token, proof, sent }).filter(|_| random.chance(50));
    Drawn { subject, request, name: "good", truth, assertion, stolen }
}

fn wrong(random: &mut Random, subject: Arc<Subject>) -> Drawn {
    let (name, request) = match subject.key() {
        Some(key) => wrong_assertion(random, &subject, key),
        None => wrong_secret(random, &subject),
    };
    Drawn { subject, request: request.build(), name, truth: Truth::Wrong, assertion: None, stolen: None }
}

fn wrong_secret(random: &mut Random, subject: &Subject) -> (&'static str, Request) {
    let (now, other) = (subject.entry.latest().secret, fresh_secret());
    let right = by_secret(subject, Some(&now));
    match random.between(0, 6) {
        0 if subject.kind != Kind::Public => ("wrong secret", by_secret(subject, Some(&other))),
        1 => match subject.kind {
            Kind::Basic | Kind::SlowHash => ("another method", Request::token().post(&subject.id, &now)),
            _ => ("another method", Request::token().basic(&subject.id, &now)),
        },
        2 => ("two carriers", Request::token().basic(&subject.id, &now).post(&subject.id, &now)),
        3 => ("malformed", right.body(format!("client_id={}&client_secret=%zz", subject.id))),
        4 => ("malformed", right.field("grant_type", "twice")),
        _ => ("unknown client", Request::token().basic(&format!("nobody-{}", fresh_number()), &now)),
    }
}

fn wrong_assertion(random: &mut Random, subject: &Subject, key: Arc<PrivateJwk>) -> (&'static str, Request) {
    let sent = Sent::living_for(30);
    let right = assertion(subject, key, &sent);
    let never = LEEWAY + FURTHEST_STEP + random.between(2, 60);
    let somebody = format!("nobody-{}", fresh_number());
    let (name, wrong) = match random.between(0, 10) {
        0 => {
            ("expired", right.claim("exp", sent.issued_at - never).claim("iat", sent.issued_at - never - 30))
        }
        1 => {
            // Even when it is read late.
            let iat = sent.issued_at + never + 20;
            ("from the future", right.claim("iat", iat).claim("exp", iat + 30))
        }
        2 => ("wrong audience", right.claim("aud", "https://another.example.com")),
        3 => ("foreign signature", right.signed_with(subject.foreign_key())),
        4 => ("unknown client", right.claim("iss", somebody.as_str()).claim("sub", somebody.as_str())),
        5 => ("another issuer", right.claim("iss", somebody.as_str())),
        6 => ("no signature", right.header("alg", "none")),
        7 => {
            let request = carrying(&right.mint(), sent.number);
            return ("two carriers", request.basic(&subject.id, "a secret"));
        }
        8 => {
            let mut token = right.mint();
            token.truncate(token.rfind('.').unwrap());
            return ("malformed", carrying(&token, sent.number));
        }
        _ => ("without jti", right.without_claim("jti")),
    };
    (name, carrying(&wrong.mint(), sent.number))
}

/// With a key or a secret that was the client's and no longer is, if there is one.
pub(crate) fn retired(random: &mut Random, subjects: &[Arc<Subject>]) -> Option<Drawn> {
    let subject = Arc::clone(random.one(subjects));
    let mut entries: Vec<_> = subject.entry.past().into_iter().map(|entry| entry.secret).collect();
    entries.retain(|secret| *secret != subject.entry.latest().secret);
    let keys: Vec<_> = subject.published.past().into_iter().flatten().collect();
    let (request, proof, sent) = if subject.kind == Kind::RemoteKeys && !keys.is_empty() {
        let (key, sent) = (Arc::clone(random.one(&keys)), Sent::living_for(10));
        let proof = Proof { secret: None, key: named(&subject, &key) };
        (carrying(&assertion(&subject, key, &sent).mint(), sent.number), proof, Some(sent))
    } else if subject.has_secret() && !entries.is_empty() {
        let secret = Arc::clone(random.one(&entries));
        let proof = Proof { secret: Some(Arc::clone(&secret)), key: None };
        if subject.kind == Kind::Mac {
            let (key, sent) = (Arc::new(PrivateJwk::of_secret(&secret)), Sent::living_for(10));
            (carrying(&assertion(&subject, key, &sent).mint(), sent.number), proof, Some(sent))
        } else {
            (by_secret(&subject, Some(&secret)), proof, None)
        }
    } else {
        return None;
    };
    let truth = Truth::Good(proof);
    let request = request.build();
    Some(Drawn { subject, request, name: "retired", truth, assertion: sent, stolen: None })
}

fn by_secret(subject: &Subject, secret: Option<&str>) -> Request {
    match (subject.kind, secret) {
        (Kind::Public, _) | (_, None) => Request::token().field("client_id", &subject.id),
        (Kind::Post, Some(secret)) => Request::token().post(&subject.id, secret),
        (_, Some(secret)) => Request::token().basic(&subject.id, secret),
    }
}

fn assertion(subject: &Subject, key: Arc<PrivateJwk>, sent: &Sent) -> Assertion {
    let assertion = Assertion::new(&subject.id, key, &subject.algorithm());
    assertion.claim("aud", ISSUER).claim("iat", sent.issued_at).claim("exp", sent.expires_at)
}

fn carrying(token: &str, number: u64) -> Request {
    Request::token().assertion(token).field(NUMBER, &number.to_string())
}

fn named(subject: &Subject, key: &PrivateJwk) -> Option<String> {
    (subject.kind == Kind::RemoteKeys).then(|| key.kid().unwrap_or_default().to_owned())
}

impl Sent {
    fn living_for(seconds: i64) -> Self {
        let now = unix_now();
        Sent { number: fresh_number(), issued_at: now, expires_at: now + seconds }
    }
}

const MOST_STOLEN: usize = 4000;
