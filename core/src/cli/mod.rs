//! The command `countersign`: keys, assertions and explanations by the library's own hand. Built by the feature
//! `cli`.
//!
//! Here so that the command and its tests share one implementation; it is no API to build on.

mod assert;
mod check_config;
pub mod explain;
mod files;
mod hash_secret;
mod key_file;
mod keygen;
mod member;
mod pepper_file;
mod pin;
mod problem;
mod prompt;
mod report;
mod runtime;
mod secret_input;
mod terminal;
mod try_url;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::terminal::Paint;

/// Runs the command with these arguments, the first of which is its own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(message) => {
            // Help and version are no errors, and clap knows where each belongs.
            let _ = message.print();
            return if message.use_stderr() { USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    let done = match cli.command {
        Command::Keygen(arguments) => arguments.run(),
        Command::Assert(arguments) => arguments.run(),
        Command::Explain(arguments) => arguments.run(Paint::for_standard_output()),
        Command::HashSecret(arguments) => arguments.run(),
        Command::CheckConfig(arguments) => arguments.run(Paint::for_standard_output()),
        Command::Pin(arguments) => arguments.run(Paint::for_standard_output()),
        Command::Try(arguments) => arguments.run(Paint::for_standard_output()),
    };
    match done.and_then(|report| report.print(cli.json)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => FAILED.into(),
        Err(problem) => {
            problem.print(cli.json);
            USAGE.into()
        }
    }
}

/// OAuth 2.0 client authentication, from both sides: make keys and secrets, sign client assertions, and see what a
/// server says to a request, and why
#[derive(Parser)]
#[command(name = "countersign", version, after_long_help = EXAMPLES, after_help = EXIT_CODES)]
struct Cli {
    /// Print one JSON object for machines, instead of text
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Keygen(keygen::Arguments),
    Assert(assert::Arguments),
    Explain(Box<explain::Arguments>),
    HashSecret(hash_secret::Arguments),
    CheckConfig(check_config::Arguments),
    Pin(pin::Arguments),
    Try(Box<try_url::Arguments>),
}

const FAILED: u8 = 1;
const USAGE: u8 = 2;

const EXIT_CODES: &str = "Exit codes: 0 fine, 1 what was checked failed, 2 wrong usage, a file that cannot be read or \
    written, or a server that cannot be asked.";

const EXAMPLES: &str = "\
Examples:
  countersign keygen --kty EC --out billing.jwk --public billing.public.jwks --format jwks
  curl -d grant_type=client_credentials \\
       -d \"$(countersign assert billing --key billing.jwk --issuer https://as.example.com)\" https://as.example.com/token
  countersign explain --issuer https://as.example.com --clients clients.json < request.txt
  countersign hash-secret --generate
  countersign check-config clients.json
  countersign pin --clients clients.json --used methods.json
  countersign try http://127.0.0.1:8080/token --client billing --key billing.jwk --issuer http://127.0.0.1:8080

Exit codes: 0 fine, 1 what was checked failed, 2 wrong usage, a file that cannot be read or written, or a server that
cannot be asked.";
