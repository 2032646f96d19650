//! What every SQLite file of ours has in common.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The path that `sqlite://…` or a path means.
pub(crate) fn path(name: &Path) -> io::Result<PathBuf> {
    let unfit = |message| io::Error::new(io::ErrorKind::InvalidInput, message);
    let text = name.to_str().ok_or_else(|| unfit("the name of an SQLite file must be UTF-8"))?;
    let stripped = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:"));
    if stripped.is_some_and(|rest| rest.contains('?')) {
        return Err(unfit("sqlite://… takes a path and no parameters"));
    }
    match stripped.unwrap_or(text) {
        "" => Err(unfit("the path of the SQLite file is missing")),
        ":memory:" => {
            Err(unfit("an SQLite file is needed; for memory there are MemoryReplayStore and MemoryRegistry"))
        }
        // Absolute, so that SQLite cannot take it for a URI and a change of the working folder means nothing.
        path => std::path::absolute(path),
    }
}

/// Makes an empty file, for this user alone, when there is none.
pub(crate) fn make_if_missing(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // A file that exists must not be opened here: closing it again would drop every lock on it that SQLite holds in
    // this process (POSIX advisory locks).
    match options.open(path) {
        Ok(file) => {
            file.sync_all()?;
            sync_folder(path)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// A new file survives a loss of power once the entry in its folder does.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Device and number of a file. SQLite itself goes on with one that was deleted, while another process makes a new one.
#[cfg(unix)]
pub(crate) type Identity = (u64, u64);

#[cfg(unix)]
pub(crate) fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// An open file cannot be deleted here.
#[cfg(not(unix))]
pub(crate) type Identity = ();

#[cfg(not(unix))]
pub(crate) fn identity(_: &Path) -> io::Result<Identity> {
    Ok(())
}

/// Does another connection hold the lock that was asked for? Nothing was changed then, and a moment later the same
/// can be tried again.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    const SQLITE_BUSY: u32 = 5;
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    // The kinds of it differ above the lowest octet.
    code.is_some_and(|code| code & 0xff == SQLITE_BUSY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_meant_with_and_without_its_scheme() {
        let here = std::env::current_dir().unwrap();
        for name in ["replay.db", "sqlite:replay.db", "sqlite://replay.db"] {
            assert_eq!(path(Path::new(name)).unwrap(), here.join("replay.db"));
        }
        assert_eq!(path(Path::new("sqlite:///var/replay.db")).unwrap(), Path::new("/var/replay.db"));
        assert_eq!(path(Path::new("file:a?mode=memory")).unwrap(), here.join("file:a?mode=memory"));
    }
}
