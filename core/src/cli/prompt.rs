//! A secret typed on a terminal, which does not show it.

use std::io::{BufRead as _, Write as _};

use zeroize::Zeroizing;

use super::problem::Problem;

/// Asks on standard error and reads one line from standard input.
#[cfg(unix)]
pub(super) fn secret(question: &str) -> Result<Zeroizing<String>, Problem> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    let failed =
        |error: rustix::io::Errno| Problem::new(format!("the terminal cannot be told not to echo: {error}"));
    let input = std::io::stdin();
    let before = tcgetattr(&input).map_err(failed)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.local_modes.insert(LocalModes::ECHONL);
    tcsetattr(&input, OptionalActions::Flush, &silent).map_err(failed)?;
    let line = ask(question);
    // Whatever came of it.
    tcsetattr(&input, OptionalActions::Flush, &before).map_err(failed)?;
    line
}

/// Without a way to silence the terminal nothing is asked.
#[cfg(not(unix))]
pub(super) fn secret(_: &str) -> Result<Zeroizing<String>, Problem> {
    Err(Problem::new("give the secret on standard input"))
}

#[cfg(unix)]
fn ask(question: &str) -> Result<Zeroizing<String>, Problem> {
    let _ = write!(std::io::stderr(), "{question}: ");
    let mut line = Zeroizing::new(String::new());
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Problem::new(format!("standard input: {error}")))?;
    Ok(line)
}
