//! Under which keys an attempt is counted.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::throttle::{Attempted, FailureLimits};

/// `ct:{source}`, and below it what is known of the source as a client. The braces keep all that is counted of a source
/// on one node of a cluster. Sources and clients are 16 octets of a hash: of one length, whatever a caller sends.
pub(super) struct Keys {
    pub(super) in_all: Vec<u8>,
    pub(super) at_client: Vec<u8>,
    pub(super) trusted: Vec<u8>,
    /// The client and source, in this process.
    pub(super) tag: u64,
}

impl Keys {
    /// `None` for a source that is not limited.
    pub(super) fn of(attempt: &Attempted<'_>, limits: &FailureLimits) -> Option<Self> {
        let tag = limits.tag(attempt)?;
        let address = limits.source(attempt).to_string();
        let source = URL_SAFE_NO_PAD.encode(hash(&[attempt.tenant(), &address]));
        let name_alone = if attempt.has_name_alone() { "name" } else { "" };
        let client = hash(&[attempt.client_id(), name_alone]);
        let in_all = format!("ct:{{{source}}}").into_bytes();
        let below = |kind: u8| [&*in_all, &[kind], &client].concat();
        Some(Keys { at_client: below(b'f'), trusted: below(b't'), in_all, tag })
    }
}

/// Each part with its length before it, so that no two lists can be written alike.
fn hash(parts: &[&str]) -> [u8; 16] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut hash = [0; 16];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}
