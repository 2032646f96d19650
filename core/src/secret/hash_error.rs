//! What is wrong with a hash.

use std::fmt;

/// A hash that cannot be read, asks for too much, or could not be made. Holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashError(pub(super) &'static str);

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for HashError {}
