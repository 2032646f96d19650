//! Files that are nobody else's business, and the keys in them.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use countersign::Algorithm;

use crate::config::problem::Problem;
use crate::jose::SigningKey;
use crate::pem;

/// Readable and writable by their owner alone.
pub(super) const PRIVATE: u32 = 0o600;
pub(super) const EXECUTABLE: u32 = 0o700;

pub(super) fn make_folder(folder: &Path) -> Result<(), Problem> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, EXECUTABLE);
    builder.create(folder).map_err(|error| Problem::in_file(folder, error))
}

pub(super) fn write(file: &Path, content: &str, mode: u32) -> Result<(), Problem> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(file).and_then(|mut opened| opened.write_all(content.as_bytes()));
    written.map_err(|error| Problem::in_file(file, error))
}

pub(super) fn write_key(folder: &Path, name: &str, key: &SigningKey) -> Result<(), Problem> {
    write(&folder.join(format!("{name}.pem")), &pem::encode(KEY_LABEL, &key.to_pkcs8()?), PRIVATE)
}

/// The private key of a demo client, or of the server's tokens.
pub(crate) fn private_key(folder: &Path, name: &str, algorithm: Algorithm) -> Result<SigningKey, Problem> {
    let file = folder.join(format!("{name}.pem"));
    let text = std::fs::read_to_string(&file).map_err(|error| Problem::in_file(&file, error))?;
    pem::decode(KEY_LABEL, &text)
        .and_then(|der| SigningKey::from_pkcs8(algorithm, &der).ok())
        .ok_or_else(|| Problem::in_file(&file, format_args!("is not a PKCS#8 private key for {algorithm}")))
}

const KEY_LABEL: &str = "PRIVATE KEY";
