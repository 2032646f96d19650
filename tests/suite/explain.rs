//! The command's `explain` never disagrees with the server: every row with a single request, through both.

use std::time::{Duration, SystemTime};

use countersign::certificate::{PeerCertificates, TrustAnchors};
use countersign::cli::explain::{Explanation, HttpRequest, PepperFile, Situation, State, explain};
use countersign::forwarded::TrustedProxy;
use countersign::{AuthRequest, AuthenticatedClient, Endpoint, Policy, Refusal};
use countersign_tests::all_rows;
use countersign_tests::drivers::{PEPPERS, Server};
use countersign_tests::row::{self, NOW, Row, Step};

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
