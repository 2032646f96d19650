//! Limits on failed attempts: the server must resist guessing
//! ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
//!
//! What is limited is a source, never a client: failures from elsewhere must not lock a client out, or anybody who
//! knows a `client_id` could switch that client off. So a [`Throttle`] counts the failures of one source at one client,
//! and those of one source at all clients.
//!
//! **On by default**, by [`FailureLimits`] in this process, for every request whose source is known. Where it is not,
//! nothing is limited: the tower layer has to be told where the address is found, and a server behind a proxy which
//! header the proxy writes it into ([`TrustedProxy::forwarded_for`](crate::forwarded::TrustedProxy::forwarded_for)). An
//! address that is a trusted proxy's own, because the proxy named no other, is nobody's in particular and counts as unknown;
//! but whoever garbles that header until it cannot be read is limited together with all who do the same.
//!
//! **What counts** is every failure of a client to prove itself, whatever was wrong: a secret, a signature, a
//! certificate, a `client_id` that does not exist, a method that the client does not use, an assertion that has expired.
//! If some of these were free, a caller could tell from the first 429 which of them it was, and so which clients exist.
//! A request in which no client could be looked for (no credential, an unreadable one, a method that this server does
//! not run) guesses at nothing and is free, and so is one that failed because a dependency was down.
//!
//! **A success gives back** what the same client failed from the same source before: a library that tries
//! `client_secret_basic` first and `client_secret_post` after it is not punished.
//!
//! A request that is refused here costs no look-up and no hash, and whether its client exists does not matter to it. It is
//! answered 429 with `Retry-After`, also when its credential is right.

mod attempted;
mod budget;
mod guard;
mod limits;
#[cfg(test)]
#[cfg(shuttle)]
mod models;
mod port;
mod recent;
#[cfg(feature = "redis")]
mod redis;

pub use self::attempted::Attempted;
#[cfg(feature = "redis")]
pub(crate) use self::budget::{Budget, nanos};
pub(crate) use self::guard::Guard;
pub use self::limits::FailureLimits;
pub(crate) use self::port::Port;
pub use self::port::{RetryAfter, Throttle};
#[cfg(feature = "redis")]
pub(crate) use self::recent::{Bounds, Recent};
#[cfg(feature = "redis")]
pub use self::redis::RedisThrottle;
