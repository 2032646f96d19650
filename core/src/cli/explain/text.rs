//! An explanation for people.

use crate::cli::terminal::{Paint, printable};
use crate::explain::{Check, Explanation, State};
use crate::reason::{Reason, RefusalKind};

pub(super) fn explanation(explanation: &Explanation, paint: Paint) -> String {
    let widest = explanation
        .checks
        .iter()
        .filter(|check| check.state == State::Passed && check.seen.is_some())
        .map(|check| check.name.chars().count())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for check in &explanation.checks {
        match check.state {
            State::Passed => text.push_str(&passed(check, widest, paint)),
            State::Failed => text.push_str(&failed(check, explanation, paint)),
            State::NotMade => {
                let line = format!("· {}: not checked; this command remembers no assertion\n", check.name);
                text.push_str(&paint.dim(line));
            }
            State::NotReached => {}
        }
    }
    text.push_str(&not_reached(explanation, paint));
    for note in &explanation.notes {
        text.push_str(&format!("{} {}\n", paint.yellow("!"), printable(note)));
    }
    text.push_str(&verdict(explanation, paint));
    text
}

/// Cause and cure of one reason.
pub(super) fn reason(reason: Reason) -> String {
    format!("{reason}\n  cause  {}\n  cure   {}\n", reason.cause(), reason.cure())
}

fn passed(check: &Check, widest: usize, paint: Paint) -> String {
    let mark = paint.green("✓");
    match &check.seen {
        None => format!("{mark} {}\n", check.name),
        Some(seen) => {
            let seen = paint.dim(printable(&shortened(seen)));
            format!("{mark} {:widest$}  {seen}\n", check.name)
        }
    }
}

fn failed(check: &Check, explanation: &Explanation, paint: Paint) -> String {
    let mut text = format!("{} {}\n", paint.red("✗"), paint.red(check.name));
    let refusal = explanation.outcome.as_ref().err();
    for (label, value) in [
        ("expected", refusal.and_then(|refusal| refusal.expected())),
        ("got", refusal.and_then(|refusal| refusal.got())),
        ("cause", Some(check.reason.cause())),
        ("cure", Some(check.reason.cure())),
    ] {
        if let Some(value) = value {
            text.push_str(&format!("    {label:8}  {}\n", printable(value)));
        }
    }
    text
}

fn not_reached(explanation: &Explanation, paint: Paint) -> String {
    let names: Vec<&str> = explanation
        .checks
        .iter()
        .filter(|check| check.state == State::NotReached)
        .map(|check| check.name)
        .collect();
    match names.as_slice() {
        [] => String::new(),
        names => paint.dim(format!("· not reached: {}\n", names.join("; "))),
    }
}

fn verdict(explanation: &Explanation, paint: Paint) -> String {
    match &explanation.outcome {
        Ok(client) => {
            let how = match (client.key_id(), client.secret_label()) {
                (Some(key_id), _) => format!(", key {}", printable(key_id)),
                (_, Some(label)) => format!(", secret {}", printable(label)),
                _ => String::new(),
            };
            let who = printable(client.client_id());
            format!("{} {who} by {}{how}\n", paint.green("authenticated:"), client.method())
        }
        Err(refusal) => {
            let told = match refusal.kind() {
                RefusalKind::NotAuthenticated | RefusalKind::Throttled => "invalid_client",
                RefusalKind::DependencyDown => "temporarily_unavailable",
                RefusalKind::Bug => "server_error",
                _ => "invalid_request",
            };
            format!(
                "{} {}; the caller is told {} {told}\n",
                paint.red("refused:"),
                refusal.reason(),
                refusal.status()
            )
        }
    }
}

fn shortened(text: &str) -> String {
    const MOST: usize = 120;
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(MOST).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}
