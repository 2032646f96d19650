//! When a client will stop working, if nobody does anything.

use std::time::SystemTime;

use countersign::AuthMethod;
use countersign::Client;
use countersign::observer::ClientMethods;

use super::key_use::Used;

/// The next thing of a client to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deadline {
    pub(super) at: SystemTime,
    pub(super) what: String,
}

/// What is known of a client's uses.
pub(super) struct Uses<'u> {
    pub(super) methods: &'u ClientMethods,
    /// The label of the secret that was used last, if one was since the start.
    pub(super) secret: Option<Option<&'u str>>,
    /// Its keys and certificates, newest last.
    pub(super) keys: &'u [Used],
}

/// The first end among the things that the client really uses; where that is not known, the last end among those that it
/// could use, if all of them end.
pub(super) fn next(client: &Client, uses: &Uses<'_>) -> Option<Deadline> {
    [grants(client, uses), secrets(client, uses), certificates(client, uses)]
        .into_iter()
        .flatten()
        .min_by_key(|deadline| deadline.at)
}

/// Has it anything that can end? Most clients have not, and need no closer look.
pub(super) fn is_possible(client: &Client) -> bool {
    client.grants().iter().any(|grant| grant.ends_at().is_some() || by_certificate(grant.method()))
        || client.secrets().iter().any(|secret| secret.ends_at().is_some())
}

fn grants(client: &Client, uses: &Uses<'_>) -> Option<Deadline> {
    let used = uses.methods.used.iter().max_by_key(|used| used.last).map(|used| &used.method);
    let ends = client.grants().iter().map(|grant| (grant.ends_at(), used == Some(grant.method())));
    first_end(ends).map(|(at, is_used)| Deadline {
        at,
        what: match used {
            Some(method) if is_used => format!("the grant of {method}, which it uses"),
            _ => "the grant of its last method".to_owned(),
        },
    })
}

fn secrets(client: &Client, uses: &Uses<'_>) -> Option<Deadline> {
    let label = |secret: &countersign::secret::ClientSecret| secret.label().map(ToString::to_string);
    let is_used = |secret: &countersign::secret::ClientSecret| {
        uses.secret.is_some_and(|used| used == label(secret).as_deref())
    };
    let ends = client.secrets().iter().map(|secret| (secret.ends_at(), is_used(secret)));
    first_end(ends).map(|(at, is_used)| Deadline {
        at,
        what: match uses.secret.flatten() {
            Some(label) if is_used => format!("the secret {label:?}, which it uses"),
            _ if is_used => "the secret that it uses".to_owned(),
            _ => "its last secret".to_owned(),
        },
    })
}

fn certificates(client: &Client, uses: &Uses<'_>) -> Option<Deadline> {
    let methods = || client.grants().iter().map(|grant| grant.method());
    if !methods().any(by_certificate) {
        return None;
    }
    // What it showed last says more than what is registered: an authority's certificates are not registered at all.
    if let Some(at) = uses.keys.iter().rev().find_map(|used| used.ends_at) {
        return Some(Deadline { at, what: "the certificate that it uses".to_owned() });
    }
    if !methods().all(|method| *method == AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH) {
        return None;
    }
    let ends = client.keys().keys().map(|key| (key.certificate_ends_at(), false));
    first_end(ends).map(|(at, _)| Deadline { at, what: "its last certificate".to_owned() })
}

/// Of the ends of several things, with whether each is the one that is used: that one's end, if it has one; else the last of
/// all, if none of them stays.
fn first_end(ends: impl Iterator<Item = (Option<SystemTime>, bool)>) -> Option<(SystemTime, bool)> {
    let ends: Vec<_> = ends.collect();
    if let Some((used, _)) = ends.iter().find(|(_, is_used)| *is_used) {
        return used.map(|at| (at, true));
    }
    let ends: Option<Vec<SystemTime>> = ends.into_iter().map(|(end, _)| end).collect();
    ends?.into_iter().max().map(|at| (at, false))
}

fn by_certificate(method: &AuthMethod) -> bool {
    [AuthMethod::TLS_CLIENT_AUTH, AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH].contains(method)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use countersign::MethodGrant;
    use countersign::observer::MethodUse;
    use countersign::secret::ClientSecret;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn next_of(client: &Client, secret: Option<Option<&str>>, keys: &[Used]) -> Option<(SystemTime, String)> {
        let report = MethodUse::new().report([client]);
        let uses = Uses { methods: &report.clients[0], secret, keys };
        assert!(is_possible(client) || next(client, &uses).is_none());
        next(client, &uses).map(|deadline| (deadline.at, deadline.what))
    }

    #[test]
    fn the_secret_that_is_used_decides() {
        let client = Client::new("a")
            .with_method(AuthMethod::CLIENT_SECRET_BASIC)
            .with_secret(ClientSecret::generated("1").with_label("old").expires_at(at(100)))
            .with_secret(ClientSecret::generated("2").with_label("new").expires_at(at(900)));
        let old = Some((at(100), "the secret \"old\", which it uses".to_owned()));
        assert_eq!(next_of(&client, Some(Some("old")), &[]), old);
        let new = Some((at(900), "the secret \"new\", which it uses".to_owned()));
        assert_eq!(next_of(&client, Some(Some("new")), &[]), new);
        assert_eq!(next_of(&client, None, &[]), Some((at(900), "its last secret".to_owned())));
        let stays = client.with_secret(ClientSecret::generated("3").with_label("stays"));
        assert_eq!(next_of(&stays, None, &[]), None);
        assert_eq!(next_of(&stays, Some(Some("stays")), &[]), None);
        assert_eq!(next_of(&stays, Some(Some("old")), &[]), old);
    }

    #[test]
    fn the_first_of_several_things_to_end_decides() {
        let client = Client::new("a")
            .with_grant(MethodGrant::new(AuthMethod::CLIENT_SECRET_POST).until(at(50)))
            .with_secret(ClientSecret::generated("1").expires_at(at(100)));
        assert_eq!(next_of(&client, None, &[]), Some((at(50), "the grant of its last method".to_owned())));
        let also = client.with_method(AuthMethod::CLIENT_SECRET_BASIC);
        assert_eq!(next_of(&also, None, &[]), Some((at(100), "its last secret".to_owned())));
    }

    #[test]
    fn a_certificate_of_an_authority_shows_its_end_when_it_is_used() {
        let client = Client::new("a").with_method(AuthMethod::TLS_CLIENT_AUTH);
        assert_eq!(next_of(&client, None, &[]), None);
        let used =
            |ends_at| Used { thumbprint: "t".into(), ends_at: Some(at(ends_at)), first: at(0), last: at(0) };
        let shown = Some((at(70), "the certificate that it uses".to_owned()));
        assert_eq!(next_of(&client, None, &[used(30), used(70)]), shown);
    }
}
