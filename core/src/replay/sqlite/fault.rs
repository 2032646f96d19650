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

/// Does another connection hold the lock that was asked for? Nothing was changed then, and a moment later the same
/// can be tried again.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    const SQLITE_BUSY: u32 = 5;
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    // The kinds of it differ above the lowest octet.
    code.is_some_and(|code| code & 0xff == SQLITE_BUSY)
}
