//! The command's `explain` never disagrees with the server: every row with a single request, through both.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use countersign::certificate::{PeerCertificates, TrustAnchors};
use countersign::cli::explain::{Explanation, HttpRequest, PepperFile, Situation, State, explain};
use countersign::clock::{Clock as _, SystemClock};
use countersign::forwarded::TrustedProxy;
use countersign::key::KeySet;
use countersign::observer::RingBuffer;
use countersign::replay::MemoryReplayStore;
use countersign::sign::{ClientAssertion, SigningKey};
use countersign::store::Clients;
use countersign::{
    Algorithm, AuthMethod, AuthRequest, AuthenticatedClient, Authenticator, Client, Endpoint, Policy, Reason,
    Refusal,
};
use countersign_tests::all_rows;
use countersign_tests::drivers::{PEPPERS, Server};
use countersign_tests::row::{self, NOW, Row, Step};
use serde_json::json;

#[test]
fn explain_says_what_the_server_says_to_every_row_with_a_single_request() {
    let mut compared = 0;
    let mut problems = Vec::new();
    for row in all_rows() {
        let Some((now, request)) = single_request(&row) else { continue };
        let server = Server::new(&row.setup);
        server.clock.advance(now - NOW);
        let decided = futures_executor::block_on(decide(&server, request));
        let explained =
            futures_executor::block_on(explain(&situation(&row, now), &captured(request))).unwrap();
        if let Err(problem) = compare(&decided, &explained) {
            problems.push(format!("{}: {problem}", row.name));
        }
        compared += 1;
    }
    println!("{compared} rows explained");
    assert!(problems.is_empty(), "{} rows differ:\n{}", problems.len(), problems.join("\n"));
    assert!(compared >= 300, "only {compared} rows were compared");
}

/// Nothing that was sent as a secret comes back in what is printed.
#[test]
fn an_explanation_shows_no_secret_and_no_assertion() {
    for row in all_rows() {
        let Some((now, request)) = single_request(&row) else { continue };
        let explained =
            futures_executor::block_on(explain(&situation(&row, now), &captured(request))).unwrap();
        let seen: Vec<&str> = explained.checks.iter().filter_map(|check| check.seen.as_deref()).collect();
        let shown = format!("{seen:?} {:?} {:?}", explained.notes, explained.outcome);
        for secret in secrets(&row, request) {
            assert!(!shown.contains(&secret), "{}: {secret:?} in {shown}", row.name);
        }
    }
}

/// An operator looks at what a client is about to send.
#[test]
fn looking_at_an_assertion_leaves_nothing_behind() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let keys = KeySet::from_jwks(&json!({ "keys": [key.public_jwk().unwrap()] })).unwrap();
    let client = Client::new("a").with_method(AuthMethod::PRIVATE_KEY_JWT).with_keys(keys);
    let (replay, events) = (Arc::new(MemoryReplayStore::new()), Arc::new(RingBuffer::new(10)));
    let auth = Authenticator::builder()
        .issuer(row::ISSUER)
        .endpoint(Endpoint::Token, format!("{}/token", row::ISSUER))
        .clients(Clients::new([client]).unwrap())
        .replay(Arc::clone(&replay))
        .observer(Arc::clone(&events))
        .build()
        .unwrap();
    let assertion = ClientAssertion::for_client("a").audience(row::ISSUER).sign(&key).unwrap();
    let captured = HttpRequest::read(assertion.as_str().as_bytes(), None).unwrap();
    let explained = || futures_executor::block_on(auth.explain(&captured));
    for _ in 0..2 {
        let explanation = explained();
        assert_eq!(explanation.outcome.as_ref().unwrap().client_id(), "a");
        assert_eq!(explanation.checks.last().map(|check| check.state), Some(State::NotMade));
    }
    assert!(replay.is_empty() && events.events().is_empty());

    let send = || {
        let request = AuthRequest::new(Endpoint::Token, "POST", &captured, captured.body.clone().into());
        futures_executor::block_on(auth.authenticate(request))
    };
    assert!(send().is_ok());
    assert_eq!(send().unwrap_err().reason(), Reason::Replayed);
    // What the observers know it by.
    assert_eq!(explained().jwt_id_hash.as_deref(), events.events()[0].jwt_id_hash.as_deref());
    assert!(explained().jwt_id_hash.is_some() && explained().outcome.is_ok());

    // Judged as of a time of its own: before it was issued, and after it ended.
    let (now, distance) = (SystemClock::default().now(), Duration::from_secs(2 * 3600));
    for (at, reason) in [(now - distance, Reason::NotYetValid), (now + distance, Reason::Expired)] {
        let then = HttpRequest { arrived_at: Some(at), ..captured.clone() };
        let explanation = futures_executor::block_on(auth.explain(&then));
        assert_eq!(explanation.failed().map(|check| check.reason), Some(reason));
    }
    assert_eq!((replay.len(), events.events().len()), (1, 2));
}

/// A row that sends once, and the time at which it does. What a server remembers of earlier requests, `explain` cannot
/// know; nor can a file of clients give one of them anchors of its own.
fn single_request(row: &Row) -> Option<(i64, &row::HttpRequest)> {
    if !row.setup.own_anchors.is_empty() || !row.setup.key_sets.is_empty() {
        return None;
    }
    let mut now = NOW;
    let mut found = None;
    for step in &row.steps {
        match step {
            Step::Advance { seconds } if found.is_none() => now += seconds,
            Step::Advance { .. } | Step::Publish { .. } => {}
            Step::Register { .. } => return None,
            Step::Send { .. } if found.is_some() => return None,
            Step::Send { request, .. } => found = Some((now, request)),
        }
    }
    found
}

fn situation(row: &Row, now: i64) -> Situation {
    let switches = row.setup.policy.as_object().cloned().unwrap_or_default();
    let mut situation = Situation::new(row::ISSUER, time(now));
    situation.policy = Policy::preset(&row.setup.preset).unwrap().with_switches(switches).unwrap();
    situation.clients = row.setup.clients.clone();
    situation.peppers = PEPPERS.map(|(id, octets)| PepperFile::new(id, octets)).into();
    situation.memory_lost_at = Some(time(row.setup.started_at));
    situation.anchors = row.setup.anchors.as_ref().map(|der| TrustAnchors::from_der(der).unwrap());
    situation.proxy = row
        .setup
        .proxy
        .as_ref()
        .map(|proxy| TrustedProxy::new(&proxy.networks, proxy.header.parse().unwrap()).unwrap());
    let own = row::Endpoint::ALL.map(|endpoint| (own(endpoint), endpoint.url().to_owned()));
    assert_eq!(situation.endpoints, own, "the usual paths are those of the rows");
    situation
}

fn captured(request: &row::HttpRequest) -> HttpRequest {
    HttpRequest {
        endpoint: own(request.endpoint),
        verb: request.verb.clone(),
        query: request.query.clone(),
        headers: request.headers.clone(),
        body: request.body.clone(),
        certificates: PeerCertificates::from_handshake(request.peer.certificates.clone()),
        source: request.peer.address,
        arrived_at: None,
    }
}

async fn decide(server: &Server, request: &row::HttpRequest) -> Result<AuthenticatedClient, Refusal> {
    let headers = request.headers.as_slice();
    let body = request.body.clone().into();
    let certificates = PeerCertificates::from_handshake(request.peer.certificates.clone());
    let request = AuthRequest::new(own(request.endpoint), &request.verb, &headers, body)
        .with_query(request.query.as_deref())
        .with_source(request.peer.address)
        .with_certificates(certificates.as_ref());
    server.auth.authenticate(request).await
}

fn compare(decided: &Result<AuthenticatedClient, Refusal>, explained: &Explanation) -> Result<(), String> {
    let states = |state| explained.checks.iter().filter(|check| check.state == state).count();
    let fits = match (decided, &explained.outcome) {
        (Ok(decided), Ok(explained)) => {
            (decided.client_id(), decided.method(), decided.algorithm(), decided.key_id())
                == (explained.client_id(), explained.method(), explained.algorithm(), explained.key_id())
                && states(State::Failed) == 0
                && states(State::NotReached) == 0
        }
        (Err(decided), Err(refusal)) => {
            (decided.reason(), decided.status(), decided.body(), decided.expected(), decided.got())
                == (refusal.reason(), refusal.status(), refusal.body(), refusal.expected(), refusal.got())
                && explained.failed().map(|check| check.reason) == Some(refusal.reason())
                && states(State::Failed) == 1
                && states(State::NotMade) == 0
        }
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("{decided:?}\n  {explained:?}")) }
}

/// What must not be shown: secrets, assertions and their ids.
fn secrets(row: &Row, request: &row::HttpRequest) -> Vec<String> {
    let registered = row.setup.clients.iter().flat_map(|client| {
        let rotating = client["client_secrets"].as_array().cloned().unwrap_or_default();
        let rotating = rotating.into_iter().map(|entry| entry["secret"].clone());
        rotating.chain([client["client_secret"].clone()]).collect::<Vec<_>>()
    });
    let registered = registered.filter_map(|secret| secret.as_str().map(str::to_owned));
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let sent = body
        .split('&')
        .filter_map(|pair| pair.strip_prefix("client_assertion=").or(pair.strip_prefix("client_secret=")))
        .map(str::to_owned)
        .collect::<Vec<_>>();
    // Who writes a secret into the client_id has written it into the log.
    let named: Vec<String> = form_urlencoded::parse(&request.body)
        .filter(|(name, _)| name == "client_id")
        .map(|(_, value)| value.into_owned())
        .collect();
    registered
        .chain(sent)
        .filter(|secret| secret.len() >= 16 && named.iter().all(|id| !id.contains(secret.as_str())))
        .collect()
}

fn own(endpoint: row::Endpoint) -> Endpoint {
    endpoint.path().parse().unwrap()
}

fn time(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())
}
