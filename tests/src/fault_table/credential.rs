//! A credential that is sent, with the truth about it.

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use countersign::clock::{Clock as _, SystemClock};
use countersign::{AuthRequest, Authenticator, Endpoint};

use crate::assertion::Assertion;
use crate::encoding::basic;
use crate::fixtures::fixtures;
use crate::request::Request;
use crate::row::HttpRequest;

/// A request, whether it proves anything, and how often that was believed.
pub struct Credential {
    request: HttpRequest,
    most: u32,
    accepted: AtomicU32,
}

impl Credential {
    /// One that proves who sends it, as often as it is sent.
    pub fn right(request: Request) -> Self {
        Credential::new(request, u32::MAX)
    }

    /// One that proves it once.
    pub fn right_once(request: Request) -> Self {
        Credential::new(request, 1)
    }

    /// One that proves nothing.
    pub fn wrong(request: Request) -> Self {
        Credential::new(request, 0)
    }

    fn new(request: Request, most: u32) -> Self {
        Credential { request: request.build(), most, accepted: AtomicU32::new(0) }
    }

    /// Does it prove anything?
    pub fn is_right(&self) -> bool {
        self.most > 0
    }

    /// Has it been accepted, at least once?
    pub fn was_accepted(&self) -> bool {
        self.accepted.load(Ordering::SeqCst) > 0
    }

    /// Sends it, and says what it was answered.
    pub async fn send(&self, auth: &Authenticator) -> Answer {
        let headers = self.request.headers.as_slice();
        let body = Bytes::from(self.request.body.clone());
        let request = AuthRequest::new(Endpoint::Token, &self.request.verb, &headers, body);
        match auth.authenticate(request).await {
            Ok(_) => {
                let times = self.accepted.fetch_add(1, Ordering::SeqCst) + 1;
                Answer { kind: "200".to_owned(), is_accepted: true, is_wrong_accept: times > self.most }
            }
            Err(refusal) => Answer {
                kind: format!("{} {}", refusal.status(), refusal.reason()),
                is_accepted: false,
                is_wrong_accept: false,
            },
        }
    }
}

/// What came of it.
pub struct Answer {
    /// The status, and the reason that the operator sees.
    pub kind: String,
    /// Was it taken for good?
    pub is_accepted: bool,
    /// And was that wrong?
    pub is_wrong_accept: bool,
}

/// Right and wrong secrets, of clients that every scene knows by heart.
pub(super) fn secrets() -> Vec<Credential> {
    let secret = |client: &str| fixtures().client(client).secret().unwrap();
    let by_basic = |secret: &str| Request::token().authorization(basic("c-basic", secret));
    vec![
        Credential::right(by_basic(&secret("c-basic"))),
        Credential::right(Request::token().post("c-post", &secret("c-post"))),
        Credential::wrong(by_basic("a secret that nobody has")),
    ]
}

/// An assertion of a fixture client under its own name or another, valid now.
pub(super) fn assertion(key_of: &str, client_id: &str) -> Assertion {
    let now = SystemClock::default().now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let assertion = Assertion::new(client_id, fixtures().key_of(key_of), "ES256");
    assertion.claim("iat", now).claim("exp", now + 300)
}

/// The same, signed by somebody else.
pub(super) fn forged(client_id: &str) -> Assertion {
    assertion("c-pkjwt-es256b", client_id)
}
