//! What a server says to a request, check by check, in its own order. Behind the feature `explain`.
//!
//! The server decides itself: [`Authenticator::explain`] has a twin of the authenticator decide, which shares its clients,
//! keys and policy and leaves nothing behind. So looking at an assertion does not use it up. The list of checks is drawn
//! around that decision and never has a say in it.
//!
//! ```
//! use countersign::explain::{HttpRequest, State};
//! use countersign::{Authenticator, Endpoint, replay::MemoryReplayStore, store::Clients};
//!
//! # futures_util::FutureExt::now_or_never(async {
//! let auth = Authenticator::builder()
//!     .issuer("https://as.example.com")
//!     .endpoint(Endpoint::Token, "https://as.example.com/token")
//!     .clients(Clients::new([])?)
//!     .replay(MemoryReplayStore::new())
//!     .build()?;
//! let captured = HttpRequest::read(b"eyJhbGciOiJub25lIn0.e30.", None)?;
//! let explanation = auth.explain(&captured).await;
//! let failed = explanation.failed().ok_or("refused")?;
//! assert_eq!((failed.name, failed.state), ("algorithm on the server's list", State::Failed));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap().unwrap();
//! ```

mod checks;
mod explanation;
mod facts;
mod phase;
mod rehearsal;
mod request;

#[cfg(all(test, feature = "cli"))]
pub(crate) use self::checks::ROWS;
pub use self::explanation::{Check, Explanation, State};
use self::facts::Facts;
use self::rehearsal::Seen;
pub use self::request::HttpRequest;

use crate::authenticator::Authenticator;

impl Authenticator {
    /// What this server says to the request, and why.
    ///
    /// Nothing is remembered of it: no assertion, no failure, no observer is told, no secret is hashed anew. Clients are
    /// looked up and key sets fetched as for any request. Limits on failures do not count here, so a program that takes
    /// requests from others must not let them guess secrets by it. Behind the feature `explain`.
    pub async fn explain(&self, request: &HttpRequest) -> Explanation {
        let seen = Seen::default();
        let auth = Authenticator::from_inner(self.inner().rehearsal(seen.clone(), request.arrived_at));
        let outcome = auth.authenticate(request.as_auth_request()).await;
        let seen = seen.decision();
        let phase = phase::reached(auth.inner(), &seen, request, &outcome);
        let facts = Facts::of(auth.inner(), &seen, request, &outcome).await;
        Explanation::new(facts, phase, seen, outcome)
    }
}
