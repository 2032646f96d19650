//! A class of requests that are refused for the same reason.

use aws_lc_rs::rand;
use bytes::Bytes;
use countersign::{AuthRequest, AuthenticatedClient, Authenticator, Endpoint, Reason, Refusal};
use countersign_tests::encoding::base64url;
use countersign_tests::row::HttpRequest;

/// Requests of one client, which are refused for one reason.
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) reason: Reason,
    pub(super) requests: Vec<Prepared>,
}

/// A request, with nothing left to do: in parts, and as it goes over the wire.
pub(super) struct Prepared {
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
    pub(super) octets: Vec<u8>,
}

impl Prepared {
    pub(super) fn new(request: HttpRequest) -> Self {
        let mut octets = b"POST /token HTTP/1.1\r\nhost: localhost\r\n".to_vec();
        for (name, value) in &request.headers {
            octets.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        octets.extend(format!("content-length: {}\r\n\r\n", request.body.len()).into_bytes());
        octets.extend(&request.body);
        Prepared { headers: request.headers, body: request.body.into(), octets }
    }

    /// The whole decision, through the core.
    pub(super) fn decide(&self, auth: &Authenticator) -> Result<AuthenticatedClient, Refusal> {
        let headers = self.headers.as_slice();
        let request = AuthRequest::new(Endpoint::Token, "POST", &headers, self.body.clone());
        futures_executor::block_on(auth.authenticate(request))
    }
}

/// Random numbers: seeded by the operating system, and cheap.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new() -> Self {
        let mut seed = [0; 8];
        rand::fill(&mut seed).unwrap();
        Random(u64::from_le_bytes(seed) | 1)
    }

    /// Less than this.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// Characters that no encoding changes.
    pub(super) fn text(&mut self, length: usize) -> String {
        let mut text: String = (0..length / 10 + 1).map(|_| base64url(self.next().to_le_bytes())).collect();
        text.truncate(length);
        text
    }

    /// splitmix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
