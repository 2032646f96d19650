//! A secret from wherever it was put.

use std::io::IsTerminal as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::problem::Problem;
use super::{files, prompt};

/// From standard input, or typed where that is a terminal.
pub(super) fn from_standard_input(question: &str) -> Result<Zeroizing<String>, Problem> {
    let text = if std::io::stdin().is_terminal() {
        prompt::secret(question)?
    } else {
        files::read_text(Path::new("-"))?
    };
    without_line_break(&text)
}

/// From a file, `-` for standard input.
pub(super) fn from_file(file: &Path) -> Result<Zeroizing<String>, Problem> {
    if file.as_os_str() == "-" {
        return from_standard_input("Secret");
    }
    without_line_break(&files::read_text(file)?).map_err(|problem| Problem::in_file(file, problem))
}

/// Editors and `echo` end a line; a secret does not.
fn without_line_break(text: &str) -> Result<Zeroizing<String>, Problem> {
    let secret = text.strip_suffix('\n').unwrap_or(text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() {
        return Err(Problem::new("the secret is empty"));
    }
    if secret.contains(['\n', '\r']) {
        return Err(Problem::new("the secret holds a line break; give it as one line"));
    }
    Ok(Zeroizing::new(secret.to_owned()))
}
