//! A folder of a test's own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// An empty folder for one server, gone when this is.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Made among the temporary files, with `name` in its own.
    pub fn new(name: &str) -> Self {
        Self::within(std::env::temp_dir(), name)
    }

    /// Made in memory if the system has a place for that. There a database is written as soon as it is told to, whatever
    /// the disk has to do.
    pub fn in_memory(name: &str) -> Self {
        Self::within(memory(), name)
    }

    fn within(place: PathBuf, name: &str) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = place.join(format!("countersign-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// `/dev/shm` if it can be written, else where temporary files are.
pub fn memory() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let probe = memory.join(format!("countersign-probe-{}", std::process::id()));
    let is_writable = std::fs::create_dir(&probe).is_ok_and(|()| std::fs::remove_dir(&probe).is_ok());
    if is_writable { memory } else { std::env::temp_dir() }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
