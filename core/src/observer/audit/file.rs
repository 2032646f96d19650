//! A file that is appended to, wherever its path leads at the time.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

pub(super) struct AppendOnly {
    path: PathBuf,
    file: File,
    /// The last line was cut off in the middle.
    torn: bool,
}

impl AppendOnly {
    /// Opens the file, or makes it for this user alone.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        Ok(AppendOnly { file: open(&path)?, path, torn: false })
    }

    /// Appends a line, in one write.
    pub(super) fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.follow_the_path()?;
        let mut octets = Vec::with_capacity(line.len() + 2);
        if self.torn {
            octets.push(b'\n');
        }
        octets.extend_from_slice(line);
        octets.push(b'\n');
        let written = loop {
            match self.file.write(&octets) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        // Less is written when the disk is full.
        let rest = octets.get(written..).unwrap_or_default();
        if written > 0 {
            self.torn = !rest.is_empty();
        }
        self.file.write_all(rest)?;
        self.torn = false;
        Ok(())
    }

    /// Opens the file anew when its path leads elsewhere. While that fails, a file that was moved gets the lines.
    fn follow_the_path(&mut self) -> io::Result<()> {
        if is_at(&self.file, &self.path) {
            return Ok(());
        }
        match open(&self.path) {
            Ok(file) => {
                self.file = file;
                self.torn = false;
                Ok(())
            }
            Err(_) if has_a_name(&self.file) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Does the path still lead to this file?
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(found)) => (open.dev(), open.ino()) == (found.dev(), found.ino()),
        _ => false,
    }
}

/// Does the file still have a name, so that somebody can read it?
#[cfg(unix)]
fn has_a_name(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    file.metadata().is_ok_and(|metadata| metadata.nlink() > 0)
}

/// Not known here, so the file is opened for each line.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    false
}

#[cfg(not(unix))]
fn has_a_name(_: &File) -> bool {
    false
}
