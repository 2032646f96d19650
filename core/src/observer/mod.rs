//! What the operator sees: each decision, told to an observer.
//!
//! An observer of one's own implements [`Observer`]; several stand in a tuple or a `Vec`:
//!
//! ```
//! use std::sync::Arc;
//! use countersign::observer::{Decision, Observer, RingBuffer};
//! use countersign::{AuthMethod, Authenticator, Client, store::Clients};
//!
//! struct StandardError;
//!
//! impl Observer for StandardError {
//!     fn decided(&self, decision: &Decision<'_>) {
//!         eprintln!("{decision}");
//!     }
//! }
//!
//! let recent = Arc::new(RingBuffer::new(1_000));
//! let auth = Authenticator::builder()
//!     .issuer("https://as.example.com")
//!     .clients(Clients::new([Client::new("app").with_method(AuthMethod::NONE)])?)
//!     .observer((StandardError, Arc::clone(&recent)))
//!     .build()?;
//! assert!(recent.events().is_empty());
//! # Ok::<(), countersign::ConfigError>(())
//! ```
//!
//! | observer | feature | what it does |
//! | --- | --- | --- |
//! | `Tracing` | `tracing` | a span around each decision and an event with fields; the default, with that feature |
//! | `Metrics` | `metrics` | counts and times decisions, for the exporter of the program's choice |
//! | [`RingBuffer`] | | keeps the newest decisions for a page that shows them |
//! | [`AuditLog`] | | a file of JSON lines |
//! | [`MethodUse`] | | counts by which method each client authenticates, and says what to pin it to |
//! | [`SecretUse`](crate::secret::SecretUse) | | keeps when each secret was used last |
//!
//! **Text of the caller is escaped.** A `client_id`, a `kid`, a scheme are whatever a stranger chose to send. In a
//! [`Decision`]'s line, in an [`Event`] and in the fields of a tracing event such a text is printable ASCII: every other
//! character, and `\` and `"`, is escaped as in a Rust string, and after 256 octets the rest is cut off and shown as
//! `…`. So it cannot break a line, steer a terminal, turn the writing direction or pass for another text.

mod audit;
mod decision;
pub(crate) mod escape;
mod event;
mod method_report;
mod method_use;
#[cfg(feature = "metrics")]
mod metrics;
mod ring;
mod several;
#[cfg(feature = "tracing")]
mod tracing;
mod uses;

pub use self::audit::AuditLog;
pub use self::decision::Decision;
pub(crate) use self::decision::JwtId;
pub use self::event::Event;
pub use self::method_report::{ClientMethods, MethodReport, RefusedMethod, UsedMethod};
pub use self::method_use::MethodUse;
#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub use self::metrics::Metrics;
pub use self::ring::RingBuffer;
#[cfg(feature = "tracing")]
#[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
pub use self::tracing::Tracing;
pub(crate) use self::uses::Uses;

/// Is told of every decision, as a port. Called on the request's own task: it should not block.
///
/// An authentication that the observer could not be told of, because it panicked, is refused with
/// [`Reason::InternalError`](crate::Reason::InternalError). Of several, those that come after the one that panicked are not
/// told.
pub trait Observer: Send + Sync + 'static {
    /// A request was authenticated or refused.
    fn decided(&self, decision: &Decision<'_>);

    /// The span around the decision about a request to `endpoint`; [`decided`](Observer::decided) is called inside it,
    /// and so are the stores. The default is none. Behind the feature `tracing`.
    #[cfg(feature = "tracing")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
    fn span(&self, endpoint: crate::endpoint::Endpoint) -> ::tracing::Span {
        let _ = endpoint;
        ::tracing::Span::none()
    }
}
