//! What is refused for more than the request itself: a body that does not come, a limit, keys that cannot be had.

use super::assertion::Assertion;
use super::certificates::PROXY;
use super::grants::client_credentials;
use super::http::Outgoing;
use super::refusals::CLIENT;
use super::trial::{Expected, Trial, with_assertion};
use crate::jose::Failed;

pub(super) async fn run(trial: &mut Trial) -> Result<(), Failed> {
    println!("\n… what does not come, and what is too much");
    let unreadable = Expected::reason(400, "invalid_request", "body_unreadable");
    trial.row("a body that breaks off", client_credentials().cut_short(), &unreadable).await;
    let unavailable = Expected::reason(503, "temporarily_unavailable", "jwks_unavailable");
    let request = by(trial, "try-unreachable")?;
    trial.row("a jwks_uri that cannot be fetched", request, &unavailable).await;
    guesses(trial).await;
    assertions(trial).await
}

/// Then the right secret is refused too, but only where the wrong ones came from.
async fn guesses(trial: &mut Trial) {
    let from = |source: &str, secret: &str| {
        client_credentials().basic("demo-basic", secret).header("x-forwarded-for", source).from(PROXY)
    };
    let right = trial.secret("demo-basic").to_owned();
    for _ in 0..MOST_GUESSES {
        if trial.send(from(GUESSER, "wrong")).await.status == 429 {
            break;
        }
    }
    let throttled = Expected::reason(429, "invalid_client", "throttled");
    trial.row("the right secret, from where wrong ones came", from(GUESSER, &right), &throttled).await;
    let success = Expected::success(200);
    trial.row("the right secret, from elsewhere", from(ELSEWHERE, &right), &success).await;
}

/// Each is good, and there is no room left to remember that it was used.
async fn assertions(trial: &mut Trial) -> Result<(), Failed> {
    for _ in 0..ASSERTIONS_OF_ONE_CLIENT {
        trial.send(by(trial, "try-busy")?).await;
    }
    let full = Expected::reason(503, "temporarily_unavailable", "replay_store_full");
    trial.row("more assertions than a client's part of the memory", by(trial, "try-busy")?, &full).await;
    let request = trial.by(CLIENT, client_credentials())?;
    trial.row("… which another client does not feel", request, &Expected::success(200)).await;
    Ok(())
}

/// A client of this run that has a demo client's key.
fn by(trial: &Trial, client_id: &str) -> Result<Outgoing, Failed> {
    let assertion = Assertion::new(client_id, "ES256", &trial.issuer, trial.now())?.header("kid", CLIENT);
    Ok(with_assertion(client_credentials(), &assertion.signed(trial.key(CLIENT)?)?))
}

/// More than any demo client uses up in a run.
pub(super) const ASSERTIONS_OF_ONE_CLIENT: u32 = 40;

/// Twenty are answered at once, and then one in six seconds.
const MOST_GUESSES: usize = 40;

/// Addresses for documentation (RFC 5737 §3).
const GUESSER: &str = "198.51.100.7";
const ELSEWHERE: &str = "203.0.113.9";
