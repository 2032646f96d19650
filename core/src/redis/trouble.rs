//! Why a server cannot be asked.

use std::fmt;
use std::sync::Arc;

use crate::store::StoreError;

/// A text for the operator: what is wrong, and the cure where there is one. It never has a password in it, since the
/// driver's errors do not.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    text: Arc<str>,
    is_broken: bool,
}

impl Trouble {
    pub(crate) fn new(text: impl Into<Arc<str>>) -> Self {
        Trouble { text: text.into(), is_broken: false }
    }

    /// Is it the connection alone that is gone?
    pub(super) fn is_broken_connection(&self) -> bool {
        self.is_broken
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Trouble {}

impl From<redis::RedisError> for Trouble {
    fn from(error: redis::RedisError) -> Self {
        Trouble { text: error.to_string().into(), is_broken: error.is_unrecoverable_error() }
    }
}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        StoreError::new(trouble)
    }
}
