//! By which methods clients really authenticate, and what they can be pinned to.

use std::sync::Arc;

use bytes::Bytes;
use countersign::metadata::ClientMetadata;
use countersign::observer::{MethodReport, MethodUse};
use countersign::store::Clients;
use countersign::{AuthMethod, AuthRequest, Authenticator, Client};
use countersign_tests::drivers::SetClock;
use countersign_tests::request::Request;
use countersign_tests::row::{Endpoint, ISSUER, NOW};
use serde_json::{Value, json};

const SECRET: &str = "secret-of-a-client";

struct Bed {
    auth: Authenticator,
    uses: Arc<MethodUse>,
    clients: Clients,
    clock: SetClock,
}

impl Bed {
    fn new(clients: Value, capacity: usize) -> Self {
        let metadata: Vec<ClientMetadata> = serde_json::from_value(clients).unwrap();
        let clients = metadata.iter().map(|metadata| Client::try_from(metadata).unwrap());
        let clients = Clients::new(clients).unwrap();
        let clock = SetClock::new(NOW);
        let uses = Arc::new(MethodUse::with_clock(&clock).with_capacity(capacity));
        let auth = Authenticator::builder()
            .issuer(ISSUER)
            .clients(clients.clone())
            .methods([AuthMethod::NONE, AuthMethod::CLIENT_SECRET_BASIC, AuthMethod::CLIENT_SECRET_POST])
            .clock(clock.clone())
            .observer(Arc::clone(&uses))
            .build()
            .unwrap();
        Bed { auth, uses, clients, clock }
    }

    fn send(&self, request: Request) {
        let request = request.build();
        let (endpoint, headers) = (request.endpoint.path().parse().unwrap(), request.headers.as_slice());
        let request = AuthRequest::new(endpoint, &request.verb, &headers, Bytes::from(request.body.clone()));
        let _ = futures_executor::block_on(self.auth.authenticate(request));
    }

    fn report(&self) -> MethodReport {
        self.uses.report(self.clients.iter().map(AsRef::as_ref))
    }

    fn json(&self) -> Value {
        serde_json::to_value(self.report()).unwrap()
    }
}

fn unpinned(client_id: &str) -> Value {
    json!({"client_id": client_id, "client_secret": SECRET, "any_secret_method": true})
}

#[test]
fn an_operator_reads_what_each_client_uses_and_pins_it() {
    let pinned = json!({"client_id": "p", "client_secret": SECRET, "auth_methods": [
        {"method": "client_secret_basic", "endpoints": ["token"], "until": NOW + 60}]});
    let bed = Bed::new(json!([unpinned("c"), unpinned("unseen"), pinned]), 100);
    for _ in 0..3 {
        bed.send(Request::token().post("c", SECRET));
        bed.clock.advance(10);
    }
    bed.send(Request::to(Endpoint::Revocation).post("c", SECRET));
    // What proves nothing counts for nothing.
    bed.send(Request::token().basic("c", "wrong"));
    bed.send(Request::token().field("client_id", "c"));
    bed.send(Request::token().basic("p", SECRET));
    bed.send(Request::token().post("p", SECRET));
    bed.clock.advance(30);
    bed.send(Request::token().basic("p", SECRET));
    bed.send(Request::token().basic("nobody", SECRET));

    let report = bed.json();
    assert_eq!(report["since"], "2027-01-15T08:00:00Z");
    assert_eq!(report["complete"], true);
    let expected = json!([
        {
            "client_id": "c", "pinned": false, "pin_to": ["client_secret_post"],
            "used": [
                {"method": "client_secret_post", "endpoint": "token", "times": 3, "last": "2027-01-15T08:00:20Z"},
                {"method": "client_secret_post", "endpoint": "revocation", "times": 1, "last": "2027-01-15T08:00:30Z"},
            ],
            "refused": [
                {"method": "none", "endpoint": "token", "reason": "method_not_granted", "times": 1,
                 "last": "2027-01-15T08:00:30Z"},
            ],
        },
        {
            "client_id": "p", "pinned": true, "pin_to": [],
            "used": [
                {"method": "client_secret_basic", "endpoint": "token", "times": 1, "last": "2027-01-15T08:00:30Z"},
            ],
            "refused": [
                {"method": "client_secret_post", "endpoint": "token", "reason": "method_not_granted", "times": 1,
                 "last": "2027-01-15T08:00:30Z"},
                {"method": "client_secret_basic", "endpoint": "token", "reason": "method_grant_expired", "times": 1,
                 "last": "2027-01-15T08:01:00Z"},
            ],
        },
        {"client_id": "unseen", "pinned": false, "used": [], "refused": [], "pin_to": []},
    ]);
    assert_eq!(report["clients"], expected, "{report:#}");

    let table = bed.report().to_string();
    for line in ["c       not pinned; pin to: client_secret_post\n", "unseen  not pinned; unused\n"] {
        assert!(table.contains(line), "{table}");
    }
    assert!(!table.contains("nobody") && !table.contains(SECRET), "{table}");

    let read: MethodReport = serde_json::from_value(report).unwrap();
    assert_eq!(read, bed.report());
    let mut metadata: ClientMetadata = serde_json::from_value(unpinned("c")).unwrap();
    metadata.pin(&read.clients[0].pin_to).unwrap();
    assert_eq!(metadata.token_endpoint_auth_method, Some(AuthMethod::CLIENT_SECRET_POST));
    metadata = serde_json::from_value(unpinned("unseen")).unwrap();
    assert!(metadata.pin(&read.clients[2].pin_to).is_err());
}

/// A stranger who claims the ids of clients takes no room from what is used, and an id that is not registered takes none.
#[test]
fn what_is_refused_drives_out_nothing_that_is_used() {
    let clients: Vec<Value> = (0..4).map(|number| unpinned(&format!("c{number}"))).collect();
    let bed = Bed::new(json!(clients), 4);
    for number in 0..50 {
        bed.send(Request::token().field("client_id", &format!("nobody-{number}")));
        bed.send(Request::to(Endpoint::ALL[number % 6]).field("client_id", &format!("c{}", number % 4)));
    }
    for number in 0..4 {
        bed.send(Request::token().basic(&format!("c{number}"), SECRET));
    }
    let report = bed.report();
    assert!(report.complete);
    assert!(report.clients.iter().all(|client| client.pin_to == [AuthMethod::CLIENT_SECRET_BASIC]));
    assert_eq!(report.clients.iter().map(|client| client.refused.len()).sum::<usize>(), 4);
    // No room is left, which is said.
    bed.send(Request::token().post("c0", SECRET));
    let report = bed.report();
    assert!(!report.complete && report.to_string().contains("not complete"), "{report}");
}
