//! What went wrong with the file, for everybody who waited for it.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An error of SQLite's, with the file it is about. A clone for each claim of a batch.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    path: PathBuf,
    source: Arc<sqlx::Error>,
}

impl Fault {
    pub(super) fn new(path: &Path, source: sqlx::Error) -> Self {
        Fault { path: path.to_owned(), source: Arc::new(source) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.source)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
