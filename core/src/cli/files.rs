//! Files: read whole, written new, private ones for their owner alone.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::problem::Problem;

/// All of a file, or of standard input for `-`.
pub(super) fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let mut octets = Zeroizing::new(Vec::new());
    let read = if file.as_os_str() == "-" {
        std::io::stdin().lock().take(MOST).read_to_end(&mut octets)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(MOST).read_to_end(&mut octets))
    };
    match read {
        Ok(length) if length as u64 == MOST => Err(Problem::in_file(file, "is larger than 64 MiB")),
        Ok(_) => Ok(octets),
        Err(error) => Err(Problem::in_file(file, error)),
    }
}

/// The same as text.
pub(super) fn read_text(file: &Path) -> Result<Zeroizing<String>, Problem> {
    let mut octets = read(file)?;
    String::from_utf8(std::mem::take(&mut *octets))
        .map(Zeroizing::new)
        .map_err(|_| Problem::in_file(file, "is not UTF-8"))
}

/// Who may read a file.
#[derive(Clone, Copy)]
pub(super) enum Access {
    OwnerAlone,
    Everybody,
}

/// A new file. One that exists is never overwritten: it may be the only copy of a key.
pub(super) fn write_new(file: &Path, content: &str, access: Access) -> Result<(), Problem> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(
        &mut options,
        match access {
            Access::OwnerAlone => 0o600,
            Access::Everybody => 0o644,
        },
    );
    #[cfg(not(unix))]
    let _ = access;
    let mut opened = options.open(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(file),
        _ => Problem::in_file(file, error),
    })?;
    opened.write_all(content.as_bytes()).map_err(|error| Problem::in_file(file, error))
}

/// Puts a new content in the place of the old one, in one step: whoever reads the file meanwhile sees the one or the
/// other, whole. Its owner and permissions stay, and so does a symbolic link to it.
pub(super) fn replace(file: &Path, old: &str, new: &str) -> Result<(), Problem> {
    let problem = |error: &dyn std::fmt::Display| Problem::in_file(file, error);
    let target = file.canonicalize().map_err(|error| problem(&error))?;
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let draft = target.with_file_name(name);
    write_new(&draft, new, Access::OwnerAlone).inspect_err(|_| {
        let _ = std::fs::remove_file(&draft);
    })?;
    let replaced = take_over(&target, &draft).and_then(|()| {
        // Somebody else may have edited it since it was read.
        if *std::fs::read(&target).map(Zeroizing::new)? != *old.as_bytes() {
            return Err(std::io::Error::other("was changed meanwhile and is left as it is; try again"));
        }
        std::fs::rename(&draft, &target)
    });
    replaced.map_err(|error| {
        let _ = std::fs::remove_file(&draft);
        problem(&error)
    })
}

/// Gives the draft the owner and the permissions of the file, and writes it to the disk.
fn take_over(file: &Path, draft: &Path) -> std::io::Result<()> {
    let wanted = std::fs::metadata(file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, chown};

        let has = std::fs::metadata(draft)?;
        if (has.uid(), has.gid()) != (wanted.uid(), wanted.gid()) {
            chown(draft, Some(wanted.uid()), Some(wanted.gid()))?;
        }
    }
    std::fs::set_permissions(draft, wanted.permissions())?;
    std::fs::File::open(draft)?.sync_all()
}

/// To be asked of every file before the first is written.
pub(super) fn refuse_existing<'f>(files: impl IntoIterator<Item = &'f Path>) -> Result<(), Problem> {
    let mut seen: Vec<&Path> = Vec::new();
    for file in files {
        if file.symlink_metadata().is_ok() {
            return Err(exists(file));
        }
        if seen.contains(&file) {
            return Err(Problem::in_file(file, "is named twice"));
        }
        seen.push(file);
    }
    Ok(())
}

fn exists(file: &Path) -> Problem {
    Problem::in_file(file, "exists and is not overwritten; remove it, or choose another name")
}

const MOST: u64 = 64 * 1024 * 1024;
