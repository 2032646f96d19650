//! What tells one proxy's header from another's.

use std::fmt;

use crate::refusal::Failure;

/// One way to write a certificate into header fields. Each stands in a file of its own.
pub(super) struct Format {
    /// Its name in a configuration file.
    pub(super) name: &'static str,
    /// The field, unless it was configured otherwise.
    pub(super) header: &'static str,
    /// The field with the rest of the chain, likewise.
    pub(super) chain_header: Option<&'static str>,
    /// May that one come in several lines?
    pub(super) chain_may_be_split: bool,
    /// Reads the certificates, leaf first, out of values that are not empty.
    pub(super) read: fn(&Values<'_>) -> Result<Vec<Vec<u8>>, Failure>,
}

/// The values to read.
pub(super) struct Values<'h> {
    /// The one line of the field.
    pub(super) leaf: &'h str,
    /// The lines of the chain's field.
    pub(super) chain: Vec<&'h str>,
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
