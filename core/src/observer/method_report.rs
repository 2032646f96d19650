//! What an operator reads about the methods that clients use.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer, de};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::escape::escaped;
use crate::auth_method::AuthMethod;
use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::metadata::Timestamp;
use crate::reason::Reason;

/// What clients use, by [`MethodUse`](super::MethodUse). Its `Display` is a table; serialized it is what `countersign pin`
/// reads:
///
/// ```json
/// {"since": "2026-11-01T00:00:00Z", "complete": true, "clients": [
///   {"client_id": "billing", "pinned": false,
///    "used": [{"method": "client_secret_post", "endpoint": "token", "times": 3, "last": "2026-11-22T08:00:00Z"}],
///    "refused": [], "pin_to": ["client_secret_post"]}]}
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MethodReport {
    /// Since when uses are kept.
    #[serde(serialize_with = "rfc3339")]
    pub since: Timestamp,
    /// Was there room for every use? Where not, no client should be pinned by it.
    pub complete: bool,
    /// The clients.
    pub clients: Vec<ClientMethods>,
}

/// What one client uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientMethods {
    /// The client.
    pub client_id: String,
    /// Is it held to methods, or may it use any that proves its secret?
    pub pinned: bool,
    /// By what it authenticated.
    pub used: Vec<UsedMethod>,
    /// What was refused because of its grants. Whoever sent that proved nothing, and need not have been the client.
    pub refused: Vec<RefusedMethod>,
    /// What to [pin](crate::metadata::ClientMetadata::pin) it to. Empty where it is pinned, or was not seen.
    pub pin_to: Vec<AuthMethod>,
}

/// A method by which a client authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are what they say")]
pub struct UsedMethod {
    pub method: AuthMethod,
    pub endpoint: Endpoint,
    pub times: u64,
    #[serde(serialize_with = "rfc3339")]
    pub last: Timestamp,
}

/// A method that was refused because of a client's grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are what they say")]
pub struct RefusedMethod {
    pub method: AuthMethod,
    pub endpoint: Endpoint,
    #[serde(serialize_with = "code", deserialize_with = "reason")]
    pub reason: Reason,
    pub times: u64,
    #[serde(serialize_with = "rfc3339")]
    pub last: Timestamp,
}

impl ClientMethods {
    pub(super) fn new(client: &Client, used: Vec<UsedMethod>, refused: Vec<RefusedMethod>) -> Self {
        let granted = client.grants().iter().map(|grant| grant.method().clone());
        // What is granted no more, as after a reload, is nothing to pin to.
        let pin_to =
            granted.filter(|method| !client.is_pinned() && used.iter().any(|used| used.method == *method));
        let pin_to = pin_to.collect();
        ClientMethods { client_id: client.id().to_owned(), pinned: client.is_pinned(), used, refused, pin_to }
    }

    /// `pinned`, `not pinned; pin to: client_secret_post` or the like.
    fn advice(&self) -> String {
        let methods: Vec<&str> = self.pin_to.iter().map(AuthMethod::as_str).collect();
        match (self.pinned, methods.is_empty()) {
            (true, _) if self.used.is_empty() => "pinned; unused".to_owned(),
            (true, _) => "pinned".to_owned(),
            (false, true) => "not pinned; unused".to_owned(),
            (false, false) => format!("not pinned; pin to: {}", methods.join(", ")),
        }
    }
}

impl fmt::Display for MethodReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "methods used since {}", text(self.since))?;
        if !self.complete {
            f.write_str(", not complete: there was no room for every use")?;
        }
        f.write_str("\n")?;
        let mut lines = vec![["client", "method", "endpoint", "times", "last"].map(str::to_owned)];
        for client in &self.clients {
            lines.push([escaped(&client.client_id).into(), client.advice(), "".into(), "".into(), "".into()]);
            for used in &client.used {
                let method = escaped(used.method.as_str()).into_owned();
                lines.push(line(method, used.endpoint, used.times, used.last));
            }
            for refused in &client.refused {
                let method = format!("{}: {}", escaped(refused.method.as_str()), refused.reason);
                lines.push(line(method, refused.endpoint, refused.times, refused.last));
            }
        }
        table(f, &lines)
    }
}

fn line(method: String, endpoint: Endpoint, times: u64, last: Timestamp) -> [String; 5] {
    [String::new(), method, endpoint.to_string(), times.to_string(), text(last)]
}

/// Columns as wide as their widest cell; advice, which has its line to itself, counts for none.
fn table(f: &mut fmt::Formatter<'_>, lines: &[[String; 5]]) -> fmt::Result {
    let mut widths = [0; 5];
    for cells in lines {
        let stands_alone = cells.iter().skip(2).all(String::is_empty);
        for (position, (width, cell)) in widths.iter_mut().zip(cells).enumerate() {
            if position == 0 || !stands_alone {
                *width = cell.len().max(*width);
            }
        }
    }
    for cells in lines {
        let mut shown = String::new();
        for (position, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let is_a_number = position == 3;
            let cell = if is_a_number { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
            shown.push_str(&cell);
            shown.push_str("  ");
        }
        writeln!(f, "{}", shown.trim_end())?;
    }
    Ok(())
}

/// RFC 3339 in whole seconds.
fn text(time: Timestamp) -> String {
    let time = OffsetDateTime::from(time.0);
    time.replace_nanosecond(0).unwrap_or(time).format(&Rfc3339).unwrap_or_default()
}

fn rfc3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*time))
}

fn code<S: Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.code())
}

fn reason<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<Reason, D::Error> {
    let code = String::deserialize(deserializer)?;
    code.parse().map_err(|_| de::Error::custom(format!("{code:?} is no reason")))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::secret::ClientSecret;

    fn report() -> MethodReport {
        let time = |seconds| Timestamp(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let unpinned =
            |id: &str| Client::new(id).with_any_secret_method().with_secret(ClientSecret::generated("s"));
        let used = |method: AuthMethod, times| UsedMethod {
            method,
            endpoint: Endpoint::Token,
            times,
            last: time(1_800_000_000),
        };
        let refused = RefusedMethod {
            method: AuthMethod::CLIENT_SECRET_BASIC,
            endpoint: Endpoint::Introspection,
            reason: Reason::MethodNotGranted,
            times: 1,
            last: time(1_800_000_007),
        };
        let pinned = Client::new("pinned").with_method(AuthMethod::CLIENT_SECRET_POST);
        MethodReport {
            since: time(1_790_000_000),
            complete: true,
            clients: vec![
                ClientMethods::new(&unpinned("a\nb"), vec![used(AuthMethod::CLIENT_SECRET_POST, 12)], vec![]),
                ClientMethods::new(&pinned, vec![used(AuthMethod::CLIENT_SECRET_POST, 3)], vec![refused]),
                ClientMethods::new(&unpinned("unseen"), vec![], vec![]),
            ],
        }
    }

    #[test]
    fn a_table_for_people() {
        let shown = "\
methods used since 2026-09-21T14:13:20Z
client  method                                   endpoint       times  last
a\\nb    not pinned; pin to: client_secret_post
        client_secret_post                       token             12  2027-01-15T08:00:00Z
pinned  pinned
        client_secret_post                       token              3  2027-01-15T08:00:00Z
        client_secret_basic: method_not_granted  introspection      1  2027-01-15T08:00:07Z
unseen  not pinned; unused
";
        assert_eq!(report().to_string(), shown);
    }

    #[test]
    fn machines_read_back_what_was_written() {
        let written = serde_json::to_string(&report()).unwrap();
        assert_eq!(serde_json::from_str::<MethodReport>(&written).unwrap(), report());
        assert!(written.contains(r#""reason":"method_not_granted","times":1,"last":"2027-01-15T08:00:07Z""#));
        let unknown = written.replace("method_not_granted", "no_such_reason");
        assert!(serde_json::from_str::<MethodReport>(&unknown).is_err());
    }
}
