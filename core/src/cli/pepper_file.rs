//! `--pepper NAME=FILE`.

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

use super::files;
use super::problem::Problem;
use crate::secret::Pepper;

/// A pepper as it was read, with its name.
#[derive(Clone)]
pub struct PepperFile {
    pub(super) id: String,
    pub(super) octets: Zeroizing<Vec<u8>>,
}

impl PepperFile {
    /// A pepper of this name.
    pub fn new(id: impl Into<String>, octets: impl Into<Vec<u8>>) -> Self {
        PepperFile { id: id.into(), octets: Zeroizing::new(octets.into()) }
    }

    pub(super) fn read((id, file): &(String, String)) -> Result<Self, Problem> {
        let file = Path::new(file);
        let octets = files::read(file)?;
        let _makes_one = Pepper::new(id, &octets).map_err(|error| Problem::in_file(file, error))?;
        Ok(PepperFile { id: id.clone(), octets })
    }
}

/// Shows the name, nothing of the octets.
impl fmt::Debug for PepperFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PepperFile").field("id", &self.id).finish_non_exhaustive()
    }
}
