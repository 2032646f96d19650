//! `[peppers]`: secrets of this server, which the hashes of its clients' secrets are keyed with.

use std::path::PathBuf;

use countersign::AuthenticatorBuilder;
use countersign::secret::Pepper;

use crate::config::problem::Problem;

/// A pepper's name, and the file that holds its octets.
#[derive(Debug)]
pub(crate) struct PepperFile {
    pub(crate) id: String,
    pub(crate) file: PathBuf,
}

impl PepperFile {
    /// Reads it, and gives it to the authenticator.
    pub(crate) fn open(&self, builder: AuthenticatorBuilder) -> Result<AuthenticatorBuilder, Problem> {
        let octets = std::fs::read(&self.file).map_err(|error| Problem::in_file(&self.file, error))?;
        // Found here, where the file is known.
        Pepper::new(&self.id, &octets).map_err(|error| Problem::in_file(&self.file, error))?;
        Ok(builder.pepper(self.id.as_str(), octets))
    }
}
